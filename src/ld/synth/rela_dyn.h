/* .rela.dyn: everything the loader relocates except PLT slots. Relative relocations come first (DT_RELACOUNT), then
 * those with symbols, then IFUNC resolvers, which may use what the others have set. */
#ifndef GILD_LD_SYNTH_RELA_DYN_H
#define GILD_LD_SYNTH_RELA_DYN_H

#include "ld/tables.h"

/* Counts the entries, link->n_dynamic_relas and n_relative, in parallel. */
void rela_dyn_count(struct link *link);
/* Once addresses are final: lists the groups of relative ones, and makes the others, in parallel. */
void rela_dyn_collect(struct link *link);
/* Sorts and writes them. The relative ones, of which there are the most, are made here: only their groups are sorted. */
void rela_dyn_emit(const struct link *link, uint8_t *image);

#endif
