/* Is a file a program that can be looked at? */
#ifndef GILD_INSPECT_IDENTIFY_H
#define GILD_INSPECT_IDENTIFY_H

#include "base/arena.h"

/* NULL: it looks like a dynamic x86-64 program or library. Otherwise what it is instead, in words for a message. */
const char *identify(struct arena *arena, const char *path);

#endif
