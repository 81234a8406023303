/* --verify-output: the output is checked by src/verify before it gets its name. */
#ifndef GILD_LD_REPORT_VERIFY_OUTPUT_H
#define GILD_LD_REPORT_VERIFY_OUTPUT_H

#include "ld/tables.h"

/* Checks the bytes of the output, all of which are written. false: something in it is wrong; errors are reported. */
bool verify_output(struct link *link, struct bytes output);

/* --verify-output=FILE: the same with what an earlier link has written. */
void verify_earlier_output(struct link *link);

/* The same without a link: what the file tells itself. false: something is wrong. */
bool verify_only(const char *path, bool stats, struct diag *diag);

#endif
