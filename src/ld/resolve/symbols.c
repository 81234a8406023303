#include "ld/resolve/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

static uint32_t table_of(const struct link *link, uint64_t hash)
{
	unsigned log2_tables = link->names.tables[0].log2_tables;
	return log2_tables ? (uint32_t)(hash >> (64 - log2_tables)) : 0;
}

/* Small links have one table. Others have as many as threads may want, and more when that lets a table's slots and
 * strings fit into the processor's second cache. */
static uint8_t log2_tables_for(uint64_t mentions, uint64_t names)
{
	enum { FEW_MENTIONS = 1 << 16, LEAST = 6, MOST = 10, TABLE_NAMES = 1 << 14 };
	uint8_t log2_tables = LEAST;
	if (mentions < FEW_MENTIONS)
		return 0;
	while (log2_tables < MOST && names >> log2_tables > TABLE_NAMES)
		log2_tables++;
	return log2_tables;
}

void symbols_init(struct link *link, uint64_t mentions, uint64_t strong)
{
	enum { OFTEN = 4 }; /* a guess: how often a name comes */
	uint64_t n = max_u64(mentions / OFTEN, strong + strong / 64);
	struct intern_space names = {log2_tables_for(mentions, n), n};
	intern_set_begin(&link->names, &names, 1);
	intern_set_number(&link->names, (uint32_t)min_u64(mentions, UINT32_MAX / 2));
	link->symbols_capacity = (uint32_t)min_u64(mentions, UINT32_MAX);
	link->symbols = memory_zeroed(link->symbols_capacity, sizeof(*link->symbols));
}

void symbols_free(struct link *link)
{
	intern_set_free(&link->names);
	free(link->symbols);
	link->symbols = NULL;
}

static void init_symbols(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	(void)worker;
	for (size_t i = link->n_symbols + begin; i < link->n_symbols + end; i++)
		link->symbols[i].owner = OWNER_NONE;
}

/* Makes the symbol column as long as there are names. */
static void grow_symbols(struct link *link)
{
	enum { GRAIN = 1 << 16 };
	uint32_t n = link->names.n_numbers;
	if (n <= link->n_symbols)
		return;
	if (n > link->symbols_capacity) {
		struct symbol *old = link->symbols;
		link->symbols_capacity = n + n / 2;
		link->symbols = memory_zeroed(link->symbols_capacity, sizeof(*link->symbols));
		memcpy(link->symbols, old, link->n_symbols * sizeof(*old));
		free(old);
	}
	parallel_for(link->pool, n - link->n_symbols, GRAIN, init_symbols, link);
	link->n_symbols = n;
}

void symbols_add(struct intern_batch *batch, const struct link *link, uint32_t list, struct str name, symbol_id *slot,
		 unsigned worker)
{
	uint64_t hash = hash_bytes(name.at, name.len);
	intern_batch_add(batch, list, table_of(link, hash), (struct interned){.at = name.at, .size = name.len}, (uint32_t)hash, slot,
			 worker);
}

void symbols_run(struct link *link, struct intern_batch *batch)
{
	intern_batch_run(batch);
	grow_symbols(link);
}

symbol_id symbols_intern_one(struct link *link, struct str name)
{
	uint64_t hash = hash_bytes(name.at, name.len);
	struct intern_table *table = &link->names.tables[table_of(link, hash)];
	uint32_t name_id = intern_one(table, (struct interned){.at = name.at, .size = name.len}, (uint32_t)hash);
	symbol_id symbol = intern_number(&link->names, name_id);
	grow_symbols(link);
	return symbol;
}

symbol_id symbols_find(const struct link *link, struct str name)
{
	uint64_t hash = hash_bytes(name.at, name.len);
	const struct intern_table *table = &link->names.tables[table_of(link, hash)];
	uint32_t name_id = intern_find(table, (struct interned){.at = name.at, .size = name.len}, (uint32_t)hash);
	return table->strings[name_id >> table->log2_tables].number;
}

struct str symbol_name(const struct link *link, symbol_id id)
{
	if (id == 0 || id >= link->names.n_numbers)
		return (struct str){"", 0};
	uint32_t name_id = link->names.ids[id];
	const struct intern_table *table = &link->names.tables[name_id & (link->names.n - 1)];
	const struct interned *name = &table->strings[name_id >> table->log2_tables];
	return (struct str){name->at, name->size};
}

struct str symbol_base_name(const struct link *link, symbol_id id)
{
	struct str name = symbol_name(link, id);
	const char *at = memchr(name.at, '@', name.len);
	if (at && at != name.at)
		name.len = (uint32_t)(at - name.at);
	return name;
}
