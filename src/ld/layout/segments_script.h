/* Segments by a script's rules. */
#ifndef GILD_LD_LAYOUT_SEGMENTS_SCRIPT_H
#define GILD_LD_LAYOUT_SEGMENTS_SCRIPT_H

#include "ld/layout/layout.h"

/* Makes link->layout->segments anew from the addresses of the last pass. */
void segments_from_script(struct link *link);
/* The size of the headers in the first pass, before there are addresses: what GNU ld takes them for then. It decides
 * which gaps, and so which sections, there are. */
uint64_t segments_estimate(const struct link *link);

#endif
