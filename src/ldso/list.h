/* `--list`, `--tree`, LD_TRACE_LOADED_OBJECTS (ldd), LD_VERBOSE, LD_WARN and LD_DEBUG=unused: what would be loaded, and
 * then the end of the process. No code of any object runs. */
#ifndef GILD_LDSO_LIST_H
#define GILD_LDSO_LIST_H

#include "ldso/loader.h"

_Noreturn void list_objects(struct loader *ld);

#endif
