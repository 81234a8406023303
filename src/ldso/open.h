/* dlopen and dlclose. */
#ifndef GILD_LDSO_OPEN_H
#define GILD_LDSO_OPEN_H

#include <dlfcn.h>

#include "ldso/loader.h"

/* dlopen: the namespace of whoever calls. */
enum { NAMESPACE_OF_CALLER = -2 };

/* A flag of `mode` besides those of dlopen: the rules of preloads hold, in a secure program. */
enum { OPEN_AUDITOR = 1 << 30 };

/* Loads, relocates and initializes `name` and what it needs. `mode`: RTLD_ flags of <dlfcn.h>. `id`: the number of a
 * namespace, LM_ID_NEWLM, or the above. `caller`: the address of the call, for RPATH and $ORIGIN. NULL after fail();
 * with RTLD_NOLOAD also when it is not loaded. */
struct object *open_object(struct loader *ld, const char *name, int mode, Lmid_t id, uint64_t caller);

/* Gives up one open_object. What nobody needs any more is finished and unmapped. */
bool close_object(struct loader *ld, struct object *object);

/* In the child of a fork: a dlclose that another thread was in will never end. */
void close_after_fork(void);

/* Removes objects that a failed open_object brought: those with a serial number of at least `serial`. */
void close_failed(struct loader *ld, struct object *root, uint64_t serial);

#endif
