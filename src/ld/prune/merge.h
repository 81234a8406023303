/* Merging equal strings and constants (gABI, SHF_MERGE and SHF_STRINGS).
 *
 * Every mergeable input section is cut into pieces; equal pieces of one pool (same run, flags and entry size) are kept
 * once (base/intern.h). A pool is cut into shards by hash, which are tables of interned pieces, and sections of file 0
 * when it comes to places. */
#ifndef GILD_LD_PRUNE_MERGE_H
#define GILD_LD_PRUNE_MERGE_H

#include "ld/layout/layout.h"

/* Needs classified sections. Afterwards sections of kind SECTION_MERGE are represented by pools: link->merge_sections,
 * pool_shards. */
void merge_sections(struct link *link);

/* Writes a shard's content. */
void merge_emit(const struct link *link, const struct section *section, uint8_t *image);

/* The shard that has a piece of a merged section, and which entry of it that is. */
static inline struct pool_shard *merge_shard(const struct link *link, const struct merge_section *merged,
					     struct merge_piece piece)
{
	const struct merge_pool *pool = &link->merge_pools.at[merged->pool];
	return &link->pool_shards.at[pool->first_shard + (piece.ref & (pool->n_shards - 1))];
}

static inline uint32_t merge_place(const struct link *link, const struct merge_section *merged,
				   struct merge_piece piece)
{
	return piece.ref >> link->merge_pools.at[merged->pool].log2_shards;
}

static inline uint64_t merge_block(const struct merge_section *merged, uint64_t offset)
{
	return min_u64(offset, merged->content.size) >> MERGE_BLOCK_SHIFT;
}

/* The piece of a merged section that offset `offset` is in, or the last one. */
static inline uint32_t merge_piece(const struct merge_section *merged, uint64_t offset)
{
	uint32_t next = merged->blocks[merge_block(merged, offset)]; /* no piece before it begins behind the offset */
	while (next < merged->n && merged->pieces[next].start <= offset)
		next++;
	return next ? next - 1 : 0;
}

/* Address in the output of offset `offset` of a merged section. */
static inline uint64_t merge_address(const struct link *link, const struct merge_section *merged, uint64_t offset)
{
	struct merge_piece piece = merged->pieces[merge_piece(merged, offset)];
	const struct pool_shard *shard = merge_shard(link, merged, piece);
	return section_address(link->layout, section_of(link, shard->section)) +
	       shard->offsets[merge_place(link, merged, piece)] + (offset - piece.start);
}

/* Offsets in a merged section become addresses in the output. For many at a time: every step of finding a piece waits
 * for memory, and the waits overlap. */
enum { MERGE_GROUP = 64 };
void merge_addresses(const struct link *link, const struct merge_section *merged, uint64_t *offsets, uint32_t n);

#endif
