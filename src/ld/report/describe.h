/* How messages name things: files with their archive, demangled symbols, places in sections and in the source. One
 * wording everywhere, which carries both lld's/mold's and GNU's words, because tests and editors look for either. */
#ifndef GILD_LD_REPORT_DESCRIBE_H
#define GILD_LD_REPORT_DESCRIBE_H

#include "ld/tables.h"

/* "ns::f(int)" for a mangled name, the name itself otherwise. In `arena`. */
const char *describe_symbol(const struct link *link, struct arena *arena, symbol_id symbol);

/* What a relocation against entry `index` of the file's symbol table refers to: a symbol, demangled, or a section. */
const char *describe_target(const struct link *link, struct arena *arena, const struct file *file, uint32_t index);

/* "dir/lib.a(a.o):(.text+0x5)" in `arena`. */
const char *describe_place(const struct link *link, struct arena *arena, section_id section, uint64_t offset);

/* The last line of a message about a place, ">>> main.c:2: in function `main'"; the link outlives the message. */
struct diag_more describe_source(const struct link *link, section_id section, uint64_t offset);

/* Two strong definitions: the owner's and entry `index` of `file`. Any thread. */
void describe_duplicate(struct link *link, symbol_id symbol, file_id file, uint32_t index);

/* Reports link->undefined_references, grouped by symbol, in input order. */
void describe_undefined(struct link *link);

/* Warns when symbol `now_index` of `now` defines otherwise than symbol `was_index` of `was` did before it, a function
 * and a variable, say; in GNU ld's words (elf_link_add_object_symbols). Any thread. */
void describe_type_change(struct link *link, symbol_id id, file_id was, uint32_t was_index, file_id now,
			  uint32_t now_index);

#endif
