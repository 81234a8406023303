/* Symbol resolution: who defines what, and which archive members take part.
 *
 * A deterministic fixpoint on ranks (tables.h, symbol_rank). First every candidate is registered: definitions of the
 * objects on the command line, of shared objects, and what archive indexes promise. That first owner of a name never
 * changes while members are extracted: an undefined symbol of a live file extracts the lazy member that owns it, and so
 * on until nothing is left. Then the live files alone compete for each name. The result depends on the inputs and their
 * order only. */
#ifndef GILD_LD_RESOLVE_RESOLVE_H
#define GILD_LD_RESOLVE_RESOLVE_H

#include "ld/tables.h"

/* Parses objects, interns names, extracts archive members. Afterwards file->live is final for objects, and every live
 * object has its slice of the section table. */
void resolve_files(struct link *link);

/* After COMDAT elimination: owners of all symbols among live files; shared objects that are needed become live.
 * Beyond this point no owner changes, except that the linker defines what nobody else did. */
void resolve_owners(struct link *link);

/* Reports names with two strong definitions. */
void resolve_report_duplicates(struct link *link);

/* Is a member that has this symbol extracted for the sake of a common symbol of that name? If it defines it as a
 * variable, and not weakly (bfd/elflink.c, is_global_data_symbol_definition). */
bool resolve_replaces_common(const struct elf_sym *sym);

/* True when entry `index` of the file is a definition whose section takes part in the link. */
bool is_live_definition(const struct link *link, const struct file *file, uint32_t index);

#endif
