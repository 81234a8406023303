/* Parsing one object file: pure in its bytes, so files are parsed in parallel and in any order. */
#ifndef GILD_LD_INPUT_OBJECT_H
#define GILD_LD_INPUT_OBJECT_H

#include "ld/tables.h"

/* Checks the file and finds its symbol table, in order (file->elf, file->symtab, file->globals allocated in `arena` but
 * not interned). false: reported, file->bad set. Any thread. */
bool object_parse(struct link *link, file_id id, struct arena *arena);

/* Fills the file's slice of the section table (file->first_section is set): kinds, sizes, alignments, relocation
 * sections; notes that speak to the linker (.note.GNU-stack, .note.gnu.property) are understood and dropped; compressed
 * sections are replaced by their content, in `arena`. Any thread. */
void object_read_sections(struct link *link, file_id id, struct arena *arena);

/* The file's tables that say what its sections are, made its own: they and `shdrs` can be changed from here on. In
 * `arena`. */
struct elf_replacement *object_own_tables(struct elf_file *elf, struct arena *arena);

/* Reports a malformed file. Any thread. */
void object_report(struct link *link, file_id id, const struct elf_error *error);

#endif
