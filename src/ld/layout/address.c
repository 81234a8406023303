/* Interpreting the layout program: addresses and file offsets of output sections and segments, values of symbols. */
#include <string.h>

#include "arch/arch.h"
#include "ld/layout/expr.h"
#include "ld/synth/dynsym.h"

/* Where the next byte goes, in memory and in the file. */
struct cursor {
	uint64_t addr, fileoff;
	uint32_t osec;            /* the last output section with an address */
	uint64_t load_delta;      /* address - file offset in the current PT_LOAD, modulo 2^64 */
	uint64_t tbss_end;        /* thread-local sections without content lie behind each other, but take no room */
};

/* Does it have a place in memory? Nothing has in an object. */
static bool is_loaded(const struct link *link, const struct osec *osec)
{
	return osec->flags & SHF_ALLOC && link->options->kind != OUTPUT_RELOCATABLE;
}

/* `exact`: right here, at an address that was given; its members are aligned in it. */
static void place_section(struct link *link, uint32_t id, bool exact, struct cursor *cursor)
{
	struct layout *layout = link->layout;
	struct osec *osec = &layout->osecs.at[id];
	bool alloc = is_loaded(link, osec);
	bool nobits = osec->type == SHT_NOBITS, tbss = alloc && nobits && osec->flags & SHF_TLS;
	uint64_t start = tbss ? max_u64(cursor->addr, cursor->tbss_end) : cursor->addr;
	if (!exact)
		start = align_up(start, 1ull << osec->p2align);
	if (!alloc)
		start = 0;
	if (!alloc)
		cursor->fileoff = align_up(cursor->fileoff, 1ull << osec->p2align);
	uint64_t at = start;
	for (uint32_t i = 0; i < osec->nodes.n; i++) {
		struct node *node = &osec->nodes.at[i];
		if (node->kind == NODE_RUN) {
			struct run *run = &layout->runs.at[node->id];
			if (run->n == 0)
				continue;
			plan_run(link, node->id, at);
			at = run->addr + run->size;
		} else {
			node->dot = at;
			node->dot_osec = id;
		}
	}
	if (link->synthetic[SYN_RELRO_PADDING] &&
	    osec == osec_of_section(layout, section_of(link, link->synthetic[SYN_RELRO_PADDING])))
		at = align_up(at, link->options->z.max_page_size);
	osec->addr = start;
	osec->size = at - start;
	osec->fileoff = alloc ? start - cursor->load_delta : cursor->fileoff;
	if (!nobits)
		cursor->fileoff = osec->fileoff + osec->size;
	/* .tbss has addresses for its symbols, but takes no room in the image: each thread has its own. */
	if (tbss) {
		cursor->tbss_end = at;
	} else if (alloc) {
		cursor->addr = at;
		cursor->osec = id;
	}
}

/* A new segment begins on a new page of memory, at the same offset within the page as in the file, so that nothing
 * needs padding in the file; executable pages are not shared with anything (-z separate-code). Where the address is
 * given, the file has to follow. */
static void begin_load(const struct link *link, const struct segment *load, const struct segment *previous, bool jumps,
		       struct cursor *cursor)
{
	const struct options *options = link->options;
	bool code_begins_or_ends = previous && (load->flags & PF_X) != (previous->flags & PF_X);
	if (options->z.separate_loadable_segments || (options->z.separate_code && code_begins_or_ends))
		cursor->fileoff = align_up(cursor->fileoff, options->z.max_page_size);
	uint64_t mask = load->align - 1;
	if (jumps)
		cursor->fileoff += (cursor->addr - cursor->fileoff) & mask;
	else
		cursor->addr = align_up(cursor->addr, load->align) + (cursor->fileoff & mask);
	cursor->load_delta = cursor->addr - cursor->fileoff;
}

static void place_section_headers(struct link *link, uint64_t fileoff)
{
	struct layout *layout = link->layout;
	const struct elf_dialect *dialect = link->arch->dialect;
	bool has_shdrs = !link->options->z.nosectionheader;
	layout->shdrs_fileoff = has_shdrs ? align_up(fileoff, dialect->word) : 0;
	layout->file_size = has_shdrs ? layout->shdrs_fileoff + (1ull + layout->n_order) * dialect->shdr
				      : fileoff;
}

/* The PT_LOAD whose first section is the one at `place` of the order, or NULL. With `empty`, that of the headers
 * alone. */
static const struct segment *load_at(const struct layout *layout, uint32_t place, bool empty)
{
	for (uint32_t s = 0; s < layout->segments.n; s++) {
		const struct segment *segment = &layout->segments.at[s];
		if (segment->type == PT_LOAD && segment->first == place && (segment->last == place) == empty)
			return segment;
	}
	return NULL;
}

static void assign_sections(struct link *link)
{
	struct layout *layout = link->layout;
	struct cursor cursor = {.addr = layout->base, .fileoff = layout->headers_size, .load_delta = layout->base};
	uint32_t placed = 0;
	const struct segment *previous = load_at(layout, 0, true);
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		struct node *node = &layout->nodes.at[i];
		if (node->kind == NODE_ASSIGN) {
			if (strcmp(node->symbol, ".") == 0)
				cursor.addr = expr_evaluate(link, node->value, (struct value){cursor.addr, 0}).number;
			node->dot = cursor.addr;
			node->dot_osec = cursor.osec;
			continue;
		}
		if (placed >= layout->n_order || layout->order[placed] != node->id)
			continue;
		const struct osec *osec = &layout->osecs.at[node->id];
		bool exact = node->value && osec->jumps;
		if (exact)
			cursor.addr = expr_evaluate(link, node->value, (struct value){cursor.addr, 0}).number;
		else if (osec->jumps)
			cursor.addr = align_up(cursor.addr, 1ull << osec->p2align);
		const struct segment *load = load_at(layout, placed, false);
		if (load && !load->has_headers)
			begin_load(link, load, previous, osec->jumps || !previous, &cursor);
		previous = load ? load : previous;
		place_section(link, node->id, exact, &cursor);
		placed++;
	}
	place_section_headers(link, cursor.fileoff);
}

void layout_assign_unloaded(struct link *link)
{
	struct layout *layout = link->layout;
	struct cursor cursor = {.fileoff = layout->headers_size};
	struct run *names = &layout->runs.at[section_of(link, link->synthetic[SYN_SHSTRTAB])->run];
	names->planned = names->from_hint = false;
	for (uint32_t i = 0; i < layout->n_order; i++) {
		struct osec *osec = &layout->osecs.at[layout->order[i]];
		if (osec->is_hollow) {
			osec->fileoff = cursor.fileoff;
		} else if (is_loaded(link, osec)) {
			if (osec->type != SHT_NOBITS)
				cursor.fileoff = osec->fileoff + osec->size;
		} else if (osec->n_packed) {
			osec->fileoff = align_up(cursor.fileoff, 1ull << osec->p2align);
			cursor.fileoff = osec->fileoff + osec->size;
		} else {
			place_section(link, layout->order[i], false, &cursor);
		}
	}
	place_section_headers(link, cursor.fileoff);
}

void layout_flatten(struct link *link)
{
	struct layout *layout = link->layout;
	uint64_t lowest = UINT64_MAX, size = 0;
	for (int pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < layout->n_order; i++) {
			struct osec *osec = &layout->osecs.at[layout->order[i]];
			if (!(osec->flags & SHF_ALLOC) || osec->type == SHT_NOBITS || !osec->size)
				continue;
			if (pass == 0) {
				lowest = osec->addr < lowest ? osec->addr : lowest;
				continue;
			}
			osec->fileoff = osec->addr - lowest;
			size = max_u64(size, osec->fileoff + osec->size);
		}
	if (lowest == UINT64_MAX)
		diag_error(link->diag, 0, "--oformat=binary: there is nothing to write: no section is loaded");
	layout->file_size = size;
}

void layout_drop_unloaded(struct link *link, uint32_t osec)
{
	struct layout *layout = link->layout;
	uint32_t n = 0;
	for (uint32_t i = 0; i < layout->n_order; i++) {
		if (layout->order[i] == osec)
			continue;
		layout->order[n++] = layout->order[i];
		layout->osecs.at[layout->order[i]].index = n;
	}
	layout->n_order = n;
	layout->osecs.at[osec].index = 0;
}

static void assign_segment(struct link *link, struct segment *segment)
{
	struct layout *layout = link->layout;
	if (segment->type == PT_GNU_STACK) {
		segment->memsz = link->options->z.stack_size;
		return;
	}
	if (segment->type == PT_PHDR) {
		segment->fileoff = link->arch->dialect->ehdr;
		segment->addr = layout->base + segment->fileoff;
		segment->filesz = segment->memsz = layout->headers_size - segment->fileoff;
		return;
	}
	bool started = segment->has_headers;
	uint64_t end = 0, file_end = 0;
	if (started) {
		segment->addr = layout->base;
		segment->fileoff = 0;
		end = layout->base + layout->headers_size;
		file_end = layout->headers_size;
	}
	for (uint32_t i = segment->first; i < segment->last; i++) {
		const struct osec *osec = &layout->osecs.at[layout->order[i]];
		bool nobits = osec->type == SHT_NOBITS;
		if (!started) {
			segment->addr = osec->addr;
			segment->fileoff = osec->fileoff;
			file_end = osec->fileoff;
			end = osec->addr;
			started = true;
		}
		if (segment->type != PT_TLS && nobits && osec->flags & SHF_TLS)
			continue;
		end = osec->addr + osec->size;
		if (!nobits)
			file_end = osec->fileoff + osec->size;
	}
	segment->filesz = file_end - segment->fileoff;
	segment->memsz = end - segment->addr;
	if (segment->type == PT_TLS) {
		layout->tls_addr = segment->addr;
		layout->tls_size = segment->memsz;
		layout->tls_align = segment->align;
	}
}

/* The loader wants PT_LOADs in the order of their addresses (gABI chapter 5, "Program Header"); they stand together. */
static void sort_loads(struct layout *layout)
{
	for (uint32_t i = 1; i < layout->segments.n; i++)
		for (struct segment *at = &layout->segments.at[i]; at > layout->segments.at; at--) {
			if (at[0].type != PT_LOAD || at[-1].type != PT_LOAD || at[-1].addr <= at[0].addr)
				break;
			struct segment moved = at[0];
			at[0] = at[-1];
			at[-1] = moved;
		}
}

void layout_assign_addresses(struct link *link)
{
	struct layout *layout = link->layout;
	assign_sections(link);
	for (uint32_t i = 0; i < layout->segments.n; i++)
		assign_segment(link, &layout->segments.at[i]);
	sort_loads(layout);
}

/* What stands at the beginning or the end of a segment, for a message. */
static const char *name_of_end(const struct layout *layout, const struct segment *segment, bool last)
{
	if (segment->first == segment->last || (segment->has_headers && !last))
		return "the program headers";
	return layout->osecs.at[layout->order[last ? segment->last - 1 : segment->first]].name;
}

/* Addresses and file offsets of 32 bits have to suffice where the dialect has no others. */
static void check_reach(struct link *link)
{
	const struct layout *layout = link->layout;
	const uint64_t room = 1ull << 32;
	if (link->arch->dialect->word != 4)
		return;
	for (uint32_t i = 0; i < layout->segments.n; i++) {
		const struct segment *segment = &layout->segments.at[i];
		if (segment->type == PT_LOAD && (segment->addr >= room || segment->memsz > room - segment->addr))
			diag_error(link->diag, i,
				   "segment [0x%llx, 0x%llx), which ends with %s, lies beyond the addresses of 32 bits",
				   (unsigned long long)segment->addr,
				   (unsigned long long)(segment->addr + segment->memsz),
				   name_of_end(layout, segment, true));
	}
	if (layout->file_size >= room)
		diag_error(link->diag, UINT32_MAX,
			   "the output would have %llu bytes; a file of class 32 has 4 GiB at most",
			   (unsigned long long)layout->file_size);
}

void layout_check_overlaps(struct link *link)
{
	const struct layout *layout = link->layout;
	check_reach(link);
	for (uint32_t i = 0; i + 1 < layout->segments.n; i++) {
		const struct segment *low = &layout->segments.at[i], *high = low + 1;
		unsigned long long low_end = low->addr + low->memsz, high_end = high->addr + high->memsz;
		if (low->type == PT_LOAD && high->type == PT_LOAD && low_end > high->addr)
			diag_error(link->diag, i,
				   "segment [0x%llx, 0x%llx), which ends with %s, overlaps segment [0x%llx, 0x%llx), "
				   "which begins with %s\n>>> choose other addresses (-Ttext, --section-start, ...)",
				   (unsigned long long)low->addr, low_end,
				   name_of_end(layout, low, true), (unsigned long long)high->addr,
				   high_end, name_of_end(layout, high, false));
	}
}

/* ---- symbols of the program ---------------------------------------------------------------------------- */

static void finish_node(struct link *link, const struct node *node)
{
	if (!node->id)
		return;
	struct elf_sym *sym = &link->internal_syms.at[node->id - 1];
	struct value value = expr_evaluate(link, node->value, (struct value){node->dot, node->dot_osec});
	if (node->is_tls)
		value.number = link->layout->tls_addr;
	uint32_t section = value.osec ? link->layout->osecs.at[value.osec].index : 0;
	if (node->value->kind == EXPR_SEGMENT_START || (value.osec && section == 0)) {
		/* an address in the image, whatever section begins there */
		section = link->layout->n_order ? 1 : 0;
	}
	struct output_symbol placed = {.sym = *sym};
	output_symbol_place(&placed, section);
	placed.sym.st_value = value.number;
	*sym = placed.sym;
	link->internal_shndx.at[node->id - 1] = placed.shndx;
}

void layout_finish_symbols(struct link *link)
{
	struct layout *layout = link->layout;
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		if (layout->nodes.at[i].kind == NODE_ASSIGN) {
			finish_node(link, &layout->nodes.at[i]);
			continue;
		}
		const struct osec *osec = &layout->osecs.at[layout->nodes.at[i].id];
		for (uint32_t n = 0; n < osec->nodes.n; n++)
			if (osec->nodes.at[n].kind == NODE_ASSIGN)
				finish_node(link, &osec->nodes.at[n]);
	}
}
