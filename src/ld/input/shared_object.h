/* Parsing one shared object: its soname, dynamic symbols and versions. Pure in its bytes. */
#ifndef GILD_LD_INPUT_SHARED_OBJECT_H
#define GILD_LD_INPUT_SHARED_OBJECT_H

#include "ld/tables.h"

/* Fills file->elf, symtab, soname, versym, versions. false: reported. `arena` keeps the tables. */
bool shared_object_parse(struct link *link, file_id id, struct arena *arena);

/* Version index of dynamic symbol `i` (VER_NDX_*, without the hidden bit), and whether it is hidden, that is, not the
 * default. */
uint16_t shared_object_version(const struct file *file, uint32_t i, bool *hidden);

#endif
