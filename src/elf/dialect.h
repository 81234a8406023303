/* Dialects of ELF: the class of a file, 32 or 64, and whether its relocations carry their addends (RELA) or leave them
 * in the places (REL).
 *
 * All of gild works with the structures of ELF64 and with RELA. A file of another dialect is translated when it is read
 * (object.h), and an output is written by the functions below, which are the only ones that know more than one form.
 * Pure functions, any thread; `at` is any address, values that an ELF32 field has no room for are cut. */
#ifndef GILD_ELF_DIALECT_H
#define GILD_ELF_DIALECT_H

#include "elf/types.h"

struct elf_dialect {
	uint8_t class_id;                       /* ELFCLASS32, ELFCLASS64 */
	bool is_rela;
	uint8_t word, p2word;                   /* bytes of an address; log2 of that */
	uint8_t ehdr, shdr, phdr, chdr, sym, rela, dyn; /* sizes in the file, bytes; `rela`: of its relocations */
	uint8_t property_align;                 /* of .note.gnu.property and of the properties in it, bytes */
};

extern const struct elf_dialect elf_dialect_64;      /* RELA */
extern const struct elf_dialect elf_dialect_32_rel;
extern const struct elf_dialect elf_dialect_32_rela;

void elf_put_ehdr(const struct elf_dialect *dialect, uint8_t *at, const struct elf_ehdr *ehdr);
void elf_put_shdr(const struct elf_dialect *dialect, uint8_t *at, const struct elf_shdr *shdr);
void elf_put_phdr(const struct elf_dialect *dialect, uint8_t *at, const struct elf_phdr *phdr);
void elf_put_chdr(const struct elf_dialect *dialect, uint8_t *at, const struct elf_chdr *chdr);
void elf_put_dyn(const struct elf_dialect *dialect, uint8_t *at, const struct elf_dyn *dyn);

void elf_get_chdr(const struct elf_dialect *dialect, const uint8_t *at, struct elf_chdr *chdr);

/* Those for other classes than 64. */
void elf_put_narrow_sym(uint8_t *at, const struct elf_sym *sym);
void elf_put_narrow_rela(const struct elf_dialect *dialect, uint8_t *at, const struct elf_rela *rela);

static inline void elf_put_sym(const struct elf_dialect *dialect, uint8_t *at, const struct elf_sym *sym)
{
	if (dialect->class_id == ELFCLASS64)
		__builtin_memcpy(at, sym, sizeof(*sym));
	else
		elf_put_narrow_sym(at, sym);
}

/* A REL dialect leaves the addend out: who writes the place has to put it there. */
static inline void elf_put_rela(const struct elf_dialect *dialect, uint8_t *at, const struct elf_rela *rela)
{
	if (dialect->class_id == ELFCLASS64)
		__builtin_memcpy(at, rela, sizeof(*rela));
	else
		elf_put_narrow_rela(dialect, at, rela);
}

/* A word of the GOT, an address in a table. */
static inline void elf_put_word(const struct elf_dialect *dialect, uint8_t *at, uint64_t value)
{
	if (dialect->word == 8)
		write64(at, value);
	else
		write32(at, value);
}

static inline uint64_t elf_get_word(const struct elf_dialect *dialect, const uint8_t *at)
{
	return dialect->word == 8 ? read64(at) : read32(at);
}

#endif
