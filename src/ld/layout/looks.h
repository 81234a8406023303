/* What output sections are by a script's rules (layout.h, struct look). */
#ifndef GILD_LD_LAYOUT_LOOKS_H
#define GILD_LD_LAYOUT_LOOKS_H

#include "ld/layout/layout.h"

/* The flags of an input section. */
uint32_t look_flags(uint64_t sh_flags, uint32_t type, const char *name);
/* An input section comes into the output section. */
void look_add(struct layout *layout, uint32_t osec, uint32_t flags, uint32_t type, uint8_t p2align);
/* The section of that name that came to exist first; 0: none. */
uint32_t looks_first(const struct layout *layout, const char *name);
/* Puts a section behind another in the order of those that exist; 0: in front of all. */
void looks_move(struct layout *layout, uint32_t osec, uint32_t behind);

/* What the script's statements and the sections that its rules take make of all output sections, in their order. */
void looks_begin(struct link *link);
/* The same when all members are in their order (layout_gather()). */
void looks_settle(struct link *link);
/* From that the types and flags of headers; again when the location counter has moved in sections. */
void looks_apply(struct link *link);
/* The type of a section once it is known whether a PT_LOAD has it (osec->is_in_load): outside of all it has room in the
 * file, though there may be nothing to put there. */
void look_apply_unmapped(struct osec *osec);

/* Sections that are not there, but count (phantoms.c): finds out which runs they are in. */
void phantoms_classify(struct link *link);
const char *phantom_name(const struct link *link, const struct phantom *phantom);
uint32_t phantom_flags(const struct phantom *phantom);
uint32_t phantom_type(const struct link *link, const struct phantom *phantom);

/* Without content of its own, and so without room in memory: each thread has its copy. */
static inline bool look_is_tbss(const struct osec *osec)
{
	return (osec->look.flags & (LOAD | THREAD_LOCAL)) == THREAD_LOCAL;
}

#endif
