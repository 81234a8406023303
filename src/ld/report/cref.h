/* --cref: a table of global symbols and the files that define and use them, in GNU ld's format. */
#ifndef GILD_LD_REPORT_CREF_H
#define GILD_LD_REPORT_CREF_H

#include <stdio.h>

#include "ld/tables.h"

/* Symbols by name; of each the files that define it, then those with a common symbol of the name, then those that refer
 * to it. What only shared objects mention is left out. Needs resolved names. */
void cref_print(const struct link *link, FILE *to);

#endif
