/* Section headers (gABI chapter 4, "Sections"): where sections are, in the file and in memory, and that no two are at
 * one place. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "elf/mem.h"
#include "verify/subject.h"

/* Something that takes bytes of the file or of memory. */
struct extent {
	uint64_t start, size;
	const char *name;
};

static int compare_extents(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->size > y->size) - (x->size < y->size);
}

static void verify_apart(struct subject *subject, struct extent *extents, uint32_t n, const char *where)
{
	qsort(extents, n, sizeof(*extents), compare_extents);
	uint64_t end = 0;
	const char *before = "";
	for (uint32_t i = 0; i < n; i++) {
		claim(subject, extents[i].start >= end, "%s and %s overlap in %s at 0x%llx", before, extents[i].name,
		      where,
		      (unsigned long long)extents[i].start);
		if (extents[i].start + extents[i].size > end) {
			end = extents[i].start + extents[i].size;
			before = extents[i].name;
		}
	}
}

static bool is_tbss(const struct elf_shdr *shdr)
{
	return shdr->sh_type == SHT_NOBITS && shdr->sh_flags & SHF_TLS;
}

static void verify_overlaps(struct subject *subject)
{
	uint32_t n = 0, max = subject->elf.nshdr + 3;
	struct extent *extents = calloc(max, sizeof(*extents));
	if (!extents)
		out_of_memory();
	const struct elf_ehdr *ehdr = subject->elf.ehdr;
	extents[n++] = (struct extent){0, sizeof(*ehdr), "the ELF header"};
	if (subject->n_phdrs)
		extents[n++] = (struct extent){ehdr->e_phoff, subject->n_phdrs * sizeof(struct elf_phdr),
					       "the program headers"};
	if (subject->elf.nshdr)
		extents[n++] = (struct extent){ehdr->e_shoff, subject->elf.nshdr * sizeof(struct elf_shdr),
					       "the section headers"};
	for (uint32_t i = 1; i < subject->elf.nshdr; i++) {
		const struct elf_shdr *shdr = subject_shdr(subject, i);
		if (shdr->sh_type != SHT_NOBITS && shdr->sh_type != SHT_NULL && shdr->sh_size)
			extents[n++] = (struct extent){shdr->sh_offset, shdr->sh_size,
						       elf_section_name(&subject->elf, i)};
	}
	verify_apart(subject, extents, n, "the file");
	n = 0;
	for (uint32_t i = 1; i < subject->elf.nshdr && !subject->is_object; i++) {
		const struct elf_shdr *shdr = subject_shdr(subject, i);
		if (shdr->sh_flags & SHF_ALLOC && shdr->sh_size && !is_tbss(shdr))
			extents[n++] = (struct extent){shdr->sh_addr, shdr->sh_size,
						       elf_section_name(&subject->elf, i)};
	}
	if (!(subject->wishes & WISH_OVERLAPS))
		verify_apart(subject, extents, n, "memory");
	free(extents);
}

/* Sizes of entries of the types that have any. */
static uint64_t entry_size(uint32_t type)
{
	switch (type) {
	case SHT_SYMTAB:
	case SHT_DYNSYM:
		return sizeof(struct elf_sym);
	case SHT_RELA:
		return sizeof(struct elf_rela);
	case SHT_DYNAMIC:
		return sizeof(struct elf_dyn);
	case SHT_HASH:
	case SHT_SYMTAB_SHNDX:
	case SHT_GROUP:
		return 4;
	case SHT_GNU_versym:
		return 2;
	case SHT_RELR:
		return 8;
	default:
		return 0;
	}
}

/* What kind of section sh_link must name; 0: any. */
static uint32_t linked_type(uint32_t type)
{
	switch (type) {
	case SHT_SYMTAB:
	case SHT_DYNSYM:
	case SHT_DYNAMIC:
	case SHT_GNU_verdef:
	case SHT_GNU_verneed:
		return SHT_STRTAB;
	case SHT_HASH:
	case SHT_GNU_HASH:
	case SHT_GNU_versym:
		return SHT_DYNSYM;
	case SHT_SYMTAB_SHNDX:
	case SHT_GROUP:
		return SHT_SYMTAB;
	default:
		return 0;
	}
}

/* A loaded section is in a segment: at the same place in the file and in memory, with the protection it needs. */
static void verify_in_segment(struct subject *subject, uint32_t section)
{
	const struct elf_shdr *shdr = subject_shdr(subject, section);
	const char *name = elf_section_name(&subject->elf, section);
	if (is_tbss(shdr) || !shdr->sh_size)
		return;
	uint32_t load = subject_load_at(subject, shdr->sh_addr, shdr->sh_size);
	if (load == NO_SEGMENT && subject->wishes & WISH_PLACES) /* PHDRS leaves it out: the link warns */
		return;
	if (!claim(subject, load != NO_SEGMENT, "section %s: [0x%llx, +0x%llx) is in no PT_LOAD", name,
		   (unsigned long long)shdr->sh_addr, (unsigned long long)shdr->sh_size) ||
	    subject->wishes & WISH_OVERLAPS)
		return;
	const struct elf_phdr *phdr = &subject->phdrs[load];
	uint64_t offset = shdr->sh_addr - phdr->p_vaddr;
	if (shdr->sh_type != SHT_NOBITS) {
		claim(subject, shdr->sh_offset == phdr->p_offset + offset,
		      "section %s: sh_offset 0x%llx is not where its segment has it", name,
		      (unsigned long long)shdr->sh_offset);
		claim(subject, offset + shdr->sh_size <= phdr->p_filesz,
		      "section %s: a part of it is not loaded from the file",
		      name);
	} else if (offset < phdr->p_filesz) {
		/* Terabytes of zeros make no large file, since nothing is written there. */
		enum { LOOKED_AT = 1 << 26 };
		const uint8_t *at = subject->elf.bytes.data + phdr->p_offset + offset;
		uint64_t n = min_u64(min_u64(phdr->p_filesz - offset, shdr->sh_size), LOOKED_AT), zero = 0;
		while (zero < n && !at[zero])
			zero++;
		claim(subject, zero == n, "section %s: not zero in the file, at 0x%llx", name,
		      (unsigned long long)(shdr->sh_addr + zero));
	}
	claim(subject, !(shdr->sh_flags & SHF_WRITE) || phdr->p_flags & PF_W, "section %s: its segment is not writable",
	      name);
	claim(subject, !(shdr->sh_flags & SHF_EXECINSTR) || phdr->p_flags & PF_X,
	      "section %s: its segment is not executable",
	      name);
}

static void verify_links(struct subject *subject, uint32_t section)
{
	const struct elf_shdr *shdr = subject_shdr(subject, section);
	const char *name = elf_section_name(&subject->elf, section);
	uint64_t entry = entry_size(shdr->sh_type);
	if (entry && shdr->sh_type != SHT_HASH)
		claim(subject, shdr->sh_entsize == entry, "section %s: sh_entsize 0x%llx", name,
		      (unsigned long long)shdr->sh_entsize);
	if (entry)
		claim(subject, shdr->sh_size % entry == 0, "section %s: sh_size 0x%llx is no multiple of %llu", name,
		      (unsigned long long)shdr->sh_size, (unsigned long long)entry);
	uint32_t type = linked_type(shdr->sh_type);
	if (type && claim(subject, shdr->sh_link < subject->elf.nshdr, "section %s: sh_link %u", name, shdr->sh_link))
		claim(subject, subject_shdr(subject, shdr->sh_link)->sh_type == type,
		      "section %s: sh_link %u is of another type",
		      name, shdr->sh_link);
	if (shdr->sh_type == SHT_RELA || shdr->sh_flags & SHF_INFO_LINK)
		claim(subject, shdr->sh_info < subject->elf.nshdr, "section %s: sh_info %u", name, shdr->sh_info);
	if (subject->is_object && shdr->sh_type == SHT_RELA)
		claim(subject, shdr->sh_info && shdr->sh_info != section, "section %s: sh_info %u", name,
		      shdr->sh_info);
}

/* A group has members that say so; none is in two groups. */
static void verify_groups(struct subject *subject)
{
	bool *seen = calloc(subject->elf.nshdr, 1);
	if (!seen)
		out_of_memory();
	for (uint32_t i = 1; i < subject->elf.nshdr; i++) {
		struct elf_group group;
		struct elf_error error;
		if (subject_shdr(subject, i)->sh_type != SHT_GROUP)
			continue;
		if (!claim(subject, elf_read_group(&group, &subject->elf, i, subject->symtab.n, &error),
			   "section %u: a malformed group",
			   i))
			continue;
		for (uint32_t m = 0; m < group.nmembers; m++) {
			uint32_t member = read32(group.members + 4ull * m);
			claim(subject, subject_shdr(subject, member)->sh_flags & SHF_GROUP,
			      "group %u: its member %u has no SHF_GROUP", i, member);
			claim(subject, !seen[member], "section %u is in two groups", member);
			seen[member] = true;
		}
	}
	for (uint32_t i = 1; i < subject->elf.nshdr; i++)
		claim(subject, seen[i] == !!(subject_shdr(subject, i)->sh_flags & SHF_GROUP),
		      "section %u: SHF_GROUP without a group",
		      i);
	free(seen);
}

void verify_sections(struct subject *subject)
{
	for (uint32_t i = 1; i < subject->elf.nshdr; i++) {
		const struct elf_shdr *shdr = subject_shdr(subject, i);
		const char *name = elf_section_name(&subject->elf, i);
		if (!claim(subject, shdr->sh_type != SHT_NULL, "section %u: SHT_NULL", i))
			continue;
		claim(subject, *name, "section %u has no name", i);
		uint64_t align = shdr->sh_addralign ? shdr->sh_addralign : 1;
		if (subject->is_object) {
			claim(subject, shdr->sh_addr == 0, "section %s: an object's has no address", name);
			claim(subject, shdr->sh_type == SHT_NOBITS || shdr->sh_offset % align == 0,
			      "section %s: sh_offset is not aligned to %llu", name, (unsigned long long)align);
		} else if (shdr->sh_flags & SHF_ALLOC) {
			claim(subject, shdr->sh_addr % align == 0, "section %s: sh_addr 0x%llx is not aligned to %llu",
			      name,
			      (unsigned long long)shdr->sh_addr, (unsigned long long)align);
			verify_in_segment(subject, i);
		} else {
			claim(subject, shdr->sh_addr == 0 || subject->wishes & WISH_PLACES,
			      "section %s: it is not loaded, but has an address", name);
		}
		verify_links(subject, i);
	}
	verify_overlaps(subject);
	if (subject->is_object)
		verify_groups(subject);
}
