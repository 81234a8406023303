/* Address-significance tables: symbols whose address the program may compare (LLVM manual, "Extensions",
 * "SHT_LLVM_ADDRSIG Section"). ULEB128 numbers of symbols, one after the other. */
#ifndef GILD_ELF_ADDRSIG_H
#define GILD_ELF_ADDRSIG_H

#include "elf/error.h"

#ifndef SHT_LLVM_ADDRSIG
#define SHT_LLVM_ADDRSIG 0x6fff4c03
#endif

/* The number at `*at` (< table.size), which becomes the offset behind it. Checks that it ends in the table and is below
 * `nsyms`. */
bool elf_addrsig_next(struct bytes table, uint64_t *at, uint32_t nsyms, uint32_t *symbol, struct elf_error *error);

#endif
