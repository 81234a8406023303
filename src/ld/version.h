/* How gild names itself (design, decision 12). */
#ifndef GILD_LD_VERSION_H
#define GILD_LD_VERSION_H

#include "base/types.h"

#define GILD_VERSION "0.1"
#define GNU_LD_VERSION "2.44"

/* The first line of --version, and for `whole` the rest. Kernel, glibc and libtool recognise linkers by it: only a
 * program called gild dares to begin with its own name. */
void version_print(const char *program, bool whole);

#endif
