/* Imports, exports and preemption: how each symbol looks from outside the output. */
#ifndef GILD_LD_RESOLVE_EXPORTS_H
#define GILD_LD_RESOLVE_EXPORTS_H

#include "ld/tables.h"

/* Sets SYMBOL_DEFINED, IMPORTED, EXPORTED, PREEMPTIBLE and what the definition is (ABSOLUTE, IFUNC, FUNCTION, TLS) for
 * every symbol. Owners and versions are decided. Scanning relocations reads nothing else about a global symbol. */
void exports_decide(struct link *link);

/* The owner of a symbol defines it by `sym`: sets SYMBOL_DEFINED and what it is. Known when objects are surveyed, so that
 * their symbol tables need not be read again when exports are decided. Any thread. */
void exports_note_definition(struct link *link, struct symbol *symbol, const struct elf_sym *sym);

#endif
