#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/array.h"
#include "base/jobserver.h"
#include "base/memory.h"

/* Bytes. An arena that has grown large takes large chunks, which fit into huge pages. */
enum { CHUNK_SIZE = 1 << 20, LARGE_ARENA = 1 << 20, LARGE_CHUNK_SIZE = 8 << 20 };

struct arena_chunk {
	struct arena_chunk *older;
	size_t size;
};

void out_of_memory(void)
{
	static const char message[] = "gild: error: out of memory\n";
	ssize_t ignored = write(STDERR_FILENO, message, sizeof(message) - 1);
	(void)ignored;
	jobserver_give_back();
	_exit(1);
}

static void new_chunk(struct arena *arena, size_t room)
{
	size_t usual = arena->size < LARGE_ARENA ? CHUNK_SIZE : LARGE_CHUNK_SIZE;
	size_t size = align_up(max_u64(usual, room + sizeof(struct arena_chunk)), 4096);
	struct arena_chunk *chunk = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (chunk == MAP_FAILED)
		out_of_memory();
	if (size >= LARGE_CHUNK_SIZE)
		memory_prefer_huge(chunk, size);
	chunk->older = arena->chunks;
	chunk->size = size;
	arena->chunks = chunk;
	arena->size += size;
	arena->next = (uint8_t *)(chunk + 1);
	arena->end = (uint8_t *)chunk + size;
}

void *arena_alloc(struct arena *arena, size_t size, size_t align)
{
	if (size > SIZE_MAX / 2)
		out_of_memory();
	uintptr_t start = align_up((uintptr_t)arena->next, align);
	if (arena->next == NULL || start > (uintptr_t)arena->end || size > (uintptr_t)arena->end - start) {
		new_chunk(arena, size + align);
		start = align_up((uintptr_t)arena->next, align);
	}
	uint8_t *result = arena->next + (start - (uintptr_t)arena->next);
	arena->next = result + size;
	return result;
}

void *arena_copy(struct arena *arena, const void *data, size_t size, size_t align)
{
	void *copy = arena_alloc(arena, size, align);
	if (size)
		memcpy(copy, data, size);
	return copy;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1, 1);
	memcpy(copy, text, len);
	return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = arena_alloc(arena, len < 0 ? 1 : (size_t)len + 1, 1);
	if (len > 0)
		vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	return text;
}

void arena_free(struct arena *arena)
{
	for (struct arena_chunk *chunk = arena->chunks, *older; chunk; chunk = older) {
		older = chunk->older;
		munmap(chunk, chunk->size);
	}
	*arena = (struct arena){0};
}

void *array_reserve(void *at, uint32_t n, uint32_t *cap, size_t element, uint32_t more)
{
	if (more > UINT32_MAX - n)
		out_of_memory();
	if (n + more <= *cap)
		return at;
	uint64_t wanted = max_u64((uint64_t)n + more, (uint64_t)*cap + *cap / 2 + 8);
	if (wanted > UINT32_MAX)
		wanted = UINT32_MAX;
	void *grown = realloc(at, wanted * element);
	if (!grown)
		out_of_memory();
	*cap = (uint32_t)wanted;
	return grown;
}
