#include "base/memory.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "base/types.h"

enum { PAGE = 4096, HUGE_PAGE = 2 << 20, POPULATE_FROM = 64 << 10 /* bytes */ };

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#endif

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

void memory_populate(const void *at, size_t size)
{
	if (size < POPULATE_FROM)
		return;
	uintptr_t begin = (uintptr_t)at & ~(uintptr_t)(PAGE - 1), end = align_up((uintptr_t)at + size, PAGE);
	madvise((uint8_t *)(uintptr_t)begin, end - begin, MADV_POPULATE_READ);
}
