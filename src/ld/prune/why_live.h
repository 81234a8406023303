/* --why-live: the chain of references that keeps a symbol or section, as lld prints it. */
#ifndef GILD_LD_PRUNE_WHY_LIVE_H
#define GILD_LD_PRUNE_WHY_LIVE_H

#include "ld/tables.h"

/* Prints on standard output, for each live symbol that a glob of --why-live matches (for a glob that begins with a dot:
 * each live section), a shortest chain of references from a root to it; among equally short ones the first in the order
 * of roots, sections and relocations. After gc_sections() and link_order_drop()
 * have decided what is live. */
void why_live(const struct link *link);

#endif
