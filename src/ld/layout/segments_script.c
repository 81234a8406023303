/* Segments by a script's rules: the program headers that PHDRS lists, or those that the addresses of sections ask for,
 * as GNU ld makes them (GNU ld manual, "PHDRS Command"; bfd, map_sections_to_segments). Addresses are there before
 * segments; only the number of the program headers goes back into them, by SIZEOF_HEADERS. */
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/layout/expr.h"
#include "ld/layout/interpret.h"
#include "ld/layout/looks.h"
#include "ld/layout/segments_script.h"

static struct osec *osec_at(const struct layout *layout, uint32_t id)
{
	return &layout->osecs.at[id];
}

/* Thread-local sections without content count as loaded: they do not end what has content. */
static bool has_content(const struct osec *osec)
{
	return osec->look.flags & (LOAD | THREAD_LOCAL);
}

static uint64_t room_of(const struct osec *osec)
{
	return look_is_tbss(osec) ? 0 : osec->size;
}

static struct segment *add(struct layout *layout, uint32_t type, uint32_t flags, const uint32_t *sections, uint32_t n)
{
	struct segment *segment = array_push(&layout->segments);
	*segment = (struct segment){.type = type, .flags = flags, .n = n, .align = 1};
	if (n)
		segment->sections = arena_dup(&layout->arena, uint32_t, sections, n);
	return segment;
}

static uint32_t protection(const struct layout *layout, const struct segment *segment)
{
	bool headers = segment->has_headers || segment->has_phdrs_only || segment->type == PT_PHDR;
	uint32_t flags = segment->n || headers ? PF_R : 0;
	for (uint32_t i = 0; i < segment->n; i++) {
		const struct osec *osec = osec_at(layout, segment->sections[i]);
		flags |= (osec->flags & SHF_WRITE ? PF_W : 0) | (osec->flags & SHF_EXECINSTR ? PF_X : 0);
	}
	return flags;
}

static uint64_t alignment(const struct layout *layout, const struct segment *segment)
{
	uint64_t align = 1;
	for (uint32_t i = 0; i < segment->n; i++)
		align = max_u64(align, 1ull << osec_at(layout, segment->sections[i])->p2align);
	return align;
}

/* ---- what addresses ask for -------------------------------------------------------------------------------- */

struct place {
	uint64_t lma, addr, size;
	bool late;                /* no content: behind what is at the same address and has some */
	uint32_t index, id;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->lma != y->lma)
		return x->lma < y->lma ? -1 : 1;
	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (x->late != y->late)
		return x->late ? 1 : -1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static void sort_by_place(const struct layout *layout, uint32_t *sections, uint32_t n)
{
	struct place *places = calloc((size_t)n + 1, sizeof(*places));
	if (!places)
		out_of_memory();
	for (uint32_t i = 0; i < n; i++) {
		const struct osec *osec = osec_at(layout, sections[i]);
		places[i] = (struct place){.lma = osec->lma, .addr = osec->addr,
					   .size = osec->look.flags & LOAD ? osec->size : 0,
					   .late = !has_content(osec) && osec->size,
					   .index = osec->index, .id = sections[i]};
	}
	qsort(places, n, sizeof(*places), compare_places);
	for (uint32_t i = 0; i < n; i++)
		sections[i] = places[i].id;
	free(places);
}

/* The loaded sections in order of load address: `sections`, which has room for all. */
static uint32_t sort_loaded(const struct layout *layout, uint32_t *sections)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < layout->n_order; i++)
		if (osec_at(layout, layout->order[i])->look.flags & ALLOC)
			sections[n++] = layout->order[i];
	sort_by_place(layout, sections, n);
	return n;
}

struct mapping {
	struct link *link;
	uint32_t *sections;       /* sorted */
	uint32_t n;
	uint64_t page;
	bool headers;             /* the next PT_LOAD begins with the headers */
};

/* Do the headers fit in front of the first section, on its page or on one of their own? */
static bool place_headers(struct mapping *mapping)
{
	struct link *link = mapping->link;
	struct layout *layout = link->layout;
	const struct osec *first = osec_at(layout, mapping->sections[0]);
	uint64_t size = layout->headers_size, mask = mapping->page - 1;
	bool fit = layout->headers_asked || link->synthetic[SYN_INTERP] || (first->lma & mask) >= (size & mask);
	if (!fit || link->options->unpaged)
		return false;
	uint64_t lma = (first->lma - size) & ~mask;
	bool apart = link->options->z.separate_code && first->look.flags & CODE;
	if (apart && ((lma + size - 1) & ~mask) == (first->lma & ~mask)) {
		/* Not on a page of code: on the one before, if there is one. */
		apart = lma >= mapping->page;
		lma -= apart ? mapping->page : 0;
	}
	if (first->lma < lma || first->lma < size)
		return false;
	if (!apart)
		return true;
	struct segment *segment = add(layout, PT_LOAD, PF_R, NULL, 0);
	segment->has_headers = true;
	segment->align = mapping->page;
	segment->lma = lma;
	segment->addr = (first->addr - size) & ~mask;
	return false;
}

/* Does the section need a segment of its own, or does the one that `last` is in go on? */
static bool begins_load(const struct mapping *mapping, const struct osec *last, const struct osec *osec, bool writable,
			bool executable)
{
	const struct options *options = mapping->link->options;
	uint64_t end = last->lma + room_of(last), mask = mapping->page - 1;
	uint64_t next_page = (end + mask) & ~mask;
	if (last->lma - last->addr != osec->lma - osec->addr)
		return true;
	if (osec->lma < end || end < last->lma)
		return true;
	if (!options->unpaged && ((end - 1) & ~mask) == (osec->lma & ~mask))
		return false; /* one page cannot have two mappings */
	if (next_page + mapping->page > last->lma && next_page + mapping->page <= osec->lma)
		return true; /* a page or more lies between */
	if (!has_content(last) && has_content(osec))
		return true;
	if (options->unpaged)
		return false;
	if (options->z.separate_code && executable != ((osec->look.flags & CODE) != 0))
		return true;
	return !writable && !(osec->look.flags & READONLY);
}

/* Sections of different regions have no segment in common, whatever lies between them. */
static bool are_apart(const struct mapping *mapping, const struct osec *a, const struct osec *b)
{
	const struct layout *layout = mapping->link->layout;
	return osec_at(layout, layout_find_present(layout, a->name))->region !=
	       osec_at(layout, layout_find_present(layout, b->name))->region;
}

static void add_load(struct mapping *mapping, uint32_t first, uint32_t end)
{
	struct layout *layout = mapping->link->layout;
	struct segment *segment = add(layout, PT_LOAD, 0, mapping->sections + first, end - first);
	segment->flags = protection(layout, segment);
	segment->align = alignment(layout, segment);
	if (!mapping->link->options->unpaged)
		segment->align = max_u64(segment->align, mapping->page);
	segment->has_headers = mapping->headers;
	mapping->headers = false;
}

static void add_loads(struct mapping *mapping)
{
	struct layout *layout = mapping->link->layout;
	uint32_t first = 0;
	bool writable = false, executable = false;
	mapping->headers = mapping->n && place_headers(mapping);
	for (uint32_t i = 0; i < mapping->n; i++) {
		const struct osec *osec = osec_at(layout, mapping->sections[i]);
		const struct osec *last = i ? osec_at(layout, mapping->sections[i - 1]) : NULL;
		if (last && (begins_load(mapping, last, osec, writable, executable) || are_apart(mapping, last, osec))) {
			add_load(mapping, first, i);
			writable = executable = false;
			first = i;
		}
		writable |= !(osec->look.flags & READONLY);
		executable |= (osec->look.flags & CODE) != 0;
	}
	if (mapping->n > first + 1 || (mapping->n && !look_is_tbss(osec_at(layout, mapping->sections[mapping->n - 1]))))
		add_load(mapping, first, mapping->n);
}

static void add_named(struct layout *layout, uint32_t type, const char *name, uint32_t flags)
{
	uint32_t id = layout_find(layout, name);
	const struct osec *osec = osec_at(layout, id);
	if (!id || !osec->index || !(osec->flags & SHF_ALLOC) || osec->type == SHT_NOBITS)
		return;
	struct segment *segment = add(layout, type, flags, &id, 1);
	if (!flags)
		segment->flags = protection(layout, segment);
	segment->align = 1ull << osec->p2align;
}

static void add_unwind_index(const struct link *link)
{
	struct layout *layout = link->layout;
	section_id merged = layout_merged_unwind_index(link);
	add_named(layout, PT_GNU_EH_FRAME, ".eh_frame_hdr", 0);
	if (merged) {
		uint32_t id = layout->runs.at[section_of(link, merged)->run].osec;
		struct segment *segment = add(layout, PT_GNU_EH_FRAME, 0, &id, 1);
		segment->flags = protection(layout, segment);
		segment->align = 4;
		segment->member = merged;
	}
}

static bool is_note(const struct osec *osec)
{
	return osec->look.flags & LOAD && osec->type == SHT_NOTE;
}

/* Notes of one alignment that touch. */
static void add_notes(struct layout *layout)
{
	for (uint32_t i = 0; i < layout->n_order; i++) {
		const struct osec *osec = osec_at(layout, layout->order[i]);
		uint32_t first = i;
		if (!is_note(osec))
			continue;
		while (i + 1 < layout->n_order) {
			const struct osec *next = osec_at(layout, layout->order[i + 1]);
			uint64_t end = align_up(osec->lma + osec->size, 1ull << osec->p2align);
			if (!is_note(next) || next->p2align != osec->p2align || end != next->lma)
				break;
			osec = next;
			i++;
		}
		struct segment *segment = add(layout, PT_NOTE, 0, layout->order + first, i + 1 - first);
		segment->flags = protection(layout, segment);
		segment->align = 1ull << osec->p2align;
	}
}

static void add_tls(struct layout *layout)
{
	uint32_t first = layout->n_order, end = 0;
	for (uint32_t i = 0; i < layout->n_order; i++)
		if (osec_at(layout, layout->order[i])->look.flags & THREAD_LOCAL) {
			first = i < first ? i : first;
			end = i + 1;
		}
	if (first >= end)
		return;
	struct segment *segment = add(layout, PT_TLS, PF_R, layout->order + first, end - first);
	segment->align = alignment(layout, segment);
}

static bool is_relocated_data(const struct layout *layout, const struct osec *osec)
{
	const struct data_segment *data = &layout->data_segment;
	return osec->flags & SHF_ALLOC && osec->addr >= data->base && osec->addr < data->relro_end &&
	       !look_is_tbss(osec) && osec->size;
}

/* What DATA_SEGMENT_ALIGN and DATA_SEGMENT_RELRO_END enclose. */
static void add_relro(struct layout *layout, const struct mapping *mapping)
{
	uint32_t first = mapping->n, end = 0;
	for (uint32_t i = 0; i < mapping->n; i++)
		if (is_relocated_data(layout, osec_at(layout, mapping->sections[i]))) {
			first = i < first ? i : first;
			end = i + 1;
		}
	if (first < end)
		add(layout, PT_GNU_RELRO, PF_R, mapping->sections + first, end - first);
}

static void add_by_addresses(struct link *link)
{
	struct layout *layout = link->layout;
	if (!layout->n_order || osec_at(layout, layout->order[0])->rank == RANK_TABLES)
		return; /* there are no sections */
	struct mapping mapping = {.link = link, .page = link->options->z.max_page_size};
	mapping.sections = arena_array(&layout->arena, uint32_t, layout->n_order + 1);
	mapping.n = sort_loaded(layout, mapping.sections);
	const struct osec *interp = osec_at(layout, layout_find(layout, ".interp"));
	if (interp->index && interp->flags & SHF_ALLOC) {
		add(layout, PT_PHDR, PF_R, NULL, 0)->align = link->arch->dialect->word;
		add_named(layout, PT_INTERP, ".interp", 0);
	}
	add_loads(&mapping);
	add_named(layout, PT_DYNAMIC, ".dynamic", 0);
	add_notes(layout);
	add_tls(layout);
	add_named(layout, PT_GNU_PROPERTY, ".note.gnu.property", PF_R);
	add_unwind_index(link);
	if (!link->options->z.nognustack)
		add(layout, PT_GNU_STACK, PF_R | PF_W | (layout->exec_stack ? PF_X : 0), NULL, 0)->align = 16;
	if (link->options->z.relro && layout->data_segment.seen && layout->data_segment.relro_end)
		add_relro(layout, &mapping);
}

static bool is_there(const struct layout *layout, const char *name)
{
	uint32_t id = layout_find(layout, name);
	return id && osec_at(layout, id)->index;
}

/* Two segments with code and data, one for each group of notes, and one for each of the others that there may be. */
static uint64_t guess_segments(const struct link *link)
{
	const struct layout *layout = link->layout;
	const struct osec *last = NULL;
	bool has_tls = false;
	bool relro = link->options->z.relro && layout->data_segment.seen;
	uint64_t n = 2 + 2 * is_there(layout, ".interp") + is_there(layout, ".dynamic") + relro +
		     is_there(layout, ".eh_frame_hdr") + (layout_merged_unwind_index(link) != 0) + !link->options->z.nognustack +
		     is_there(layout, ".note.gnu.property");
	for (uint32_t i = layout->made_first; i; i = osec_at(layout, i)->made_next) {
		const struct osec *osec = osec_at(layout, i);
		bool note = osec->look.type == SHT_NOTE && osec->look.flags & LOAD;
		if (!osec->index)
			continue;
		n += note && !(last && last->p2align == osec->p2align);
		last = note ? osec : NULL;
		has_tls |= (osec->look.flags & THREAD_LOCAL) != 0;
	}
	return n + has_tls;
}

uint64_t segments_estimate(const struct link *link)
{
	const struct elf_dialect *dialect = link->arch->dialect;
	const struct script *script = link->layout->script;
	uint64_t n = 0;
	if (script && script->has_phdrs)
		for (const struct phdr_statement *phdr = script->phdrs; phdr; phdr = phdr->next)
			n++;
	else
		n = guess_segments(link);
	return link->options->kind == OUTPUT_RELOCATABLE ? dialect->ehdr : dialect->ehdr + n * dialect->phdr;
}

/* ---- PHDRS ------------------------------------------------------------------------------------------------- */

static uint64_t evaluate(struct link *link, const struct expr *expr, uint64_t otherwise)
{
	struct expr_scope scope = {.link = link, .section = VALUE_ABSOLUTE};
	struct value value = expr_evaluate(expr, &scope);
	if (!value.valid && link->layout->reporting)
		expr_report(link->diag, &scope);
	return value.valid ? value_absolute(link->layout, value) : otherwise;
}

static bool names(const struct name_list *list, const char *name)
{
	for (; list; list = list->next)
		if (strcmp(list->name, name) == 0)
			return true;
	return false;
}

/* What the first statement behind this one that names segments names. */
static const struct name_list *next_list(const struct layout *layout, uint32_t node)
{
	for (; node < layout->nodes.n; node++) {
		const struct node *at = &layout->nodes.at[node];
		if (at->kind == NODE_SECTION && osec_at(layout, at->id)->phdrs)
			return osec_at(layout, at->id)->phdrs;
	}
	return NULL;
}

/* Loaded sections that name no segments go where the statement before them goes, but not into PT_INTERP; the first ones
 * where the first statement goes that says it. */
static uint32_t list_members(const struct layout *layout, const struct phdr_statement *phdr, uint32_t type,
			     const struct name_list **last, uint32_t *sections)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		if (layout->nodes.at[i].kind != NODE_SECTION)
			continue;
		const struct osec *osec = osec_at(layout, layout->nodes.at[i].id);
		const struct name_list *list = osec->phdrs;
		if (osec->is_absent)
			continue;
		if (list) {
			*last = list;
		} else {
			bool unloaded = osec->said && osec->said->type == SECTION_TYPE_NOLOAD;
			if (unloaded || !osec->is_listed || type == PT_INTERP)
				continue;
			*last = *last ? *last : next_list(layout, i);
			list = *last;
		}
		if (osec->index && (osec->look.flags & ALLOC || type != PT_LOAD) && names(list, phdr->name))
			sections[n++] = layout->nodes.at[i].id;
	}
	return n;
}

static void add_listed(struct link *link)
{
	struct layout *layout = link->layout;
	uint32_t *sections = arena_array(&layout->arena, uint32_t, layout->n_order + 1);
	const struct name_list *last = NULL; /* that of the last section goes on into the next segment */
	for (const struct phdr_statement *phdr = layout->script->phdrs; phdr; phdr = phdr->next) {
		uint32_t type = (uint32_t)evaluate(link, phdr->type, PT_NULL);
		uint32_t n = list_members(layout, phdr, type, &last, sections);
		sort_by_place(layout, sections, n);
		for (uint32_t i = 0; type == PT_NOTE && i < n; i++)
			osec_at(layout, sections[i])->type = SHT_NOTE;
		struct segment *segment = add(layout, type, 0, sections, n);
		segment->align = n ? alignment(layout, segment) : link->arch->dialect->word;
		if (type == PT_LOAD && !link->options->unpaged)
			segment->align = max_u64(segment->align, link->options->z.max_page_size);
		if (type == PT_PHDR)
			segment->align = link->arch->dialect->word;
		segment->has_headers = phdr->filehdr;
		segment->has_phdrs_only = phdr->phdrs && !phdr->filehdr && type != PT_PHDR;
		segment->flags =
			phdr->flags ? (uint32_t)evaluate(link, phdr->flags, PF_R) : protection(layout, segment);
		if (type == PT_GNU_STACK && !phdr->flags)
			segment->flags = PF_R | PF_W | (layout->exec_stack ? PF_X : 0);
		segment->at = phdr->at;
	}
}

void segments_from_script(struct link *link)
{
	struct layout *layout = link->layout;
	layout->segments.n = 0;
	if (layout->script && layout->script->has_phdrs)
		add_listed(link);
	else
		add_by_addresses(link);
}
