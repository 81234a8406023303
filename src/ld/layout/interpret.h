/* What the passes over the layout program have in common. */
#ifndef GILD_LD_LAYOUT_INTERPRET_H
#define GILD_LD_LAYOUT_INTERPRET_H

#include "ld/layout/layout.h"

/* So often the program is interpreted before we give up. */
enum { LAYOUT_MAX_PASSES = 30 };

/* Does it have a place in memory? Nothing has in an object. */
bool osec_is_loaded(const struct link *link, const struct osec *osec);

/* One pass by a script's rules (interpret_script.c). */
void layout_pass_by_script(struct link *link);
/* Symbols and ASSERTs of a script for good, when addresses are. */
void layout_final_assignments(struct link *link);

/* Statements in their places: `section` is the output section that they are in, or VALUE_ABSOLUTE. */
void layout_assign_symbol(struct link *link, struct node *node, uint64_t dot, uint32_t section);
void layout_judge(struct link *link, const struct node *node, uint64_t dot, uint32_t section);
/* Where an assignment moves the location counter. */
uint64_t layout_move_dot(struct link *link, struct node *node, uint64_t dot, uint32_t section);
/* An address or a number, for what is no place in an output section; `otherwise` when it has no value. */
uint64_t layout_evaluate(struct link *link, const struct expr *expr, uint64_t dot, uint64_t otherwise);

/* Sets what a pass finds out, and whether it is new. */
static inline void layout_note(struct layout *layout, uint64_t *slot, uint64_t value)
{
	if (*slot != value)
		layout->changed = true;
	*slot = value;
}

/* The exponent of the smallest power of two that is not below the number. */
static inline uint8_t log2_up(uint64_t number)
{
	uint8_t result = 0;
	while (result < 63 && 1ull << result < number)
		result++;
	return result;
}

#endif
