#include "base/intern.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/memory.h"

enum { FIRST_SLOTS = 256 };

/* Bytes of a table's block. */
static size_t block_size(uint32_t mask)
{
	size_t slots = (size_t)mask + 1;
	return slots * sizeof(uint64_t) + slots / 2 * sizeof(struct interned);
}

static void use_block(struct intern_table *table, void *block, uint32_t mask)
{
	table->slots = block;
	table->strings = (struct interned *)(table->slots + mask + 1);
	table->mask = mask;
}

/* ---- tables --------------------------------------------------------------------------------------------- */

void intern_set_begin(struct intern_set *set, const struct intern_space *spaces, uint32_t n)
{
	size_t size = 0;
	*set = (struct intern_set){0};
	for (uint32_t i = 0; i < n; i++)
		set->n += 1u << spaces[i].log2_tables;
	set->tables = memory_zeroed(set->n, sizeof(*set->tables));
	struct intern_table *table = set->tables;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t slots = FIRST_SLOTS;
		while (slots < 2 * (spaces[i].expected >> spaces[i].log2_tables) && slots < 1u << 31)
			slots *= 2;
		for (uint32_t number = 0; number < 1u << spaces[i].log2_tables; number++) {
			*table++ = (struct intern_table){
				.mask = slots - 1, .n = 1, .number = number, .log2_tables = spaces[i].log2_tables};
			size += block_size(slots - 1);
		}
	}
	uint8_t *block = set->blocks = memory_zeroed(size, 1);
	for (uint32_t i = 0; i < set->n; i++) {
		use_block(&set->tables[i], block, set->tables[i].mask);
		block += block_size(set->tables[i].mask);
	}
}

void intern_set_free(struct intern_set *set)
{
	for (uint32_t i = 0; i < set->n; i++)
		if (set->tables[i].has_grown)
			free(set->tables[i].slots);
	free(set->tables);
	free(set->blocks);
	free(set->ids);
	*set = (struct intern_set){0};
}

static void grow(struct intern_table *table)
{
	struct intern_table old = *table;
	uint32_t mask = old.mask * 2 + 1;
	use_block(table, memory_zeroed(block_size(mask), 1), mask);
	memory_touch(table->slots, ((size_t)mask + 1) * sizeof(*table->slots));
	memcpy(table->strings, old.strings, old.n * sizeof(*old.strings));
	for (uint32_t i = 0; i <= old.mask; i++) {
		if (!old.slots[i])
			continue;
		uint32_t at = (uint32_t)old.slots[i] & mask;
		while (table->slots[at])
			at = (at + 1) & mask;
		table->slots[at] = old.slots[i];
	}
	if (old.has_grown)
		free(old.slots);
	table->has_grown = true;
}

/* Place of the string, or 0; *at is the slot where it is or belongs. */
static inline uint32_t find(const struct intern_table *table, struct interned string, uint32_t hash, uint32_t *at)
{
	for (*at = hash & table->mask; table->slots[*at]; *at = (*at + 1) & table->mask) {
		if ((uint32_t)table->slots[*at] != hash)
			continue;
		uint32_t place = (uint32_t)(table->slots[*at] >> 32);
		struct interned other = table->strings[place];
		if (other.size == string.size && memcmp(other.at, string.at, string.size) == 0)
			return place;
	}
	return 0;
}

static uint32_t id_of(const struct intern_table *table, uint32_t place)
{
	return place << table->log2_tables | table->number;
}

uint32_t intern_one(struct intern_table *table, struct interned string, uint32_t hash)
{
	uint32_t at;
	uint32_t place = find(table, string, hash, &at);
	if (place)
		return id_of(table, place);
	if (table->n > table->mask / 2) {
		grow(table);
		find(table, string, hash, &at);
	}
	place = table->n++;
	table->strings[place] = string;
	table->slots[at] = (uint64_t)place << 32 | hash;
	return id_of(table, place);
}

uint32_t intern_find(const struct intern_table *table, struct interned string, uint32_t hash)
{
	uint32_t at;
	uint32_t place = find(table, string, hash, &at);
	return place ? id_of(table, place) : 0;
}

/* ---- numbers -------------------------------------------------------------------------------------------- */

void intern_set_number(struct intern_set *set, uint32_t expected)
{
	set->n_numbers = 1;
	set->numbers_capacity = expected + 1;
	set->ids = memory_zeroed(set->numbers_capacity, sizeof(*set->ids));
}

/* Makes room for `n` more numbers. */
static void reserve_numbers(struct intern_set *set, uint32_t n)
{
	if (n <= set->numbers_capacity - set->n_numbers)
		return;
	uint32_t *old = set->ids;
	set->numbers_capacity = set->n_numbers + n + (set->n_numbers + n) / 2;
	set->ids = memory_zeroed(set->numbers_capacity, sizeof(*set->ids));
	memcpy(set->ids, old, set->n_numbers * sizeof(*old));
	free(old);
}

static uint32_t *number_of(const struct intern_set *set, uint32_t id)
{
	const struct intern_table *table = &set->tables[id & (set->n - 1)];
	return &table->strings[id >> table->log2_tables].number;
}

uint32_t intern_number(struct intern_set *set, uint32_t id)
{
	uint32_t *number = number_of(set, id);
	if (!*number) {
		reserve_numbers(set, 1);
		*number = set->n_numbers++;
		set->ids[*number] = id;
	}
	return *number;
}

/* ---- batches -------------------------------------------------------------------------------------------- */

struct request {
	const void *at;
	uint32_t size, hash;
	uint32_t order;           /* in its list */
};

/* Requests of one list for one table, GROUP at a time. */
enum { GROUP = 32 };

struct group {
	struct group *next;
	uint32_t n;
	struct request requests[GROUP];
};

struct bucket {
	struct group *first, *last;
	uint32_t n_new;           /* strings that the list was the first to bring to the table */
};

/* A list's requests, in their order: where the answers go, and the answers. */
struct list {
	_Alignas(CACHE_LINE) ARRAY(uint32_t *) slots; /* by the thread that fills the list */
	uint32_t *answers;        /* an id, or a number; UNNUMBERED | id: the string has no number yet */
	uint32_t n_answers;       /* there is room for */
	uint32_t next_number;
	bool waits;               /* for numbers that another list gives */
};

/* In answers; and in a string's number: UNNUMBERED | the list that brought it first, which will number it. */
#define UNNUMBERED (1u << 31)

/* What a worker's groups are made of; those of the last round are used again. */
struct group_source {
	struct arena arena;
	struct group *unused;
};

struct intern_batch {
	struct intern_set *set;
	struct pool *pool;
	uint32_t n_lists;
	struct bucket *buckets;   /* of each list for each table */
	struct list *lists;
	uint32_t n_lists_made;    /* n_lists and more: of earlier rounds */
	struct group_source *sources; /* of the workers */
};

struct intern_batch *intern_batch_new(struct intern_set *set, struct pool *pool)
{
	struct intern_batch *batch = memory_zeroed(1, sizeof(*batch));
	*batch = (struct intern_batch){
		.set = set, .pool = pool, .sources = memory_zeroed(pool_threads(pool), sizeof(*batch->sources))};
	return batch;
}

void intern_batch_free(struct intern_batch *batch)
{
	for (unsigned i = 0; i < pool_threads(batch->pool); i++)
		arena_free(&batch->sources[i].arena);
	for (uint32_t i = 0; i < batch->n_lists_made; i++) {
		array_free(&batch->lists[i].slots);
		free(batch->lists[i].answers);
	}
	free(batch->lists);
	free(batch->sources);
	free(batch);
}

static void make_lists(struct intern_batch *batch, uint32_t n)
{
	struct list *lists = memory_lines(n * sizeof(*lists));
	if (batch->n_lists_made)
		memcpy(lists, batch->lists, batch->n_lists_made * sizeof(*lists));
	free(batch->lists);
	batch->lists = lists;
	batch->n_lists_made = n;
}

void intern_batch_begin(struct intern_batch *batch, uint32_t n_lists)
{
	batch->n_lists = n_lists;
	batch->buckets = memory_zeroed((size_t)n_lists * batch->set->n, sizeof(*batch->buckets));
	if (n_lists > batch->n_lists_made)
		make_lists(batch, n_lists);
	for (uint32_t i = 0; i < n_lists; i++)
		batch->lists[i].slots.n = 0;
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

void intern_batch_add(struct intern_batch *batch, uint32_t list, uint32_t table, struct interned string, uint32_t hash,
		      uint32_t *id, unsigned worker)
{
	struct bucket *bucket = &batch->buckets[(size_t)list * batch->set->n + table];
	uint32_t order = batch->lists[list].slots.n;
	*array_push(&batch->lists[list].slots) = id;
	if (!bucket->last || bucket->last->n == GROUP) {
		struct group *group = new_group(&batch->sources[worker]);
		*(bucket->last ? &bucket->last->next : &bucket->first) = group;
		bucket->last = group;
	}
	bucket->last->requests[bucket->last->n++] = (struct request){string.at, string.size, hash, order};
}

static inline void fetch_text(const void *at, uint32_t size)
{
	__builtin_prefetch(at);
	__builtin_prefetch((const void *)((uintptr_t)at + size)); /* at is NULL where there is no text */
}

/* Every step of a lookup waits for memory: the slot, the string it stands for, the text of that string. A group takes
 * each step together, so that the waits overlap. */
static void fetch_group(const struct intern_table *table, const struct group *group)
{
	uint32_t places[GROUP];
	for (uint32_t i = 0; i < group->n; i++) {
		__builtin_prefetch(&table->slots[group->requests[i].hash & table->mask]);
		fetch_text(group->requests[i].at, group->requests[i].size);
	}
	for (uint32_t i = 0; i < group->n; i++) {
		uint32_t hash = group->requests[i].hash, at = hash & table->mask;
		while (table->slots[at] && (uint32_t)table->slots[at] != hash)
			at = (at + 1) & table->mask;
		places[i] = (uint32_t)(table->slots[at] >> 32);
		__builtin_prefetch(&table->strings[places[i]]);
	}
	for (uint32_t i = 0; i < group->n; i++)
		fetch_text(table->strings[places[i]].at, table->strings[places[i]].size);
}

/* A single table brings the strings in the order of the lists: they get their numbers at once. */
static void run_bucket(struct intern_batch *batch, struct intern_table *table, uint32_t list, struct bucket *bucket)
{
	struct intern_set *set = batch->set;
	const bool numbered = set->ids, single = set->n == 1;
	uint32_t *answers = batch->lists[list].answers, before = table->n;
	for (const struct group *group = bucket->first; group; group = group->next) {
		fetch_group(table, group);
		for (uint32_t i = 0; i < group->n; i++) {
			const struct request *request = &group->requests[i];
			struct interned string = {.at = request->at, .size = request->size};
			uint32_t answer = intern_one(table, string, request->hash);
			if (numbered && single) {
				answer = intern_number(set, answer);
			} else if (numbered) {
				uint32_t *number = number_of(set, answer);
				if (!*number)
					*number = UNNUMBERED | list;
				answer = *number & UNNUMBERED ? UNNUMBERED | answer : *number;
			}
			answers[request->order] = answer;
		}
	}
	bucket->n_new = table->n - before;
}

static void run_tables(void *context, size_t begin, size_t end, unsigned worker)
{
	struct intern_batch *batch = context;
	(void)worker;
	for (size_t t = begin; t < end; t++) {
		struct intern_table *table = &batch->set->tables[t];
		if (!table->is_touched)
			memory_touch(table->slots, ((size_t)table->mask + 1) * sizeof(*table->slots));
		table->is_touched = true;
		for (uint32_t list = 0; list < batch->n_lists; list++)
			run_bucket(batch, table, list, &batch->buckets[(size_t)list * batch->set->n + t]);
	}
}

/* Numbers what the lists were the first to bring. Gives all answers but those that wait for another list. */
static void number_lists(void *context, size_t begin, size_t end, unsigned worker)
{
	struct intern_batch *batch = context;
	(void)worker;
	for (size_t l = begin; l < end; l++) {
		struct list *list = &batch->lists[l];
		list->waits = false;
		for (uint32_t i = 0; i < list->slots.n; i++) {
			uint32_t *answer = &list->answers[i];
			if (*answer & UNNUMBERED) {
				uint32_t id = *answer & ~UNNUMBERED, *number = number_of(batch->set, id);
				/* where it is another list's, that list's thread may be about to change it */
				if (__atomic_load_n(number, __ATOMIC_RELAXED) != (UNNUMBERED | (uint32_t)l)) {
					list->waits = true;
					continue;
				}
				batch->set->ids[list->next_number] = id;
				*answer = list->next_number++;
				__atomic_store_n(number, *answer, __ATOMIC_RELAXED);
			}
			*list->slots.at[i] = *answer;
		}
	}
}

static void give_late_answers(void *context, size_t begin, size_t end, unsigned worker)
{
	struct intern_batch *batch = context;
	(void)worker;
	for (size_t l = begin; l < end; l++) {
		const struct list *list = &batch->lists[l];
		for (uint32_t i = 0; list->waits && i < list->slots.n; i++)
			if (list->answers[i] & UNNUMBERED)
				*list->slots.at[i] = *number_of(batch->set, list->answers[i] & ~UNNUMBERED);
	}
}

static void give_answers(void *context, size_t begin, size_t end, unsigned worker)
{
	struct intern_batch *batch = context;
	(void)worker;
	for (size_t l = begin; l < end; l++) {
		const struct list *list = &batch->lists[l];
		for (uint32_t i = 0; i < list->slots.n; i++)
			*list->slots.at[i] = list->answers[i];
	}
}

/* Numbers what is new, list by list, and gives the answers. */
static void number_new(struct intern_batch *batch)
{
	struct intern_set *set = batch->set;
	uint32_t n = 0;
	for (uint32_t list = 0; list < batch->n_lists; list++) {
		batch->lists[list].next_number = set->n_numbers + n;
		for (uint32_t t = 0; t < set->n; t++)
			n += batch->buckets[(size_t)list * set->n + t].n_new;
	}
	reserve_numbers(set, n);
	parallel_for(batch->pool, batch->n_lists, 1, number_lists, batch);
	parallel_for(batch->pool, batch->n_lists, 1, give_late_answers, batch);
	set->n_numbers += n;
}

static void reserve_answers(struct list *list)
{
	if (list->slots.n <= list->n_answers)
		return;
	free(list->answers);
	list->n_answers = list->slots.n + list->slots.n / 4;
	list->answers = malloc(list->n_answers * sizeof(*list->answers));
	if (!list->answers)
		out_of_memory();
}

void intern_batch_run(struct intern_batch *batch)
{
	unsigned workers = pool_threads(batch->pool);
	for (uint32_t i = 0; i < batch->n_lists; i++)
		reserve_answers(&batch->lists[i]);
	parallel_for(batch->pool, batch->set->n, 1, run_tables, batch);
	if (batch->set->ids && batch->set->n > 1)
		number_new(batch);
	else
		parallel_for(batch->pool, batch->n_lists, 1, give_answers, batch);
	for (size_t i = 0; i < (size_t)batch->n_lists * batch->set->n; i++) {
		struct bucket *bucket = &batch->buckets[i];
		struct group_source *source = &batch->sources[i % workers];
		if (!bucket->last)
			continue;
		bucket->last->next = source->unused;
		source->unused = bucket->first;
	}
	free(batch->buckets);
}
