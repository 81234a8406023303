/* Whose addresses may be compared with others by the program. */
#ifndef GILD_LD_PRUNE_ADDRESS_SIGNIFICANCE_H
#define GILD_LD_PRUNE_ADDRESS_SIGNIFICANCE_H

#include "ld/tables.h"

/* Sets significant[id] of sections whose address counts; `significant` has an entry for each section of the link.
 *
 * LLVM's objects list such symbols (.llvm_addrsig, LLVM's "Extensions" manual). Of other objects, all data count; and
 * functions that somebody refers to other than by a call. `functions`: look at those, too; without it, only data are
 * asked about. Exported symbols count, and those the loader is told of. A malformed list is reported. */
void address_significance(struct link *link, bool functions, _Atomic bool *significant);

#endif
