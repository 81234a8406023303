/* Memory for what readers translate (files of class 32): blocks of their own, so that a sanitizer sees each step
 * outside. All of them are freed together. */
#ifndef GILD_FUZZ_ROOM_H
#define GILD_FUZZ_ROOM_H

#include <stdlib.h>
#include <string.h>

#include "elf/object.h"

enum { ROOM_BLOCKS = 1 << 17 };

struct blocks {
	void **at;
	size_t n;
};

static inline void *room_take(void *context, uint64_t size)
{
	struct blocks *blocks = context;
	void *block = malloc(size ? size : 1);
	if (!block || blocks->n == ROOM_BLOCKS)
		abort();
	memset(block, 0xa5, size);
	blocks->at[blocks->n++] = block;
	return block;
}

static inline struct elf_room room_open(struct blocks *blocks)
{
	*blocks = (struct blocks){.at = malloc(ROOM_BLOCKS * sizeof(void *))};
	if (!blocks->at)
		abort();
	return (struct elf_room){room_take, blocks};
}

static inline void room_close(struct blocks *blocks)
{
	for (size_t i = 0; i < blocks->n; i++)
		free(blocks->at[i]);
	free(blocks->at);
}

#endif
