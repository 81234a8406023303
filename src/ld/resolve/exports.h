/* Imports, exports and preemption: how each symbol looks from outside the output. */
#ifndef GILD_LD_RESOLVE_EXPORTS_H
#define GILD_LD_RESOLVE_EXPORTS_H

#include "ld/tables.h"

/* Sets SYMBOL_DEFINED, IMPORTED, EXPORTED, PREEMPTIBLE and what the definition is (ABSOLUTE, IFUNC, FUNCTION, TLS) for
 * every symbol. Owners and versions are decided. Scanning relocations reads nothing else about a global symbol. */
void exports_decide(struct link *link);

#endif
