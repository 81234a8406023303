#include "ld/prune/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

enum { MANY_BYTES = 1 << 20, LOG2_MANY_SHARDS = 4 };

/* Length of the string at `at` with its terminator, `entsize` bytes a character; 0 when it does not end before
 * `end`. */
static uint64_t string_length(const uint8_t *at, const uint8_t *end, uint64_t entsize)
{
	if (entsize == 1) {
		const uint8_t *nul = memchr(at, 0, (size_t)(end - at));
		return nul ? (uint64_t)(nul - at) + 1 : 0;
	}
	for (const uint8_t *c = at; (uint64_t)(end - c) >= entsize; c += entsize) {
		uint64_t i = 0;
		while (i < entsize && c[i] == 0)
			i++;
		if (i == entsize)
			return (uint64_t)(c - at) + entsize;
	}
	return 0;
}

/* Cuts a section into pieces; false when its last string has no end. */
static bool split(struct link *link, struct merge_section *merged, struct arena *arena)
{
	enum { BLOCK = 1 << MERGE_BLOCK_SHIFT };
	const struct elf_shdr *shdr = section_shdr(link, merged->section);
	struct bytes content = elf_section_bytes(&file_of(link, section_of(link, merged->section)->file)->elf,
						 section_number(link, merged->section));
	const uint8_t *end = content.data + content.size;
	merged->content = content;
	bool strings = shdr->sh_flags & SHF_STRINGS;
	for (int pass = 0; pass < 2; pass++) {
		uint32_t n = 0, n_blocks = 0;
		for (const uint8_t *at = content.data; at < end; n++) {
			uint64_t len = strings ? string_length(at, end, shdr->sh_entsize) : shdr->sh_entsize;
			if (len == 0)
				return false;
			if (pass) {
				merged->pieces[n].start = (uint32_t)(at - content.data);
				merged->hashes[n] = (uint32_t)hash_bytes(at, len);
				while ((uint64_t)n_blocks * BLOCK <= merged->pieces[n].start)
					merged->blocks[n_blocks++] = n;
			}
			at += len;
		}
		for (; pass && n_blocks <= content.size / BLOCK; n_blocks++)
			merged->blocks[n_blocks] = n;
		if (pass == 0) {
			merged->n = n;
			merged->pieces = arena_array(arena, struct merge_piece, n);
			merged->hashes = arena_array(arena, uint32_t, n);
			merged->blocks = arena_array(arena, uint32_t, content.size / BLOCK + 1);
		}
	}
	return true;
}

static void split_range(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	for (size_t i = begin; i < end; i++) {
		struct merge_section *merged = &link->merge_sections.at[i];
		if (!split(link, merged, &link->worker_arenas[worker]))
			merged->n = 0;
	}
}

/* ---- lists ---------------------------------------------------------------------------------------------- */

/* Pieces are given out to their shards list by list: a list is a range of merged sections, small enough for many lists
 * to be sorted at the same time, large enough for the shards' parts of it. */
struct piece_ref {
	uint32_t merged, piece;
};

struct piece_list {
	uint32_t first, last;     /* merge_sections */
	uint32_t *starts;         /* of each shard of all pools in `pieces`, and the end */
	struct piece_ref *pieces;
};

struct dealing {
	struct link *link;
	struct arena *arenas;     /* of the workers */
	ARRAY(struct piece_list) lists;
};

static uint32_t shard_of(const struct link *link, const struct merge_section *merged, uint32_t piece)
{
	const struct merge_pool *pool = &link->merge_pools.at[merged->pool];
	uint32_t log2_shards = (uint32_t)__builtin_ctz(pool->n_shards);
	return pool->first_shard + (log2_shards ? merged->hashes[piece] >> (32 - log2_shards) : 0);
}

static void deal_range(void *context, size_t begin, size_t end, unsigned worker)
{
	struct dealing *dealing = context;
	const struct link *link = dealing->link;
	struct arena *arena = &dealing->arenas[worker];
	for (size_t l = begin; l < end; l++) {
		struct piece_list *list = &dealing->lists.at[l];
		uint32_t n_shards = link->pool_shards.n;
		list->starts = arena_array(arena, uint32_t, n_shards + 1);
		for (uint32_t m = list->first; m < list->last; m++)
			for (uint32_t i = 0; i < link->merge_sections.at[m].n; i++)
				list->starts[shard_of(link, &link->merge_sections.at[m], i) + 1]++;
		for (uint32_t s = 0; s < n_shards; s++)
			list->starts[s + 1] += list->starts[s];
		list->pieces = arena_array(arena, struct piece_ref, list->starts[n_shards]);
		uint32_t *next = arena_dup(arena, uint32_t, list->starts, n_shards);
		for (uint32_t m = list->first; m < list->last; m++)
			for (uint32_t i = 0; i < link->merge_sections.at[m].n; i++)
				list->pieces[next[shard_of(link, &link->merge_sections.at[m], i)]++] =
					(struct piece_ref){m, i};
	}
}

static void cut_lists(struct dealing *dealing)
{
	enum { PIECES_A_LIST = 1 << 16 };
	const struct link *link = dealing->link;
	uint64_t sum = 0;
	uint32_t first = 0;
	for (uint32_t m = 0; m < link->merge_sections.n; m++) {
		sum += link->merge_sections.at[m].n;
		if (sum < PIECES_A_LIST && m + 1 < link->merge_sections.n)
			continue;
		*array_push(&dealing->lists) = (struct piece_list){.first = first, .last = m + 1};
		first = m + 1;
		sum = 0;
	}
}

/* ---- shards --------------------------------------------------------------------------------------------- */

struct shard_table {
	uint64_t *slots;         /* (1 + entry) << 32 | hash */
	uint32_t mask;
	ARRAY(struct pool_entry) entries;
};

/* A piece on its way into a shard. */
struct candidate {
	const uint8_t *data;
	uint32_t size, hash, p2align;
	uint32_t *ref;
};

static void grow(struct shard_table *table)
{
	uint32_t mask = table->mask * 2 + 1;
	uint64_t *slots = memory_zeroed((size_t)mask + 1, sizeof(*slots));
	for (uint32_t i = 0; i <= table->mask; i++) {
		if (!table->slots[i])
			continue;
		uint32_t to = (uint32_t)table->slots[i] & mask;
		while (slots[to])
			to = (to + 1) & mask;
		slots[to] = table->slots[i];
	}
	free(table->slots);
	table->slots = slots;
	table->mask = mask;
}

static uint32_t insert(struct shard_table *table, const struct candidate *piece)
{
	uint32_t at = piece->hash & table->mask;
	for (; table->slots[at]; at = (at + 1) & table->mask) {
		if ((uint32_t)table->slots[at] != piece->hash)
			continue;
		struct pool_entry *entry = &table->entries.at[(table->slots[at] >> 32) - 1];
		if (entry->size == piece->size && memcmp(entry->data, piece->data, piece->size) == 0) {
			if (piece->p2align > entry->p2align)
				entry->p2align = piece->p2align;
			return (uint32_t)(table->slots[at] >> 32) - 1;
		}
	}
	uint32_t entry = table->entries.n;
	*array_push(&table->entries) =
		(struct pool_entry){.data = piece->data, .size = piece->size, .p2align = piece->p2align};
	table->slots[at] = (uint64_t)(entry + 1) << 32 | piece->hash;
	if (table->entries.n > table->mask / 2)
		grow(table);
	return entry;
}

/* A piece needs the alignment it had: the section's, as far as its offset keeps it. */
static uint32_t piece_alignment(const struct section *section, uint32_t offset)
{
	uint32_t own = offset ? (uint32_t)__builtin_ctz(offset) : 31;
	return own < section->p2align ? own : section->p2align;
}

static struct candidate candidate_of(const struct link *link, struct piece_ref ref)
{
	const struct merge_section *merged = &link->merge_sections.at[ref.merged];
	const struct section *section = section_of(link, merged->section);
	uint32_t start = merged->pieces[ref.piece].start;
	uint32_t end = ref.piece + 1 < merged->n ? merged->pieces[ref.piece + 1].start
						 : (uint32_t)merged->content.size;
	return (struct candidate){merged->content.data + start, end - start, merged->hashes[ref.piece],
				  piece_alignment(section, start), &merged->pieces[ref.piece].ref};
}

/* Inserts up to GROUP pieces. Every step of an insertion waits for memory: the piece, its slot, the entry there, its
 * content. A group takes each step together, so that the waits overlap. */
enum { GROUP = 32 };

static void insert_group(const struct link *link, struct shard_table *table, uint32_t shard,
			 const struct piece_ref *pieces, uint32_t n)
{
	struct candidate group[GROUP];
	for (uint32_t i = 0; i < n; i++) {
		group[i] = candidate_of(link, pieces[i]);
		__builtin_prefetch(group[i].data);
		__builtin_prefetch(&table->slots[group[i].hash & table->mask]);
	}
	uint32_t candidates[GROUP], n_candidates = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t slot = table->slots[group[i].hash & table->mask];
		if (!slot)
			continue;
		candidates[n_candidates++] = (uint32_t)(slot >> 32) - 1;
		__builtin_prefetch(&table->entries.at[(slot >> 32) - 1]);
	}
	for (uint32_t i = 0; i < n_candidates; i++)
		__builtin_prefetch(table->entries.at[candidates[i]].data);
	for (uint32_t i = 0; i < n; i++)
		*group[i].ref = shard << POOL_SHARD_SHIFT | insert(table, &group[i]);
}

static void build_shard(struct dealing *dealing, uint32_t pool_id, uint32_t shard_number)
{
	struct link *link = dealing->link;
	uint32_t id = link->merge_pools.at[pool_id].first_shard + shard_number;
	struct pool_shard *shard = &link->pool_shards.at[id];
	struct shard_table table = {.mask = 255};
	uint64_t n_pieces = 0;
	for (uint32_t l = 0; l < dealing->lists.n; l++)
		n_pieces += dealing->lists.at[l].starts[id + 1] - dealing->lists.at[l].starts[id];
	while (table.mask < n_pieces / 8) /* most are there already; the table grows if not */
		table.mask = table.mask * 2 + 1;
	table.slots = memory_zeroed((size_t)table.mask + 1, sizeof(*table.slots));
	table.entries.at = array_reserve(NULL, 0, &table.entries.cap, sizeof(struct pool_entry), table.mask / 2 + 1);
	for (uint32_t l = 0; l < dealing->lists.n; l++) {
		const struct piece_list *list = &dealing->lists.at[l];
		for (uint32_t at = list->starts[id], end = list->starts[id + 1]; at < end; at += GROUP)
			insert_group(link, &table, shard_number, &list->pieces[at],
				     end - at < GROUP ? end - at : GROUP);
	}
	free(table.slots);
	struct section *output = section_of(link, shard->section);
	uint64_t offset = 0;
	shard->offsets = memory_zeroed(table.entries.n, sizeof(*shard->offsets));
	for (uint32_t i = 0; i < table.entries.n; i++) {
		const struct pool_entry *entry = &table.entries.at[i];
		offset = align_up(offset, 1ull << entry->p2align);
		shard->offsets[i] = offset;
		offset += entry->size;
		if (entry->p2align > output->p2align)
			output->p2align = (uint8_t)entry->p2align;
	}
	output->size = offset;
	shard->n = table.entries.n;
	shard->entries = table.entries.at; /* freed with the link */
}

static void build_range(void *context, size_t begin, size_t end, unsigned worker)
{
	struct dealing *dealing = context;
	const struct link *link = dealing->link;
	(void)worker;
	for (size_t s = begin; s < end; s++) {
		uint32_t pool = 0;
		while (s >= link->merge_pools.at[pool].first_shard + link->merge_pools.at[pool].n_shards)
			pool++;
		build_shard(dealing, pool, (uint32_t)s - link->merge_pools.at[pool].first_shard);
	}
}

static void build_shards(struct link *link)
{
	unsigned workers = pool_threads(link->pool);
	struct dealing dealing = {.link = link, .arenas = memory_zeroed(workers, sizeof(*dealing.arenas))};
	cut_lists(&dealing);
	parallel_for(link->pool, dealing.lists.n, 1, deal_range, &dealing);
	parallel_for(link->pool, link->pool_shards.n, 1, build_range, &dealing);
	for (unsigned i = 0; i < workers; i++)
		arena_free(&dealing.arenas[i]);
	free(dealing.arenas);
	array_free(&dealing.lists);
}

/* ---- pools ---------------------------------------------------------------------------------------------- */

static uint32_t pool_for(struct link *link, section_id id)
{
	const struct elf_shdr *shdr = section_shdr(link, id);
	uint32_t run = section_of(link, id)->run;
	uint64_t flags = shdr->sh_flags & ~(uint64_t)SHF_GROUP;
	for (uint32_t i = link->merge_pools.n; i-- > 0;) {
		const struct merge_pool *pool = &link->merge_pools.at[i];
		if (pool->run == run && pool->flags == flags && pool->entsize == shdr->sh_entsize)
			return i;
	}
	*array_push(&link->merge_pools) = (struct merge_pool){
		.run = run, .flags = flags, .entsize = shdr->sh_entsize, .first_member = id};
	return link->merge_pools.n - 1;
}

static void make_shards(struct link *link, const uint64_t *bytes)
{
	for (uint32_t p = 0; p < link->merge_pools.n; p++) {
		struct merge_pool *pool = &link->merge_pools.at[p];
		pool->first_shard = link->pool_shards.n;
		pool->n_shards = bytes[p] < MANY_BYTES ? 1 : 1u << LOG2_MANY_SHARDS;
		for (uint32_t s = 0; s < pool->n_shards; s++) {
			section_id id = link->sections.n;
			*array_push(&link->sections) = (struct section){
				.kind = SECTION_POOL, .file = INTERNAL_FILE, .run = pool->run,
				.extra = link->pool_shards.n, .live = true};
			*array_push(&link->pool_shards) = (struct pool_shard){.section = id};
		}
	}
}

void merge_sections(struct link *link)
{
	uint32_t n_sections = link->sections.n;
	for (section_id id = 1; id < n_sections; id++) {
		struct section *section = section_of(link, id);
		if (section->kind != SECTION_MERGE || !section->live)
			continue;
		section->extra = link->merge_sections.n;
		*array_push(&link->merge_sections) = (struct merge_section){.section = id};
	}
	parallel_for(link->pool, link->merge_sections.n, 1, split_range, link);
	for (uint32_t m = 0; m < link->merge_sections.n; m++) {
		struct merge_section *merged = &link->merge_sections.at[m];
		if (merged->n)
			merged->pool = pool_for(link, merged->section);
		else /* a string without an end: leave the section as it is */
			section_of(link, merged->section)->kind = SECTION_REGULAR;
	}
	uint64_t *bytes = calloc((size_t)link->merge_pools.n + 1, sizeof(*bytes));
	if (!bytes)
		out_of_memory();
	for (uint32_t m = 0; m < link->merge_sections.n; m++)
		if (link->merge_sections.at[m].n)
			bytes[link->merge_sections.at[m].pool] +=
				section_of(link, link->merge_sections.at[m].section)->size;
	make_shards(link, bytes);
	free(bytes);
	build_shards(link);
}

void merge_emit(const struct link *link, const struct section *section, uint8_t *image)
{
	const struct pool_shard *shard = &link->pool_shards.at[section->extra];
	uint64_t at = 0;
	for (uint32_t i = 0; i < shard->n; i++) {
		const struct pool_entry *entry = &shard->entries[i];
		memset(image + at, 0, shard->offsets[i] - at);
		memcpy(image + shard->offsets[i], entry->data, entry->size);
		at = shard->offsets[i] + entry->size;
	}
}
