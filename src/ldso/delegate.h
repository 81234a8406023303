/* Handing a program over to the system's own loader, when its C library is not one this loader knows. */
#ifndef GILD_LDSO_DELEGATE_H
#define GILD_LDSO_DELEGATE_H

#include "ldso/loader.h"

/* Says so in one line and does not return. */
_Noreturn void delegate(struct loader *ld, const struct object *libc);

#endif
