#include "elf/note.h"

#include "elf/mem.h"

bool elf_note_at(struct bytes section, uint64_t align, uint64_t offset, struct elf_note *out, struct elf_error *error)
{
	if (align != 4 && align != 8)
		return elf_fail(error, "sh_addralign", 0, align, "of a note is neither 4 nor 8");
	if (!mem_inside(offset, sizeof(struct elf_nhdr), section.size))
		return elf_fail(error, "note", 0, offset, "header ends beyond the end of the section");
	const struct elf_nhdr *nhdr = (const struct elf_nhdr *)(section.data + offset);

	/* 8-byte alignment counts from the start of the note, not of its name: the name of a GNU property is at 12, its
	 * descriptor at 16. */
	uint64_t name = sizeof(*nhdr);
	uint64_t desc = align_up(name + nhdr->n_namesz, align);
	uint64_t room = section.size - offset;
	if (nhdr->n_namesz > room - name)
		return elf_fail(error, "n_namesz", 0, nhdr->n_namesz, "is beyond the end of the section");
	if (nhdr->n_descsz == 0)
		desc = min_u64(desc, room);
	if (!mem_inside(desc, nhdr->n_descsz, room))
		return elf_fail(error, "n_descsz", 0, nhdr->n_descsz, "is beyond the end of the section");

	const uint8_t *at = section.data + offset;
	*out = (struct elf_note){
		.name = {at + name, nhdr->n_namesz},
		.desc = {at + desc, nhdr->n_descsz},
		.type = nhdr->n_type,
		/* The padding of the last note may be missing. */
		.next = offset + min_u64(align_up(desc + nhdr->n_descsz, align), room),
	};
	return true;
}

bool gnu_property_at(struct bytes desc, uint64_t align, uint64_t offset, struct gnu_property *out,
		     struct elf_error *error)
{
	const uint64_t header = 8; /* pr_type, pr_datasz */
	if (!mem_inside(offset, header, desc.size))
		return elf_fail(error, "pr_datasz", 0, offset, "is beyond the end of the note");
	const uint8_t *at = desc.data + offset;
	uint64_t size = read32(at + 4), room = desc.size - offset;
	if (size > room - header)
		return elf_fail(error, "pr_datasz", 0, size, "is beyond the end of the note");
	*out = (struct gnu_property){
		.type = read32(at),
		.data = {at + header, size},
		.next = offset + min_u64(align_up(header + size, align), room),
	};
	return true;
}

enum gnu_property_rule gnu_property_rule(uint32_t type)
{
	static const struct {
		uint32_t first, last;
		enum gnu_property_rule rule;
	} ranges[] = {
		{GNU_PROPERTY_UINT32_AND_LO, GNU_PROPERTY_UINT32_AND_HI, PROPERTY_AND},
		{GNU_PROPERTY_UINT32_OR_LO, GNU_PROPERTY_UINT32_OR_HI, PROPERTY_OR},
		/* x86's own; <elf.h> has no names for these ranges */
		{0xc0000002, 0xc0007fff, PROPERTY_AND},
		{0xc0008000, 0xc000ffff, PROPERTY_OR},
		{0xc0010000, 0xc0017fff, PROPERTY_OR_AND},
	};
	for (unsigned i = 0; i < COUNTOF(ranges); i++)
		if (type >= ranges[i].first && type <= ranges[i].last)
			return ranges[i].rule;
	return PROPERTY_IGNORED;
}
