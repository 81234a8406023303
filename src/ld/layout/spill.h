/* Regions of memory that are not contiguous (GNU ld manual, "--enable-non-contiguous-regions"). */
#ifndef GILD_LD_LAYOUT_SPILL_H
#define GILD_LD_LAYOUT_SPILL_H

#include "ld/layout/layout.h"

/* Once addresses are there: what does not fit into the region of its output section moves to the next output section
 * whose rules take it, with what stands behind it. Returns whether something moved: then addresses have to be assigned
 * again. What no other rule takes stays. By a script's rules only. */
bool spill_sections(struct link *link);

/* --enable-non-contiguous-regions-warnings: names sections that more than one output section may take. */
void spill_warn(struct link *link);

#endif
