/* By a script's rules: which sections there are, passes until nothing changes, then segments and file offsets. */
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/layout/expr.h"
#include "ld/layout/interpret.h"
#include "ld/layout/looks.h"
#include "ld/layout/segments_script.h"
#include "ld/layout/spill.h"
#include "ld/script/parse.h"

enum { FREE_HEADER_CHANGES = 4 }; /* as many as GNU ld allows */

static struct osec *osec_at(const struct layout *layout, uint32_t id)
{
	return &layout->osecs.at[id];
}

/* ---- relocated data ---------------------------------------------------------------------------------------- */

/* Moves the beginning of relocated data so that its end is the end of a page, with the sections behind each other as
 * their alignments allow. Once: what is left over goes in front of the end. */
static bool shift_relro(struct link *link)
{
	struct layout *layout = link->layout;
	struct data_segment *data = &layout->data_segment;
	if (!data->seen || !data->unpadded_end || !link->options->z.relro || data->adjusted)
		return false;
	uint64_t end = data->relro_end - data->offset, limit = data->unpadded_end - data->offset;
	for (uint32_t i = layout->n_order; i-- > 0;) {
		const struct osec *osec = osec_at(layout, layout->order[i]);
		bool tbss = osec->type == SHT_NOBITS && osec->flags & SHF_TLS;
		if (!(osec->flags & SHF_ALLOC) || osec->addr < data->base || osec->addr >= limit)
			continue;
		end = (end - (tbss ? 0 : osec->size)) & ~((1ull << osec->p2align) - 1);
	}
	data->adjusted = true;
	data->shift = end - data->first;
	return data->shift != 0;
}

/* Without relocated data: a page of the file is spared when the last page of code and the first one of data are no more
 * than one together. */
static bool pack_segments(struct link *link)
{
	struct layout *layout = link->layout;
	struct data_segment *data = &layout->data_segment;
	if (link->options->z.relro || !data->seen || data->adjusted)
		return false;
	data->adjusted = true;
	uint64_t first = -data->base & (data->common - 1), last = data->end & (data->common - 1);
	data->packs = first && last && (data->base & ~(data->common - 1)) != (data->end & ~(data->common - 1)) &&
		      first + last <= data->common;
	return data->packs;
}

/* ---- passes ------------------------------------------------------------------------------------------------ */

static bool same_order(const struct layout *layout, const uint32_t *before, uint32_t n)
{
	return layout->n_order == n && (!n || memcmp(layout->order, before, n * sizeof(*before)) == 0);
}

/* The first thread-local section is aligned as the whole of them has to be, so that the segment is. */
static void align_tls(struct layout *layout)
{
	struct osec *first = NULL;
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		const struct node *node = &layout->nodes.at[i];
		struct osec *osec = osec_at(layout, node->kind == NODE_SECTION ? node->id : 0);
		if (!(osec->flags & SHF_TLS) || !osec->has_members)
			continue;
		first = first ? first : osec;
		first->p2align = osec->p2align > first->p2align ? osec->p2align : first->p2align;
	}
}

/* Room for the headers of the segments that there are. Fewer headers can move sections so that more segments are
 * needed, and the other way around: after some changes the room only grows, and may be more than is used. */
static bool update_headers(struct link *link)
{
	struct layout *layout = link->layout;
	uint64_t size = link->arch->dialect->ehdr + (uint64_t)layout->segments.n * link->arch->dialect->phdr;
	bool settles = layout->n_header_changes >= FREE_HEADER_CHANGES;
	if (size == layout->headers_size || (settles && size < layout->headers_size))
		return false;
	layout->n_header_changes++;
	layout->headers_size = size;
	return true;
}

static void converge(struct link *link)
{
	struct layout *layout = link->layout;
	uint32_t last = layout->pass + LAYOUT_MAX_PASSES;
	bool relocatable = link->options->kind == OUTPUT_RELOCATABLE;
	uint32_t *before = malloc((layout->osecs.n + 1) * sizeof(*before));
	if (!before)
		out_of_memory();
	bool again;
	do {
		uint32_t n = layout->n_order;
		if (n)
			memcpy(before, layout->order, n * sizeof(*before));
		layout_pass(link);
		looks_apply(link);
		layout_choose_sections(link);
		again = layout->changed || !same_order(layout, before, n);
		if (!again && (shift_relro(link) || pack_segments(link)))
			again = true;
		if (!again && !relocatable && spill_sections(link)) {
			for (uint32_t i = 1; i < layout->osecs.n; i++)
				osec_at(layout, i)->is_stripped = false;
			looks_settle(link);
			looks_apply(link);
			align_tls(layout);
			last = layout->pass + LAYOUT_MAX_PASSES;
			again = true;
		}
		if (!relocatable)
			segments_from_script(link);
		again |= update_headers(link);
	} while (again && layout->pass < last);
	layout->diverges = again;
	free(before);
}

/* A section that says nothing of addresses is loaded where the one before it in the same region is. */
static void inherit_load_regions(struct layout *layout)
{
	const struct osec *last = NULL;
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		const struct node *node = &layout->nodes.at[i];
		if (node->kind != NODE_SECTION)
			continue;
		struct osec *osec = osec_at(layout, node->id);
		if (last && !osec->lma_region && !(osec->said && osec->said->at) && !node->value &&
		    osec->region == last->region)
			osec->lma_region = last->lma_region;
		last = osec;
	}
}

void layout_script_segments(struct link *link)
{
	struct layout *layout = link->layout;
	if (link->options->kind != OUTPUT_RELOCATABLE)
		align_tls(layout);
	spill_warn(link);
	inherit_load_regions(layout);
	looks_settle(link);
	looks_apply(link);
	/* Its size is known when addresses are. */
	if (link->synthetic[SYN_RELR_DYN])
		osec_of_section(layout, section_of(link, link->synthetic[SYN_RELR_DYN]))->is_kept = true;
	layout->marking = true;
	layout_pass(link);
	layout->marking = false;
	for (uint32_t i = 1; i < layout->osecs.n; i++) {
		struct osec *osec = osec_at(layout, i);
		/* what is larger now than when all is aligned stays, too */
		osec->is_kept |= osec->size && osec->look.exists;
		osec->is_stripped = !osec->is_kept;
		osec->is_listed = osec->look.exists && osec->look.flags & ALLOC;
	}
	looks_apply(link);
	layout_choose_sections(link);
	layout->headers_size = segments_estimate(link);
	converge(link);
}

/* ---- file offsets ------------------------------------------------------------------------------------------ */

/* Of the headers that the segment begins with. */
static uint64_t headers_size_of(const struct link *link, const struct segment *segment)
{
	uint64_t size = link->layout->headers_size;
	return segment->has_headers ? size : segment->has_phdrs_only ? size - link->arch->dialect->ehdr : 0;
}

/* Places what is in a PT_LOAD; returns the file offset behind it. */
static uint64_t place_load(const struct link *link, struct segment *segment, uint64_t fileoff)
{
	struct layout *layout = link->layout;
	if (!segment->n) {
		segment->fileoff = segment->has_phdrs_only ? link->arch->dialect->ehdr : 0;
		if (segment->has_headers || segment->has_phdrs_only)
			segment->filesz = segment->memsz = layout->headers_size - segment->fileoff;
		return fileoff;
	}
	const struct osec *first = osec_at(layout, segment->sections[0]);
	bool contents = false;
	uint64_t start = fileoff + ((first->addr - fileoff) & (segment->align - 1)), end = start, file_end = start;
	for (uint32_t i = 0; i < segment->n; i++) {
		struct osec *osec = osec_at(layout, segment->sections[i]);
		bool nobits = osec->type == SHT_NOBITS;
		contents |= !nobits;
		uint64_t at = start + (osec->lma - first->lma);
		osec->fileoff = nobits ? file_end : at;
		if (nobits && osec->flags & SHF_TLS)
			continue;
		end = max_u64(end, at + osec->size);
		if (!nobits)
			file_end = max_u64(file_end, at + osec->size);
	}
	uint64_t headers = segment->has_headers	     ? start
			   : segment->has_phdrs_only ? start - link->arch->dialect->ehdr
						     : 0;
	bool empty = file_end == start && !headers;
	uint64_t page = link->options->unpaged ? 1 : segment->align;
	segment->fileoff = empty ? start & (page - 1) : start - headers;
	segment->addr = first->addr - headers;
	segment->lma = first->lma - headers;
	segment->memsz = end - start + headers;
	segment->filesz = contents || !headers ? file_end - start + headers : headers_size_of(link, segment);
	return file_end > start ? file_end : fileoff;
}

/* PT_PHDR lies in the PT_LOAD that has the headers. */
static void place_program_headers(const struct link *link, struct segment *segment)
{
	const struct layout *layout = link->layout;
	segment->fileoff = link->arch->dialect->ehdr;
	segment->filesz = segment->memsz = layout->headers_size - segment->fileoff;
	for (uint32_t i = 0; i < layout->segments.n; i++) {
		const struct segment *load = &layout->segments.at[i];
		if (load->type != PT_LOAD || !(load->has_headers || load->has_phdrs_only))
			continue;
		segment->addr = load->addr + segment->fileoff - load->fileoff;
		segment->lma = load->lma + segment->fileoff - load->fileoff;
	}
}

/* A segment that says where a part of the image is. */
static void place_part(struct link *link, struct segment *segment)
{
	struct layout *layout = link->layout;
	uint64_t end = 0, file_end = 0;
	for (uint32_t i = 0; i < segment->n; i++) {
		const struct osec *osec = osec_at(layout, segment->sections[i]);
		if (i == 0) {
			segment->addr = osec->addr;
			segment->lma = osec->lma;
			segment->fileoff = file_end = osec->fileoff;
		}
		if (segment->type != PT_TLS && osec->type == SHT_NOBITS && osec->flags & SHF_TLS)
			continue;
		if (osec->flags & SHF_ALLOC)
			end = max_u64(end, osec->addr + osec->size);
		if (osec->type != SHT_NOBITS)
			file_end = max_u64(file_end, osec->fileoff + osec->size);
	}
	segment->filesz = file_end - segment->fileoff;
	segment->memsz = end > segment->addr ? end - segment->addr : 0;
	if (segment->member)
		layout_narrow_segment(link, segment);
	if (segment->type == PT_TLS) {
		layout->tls_addr = segment->addr;
		layout->tls_size = segment->memsz;
		layout->tls_align = segment->align;
	} else if (segment->type == PT_GNU_STACK) {
		segment->memsz = link->options->z.stack_size;
	} else if (segment->type == PT_GNU_RELRO) {
		segment->memsz = layout->data_segment.relro_end - segment->addr;
		segment->filesz = min_u64(segment->filesz, segment->memsz);
	}
}

static int compare_loads(const void *a, const void *b)
{
	const struct segment *x = *(struct segment *const *)a, *y = *(struct segment *const *)b;
	bool first_x = x->has_headers || x->has_phdrs_only, first_y = y->has_headers || y->has_phdrs_only;
	if (first_x != first_y)
		return first_x ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void place_loads(struct link *link)
{
	struct layout *layout = link->layout;
	struct segment **loads = malloc((layout->segments.n + 1) * sizeof(struct segment *));
	if (!loads)
		out_of_memory();
	uint32_t n = 0;
	uint64_t fileoff = layout->headers_size;
	for (uint32_t i = 0; i < layout->segments.n; i++)
		if (layout->segments.at[i].type == PT_LOAD)
			loads[n++] = &layout->segments.at[i];
	qsort(loads, n, sizeof(struct segment *), compare_loads);
	for (uint32_t i = 0; i < n; i++)
		fileoff = place_load(link, loads[i], fileoff);
	free(loads);
	/* What is loaded but in no PT_LOAD has bytes in the file, too. */
	for (uint32_t i = 0; i < layout->n_order; i++) {
		struct osec *osec = osec_at(layout, layout->order[i]);
		if (!osec_is_loaded(link, osec) || osec->is_in_load)
			continue;
		osec->fileoff = align_up(fileoff, 1ull << osec->p2align);
		fileoff = osec->type == SHT_NOBITS ? fileoff : osec->fileoff + osec->size;
	}
}

static void find_unmapped(struct link *link)
{
	struct layout *layout = link->layout;
	for (uint32_t i = 0; i < layout->osecs.n; i++)
		layout->osecs.at[i].is_in_load = false;
	for (uint32_t i = 0; i < layout->segments.n; i++)
		for (uint32_t n = 0; layout->segments.at[i].type == PT_LOAD && n < layout->segments.at[i].n; n++)
			osec_at(layout, layout->segments.at[i].sections[n])->is_in_load = true;
	for (uint32_t i = 0; i < layout->n_order; i++)
		if (osec_is_loaded(link, osec_at(layout, layout->order[i])))
			look_apply_unmapped(osec_at(layout, layout->order[i]));
}

void layout_script_assign(struct link *link)
{
	struct layout *layout = link->layout;
	converge(link);
	find_unmapped(link);
	place_loads(link);
	for (uint32_t i = 0; i < layout->segments.n; i++) {
		struct segment *segment = &layout->segments.at[i];
		if (segment->type == PT_PHDR)
			place_program_headers(link, segment);
		else if (segment->type != PT_LOAD)
			place_part(link, segment);
		struct expr_scope scope = {.link = link, .section = VALUE_ABSOLUTE};
		if (segment->at)
			segment->lma = value_absolute(layout, expr_evaluate(segment->at, &scope));
	}
	layout_assign_unloaded(link);
}

/* ---- checks ------------------------------------------------------------------------------------------------ */

struct extent {
	uint64_t start, end;
	const struct osec *osec;
};

static int compare_extents(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->osec->index < y->osec->index ? -1 : x->osec->index > y->osec->index;
}

/* Reports neighbours that overlap, each once: `told`, by section index. With `overlays`, sections that begin at one
 * address are meant to. The messages come behind those about regions that are full. */
static void report_overlaps(struct link *link, struct extent *extents, uint32_t n, const char *kind, bool overlays,
			    bool *told)
{
	if (n)
		qsort(extents, n, sizeof(*extents), compare_extents);
	for (uint32_t i = 0; overlays && i + 1 < n; i++)
		if (extents[i].start == extents[i + 1].start)
			return;
	for (uint32_t i = 0; i + 1 < n; i++) {
		const struct extent *low = &extents[i], *high = low + 1;
		if (low->end > high->start && !told[high->osec->index])
			diag_error(link->diag, link->layout->regions.n + i,
				   "section %s %s [%016llx,%016llx] overlaps section %s %s [%016llx,%016llx]",
				   high->osec->name, kind, (unsigned long long)high->start,
				   (unsigned long long)high->end - 1, low->osec->name, kind,
				   (unsigned long long)low->start, (unsigned long long)low->end - 1);
		told[high->osec->index] |= low->end > high->start;
	}
}

static void check_sections(struct link *link)
{
	const struct layout *layout = link->layout;
	struct extent *extents = calloc((size_t)layout->n_order + 1, sizeof(*extents));
	bool *told = calloc((size_t)layout->n_order + 2, sizeof(*told));
	if (!extents || !told)
		out_of_memory();
	for (int lma = 1; lma >= 0; lma--) {
		uint32_t n = 0;
		for (uint32_t i = 0; i < layout->n_order; i++) {
			const struct osec *osec = osec_at(layout, layout->order[i]);
			bool tbss = look_is_tbss(osec);
			bool stored = osec->look.flags & LOAD;
			if (!osec_is_loaded(link, osec) || !osec->size || tbss || (lma && !stored))
				continue;
			uint64_t start = lma ? osec->lma : osec->addr;
			if (start + osec->size - 1 < start)
				diag_error(link->diag, i, "section %s %s [%016llx,...] goes beyond the end of memory",
					   osec->name, lma ? "LMA" : "VMA", (unsigned long long)start);
			extents[n++] = (struct extent){start, start + osec->size, osec};
		}
		report_overlaps(link, extents, n, lma ? "LMA" : "VMA", !lma, told);
	}
	free(told);
	free(extents);
}

/* With MEMORY, all that is loaded is in some region, or has an address. */
static void check_regions_of(struct link *link)
{
	const struct layout *layout = link->layout;
	for (uint32_t i = 0; layout->regions.n > 1 && i < layout->nodes.n; i++) {
		const struct node *node = &layout->nodes.at[i];
		const struct osec *osec = osec_at(layout, node->kind == NODE_SECTION ? node->id : 0);
		bool tbss = look_is_tbss(osec);
		if (node->kind != NODE_SECTION || node->value || osec->region || !osec->index ||
		    !osec_is_loaded(link, osec) || tbss || region_by_flags(layout, osec))
			continue;
		const char *hint = osec->is_orphan ? "no statement of the script takes it"
						   : "write `>REGION' behind it";
		(link->options->check_sections ? script_report : script_warn)(
			link->diag, i, node->place,
			"no memory region specified for loadable section `%s'\n>>> no region of MEMORY has attributes "
			"that mean it; %s", osec->name, hint);
	}
}

/* The loader takes the place of the program headers from PT_PHDR, so they have to be loaded. */
static void check_program_headers(struct link *link)
{
	const struct layout *layout = link->layout;
	bool wanted = false, loaded = false;
	for (uint32_t i = 0; i < layout->segments.n; i++) {
		const struct segment *segment = &layout->segments.at[i];
		wanted |= segment->type == PT_PHDR;
		loaded |= segment->type == PT_LOAD && (segment->has_headers || segment->has_phdrs_only);
	}
	if (wanted && !loaded)
		diag_error(link->diag, 0,
			   "PHDR segment not covered by LOAD segment\n>>> leave room for the headers in front of the "
			   "first section (`. = SIZEOF_HEADERS'), or put FILEHDR PHDRS behind a PT_LOAD of PHDRS");
	for (uint32_t i = 0; !loaded && i < layout->nodes.n; i++)
		if (layout->nodes.at[i].is_ehdr && layout->nodes.at[i].id)
			diag_warning(link->diag, 0,
				     "no segment has the ELF header: __ehdr_start, which is used, is 0");
}

static void check_segments_of(struct link *link)
{
	const struct layout *layout = link->layout;
	check_program_headers(link);
	for (uint32_t i = 0; i < layout->segments.n; i++) {
		const struct segment *segment = &layout->segments.at[i];
		bool headers = segment->type == PT_LOAD && (segment->has_headers || segment->has_phdrs_only);
		const struct osec *first = osec_at(layout, segment->n ? segment->sections[0] : 0);
		if (headers && segment->n && first->addr < segment->addr)
			diag_error(link->diag, i,
				   "not enough room for program headers: section `%s' begins at 0x%llx, headers and "
				   "padding take 0x%llx bytes\n>>> try linking with -N, or begin with `. = "
				   "SIZEOF_HEADERS'",
				   first->name, (unsigned long long)first->addr,
				   (unsigned long long)(first->addr - segment->addr));
	}
	for (uint32_t i = 0; layout->script && layout->script->has_phdrs && i < layout->n_order; i++) {
		const struct osec *osec = osec_at(layout, layout->order[i]);
		if (osec_is_loaded(link, osec) && osec->size && !osec->is_in_load && osec->type != SHT_NOBITS)
			diag_warning(link->diag, i, "allocated section `%s' is not in a segment that is loaded",
				     osec->name);
	}
}

void layout_script_check(struct link *link)
{
	if (link->options->kind == OUTPUT_RELOCATABLE)
		return;
	check_regions_of(link);
	if (link->options->check_sections)
		check_sections(link);
	check_segments_of(link);
}
