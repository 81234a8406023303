/* What the passes over the layout program have in common. */
#ifndef GILD_LD_LAYOUT_INTERPRET_H
#define GILD_LD_LAYOUT_INTERPRET_H

#include "ld/layout/layout.h"

/* So often the program is interpreted before we give up. */
enum { LAYOUT_MAX_PASSES = 30 };

/* Does it have a place in memory? Nothing has in an object. */
bool osec_is_loaded(const struct link *link, const struct osec *osec);

/* The exponent of the smallest power of two that is not below the number. */
static inline uint8_t log2_up(uint64_t number)
{
	uint8_t result = 0;
	while (result < 63 && 1ull << result < number)
		result++;
	return result;
}

#endif
