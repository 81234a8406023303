#include "ld/output/render.h"

#include <string.h>

#include "arch/arch.h"
#include "ld/synth/eh_frame.h"
#include "ld/synth/relocs.h"
#include "ld/synth/synth.h"

enum { PIECE_SIZE = 1 << 18 };

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

void render_piece(struct link *link, const struct piece *piece, uint8_t *image)
{
	const struct run *run = &link->layout->runs.at[piece->run];
	const struct osec *osec = &link->layout->osecs.at[run->osec];
	uint8_t fill = osec->flags & SHF_EXECINSTR ? link->arch->code_fill : 0;
	uint64_t start = piece->start + osec->addr - run->addr; /* of the piece in the run */
	uint64_t at = 0;
	for (uint32_t i = piece->first; i < piece->last; i++) {
		const struct section *section = section_of(link, run->items[i]);
		uint64_t offset = section->offset - start;
		memset(image + at, fill, offset - at);
		render_section(link, run->items[i], image + offset);
		at = offset + section->size;
	}
	memset(image + at, fill, piece->size - at);
}

/* In its run. */
static uint64_t end_of(const struct link *link, section_id id)
{
	return section_of(link, id)->offset + section_of(link, id)->size;
}

static void cut_run(const struct link *link, uint32_t id, struct pieces *pieces)
{
	const struct run *run = &link->layout->runs.at[id];
	const struct osec *osec = &link->layout->osecs.at[run->osec];
	for (uint32_t i = 0; i < run->n;) {
		uint64_t begin = section_of(link, run->items[i])->offset, end;
		if (i == 0)
			begin = 0;
		struct piece piece = {.run = id, .first = i, .start = run->addr - osec->addr + begin};
		do {
			end = end_of(link, run->items[i]);
			i++;
		} while (i < run->n && end_of(link, run->items[i]) - begin <= PIECE_SIZE);
		/* the gap behind belongs to this piece, so that pieces touch */
		if (i < run->n)
			end = section_of(link, run->items[i])->offset;
		piece.last = i;
		piece.size = end - begin;
		*array_push(&pieces->list) = piece;
	}
}

void render_cut(const struct link *link, uint32_t id, struct pieces *pieces)
{
	const struct osec *osec = &link->layout->osecs.at[id];
	for (uint32_t n = 0; n < osec->nodes.n; n++)
		if (osec->nodes.at[n].kind == NODE_RUN)
			cut_run(link, osec->nodes.at[n].id, pieces);
}
