/* An arena: memory that is taken piece by piece and given back all at once.
 *
 * Memory comes from anonymous mappings, so it is zeroed and costs a page fault only where it is
 * touched. An arena has one owner at a time: it is not thread-safe. When memory runs out there is
 * nothing a linker could still do: out_of_memory() says so and ends the process with status 1 (the
 * output under construction has no name yet, so nothing is left behind). */
#ifndef GILD_BASE_ARENA_H
#define GILD_BASE_ARENA_H

#include "base/types.h"

struct arena_chunk;

struct arena {
	uint8_t *next, *end;
	struct arena_chunk *chunks;
	size_t size;              /* of all chunks */
};

/* `size` zeroed bytes aligned to `align` (a power of two), valid until arena_free(). */
void *arena_alloc(struct arena *arena, size_t size, size_t align);

/* A copy of `size` bytes; `data` may be NULL when there are none. */
void *arena_copy(struct arena *arena, const void *data, size_t size, size_t align);

/* A NUL-terminated copy of `len` bytes at `text`. */
char *arena_strndup(struct arena *arena, const char *text, size_t len);

/* printf into the arena. */
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *arena, const char *format, ...);

void arena_free(struct arena *arena);

#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type), _Alignof(type)))
/* A copy of `count` elements. */
#define arena_dup(arena, type, elements, count) \
	((type *)arena_copy((arena), (elements), sizeof(type) * (size_t)(count), _Alignof(type)))
#define arena_array(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (size_t)(count), _Alignof(type)))

_Noreturn void out_of_memory(void);

#endif
