/* base/codec.h: what was compressed in chunks is one stream, which comes out as it went in; what is damaged does not. */
#include "base/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CHUNK_SIZE = 1 << 12, SIZE = 3 * CHUNK_SIZE + 1000, ROOM = 2 * SIZE };

static struct codecs codecs;

static int init(void **state)
{
	(void)state;
	codecs_init(&codecs);
	return 0;
}

static int done(void **state)
{
	(void)state;
	codecs_free(&codecs);
	return 0;
}

static const struct codec *get(enum codec_format format)
{
	const char *why = NULL;
	const struct codec *codec = codec_get(&codecs, format, &why);
	if (!codec)
		fail_msg("%s", why);
	return codec;
}

/* Something with repetitions, and something without. */
static uint8_t *sample(bool random)
{
	uint8_t *text = malloc(SIZE);
	uint32_t number = 1;
	for (unsigned i = 0; i < SIZE; i++) {
		number = number * 1664525 + 1013904223;
		text[i] = random ? (uint8_t)(number >> 24) : (uint8_t)(i / 7 % 50);
	}
	return text;
}

/* Returns the size of the stream that `size` bytes become. */
static uint64_t compress(const struct codec *codec, int level, const uint8_t *text, uint64_t size, uint8_t *out)
{
	uint32_t checks[SIZE / CHUNK_SIZE + 1];
	uint64_t at = codec_head(codec, out), n = 0;
	for (uint64_t start = 0; start < size; start += CHUNK_SIZE, n++) {
		struct bytes chunk = {text + start, min_u64(CHUNK_SIZE, size - start)};
		uint64_t got = codec_compress(codec, level, chunk, out + at, &checks[n]);
		assert_in_range(got, 1, codec_bound(codec, chunk.size));
		at += got;
		assert_true(at + codec_bound(codec, CHUNK_SIZE) + CODEC_TAIL_MAX <= ROOM);
	}
	return at + codec_tail(codec, checks, n, CHUNK_SIZE, size, out + at);
}

static bool decompresses(const struct codec *codec, const uint8_t *stream, uint64_t stream_size, uint64_t size)
{
	/* both end where their allocations do */
	uint8_t *in = malloc(stream_size + 1), *out = malloc(size + 1);
	memcpy(in + 1, stream, stream_size);
	const char *why = NULL;
	bool good = codec_decompress(codec, (struct bytes){in + 1, stream_size}, out + 1, size, &why);
	assert_true(good == !why);
	free(in);
	free(out);
	return good;
}

static void chunks_are_one_stream(void **state)
{
	(void)state;
	static const uint64_t sizes[] = {1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, SIZE};
	uint8_t *stream = malloc(ROOM), *back = malloc(SIZE);
	for (enum codec_format format = CODEC_ZLIB; format < CODEC_COUNT; format++) {
		const struct codec *codec = get(format);
		for (int level = codec_lowest[format]; level <= codec_highest[format]; level += 3) {
			for (unsigned i = 0; i < 2 * COUNTOF(sizes); i++) {
				uint8_t *text = sample(i % 2);
				uint64_t n = compress(codec, level, text, sizes[i / 2], stream);
				const char *why;
				assert_true(codec_decompress(codec, (struct bytes){stream, n}, back, sizes[i / 2], &why));
				assert_memory_equal(text, back, sizes[i / 2]);
				free(text);
			}
		}
	}
	free(stream);
	free(back);
}

static void several_streams_count_as_one(void **state)
{
	(void)state;
	uint8_t *text = sample(false), *streams = malloc(2 * ROOM), *back = malloc(2 * SIZE);
	for (enum codec_format format = CODEC_ZLIB; format < CODEC_COUNT; format++) {
		const struct codec *codec = get(format);
		uint64_t n = compress(codec, codec_default[format], text, SIZE, streams);
		n += compress(codec, codec_default[format], text, 100, streams + n);
		const char *why;
		assert_true(codec_decompress(codec, (struct bytes){streams, n}, back, SIZE + 100, &why));
		assert_memory_equal(text, back, SIZE);
		assert_memory_equal(text, back + SIZE, 100);
	}
	free(text);
	free(streams);
	free(back);
}

static void what_is_damaged_is_refused(void **state)
{
	(void)state;
	uint8_t *text = sample(false), *stream = malloc(ROOM);
	for (enum codec_format format = CODEC_ZLIB; format < CODEC_COUNT; format++) {
		const struct codec *codec = get(format);
		uint64_t n = compress(codec, codec_default[format], text, SIZE, stream);
		assert_true(decompresses(codec, stream, n, SIZE));
		assert_false(decompresses(codec, stream, n, SIZE - 1));
		assert_false(decompresses(codec, stream, n, SIZE + 1));
		assert_false(decompresses(codec, (const uint8_t *)"", 0, 1));
		assert_false(decompresses(codec, (const uint8_t *)"no stream at all", 16, 16));
		for (uint64_t cut = 0; cut < n; cut++)
			assert_false(decompresses(codec, stream, cut, SIZE));
		for (uint64_t i = 0; i < n; i++) { /* whatever comes of it, memory stays whole */
			stream[i] ^= 0x55;
			(void)decompresses(codec, stream, n, SIZE);
			stream[i] ^= 0x55;
		}
	}
	free(text);
	free(stream);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunks_are_one_stream),
		cmocka_unit_test(several_streams_count_as_one),
		cmocka_unit_test(what_is_damaged_is_refused),
	};
	return cmocka_run_group_tests(tests, init, done);
}
