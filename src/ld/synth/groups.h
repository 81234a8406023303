/* Section groups of an object (gABI, "Section Groups"): with -r they stay groups, of the sections that stay. */
#ifndef GILD_LD_SYNTH_GROUPS_H
#define GILD_LD_SYNTH_GROUPS_H

#include "ld/layout/layout.h"

/* Counts what is left of each group; those of which nothing is are dropped. After relocs_prepare(). */
void groups_prepare(struct link *link);

/* Writes the content of a section of kind SECTION_GROUP. Any thread. */
void group_emit(const struct link *link, section_id id, uint8_t *image);

/* sh_info of the group: the index in .symtab of the symbol that names it. */
uint32_t group_signature(const struct link *link, section_id id);

#endif
