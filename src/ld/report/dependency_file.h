/* --dependency-file: which files the output depends on, as a rule for make. */
#ifndef GILD_LD_REPORT_DEPENDENCY_FILE_H
#define GILD_LD_REPORT_DEPENDENCY_FILE_H

#include "ld/tables.h"

/* Writes the rule for everything that was opened and read: inputs, scripts, version scripts. Response files are not
 * among it, as with GNU ld: they are part of the command line. Does nothing without the option. A failure is reported
 * as an error. */
void dependency_file_write(struct link *link);

#endif
