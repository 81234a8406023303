/* The hash used for tables inside one link (never written to a file): XXH3 for long keys, a short
 * inline mix for the typical symbol name. */
#ifndef GILD_BASE_HASH_H
#define GILD_BASE_HASH_H

#include "base/types.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static inline uint64_t hash_bytes(const void *data, size_t size)
{
	return XXH3_64bits(data, size);
}

#endif
