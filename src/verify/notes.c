/* Notes (gABI chapter 5, "Note Section"; x86-64 psABI, "Program Property") and arrays of functions. */
#include <string.h>

#include "elf/note.h"
#include "verify/image.h"

/* Properties are in the order of their types, each once. */
static void verify_properties(struct image *image, struct bytes desc)
{
	uint32_t before = 0;
	struct gnu_property property;
	struct elf_error error;
	for (uint64_t at = 0; at < desc.size; at = property.next) {
		if (!claim(image, gnu_property_at(desc, at, &property, &error),
			   ".note.gnu.property: malformed at offset 0x%llx",
			   (unsigned long long)at))
			return;
		claim(image, property.type > before, ".note.gnu.property: 0x%x is not in order, or twice",
		      property.type);
		before = property.type;
	}
}

void verify_notes(struct image *image)
{
	for (uint32_t i = 1; i < image->elf.nshdr; i++) {
		const struct elf_shdr *shdr = image_shdr(image, i);
		const char *name = elf_section_name(&image->elf, i);
		struct bytes bytes = elf_section_bytes(&image->elf, i);
		struct elf_note note;
		struct elf_error error;
		if (shdr->sh_type != SHT_NOTE)
			continue;
		uint64_t align = shdr->sh_addralign == 8 ? 8 : 4;
		for (uint64_t at = 0; at < bytes.size; at = note.next) {
			if (!claim(image, elf_note_at(bytes, align, at, &note, &error),
				   "section %s: a malformed note at offset 0x%llx",
				   name, (unsigned long long)at))
				break;
			if (!image->is_object && strcmp(name, ".note.gnu.property") == 0 &&
			    note.type == NT_GNU_PROPERTY_TYPE_0)
				verify_properties(image, note.desc);
		}
		bool covered = image->is_object || !(shdr->sh_flags & SHF_ALLOC);
		for (uint32_t p = 0; p < image->n_phdrs && !covered; p++)
			covered = image->phdrs[p].p_type == PT_NOTE && shdr->sh_addr >= image->phdrs[p].p_vaddr &&
				  shdr->sh_addr + shdr->sh_size <= image->phdrs[p].p_vaddr + image->phdrs[p].p_memsz &&
				  image->phdrs[p].p_align == align;
		claim(image, covered, "section %s: in no PT_NOTE of its alignment", name);
	}
}

/* In an image that does not move, arrays of functions have addresses of code: -1 and 0 end older toolchains' lists. */
void verify_arrays(struct image *image)
{
	for (uint32_t i = 1; i < image->elf.nshdr; i++) {
		const struct elf_shdr *shdr = image_shdr(image, i);
		bool is_array = shdr->sh_type == SHT_INIT_ARRAY || shdr->sh_type == SHT_FINI_ARRAY ||
				shdr->sh_type == SHT_PREINIT_ARRAY;
		if (!is_array || !(shdr->sh_flags & SHF_ALLOC))
			continue;
		const char *name = elf_section_name(&image->elf, i);
		claim(image, shdr->sh_size % 8 == 0 && shdr->sh_addr % 8 == 0, "section %s: not an array of pointers",
		      name);
		struct bytes bytes = elf_section_bytes(&image->elf, i);
		for (uint64_t at = 0; at + 8 <= bytes.size && !image->moves; at += 8) {
			uint64_t function = read64(bytes.data + at);
			claim(image, function == 0 || function == UINT64_MAX ||
			      image_is_loaded(image, function, 1, PF_X),
			      "section %s: 0x%llx is no code", name, (unsigned long long)function);
		}
	}
}
