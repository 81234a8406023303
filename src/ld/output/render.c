#include "ld/output/render.h"

#include <string.h>

#include "arch/arch.h"
#include "ld/resolve/symbols.h"
#include "ld/synth/eh_frame.h"
#include "ld/synth/relocs.h"
#include "ld/synth/synth.h"

enum {
	PIECE_SIZE = 1 << 18,
	GAP_SIZE = PIECE_SIZE / 30 * 30, /* whole instructions of every length that fills code */
};

static void render_section(struct link *link, section_id id, uint8_t *image)
{
	const struct section *section = section_of(link, id);
	const uint64_t word = link->arch->dialect->word;
	switch (section->kind) {
	case SECTION_REGULAR: {
		const struct file *file = file_of(link, section->file);
		struct bytes content = elf_section_bytes(&file->elf, section_number(link, id));
		if (content.size < section->size) /* NOBITS in a section that has content */
			memset(image + content.size, 0, section->size - content.size);
		memcpy(image, content.data, content.size);
		if (section->reversed)
			for (uint64_t at = 0; at + word <= content.size; at += word)
				memcpy(image + content.size - word - at, content.data + at, word);
		if (section->rela && content.size && link->options->kind == OUTPUT_RELOCATABLE) {
			relocs_put_addends(link, id, image);
			relocs_settle(link, id, image);
		} else if (section->rela && content.size) {
			link->arch->apply(link, id, image);
		}
		break;
	}
	case SECTION_EH_FRAME:
		eh_frame_emit(link, id, image);
		if (section->rela && link->options->kind == OUTPUT_RELOCATABLE)
			relocs_put_addends(link, id, image);
		break;
	default:
		if (section->kind == SECTION_SYNTHETIC &&
		    (section->extra == SYN_DYNBSS || section->extra == SYN_DYNRELRO || section->extra >= SYN_COMMON))
			memset(image, 0, section->size);
		synth_emit(link, id, image);
		break;
	}
}

/* `size` bytes of a gap, `from` bytes behind its beginning. Gaps are filled with the pattern that a script gives, from
 * its beginning; in code with what does nothing, else with zeros. */
static void fill_gap(const struct link *link, const struct osec *osec, const struct bytes *fill, uint64_t from,
		     uint8_t *image, uint64_t size)
{
	if (!fill || !fill->size) {
		bool scripted = link->layout->scripted;
		bool code = scripted && osec->look.exists ? osec->look.flags & CODE : osec->flags & SHF_EXECINSTR;
		if (scripted && code && link->arch->fill_code)
			link->arch->fill_code(image, size);
		else
			memset(image, code ? link->arch->code_fill : 0, size);
		return;
	}
	for (uint64_t at = 0, phase = from % fill->size; at < size; at += fill->size - phase, phase = 0)
		memcpy(image + at, fill->data + phase, min_u64(fill->size - phase, size - at));
}

static void render_node(const struct link *link, const struct piece *piece, uint8_t *image)
{
	const struct node *node = piece->node;
	if (node->kind == NODE_DATA) {
		for (unsigned i = 0; i < node->width; i++)
			image[i] = (uint8_t)(node->result >> (8 * i));
	} else if (node->kind == NODE_STRING) {
		memcpy(image, node->text.data, node->text.size);
	} else {
		fill_gap(link, &link->layout->osecs.at[piece->osec], node->fill, piece->from, image, piece->size);
	}
}

struct bytes render_made(const struct link *link, const struct piece *piece)
{
	const struct bytes none = {NULL, 0};
	if (piece->node || piece->last != piece->first + 1)
		return none;
	const struct section *section = section_of(link, link->layout->runs.at[piece->run].items[piece->first]);
	if (section->kind != SECTION_SYNTHETIC || link->made[section->extra].size != piece->size)
		return none;
	return link->made[section->extra];
}

void render_piece(struct link *link, const struct piece *piece, uint8_t *image)
{
	if (piece->node) {
		render_node(link, piece, image);
		return;
	}
	const struct run *run = &link->layout->runs.at[piece->run];
	const struct osec *osec = &link->layout->osecs.at[run->osec];
	uint64_t start = piece->start + osec->addr - run->addr; /* of the piece in the run */
	uint64_t at = 0;
	file_id fetched = INTERNAL_FILE;
	for (uint32_t i = piece->first; i < piece->last; i++) {
		const struct section *section = section_of(link, run->items[i]);
		if (section->rela && section->file != fetched) {
			symbols_fetch(link, file_of(link, section->file));
			fetched = section->file;
		}
		uint64_t offset = section->offset - start;
		if (offset != at)
			fill_gap(link, osec, run->fill, 0, image + at, offset - at);
		render_section(link, run->items[i], image + offset);
		at = offset + section->size;
	}
	if (at != piece->size)
		fill_gap(link, osec, run->fill, piece->from, image + at, piece->size - at);
}

/* In its run. */
static uint64_t end_of(const struct link *link, section_id id)
{
	return section_of(link, id)->offset + section_of(link, id)->size;
}

/* A large section without content, among others that have some: zero as it is. */
static bool is_hole(const struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	return section->kind == SECTION_REGULAR && section->size > PIECE_SIZE &&
	       section_shdr(link, id)->sh_type == SHT_NOBITS;
}

/* A gap of the run in front of item `item`. It is zero as it is, but in code and where a script gives a pattern. */
static void cut_gap(const struct link *link, uint32_t id, uint32_t item, uint64_t begin, uint64_t end,
		    struct pieces *pieces)
{
	const struct run *run = &link->layout->runs.at[id];
	const struct osec *osec = &link->layout->osecs.at[run->osec];
	if (!(run->fill && run->fill->size) && !(osec->flags & SHF_EXECINSTR))
		return;
	for (uint64_t at = begin; at < end; at += GAP_SIZE)
		*array_push(&pieces->list) = (struct piece){
			.run = id, .first = item, .last = item, .from = at - begin,
			.start = run->addr - osec->addr + at, .size = min_u64(GAP_SIZE, end - at)};
}

static void cut_run(const struct link *link, uint32_t id, struct pieces *pieces)
{
	const struct run *run = &link->layout->runs.at[id];
	const struct osec *osec = &link->layout->osecs.at[run->osec];
	uint64_t done = 0;
	for (uint32_t i = 0; i < run->n;) {
		uint64_t begin = i ? section_of(link, run->items[i])->offset : 0, end;
		if (begin > done)
			cut_gap(link, id, i, done, begin, pieces);
		if (is_hole(link, run->items[i])) {
			done = end_of(link, run->items[i++]);
			continue;
		}
		struct piece piece = {.run = id, .first = i, .start = run->addr - osec->addr + begin};
		do {
			end = end_of(link, run->items[i]);
			i++;
		} while (i < run->n && end_of(link, run->items[i]) - begin <= PIECE_SIZE);
		/* the gap behind belongs to this piece, unless it is large */
		if (i < run->n && section_of(link, run->items[i])->offset - end < PIECE_SIZE)
			end = section_of(link, run->items[i])->offset;
		piece.last = i;
		piece.size = end - begin;
		done = end;
		*array_push(&pieces->list) = piece;
	}
}

/* A gap without a pattern is zero as it is, but in code. */
static bool has_bytes(const struct osec *osec, const struct node *node)
{
	return node->size && (node->kind == NODE_DATA || node->kind == NODE_STRING ||
			      (node->kind == NODE_ASSIGN && (node->fill || osec->flags & SHF_EXECINSTR)));
}

static void cut_node(const struct osec *osec, uint32_t id, const struct node *node, struct pieces *pieces)
{
	uint64_t most = node->kind == NODE_ASSIGN ? GAP_SIZE : node->size;
	for (uint64_t from = 0; from < node->size; from += most)
		*array_push(&pieces->list) = (struct piece){
			.node = node, .osec = id, .from = from, .start = node->dot - osec->addr + from,
			.size = min_u64(most, node->size - from)};
}

void render_cut(const struct link *link, uint32_t id, struct pieces *pieces)
{
	const struct osec *osec = &link->layout->osecs.at[id];
	for (uint32_t n = 0; n < osec->nodes.n; n++) {
		const struct node *node = &osec->nodes.at[n];
		if (node->kind == NODE_RUN)
			cut_run(link, node->id, pieces);
		else if (has_bytes(osec, node))
			cut_node(osec, id, node, pieces);
	}
}
