/* Identical code folding: of sections that are equal in content and in what they refer to, one stands for all.
 *
 *   eligible    which sections may be folded (icf.c), and whose addresses count (address_significance.c)
 *   graph       sections are vertices, relocations and unwind records edges (icf_graph.c)
 *   partition   which vertices are equal (icf_partition.c)
 *   fold        the first section of each class stays, the others become SECTION_FOLDED (icf.c)
 *
 * A folded section keeps its symbols and counts as live: it has the place of the section that stands for it. */
#ifndef GILD_LD_PRUNE_ICF_H
#define GILD_LD_PRUNE_ICF_H

#include "ld/tables.h"

/* With --icf: folds. Needs classified sections, merged pieces and CIEs that are merged; the records of folded functions
 * are dropped by eh_frame_prune(). link->folded is the result. */
void icf_fold(struct link *link);

/* Gives folded sections their places, once there are addresses. */
void icf_place(struct link *link);

/* Was the section folded in which the file defines its symbol `index`? */
static inline bool icf_is_folded(const struct link *link, const struct file *file, uint32_t index)
{
	return !elf_sym_is_special(&file->symtab, index) &&
	       section_of(link, file->first_section + elf_sym_section(&file->symtab, index))->kind == SECTION_FOLDED;
}

#endif
