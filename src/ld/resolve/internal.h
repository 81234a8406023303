/* File 0: the linker as a file among the others. It references what options ask for (-u, the entry point) and defines
 * what the layout program, --defsym and the ABI promise. */
#ifndef GILD_LD_RESOLVE_INTERNAL_H
#define GILD_LD_RESOLVE_INTERNAL_H

#include "ld/tables.h"

/* Makes file 0. */
void internal_init(struct link *link);

/* Once names can be interned: references of options, plain assignments of the layout program. */
void internal_begin(struct link *link);

/* --undefined-glob: references to what lazy archive members promise. After their names are interned. */
void internal_reference_globs(struct link *link);

/* Once owners are known: warns where a script's assignment hides an object's definition; for -r, reports what nobody
 * defines, as internal_provide() does. */
void internal_check(struct link *link);

/* After that: PROVIDE()d symbols that somebody uses and nobody defines, __start_X and __stop_X. Reports symbols that
 * --defsym names in expressions and still nobody defines; then does what internal_describe() does. */
void internal_provide(struct link *link);

/* Which of file 0's symbols are absolute, and their types. */
void internal_describe(struct link *link);

#endif
