/* Section groups as gc sees them: the sections of one stay or go together (gABI, "Section Groups"). */
#ifndef GILD_LD_PRUNE_GROUPS_H
#define GILD_LD_PRUNE_GROUPS_H

#include "ld/tables.h"

/* For each section the next one of its group, in a ring; 0: it has no group, or is alone there. Only candidates of
 * gc_sections() count. One element for each of link->sections; the caller frees. Needs classified sections. */
section_id *group_rings(const struct link *link);

#endif
