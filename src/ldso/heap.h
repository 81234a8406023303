/* Memory of the loader itself: what describes objects, scopes and search directories.
 *
 * Thread safety: none of its own. It is used while the program has one thread, and below the load lock afterwards.
 * What threads need by themselves (dtv, dynamic TLS blocks, the text of dlerror) comes from the program's malloc:
 * see tls.h. */
#ifndef GILD_LDSO_HEAP_H
#define GILD_LDSO_HEAP_H

#include <stddef.h>

/* Zeroed, aligned to 16 bytes, never NULL: without memory the process ends with a message. */
void *heap_alloc(size_t size);

/* A copy of `old` (which is freed) with room for `size` bytes; `old_size` bytes are kept. */
void *heap_grow(void *old, size_t old_size, size_t size);

void heap_free(void *memory);

/* Copies of texts, NUL-terminated. */
char *heap_text(const char *text);
char *heap_text_n(const char *text, size_t length);

#endif
