/* Notes (gABI chapter 5, "Note Section"; x86-64 psABI, "Program Property") and arrays of functions. */
#include <string.h>

#include "elf/note.h"
#include "verify/subject.h"

/* Properties are in the order of their types, each once. */
static void verify_properties(struct subject *subject, struct bytes desc)
{
	uint32_t before = 0;
	struct gnu_property property;
	struct elf_error error;
	for (uint64_t at = 0; at < desc.size; at = property.next) {
		if (!claim(subject, gnu_property_at(desc, 8, at, &property, &error),
			   ".note.gnu.property: malformed at offset 0x%llx",
			   (unsigned long long)at))
			return;
		claim(subject, property.type > before, ".note.gnu.property: 0x%x is not in order, or twice",
		      property.type);
		before = property.type;
	}
}

void verify_notes(struct subject *subject)
{
	for (uint32_t i = 1; i < subject->elf.nshdr; i++) {
		const struct elf_shdr *shdr = subject_shdr(subject, i);
		const char *name = elf_section_name(&subject->elf, i);
		struct bytes bytes = elf_section_bytes(&subject->elf, i);
		struct elf_note note;
		struct elf_error error;
		if (shdr->sh_type != SHT_NOTE)
			continue;
		uint64_t align = shdr->sh_addralign == 8 ? 8 : 4;
		for (uint64_t at = 0; at < bytes.size; at = note.next) {
			if (!claim(subject, elf_note_at(bytes, align, at, &note, &error),
				   "section %s: a malformed note at offset 0x%llx",
				   name, (unsigned long long)at))
				break;
			if (!subject->is_object && strcmp(name, ".note.gnu.property") == 0 &&
			    note.type == NT_GNU_PROPERTY_TYPE_0)
				verify_properties(subject, note.desc);
		}
		bool covered = subject->is_object || !(shdr->sh_flags & SHF_ALLOC) ||
			       subject->wishes & WISH_PLACES;
		for (uint32_t p = 0; p < subject->n_phdrs && !covered; p++)
			covered = subject->phdrs[p].p_type == PT_NOTE && shdr->sh_addr >= subject->phdrs[p].p_vaddr &&
				  shdr->sh_addr + shdr->sh_size <= subject->phdrs[p].p_vaddr + subject->phdrs[p].p_memsz &&
				  subject->phdrs[p].p_align == align;
		claim(subject, covered, "section %s: in no PT_NOTE of its alignment", name);
	}
}

/* In an image that does not move, arrays of functions have addresses of code: -1 and 0 end older toolchains' lists. */
void verify_arrays(struct subject *subject)
{
	for (uint32_t i = 1; i < subject->elf.nshdr; i++) {
		const struct elf_shdr *shdr = subject_shdr(subject, i);
		bool is_array = shdr->sh_type == SHT_INIT_ARRAY || shdr->sh_type == SHT_FINI_ARRAY ||
				shdr->sh_type == SHT_PREINIT_ARRAY;
		if (!is_array || !(shdr->sh_flags & SHF_ALLOC))
			continue;
		const char *name = elf_section_name(&subject->elf, i);
		claim(subject, shdr->sh_size % 8 == 0 && shdr->sh_addr % 8 == 0, "section %s: not an array of pointers",
		      name);
		struct bytes bytes = elf_section_bytes(&subject->elf, i);
		for (uint64_t at = 0; at + 8 <= bytes.size && !subject->moves; at += 8) {
			uint64_t function = read64(bytes.data + at);
			claim(subject, function == 0 || function == UINT64_MAX ||
			      subject_is_loaded(subject, function, 1, PF_X),
			      "section %s: 0x%llx is no code", name, (unsigned long long)function);
		}
	}
}
