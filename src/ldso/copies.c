/* What is made of heap_alloc and heap_free: the same wherever memory comes from. */
#include "ldso/heap.h"
#include "ldso/text.h"

void *heap_grow(void *old, size_t old_size, size_t size)
{
	void *bigger = heap_alloc(size);
	if (old)
		memcpy(bigger, old, old_size);
	heap_free(old);
	return bigger;
}

char *heap_text_n(const char *text, size_t length)
{
	char *copy = heap_alloc(length + 1);
	memcpy(copy, text, length);
	return copy;
}

char *heap_text(const char *text)
{
	return heap_text_n(text, strlen(text));
}
