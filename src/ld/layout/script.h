/* From the tree of a linker script to a layout program. */
#ifndef GILD_LD_LAYOUT_SCRIPT_H
#define GILD_LD_LAYOUT_SCRIPT_H

#include "ld/layout/layout.h"

/* Makes the program of this link, link->layout: the default one, or that of link->script, or the first with what the
 * second adds to it. Mistakes in the script are reported. */
void layout_make(struct link *link);

#endif
