/* Scopes: which objects a reference may bind to, in order.
 *
 * Each object has an array of lists. For what came with the program it is the global scope alone; for a library that
 * dlopen brought, the global scope and then the search lists of the roots that use it (the other way round with
 * RTLD_DEEPBIND), with itself first for DT_SYMBOLIC.
 *
 * Lookups of other threads read scopes without a lock (lazy binding). Arrays are therefore replaced, never changed
 * where they are read, and memory that a lookup may still hold is freed only after scope_wait. */
#ifndef GILD_LDSO_SCOPE_H
#define GILD_LDSO_SCOPE_H

#include "ldso/loader.h"

/* The scope of an object just loaded, without roots. */
void scope_start(struct loader *ld, struct object *object);

/* Makes a new root's search list part of the scopes of all its objects. `deep`: before the global scope. */
void scope_add_root(struct loader *ld, struct object *root, bool deep);

/* Makes the search list of a namespace's first root its global scope. */
void scope_start_global(struct loader *ld, struct object *root);

/* Appends an object's search list to the global scope (RTLD_GLOBAL). */
void scope_add_global(struct loader *ld, struct object *root);

/* Takes all objects marked `removed` out of the global scope, and the lists of removed roots out of all scopes. */
void scope_remove(struct loader *ld);

/* Waits until no thread is in a lookup that began before. */
void scope_wait(struct loader *ld);

/* LD_DEBUG=scopes. */
void scope_show(struct loader *ld, const struct object *object, unsigned from);

#endif
