/* --gc-sections: what cannot be reached from the roots is not part of the output (GNU ld manual, "--gc-sections"). */
#ifndef GILD_LD_PRUNE_GC_H
#define GILD_LD_PRUNE_GC_H

#include "ld/tables.h"

/* Marks loaded sections that no root reaches as not live. Roots: the entry point, -u, exported symbols, KEEP()
 * sections, notes, SHF_GNU_RETAIN, and sections found by __start_X. Needs classified sections and .eh_frame records. */
void gc_sections(struct link *link);

#endif
