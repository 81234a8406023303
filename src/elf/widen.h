/* Reading ELF32: headers and tables become those of ELF64, in memory of the caller's (elf_read_file_in() in object.h
 * says which). Pure functions but for that memory. */
#ifndef GILD_ELF_WIDEN_H
#define GILD_ELF_WIDEN_H

#include "elf/object.h"

/* Makes file->ehdr, phdrs, nphdr, shdrs and nshdr. The file is as large as an ELF32 header; e_ident is checked. */
bool elf_widen_headers(struct elf_file *file, const struct elf_room *room, struct elf_error *error);

/* Makes file->replaced, for the tables among the sections. The section headers are checked. */
bool elf_widen_tables(struct elf_file *file, const struct elf_room *room, struct elf_error *error);

/* The tables that a shared object without section headers leads to: `n` entries in the file. */
const struct elf_sym *elf_widen_symbols(const uint8_t *at, uint64_t n, const struct elf_room *room);
const struct elf_dyn *elf_widen_dynamic(const uint8_t *at, uint64_t n, const struct elf_room *room);

#endif
