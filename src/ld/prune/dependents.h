/* Sections that belong to another one (SHF_LINK_ORDER; layout/link_order.h), as gc sees them: they are kept with it. */
#ifndef GILD_LD_PRUNE_DEPENDENTS_H
#define GILD_LD_PRUNE_DEPENDENTS_H

#include "base/array.h"
#include "ld/tables.h"

/* Section `id` belongs to section `on`. */
struct dependent {
	section_id on, id;
};

/* By `on`, then `id`. */
struct dependents {
	ARRAY(struct dependent) list;
};

/* Lists the candidates of gc_sections() that belong to another section. The caller frees the list. Needs classified
 * sections. */
void dependents_find(struct dependents *dependents, const struct link *link);

/* The number of the first one that belongs to `on`, or to a section behind it. Any thread. */
uint32_t dependents_first(const struct dependents *dependents, section_id on);

#endif
