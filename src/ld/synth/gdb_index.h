/* .gdb_index (--gdb-index): which units of the debug information have which names and which code, so that gdb need not
 * read it all when it starts (GDB manual, "Index Section Format").
 *
 *	header
 *	list of compilation units      where they are in .debug_info
 *	list of type units             ... in .debug_info (DWARF 5) or .debug_types (DWARF 4)
 *	address area                   ranges of code and their units
 *	symbol table                   an open hash table: name, list of units
 *	constant pool                  these lists, then the names
 *
 * What is read are the objects, not the output: their relocations are applied on the fly. All of it is ordered by the
 * output's .debug_info, so that it depends on the inputs only. */
#ifndef GILD_LD_SYNTH_GDB_INDEX_H
#define GILD_LD_SYNTH_GDB_INDEX_H

#include "ld/tables.h"

/* Does the output get an index? Sections have been classified. */
bool gdb_index_wanted(const struct link *link);

/* Makes the index, and places what is not loaded anew, since its size is known. Needs final addresses and symbol
 * values. Debug information that cannot be read is an error. Where an index would hide names from gdb, a warning is
 * given and the section is taken out of the output. */
void gdb_index_build(struct link *link);

#endif
