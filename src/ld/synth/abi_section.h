/* .gild.abi (--emit-abi): what the output promises to those who link with it, as `gild abi dump --json` writes it,
 * compressed if libz is there. It is not loaded, and no debug section, so that strip leaves it: a library without
 * debug information keeps its types. Its symbols and versions are those of its dynamic symbol table; the section has
 * the types. */
#ifndef GILD_LD_SYNTH_ABI_SECTION_H
#define GILD_LD_SYNTH_ABI_SECTION_H

#include "ld/tables.h"

/* Does the output get a description? */
bool abi_section_wanted(const struct link *link);

/* Reads the debug information of the objects, makes the section, and places what is not loaded anew. Debug
 * information that cannot be read is an error; when there is none, a warning is given, and the section is taken out
 * of the output. */
void abi_section_build(struct link *link);

#endif
