/* --print-icf-sections: which sections were folded into which. */
#ifndef GILD_LD_REPORT_FOLDS_H
#define GILD_LD_REPORT_FOLDS_H

#include "ld/tables.h"

/* link->folded, ordered by the sections they were folded into, then by number. Free with free(). */
section_id *folds_by_survivor(const struct link *link);

/* Prints the list, in the format that lld and mold use, to where the option says. What cannot be written is an error.
 */
void folds_write(struct link *link);

#endif
