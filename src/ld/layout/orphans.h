/* Orphans: input sections that no rule of the layout program takes (GNU ld manual, "Orphan Sections"). */
#ifndef GILD_LD_LAYOUT_ORPHANS_H
#define GILD_LD_LAYOUT_ORPHANS_H

#include "ld/layout/layout.h"

/* Makes an output section for each name among the orphans and puts its statement behind the last output section of its
 * kind. Sections of one name are together, whatever their flags, but that loaded and not loaded ones stay apart. */
void orphans_place(struct link *link);

/* The same for one orphan, by the rules for scripts (orphans_script.c). Returns the run that it goes to. */
uint32_t orphan_place(struct link *link, const char *name, uint64_t sh_flags, uint32_t type, section_id id,
		      bool stands_alone);
/* Before the first of them. */
void orphans_begin(struct link *link);
/* The same for those before a section that are not there, but count. */
void orphans_place_phantoms(struct link *link, section_id end);
/* Common symbols that a script does not place are in the section of that name. */
uint32_t orphan_place_common(struct link *link, const char *name);

#endif
