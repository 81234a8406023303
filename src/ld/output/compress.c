#include "ld/output/compress.h"

#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/layout/layout.h"
#include "ld/output/headers.h"
#include "ld/output/render.h"

/* Chunks are compressed each by itself, so their size decides what the output is: it must not depend on the number of
 * threads. */
enum { CHUNK_SIZE = 1 << 20 };

/* "ZLIB" and the size as 8 bytes, big-endian, before .zdebug_* */
static const uint8_t zdebug_magic[4] = {'Z', 'L', 'I', 'B'};
enum { ZDEBUG_HEADER_SIZE = 12 };

/* The stream's head stands in one block with the section's header. */
enum { FRONT_MAX = sizeof(struct elf_chdr) + CODEC_HEAD_MAX };

/* One output section at work. */
struct packing {
	struct link *link;
	const struct codec *codec;
	struct pieces pieces;
	uint8_t *image;           /* what is to be compressed */
	uint64_t size;
	uint32_t n_chunks;
	struct bytes *chunks;     /* compressed, in the workers' arenas */
	uint32_t *checks;
	_Atomic bool failed;      /* no memory */
};

static bool is_debug(const struct osec *osec)
{
	return !(osec->flags & SHF_ALLOC) && osec->type != SHT_NOBITS && osec->size != 0 &&
	       strncmp(osec->name, ".debug_", 7) == 0;
}

static void render_pieces(void *context, size_t begin, size_t end, unsigned worker)
{
	struct packing *packing = context;
	(void)worker;
	for (size_t i = begin; i < end; i++) {
		const struct piece *piece = &packing->pieces.list.at[i];
		render_piece(packing->link, piece, packing->image + piece->start);
	}
}

static void compress_chunks(void *context, size_t begin, size_t end, unsigned worker)
{
	struct packing *packing = context;
	struct link *link = packing->link;
	for (size_t i = begin; i < end; i++) {
		uint64_t start = i * CHUNK_SIZE, size = min_u64(CHUNK_SIZE, packing->size - start);
		uint8_t *out = malloc(codec_bound(packing->codec, size));
		if (!out)
			out_of_memory();
		uint64_t n = codec_compress(packing->codec, link->options->compress_level,
					    (struct bytes){packing->image + start, size}, out, &packing->checks[i]);
		if (n == 0)
			packing->failed = true;
		packing->chunks[i] = (struct bytes){arena_copy(&link->worker_arenas[worker], out, n, 1), n};
		free(out);
	}
}

/* What stands before the chunks. Returns its size. */
static unsigned write_front(const struct packing *packing, const struct osec *osec, uint8_t *front)
{
	const struct options *options = packing->link->options;
	const struct elf_dialect *dialect = packing->link->arch->dialect;
	unsigned size;
	if (options->compress_debug == COMPRESS_ZLIB_GNU) {
		size = ZDEBUG_HEADER_SIZE;
		memcpy(front, zdebug_magic, sizeof(zdebug_magic));
		for (unsigned i = 0; i < 8; i++)
			front[4 + i] = (uint8_t)(packing->size >> (56 - 8 * i));
	} else {
		struct elf_chdr chdr = {
			.ch_type = options->compress_debug == COMPRESS_ZSTD ? ELFCOMPRESS_ZSTD : ELFCOMPRESS_ZLIB,
			.ch_size = packing->size,
			.ch_addralign = 1ull << osec->p2align,
		};
		size = dialect->chdr;
		elf_put_chdr(dialect, front, &chdr);
	}
	return size + codec_head(packing->codec, front + size);
}

/* The blocks become the section, if they are worth it. Level 0 asks for the format, not for less. */
static void keep(const struct packing *packing, struct osec *osec)
{
	struct link *link = packing->link;
	const struct options *options = link->options;
	uint8_t front[FRONT_MAX], tail[CODEC_TAIL_MAX];
	unsigned front_size = write_front(packing, osec, front);
	unsigned tail_size =
		codec_tail(packing->codec, packing->checks, packing->n_chunks, CHUNK_SIZE, packing->size, tail);
	uint64_t size = front_size + tail_size;
	for (uint32_t i = 0; i < packing->n_chunks; i++)
		size += packing->chunks[i].size;
	if (size >= osec->size && options->compress_level != 0)
		return;

	osec->packed = arena_array(&link->arena, struct bytes, packing->n_chunks + 2);
	osec->n_packed = packing->n_chunks + 2;
	osec->packed[0] = (struct bytes){arena_copy(&link->arena, front, front_size, 1), front_size};
	memcpy(osec->packed + 1, packing->chunks, packing->n_chunks * sizeof(*osec->packed));
	osec->packed[packing->n_chunks + 1] = (struct bytes){arena_copy(&link->arena, tail, tail_size, 1), tail_size};
	osec->size = size;
	if (options->compress_debug == COMPRESS_ZLIB_GNU) {
		osec->name = arena_printf(&link->layout->arena, ".z%s", osec->name + 1);
		osec->p2align = 0;
	} else {
		osec->flags |= SHF_COMPRESSED;
		osec->p2align = link->arch->dialect->p2word; /* of the header */
	}
}

static void compress_section(struct link *link, uint32_t id, const struct codec *codec)
{
	struct osec *osec = &link->layout->osecs.at[id];
	struct packing packing = {
		.link = link,
		.codec = codec,
		.size = osec->size,
		.n_chunks = (uint32_t)((osec->size + CHUNK_SIZE - 1) / CHUNK_SIZE),
	};
	packing.image = calloc(1, packing.size);
	packing.chunks = calloc(packing.n_chunks, sizeof(*packing.chunks));
	packing.checks = calloc(packing.n_chunks, sizeof(*packing.checks));
	if (!packing.image || !packing.chunks || !packing.checks)
		out_of_memory();
	render_cut(link, id, &packing.pieces);
	parallel_for(link->pool, packing.pieces.list.n, 1, render_pieces, &packing);
	parallel_for(link->pool, packing.n_chunks, 1, compress_chunks, &packing);
	if (packing.failed)
		out_of_memory();
	keep(&packing, osec);
	array_free(&packing.pieces.list);
	free(packing.image);
	free(packing.chunks);
	free(packing.checks);
}

void compress_debug_sections(struct link *link)
{
	const struct layout *layout = link->layout;
	const char *why = NULL;
	const struct codec *codec = NULL;
	enum codec_format format = link->options->compress_debug == COMPRESS_ZSTD ? CODEC_ZSTD : CODEC_ZLIB;
	for (uint32_t i = 0; i < layout->n_order; i++) {
		if (!is_debug(&layout->osecs.at[layout->order[i]]))
			continue;
		codec = codec_get(&link->codecs, format, &why);
		if (!codec) {
			diag_error(link->diag, 0, "cannot compress debug sections: %s", why);
			return;
		}
		compress_section(link, layout->order[i], codec);
	}
	if (!codec)
		return;
	headers_prepare(link); /* .zdebug_ is one letter longer */
	layout_assign_unloaded(link);
}
