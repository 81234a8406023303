/* What the user asked to read about the link: -Map and -M, --cref, --dependency-file. One file each; these functions
 * open the map and call them. */
#ifndef GILD_LD_REPORT_REPORT_H
#define GILD_LD_REPORT_REPORT_H

#include "ld/tables.h"

/* Writes all that was asked for. Needs addresses. A file that cannot be written is an error. */
void report_write(struct link *link);

/* After a link that failed before addresses were known: the map, as far as it goes, for whoever looks for the
 * reason. */
void report_write_failed(struct link *link);

#endif
