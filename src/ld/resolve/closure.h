/* What will be there at load time: the libraries that shared objects of the link need, and theirs.
 *
 * They are no inputs and are not read unless it must be known whether a symbol is missing: when a shared object leaves
 * one undefined that nobody in the link defines for it, or when the link fails anyway and the message can say where the
 * symbol is. */
#ifndef GILD_LD_RESOLVE_CLOSURE_H
#define GILD_LD_RESOLVE_CLOSURE_H

#include "ld/tables.h"

/* Reports undefined symbols of shared objects (--no-allow-shlib-undefined, the default for programs), and notes which
 * indirect library has what an object's reference lacks. After link->undefined_references is known, before it is
 * reported. */
void closure_check(struct link *link);

/* Where closure_check() found a symbol that an object needs; NULL: nowhere. Any thread. */
const struct missing_library *closure_find(const struct link *link, symbol_id symbol);

#endif
