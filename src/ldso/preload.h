/* Preloaded libraries: LD_PRELOAD, --preload and /etc/ld.so.preload. Their symbols come before those of all others but
 * the program's. */
#ifndef GILD_LDSO_PRELOAD_H
#define GILD_LDSO_PRELOAD_H

#include "ldso/loader.h"

/* Loads them; what can't be loaded is reported and left out. The caller owns the list's array. */
struct object_list preload_all(struct loader *ld);

#endif
