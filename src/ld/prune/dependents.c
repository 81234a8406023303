#include "ld/prune/dependents.h"

#include <stdlib.h>

#include "ld/layout/link_order.h"
#include "ld/prune/gc.h"

static int compare_dependents(const void *a, const void *b)
{
	const struct dependent *x = a, *y = b;
	if (x->on != y->on)
		return x->on < y->on ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

void dependents_find(struct dependents *dependents, const struct link *link)
{
	for (file_id f = 1; f < link->files.n; f++) {
		const struct file *file = file_of(link, f);
		for (uint32_t i = 1; file->live && file->has_link_order && i < file->elf.nshdr; i++) {
			section_id id = file->first_section + i, on = section_linked(link, id);
			if (on && gc_is_candidate(link, id))
				*array_push(&dependents->list) = (struct dependent){on, id};
		}
	}
	if (dependents->list.n)
		qsort(dependents->list.at, dependents->list.n, sizeof(struct dependent), compare_dependents);
}

uint32_t dependents_first(const struct dependents *dependents, section_id on)
{
	return array_first_from(&dependents->list, on, on);
}
