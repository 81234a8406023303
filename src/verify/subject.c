#include "verify/subject.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "elf/mem.h"

void violation(struct subject *subject, const char *format, ...)
{
	va_list arguments;
	char *text;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		out_of_memory();
	va_end(arguments);
	subject->sum.violations++;
	diag_report(subject->diag, SEVERITY_ERROR, subject->sum.violations,
		    &(struct diag_about){.kind = "verify", .file = subject->path}, "%s", text);
	free(text);
}

const struct elf_phdr *subject_segment(const struct subject *subject, uint32_t type)
{
	for (uint32_t i = 0; i < subject->n_phdrs; i++)
		if (subject->phdrs[i].p_type == type)
			return &subject->phdrs[i];
	return NULL;
}

uint32_t subject_section_of_type(const struct subject *subject, uint32_t type)
{
	for (uint32_t i = 1; i < subject->elf.nshdr; i++)
		if (subject_shdr(subject, i)->sh_type == type)
			return i;
	return NO_SECTION;
}

uint32_t subject_section_named(const struct subject *subject, const char *name)
{
	for (uint32_t i = 1; i < subject->elf.nshdr; i++)
		if (strcmp(elf_section_name(&subject->elf, i), name) == 0)
			return i;
	return NO_SECTION;
}

uint32_t subject_section_of_offset(const struct subject *subject, uint64_t fileoff)
{
	for (uint32_t i = 1; i < subject->elf.nshdr; i++) {
		const struct elf_shdr *shdr = subject_shdr(subject, i);
		if (shdr->sh_flags & SHF_ALLOC && shdr->sh_type != SHT_NOBITS && fileoff >= shdr->sh_offset &&
		    fileoff - shdr->sh_offset < shdr->sh_size)
			return i;
	}
	return NO_SECTION;
}

uint32_t subject_load_at(const struct subject *subject, uint64_t addr, uint64_t size)
{
	for (uint32_t i = 0; i < subject->n_phdrs; i++) {
		const struct elf_phdr *phdr = &subject->phdrs[i];
		if (phdr->p_type == PT_LOAD && addr >= phdr->p_vaddr &&
		    mem_inside(addr - phdr->p_vaddr, size, phdr->p_memsz))
			return i;
	}
	return NO_SEGMENT;
}

bool subject_is_loaded(const struct subject *subject, uint64_t addr, uint64_t size, uint32_t flags)
{
	uint32_t load = subject_load_at(subject, addr, size);
	return load != NO_SEGMENT && (subject->phdrs[load].p_flags & flags) == flags;
}

const uint8_t *subject_bytes(const struct subject *subject, uint64_t addr, uint64_t size)
{
	uint32_t load = subject_load_at(subject, addr, size);
	if (load == NO_SEGMENT)
		return NULL;
	const struct elf_phdr *phdr = &subject->phdrs[load];
	uint64_t offset = addr - phdr->p_vaddr;
	if (!mem_inside(offset, size, phdr->p_filesz))
		return NULL;
	return subject->elf.bytes.data + phdr->p_offset + offset;
}

bool subject_dynamic(const struct subject *subject, int64_t tag, uint64_t *value)
{
	if (!subject->has_dynamic)
		return false;
	for (uint64_t i = 0; i < subject->dynamic.ndynamic; i++) {
		const struct elf_dyn *dyn = (const struct elf_dyn *)(subject->dynamic.dynamic + i * sizeof(*dyn));
		if (dyn->d_tag != tag)
			continue;
		*value = dyn->d_val;
		return true;
	}
	return false;
}

static bool read_failed(struct subject *subject, struct elf_error error)
{
	violation(subject, "%s: %s (%u, value 0x%llx)", error.field, error.what, error.index,
		  (unsigned long long)error.value);
	return false;
}

/* The tables that several checks look at. */
static bool read_tables(struct subject *subject)
{
	struct elf_error error;
	subject->symtab_section = subject_section_of_type(subject, SHT_SYMTAB);
	subject->dynsym_section = subject_section_of_type(subject, SHT_DYNSYM);
	uint32_t shndx = subject_section_of_type(subject, SHT_SYMTAB_SHNDX);
	if (subject->symtab_section &&
	    !elf_read_symtab(&subject->symtab, &subject->elf, subject->symtab_section, shndx, &error))
		return read_failed(subject, error);
	subject->has_dynamic = !subject->is_object && subject_segment(subject, PT_DYNAMIC);
	if (subject->has_dynamic && !elf_read_shared(&subject->dynamic, subject->elf.bytes, &error))
		return read_failed(subject, error);
	if (subject->has_dynamic)
		subject_find_tables(subject);
	return true;
}

bool subject_open(struct subject *subject, const char *path, struct bytes bytes, struct diag *diag)
{
	struct elf_error error;
	*subject = (struct subject){.path = path, .diag = diag, .elf.bytes = bytes};
	if (!verify_header(subject))
		return false;
	return (elf_read_file(&subject->elf, bytes, &error) || read_failed(subject, error)) && read_tables(subject);
}

/* --emit-relocs: then even -s leaves the symbols that relocations name. */
static bool has_kept_relocations(const struct subject *subject)
{
	for (uint32_t i = 1; i < subject->elf.nshdr; i++)
		if (subject_shdr(subject, i)->sh_type == SHT_RELA && !(subject_shdr(subject, i)->sh_flags & SHF_ALLOC))
			return true;
	return false;
}

struct verify_summary verify_file(const char *path, struct bytes bytes, unsigned wishes, struct diag *diag)
{
	struct subject subject;
	if (!subject_open(&subject, path, bytes, diag))
		return subject.sum;
	subject.wishes = wishes;
	if (!subject.is_object && has_kept_relocations(&subject))
		subject.wishes |= WISH_FEW_NAMES;
	verify_sections(&subject);
	verify_symbols(&subject);
	verify_notes(&subject);
	if (subject.is_object)
		return subject.sum;
	verify_segments(&subject);
	verify_relro(&subject);
	verify_arrays(&subject);
	verify_unwind(&subject);
	if (subject.has_dynamic) {
		verify_dynamic(&subject);
		verify_hashes(&subject);
		verify_versions(&subject);
	}
	verify_dynamic_relocations(&subject);
	if (subject.elf.nshdr)
		verify_plt(&subject);
	return subject.sum;
}
