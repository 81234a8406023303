/* The few memory loops src/elf needs, so that it links without a libc. */
#ifndef GILD_ELF_MEM_H
#define GILD_ELF_MEM_H

#include "base/types.h"

static inline bool mem_equal(const void *a, const void *b, size_t size)
{
	const uint8_t *x = a, *y = b;
	for (size_t i = 0; i < size; i++)
		if (x[i] != y[i])
			return false;
	return true;
}

/* True when [offset, offset + size) lies inside a range of `total` bytes. Cannot overflow. */
static inline bool mem_inside(uint64_t offset, uint64_t size, uint64_t total)
{
	return offset <= total && size <= total - offset;
}

#endif
