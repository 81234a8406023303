/* One link, from options to output. */
#ifndef GILD_LD_LINK_H
#define GILD_LD_LINK_H

#include "base/diag.h"
#include "ld/input/options.h"

/* Links. Everything goes through `diag`; false when there was an error, and then the output is as it was. Two links may
 * run in one process, one after the other or at once. */
bool link_run(const struct options *options, struct diag *diag);

#endif
