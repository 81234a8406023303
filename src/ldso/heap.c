#include "ldso/heap.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

#include "ldso/print.h"
#include "ldso/sys.h"
#include "ldso/text.h"

enum { HEADER = 16, CLASSES = 96, PIECE = 64 * 1024, FIRST_PIECE = 32 * 1024 };

/* Blocks have 32, 48, 64, 96, 128, 192 ... bytes, with a header that holds the number of this size in the row; freed
 * ones wait in a list for each size. Static because the heap is where all other state lives. */
static char *fresh, *fresh_end;
static void *freed[CLASSES];

static size_t block_size(unsigned class)
{
	return (size_t)(class & 1 ? 48 : 32) << class / 2;
}

static unsigned class_of(size_t size)
{
	if (size + HEADER <= block_size(0))
		return 0;
	/* Between two powers of two lies one more size. */
	unsigned log = 63 - (unsigned)__builtin_clzll(size + HEADER - 1); /* 2^log < size + HEADER <= 2^(log + 1) */
	unsigned class = 2 * (log - 5) + 1;
	return block_size(class) < size + HEADER ? class + 1 : class;
}

void *heap_alloc(size_t size)
{
	unsigned class = size > SIZE_MAX / 4 ? CLASSES : class_of(size);
	if (class >= CLASSES)
		die("out of memory");
	size_t block = block_size(class);
	char *at = freed[class];
	if (at) {
		freed[class] = *(void **)(at + HEADER);
		memset(at, 0, block);
	} else {
		if ((size_t)(fresh_end - fresh) < block) {
			/* The smallest program fills most of the first piece: no page fault for each page of it. */
			bool first = !fresh && block <= FIRST_PIECE;
			size_t piece = first ? FIRST_PIECE : block > PIECE ? block : PIECE;
			int flags = MAP_PRIVATE | MAP_ANONYMOUS | (first ? MAP_POPULATE : 0);
			long got = sys_mmap(0, piece, PROT_READ | PROT_WRITE, flags, -1, 0);
			if (sys_failed(got))
				die("out of memory");
			fresh = (char *)got;
			fresh_end = fresh + piece;
		}
		at = fresh;
		fresh += block;
	}
	*(unsigned *)(void *)at = class;
	return at + HEADER;
}

void heap_free(void *memory)
{
	if (!memory)
		return;
	unsigned class = *(unsigned *)(void *)((char *)memory - HEADER);
	*(void **)memory = freed[class];
	freed[class] = (char *)memory - HEADER;
}
