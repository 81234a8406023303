/* The messages about symbols that nobody defines. */
#ifndef GILD_LD_REPORT_UNDEFINED_H
#define GILD_LD_REPORT_UNDEFINED_H

#include "ld/tables.h"

/* Reports link->undefined_references, grouped by symbol, in input order. The link outlives the messages. */
void describe_undefined(struct link *link);

#endif
