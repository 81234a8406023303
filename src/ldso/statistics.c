#include "ldso/statistics.h"

static void show_part(struct loader *ld, const char *title, uint64_t part, uint64_t total)
{
	uint64_t tenths = total ? part * 1000 / total : 0;
	debug_print(ld, "%s: %lu cycles (%lu.%lu%%)\n", title, part, tenths / 10, tenths % 10);
}

void statistics_show_start(struct loader *ld, const struct statistics *times)
{
	uint64_t total = time_stamp() - times->begin, relative = 0;
	for (const struct object *object = ld->first; object; object = object->next)
		if (object->base && !object->is_self)
			relative += object->nrelative;
	debug_print(ld, "\nruntime linker statistics:\n  total startup time in dynamic loader: %lu cycles\n", total);
	show_part(ld, "            time needed for relocation", times->relocate_end - times->relocate_begin, total);
	debug_print(ld, "                 number of relocations: %lu\n      number of relocations from cache: %lu\n"
		    "        number of relative relocations: %lu\n", ld->nrelocations, ld->ncached, relative);
	show_part(ld, "           time needed to load objects", times->load_end - times->load_begin, total);
}

void statistics_show_end(struct loader *ld)
{
	debug_print(ld, "\nruntime linker statistics:\n           final number of relocations: %lu\n"
		    "final number of relocations from cache: %lu\n", ld->nrelocations, ld->ncached);
}
