#include "base/codec.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "base/arena.h"

const int codec_lowest[CODEC_COUNT] = {[CODEC_ZLIB] = 0, [CODEC_ZSTD] = 1};
const int codec_highest[CODEC_COUNT] = {[CODEC_ZLIB] = 9, [CODEC_ZSTD] = 22};
const int codec_default[CODEC_COUNT] = {[CODEC_ZLIB] = 1, [CODEC_ZSTD] = 3};

struct codec {
	enum codec_format format;
	void *library;
	/* zlib */
	__typeof__(&uncompress2) uncompress;
	__typeof__(&deflateInit2_) deflate_init;
	__typeof__(&deflate) deflate;
	__typeof__(&deflateBound) deflate_bound;
	__typeof__(&deflateEnd) deflate_end;
	__typeof__(&adler32_z) adler32;
	__typeof__(&adler32_combine) adler32_combine;
	/* zstd */
	__typeof__(&ZSTD_decompress) zstd_decompress;
	__typeof__(&ZSTD_compress) zstd_compress;
	__typeof__(&ZSTD_compressBound) zstd_bound;
	__typeof__(&ZSTD_isError) zstd_is_error;
	__typeof__(&ZSTD_getErrorName) zstd_error_name;
};

/* ---- loading ---------------------------------------------------------------------------------------------- */

static const struct {
	const char *soname, *missing;
} libraries[CODEC_COUNT] = {
	[CODEC_ZLIB] = {"libz.so.1", "libz.so.1 is missing or too old (Debian package zlib1g)"},
	[CODEC_ZSTD] = {"libzstd.so.1", "libzstd.so.1 is missing or too old (Debian package libzstd1)"},
};

void codecs_init(struct codecs *codecs)
{
	pthread_mutex_init(&codecs->lock, NULL);
}

void codecs_free(struct codecs *codecs)
{
	for (unsigned i = 0; i < CODEC_COUNT; i++) {
		if (!codecs->loaded[i])
			continue;
		dlclose(codecs->loaded[i]->library);
		free(codecs->loaded[i]);
	}
	pthread_mutex_destroy(&codecs->lock);
}

/* Data and function pointers have the same size (POSIX, dlsym), but C has no conversion between them. */
static bool find(const struct codec *codec, const char *name, void *function)
{
	void *address = dlsym(codec->library, name);
	*(void **)function = address;
	return address != NULL;
}

static bool find_all(struct codec *codec)
{
	if (codec->format == CODEC_ZLIB)
		return find(codec, "uncompress2", &codec->uncompress) &&
		       find(codec, "deflateInit2_", &codec->deflate_init) && find(codec, "deflate", &codec->deflate) &&
		       find(codec, "deflateBound", &codec->deflate_bound) &&
		       find(codec, "deflateEnd", &codec->deflate_end) && find(codec, "adler32_z", &codec->adler32) &&
		       find(codec, "adler32_combine", &codec->adler32_combine);
	return find(codec, "ZSTD_decompress", &codec->zstd_decompress) &&
	       find(codec, "ZSTD_compress", &codec->zstd_compress) &&
	       find(codec, "ZSTD_compressBound", &codec->zstd_bound) &&
	       find(codec, "ZSTD_isError", &codec->zstd_is_error) &&
	       find(codec, "ZSTD_getErrorName", &codec->zstd_error_name);
}

static struct codec *load(enum codec_format format)
{
	void *library = dlopen(libraries[format].soname, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return NULL;
	struct codec *codec = malloc(sizeof(*codec));
	if (!codec)
		out_of_memory();
	*codec = (struct codec){.format = format, .library = library};
	if (find_all(codec))
		return codec;
	dlclose(library);
	free(codec);
	return NULL;
}

const struct codec *codec_get(struct codecs *codecs, enum codec_format format, const char **why)
{
	pthread_mutex_lock(&codecs->lock);
	if (!codecs->loaded[format])
		codecs->loaded[format] = load(format);
	const struct codec *codec = codecs->loaded[format];
	pthread_mutex_unlock(&codecs->lock);
	if (!codec)
		*why = libraries[format].missing;
	return codec;
}

/* ---- decompressing ---------------------------------------------------------------------------------------- */

static const char *zlib_reason(int status)
{
	switch (status) {
	case Z_BUF_ERROR:
		return "the zlib stream holds more bytes than the section says";
	case Z_MEM_ERROR:
		return "zlib has no memory left";
	default:
		return "the zlib stream is damaged or ends too early";
	}
}

static bool zlib_decompress(const struct codec *codec, struct bytes stream, uint8_t *out, uint64_t size,
			    const char **why)
{
	uint64_t done = 0;
	while (done < size) {
		uLongf got = size - done;
		uLong used = stream.size;
		if (used == 0) {
			*why = "the zlib stream holds fewer bytes than the section says";
			return false;
		}
		int status = codec->uncompress(out + done, &got, stream.data, &used);
		if (status != Z_OK) {
			*why = zlib_reason(status);
			return false;
		}
		done += got;
		stream.data += used;
		stream.size -= used;
	}
	return true;
}

bool codec_decompress(const struct codec *codec, struct bytes stream, uint8_t *out, uint64_t size, const char **why)
{
	if (codec->format == CODEC_ZLIB)
		return zlib_decompress(codec, stream, out, size, why);
	size_t got = codec->zstd_decompress(out, size, stream.data, stream.size);
	if (codec->zstd_is_error(got))
		*why = codec->zstd_error_name(got);
	else if (got != size)
		*why = "the zstd stream holds fewer bytes than the section says";
	else
		return true;
	return false;
}

/* ---- compressing ------------------------------------------------------------------------------------------ */

/* RFC 1950: deflate with a window of 32 KiB, default level; the number as a whole is a multiple of 31. */
static const uint8_t zlib_head[CODEC_HEAD_MAX] = {0x78, 0x9c};

enum { WINDOW_BITS = 15, MEMORY_LEVEL = 8, SYNC_MARKER_SIZE = 16 };

static bool begin_deflate(const struct codec *codec, z_stream *stream, int level)
{
	*stream = (z_stream){0};
	/* negative: bare deflate blocks without head and checksum */
	return codec->deflate_init(stream, level, Z_DEFLATED, -WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY,
				   ZLIB_VERSION, (int)sizeof(*stream)) == Z_OK;
}

uint64_t codec_bound(const struct codec *codec, uint64_t size)
{
	if (codec->format == CODEC_ZSTD)
		return codec->zstd_bound(size);
	/* without a stream the bound is that of the worst parameters */
	return codec->deflate_bound(NULL, size) + SYNC_MARKER_SIZE;
}

uint64_t codec_compress(const struct codec *codec, int level, struct bytes chunk, uint8_t *out, uint32_t *check)
{
	uint64_t room = codec_bound(codec, chunk.size);
	if (codec->format == CODEC_ZSTD) {
		size_t size = codec->zstd_compress(out, room, chunk.data, chunk.size, level);
		*check = 0;
		return codec->zstd_is_error(size) ? 0 : size;
	}
	z_stream stream;
	if (!begin_deflate(codec, &stream, level))
		return 0;
	stream.next_in = (Bytef *)(uintptr_t)chunk.data;
	stream.avail_in = (uInt)chunk.size;
	stream.next_out = out;
	stream.avail_out = (uInt)room;
	/* an empty stored block ends the chunk on a byte boundary, where the next one can follow */
	bool good = codec->deflate(&stream, Z_SYNC_FLUSH) == Z_OK && stream.avail_in == 0 && stream.avail_out != 0;
	uint64_t size = (uint64_t)(stream.next_out - out);
	codec->deflate_end(&stream);
	*check = (uint32_t)codec->adler32(1, chunk.data, chunk.size);
	return good ? size : 0;
}

unsigned codec_head(const struct codec *codec, uint8_t *out)
{
	if (codec->format == CODEC_ZSTD)
		return 0;
	for (unsigned i = 0; i < sizeof(zlib_head); i++)
		out[i] = zlib_head[i];
	return sizeof(zlib_head);
}

unsigned codec_tail(const struct codec *codec, const uint32_t *checks, uint64_t n, uint64_t chunk_size, uint64_t size,
		    uint8_t *out)
{
	if (codec->format == CODEC_ZSTD)
		return 0;
	uLong adler = 1;
	for (uint64_t i = 0; i < n; i++)
		adler = codec->adler32_combine(adler, checks[i],
					       (z_off_t)(i + 1 < n ? chunk_size : size - i * chunk_size));
	out[0] = 0x03; /* the last block: compressed with the fixed code, empty (RFC 1951, 3.2.3) */
	out[1] = 0x00;
	for (unsigned i = 0; i < 4; i++)
		out[2 + i] = (uint8_t)(adler >> (24 - 8 * i));
	return CODEC_TAIL_MAX;
}
