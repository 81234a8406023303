/* dlopen and dlclose. */
#ifndef GILD_LDSO_OPEN_H
#define GILD_LDSO_OPEN_H

#include "ldso/loader.h"

/* Loads, relocates and initializes `name` and what it needs. `mode`: RTLD_ flags of <dlfcn.h>. `caller`: the address of
 * the call, for RPATH and $ORIGIN. NULL after fail(); with RTLD_NOLOAD also when it is not loaded. */
struct object *open_object(struct loader *ld, const char *name, int mode, uint64_t caller);

/* Gives up one open_object. What nobody needs any more is finished and unmapped. */
bool close_object(struct loader *ld, struct object *object);

/* In the child of a fork: a dlclose that another thread was in will never end. */
void close_after_fork(void);

/* Removes objects that a failed open_object brought: those with a serial number of at least `serial`. */
void close_failed(struct loader *ld, struct object *root, uint64_t serial);

#endif
