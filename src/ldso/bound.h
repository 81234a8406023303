/* Dependencies that come from bindings: an object that another one's relocation points into must not be unloaded before
 * it, even when it is not among its DT_NEEDED. */
#ifndef GILD_LDSO_BOUND_H
#define GILD_LDSO_BOUND_H

#include "ldso/loader.h"

/* `from` was bound to `to`, which dlopen brought. */
void bound_add(struct loader *ld, struct object *from, struct object *to);

/* The object stays for ever: at once, or when the dlopen under way succeeds. */
void bound_never_unload(struct object *object);

#endif
