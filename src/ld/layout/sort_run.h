/* The order of a run's sections, where its rules ask for one (GNU ld manual, "Input Section Wildcard Patterns"). */
#ifndef GILD_LD_LAYOUT_SORT_RUN_H
#define GILD_LD_LAYOUT_SORT_RUN_H

#include "ld/layout/layout.h"

/* Sorts run->items, which stand in the order of the inputs. One thread for each run. */
void sort_run(const struct link *link, uint32_t run);

/* Would a section of that name and alignment come before all that are in the run, by its first rule? */
bool sort_precedes(const struct link *link, uint32_t run, const char *name, uint8_t p2align);

#endif
