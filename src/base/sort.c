#include "base/sort.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Radix sort, from the lowest digit, without the digits that all keys share. */
enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, FEW = 32 };

static void insertion_sort(struct sort_item *items, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct sort_item item = items[i];
		size_t at = i;
		for (; at > 0 && items[at - 1].key > item.key; at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
}

static bool is_sorted(const struct sort_item *items, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (items[i - 1].key > items[i].key)
			return false;
	return true;
}

static void sort_digit(const struct sort_item *from, struct sort_item *to, size_t n, unsigned shift)
{
	size_t starts[DIGITS + 1] = {0};
	for (size_t i = 0; i < n; i++)
		starts[(from[i].key >> shift & (DIGITS - 1)) + 1]++;
	for (size_t i = 1; i < DIGITS; i++)
		starts[i] += starts[i - 1];
	for (size_t i = 0; i < n; i++)
		to[starts[from[i].key >> shift & (DIGITS - 1)]++] = from[i];
}

void sort_by_key(struct sort_item *items, size_t n)
{
	if (n <= FEW) {
		insertion_sort(items, n);
		return;
	}
	if (is_sorted(items, n))
		return;
	uint64_t different = 0;
	for (size_t i = 1; i < n; i++)
		different |= items[i].key ^ items[0].key;
	struct sort_item *other = memory_zeroed(n, sizeof(*other)), *from = items, *to = other;
	for (unsigned shift = 0; shift < 64 && different >> shift; shift += DIGIT_BITS) {
		if (!(different >> shift & (DIGITS - 1)))
			continue;
		sort_digit(from, to, n, shift);
		struct sort_item *swap = from;
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, n * sizeof(*items));
	free(other);
}
