#include "verify/image.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "elf/mem.h"

void violation(struct image *image, const char *format, ...)
{
	va_list arguments;
	char *text;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		out_of_memory();
	va_end(arguments);
	image->sum.violations++;
	diag_report(image->diag, SEVERITY_ERROR, image->sum.violations,
		    &(struct diag_about){.kind = "verify", .file = image->path}, "%s", text);
	free(text);
}

const struct elf_phdr *image_segment(const struct image *image, uint32_t type)
{
	for (uint32_t i = 0; i < image->n_phdrs; i++)
		if (image->phdrs[i].p_type == type)
			return &image->phdrs[i];
	return NULL;
}

uint32_t image_section_of_type(const struct image *image, uint32_t type)
{
	for (uint32_t i = 1; i < image->elf.nshdr; i++)
		if (image_shdr(image, i)->sh_type == type)
			return i;
	return NO_SECTION;
}

uint32_t image_section_named(const struct image *image, const char *name)
{
	for (uint32_t i = 1; i < image->elf.nshdr; i++)
		if (strcmp(elf_section_name(&image->elf, i), name) == 0)
			return i;
	return NO_SECTION;
}

uint32_t image_section_of_offset(const struct image *image, uint64_t fileoff)
{
	for (uint32_t i = 1; i < image->elf.nshdr; i++) {
		const struct elf_shdr *shdr = image_shdr(image, i);
		if (shdr->sh_flags & SHF_ALLOC && shdr->sh_type != SHT_NOBITS && fileoff >= shdr->sh_offset &&
		    fileoff - shdr->sh_offset < shdr->sh_size)
			return i;
	}
	return NO_SECTION;
}

uint32_t image_load_at(const struct image *image, uint64_t addr, uint64_t size)
{
	for (uint32_t i = 0; i < image->n_phdrs; i++) {
		const struct elf_phdr *phdr = &image->phdrs[i];
		if (phdr->p_type == PT_LOAD && addr >= phdr->p_vaddr &&
		    mem_inside(addr - phdr->p_vaddr, size, phdr->p_memsz))
			return i;
	}
	return NO_SEGMENT;
}

bool image_is_loaded(const struct image *image, uint64_t addr, uint64_t size, uint32_t flags)
{
	uint32_t load = image_load_at(image, addr, size);
	return load != NO_SEGMENT && (image->phdrs[load].p_flags & flags) == flags;
}

const uint8_t *image_bytes(const struct image *image, uint64_t addr, uint64_t size)
{
	uint32_t load = image_load_at(image, addr, size);
	if (load == NO_SEGMENT)
		return NULL;
	const struct elf_phdr *phdr = &image->phdrs[load];
	uint64_t offset = addr - phdr->p_vaddr;
	if (!mem_inside(offset, size, phdr->p_filesz))
		return NULL;
	return image->elf.bytes.data + phdr->p_offset + offset;
}

bool image_dynamic(const struct image *image, int64_t tag, uint64_t *value)
{
	if (!image->has_dynamic)
		return false;
	for (uint64_t i = 0; i < image->dynamic.ndynamic; i++) {
		const struct elf_dyn *dyn = (const struct elf_dyn *)(image->dynamic.dynamic + i * sizeof(*dyn));
		if (dyn->d_tag != tag)
			continue;
		*value = dyn->d_val;
		return true;
	}
	return false;
}

static bool read_failed(struct image *image, struct elf_error error)
{
	violation(image, "%s: %s (%u, value 0x%llx)", error.field, error.what, error.index,
		  (unsigned long long)error.value);
	return false;
}

/* The tables that several checks look at. */
static bool read_tables(struct image *image)
{
	struct elf_error error;
	image->symtab_section = image_section_of_type(image, SHT_SYMTAB);
	image->dynsym_section = image_section_of_type(image, SHT_DYNSYM);
	uint32_t shndx = image_section_of_type(image, SHT_SYMTAB_SHNDX);
	if (image->symtab_section &&
	    !elf_read_symtab(&image->symtab, &image->elf, image->symtab_section, shndx, &error))
		return read_failed(image, error);
	image->has_dynamic = !image->is_object && image_segment(image, PT_DYNAMIC);
	if (image->has_dynamic && !elf_read_shared(&image->dynamic, image->elf.bytes, &error))
		return read_failed(image, error);
	return true;
}

bool image_open(struct image *image, const char *path, struct bytes bytes, struct diag *diag)
{
	struct elf_error error;
	*image = (struct image){.path = path, .diag = diag, .elf.bytes = bytes};
	if (!verify_header(image))
		return false;
	return (elf_read_file(&image->elf, bytes, &error) || read_failed(image, error)) && read_tables(image);
}

struct verify_summary verify_file(const char *path, struct bytes bytes, struct diag *diag)
{
	struct image image;
	if (!image_open(&image, path, bytes, diag))
		return image.sum;
	verify_sections(&image);
	verify_symbols(&image);
	verify_notes(&image);
	if (image.is_object)
		return image.sum;
	verify_segments(&image);
	verify_relro(&image);
	verify_arrays(&image);
	verify_unwind(&image);
	if (image.has_dynamic) {
		verify_dynamic(&image);
		verify_hashes(&image);
		verify_versions(&image);
	}
	verify_dynamic_relocations(&image);
	if (image.elf.nshdr)
		verify_plt(&image);
	return image.sum;
}
