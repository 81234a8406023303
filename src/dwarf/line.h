/* Reading .debug_line: which line of which source file a place in an object came from (DWARF 5 section 6.2; versions 2
 * to 5, in the 32-bit and the 64-bit form).
 *
 * Objects only: an address in their line table is 0 and a relocation against the code's section. The relocations are
 * applied while the table is read, nothing is copied or allocated. The file is hostile: every offset, length, count and
 * index is checked, what makes no sense is passed over, and a search takes time proportional to the section. Pure, safe
 * from any thread. */
#ifndef GILD_DWARF_LINE_H
#define GILD_DWARF_LINE_H

#include "elf/object.h"

struct dwarf_line_input {
	struct bytes line;               /* .debug_line */
	struct bytes line_str, str;      /* .debug_line_str, .debug_str: names in DWARF 5; may be empty */
	struct elf_relas relas;          /* of .debug_line, by ascending r_offset, as all compilers write them */
	const struct elf_symtab *symtab; /* what r_sym counts in */
};

struct dwarf_line {
	struct str dir;                  /* empty: `file` is absolute, or relative to the compilation directory */
	struct str file;                 /* never empty; both are the input's */
	uint32_t line;                   /* 0: the compiler's own doing */
	uint32_t column;                 /* in bytes, from 1; 0: not said */
};

/* The line that byte `offset` of section number `section` belongs to. False when the table does not say. */
bool dwarf_line_find(const struct dwarf_line_input *input, uint32_t section, uint64_t offset, struct dwarf_line *out);

/* The name of file number `index` in the table at `offset` of the section (DW_AT_decl_file counts in the table of its
 * unit, DW_AT_stmt_list). Without relocations, `input->relas` being empty, also of linked files. False: there is none. */
bool dwarf_line_file(const struct dwarf_line_input *input, uint64_t offset, uint64_t index, struct dwarf_line *out);

#endif
