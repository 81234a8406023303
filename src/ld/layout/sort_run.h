/* The order of a run's sections, where its rules ask for one (GNU ld manual, "Input Section Wildcard Patterns"). */
#ifndef GILD_LD_LAYOUT_SORT_RUN_H
#define GILD_LD_LAYOUT_SORT_RUN_H

#include "ld/layout/layout.h"

/* Sorts run->items, which stand in the order of the inputs. One thread for each run. */
void sort_run(const struct link *link, uint32_t run);

/* A pool of merged pieces stands for its first member. */
section_id visible_section(const struct link *link, section_id id);

struct sort_key {
	const char *name;
	uint8_t p2align;
};

/* Do names or alignments say which section of the run comes first, by its first rule? */
bool sort_is_asked(const struct link *link, uint32_t run);

/* Does a section like `a` come before one like `b` by the first rule of the run? */
bool sort_precedes(const struct link *link, uint32_t run, struct sort_key a, struct sort_key b);

#endif
