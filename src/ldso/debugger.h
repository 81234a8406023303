/* What debuggers look at: _r_debug, which DT_DEBUG of the program points to, and the function they put a breakpoint on
 * (<link.h>; gdb's solib-svr4.c). */
#ifndef GILD_LDSO_DEBUGGER_H
#define GILD_LDSO_DEBUGGER_H

#include "ldso/loader.h"

/* Points the program's DT_DEBUG to _r_debug. `base`: load address of the loader. */
void debugger_start(struct loader *ld, uint64_t base);

/* The first link_map of a namespace, NULL: it is empty. */
void debugger_set_map(uint32_t ns, void *link_map);

/* The list of objects is going to change, or is whole again. */
enum debugger_state { DEBUGGER_CONSISTENT, DEBUGGER_ADD, DEBUGGER_DELETE };
void debugger_tell(enum debugger_state state);

#endif
