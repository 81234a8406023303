/* Reading and writing the file ld.so.cache as a whole (ldso/cache_file.h has its format). */
#ifndef GILD_CACHE_FILE_H
#define GILD_CACHE_FILE_H

#include "cache/scan.h"

/* A cache that was read. */
struct cache_contents {
	void *data; /* malloc()ed */
	size_t size;
	entry_array entries; /* their texts are part of `data` */
	struct bytes generator; /* who wrote it; no bytes: not said */
	uint32_t nbroken;    /* entries whose strings are outside of the table, or too long; they are left out */
};

/* Reads and checks it. NULL: fine. Otherwise why not: text of errno, or static text. cache_contents_free() in any
 * case. */
const char *cache_contents_read(struct cache_contents *contents, const struct root *root, const char *path);

/* The same from memory, which is copied. */
const char *cache_contents_parse(struct cache_contents *contents, const void *data, size_t size);

void cache_contents_free(struct cache_contents *contents);

/* Writes sorted entries to a file that has its name only when it is complete. `path` is in the root. Returns false with
 * errno. */
bool cache_write(const struct root *root, const char *path, const entry_array *entries);

#endif
