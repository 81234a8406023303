/* dlinfo. */
#ifndef GILD_LDSO_INFO_H
#define GILD_LDSO_INFO_H

#include "ldso/loader.h"

/* Answers a request of dlinfo(3) about an object. Returns 0, for RTLD_DI_PHDR the number of headers, or -1 after
 * fail(). The load lock is held. */
int object_info(struct loader *ld, struct object *object, int request, void *argument);

#endif
