/* Where sections lie inside their run: one after the other, each at its alignment. Everything that is free in a placement is
 * decided here or read from a file (plan_file.c); the layout program fixes the rest. */
#include "ld/layout/layout.h"

void plan_run(struct link *link, uint32_t id, uint64_t start)
{
	struct run *run = &link->layout->runs.at[id];
	if (run->from_hint) { /* offsets are given; they count from an address aligned for every member */
		run->addr = align_up(start, 1ull << run->p2align);
		return;
	}
	uint64_t mod = start & ((1ull << run->p2align) - 1);
	run->addr = start;
	if (run->planned && run->planned_mod == mod)
		return;
	uint64_t at = start;
	for (uint32_t i = 0; i < run->n; i++) {
		struct section *section = section_of(link, run->items[i]);
		at = align_up(at, 1ull << section->p2align);
		section->offset = at - start;
		at += section->size;
	}
	run->size = at - start;
	run->planned = true;
	run->planned_mod = mod;
}
