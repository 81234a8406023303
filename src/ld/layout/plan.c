/* Where sections lie inside their run: one after the other, each at its alignment. Everything that is free in a
 * placement is decided here or read from a file (plan_file.c); the layout program fixes the rest. */
#include "ld/layout/layout.h"

/* Offsets come from a plan: they count from an aligned address, the one before the start of the run, if there is room
 * for that, or else the next one. */
static void move_run(struct link *link, struct run *run, uint64_t start)
{
	uint64_t mask = (1ull << run->p2align) - 1, mod = start & mask;
	uint64_t first = section_of(link, run->items[0])->offset + run->planned_mod; /* items are in order of address */
	if (first < mod)
		mod -= mask + 1;
	run->addr = start;
	for (uint32_t i = 0; i < run->n; i++) {
		struct section *section = section_of(link, run->items[i]);
		section->offset = section->offset + run->planned_mod - mod;
	}
	run->size = run->size + run->planned_mod - mod;
	run->planned_mod = mod;
}

void plan_run(struct link *link, uint32_t id, uint64_t start)
{
	struct run *run = &link->layout->runs.at[id];
	if (run->from_hint) {
		move_run(link, run, start);
		return;
	}
	uint64_t mod = start & ((1ull << run->p2align) - 1);
	run->addr = start;
	if (run->planned && run->planned_mod == mod)
		return;
	uint64_t at = start, bits = 0;
	for (uint32_t i = 0; i < run->n; i++) {
		struct section *section = section_of(link, run->items[i]);
		at = align_up(at, 1ull << section->p2align);
		section->offset = at - start;
		at += section->size;
		bits |= at - start;
	}
	/* Each section is smaller than 2^48 bytes: before the sum wraps, it has one of these bits. */
	if (bits >> 60 && !link->layout->too_large) {
		link->layout->too_large = true;
		diag_error(link->diag, 0, "section %s would have more than 2^60 bytes",
			   link->layout->osecs.at[run->osec].name);
	}
	run->size = at - start;
	run->planned = true;
	run->planned_mod = mod;
}
