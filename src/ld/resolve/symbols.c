#include "ld/resolve/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* Open addressing, linear probing; a slot holds the hash's low half and, above it, 1 + place in the shard. */
struct shard {
	uint64_t *slots;
	uint32_t mask;
	ARRAY(struct str) names;
};

struct interner {
	unsigned log2_shards;
	struct shard shards[]; /* 1 << log2_shards */
};

enum { MANY_SYMBOLS = 1 << 16, LOG2_MANY_SHARDS = 6, FIRST_SLOTS = 256, INTERN_GRAIN = 1 << 14 };

static unsigned shard_of(const struct interner *interner, uint64_t hash)
{
	return interner->log2_shards ? (unsigned)(hash >> (64 - interner->log2_shards)) : 0;
}

void symbols_init(struct link *link, uint64_t expected)
{
	unsigned log2_shards = expected < MANY_SYMBOLS ? 0 : LOG2_MANY_SHARDS;
	struct interner *interner = calloc(1, sizeof(*interner) + sizeof(struct shard) * (1u << log2_shards));
	if (!interner)
		out_of_memory();
	interner->log2_shards = log2_shards;
	uint64_t slots = FIRST_SLOTS;
	while (slots < 2 * (expected >> log2_shards))
		slots *= 2;
	for (unsigned i = 0; i < 1u << log2_shards; i++) {
		struct shard *shard = &interner->shards[i];
		shard->slots = calloc(slots, sizeof(*shard->slots));
		if (!shard->slots)
			out_of_memory();
		shard->mask = (uint32_t)slots - 1;
		*array_push(&shard->names) = (struct str){"", 0};
	}
	link->interner = interner;
}

void symbols_free(struct link *link)
{
	struct interner *interner = link->interner;
	if (!interner)
		return;
	for (unsigned i = 0; i < 1u << interner->log2_shards; i++) {
		free(interner->shards[i].slots);
		array_free(&interner->shards[i].names);
	}
	free(interner);
	free(link->symbols);
	link->interner = NULL;
	link->symbols = NULL;
}

static void grow(struct shard *shard)
{
	uint32_t mask = shard->mask * 2 + 1;
	uint64_t *slots = calloc((size_t)mask + 1, sizeof(*slots));
	if (!slots)
		out_of_memory();
	for (uint32_t i = 0; i <= shard->mask; i++) {
		if (!shard->slots[i])
			continue;
		uint32_t at = (uint32_t)shard->slots[i] & mask;
		while (slots[at])
			at = (at + 1) & mask;
		slots[at] = shard->slots[i];
	}
	free(shard->slots);
	shard->slots = slots;
	shard->mask = mask;
}

/* Place of the name in the shard, or 0; *at is the slot where it is or belongs. */
static uint32_t find(const struct shard *shard, struct str name, uint64_t hash, uint32_t *at)
{
	for (*at = (uint32_t)hash & shard->mask; shard->slots[*at]; *at = (*at + 1) & shard->mask) {
		if ((uint32_t)shard->slots[*at] != (uint32_t)hash)
			continue;
		uint32_t place = (uint32_t)(shard->slots[*at] >> 32);
		struct str other = shard->names.at[place];
		if (other.len == name.len && memcmp(other.at, name.at, name.len) == 0)
			return place;
	}
	return 0;
}

static uint32_t intern(struct shard *shard, struct str name, uint64_t hash)
{
	uint32_t at;
	uint32_t place = find(shard, name, hash, &at);
	if (place)
		return place;
	place = shard->names.n;
	*array_push(&shard->names) = name;
	shard->slots[at] = (uint64_t)place << 32 | (uint32_t)hash;
	if (shard->names.n > shard->mask / 2)
		grow(shard);
	return place;
}

/* Makes the symbol column as long as the longest shard asks for. */
static void grow_symbols(struct link *link)
{
	struct interner *interner = link->interner;
	uint32_t longest = 0;
	for (unsigned i = 0; i < 1u << interner->log2_shards; i++)
		if (interner->shards[i].names.n > longest)
			longest = interner->shards[i].names.n;
	uint32_t n = longest << interner->log2_shards;
	if (n <= link->n_symbols)
		return;
	link->symbols = realloc(link->symbols, n * sizeof(*link->symbols));
	if (!link->symbols)
		out_of_memory();
	memset(link->symbols + link->n_symbols, 0, (n - link->n_symbols) * sizeof(*link->symbols));
	for (uint32_t i = link->n_symbols; i < n; i++)
		link->symbols[i].owner = OWNER_NONE;
	link->n_symbols = n;
}

struct batch {
	struct interner *interner;
	struct intern_request *requests;
	uint32_t *order;          /* request numbers, by shard */
	const uint64_t *starts;   /* of each shard in `order` */
};

static void intern_shards(void *context, size_t begin, size_t end, unsigned worker)
{
	struct batch *batch = context;
	struct interner *interner = batch->interner;
	(void)worker;
	for (size_t s = begin; s < end; s++)
		for (uint64_t i = batch->starts[s]; i < batch->starts[s + 1]; i++) {
			struct intern_request *request = &batch->requests[batch->order[i]];
			uint32_t place = intern(&interner->shards[s], request->name, request->hash);
			*request->slot = place << interner->log2_shards | (uint32_t)s;
		}
}

void symbols_intern(struct link *link, struct intern_request *requests, uint64_t n)
{
	struct interner *interner = link->interner;
	if (interner->log2_shards == 0) {
		for (uint64_t i = 0; i < n; i++)
			*requests[i].slot = intern(&interner->shards[0], requests[i].name, requests[i].hash);
	} else {
		uint64_t starts[(1 << LOG2_MANY_SHARDS) + 1] = {0}, next[1 << LOG2_MANY_SHARDS];
		uint32_t *order = malloc(max_u64(n, 1) * sizeof(*order));
		if (!order)
			out_of_memory();
		for (uint64_t i = 0; i < n; i++)
			starts[shard_of(interner, requests[i].hash) + 1]++;
		for (unsigned s = 0; s < 1u << LOG2_MANY_SHARDS; s++) {
			starts[s + 1] += starts[s];
			next[s] = starts[s];
		}
		for (uint64_t i = 0; i < n; i++)
			order[next[shard_of(interner, requests[i].hash)]++] = (uint32_t)i;
		struct batch batch = {interner, requests, order, starts};
		parallel_for(link->pool, 1u << LOG2_MANY_SHARDS, n < INTERN_GRAIN ? 1u << LOG2_MANY_SHARDS : 1,
			     intern_shards, &batch);
		free(order);
	}
	grow_symbols(link);
}

symbol_id symbols_intern_one(struct link *link, struct str name)
{
	struct interner *interner = link->interner;
	uint64_t hash = hash_bytes(name.at, name.len);
	unsigned s = shard_of(interner, hash);
	uint32_t place = intern(&interner->shards[s], name, hash);
	grow_symbols(link);
	return place << interner->log2_shards | s;
}

symbol_id symbols_find(const struct link *link, struct str name)
{
	const struct interner *interner = link->interner;
	uint64_t hash = hash_bytes(name.at, name.len);
	unsigned s = shard_of(interner, hash);
	uint32_t at;
	uint32_t place = find(&interner->shards[s], name, hash, &at);
	return place ? place << interner->log2_shards | s : 0;
}

struct str symbol_name(const struct link *link, symbol_id id)
{
	const struct interner *interner = link->interner;
	const struct shard *shard = &interner->shards[id & ((1u << interner->log2_shards) - 1)];
	uint32_t place = id >> interner->log2_shards;
	return place < shard->names.n ? shard->names.at[place] : (struct str){"", 0};
}

struct str symbol_base_name(const struct link *link, symbol_id id)
{
	struct str name = symbol_name(link, id);
	const char *at = memchr(name.at, '@', name.len);
	if (at && at != name.at)
		name.len = (uint32_t)(at - name.at);
	return name;
}
