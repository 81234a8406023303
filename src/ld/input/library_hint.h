/* Why -lNAME finds nothing, when something like it is there. */
#ifndef GILD_LD_INPUT_LIBRARY_HINT_H
#define GILD_LD_INPUT_LIBRARY_HINT_H

#include "ld/tables.h"

/* What the folders of the search path have instead of libNAME.so and libNAME.a, as a hint in the link's arena: a shared
 * object in a static link, a versioned one, a library with nearly the same name. NULL: nothing of that kind.
 * `only_static`: shared objects were not looked for. Main thread. */
const char *library_hint(struct link *link, const char *name, bool only_static);

#endif
