#include "ld/output/write.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io_watch.h"
#include "base/memory.h"
#include "ld/layout/layout.h"
#include "ld/output/headers.h"
#include "ld/output/output_file.h"
#include "ld/output/render.h"
#include "ld/synth/notes.h"

enum { CHUNK_SIZE = 1 << 18, FEW_CHUNKS = 4 };

/* A range of the file: the headers, the section headers, a piece of an output section, or bytes that are there
 * already. */
struct chunk {
	uint64_t fileoff, size;
	enum { CHUNK_HEADERS, CHUNK_SECTION_HEADERS, CHUNK_PIECE, CHUNK_BYTES } kind;
	struct piece piece;
	const uint8_t *bytes;
};

struct writing {
	struct link *link;
	struct output_file file;
	ARRAY(struct chunk) chunks;
	XXH128_hash_t *leaves;    /* of the build id, one per chunk */
	struct bytes *buffers;    /* one per worker */
	bool hash;
};

static uint8_t *buffer_for(struct writing *writing, unsigned worker, uint64_t size)
{
	struct bytes *buffer = &writing->buffers[worker];
	if (buffer->size < size) {
		free((void *)(uintptr_t)buffer->data);
		buffer->data = malloc(size);
		if (!buffer->data)
			out_of_memory();
		memory_prefer_huge((void *)(uintptr_t)buffer->data, size);
		buffer->size = size;
	}
	return (uint8_t *)(uintptr_t)buffer->data;
}

static const uint8_t *render(struct link *link, const struct chunk *chunk, uint8_t *image)
{
	if (chunk->kind == CHUNK_HEADERS)
		headers_emit(link, image);
	else if (chunk->kind == CHUNK_SECTION_HEADERS)
		section_headers_emit(link, image);
	else
		render_piece(link, &chunk->piece, image);
	return image;
}

static void write_chunks(void *context, size_t begin, size_t end, unsigned worker)
{
	struct writing *writing = context;
	struct link *link = writing->link;
	for (size_t i = begin; i < end; i++) {
		const struct chunk *chunk = &writing->chunks.at[i];
		const uint8_t *bytes = chunk->bytes;
		if (chunk->kind != CHUNK_BYTES)
			bytes = render(link, chunk, buffer_for(writing, worker, max_u64(chunk->size, CHUNK_SIZE)));
		if (writing->hash)
			writing->leaves[i] = XXH3_128bits(bytes, chunk->size);
		if (!writing->file.error)
			output_write(&writing->file, bytes, chunk->size, chunk->fileoff);
	}
}

/* ---- chunks ------------------------------------------------------------------------------------------------ */

/* Compressed already (output/compress.c). */
static void add_packed(struct writing *writing, const struct osec *osec)
{
	uint64_t fileoff = osec->fileoff;
	for (uint32_t i = 0; i < osec->n_packed; i++) {
		*array_push(&writing->chunks) = (struct chunk){.fileoff = fileoff,
							       .size = osec->packed[i].size,
							       .kind = CHUNK_BYTES,
							       .bytes = osec->packed[i].data};
		fileoff += osec->packed[i].size;
	}
}

static void cut(struct writing *writing)
{
	const struct layout *layout = writing->link->layout;
	struct pieces pieces = {0};
	bool flat = writing->link->options->flat; /* no headers, and nothing that is not loaded */
	if (!flat)
		*array_push(&writing->chunks) = (struct chunk){.size = layout->headers_size, .kind = CHUNK_HEADERS};
	for (uint32_t i = 0; i < layout->n_order; i++) {
		const struct osec *osec = &layout->osecs.at[layout->order[i]];
		if (osec->type == SHT_NOBITS || (flat && !(osec->flags & SHF_ALLOC)))
			continue;
		if (osec->n_packed) {
			add_packed(writing, osec);
			continue;
		}
		pieces.list.n = 0;
		render_cut(writing->link, layout->order[i], &pieces);
		for (uint32_t n = 0; n < pieces.list.n; n++) {
			const struct piece *piece = &pieces.list.at[n];
			*array_push(&writing->chunks) = (struct chunk){.fileoff = osec->fileoff + piece->start,
								       .size = piece->size,
								       .kind = CHUNK_PIECE,
								       .piece = *piece};
		}
	}
	array_free(&pieces.list);
	if (layout->shdrs_fileoff && !flat)
		*array_push(&writing->chunks) = (struct chunk){.fileoff = layout->shdrs_fileoff,
							       .size = layout->file_size - layout->shdrs_fileoff,
							       .kind = CHUNK_SECTION_HEADERS};
}

/* ---- build id ---------------------------------------------------------------------------------------------- */

/* The identifier is a hash of the chunks' hashes (design, R14), or what the user asked for. */
static bool write_build_id(struct writing *writing)
{
	struct link *link = writing->link;
	const struct options *options = link->options;
	uint8_t id[64] = {0};
	uint64_t size = build_id_size(link);
	if (options->build_id == BUILD_ID_HASH) {
		for (uint64_t at = 0; at < sizeof(id); at += sizeof(XXH128_canonical_t)) {
			XXH128_canonical_t part;
			XXH128_canonicalFromHash(
				&part, XXH3_128bits_withSeed(writing->leaves,
							     writing->chunks.n * sizeof(*writing->leaves), at));
			memcpy(id + at, &part, sizeof(part));
		}
	} else if (options->build_id == BUILD_ID_UUID) {
		if (getrandom(id, sizeof(id), 0) < 0) {
			diag_error(link->diag, 0, "cannot make a random build id: %m");
			return false;
		}
		id[6] = (uint8_t)((id[6] & 0x0f) | 0x40); /* RFC 4122, version 4 */
		id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
	}
	const struct section *note = section_of(link, link->synthetic[SYN_BUILD_ID]);
	const struct osec *osec = osec_of_section(link->layout, note);
	uint64_t fileoff = osec->fileoff + section_address(link->layout, note) - osec->addr + BUILD_ID_OFFSET;
	return output_write(&writing->file, options->build_id == BUILD_ID_HEX ? options->build_id_hex.data : id, size,
			    fileoff);
}

void output_write_all(struct link *link)
{
	struct writing writing = {.link = link};
	cut(&writing);
	writing.hash = link->synthetic[SYN_BUILD_ID] && link->options->build_id == BUILD_ID_HASH;
	writing.leaves = calloc(writing.chunks.n, sizeof(*writing.leaves));
	writing.buffers = calloc(pool_threads(link->pool), sizeof(*writing.buffers));
	if (!writing.leaves || !writing.buffers)
		out_of_memory();
	bool executable = link->options->kind != OUTPUT_RELOCATABLE;
	bool good = output_begin(&writing.file, link->options->output, link->layout->file_size, executable);
	if (good)
		parallel_for(link->pool, writing.chunks.n, writing.chunks.n < FEW_CHUNKS ? FEW_CHUNKS : 1, write_chunks,
			     &writing);
	good = good && !writing.file.error && !link->diag->errors;
	if (good && link->synthetic[SYN_BUILD_ID])
		good = write_build_id(&writing);
	const char *changed = good ? io_changed(link->io) : NULL;
	if (changed)
		diag_error(link->diag, 0, "%s changed while being linked", changed);
	else if (good)
		output_commit(&writing.file);
	if (writing.file.error)
		diag_error(link->diag, UINT64_MAX, "%s %s: %s", writing.file.failed, link->options->output,
			   strerror(writing.file.error));
	output_abort(&writing.file);
	link->replaced_output = writing.file.replaced;
	for (unsigned i = 0; i < pool_threads(link->pool); i++)
		free((void *)(uintptr_t)writing.buffers[i].data);
	free(writing.buffers);
	free(writing.leaves);
	array_free(&writing.chunks);
}
