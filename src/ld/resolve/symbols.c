#include "ld/resolve/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

/* Open addressing, linear probing; a slot holds the hash's low half and, above it, 1 + place in the shard. */
struct shard {
	uint64_t *slots;          /* a part of first_slots, until there are more names than expected: */
	uint64_t *grown;          /* then the same as slots, else NULL */
	uint32_t mask;
	ARRAY(struct str) names;
};

struct interner {
	unsigned log2_shards;
	uint64_t *first_slots;    /* of all shards */
	struct shard shards[]; /* 1 << log2_shards */
};

enum { MANY_SYMBOLS = 1 << 16, LOG2_MANY_SHARDS = 6, FIRST_SLOTS = 256 };

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
	interner->first_slots = memory_zeroed(slots << log2_shards, sizeof(*interner->first_slots));
	for (unsigned i = 0; i < 1u << log2_shards; i++) {
		struct shard *shard = &interner->shards[i];
		shard->slots = interner->first_slots + slots * i;
		shard->mask = (uint32_t)slots - 1;
		shard->names.at = array_reserve(NULL, 0, &shard->names.cap, sizeof(struct str), (uint32_t)slots / 2);
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
		free(interner->shards[i].grown);
		array_free(&interner->shards[i].names);
	}
	free(interner->first_slots);
	free(interner);
	free(link->symbols);
	link->interner = NULL;
	link->symbols = NULL;
}

static void grow(struct shard *shard)
{
	uint32_t mask = shard->mask * 2 + 1;
	uint64_t *slots = memory_zeroed((size_t)mask + 1, sizeof(*slots));
	for (uint32_t i = 0; i <= shard->mask; i++) {
		if (!shard->slots[i])
			continue;
		uint32_t at = (uint32_t)shard->slots[i] & mask;
		while (slots[at])
			at = (at + 1) & mask;
		slots[at] = shard->slots[i];
	}
	free(shard->grown);
	shard->grown = shard->slots = slots;
	shard->mask = mask;
}

/* Place of the name in the shard, or 0; *at is the slot where it is or belongs. */
static uint32_t find(const struct shard *shard, struct str name, uint32_t hash, uint32_t *at)
{
	for (*at = hash & shard->mask; shard->slots[*at]; *at = (*at + 1) & shard->mask) {
		if ((uint32_t)shard->slots[*at] != hash)
			continue;
		uint32_t place = (uint32_t)(shard->slots[*at] >> 32);
		struct str other = shard->names.at[place];
		if (other.len == name.len && memcmp(other.at, name.at, name.len) == 0)
			return place;
	}
	return 0;
}

static uint32_t intern(struct shard *shard, struct str name, uint32_t hash)
{
	uint32_t at;
	uint32_t place = find(shard, name, hash, &at);
	if (place)
		return place;
	place = shard->names.n;
	*array_push(&shard->names) = name;
	shard->slots[at] = (uint64_t)place << 32 | hash;
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
	memory_prefer_huge(link->symbols + link->n_symbols, (n - link->n_symbols) * sizeof(*link->symbols));
	memset(link->symbols + link->n_symbols, 0, (n - link->n_symbols) * sizeof(*link->symbols));
	for (uint32_t i = link->n_symbols; i < n; i++)
		link->symbols[i].owner = OWNER_NONE;
	link->n_symbols = n;
}

/* ---- batches -------------------------------------------------------------------------------------------- */

struct request {
	const char *name;
	uint32_t len, hash;
	symbol_id *slot;
};

/* Requests of one list for one shard, GROUP at a time. */
enum { GROUP = 64 };

struct group {
	struct group *next;
	uint32_t n;
	struct request requests[GROUP];
};

struct bucket {
	struct group *first, *last;
};

/* What a worker's groups are made of; those of the last round are used again. */
struct group_source {
	struct arena arena;
	struct group *unused;
};

struct intern_batch {
	unsigned log2_shards, workers;
	uint32_t n_lists;
	struct bucket *buckets;   /* list << log2_shards | shard */
	struct group_source *sources; /* of the workers */
};

struct intern_batch *intern_batch_new(const struct link *link)
{
	struct intern_batch *batch = memory_zeroed(1, sizeof(*batch));
	batch->log2_shards = link->interner->log2_shards;
	batch->workers = pool_threads(link->pool);
	batch->sources = memory_zeroed(batch->workers, sizeof(*batch->sources));
	return batch;
}

void intern_batch_free(struct intern_batch *batch)
{
	for (unsigned i = 0; i < batch->workers; i++)
		arena_free(&batch->sources[i].arena);
	free(batch->sources);
	free(batch);
}

void intern_batch_begin(struct intern_batch *batch, uint32_t n_lists)
{
	batch->n_lists = n_lists;
	batch->buckets = memory_zeroed((size_t)n_lists << batch->log2_shards, sizeof(*batch->buckets));
}

static struct group *new_group(struct group_source *source)
{
	struct group *group = source->unused;
	if (group)
		source->unused = group->next;
	else
		group = arena_new(&source->arena, struct group);
	group->next = NULL;
	group->n = 0;
	return group;
}

void intern_batch_add(struct intern_batch *batch, uint32_t list, struct str name, symbol_id *slot, unsigned worker)
{
	uint64_t hash = hash_bytes(name.at, name.len);
	unsigned shard = batch->log2_shards ? (unsigned)(hash >> (64 - batch->log2_shards)) : 0;
	struct bucket *bucket = &batch->buckets[(size_t)list << batch->log2_shards | shard];
	if (!bucket->last || bucket->last->n == GROUP) {
		struct group *group = new_group(&batch->sources[worker]);
		*(bucket->last ? &bucket->last->next : &bucket->first) = group;
		bucket->last = group;
	}
	bucket->last->requests[bucket->last->n++] = (struct request){name.at, name.len, (uint32_t)hash, slot};
}

/* Every step of a lookup waits for memory: the slot, the name it stands for, the text of that name. A group takes each
 * step together, so that the waits overlap. */
static void fetch_group(const struct shard *shard, const struct group *group)
{
	uint32_t places[GROUP];
	for (uint32_t i = 0; i < group->n; i++) {
		__builtin_prefetch(&shard->slots[group->requests[i].hash & shard->mask]);
		__builtin_prefetch(group->requests[i].name);
	}
	for (uint32_t i = 0; i < group->n; i++) {
		uint32_t hash = group->requests[i].hash, at = hash & shard->mask;
		while (shard->slots[at] && (uint32_t)shard->slots[at] != hash)
			at = (at + 1) & shard->mask;
		places[i] = (uint32_t)(shard->slots[at] >> 32);
		__builtin_prefetch(&shard->names.at[places[i]]);
	}
	for (uint32_t i = 0; i < group->n; i++)
		__builtin_prefetch(shard->names.at[places[i]].at);
}

struct interning {
	struct interner *interner;
	const struct intern_batch *batch;
};

static void intern_shards(void *context, size_t begin, size_t end, unsigned worker)
{
	struct interning *interning = context;
	struct interner *interner = interning->interner;
	const struct intern_batch *batch = interning->batch;
	(void)worker;
	for (size_t s = begin; s < end; s++)
		for (uint32_t list = 0; list < batch->n_lists; list++) {
			const struct group *group = batch->buckets[(size_t)list << batch->log2_shards | s].first;
			for (; group; group = group->next) {
				fetch_group(&interner->shards[s], group);
				for (uint32_t i = 0; i < group->n; i++) {
					const struct request *request = &group->requests[i];
					struct str name = {request->name, request->len};
					uint32_t place = intern(&interner->shards[s], name, request->hash);
					*request->slot = place << interner->log2_shards | (uint32_t)s;
				}
			}
		}
}

void intern_batch_run(struct link *link, struct intern_batch *batch)
{
	struct interning interning = {link->interner, batch};
	parallel_for(link->pool, (size_t)1 << batch->log2_shards, 1, intern_shards, &interning);
	grow_symbols(link);
	for (size_t i = 0; i < (size_t)batch->n_lists << batch->log2_shards; i++) {
		struct bucket *bucket = &batch->buckets[i];
		struct group_source *source = &batch->sources[i % batch->workers];
		if (!bucket->last)
			continue;
		bucket->last->next = source->unused;
		source->unused = bucket->first;
	}
	free(batch->buckets);
}

symbol_id symbols_intern_one(struct link *link, struct str name)
{
	struct interner *interner = link->interner;
	uint64_t hash = hash_bytes(name.at, name.len);
	unsigned s = shard_of(interner, hash);
	uint32_t place = intern(&interner->shards[s], name, (uint32_t)hash);
	grow_symbols(link);
	return place << interner->log2_shards | s;
}

symbol_id symbols_find(const struct link *link, struct str name)
{
	const struct interner *interner = link->interner;
	uint64_t hash = hash_bytes(name.at, name.len);
	unsigned s = shard_of(interner, hash);
	uint32_t at;
	uint32_t place = find(&interner->shards[s], name, (uint32_t)hash, &at);
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
