/* Compact relocations, SHT_CREL (gABI proposal "CREL relocation format"; LLVM writes them with --crel).
 *
 * A section is a ULEB128 header (count * 8 + 4 if there are addends + shift) and, for each relocation, what changed
 * since the one before: one byte of flags and low bits of the offset, then more of the offset, and differences of
 * symbol, type and addend as SLEB128. Pure, no allocation, safe from any thread. */
#ifndef GILD_ELF_CREL_H
#define GILD_ELF_CREL_H

#include "elf/error.h"
#include "elf/types.h"

/* How many relocations the section has: not more than it has bytes. `has_addends`: whether they are in the section;
 * NULL checks that they are, since only REL targets have them elsewhere. `index`: of the section, for the error. */
bool elf_crel_count(struct bytes section, uint32_t index, uint64_t *n, bool *has_addends, struct elf_error *error);

/* Writes all of them to `relas`, which has room for as many as elf_crel_count() said. Checks that the section is as
 * long as they are. Symbol numbers are not checked. */
bool elf_crel_expand(struct bytes section, uint32_t index, struct elf_rela *relas, struct elf_error *error);

#endif
