/* How messages name things: files with their archive, demangled symbols, places in sections and in the source. One
 * wording everywhere, which carries both lld's/mold's and GNU's words, because tests and editors look for either. */
#ifndef GILD_LD_REPORT_DESCRIBE_H
#define GILD_LD_REPORT_DESCRIBE_H

#include "ld/tables.h"

/* "ns::f(int)" for a mangled name, the name itself otherwise. In `arena`. */
const char *describe_symbol(const struct link *link, struct arena *arena, symbol_id symbol);

/* The same for a name of a file's symbol table. */
const char *describe_name(const struct link *link, struct arena *arena, const char *name);

/* Demangled with nothing abbreviated ("std::string" is a basic_string<...>), whatever --no-demangle says; malloc()ed,
 * or NULL when the name is not mangled. */
char *describe_in_full(const char *name);

/* The name of entry `index` of the file's symbol table, not demangled; NULL: it has none. */
const char *target_name(const struct file *file, uint32_t index);

/* What a relocation against entry `index` of the file's symbol table refers to: a symbol, demangled, or a section. */
const char *describe_target(const struct link *link, struct arena *arena, const struct file *file, uint32_t index);

/* "dir/lib.a(a.o):(.text+0x5)" in `arena`. */
const char *describe_place(const struct link *link, struct arena *arena, section_id section, uint64_t offset);

/* The same with the line of the source behind it, if it is known: "a.o:(.text+0x5) (a.c:2)". Takes the time of a
 * source_line(). */
const char *describe_place_and_line(const struct link *link, struct arena *arena, section_id section, uint64_t offset);

/* "main.c:2: in function `main': ", or as much of it as is known, in `arena`; notes the same in `lines`. */
const char *describe_prefix(const struct link *link, struct arena *arena, section_id section, uint64_t offset,
			    struct diag_lines *lines);

/* The last line of a message about a place, ">>> main.c:2: in function `main'"; the link outlives the message. */
struct diag_more describe_source(const struct link *link, section_id section, uint64_t offset);

/* What a message is about: a file; section `number` of an object; a place in a section, with the line of the source.
 * `kind` is one of docs/diagnostics.md's words. */
struct diag_about about_file(const struct file *file, const char *kind);
struct diag_about about_section(const struct file *file, uint32_t number, const char *kind);
struct diag_about about_place(const struct link *link, section_id section, uint64_t offset, const char *kind);

/* The first relocation of a live section of the file, an object, that refers to entry `index` of its symbol table: the
 * section, and where; 0: there is none. */
section_id first_reference(const struct link *link, const struct file *file, uint32_t index, uint64_t *offset);

/* Two strong definitions: the owner's and entry `index` of file `id`. Any thread. */
void describe_duplicate(struct link *link, symbol_id symbol, file_id id, uint32_t index);

#endif
