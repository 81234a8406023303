/* The parts of gild cache. */
#ifndef GILD_CACHE_CACHE_H
#define GILD_CACHE_CACHE_H

#include "cache/file.h"

/* Prints a cache as `ldconfig -p` does. */
void cache_show(const struct cache_contents *contents, const char *path);
void cache_show_entry(const struct entry *entry);

/* Compares a cache with what the folders hold, and prints each difference. Returns their number. */
uint32_t cache_verify(const struct cache_contents *contents, const struct root *root, const entry_array *expected);

#endif
