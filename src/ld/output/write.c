#include "ld/output/write.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32.h"
#include "base/hash.h"
#include "base/io_watch.h"
#include "base/memory.h"
#include "ld/layout/layout.h"
#include "ld/output/headers.h"
#include "ld/output/output_file.h"
#include "ld/output/render.h"
#include "ld/output/separate.h"
#include "ld/report/verify_output.h"
#include "ld/synth/notes.h"

enum { CHUNK_SIZE = 1 << 18, FEW_CHUNKS = 4, CRC_BLOCK = 1 << 20 };

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
	const char *path;         /* NULL: nothing has been begun */
	struct output_file file;
	uint64_t size;
	uint64_t build_id, debuglink; /* offsets of these sections, if there are any */
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

/* Bytes that are there already, in parts that several threads can write. */
static void add_bytes(struct writing *writing, uint64_t fileoff, struct bytes bytes)
{
	for (uint64_t at = 0; at < bytes.size; at += CHUNK_SIZE)
		*array_push(&writing->chunks) = (struct chunk){.fileoff = fileoff + at,
							       .size = min_u64(CHUNK_SIZE, bytes.size - at),
							       .kind = CHUNK_BYTES,
							       .bytes = bytes.data + at};
}

/* Compressed already (output/compress.c). */
static void add_packed(struct writing *writing, const struct osec *osec)
{
	uint64_t fileoff = osec->fileoff;
	for (uint32_t i = 0; i < osec->n_packed; i++) {
		add_bytes(writing, fileoff, osec->packed[i]);
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
		if (osec->type == SHT_NOBITS || osec->is_hollow || osec->is_blank || (flat && !(osec->flags & SHF_ALLOC)))
			continue;
		if (osec->n_packed) {
			add_packed(writing, osec);
			continue;
		}
		pieces.list.n = 0;
		render_cut(writing->link, layout->order[i], &pieces);
		for (uint32_t n = 0; n < pieces.list.n; n++) {
			const struct piece *piece = &pieces.list.at[n];
			struct bytes made = render_made(writing->link, piece);
			if (made.data) {
				add_bytes(writing, osec->fileoff + piece->start, made);
				continue;
			}
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

/* Where a section begins in the file. */
static uint64_t place_of(const struct layout *layout, const struct section *section)
{
	const struct osec *osec = osec_of_section(layout, section);
	return osec->fileoff + section_address(layout, section) - osec->addr;
}

static XXH128_hash_t hash_leaves(const struct writing *writing, uint64_t seed)
{
	return XXH3_128bits_withSeed(writing->leaves, writing->chunks.n * sizeof(*writing->leaves), seed);
}

/* The identifier is a hash of the chunks' hashes (design, R14), or what the user asked for. It is the debug file's,
 * too, if there is one. */
static bool write_build_id(struct writing *output, struct writing *debug)
{
	struct link *link = output->link;
	const struct options *options = link->options;
	uint8_t id[64] = {0};
	uint64_t size = build_id_size(link);
	if (options->build_id == BUILD_ID_HASH) {
		for (uint64_t at = 0; at < sizeof(id); at += sizeof(XXH128_canonical_t)) {
			XXH128_canonical_t part;
			XXH128_hash_t hash = hash_leaves(output, at);
			if (debug)
				hash = XXH3_128bits_withSeed(&hash, sizeof(hash), hash_leaves(debug, at).low64);
			XXH128_canonicalFromHash(&part, hash);
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
	const uint8_t *bytes = options->build_id == BUILD_ID_HEX ? options->build_id_hex.data : id;
	return output_write(&output->file, bytes, size, output->build_id + BUILD_ID_OFFSET) &&
	       (!debug || output_write(&debug->file, bytes, size, debug->build_id + BUILD_ID_OFFSET));
}

/* ---- one file ------------------------------------------------------------------------------------------------- */

/* Writes a file as the layout is, but for what depends on all of its bytes. */
static bool write_file(struct writing *writing, const char *path)
{
	struct link *link = writing->link;
	const struct layout *layout = link->layout;
	writing->path = path;
	writing->size = layout->file_size;
	bool executable = link->options->kind != OUTPUT_RELOCATABLE;
	if (!output_begin(&writing->file, path, writing->size, executable)) /* a size that is too large is found here */
		return false;
	cut(writing);
	if (link->synthetic[SYN_BUILD_ID])
		writing->build_id = place_of(layout, section_of(link, link->synthetic[SYN_BUILD_ID]));
	if (link->synthetic[SYN_GNU_DEBUGLINK])
		writing->debuglink = place_of(layout, section_of(link, link->synthetic[SYN_GNU_DEBUGLINK]));
	writing->hash = link->synthetic[SYN_BUILD_ID] && link->options->build_id == BUILD_ID_HASH;
	writing->leaves = calloc(writing->chunks.n + 1, sizeof(*writing->leaves));
	writing->buffers = calloc(pool_threads(link->pool), sizeof(*writing->buffers));
	if (!writing->leaves || !writing->buffers)
		out_of_memory();
	parallel_for(link->pool, writing->chunks.n, writing->chunks.n < FEW_CHUNKS ? FEW_CHUNKS : 1, write_chunks,
		     writing);
	return !writing->file.error && !link->diag->errors;
}

static void end_file(struct writing *writing)
{
	struct link *link = writing->link;
	if (!writing->path)
		return;
	if (writing->file.error)
		diag_error(link->diag, UINT64_MAX, "%s %s: %s", writing->file.failed, writing->path,
			   strerror(writing->file.error));
	if (writing->file.leftover)
		diag_warning(link->diag, UINT64_MAX, "cannot remove %s, which is the old %s: %s",
			     writing->file.leftover, writing->path, strerror(writing->file.leftover_error));
	output_abort(&writing->file);
	for (unsigned i = 0; writing->buffers && i < pool_threads(link->pool); i++)
		free((void *)(uintptr_t)writing->buffers[i].data);
	free(writing->buffers);
	free(writing->leaves);
	array_free(&writing->chunks);
}

/* ---- the debug file ------------------------------------------------------------------------------------------- */

struct checksums {
	const uint8_t *bytes;
	uint64_t size;
	uint32_t *of;             /* each block */
};

static void check_blocks(void *context, size_t begin, size_t end, unsigned worker)
{
	struct checksums *sums = context;
	(void)worker;
	for (size_t i = begin; i < end; i++) {
		uint64_t start = i * CRC_BLOCK;
		sums->of[i] = crc32_bytes(0, sums->bytes + start, min_u64(CRC_BLOCK, sums->size - start));
	}
}

/* The output names the debug file with the CRC of all its bytes. */
static bool write_debuglink(struct writing *output, struct writing *debug)
{
	struct link *link = output->link;
	size_t n = (debug->size + CRC_BLOCK - 1) / CRC_BLOCK;
	struct checksums sums = {.size = debug->size, .of = calloc(n + 1, sizeof(*sums.of))};
	if (!sums.of)
		out_of_memory();
	void *map = mmap(NULL, debug->size, PROT_READ, MAP_SHARED, debug->file.fd, 0);
	if (map == MAP_FAILED) {
		diag_error(link->diag, UINT64_MAX, "cannot read %s: %m", debug->path);
		free(sums.of);
		return false;
	}
	sums.bytes = map;
	parallel_for(link->pool, n, 1, check_blocks, &sums);
	uint32_t crc = 0;
	for (size_t i = 0; i < n; i++)
		crc = crc32_join(crc, sums.of[i], min_u64(CRC_BLOCK, sums.size - i * CRC_BLOCK));
	munmap(map, debug->size);
	free(sums.of);
	return output_write(&output->file, &crc, sizeof(crc), output->debuglink + debuglink_size(link) - sizeof(crc));
}

/* Nobody starts a debug file. */
static bool forbid_execution(struct writing *debug)
{
	struct stat now;
	int fd = debug->file.fd;
	if (debug->file.in_place || (fstat(fd, &now) == 0 && fchmod(fd, now.st_mode & 0666) == 0))
		return true;
	diag_error(debug->link->diag, UINT64_MAX, "cannot set the mode of %s: %m", debug->path);
	return false;
}

/* ---- --verify-output ------------------------------------------------------------------------------------------ */

static bool verify(struct writing *output)
{
	struct link *link = output->link;
	void *map = output->size ? mmap(NULL, output->size, PROT_READ, MAP_SHARED, output->file.fd, 0) : MAP_FAILED;
	if (map == MAP_FAILED) {
		diag_error(link->diag, UINT64_MAX, "--verify-output: cannot read %s again: %m", output->path);
		return false;
	}
	bool good = verify_output(link, (struct bytes){map, output->size});
	munmap(map, output->size);
	return good;
}

void output_write_all(struct link *link)
{
	struct writing output = {.link = link}, debug = {.link = link};
	struct separation separation;
	bool separate = link->synthetic[SYN_GNU_DEBUGLINK], good = true;
	if (link->options->verify_output && *link->options->verify_output) {
		if (separate) {
			separate_debug_file(link, &separation);
			separate_output(link, &separation);
		}
		verify_earlier_output(link);
		return;
	}
	if (separate) {
		separate_debug_file(link, &separation);
		good = write_file(&debug, separate_path(link));
		separate_output(link, &separation);
	}
	good = good && write_file(&output, link->options->output);
	if (good && link->synthetic[SYN_BUILD_ID])
		good = write_build_id(&output, separate ? &debug : NULL);
	if (good && separate)
		good = write_debuglink(&output, &debug) && forbid_execution(&debug);
	good = good && (!link->options->verify_output || verify(&output));
	const char *changed = good ? io_changed(link->io) : NULL;
	if (changed)
		diag_error(link->diag, 0, "%s changed while being linked", changed);
	else if (good && (!separate || output_commit(&debug.file)))
		output_commit(&output.file);
	end_file(&debug);
	end_file(&output);
	if (separate && debug.file.replaced >= 0)
		close(debug.file.replaced);
	if (output.path)
		link->replaced_output = output.file.replaced;
}
