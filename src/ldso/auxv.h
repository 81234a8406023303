/* LD_SHOW_AUXV: what the kernel told the program. */
#ifndef GILD_LDSO_AUXV_H
#define GILD_LDSO_AUXV_H

#include "ldso/loader.h"

void auxv_show(const struct loader *ld);

#endif
