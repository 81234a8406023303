/* Copy relocations: a variable of a shared object that position-dependent code of the executable addresses directly
 * gets its memory in the executable, and the loader copies the initial value there (x86-64 psABI, R_X86_64_COPY). */
#ifndef GILD_LD_SYNTH_COPY_H
#define GILD_LD_SYNTH_COPY_H

#include "ld/tables.h"

/* Gives every symbol that needs a copy its place in .dynbss or, when it was read-only, in .bss.rel.ro; other names of
 * the same variable (environ, __environ) are exported at the same place, so that the shared object uses the copy,
 * too. */
void copy_allocate(struct link *link);

#endif
