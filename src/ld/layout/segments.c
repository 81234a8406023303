/* Which program headers the output has, before any address is known: the count decides where sections can begin. */
#include <string.h>

#include "ld/layout/layout.h"

static void add(struct layout *layout, uint32_t type, uint32_t flags, uint32_t first, uint32_t last, uint64_t align)
{
	*array_push(&layout->segments) = (struct segment){
		.type = type, .flags = flags, .first = first, .last = last, .align = align};
}

static struct osec *ordered(const struct layout *layout, uint32_t i)
{
	return &layout->osecs.at[layout->order[i]];
}

static uint32_t protection(const struct osec *osec)
{
	return PF_R | (osec->flags & SHF_WRITE ? PF_W : 0) | (osec->flags & SHF_EXECINSTR ? PF_X : 0);
}

/* Sections that exist in the output: they have members, or a symbol that somebody uses is defined in them. */
static void choose_sections(struct link *link)
{
	struct layout *layout = link->layout;
	uint32_t n = 0;
	layout->order = arena_array(&layout->arena, uint32_t, layout->osecs.n);
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		if (layout->nodes.at[i].kind != NODE_SECTION)
			continue;
		struct osec *osec = &layout->osecs.at[layout->nodes.at[i].id];
		if (osec->rank == RANK_DISCARD || !osec->has_members)
			continue;
		layout->order[n++] = layout->nodes.at[i].id;
		osec->index = n;
	}
	layout->n_order = n;
}

/* One PT_LOAD per protection; what becomes read-only after relocation has one of its own, so that it ends on a page
 * boundary. */
static void add_loads(struct link *link)
{
	struct layout *layout = link->layout;
	uint32_t flags = PF_R, first = 0;
	bool relro = false;
	uint32_t i = 0;
	for (; i < layout->n_order; i++) {
		const struct osec *osec = ordered(layout, i);
		if (!(osec->flags & SHF_ALLOC))
			break;
		if (protection(osec) == flags && (osec->relro && link->options->z.relro) == relro)
			continue;
		add(layout, PT_LOAD, flags, first, i, link->options->z.max_page_size);
		flags = protection(osec);
		relro = osec->relro && link->options->z.relro;
		first = i;
	}
	add(layout, PT_LOAD, flags, first, i, link->options->z.max_page_size);
	for (uint32_t s = 0; s < layout->segments.n; s++) {
		struct segment *load = &layout->segments.at[s];
		load->has_headers = load->type == PT_LOAD && load->first == 0;
		for (uint32_t o = load->first; load->type == PT_LOAD && o < load->last; o++)
			load->align = max_u64(load->align, 1ull << ordered(layout, o)->p2align);
	}
}

static void add_named(struct layout *layout, uint32_t type, uint32_t flags, const char *name, uint64_t align)
{
	for (uint32_t i = 0; i < layout->n_order; i++)
		if (strcmp(ordered(layout, i)->name, name) == 0)
			add(layout, type, flags, i, i + 1, max_u64(align, 1ull << ordered(layout, i)->p2align));
}

/* The range of sections for which `belongs` holds; they stand together. */
static void add_range(struct layout *layout, uint32_t type, uint32_t flags, bool (*belongs)(const struct osec *),
		      uint64_t align)
{
	uint32_t first = layout->n_order, last = 0;
	for (uint32_t i = 0; i < layout->n_order; i++)
		if (belongs(ordered(layout, i))) {
			first = i < first ? i : first;
			last = i + 1;
			align = max_u64(align, type == PT_TLS ? 1ull << ordered(layout, i)->p2align : 1);
		}
	if (first < last)
		add(layout, type, flags, first, last, align);
}

static bool is_tls(const struct osec *osec)
{
	return osec->flags & SHF_TLS;
}

static bool is_relro(const struct osec *osec)
{
	return osec->relro && osec->flags & SHF_ALLOC && osec->flags & SHF_WRITE;
}

/* Notes of one alignment that follow each other: readers take a PT_NOTE's p_align for the padding of its notes. */
static void add_notes(struct layout *layout)
{
	for (uint32_t i = 0; i < layout->n_order; i++) {
		const struct osec *osec = ordered(layout, i);
		if (osec->type != SHT_NOTE || !(osec->flags & SHF_ALLOC))
			continue;
		uint32_t first = i;
		while (i + 1 < layout->n_order && ordered(layout, i + 1)->type == SHT_NOTE &&
		       ordered(layout, i + 1)->p2align == osec->p2align && ordered(layout, i + 1)->flags == osec->flags)
			i++;
		add(layout, PT_NOTE, protection(osec), first, i + 1, 1ull << osec->p2align);
	}
}

void layout_segments(struct link *link)
{
	struct layout *layout = link->layout;
	choose_sections(link);
	if (link->synthetic[SYN_INTERP]) {
		add(layout, PT_PHDR, PF_R, 0, 0, 8);
		add_named(layout, PT_INTERP, PF_R, ".interp", 1);
	}
	add_loads(link);
	add_named(layout, PT_DYNAMIC, PF_R | PF_W, ".dynamic", 8);
	add_notes(layout);
	add_range(layout, PT_TLS, PF_R, is_tls, 1);
	add_named(layout, PT_GNU_PROPERTY, PF_R, ".note.gnu.property", 8);
	add_named(layout, PT_GNU_EH_FRAME, PF_R, ".eh_frame_hdr", 4);
	add(layout, PT_GNU_STACK, PF_R | PF_W | (layout->exec_stack ? PF_X : 0), 0, 0, 16);
	if (link->options->z.relro)
		add_range(layout, PT_GNU_RELRO, PF_R, is_relro, 1);
	layout->headers_size = sizeof(struct elf_ehdr) + layout->segments.n * sizeof(struct elf_phdr);
}
