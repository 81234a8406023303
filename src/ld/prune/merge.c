#include "ld/prune/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

enum { MANY_BYTES = 1 << 20, LOG2_MANY_SHARDS = 4 };

struct merging {
	struct link *link;
	struct intern_batch *batch;
	const uint32_t *cuts;     /* list i of the round is of merge_sections[cuts[i] .. cuts[i + 1]) */
	struct piece_starts {
		ARRAY(uint32_t) of;
	} *starts;                /* scratch, of the workers */
};

/* ---- pieces --------------------------------------------------------------------------------------------- */

/* Length of the string at `at` with its terminator, which is there; `entsize` bytes a character. */
static uint64_t string_length(const uint8_t *at, uint64_t entsize)
{
	if (entsize == 1)
		return strlen((const char *)at) + 1;
	const uint8_t *c = at;
	for (uint64_t zeros = 0; zeros < entsize; c += entsize)
		for (zeros = 0; zeros < entsize && c[zeros] == 0; zeros++)
			;
	return (uint64_t)(c - at);
}

/* Where the pieces of a section begin; returns how many they are. */
static uint32_t find_starts(struct piece_starts *starts, struct bytes content, uint64_t entsize, bool strings)
{
	starts->of.n = 0;
	for (uint64_t at = 0; at < content.size;) {
		*array_push(&starts->of) = (uint32_t)at;
		at += strings ? string_length(content.data + at, entsize) : entsize;
	}
	return starts->of.n;
}

/* Cuts a section into pieces, and gives them to the shards of its pool. */
static void split(struct merging *merging, struct merge_section *merged, uint32_t list, unsigned worker)
{
	struct link *link = merging->link;
	struct arena *arena = &link->worker_arenas[worker];
	const struct elf_shdr *shdr = section_shdr(link, merged->section);
	const struct merge_pool *pool = &link->merge_pools.at[merged->pool];
	unsigned hash_shift = 32 - pool->log2_shards;
	struct bytes content = elf_section_bytes(&file_of(link, section_of(link, merged->section)->file)->elf,
						 section_number(link, merged->section));
	struct piece_starts *starts = &merging->starts[worker];
	uint32_t n = find_starts(starts, content, shdr->sh_entsize, shdr->sh_flags & SHF_STRINGS);
	uint32_t n_blocks = (uint32_t)(content.size >> MERGE_BLOCK_SHIFT) + 1, block = 0;
	merged->content = content;
	merged->n = n;
	merged->pieces = arena_array(arena, struct merge_piece, n);
	merged->blocks = arena_array(arena, uint32_t, n_blocks);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t start = starts->of.at[i];
		uint32_t size = (i + 1 < n ? starts->of.at[i + 1] : (uint32_t)content.size) - start;
		uint32_t hash = (uint32_t)hash_bytes(content.data + start, size);
		uint32_t shard = pool->first_shard + (uint32_t)((uint64_t)hash >> hash_shift);
		merged->pieces[i].start = start;
		while ((uint64_t)block << MERGE_BLOCK_SHIFT <= start)
			merged->blocks[block++] = i;
		intern_batch_add(merging->batch, list, shard, (struct interned){.at = content.data + start, .size = size}, hash,
				 &merged->pieces[i].ref, worker);
	}
	while (block < n_blocks)
		merged->blocks[block++] = n;
}

static void split_lists(void *context, size_t begin, size_t end, unsigned worker)
{
	struct merging *merging = context;
	for (size_t list = begin; list < end; list++)
		for (uint32_t m = merging->cuts[list]; m < merging->cuts[list + 1]; m++)
			split(merging, &merging->link->merge_sections.at[m], (uint32_t)list, worker);
}

/* Interns all pieces, in rounds, so that not all of them are on their way at the same time. A list is one large
 * section, or some small ones. */
static void intern_pieces(struct link *link)
{
	enum { LIST_BYTES = 1 << 20, ROUND_BYTES = 32 << 20, MAX_LISTS = 2 * ROUND_BYTES / LIST_BYTES };
	uint32_t cuts[MAX_LISTS + 1];
	struct merging merging = {.link = link,
				  .batch = intern_batch_new(&link->pieces, link->pool),
				  .cuts = cuts,
				  .starts = memory_zeroed(pool_threads(link->pool), sizeof(*merging.starts))};
	for (uint32_t m = 0; m < link->merge_sections.n;) {
		uint32_t n_lists = 0;
		uint64_t round = 0;
		while (m < link->merge_sections.n && round < ROUND_BYTES) {
			uint64_t list = 0;
			cuts[n_lists++] = m;
			while (m < link->merge_sections.n && list < LIST_BYTES)
				list += section_of(link, link->merge_sections.at[m++].section)->size;
			round += list;
		}
		cuts[n_lists] = m;
		intern_batch_begin(merging.batch, n_lists);
		parallel_for(link->pool, n_lists, 1, split_lists, &merging);
		intern_batch_run(merging.batch);
	}
	for (unsigned i = 0; i < pool_threads(link->pool); i++)
		array_free(&merging.starts[i].of);
	free(merging.starts);
	intern_batch_free(merging.batch);
}

/* ---- shards --------------------------------------------------------------------------------------------- */

/* A piece needs the alignment it had: the section's, as far as its offset keeps it. */
static uint8_t piece_alignment(const struct section *section, uint32_t offset)
{
	uint32_t own = offset ? (uint32_t)__builtin_ctz(offset) : 31;
	return own < section->p2align ? (uint8_t)own : section->p2align;
}

static void align_pieces(struct link *link, const struct merge_section *merged)
{
	const struct section *section = section_of(link, merged->section);
	for (uint32_t i = 0; i < merged->n; i++) {
		struct merge_piece piece = merged->pieces[i];
		uint8_t p2align = piece_alignment(section, piece.start);
		_Atomic uint8_t *entry = &merge_shard(link, merged, piece)->p2aligns[merge_place(link, merged, piece)];
		uint8_t old = atomic_load_explicit(entry, memory_order_relaxed);
		while (p2align > old && !atomic_compare_exchange_weak_explicit(
						entry, &old, p2align, memory_order_relaxed, memory_order_relaxed))
			;
	}
}

/* The alignment of an entry is the largest of its pieces'. Most sections ask for none. */
static void align_range(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	(void)worker;
	for (size_t m = begin; m < end; m++)
		if (section_of(link, link->merge_sections.at[m].section)->p2align)
			align_pieces(link, &link->merge_sections.at[m]);
}

static void place_entries(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	(void)worker;
	for (size_t s = begin; s < end; s++) {
		struct pool_shard *shard = &link->pool_shards.at[s];
		const struct intern_table *table = &link->pieces.tables[s];
		struct section *output = section_of(link, shard->section);
		uint64_t offset = 0;
		shard->offsets = memory_zeroed(table->n, sizeof(*shard->offsets));
		for (uint32_t i = 1; i < table->n; i++) {
			uint8_t p2align = shard->p2aligns ? shard->p2aligns[i] : 0;
			offset = align_up(offset, 1ull << p2align);
			shard->offsets[i] = offset;
			offset += table->strings[i].size;
			if (p2align > output->p2align)
				output->p2align = p2align;
		}
		output->size = offset;
		free(shard->p2aligns);
		shard->p2aligns = NULL;
	}
}

static void place_pieces(struct link *link)
{
	enum { SECTION_GRAIN = 64 };
	for (uint32_t p = 0; p < link->merge_pools.n; p++) {
		const struct merge_pool *pool = &link->merge_pools.at[p];
		for (uint32_t s = pool->first_shard; pool->is_aligned && s < pool->first_shard + pool->n_shards; s++)
			link->pool_shards.at[s].p2aligns = memory_zeroed(link->pieces.tables[s].n, 1);
	}
	parallel_for(link->pool, link->merge_sections.n, SECTION_GRAIN, align_range, link);
	parallel_for(link->pool, link->pool_shards.n, 1, place_entries, link);
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

static void make_shards(struct link *link)
{
	/* Input bytes for each entry, a guess: strings of debugging information are in most files, others in few. */
	enum { LOADED = 32, UNLOADED = 2048 };
	struct intern_space *spaces = memory_zeroed(link->merge_pools.n, sizeof(*spaces));
	for (uint32_t p = 0; p < link->merge_pools.n; p++) {
		struct merge_pool *pool = &link->merge_pools.at[p];
		pool->first_shard = link->pool_shards.n;
		pool->log2_shards = pool->bytes < MANY_BYTES ? 0 : LOG2_MANY_SHARDS;
		pool->n_shards = 1u << pool->log2_shards;
		spaces[p] = (struct intern_space){pool->log2_shards,
						  pool->bytes / (pool->flags & SHF_ALLOC ? LOADED : UNLOADED)};
		for (uint32_t s = 0; s < pool->n_shards; s++) {
			section_id id = link->sections.n;
			*array_push(&link->sections) = (struct section){
				.kind = SECTION_POOL, .file = INTERNAL_FILE, .run = pool->run,
				.extra = link->pool_shards.n, .live = true};
			*array_push(&link->pool_shards) = (struct pool_shard){.section = id};
		}
	}
	intern_set_begin(&link->pieces, spaces, link->merge_pools.n);
	free(spaces);
}

void merge_sections(struct link *link)
{
	uint32_t n_sections = link->sections.n;
	for (section_id id = 1; id < n_sections; id++) {
		struct section *section = section_of(link, id);
		if (section->kind != SECTION_MERGE || !section->live)
			continue;
		section->extra = link->merge_sections.n;
		uint32_t pool = pool_for(link, id);
		*array_push(&link->merge_sections) = (struct merge_section){.section = id, .pool = pool};
		link->merge_pools.at[pool].bytes += section->size;
		link->merge_pools.at[pool].is_aligned |= section->p2align != 0;
	}
	make_shards(link);
	intern_pieces(link);
	place_pieces(link);
}

void merge_addresses(const struct link *link, const struct merge_section *merged, uint64_t *offsets, uint32_t n)
{
	const struct merge_pool *pool = &link->merge_pools.at[merged->pool];
	const struct pool_shard *shards = &link->pool_shards.at[pool->first_shard];
	uint32_t refs[MERGE_GROUP];
	for (uint32_t i = 0; i < n; i++)
		__builtin_prefetch(&merged->blocks[merge_block(merged, offsets[i])]);
	for (uint32_t i = 0; i < n; i++)
		__builtin_prefetch(&merged->pieces[merged->blocks[merge_block(merged, offsets[i])]]);
	for (uint32_t i = 0; i < n; i++) {
		struct merge_piece piece = merged->pieces[merge_piece(merged, offsets[i])];
		offsets[i] -= piece.start;
		refs[i] = piece.ref;
		__builtin_prefetch(&shards[piece.ref & (pool->n_shards - 1)].offsets[piece.ref >> pool->log2_shards]);
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct pool_shard *shard = &shards[refs[i] & (pool->n_shards - 1)];
		offsets[i] += section_address(link->layout, section_of(link, shard->section)) +
			      shard->offsets[refs[i] >> pool->log2_shards];
	}
}

void merge_emit(const struct link *link, const struct section *section, uint8_t *image)
{
	const struct pool_shard *shard = &link->pool_shards.at[section->extra];
	const struct intern_table *table = &link->pieces.tables[section->extra];
	uint64_t at = 0;
	for (uint32_t i = 1; i < table->n; i++) {
		const struct interned *entry = &table->strings[i];
		memset(image + at, 0, shard->offsets[i] - at);
		memcpy(image + shard->offsets[i], entry->at, entry->size);
		at = shard->offsets[i] + entry->size;
	}
}
