/* Constructors and destructors: DT_PREINIT_ARRAY, DT_INIT, DT_INIT_ARRAY, DT_FINI_ARRAY, DT_FINI (gABI chapter 5). */
#ifndef GILD_LDSO_INIT_H
#define GILD_LDSO_INIT_H

#include "ldso/loader.h"

/* Runs the constructors of a root and all it needs, the deepest first. Those of the program itself are run by libc. */
void init_run(struct loader *ld, struct object *root);

/* Runs the destructors of all objects: the program's exit. */
void init_finish(struct loader *ld);

/* Runs the destructors of one object, if its constructors ran. */
void init_finish_object(struct loader *ld, struct object *object);

#endif
