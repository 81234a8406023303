/* A file under examination, as all checks see it. */
#ifndef GILD_VERIFY_IMAGE_H
#define GILD_VERIFY_IMAGE_H

#include "elf/object.h"
#include "elf/shared.h"
#include "verify/verify.h"

enum { NO_SECTION = 0, NO_SEGMENT = UINT32_MAX };

struct image {
	const char *path;
	struct diag *diag;
	struct verify_summary sum;

	struct elf_file elf;
	const struct elf_phdr *phdrs;
	uint32_t n_phdrs;
	bool is_object;           /* ET_REL: nothing has an address */
	bool moves;               /* ET_DYN: addresses are relative to where it is loaded */
	bool has_dynamic;
	struct elf_shared dynamic; /* if has_dynamic; .dynsym may have no symbols */
	struct elf_symtab symtab;  /* .symtab; n is 0 without one */
	uint32_t symtab_section, dynsym_section;
};

/* Counts a fact; when it does not hold, reports it. The message says what is wrong, and with which values. */
#define claim(image, holds, ...) ((image)->sum.facts++, (holds) || (violation(image, __VA_ARGS__), false))

__attribute__((format(printf, 2, 3))) void violation(struct image *image, const char *format, ...);

/* The only one of a type; NULL: there is none. */
const struct elf_phdr *image_segment(const struct image *image, uint32_t type);
/* The first section of that type or name; NO_SECTION: there is none. */
uint32_t image_section_of_type(const struct image *image, uint32_t type);
uint32_t image_section_named(const struct image *image, const char *name);
static inline const struct elf_shdr *image_shdr(const struct image *image, uint32_t section)
{
	return &image->elf.shdrs[section];
}

/* The loaded section that has a byte of the file; NO_SECTION: none. */
uint32_t image_section_of_offset(const struct image *image, uint64_t fileoff);

/* The PT_LOAD with all of [addr, addr + size) in memory; NO_SEGMENT: none. */
uint32_t image_load_at(const struct image *image, uint64_t addr, uint64_t size);
/* Is all of it in memory, and in a segment with these flags (PF_W, ...)? */
bool image_is_loaded(const struct image *image, uint64_t addr, uint64_t size, uint32_t flags);
/* The bytes at an address, as the file has them; NULL when they are not all in the file. */
const uint8_t *image_bytes(const struct image *image, uint64_t addr, uint64_t size);

/* A dynamic entry; false: there is none. */
bool image_dynamic(const struct image *image, int64_t tag, uint64_t *value);

/* Reads what all checks look at; false: the file is so broken that nothing else can be said. */
bool image_open(struct image *image, const char *path, struct bytes bytes, struct diag *diag);

/* One file each. The first one tells whether the rest can be looked at. */
bool verify_header(struct image *image);
void verify_sections(struct image *image);
void verify_segments(struct image *image);
void verify_relro(struct image *image);
void verify_dynamic(struct image *image);
void verify_symbols(struct image *image);
void verify_hashes(struct image *image);
void verify_versions(struct image *image);
void verify_dynamic_relocations(struct image *image);
void verify_plt(struct image *image);
void verify_unwind(struct image *image);
void verify_notes(struct image *image);
void verify_arrays(struct image *image);

#endif
