/* A file under examination, as all checks see it. */
#ifndef GILD_VERIFY_SUBJECT_H
#define GILD_VERIFY_SUBJECT_H

#include "elf/object.h"
#include "elf/shared.h"
#include "verify/verify.h"

enum { NO_SECTION = 0, NO_SEGMENT = UINT32_MAX };

struct subject {
	const char *path;
	struct diag *diag;
	struct verify_summary sum;

	struct elf_file elf;
	const struct elf_phdr *phdrs;
	uint32_t n_phdrs;
	bool is_object;           /* ET_REL: nothing has an address */
	bool moves;               /* ET_DYN: addresses are relative to where it is loaded */
	unsigned wishes;          /* of enum verify_wish */
	bool has_dynamic;
	struct elf_shared dynamic; /* if has_dynamic; .dynsym may have no symbols */
	struct elf_symtab symtab;  /* .symtab; n is 0 without one */
	uint32_t symtab_section, dynsym_section;
};

/* Counts a fact; when it does not hold, reports it. The message says what is wrong, and with which values. */
#define claim(subject, holds, ...) ((subject)->sum.facts++, (holds) || (violation(subject, __VA_ARGS__), false))

__attribute__((format(printf, 2, 3))) void violation(struct subject *subject, const char *format, ...);

/* The only one of a type; NULL: there is none. */
const struct elf_phdr *subject_segment(const struct subject *subject, uint32_t type);
/* The first section of that type or name; NO_SECTION: there is none. */
uint32_t subject_section_of_type(const struct subject *subject, uint32_t type);
uint32_t subject_section_named(const struct subject *subject, const char *name);
static inline const struct elf_shdr *subject_shdr(const struct subject *subject, uint32_t section)
{
	return &subject->elf.shdrs[section];
}

/* The loaded section that has a byte of the file; NO_SECTION: none. */
uint32_t subject_section_of_offset(const struct subject *subject, uint64_t fileoff);

/* The PT_LOAD with all of [addr, addr + size) in memory; NO_SEGMENT: none. */
uint32_t subject_load_at(const struct subject *subject, uint64_t addr, uint64_t size);
/* Is all of it in memory, and in a segment with these flags (PF_W, ...)? */
bool subject_is_loaded(const struct subject *subject, uint64_t addr, uint64_t size, uint32_t flags);
/* The bytes at an address, as the file has them; NULL when they are not all in the file. */
const uint8_t *subject_bytes(const struct subject *subject, uint64_t addr, uint64_t size);

/* A dynamic entry; false: there is none. */
bool subject_dynamic(const struct subject *subject, int64_t tag, uint64_t *value);

/* The loaded section with all of [addr, addr + size) in the file; NO_SECTION: none. */
uint32_t subject_section_at(const struct subject *subject, uint64_t addr, uint64_t size);
/* From the address in a dynamic entry to the end of its section; no bytes: there is no entry, or no section. */
struct bytes subject_table(const struct subject *subject, int64_t tag);
/* Finds what elf_read_shared() looks for among the sections, when a script put it into another one. */
void subject_find_tables(struct subject *subject);

/* Relocations that the loader applies, or the start-up code of a static program. */
struct rela_table {
	uint64_t addr;
	const char *name;         /* of its section */
	struct elf_relas relas;
	bool is_plt;              /* DT_JMPREL's, or a static program's */
	uint32_t next;            /* where subject_next_relas() goes on */
};
/* The next one; `*table` is zero at first. */
bool subject_next_relas(const struct subject *subject, struct rela_table *table);
/* DT_RELR's table. */
struct bytes subject_relr(const struct subject *subject);

/* The slot that the PLT entry at `addr` jumps through; 0: the code there has no form of such an entry. */
uint64_t subject_plt_slot(const struct subject *subject, uint64_t addr);

/* Reads what all checks look at; false: the file is so broken that nothing else can be said. */
bool subject_open(struct subject *subject, const char *path, struct bytes bytes, struct diag *diag);

/* One file each. The first one tells whether the rest can be looked at. */
bool verify_header(struct subject *subject);
void verify_sections(struct subject *subject);
void verify_segments(struct subject *subject);
void verify_relro(struct subject *subject);
void verify_dynamic(struct subject *subject);
void verify_symbols(struct subject *subject);
void verify_hashes(struct subject *subject);
void verify_versions(struct subject *subject);
void verify_dynamic_relocations(struct subject *subject);
void verify_plt(struct subject *subject);
void verify_unwind(struct subject *subject);
void verify_notes(struct subject *subject);
void verify_arrays(struct subject *subject);

#endif
