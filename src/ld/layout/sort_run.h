/* The order of a run's sections, where its rules ask for one (GNU ld manual, "Input Section Wildcard Patterns"). */
#ifndef GILD_LD_LAYOUT_SORT_RUN_H
#define GILD_LD_LAYOUT_SORT_RUN_H

#include "ld/layout/layout.h"

/* Sorts run->items, which stand in the order of the inputs. One thread for each run. */
void sort_run(const struct link *link, uint32_t run);

/* A pool of merged pieces stands for its first member. */
section_id visible_section(const struct link *link, section_id id);

/* Do names, alignments or files say which section of the run comes first? */
bool sort_is_asked(const struct link *link, uint32_t run);

/* A section that is in a run, or one that only counts (phantoms.c). */
struct sort_member {
	section_id id;             /* 0: a phantom */
	uint32_t phantom;
};

/* Which of the run's members comes first: its place among them. They stand in the order of the inputs; n > 0. */
uint32_t sort_find_first(const struct link *link, uint32_t run, const struct sort_member *members, uint32_t n);

#endif
