#include "ld/output/separate.h"

#include <string.h>

#include "ld/output/headers.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

const char *separate_path(const struct link *link)
{
	const struct options *options = link->options;
	return options->separate_debug && !options->z.nosectionheader ? options->debug_file : NULL;
}

uint64_t debuglink_size(const struct link *link)
{
	return align_up(strlen(base_name(separate_path(link))) + 1, 4) + 4;
}

void debuglink_emit(const struct link *link, uint8_t *image)
{
	const char *name = base_name(separate_path(link));
	memset(image, 0, debuglink_size(link));
	memcpy(image, name, strlen(name) + 1);
}

static bool is_for_debuggers(const struct osec *osec)
{
	static const char *const names[] = {".debug_", ".zdebug_", ".gdb_index", ".stab", ".symtab", ".strtab"};
	if (osec->flags & SHF_ALLOC)
		return false;
	for (unsigned i = 0; i < COUNTOF(names); i++)
		if (strncmp(osec->name, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static bool is_section(const struct link *link, const struct osec *osec, enum synthetic which)
{
	return osec == osec_of_section(link->layout, section_of(link, link->synthetic[which]));
}

/* Chooses the sections of one file; loaded ones come first in both, so that symbols name the same ones. */
static void choose(struct link *link, const struct separation *separation, bool debug)
{
	struct layout *layout = link->layout;
	layout->n_order = 0;
	for (uint32_t i = 0; i < separation->n_order; i++) {
		struct osec *osec = &layout->osecs.at[separation->order[i]];
		bool is_debug = is_for_debuggers(osec), is_names = is_section(link, osec, SYN_SHSTRTAB);
		bool is_link = is_section(link, osec, SYN_GNU_DEBUGLINK);
		bool is_note = osec->type == SHT_NOTE && osec->flags & SHF_ALLOC;
		osec->index = 0;
		osec->is_hollow = debug && !is_debug && !is_names && !is_note;
		if (debug ? is_link : is_debug)
			continue;
		layout->order[layout->n_order++] = separation->order[i];
		osec->index = layout->n_order;
	}
	headers_prepare(link);
}

/* Nothing but the headers and notes has content. Addresses and sizes in memory stay. */
static void empty_segments(struct layout *layout)
{
	for (uint32_t i = 0; i < layout->segments.n; i++) {
		struct segment *segment = &layout->segments.at[i];
		const struct osec *first = &layout->osecs.at[segment->n ? segment->sections[0] : 0];
		if (segment->n && first->type == SHT_NOTE && segment->type != PT_LOAD)
			segment->fileoff = first->fileoff;
		else if (segment->type != PT_PHDR)
			segment->filesz = segment->has_headers ? layout->headers_size : 0;
	}
}

void separate_debug_file(struct link *link, struct separation *separation)
{
	struct layout *layout = link->layout;
	separation->order = arena_dup(&layout->arena, uint32_t, layout->order, layout->n_order);
	separation->n_order = layout->n_order;
	separation->segments = arena_dup(&layout->arena, struct segment, layout->segments.at, layout->segments.n);
	separation->fileoffs = arena_array(&layout->arena, uint64_t, layout->osecs.n);
	for (uint32_t i = 0; i < layout->osecs.n; i++)
		separation->fileoffs[i] = layout->osecs.at[i].fileoff;
	choose(link, separation, true);
	uint64_t fileoff = layout->headers_size;
	for (uint32_t i = 0; i < layout->n_order; i++) {
		struct osec *osec = &layout->osecs.at[layout->order[i]];
		if (osec->flags & SHF_ALLOC && !osec->is_hollow && osec->type != SHT_NOBITS) {
			osec->fileoff = align_up(fileoff, 1ull << osec->p2align);
			fileoff = osec->fileoff + osec->size;
		} else if (osec->flags & SHF_ALLOC) {
			osec->fileoff = fileoff;
		}
	}
	layout_assign_unloaded(link);
	empty_segments(layout);
}

void separate_output(struct link *link, struct separation *separation)
{
	struct layout *layout = link->layout;
	for (uint32_t i = 0; i < layout->osecs.n; i++)
		layout->osecs.at[i].fileoff = separation->fileoffs[i];
	memcpy(layout->segments.at, separation->segments, layout->segments.n * sizeof(struct segment));
	choose(link, separation, false);
	layout_assign_unloaded(link);
}
