#include "ld/prune/icf_partition.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/sort.h"

enum {
	VERTEX_GRAIN = 256,
	CLASS_GRAIN = 32,
	HASH_GRAIN = 1 << 12,
};

/* Members [begin, end) are one class; the first one is the smallest. */
struct class {
	uint32_t begin, end;
};

struct worker {
	struct arena arena;      /* what summaries point to */
	struct references references;
	ARRAY(struct sort_item) keyed; /* vertices by the classes they refer to */
	ARRAY(uint32_t) targets; /* and other lists of vertices */
};

/* What icf_collect() says of a vertex. */
struct summary {
	const struct reference *references;
	const uint32_t *edges;   /* vertices */
	uint32_t n_references, n_edges;
};

struct partition {
	const struct icf_graph *graph;
	struct worker *workers;
	struct sort_item *hashes; /* and whose: of everything but edges; of fewer and fewer vertices */
	struct summary *summaries; /* by vertex, of those whose bytes another one may have, too */
	uint32_t *classes;       /* by vertex: the first vertex of its class */
	uint32_t *next;          /* the same after this round, for vertices in members[] */
	uint32_t *members;       /* of classes with two members and more */
	uint32_t n_members;
	ARRAY(struct class) groups;
	_Atomic uint64_t *once, *twice; /* bits by hash: some vertex has it, another one, too */
	uint64_t mask;
	_Atomic bool changed;
};

/* ---- equal in themselves ---------------------------------------------------------------------------------- */

static void hash_contents(void *context, size_t begin, size_t end, unsigned worker)
{
	struct partition *partition = context;
	(void)worker;
	for (size_t i = begin; i < end; i++) {
		struct bytes content = icf_content(partition->graph, (uint32_t)i + 1);
		partition->hashes[i] = (struct sort_item){hash_bytes(content.data, content.size), i + 1};
	}
}

static void hash_references(void *context, size_t begin, size_t end, unsigned worker)
{
	struct partition *partition = context;
	struct references *references = &partition->workers[worker].references;
	struct arena *arena = &partition->workers[worker].arena;
	for (size_t i = begin; i < end; i++) {
		struct sort_item *item = &partition->hashes[i];
		icf_collect(partition->graph, (uint32_t)item->value, references);
		item->key ^= hash_bytes(references->list.at, references->list.n * sizeof(*references->list.at));
		partition->summaries[item->value] = (struct summary){
			.references = arena_dup(arena, struct reference, references->list.at, references->list.n),
			.edges = arena_dup(arena, uint32_t, references->vertices.at, references->vertices.n),
			.n_references = references->list.n,
			.n_edges = references->vertices.n,
		};
	}
}

static void note_hashes(void *context, size_t begin, size_t end, unsigned worker)
{
	struct partition *partition = context;
	(void)worker;
	for (size_t i = begin; i < end; i++) {
		uint64_t hash = partition->hashes[i].key, bit = 1ull << (hash & 63);
		uint64_t word = (hash & partition->mask) / 64;
		if (atomic_fetch_or_explicit(&partition->once[word], bit, memory_order_relaxed) & bit)
			atomic_fetch_or_explicit(&partition->twice[word], bit, memory_order_relaxed);
	}
}

/* Keeps those of the first n hashes that may be somebody else's, too; returns how many. Most vertices are like no
 * other. */
static uint32_t drop_single(struct partition *partition, uint32_t n)
{
	uint64_t bits = 1 << 12;
	while (bits < 8ull * n)
		bits *= 2;
	partition->mask = bits - 1;
	partition->once = memory_zeroed(bits / 64, sizeof(*partition->once));
	partition->twice = memory_zeroed(bits / 64, sizeof(*partition->twice));
	parallel_for(partition->graph->link->pool, n, HASH_GRAIN, note_hashes, partition);
	uint32_t kept = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t hash = partition->hashes[i].key;
		if (partition->twice[(hash & partition->mask) / 64] >> (hash & 63) & 1)
			partition->hashes[kept++] = partition->hashes[i];
	}
	free(partition->once);
	free(partition->twice);
	return kept;
}

/* Makes classes of vertices whose bytes and references have equal hashes. */
static void group_by_hash(struct partition *partition)
{
	const struct icf_graph *graph = partition->graph;
	struct pool *pool = graph->link->pool;
	parallel_for(pool, graph->n, VERTEX_GRAIN, hash_contents, partition);
	uint32_t n = drop_single(partition, graph->n);
	parallel_for(pool, n, VERTEX_GRAIN, hash_references, partition);
	n = drop_single(partition, n);
	sort_by_key(partition->hashes, n); /* vertices with equal keys stay in order */
	const struct sort_item *sorted = partition->hashes;
	partition->members = memory_zeroed(n, sizeof(*partition->members));
	for (uint32_t i = 0; i < n;) {
		uint32_t begin = i;
		while (++i < n && sorted[i].key == sorted[begin].key)
			;
		if (i - begin < 2)
			continue;
		*array_push(&partition->groups) =
			(struct class){partition->n_members, partition->n_members + i - begin};
		for (uint32_t m = begin; m < i; m++)
			partition->members[partition->n_members++] = (uint32_t)sorted[m].value;
	}
}

static bool is_equal(const struct partition *partition, uint32_t a, uint32_t b)
{
	const struct summary *x = &partition->summaries[a], *y = &partition->summaries[b];
	struct bytes p = icf_content(partition->graph, a), q = icf_content(partition->graph, b);
	return x->n_references == y->n_references && x->n_edges == y->n_edges && p.size == q.size &&
	       memcmp(x->references, y->references, x->n_references * sizeof(*x->references)) == 0 &&
	       memcmp(p.data, q.data, p.size) == 0 && icf_unwind_equal(partition->graph, a, b);
}

/* Compares the members of a class with its first one. Those that only have its hash go to the end and stay alone: that
 * costs a fold, once in 2^64 pairs. */
static void confirm_classes(void *context, size_t begin, size_t end, unsigned worker)
{
	struct partition *partition = context;
	struct worker *scratch = &partition->workers[worker];
	for (size_t c = begin; c < end; c++) {
		const struct class *class = &partition->groups.at[c];
		uint32_t leader = partition->members[class->begin];
		partition->next[leader] = leader;
		uint32_t to = class->begin + 1;
		scratch->targets.n = 0;
		for (uint32_t m = class->begin + 1; m < class->end; m++) {
			uint32_t vertex = partition->members[m];
			bool equal = is_equal(partition, leader, vertex);
			partition->next[vertex] = equal ? leader : vertex;
			if (equal)
				partition->members[to++] = vertex;
			else
				*array_push(&scratch->targets) = vertex;
		}
		for (uint32_t i = 0; i < scratch->targets.n; i++)
			partition->members[to + i] = scratch->targets.at[i];
	}
}

/* ---- rounds ------------------------------------------------------------------------------------------------ */

/* Classes are what `next` says. Drops those with one member. */
static void take_over(struct partition *partition)
{
	uint32_t *members = partition->members, n = 0;
	for (uint32_t m = 0; m < partition->n_members; m++)
		partition->classes[members[m]] = partition->next[members[m]];
	partition->groups.n = 0;
	for (uint32_t m = 0; m < partition->n_members;) {
		uint32_t begin = m, leader = partition->classes[members[begin]], kept = n;
		while (m < partition->n_members && partition->classes[members[m]] == leader)
			members[n++] = members[m++];
		if (m - begin < 2) {
			n = kept;
			continue;
		}
		*array_push(&partition->groups) = (struct class){kept, n};
	}
	partition->n_members = n;
}

/* The classes that a vertex refers to are those that another one of its class refers to. */
static bool refers_equally(const struct partition *partition, uint32_t a, uint32_t b)
{
	const struct summary *x = &partition->summaries[a], *y = &partition->summaries[b];
	for (uint32_t i = 0; i < x->n_edges; i++)
		if (partition->classes[x->edges[i]] != partition->classes[y->edges[i]])
			return false;
	return true;
}

static uint64_t hash_targets(const struct partition *partition, struct worker *scratch, uint32_t vertex)
{
	const struct summary *summary = &partition->summaries[vertex];
	scratch->targets.n = 0;
	for (uint32_t i = 0; i < summary->n_edges; i++)
		*array_push(&scratch->targets) = partition->classes[summary->edges[i]];
	return hash_bytes(scratch->targets.at, scratch->targets.n * sizeof(*scratch->targets.at));
}

/* Cuts a class into those that refer to the same classes. */
static void split_class(struct partition *partition, const struct class *class, struct worker *scratch)
{
	scratch->keyed.n = 0;
	for (uint32_t m = class->begin; m < class->end; m++) {
		uint32_t vertex = partition->members[m];
		uint64_t key = hash_targets(partition, scratch, vertex);
		*array_push(&scratch->keyed) = (struct sort_item){key, vertex};
	}
	sort_by_key(scratch->keyed.at, scratch->keyed.n);
	const struct sort_item *keyed = scratch->keyed.at;
	uint32_t to = class->begin;
	for (uint32_t i = 0; i < scratch->keyed.n;) {
		uint32_t begin = i, leader = (uint32_t)keyed[begin].value;
		for (; i < scratch->keyed.n && keyed[i].key == keyed[begin].key; i++) {
			uint32_t vertex = (uint32_t)keyed[i].value;
			if (!refers_equally(partition, leader, vertex))
				continue;
			partition->members[to++] = vertex;
			partition->next[vertex] = leader;
		}
		for (uint32_t m = begin; m < i; m++) { /* the hash is equal, the classes are not: as above */
			uint32_t vertex = (uint32_t)keyed[m].value;
			if (refers_equally(partition, leader, vertex))
				continue;
			partition->members[to++] = vertex;
			partition->next[vertex] = vertex;
		}
	}
}

static void split_classes(void *context, size_t begin, size_t end, unsigned worker)
{
	struct partition *partition = context;
	for (size_t c = begin; c < end; c++) {
		const struct class *class = &partition->groups.at[c];
		uint32_t leader = partition->members[class->begin], m = class->begin + 1;
		while (m < class->end && refers_equally(partition, leader, partition->members[m]))
			m++;
		if (m == class->end)
			continue;
		split_class(partition, class, &partition->workers[worker]);
		atomic_store_explicit(&partition->changed, true, memory_order_relaxed);
	}
}

void icf_partition(const struct icf_graph *graph, uint32_t *classes)
{
	struct pool *pool = graph->link->pool;
	size_t slots = (size_t)graph->n + 1;
	struct partition partition = {.graph = graph, .classes = classes};
	partition.workers = memory_zeroed(pool_threads(pool), sizeof(*partition.workers));
	partition.hashes = memory_zeroed(slots, sizeof(*partition.hashes));
	partition.summaries = memory_zeroed(slots, sizeof(*partition.summaries));
	partition.next = memory_zeroed(slots, sizeof(*partition.next));
	for (uint32_t v = 0; v <= graph->n; v++)
		classes[v] = v;
	group_by_hash(&partition);
	parallel_for(pool, partition.groups.n, CLASS_GRAIN, confirm_classes, &partition);
	do {
		take_over(&partition);
		partition.changed = false;
		parallel_for(pool, partition.groups.n, CLASS_GRAIN, split_classes, &partition);
	} while (partition.changed);
	for (unsigned w = 0; w < pool_threads(pool); w++) {
		arena_free(&partition.workers[w].arena);
		icf_references_free(&partition.workers[w].references);
		array_free(&partition.workers[w].keyed);
		array_free(&partition.workers[w].targets);
	}
	free(partition.workers);
	free(partition.hashes);
	free(partition.summaries);
	free(partition.next);
	free(partition.members);
	array_free(&partition.groups);
}
