#include "ldso/find_object.h"

#include "ldso/heap.h"

struct range {
	uint64_t start, end;
	struct object *object;
};

/* Two tables, sorted by address. `version` counts changes; its lowest bit says which table is valid. A writer fills the
 * other one. A reader that sees the same version before and after its search has read a table that nobody wrote to,
 * since a table is written again only after the next change. Old memory of a table that grew is never freed. */
static struct table {
	uint32_t n, room;
	struct range at[];
} *tables[2];
static uint64_t version;

static void insert(struct table *table, struct range range)
{
	uint32_t i = table->n;
	for (; i > 0 && table->at[i - 1].start > range.start; i--)
		table->at[i] = table->at[i - 1];
	table->at[i] = range;
	table->n++;
}

void find_object_update(struct loader *ld)
{
	struct table *table = tables[(version + 1) & 1];
	if (!table || table->room < ld->nobjects) {
		uint32_t room = ld->nobjects * 2;
		table = heap_alloc(sizeof(*table) + room * sizeof(table->at[0]));
		table->room = room;
		__atomic_store_n(&tables[(version + 1) & 1], table, __ATOMIC_RELEASE);
	}
	table->n = 0;
	for (struct object *object = ld->first; object; object = object->next)
		if (!object->removed && !object->missing && !object->is_proxy)
			insert(table, (struct range){object->start, object->end, object});
	__atomic_store_n(&version, version + 1, __ATOMIC_RELEASE);
}

static bool search(const struct table *table, uint64_t address, struct found_object *result)
{
	uint32_t low = 0, high = table->n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (table->at[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low >= table->n || address < table->at[low].start)
		return false;
	const struct range *range = &table->at[low];
	result->flags = 0;
	result->map_start = (void *)range->start;
	result->map_end = (void *)range->end;
	result->link_map = range->object->link_map;
	result->eh_frame = (void *)range->object->eh_frame_hdr;
	return true;
}

int find_object(void *address, struct found_object *result)
{
	for (;;) {
		uint64_t before = __atomic_load_n(&version, __ATOMIC_ACQUIRE);
		const struct table *table = __atomic_load_n(&tables[before & 1], __ATOMIC_ACQUIRE);
		bool found = table && search(table, (uint64_t)address, result);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (before == __atomic_load_n(&version, __ATOMIC_RELAXED))
			return found ? 0 : -1;
	}
}
