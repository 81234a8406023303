/* Which program headers the output has, before any address is known: the count decides where sections can begin. */
#include <string.h>

#include "arch/arch.h"
#include "ld/layout/layout.h"
#include "ld/synth/relocs.h"

/* Adds a segment of sections [first, last) of the order. */
static struct segment *add(struct layout *layout, uint32_t type, uint32_t flags, uint32_t first, uint32_t last,
			   uint64_t align)
{
	struct segment *segment = array_push(&layout->segments);
	*segment = (struct segment){.type = type, .flags = flags, .n = last - first, .align = align};
	segment->sections = arena_dup(&layout->arena, uint32_t, layout->order + first, segment->n);
	return segment;
}

static struct osec *ordered(const struct layout *layout, uint32_t i)
{
	return &layout->osecs.at[layout->order[i]];
}

static uint32_t protection(const struct osec *osec)
{
	return PF_R | (osec->flags & SHF_WRITE ? PF_W : 0) | (osec->flags & SHF_EXECINSTR ? PF_X : 0);
}

/* By a script's rules what is empty is left out, unless the script says that it matters. */
static bool is_chosen(const struct link *link, struct osec *osec)
{
	if (!link->layout->scripted || osec->rank == RANK_TABLES)
		return osec->has_members;
	if (link->options->kind == OUTPUT_RELOCATABLE)
		osec->is_empty = !osec->look.exists;
	else
		osec->is_empty = (!osec->size || osec->is_stripped) && !osec->is_kept && !osec->has_data &&
				 !(osec->has_members && keeps_relocations(link->options));
	return !osec->is_empty;
}

/* Sections that exist in the output, those that have members; the first of them after an address was given jumps there.
 * The location counter's first value, where the headers end, is no jump. */
/* By a script's rules: in the order in which they came to exist; the tables come last. */
static void choose_by_script(struct link *link)
{
	struct layout *layout = link->layout;
	uint32_t n = 0;
	for (uint32_t i = 1; i < layout->osecs.n; i++)
		layout->osecs.at[i].index = 0;
	for (uint32_t i = layout->made_first; i; i = layout->osecs.at[i].made_next) {
		struct osec *osec = &layout->osecs.at[i];
		if (osec->rank < RANK_TABLES && is_chosen(link, osec) &&
		    (osec->look.flags & ALLOC || !link->options->z.nosectionheader))
			layout->order[n++] = i;
	}
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		struct osec *osec = &layout->osecs.at[layout->nodes.at[i].id];
		if (layout->nodes.at[i].kind == NODE_SECTION && osec->rank == RANK_TABLES && is_chosen(link, osec) &&
		    !link->options->z.nosectionheader)
			layout->order[n++] = layout->nodes.at[i].id;
	}
	for (uint32_t i = 0; i < n; i++)
		layout->osecs.at[layout->order[i]].index = i + 1;
	layout->n_order = n;
}

void layout_choose_sections(struct link *link)
{
	struct layout *layout = link->layout;
	uint32_t n = 0;
	bool jumps = false;
	if (!layout->order)
		layout->order = arena_array(&layout->arena, uint32_t, layout->osecs.n);
	if (layout->scripted && link->options->kind != OUTPUT_RELOCATABLE) {
		choose_by_script(link);
		return;
	}
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		const struct node *node = &layout->nodes.at[i];
		if (node->kind == NODE_ASSIGN)
			jumps |= n != 0 && strcmp(node->symbol, ".") == 0;
		if (node->kind != NODE_SECTION)
			continue;
		struct osec *osec = &layout->osecs.at[node->id];
		osec->index = 0;
		if (osec->rank == RANK_DISCARD || osec->is_absent || !is_chosen(link, osec))
			continue;
		if (link->options->z.nosectionheader && !(osec->flags & SHF_ALLOC))
			continue; /* nobody could find it */
		osec->jumps = osec->flags & SHF_ALLOC && (jumps || node->value);
		jumps = false;
		layout->order[n++] = node->id;
		osec->index = n;
	}
	layout->n_order = n;
}

/* Sections with the same answer can share a PT_LOAD: one per protection; what becomes read-only after relocation has
 * one of its own, so that it ends on a page boundary; so has what may be far away, since .bss, which has no bytes,
 * comes before it. Without -z separate-code, code is not told from read-only data,
 * and without pages nothing is told apart. */
static uint32_t load_class(const struct options *options, const struct osec *osec)
{
	enum { RELRO_CLASS = 1 << 8, LARGE_CLASS = 1 << 9 };
	uint32_t class = protection(osec);
	if (options->unpaged)
		return 0;
	if ((!options->z.separate_code || options->no_rosegment) && !(class & PF_W))
		class &= ~(uint32_t)PF_X;
	if (osec->rank >= RANK_LARGE_RODATA && osec->rank <= RANK_LARGE_BSS)
		return class | LARGE_CLASS;
	return class | (osec->relro && options->z.relro ? RELRO_CLASS : 0);
}

/* Adds the PT_LOAD of sections [first, last). */
static void add_load(struct link *link, uint32_t first, uint32_t last, bool has_headers)
{
	struct layout *layout = link->layout;
	bool unpaged = link->options->unpaged;
	uint64_t align = unpaged ? 1 : link->options->z.max_page_size;
	uint32_t flags = unpaged ? PF_R | PF_W | PF_X : PF_R;
	for (uint32_t i = first; i < last; i++) {
		flags |= protection(ordered(layout, i));
		align = max_u64(align, 1ull << ordered(layout, i)->p2align);
	}
	add(layout, PT_LOAD, flags, first, last, align)->has_headers = has_headers;
}

/* The headers are a part of the first PT_LOAD, or have one of their own when code comes first. Where memory begins at
 * an address that was given, or has no pages, nobody counts on them there but a program interpreter. */
static void add_loads(struct link *link)
{
	struct layout *layout = link->layout;
	bool has_headers = link->synthetic[SYN_INTERP] ||
			   (!link->options->unpaged && !(layout->n_order && ordered(layout, 0)->jumps));
	uint32_t first = 0, class = link->options->unpaged ? 0 : PF_R, i = 0;
	for (; i < layout->n_order && ordered(layout, i)->flags & SHF_ALLOC; i++) {
		const struct osec *osec = ordered(layout, i);
		if (load_class(link->options, osec) == class && !osec->jumps)
			continue;
		if (i != first || has_headers)
			add_load(link, first, i, has_headers);
		has_headers = false;
		class = load_class(link->options, osec);
		first = i;
	}
	if (i != first || has_headers)
		add_load(link, first, i, has_headers);
}

static void add_named(struct layout *layout, uint32_t type, const char *name, uint64_t align)
{
	for (uint32_t i = 0; i < layout->n_order; i++)
		if (strcmp(ordered(layout, i)->name, name) == 0)
			add(layout, type, protection(ordered(layout, i)), i, i + 1,
			    max_u64(align, 1ull << ordered(layout, i)->p2align));
}

section_id layout_merged_unwind_index(const struct link *link)
{
	const struct layout *layout = link->layout;
	section_id header = link->synthetic[SYN_EH_FRAME_HDR];
	uint32_t named = layout_find(layout, ".eh_frame_hdr");
	if (!header || !section_of(link, header)->run || (named && layout->osecs.at[named].index))
		return 0;
	const struct osec *osec = osec_of_section(layout, section_of(link, header));
	return osec->index && osec->flags & SHF_ALLOC && osec->type != SHT_NOBITS ? header : 0;
}

void layout_narrow_segment(const struct link *link, struct segment *segment)
{
	const struct section *section = section_of(link, segment->member);
	uint64_t offset = section_address(link->layout, section) - segment->addr;
	segment->addr += offset;
	segment->lma += offset;
	segment->fileoff += offset;
	segment->filesz = segment->memsz = section->size;
}

static void add_unwind_index(const struct link *link)
{
	struct layout *layout = link->layout;
	section_id merged = layout_merged_unwind_index(link);
	add_named(layout, PT_GNU_EH_FRAME, ".eh_frame_hdr", 4);
	if (merged) {
		uint32_t index = osec_of_section(layout, section_of(link, merged))->index - 1;
		add(layout, PT_GNU_EH_FRAME, protection(ordered(layout, index)), index, index + 1, 4)->member = merged;
	}
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

/* Of a PT_LOAD: when addresses were given, the last one that has such sections; it is padded to a page boundary. What
 * comes behind a section that stays writable, as an edited layout may have it, stays so, too. */
static void add_relro(struct layout *layout)
{
	uint32_t first = layout->n_order, last = 0;
	for (uint32_t i = 0; i < layout->n_order; i++) {
		if (!is_relro(ordered(layout, i)))
			continue;
		if (first == layout->n_order || ordered(layout, i)->jumps)
			first = i;
		else if (last != i)
			continue;
		last = i + 1;
	}
	if (first < last)
		add(layout, PT_GNU_RELRO, PF_R, first, last, 1);
}

/* A loader that binds lazily writes into .got.plt at any time: what an edited layout puts it into stays writable. */
static void keep_lazy_slots(struct link *link)
{
	section_id slots = link->synthetic[SYN_GOT_PLT];
	if (slots && !link->options->z.now && section_of(link, slots)->run)
		osec_of_section(link->layout, section_of(link, slots))->relro = false;
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
	if (layout->scripted) {
		layout_script_segments(link);
		return;
	}
	const struct elf_dialect *dialect = link->arch->dialect;
	layout_choose_sections(link);
	keep_lazy_slots(link);
	if (link->synthetic[SYN_INTERP]) {
		add(layout, PT_PHDR, PF_R, 0, 0, dialect->word);
		add_named(layout, PT_INTERP, ".interp", 1);
	}
	add_loads(link);
	add_named(layout, PT_DYNAMIC, ".dynamic", dialect->word);
	add_notes(layout);
	add_range(layout, PT_TLS, PF_R, is_tls, 1);
	add_named(layout, PT_GNU_PROPERTY, ".note.gnu.property", dialect->property_align);
	add_unwind_index(link);
	if (!link->options->z.nognustack)
		add(layout, PT_GNU_STACK, PF_R | PF_W | (layout->exec_stack ? PF_X : 0), 0, 0, 16);
	if (link->options->z.relro)
		add_relro(layout);
	layout->headers_size = dialect->ehdr + (uint64_t)layout->segments.n * dialect->phdr;
}
