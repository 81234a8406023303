/* The symbol table of .gdb_index: each name once, with the list of the units that have it.
 *
 * Names are cut into shards by hash. Each is worked on by one thread, in the order of the parts, so that the table
 * depends on the inputs only. */
#include <stdlib.h>
#include <string.h>

#include "ld/synth/gdb_index_parts.h"

enum { MOST_SHARDS = 64, FEW_NAMES = 1 << 14 };
enum { SLOT_SIZE = 8, UNIT_MASK = 0xffffff };
#define NO_ENTRY UINT32_MAX

struct entry {
	struct str name;
	uint64_t hash;
	uint32_t gdb_hash;
	uint32_t n_units;         /* entries of its list */
	uint32_t list, text;      /* offsets in the pool */
	uint32_t last_unit;       /* the unit that was added last, */
	uint32_t last_kinds;      /* and as what: bits */
};

struct value {
	uint32_t entry;
	uint32_t unit;            /* with attributes: what stands in the list */
};

struct shard {
	const struct index_name **names;
	uint64_t n_names;
	ARRAY(struct entry) entries;
	ARRAY(struct value) values; /* in the order in which they stand in the lists */
	uint64_t lists_size, texts_size;
	uint64_t lists, texts;    /* where they begin in the pool */
};

struct index_table {
	struct link *link;
	const struct index_part *parts;
	uint32_t n_parts, n_shards;
	uint32_t n_cus;
	unsigned shift;           /* of a hash, to the number of its shard */
	uint64_t *counts;         /* n_parts rows of n_shards: names, then where they go */
	const struct index_name **sorted; /* by shard */
	struct shard shards[MOST_SHARDS];
	uint64_t n_slots, pool_size;
	uint8_t *pool;
};

/* gdb's mapped_index_string_hash() for version 5 and later. */
static uint32_t gdb_hash(struct str name)
{
	uint32_t hash = 0;
	for (uint32_t i = 0; i < name.len; i++) {
		uint8_t byte = (uint8_t)name.at[i];
		if (byte >= 'A' && byte <= 'Z')
			byte += 'a' - 'A';
		hash = hash * 67 + byte - 113;
	}
	return hash;
}

static uint32_t shard_of(const struct index_table *table, uint64_t hash)
{
	return table->n_shards == 1 ? 0 : (uint32_t)(hash >> table->shift);
}

/* ---- names by shard ----------------------------------------------------------------------------------------- */

static void count_part(void *context, size_t begin, size_t end, unsigned worker)
{
	struct index_table *table = context;
	(void)worker;
	for (size_t p = begin; p < end; p++)
		for (uint32_t i = 0; i < table->parts[p].names.n; i++)
			table->counts[p * table->n_shards + shard_of(table, table->parts[p].names.at[i].hash)]++;
}

static void place_part(void *context, size_t begin, size_t end, unsigned worker)
{
	struct index_table *table = context;
	(void)worker;
	for (size_t p = begin; p < end; p++)
		for (uint32_t i = 0; i < table->parts[p].names.n; i++) {
			const struct index_name *name = &table->parts[p].names.at[i];
			table->sorted[table->counts[p * table->n_shards + shard_of(table, name->hash)]++] = name;
		}
}

/* Numbers of names become places. */
static void number_places(struct index_table *table)
{
	uint64_t at = 0;
	for (uint32_t s = 0; s < table->n_shards; s++) {
		uint64_t begin = at;
		for (uint32_t p = 0; p < table->n_parts; p++) {
			uint64_t n = table->counts[(size_t)p * table->n_shards + s];
			table->counts[(size_t)p * table->n_shards + s] = at;
			at += n;
		}
		table->shards[s].names = table->sorted + begin;
		table->shards[s].n_names = at - begin;
	}
}

/* ---- each name once ------------------------------------------------------------------------------------------ */

static uint32_t find_or_add(struct shard *shard, uint32_t *buckets, uint32_t mask, const struct index_name *name)
{
	uint32_t bucket = (uint32_t)name->hash & mask;
	for (; buckets[bucket] != NO_ENTRY; bucket = (bucket + 1) & mask) {
		const struct entry *entry = &shard->entries.at[buckets[bucket]];
		if (entry->hash == name->hash && entry->name.len == name->name.len &&
		    memcmp(entry->name.at, name->name.at, name->name.len) == 0)
			return buckets[bucket];
	}
	buckets[bucket] = shard->entries.n;
	*array_push(&shard->entries) = (struct entry){
		.name = name->name,
		.hash = name->hash,
		.gdb_hash = gdb_hash(name->name),
		.last_unit = NO_ENTRY,
	};
	return buckets[bucket];
}

static uint32_t mask_for(uint64_t n)
{
	uint32_t size = 16;
	while (size < 2 * n)
		size *= 2;
	return size - 1;
}

static void add_value(struct shard *shard, uint32_t index, uint32_t unit, uint8_t attributes)
{
	struct entry *entry = &shard->entries.at[index];
	uint32_t kind = 1u << (attributes >> 4);
	if (entry->last_unit != unit) {
		entry->last_unit = unit;
		entry->last_kinds = 0;
	}
	if (entry->last_kinds & kind)
		return;
	entry->last_kinds |= kind;
	entry->n_units++;
	*array_push(&shard->values) = (struct value){index, (uint32_t)attributes << 24 | unit};
}

/* Units of a part are numbered within it; parts come one after the other in the shard. */
static void fill_shard(const struct index_table *table, struct shard *shard)
{
	uint32_t mask = mask_for(shard->n_names);
	uint32_t *buckets = malloc(((size_t)mask + 1) * sizeof(*buckets));
	if (!buckets)
		out_of_memory();
	memset(buckets, 0xff, ((size_t)mask + 1) * sizeof(*buckets));
	uint32_t s = (uint32_t)(shard - table->shards), p = 0;
	for (uint64_t i = 0; i < shard->n_names; i++) {
		const struct index_name *name = shard->names[i];
		/* After place_part(), counts say where the part's names end. */
		while ((uint64_t)(&shard->names[i] - table->sorted) >= table->counts[(size_t)p * table->n_shards + s])
			p++;
		uint32_t index = find_or_add(shard, buckets, mask, name);
		add_value(shard, index, table->parts[p].units.at[name->unit].number, name->attributes & 0xf0);
	}
	free(buckets);
	for (uint32_t i = 0; i < shard->entries.n; i++) {
		shard->lists_size += 4 + 4ull * shard->entries.at[i].n_units;
		shard->texts_size += shard->entries.at[i].name.len + 1;
	}
}

static void fill_shards(void *context, size_t begin, size_t end, unsigned worker)
{
	struct index_table *table = context;
	(void)worker;
	for (size_t s = begin; s < end; s++)
		fill_shard(table, &table->shards[s]);
}

/* ------------------------------------------------------------------------------------------------------------- */

static void place_shards(struct index_table *table)
{
	uint64_t n = 0, at = 0;
	for (uint32_t s = 0; s < table->n_shards; s++) {
		n += table->shards[s].entries.n;
		table->shards[s].lists = at;
		at += table->shards[s].lists_size;
	}
	for (uint32_t s = 0; s < table->n_shards; s++) {
		table->shards[s].texts = at;
		at += table->shards[s].texts_size;
	}
	table->pool_size = at;
	table->n_slots = 1;
	while (table->n_slots * 3 < n * 4 + 1) /* a quarter stays empty: searches end there */
		table->n_slots *= 2;
}

struct index_table *index_table_new(struct link *link, const struct index_part *parts, uint32_t n_parts,
				    uint32_t n_cus)
{
	struct index_table *table = calloc(1, sizeof(*table));
	if (!table)
		out_of_memory();
	uint64_t n = 0;
	for (uint32_t i = 0; i < n_parts; i++)
		n += parts[i].names.n;
	table->link = link;
	table->parts = parts;
	table->n_parts = n_parts;
	table->n_cus = n_cus;
	table->n_shards = n < FEW_NAMES ? 1 : MOST_SHARDS;
	table->shift = 58;
	table->counts = calloc((size_t)n_parts * table->n_shards + 1, sizeof(*table->counts));
	table->sorted = calloc(n + 1, sizeof(const struct index_name *));
	if (!table->counts || !table->sorted)
		out_of_memory();
	parallel_for(link->pool, n_parts, 1, count_part, table);
	number_places(table);
	parallel_for(link->pool, n_parts, 1, place_part, table);
	parallel_for(link->pool, table->n_shards, 1, fill_shards, table);
	place_shards(table);
	return table;
}

void index_table_free(struct index_table *table)
{
	for (uint32_t s = 0; s < table->n_shards; s++) {
		array_free(&table->shards[s].entries);
		array_free(&table->shards[s].values);
	}
	free(table->counts);
	free(table->sorted);
	free(table);
}

uint64_t index_table_slots(const struct index_table *table)
{
	return table->n_slots;
}

uint64_t index_table_pool_size(const struct index_table *table)
{
	return table->pool_size;
}

/* ---- writing ---------------------------------------------------------------------------------------------- */

/* Type units come first: of those that have a type of the whole program, gdb looks at the first unit only, and others
 * may just mention it. */
static void write_values(struct index_table *table, struct shard *shard, bool types)
{
	for (uint32_t i = 0; i < shard->values.n; i++) {
		uint32_t unit = shard->values.at[i].unit;
		struct entry *entry = &shard->entries.at[shard->values.at[i].entry];
		if (((unit & UNIT_MASK) >= table->n_cus) == types)
			write32(table->pool + entry->list + 4 + 4ull * entry->n_units++, unit);
	}
}

static void write_shard(struct index_table *table, struct shard *shard)
{
	uint64_t list = shard->lists, text = shard->texts;
	for (uint32_t i = 0; i < shard->entries.n; i++) {
		struct entry *entry = &shard->entries.at[i];
		entry->list = (uint32_t)list;
		entry->text = (uint32_t)text;
		write32(table->pool + list, entry->n_units);
		memcpy(table->pool + text, entry->name.at, entry->name.len);
		table->pool[text + entry->name.len] = 0;
		list += 4 + 4ull * entry->n_units;
		text += entry->name.len + 1;
		entry->n_units = 0; /* how many have been written */
	}
	write_values(table, shard, true);
	write_values(table, shard, false);
}

static void write_shards(void *context, size_t begin, size_t end, unsigned worker)
{
	struct index_table *table = context;
	(void)worker;
	for (size_t s = begin; s < end; s++)
		write_shard(table, &table->shards[s]);
}

/* The sequence of slots that gdb looks at for a name. A list is never empty, so that a used slot is not all zero. */
static void enter(uint8_t *slots, uint32_t mask, const struct entry *entry)
{
	uint32_t at = entry->gdb_hash & mask, step = (entry->gdb_hash * 17 & mask) | 1;
	while (read64(slots + (uint64_t)at * SLOT_SIZE) != 0)
		at = (at + step) & mask;
	write32(slots + (uint64_t)at * SLOT_SIZE, entry->text);
	write32(slots + (uint64_t)at * SLOT_SIZE + 4, entry->list);
}

void index_table_emit(struct link *link, struct index_table *table, uint8_t *symbols, uint8_t *pool)
{
	table->pool = pool;
	parallel_for(link->pool, table->n_shards, 1, write_shards, table);
	memset(symbols, 0, table->n_slots * SLOT_SIZE);
	for (uint32_t s = 0; s < table->n_shards; s++)
		for (uint32_t i = 0; i < table->shards[s].entries.n; i++)
			enter(symbols, (uint32_t)table->n_slots - 1, &table->shards[s].entries.at[i]);
}
