/* Final values of symbols as relocations see them, after layout. */
#ifndef GILD_LD_LAYOUT_VALUE_H
#define GILD_LD_LAYOUT_VALUE_H

#include "arch/arch.h"
#include "ld/layout/layout.h"
#include "ld/prune/merge.h"
#include "ld/synth/needs.h"

/* Fills every symbol's address, in parallel. */
void values_compute(struct link *link);

/* Address of offset `*addend` beyond `value` in a section of an object; for a section symbol in a merged section the
 * addend chooses the piece and is used up. */
static inline uint64_t section_value(const struct link *link, section_id id, uint64_t value, bool is_section_symbol,
				     int64_t *addend)
{
	const struct section *section = section_of(link, id);
	if (!section->live || section->kind == SECTION_NONE)
		return 0;
	if (section->kind != SECTION_MERGE)
		return section_address(link->layout, section) + value;
	if (is_section_symbol) {
		value += (uint64_t)*addend;
		*addend = 0;
	}
	return merge_address(link, &link->merge_sections.at[section->extra], value);
}

/* S of a local symbol. */
static inline uint64_t local_value(const struct link *link, const struct file *file, uint32_t index, int64_t *addend)
{
	const struct elf_sym *sym = &file->symtab.syms[index];
	if (elf_sym_is_special(&file->symtab, index))
		return sym->st_value;
	return section_value(link, file->first_section + elf_sym_section(&file->symtab, index), sym->st_value,
			     elf_sym_type(sym) == STT_SECTION, addend);
}

/* The merged section that a local symbol stands for, so that addends choose the piece: see section_value(). NULL: it
 * is no such symbol. */
static inline const struct merge_section *local_merged(const struct link *link, const struct file *file, uint32_t index)
{
	if (index >= file->symtab.first_global || elf_sym_is_special(&file->symtab, index) ||
	    elf_sym_type(&file->symtab.syms[index]) != STT_SECTION)
		return NULL;
	const struct section *section = section_of(link, file->first_section + elf_sym_section(&file->symtab, index));
	return section->kind == SECTION_MERGE && section->live ? &link->merge_sections.at[section->extra] : NULL;
}

static inline uint64_t got_address(const struct link *link, const struct layout *layout, uint32_t slot)
{
	return synthetic_address(link, layout, SYN_GOT) + (uint64_t)link->arch->slot * slot;
}

uint64_t value_of_plt(const struct link *link, const struct aux *aux);

#endif
