#include "ld/synth/groups.h"

#include "ld/resolve/symbols.h"
#include "ld/synth/relocs.h"

enum { WORD = 4 };

/* Checked when COMDAT groups were chosen. */
static struct elf_group read_group(const struct link *link, section_id id)
{
	const struct file *file = file_of(link, section_of(link, id)->file);
	struct elf_group group = {0};
	struct elf_error error;
	elf_read_group(&group, &file->elf, section_number(link, id), file->symtab.n, &error);
	return group;
}

/* Member `n`, if it is in the output as a member; else 0. Relocations are members there when what they relocate is. */
static section_id member_of(const struct link *link, section_id id, const struct elf_group *group, uint32_t n)
{
	const struct file *file = file_of(link, section_of(link, id)->file);
	section_id member = file->first_section + read32(group->members + WORD * (uint64_t)n);
	const struct section *section = section_of(link, member);
	bool placed = section->live && section->run && section->kind != SECTION_NONE;
	return placed && layout_stands_alone(link, member) ? member : 0;
}

void groups_prepare(struct link *link)
{
	struct layout *layout = link->layout;
	for (section_id id = 1; id < link->sections.n; id++) {
		struct section *section = section_of(link, id);
		if (section->kind != SECTION_GROUP || !section->live || !section->run)
			continue;
		struct elf_group group = read_group(link, id);
		uint64_t words = 1;
		for (uint32_t n = 0; n < group.nmembers; n++) {
			section_id member = member_of(link, id, &group, n);
			if (member)
				words += osec_of_section(layout, section_of(link, member))->rela ? 2 : 1;
		}
		section->live = words > 1;
		section->size = words * WORD;
		osec_of_section(layout, section)->group = id;
		const struct file *file = file_of(link, section->file);
		if (section->live && elf_sym_type(&file->symtab.syms[group.signature]) != STT_SECTION)
			relocs_need_symbol(link, section->file, group.signature);
	}
}

void group_emit(const struct link *link, section_id id, uint8_t *image)
{
	const struct layout *layout = link->layout;
	const struct file *file = file_of(link, section_of(link, id)->file);
	struct elf_group group = read_group(link, id);
	uint8_t *at = image + WORD;
	write32(image, read32(elf_section_bytes(&file->elf, section_number(link, id)).data));
	for (uint32_t n = 0; n < group.nmembers; n++) {
		section_id member = member_of(link, id, &group, n);
		if (!member)
			continue;
		const struct osec *osec = osec_of_section(layout, section_of(link, member));
		write32(at, osec->index);
		at += WORD;
		if (osec->rela) {
			write32(at, layout->osecs.at[osec->rela].index);
			at += WORD;
		}
	}
}

uint32_t group_signature(const struct link *link, section_id id)
{
	const struct file *file = file_of(link, section_of(link, id)->file);
	struct elf_group group = read_group(link, id);
	const struct elf_sym *sym = &file->symtab.syms[group.signature];
	if (elf_sym_type(sym) != STT_SECTION || elf_sym_is_special(&file->symtab, group.signature))
		return relocs_symbol_index(link, file, group.signature);
	section_id named = file->first_section + elf_sym_section(&file->symtab, group.signature);
	return section_of(link, named)->run ? osec_of_section(link->layout, section_of(link, named))->symbol : 0;
}
