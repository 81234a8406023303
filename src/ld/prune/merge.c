#include "ld/prune/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

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
	const struct elf_shdr *shdr = section_shdr(link, merged->section);
	struct bytes content = elf_section_bytes(&file_of(link, section_of(link, merged->section)->file)->elf,
						 section_number(link, merged->section));
	const uint8_t *end = content.data + content.size;
	bool strings = shdr->sh_flags & SHF_STRINGS;
	for (int pass = 0; pass < 2; pass++) {
		uint32_t n = 0;
		for (const uint8_t *at = content.data; at < end; n++) {
			uint64_t len = strings ? string_length(at, end, shdr->sh_entsize) : shdr->sh_entsize;
			if (len == 0)
				return false;
			if (pass) {
				merged->starts[n] = (uint32_t)(at - content.data);
				merged->hashes[n] = (uint32_t)hash_bytes(at, len);
			}
			at += len;
		}
		if (pass == 0) {
			merged->n = n;
			merged->starts = arena_array(arena, uint32_t, n);
			merged->refs = arena_array(arena, uint32_t, n);
			merged->hashes = arena_array(arena, uint32_t, n);
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

/* ---- shards --------------------------------------------------------------------------------------------- */

struct shard_table {
	uint64_t *slots;         /* (1 + entry) << 32 | hash */
	uint32_t mask;
	ARRAY(struct pool_entry) entries;
};

static uint32_t insert(struct shard_table *table, const uint8_t *data, uint32_t size, uint32_t hash, uint32_t p2align)
{
	uint32_t at = hash & table->mask;
	for (; table->slots[at]; at = (at + 1) & table->mask) {
		if ((uint32_t)table->slots[at] != hash)
			continue;
		struct pool_entry *entry = &table->entries.at[(table->slots[at] >> 32) - 1];
		if (entry->size == size && memcmp(entry->data, data, size) == 0) {
			if (p2align > entry->p2align)
				entry->p2align = p2align;
			return (uint32_t)(table->slots[at] >> 32) - 1;
		}
	}
	uint32_t entry = table->entries.n;
	*array_push(&table->entries) = (struct pool_entry){.data = data, .size = size, .p2align = p2align};
	table->slots[at] = (uint64_t)(entry + 1) << 32 | hash;
	if (table->entries.n > table->mask / 2) {
		uint32_t mask = table->mask * 2 + 1;
		uint64_t *slots = calloc((size_t)mask + 1, sizeof(*slots));
		if (!slots)
			out_of_memory();
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
	return entry;
}

/* A piece needs the alignment it had: the section's, as far as its offset keeps it. */
static uint32_t piece_alignment(const struct section *section, uint32_t offset)
{
	uint32_t own = offset ? (uint32_t)__builtin_ctz(offset) : 31;
	return own < section->p2align ? own : section->p2align;
}

static void build_shard(struct link *link, uint32_t pool_id, uint32_t shard_number)
{
	const struct merge_pool *pool = &link->merge_pools.at[pool_id];
	struct pool_shard *shard = &link->pool_shards.at[pool->first_shard + shard_number];
	struct shard_table table = {.mask = 255};
	table.slots = calloc((size_t)table.mask + 1, sizeof(*table.slots));
	if (!table.slots)
		out_of_memory();
	unsigned log2_shards = (unsigned)__builtin_ctz(pool->n_shards);
	for (uint32_t m = 0; m < link->merge_sections.n; m++) {
		struct merge_section *merged = &link->merge_sections.at[m];
		if (merged->pool != pool_id || !merged->n)
			continue;
		const struct section *section = section_of(link, merged->section);
		struct bytes content =
			elf_section_bytes(&file_of(link, section->file)->elf, section_number(link, merged->section));
		for (uint32_t i = 0; i < merged->n; i++) {
			if (log2_shards && merged->hashes[i] >> (32 - log2_shards) != shard_number)
				continue;
			uint32_t end = i + 1 < merged->n ? merged->starts[i + 1] : (uint32_t)content.size;
			uint32_t entry = insert(&table, content.data + merged->starts[i], end - merged->starts[i],
						merged->hashes[i], piece_alignment(section, merged->starts[i]));
			merged->refs[i] = shard_number << POOL_SHARD_SHIFT | entry;
		}
	}
	free(table.slots);
	struct section *output = section_of(link, shard->section);
	uint64_t offset = 0;
	for (uint32_t i = 0; i < table.entries.n; i++) {
		struct pool_entry *entry = &table.entries.at[i];
		offset = align_up(offset, 1ull << entry->p2align);
		entry->offset = offset;
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
	struct link *link = context;
	(void)worker;
	for (size_t s = begin; s < end; s++) {
		uint32_t pool = 0;
		while (s >= link->merge_pools.at[pool].first_shard + link->merge_pools.at[pool].n_shards)
			pool++;
		build_shard(link, pool, (uint32_t)s - link->merge_pools.at[pool].first_shard);
	}
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
	parallel_for(link->pool, link->pool_shards.n, 1, build_range, link);
}

void merge_emit(const struct link *link, const struct section *section, uint8_t *image)
{
	const struct pool_shard *shard = &link->pool_shards.at[section->extra];
	uint64_t at = 0;
	for (uint32_t i = 0; i < shard->n; i++) {
		const struct pool_entry *entry = &shard->entries[i];
		memset(image + at, 0, entry->offset - at);
		memcpy(image + entry->offset, entry->data, entry->size);
		at = entry->offset + entry->size;
	}
}
