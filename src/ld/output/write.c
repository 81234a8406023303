#include "ld/output/write.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/hash.h"
#include "ld/layout/layout.h"
#include "ld/output/headers.h"
#include "ld/output/output_file.h"
#include "ld/synth/eh_frame.h"
#include "ld/synth/notes.h"
#include "ld/synth/synth.h"

enum { CHUNK_SIZE = 1 << 18, FEW_CHUNKS = 4 };

/* A range of the file: the headers, the section headers, or neighbouring sections of a run. */
struct chunk {
	uint64_t fileoff, size;
	uint32_t run;
	uint32_t first, last;     /* items of the run */
	enum { CHUNK_HEADERS, CHUNK_SECTION_HEADERS, CHUNK_RUN } kind;
};

struct writing {
	struct link *link;
	struct output_file file;
	ARRAY(struct chunk) chunks;
	XXH128_hash_t *leaves;    /* of the build id, one per chunk */
	struct bytes *buffers;    /* one per worker */
	bool hash;
};

/* ---- rendering -------------------------------------------------------------------------------------------- */

static void render_section(struct link *link, section_id id, uint8_t *image)
{
	const struct section *section = section_of(link, id);
	switch (section->kind) {
	case SECTION_REGULAR: {
		const struct file *file = file_of(link, section->file);
		struct bytes content = elf_section_bytes(&file->elf, section_number(link, id));
		if (content.size < section->size) /* NOBITS in a section that has content */
			memset(image + content.size, 0, section->size - content.size);
		memcpy(image, content.data, content.size);
		if (section->reversed)
			for (uint64_t at = 0; at + 8 <= content.size; at += 8)
				memcpy(image + content.size - 8 - at, content.data + at, 8);
		if (section->rela && content.size)
			link->arch->apply(link, id, image);
		break;
	}
	case SECTION_EH_FRAME:
		eh_frame_emit(link, id, image);
		break;
	default:
		if (section->kind == SECTION_SYNTHETIC &&
		    (section->extra == SYN_DYNBSS || section->extra == SYN_DYNRELRO || section->extra == SYN_COMMON))
			memset(image, 0, section->size);
		synth_emit(link, id, image);
		break;
	}
}

static void render_run(struct link *link, const struct chunk *chunk, uint8_t *image)
{
	const struct run *run = &link->layout->runs.at[chunk->run];
	const struct osec *osec = &link->layout->osecs.at[run->osec];
	uint8_t fill = osec->flags & SHF_EXECINSTR ? link->arch->code_fill : 0;
	uint64_t start = chunk->fileoff - osec->fileoff + osec->addr - run->addr; /* of the chunk in the run */
	uint64_t at = 0;
	for (uint32_t i = chunk->first; i < chunk->last; i++) {
		const struct section *section = section_of(link, run->items[i]);
		uint64_t offset = section->offset - start;
		memset(image + at, fill, offset - at);
		render_section(link, run->items[i], image + offset);
		at = offset + section->size;
	}
	memset(image + at, fill, chunk->size - at);
}

static uint8_t *buffer_for(struct writing *writing, unsigned worker, uint64_t size)
{
	struct bytes *buffer = &writing->buffers[worker];
	if (buffer->size < size) {
		free((void *)(uintptr_t)buffer->data);
		buffer->data = malloc(size);
		if (!buffer->data)
			out_of_memory();
		buffer->size = size;
	}
	return (uint8_t *)(uintptr_t)buffer->data;
}

static void write_chunks(void *context, size_t begin, size_t end, unsigned worker)
{
	struct writing *writing = context;
	struct link *link = writing->link;
	for (size_t i = begin; i < end; i++) {
		const struct chunk *chunk = &writing->chunks.at[i];
		uint8_t *image = buffer_for(writing, worker, max_u64(chunk->size, CHUNK_SIZE));
		if (chunk->kind == CHUNK_HEADERS)
			headers_emit(link, image);
		else if (chunk->kind == CHUNK_SECTION_HEADERS)
			section_headers_emit(link, image);
		else
			render_run(link, chunk, image);
		if (writing->hash)
			writing->leaves[i] = XXH3_128bits(image, chunk->size);
		if (!writing->file.error)
			output_write(&writing->file, image, chunk->size, chunk->fileoff);
	}
}

/* ---- chunks ------------------------------------------------------------------------------------------------ */

/* In its run. */
static uint64_t end_of(const struct link *link, section_id id)
{
	return section_of(link, id)->offset + section_of(link, id)->size;
}

static void add_run(struct writing *writing, uint32_t id)
{
	const struct link *link = writing->link;
	const struct run *run = &link->layout->runs.at[id];
	const struct osec *osec = &link->layout->osecs.at[run->osec];
	uint64_t run_fileoff = osec->fileoff + (run->addr - osec->addr);
	for (uint32_t i = 0; i < run->n;) {
		uint64_t begin = section_of(link, run->items[i])->offset, end;
		if (i == 0)
			begin = 0;
		struct chunk chunk = {.fileoff = run_fileoff + begin, .run = id, .first = i, .kind = CHUNK_RUN};
		do {
			end = end_of(link, run->items[i]);
			i++;
		} while (i < run->n && end_of(link, run->items[i]) - begin <= CHUNK_SIZE);
		/* the gap behind belongs to this chunk, so that chunks touch */
		if (i < run->n)
			end = section_of(link, run->items[i])->offset;
		chunk.last = i;
		chunk.size = end - begin;
		*array_push(&writing->chunks) = chunk;
	}
}

static void cut(struct writing *writing)
{
	const struct layout *layout = writing->link->layout;
	*array_push(&writing->chunks) = (struct chunk){.size = layout->headers_size, .kind = CHUNK_HEADERS};
	for (uint32_t i = 0; i < layout->n_order; i++) {
		const struct osec *osec = &layout->osecs.at[layout->order[i]];
		if (osec->type == SHT_NOBITS)
			continue;
		for (uint32_t n = 0; n < osec->nodes.n; n++)
			if (osec->nodes.at[n].kind == NODE_RUN)
				add_run(writing, osec->nodes.at[n].id);
	}
	if (layout->shdrs_fileoff)
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
		if (getrandom(id, sizeof(id), 0) < 0)
			return false;
		id[6] = (uint8_t)((id[6] & 0x0f) | 0x40); /* RFC 4122, version 4 */
		id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
	}
	const struct section *note = section_of(link, link->synthetic[SYN_BUILD_ID]);
	const struct osec *osec = osec_of_section(link->layout, note);
	uint64_t fileoff = osec->fileoff + section_address(link->layout, note) - osec->addr + BUILD_ID_OFFSET;
	return output_write(&writing->file, options->build_id == BUILD_ID_HEX ? options->build_id_hex.data : id, size,
			    fileoff);
}

static void write_in_order(struct writing *writing)
{
	for (size_t i = 0; i < writing->chunks.n; i++)
		write_chunks(writing, i, i + 1, 0);
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
	bool good = output_begin(&writing.file, link->options->output, link->layout->file_size);
	if (good && writing.file.in_place && lseek(writing.file.fd, 0, SEEK_CUR) < 0)
		write_in_order(&writing);
	else if (good)
		parallel_for(link->pool, writing.chunks.n, writing.chunks.n < FEW_CHUNKS ? FEW_CHUNKS : 1, write_chunks,
			     &writing);
	good = good && !writing.file.error && !link->diag->errors;
	if (good && link->synthetic[SYN_BUILD_ID])
		good = write_build_id(&writing);
	if (good)
		output_commit(&writing.file);
	if (writing.file.error)
		diag_error(link->diag, UINT64_MAX, "%s %s: %s", writing.file.failed, link->options->output,
			   strerror(writing.file.error));
	output_abort(&writing.file);
	for (unsigned i = 0; i < pool_threads(link->pool); i++)
		free((void *)(uintptr_t)writing.buffers[i].data);
	free(writing.buffers);
	free(writing.leaves);
	array_free(&writing.chunks);
}
