/* zlib and zstd, loaded when a section is compressed and not before: linked with the program they would add 0.15 ms to
 * every start.
 *
 * A stream is a head, chunks that were compressed each by itself, and a tail: so the chunks can be made by different
 * threads, and the stream is the same however many there were. */
#ifndef GILD_BASE_CODEC_H
#define GILD_BASE_CODEC_H

#include <pthread.h>

#include "base/types.h"

enum codec_format { CODEC_ZLIB, CODEC_ZSTD, CODEC_COUNT };

struct codec;

/* The libraries that were asked for. Zeroed, then codecs_init(). */
struct codecs {
	pthread_mutex_t lock;
	struct codec *loaded[CODEC_COUNT];
};

void codecs_init(struct codecs *codecs);
void codecs_free(struct codecs *codecs);

/* Loads the library at the first call. NULL: it is not there; `why` says so and names the Debian package, in static
 * text. Any thread. */
const struct codec *codec_get(struct codecs *codecs, enum codec_format format, const char **why);

/* Decompresses a stream that is `size` bytes long when it is whole; several streams one after the other count as one.
 * false: it is damaged, or holds fewer or more bytes; `why` is static text. Any thread. */
bool codec_decompress(const struct codec *codec, struct bytes stream, uint8_t *out, uint64_t size, const char **why);

enum { CODEC_HEAD_MAX = 2, CODEC_TAIL_MAX = 6 };

/* Levels: zlib 0 (stored) to 9, zstd 1 to 22. */
extern const int codec_lowest[CODEC_COUNT], codec_highest[CODEC_COUNT], codec_default[CODEC_COUNT];

/* The most bytes that a chunk of `size` bytes can become. */
uint64_t codec_bound(const struct codec *codec, uint64_t size);

/* Compresses one chunk, below 4 GiB, to `out`, which has room for codec_bound() bytes. Returns the bytes written, 0
 * when the library has no memory left. `check` is for codec_tail(). Any thread. */
uint64_t codec_compress(const struct codec *codec, int level, struct bytes chunk, uint8_t *out, uint32_t *check);

/* What stands before the chunks: up to CODEC_HEAD_MAX bytes. Returns how many. */
unsigned codec_head(const struct codec *codec, uint8_t *out);

/* What stands behind them, up to CODEC_TAIL_MAX bytes: `n` chunks, `checks` in order, all `chunk_size` bytes long but
 * the last, `size` bytes together. */
unsigned codec_tail(const struct codec *codec, const uint32_t *checks, uint64_t n, uint64_t chunk_size, uint64_t size,
		    uint8_t *out);

#endif
