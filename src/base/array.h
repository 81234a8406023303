/* Growable arrays: `ARRAY(struct thing) things = {0}; *array_push(&things) = thing;`
 *
 * Elements move when the array grows: keep indexes, not pointers. Memory is malloc's; array_free()
 * gives it back. Not thread-safe. */
#ifndef GILD_BASE_ARRAY_H
#define GILD_BASE_ARRAY_H

#include <stdlib.h>

#include "base/types.h"

#define ARRAY(type)             \
	struct {                \
		type *at;       \
		uint32_t n, cap; \
	}

/* Makes room for `more` elements after the first `n`; returns the (perhaps moved) elements. */
void *array_reserve(void *at, uint32_t n, uint32_t *cap, size_t element, uint32_t more);

/* A pointer to one new element at the end; its content is undefined. */
#define array_push(array)                                                                                    \
	((array)->n < (array)->cap                                                                           \
		 ? (void)0                                                                                   \
		 : (void)((array)->at = array_reserve((array)->at, (array)->n, &(array)->cap, sizeof(*(array)->at), 1)), \
	 &(array)->at[(array)->n++])

#define array_free(array) (free((array)->at), (array)->at = NULL, (array)->n = (array)->cap = 0)

/* Index of the first element whose `field` is not below `value`; n when there is none. The elements are sorted by it. */
#define array_first_from(array, field, value)                  \
	__extension__({                                        \
		uint32_t low_ = 0, high_ = (array)->n;         \
		while (low_ < high_) {                         \
			uint32_t middle_ = low_ + (high_ - low_) / 2; \
			if ((array)->at[middle_].field < (value)) \
				low_ = middle_ + 1;            \
			else                                   \
				high_ = middle_;               \
		}                                              \
		low_;                                          \
	})

#endif
