/* The tables that the dynamic section names (gABI chapter 5, "Dynamic Section"), wherever they are: a linker script may
 * give each a section, put several into one (`.plt : { *(.plt*) }`), or into .data or .rodata. Who runs a program finds
 * them by address, never by the section's name or type; so does who checks it. */
#include <string.h>

#include "elf/mem.h"
#include "verify/subject.h"

uint32_t subject_section_at(const struct subject *subject, uint64_t addr, uint64_t size)
{
	for (uint32_t i = 1; i < subject->elf.nshdr; i++) {
		const struct elf_shdr *shdr = subject_shdr(subject, i);
		bool is_loaded = shdr->sh_flags & SHF_ALLOC && shdr->sh_type != SHT_NOBITS;
		if (is_loaded && addr >= shdr->sh_addr && addr - shdr->sh_addr < shdr->sh_size &&
		    size <= shdr->sh_size - (addr - shdr->sh_addr))
			return i;
	}
	return NO_SECTION;
}

struct bytes subject_table(const struct subject *subject, int64_t tag)
{
	uint64_t addr;
	if (!subject_dynamic(subject, tag, &addr))
		return (struct bytes){0};
	uint32_t section = subject_section_at(subject, addr, 1);
	if (!section)
		return (struct bytes){0};
	struct bytes bytes = elf_section_bytes(&subject->elf, section);
	uint64_t skip = addr - subject_shdr(subject, section)->sh_addr;
	return (struct bytes){bytes.data + skip, bytes.size - skip};
}

void subject_find_tables(struct subject *subject)
{
	struct elf_shared *dynamic = &subject->dynamic;
	const struct elf_phdr *phdr = subject_segment(subject, PT_DYNAMIC);
	uint64_t number;
	if (!dynamic->dynamic && phdr && mem_inside(phdr->p_offset, phdr->p_filesz, subject->elf.bytes.size)) {
		dynamic->dynamic = subject->elf.bytes.data + phdr->p_offset;
		const struct elf_dyn *entries = (const struct elf_dyn *)dynamic->dynamic;
		while ((dynamic->ndynamic + 1) * sizeof(struct elf_dyn) <= phdr->p_filesz &&
		       entries[dynamic->ndynamic].d_tag != DT_NULL)
			dynamic->ndynamic++;
	}
	if (!subject->elf.nshdr) /* they have been found by address */
		return;
	if (!dynamic->versym) {
		struct bytes versym = subject_table(subject, DT_VERSYM);
		dynamic->versym = versym.size / 2 >= dynamic->dynsym.n ? versym.data : NULL;
	}
	if (!dynamic->verdef.size && subject_dynamic(subject, DT_VERDEFNUM, &number)) {
		dynamic->verdef = subject_table(subject, DT_VERDEF);
		dynamic->nverdef = (uint32_t)number;
	}
	if (!dynamic->verneed.size && subject_dynamic(subject, DT_VERNEEDNUM, &number)) {
		dynamic->verneed = subject_table(subject, DT_VERNEED);
		dynamic->nverneed = (uint32_t)number;
	}
}

static bool set_relas(const struct subject *subject, struct rela_table *table, uint64_t addr, uint64_t size)
{
	const uint8_t *bytes = subject_bytes(subject, addr, size);
	uint32_t section = subject_section_at(subject, addr, 1);
	table->addr = addr;
	table->name = section ? elf_section_name(&subject->elf, section) : "relocations";
	table->relas = (struct elf_relas){(const struct elf_rela *)bytes, bytes ? size / sizeof(struct elf_rela) : 0};
	return true;
}

/* DT_RELA's, then DT_JMPREL's. The first may end with all of the second: that part is the second's, as for glibc's
 * loader (elf/dynamic-link.h, _ELF_DYNAMIC_DO_RELOC). */
static bool next_dynamic(const struct subject *subject, struct rela_table *table)
{
	uint64_t addr, size, plt, plt_size;
	bool has_plt = subject_dynamic(subject, DT_JMPREL, &plt) && subject_dynamic(subject, DT_PLTRELSZ, &plt_size);
	if (table->next == 0) {
		table->next = 1;
		if (subject_dynamic(subject, DT_RELA, &addr) && subject_dynamic(subject, DT_RELASZ, &size)) {
			bool has_both = has_plt && plt >= addr && plt + plt_size == addr + size;
			return set_relas(subject, table, addr, has_both ? plt - addr : size);
		}
	}
	if (table->next++ > 1 || !has_plt)
		return false;
	table->is_plt = true;
	return set_relas(subject, table, plt, plt_size);
}

/* A static program's are a section, or what is between two symbols of the linker's. */
static bool next_static(const struct subject *subject, struct rela_table *table)
{
	const struct elf_symtab *symtab = &subject->symtab;
	uint64_t start = 0, end = 0;
	bool is_first = table->next == 0;
	table->is_plt = true;
	while (++table->next < subject->elf.nshdr) {
		const struct elf_shdr *shdr = subject_shdr(subject, table->next);
		if (shdr->sh_type == SHT_RELA && shdr->sh_flags & SHF_ALLOC)
			return set_relas(subject, table, shdr->sh_addr, shdr->sh_size);
	}
	for (uint32_t i = 1; is_first && i < symtab->n; i++) {
		const char *name = symtab->strtab + symtab->syms[i].st_name;
		if (strcmp(name, "__rela_iplt_start") == 0)
			start = symtab->syms[i].st_value;
		else if (strcmp(name, "__rela_iplt_end") == 0)
			end = symtab->syms[i].st_value;
	}
	return start < end && set_relas(subject, table, start, end - start);
}

bool subject_next_relas(const struct subject *subject, struct rela_table *table)
{
	return subject->has_dynamic ? next_dynamic(subject, table) : next_static(subject, table);
}

struct bytes subject_relr(const struct subject *subject)
{
	uint64_t addr, size;
	if (!subject_dynamic(subject, DT_RELR, &addr) || !subject_dynamic(subject, DT_RELRSZ, &size))
		return (struct bytes){0};
	const uint8_t *bytes = subject_bytes(subject, addr, size);
	return (struct bytes){bytes, bytes ? size : 0};
}
