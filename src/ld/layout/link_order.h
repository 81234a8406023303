/* Sections that belong to another one (SHF_LINK_ORDER; gABI chapter 4, "Section Attribute Flags"): tables of a compiler
 * or sanitizer with one entry for each function, split by function. sh_link names the section. Such a section is part
 * of the output when the other one is, and they stand in the same order. */
#ifndef GILD_LD_LAYOUT_LINK_ORDER_H
#define GILD_LD_LAYOUT_LINK_ORDER_H

#include "ld/layout/layout.h"

/* The section that this one of an object belongs to; 0: none. */
static inline section_id section_linked(const struct link *link, section_id id)
{
	const struct elf_shdr *shdr = section_shdr(link, id);
	if (!(shdr->sh_flags & SHF_LINK_ORDER) || !shdr->sh_link)
		return 0;
	return file_of(link, section_of(link, id)->file)->first_section + shdr->sh_link;
}

/* Drops the sections that belong to a dropped one. */
void link_order_drop(struct link *link);

/* Sorts them by what they belong to: those of one run, before the others of it. The order of all other sections is
 * final. */
void link_order_sort(struct link *link);

#endif
