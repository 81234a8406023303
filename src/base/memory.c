#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "base/types.h"

enum { PAGE = 4096, HUGE_PAGE = 2 << 20, FAULT_AROUND = 64 << 10 }; /* bytes */

void memory_prefer_huge(void *at, size_t size)
{
	uintptr_t begin = align_up((uintptr_t)at, HUGE_PAGE);
	uintptr_t end = ((uintptr_t)at + size) & ~(uintptr_t)(HUGE_PAGE - 1);
	if (end > begin)
		madvise((uint8_t *)at + (begin - (uintptr_t)at), end - begin, MADV_HUGEPAGE);
}

void *memory_zeroed(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);
	if (!memory)
		out_of_memory();
	memory_prefer_huge(memory, count * size);
	return memory;
}

void *memory_lines(size_t size)
{
	size = align_up(size ? size : 1, CACHE_LINE);
	void *memory = aligned_alloc(CACHE_LINE, size);
	if (!memory)
		out_of_memory();
	return memset(memory, 0, size);
}

void memory_touch(void *at, size_t size)
{
	volatile uint8_t *byte = at;
	for (size_t offset = 0; offset < size; offset += PAGE)
		byte[offset] = 0;
	if (size)
		byte[size - 1] = 0;
}

void memory_populate(const void *at, size_t size)
{
	const volatile uint8_t *byte = at;
	for (size_t offset = 0; offset < size; offset += FAULT_AROUND)
		(void)byte[offset];
}
