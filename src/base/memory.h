/* Memory for large tables that are read at random. */
#ifndef GILD_BASE_MEMORY_H
#define GILD_BASE_MEMORY_H

#include <stddef.h>

/* Asks the kernel for huge pages below a table of `size` bytes that nobody has touched yet: one page fault instead of
 * 512, and far fewer misses of the TLB. Advice only: memory that is too small for it, or a kernel without huge pages,
 * is left alone. Thread-safe. */
void memory_prefer_huge(void *at, size_t size);

/* `count` zeroed elements of `size` bytes in the pages that suit them; for free(). Never NULL: see out_of_memory(). */
void *memory_zeroed(size_t count, size_t size);

/* Maps a part of a file that is about to be read from end to end: one system call instead of a page fault for every
 * 64 KiB. Small parts are left to page faults. Thread-safe. */
void memory_populate(const void *at, size_t size);

#endif
