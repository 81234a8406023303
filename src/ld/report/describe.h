/* How messages name things: files with their archive, demangled symbols, places in sections. One wording everywhere, which
 * carries both lld's/mold's and GNU's words, because tests and editors look for either. */
#ifndef GILD_LD_REPORT_DESCRIBE_H
#define GILD_LD_REPORT_DESCRIBE_H

#include "ld/tables.h"

/* "ns::f(int)" for a mangled name, the name itself otherwise. In `arena`. */
const char *describe_symbol(const struct link *link, struct arena *arena, symbol_id symbol);

/* Two strong definitions: the owner's and entry `index` of `file`. Any thread. */
void describe_duplicate(struct link *link, symbol_id symbol, file_id file, uint32_t index);

/* "dir/lib.a(a.o):(.text+0x5)" in `arena`. */
const char *describe_place(const struct link *link, struct arena *arena, section_id section, uint64_t offset);

/* The function or object that contains a place, or NULL. The text is the file's. */
const char *describe_container(const struct link *link, section_id section, uint64_t offset);

/* Reports link->undefined_references, grouped by symbol, in input order. */
void describe_undefined(struct link *link);

#endif
