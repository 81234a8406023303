#include "ld/layout/link_order.h"

#include <stdlib.h>

/* Drops sections of one file; true when that dropped any. */
static bool drop_in_file(struct link *link, const struct file *file)
{
	bool dropped = false;
	for (uint32_t i = 1; i < file->elf.nshdr; i++) {
		section_id id = file->first_section + i;
		struct section *section = section_of(link, id);
		section_id linked = section->live && section->kind != SECTION_NONE ? section_linked(link, id) : 0;
		if (linked && (!section_of(link, linked)->live || section_of(link, linked)->kind == SECTION_NONE)) {
			section->live = false;
			dropped = true;
		}
	}
	return dropped;
}

void link_order_drop(struct link *link)
{
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		while (file->live && file->has_link_order && drop_in_file(link, file))
			; /* one may belong to another that belongs to a third */
	}
}

struct key {
	uint32_t place;  /* of what it belongs to; UINT32_MAX: nothing */
	uint32_t before; /* its own place without link order */
	section_id id;
};

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return x->before < y->before ? -1 : x->before > y->before;
}

/* The place of each section in the output: a number that grows with its address. */
static uint32_t *number_places(struct link *link)
{
	const struct layout *layout = link->layout;
	uint32_t *places = arena_array(&link->arena, uint32_t, link->sections.n), next = 1;
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		if (layout->nodes.at[i].kind != NODE_SECTION)
			continue;
		const struct osec *osec = &layout->osecs.at[layout->nodes.at[i].id];
		for (uint32_t n = 0; n < osec->nodes.n; n++) {
			const struct run *run = &layout->runs.at[osec->nodes.at[n].id];
			for (uint32_t s = 0; osec->nodes.at[n].kind == NODE_RUN && s < run->n; s++)
				places[run->items[s]] = next++;
		}
	}
	return places;
}

/* The output section belongs to another one when all that is in it does: the one that its first section leads to. */
static void link_output_section(const struct link *link, const struct key *keys, uint32_t n, struct osec *osec)
{
	if (keys[n - 1].place == UINT32_MAX || osec->nodes.n != 1)
		return;
	section_id first = section_linked(link, keys[0].id);
	osec->linked = link->layout->runs.at[section_of(link, first)->run].osec;
	osec->flags |= SHF_LINK_ORDER;
}

static void sort_run(struct link *link, struct run *run, const uint32_t *places)
{
	struct key *keys = malloc(run->n * sizeof(*keys));
	if (!keys)
		out_of_memory();
	for (uint32_t i = 0; i < run->n; i++) {
		section_id id = run->items[i];
		section_id linked = section_of(link, id)->file == INTERNAL_FILE ? 0 : section_linked(link, id);
		keys[i] = (struct key){linked ? places[linked] : UINT32_MAX, i, id};
	}
	qsort(keys, run->n, sizeof(*keys), compare_keys);
	for (uint32_t i = 0; i < run->n; i++)
		run->items[i] = keys[i].id;
	link_output_section(link, keys, run->n, &link->layout->osecs.at[run->osec]);
	free(keys);
}

void link_order_sort(struct link *link)
{
	struct layout *layout = link->layout;
	const uint32_t *places = NULL;
	for (uint32_t r = 1; r < layout->runs.n; r++) {
		struct run *run = &layout->runs.at[r];
		if (!run->link_ordered || !run->n)
			continue;
		if (!places)
			places = number_places(link);
		sort_run(link, run, places);
	}
}
