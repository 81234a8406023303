/* Memory for large tables that are read at random. */
#ifndef GILD_BASE_MEMORY_H
#define GILD_BASE_MEMORY_H

#include <stddef.h>

/* Bytes. What different threads write should not share one. */
enum { CACHE_LINE = 64 };

/* Asks the kernel for huge pages below a table of `size` bytes that nobody has touched yet: one page fault instead of
 * 512, and far fewer misses of the TLB. Advice only: memory that is too small for it, or a kernel without huge pages,
 * is left alone. Thread-safe. */
void memory_prefer_huge(void *at, size_t size);

/* `count` zeroed elements of `size` bytes in the pages that suit them; for free(). Never NULL: see out_of_memory(). */
void *memory_zeroed(size_t count, size_t size);

/* `size` zeroed bytes that share no cache line with others; for free(). Never NULL. */
void *memory_lines(size_t size);

/* Has pages made for zeroed memory that is read before it is written, such as a hash table. Else each would be a small
 * page of zeros first, which is taken away from all threads again when something is written. Thread-safe. */
void memory_touch(void *at, size_t size);

/* Maps a part of a file that is about to be read. A page fault maps all pages that lie within the same 64 KiB and are
 * in memory (Linux, fault_around_bytes); to take these faults one after the other costs less than to take them in
 * between other work, and less than MADV_POPULATE_READ, which looks at every page. Thread-safe. */
void memory_populate(const void *at, size_t size);

#endif
