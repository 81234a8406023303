/* Checks of what dynamic_read leaves unchecked: symbols, hash tables, relocations. Files that are only looked at may be
 * anything; a program that is run is trusted in this, as its code is, and its start is not delayed. */
#ifndef GILD_LDSO_CHECK_H
#define GILD_LDSO_CHECK_H

#include "ldso/loader.h"

/* false after fail(): a lookup in this object, or of its references, would leave its memory or not end. */
bool check_symbols(struct loader *ld, const struct object *object);

#endif
