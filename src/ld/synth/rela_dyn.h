/* .rela.dyn: everything the loader relocates except PLT slots. Relative relocations come first (DT_RELACOUNT), then
 * those with symbols, then IFUNC resolvers, which may use what the others have set. */
#ifndef GILD_LD_SYNTH_RELA_DYN_H
#define GILD_LD_SYNTH_RELA_DYN_H

#include "ld/tables.h"

/* Counts the entries, link->n_dynamic_relas and n_relative, in parallel. */
void rela_dyn_count(struct link *link);
/* Makes them, sorted, once addresses are final, in parallel: link->made[SYN_RELA_DYN]. */
void rela_dyn_make(struct link *link);

#endif
