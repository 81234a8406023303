/* Sorting many small things by a number. */
#ifndef GILD_BASE_SORT_H
#define GILD_BASE_SORT_H

#include <stddef.h>
#include <stdint.h>

struct sort_item {
	uint64_t key;
	uint64_t value;
};

/* Sorts by key; items with equal keys keep their order. Time grows with n and with the number of bits in which keys
 * differ, not with n log n. Takes as much memory again while it runs. Thread-safe. */
void sort_by_key(struct sort_item *items, size_t n);

#endif
