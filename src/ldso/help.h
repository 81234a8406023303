/* `--help`: the options, where libraries are searched, and which glibc-hwcaps subdirectories this processor has. */
#ifndef GILD_LDSO_HELP_H
#define GILD_LDSO_HELP_H

#include "ldso/loader.h"

/* The options have been read; nothing has been loaded. */
void help_print(struct loader *ld);

#endif
