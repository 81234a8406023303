/* Warnings that a library attaches to its symbols: ".gnu.warning.SYMBOL" (GNU ld manual, "WARNING"). */
#ifndef GILD_LD_RESOLVE_WARNING_SYMBOLS_H
#define GILD_LD_RESOLVE_WARNING_SYMBOLS_H

#include "ld/tables.h"

/* Prints the text of each .gnu.warning.SYMBOL section when an object refers to SYMBOL, with the first place that does,
 * and that of a .gnu.warning section when its object is part of the link. Owners are known. */
void warning_symbols_report(struct link *link);

#endif
