/* From a program that has been interpreted to the file: file offsets, the extent of segments; passes until nothing
 * changes. */
#include <string.h>

#include "arch/arch.h"
#include "ld/layout/interpret.h"

static void place_section_headers(struct link *link, uint64_t fileoff)
{
	struct layout *layout = link->layout;
	const struct elf_dialect *dialect = link->arch->dialect;
	bool has_shdrs = !link->options->z.nosectionheader;
	layout->shdrs_fileoff = has_shdrs ? align_up(fileoff, dialect->word) : 0;
	layout->file_size = has_shdrs ? layout->shdrs_fileoff + (1ull + layout->n_order) * dialect->shdr
				      : fileoff;
}

/* The default layout has given what is not loaded its addresses and sizes; they change with what is compressed, and
 * with names of sections. */
static void place_unloaded(struct link *link, uint32_t id, uint64_t *fileoff)
{
	struct osec *osec = &link->layout->osecs.at[id];
	*fileoff = align_up(*fileoff, 1ull << osec->p2align);
	osec->fileoff = *fileoff;
	layout_place_contents(link, id, osec->addr);
	if (osec->type != SHT_NOBITS)
		*fileoff += osec->size;
}

void layout_assign_unloaded(struct link *link)
{
	struct layout *layout = link->layout;
	uint64_t fileoff = layout->headers_size;
	struct run *names = &layout->runs.at[section_of(link, link->synthetic[SYN_SHSTRTAB])->run];
	names->planned = names->from_hint = false;
	for (uint32_t i = 0; i < layout->n_order; i++) {
		const struct osec *osec = &layout->osecs.at[layout->order[i]];
		if (!osec->is_hollow && osec_is_loaded(link, osec) && osec->type != SHT_NOBITS && layout->scripted)
			fileoff = max_u64(fileoff, osec->fileoff + osec->size); /* their order may be any */
	}
	for (uint32_t i = 0; i < layout->n_order; i++) {
		struct osec *osec = &layout->osecs.at[layout->order[i]];
		if (osec->is_hollow) {
			osec->fileoff = fileoff;
		} else if (osec_is_loaded(link, osec)) {
			/* A segment may begin with what has no bytes, at an offset that is aligned. */
			if (!layout->scripted)
				fileoff = osec->fileoff + (osec->type != SHT_NOBITS ? osec->size : 0);
		} else if (osec->n_packed) {
			osec->fileoff = align_up(fileoff, 1ull << osec->p2align);
			fileoff = osec->fileoff + osec->size;
		} else {
			place_unloaded(link, layout->order[i], &fileoff);
		}
	}
	place_section_headers(link, fileoff);
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
				lowest = osec->lma < lowest ? osec->lma : lowest;
				continue;
			}
			osec->fileoff = osec->lma - lowest;
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

/* ---- segments ---------------------------------------------------------------------------------------------- */

/* Of the sections in the segment, with those that have bytes in the file. */
static void measure_sections(const struct layout *layout, struct segment *segment, bool started)
{
	uint64_t end = segment->addr + (started ? layout->headers_size : 0);
	uint64_t file_end = segment->fileoff + (started ? layout->headers_size : 0);
	for (uint32_t i = 0; i < segment->n; i++) {
		const struct osec *osec = &layout->osecs.at[segment->sections[i]];
		bool nobits = osec->type == SHT_NOBITS;
		if (!started) {
			segment->addr = osec->addr;
			segment->lma = osec->lma;
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
		segment->addr = segment->lma = layout->base + segment->fileoff;
		segment->filesz = segment->memsz = layout->headers_size - segment->fileoff;
		return;
	}
	if (segment->has_headers) {
		segment->addr = segment->lma = layout->base;
		segment->fileoff = 0;
	}
	measure_sections(layout, segment, segment->has_headers);
	if (segment->member)
		layout_narrow_segment(link, segment);
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

static void assign_by_default(struct link *link)
{
	struct layout *layout = link->layout;
	uint32_t last = layout->pass + LAYOUT_MAX_PASSES;
	do
		layout_pass(link);
	while (layout->changed && layout->pass < last);
	layout->diverges = layout->changed;
	for (uint32_t i = 0; i < layout->segments.n; i++)
		assign_segment(link, &layout->segments.at[i]);
	sort_loads(layout);
	place_section_headers(link, layout->end_fileoff);
}

void layout_assign_addresses(struct link *link)
{
	if (link->layout->scripted)
		layout_script_assign(link);
	else
		assign_by_default(link);
}

/* ---- checks ------------------------------------------------------------------------------------------------ */

/* What stands at the beginning or the end of a segment, for a message. */
static const char *name_of_end(const struct layout *layout, const struct segment *segment, bool last)
{
	if (!segment->n || (segment->has_headers && !last))
		return "the program headers";
	return layout->osecs.at[segment->sections[last ? segment->n - 1 : 0]].name;
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
		unsigned long long end = segment->addr + segment->memsz;
		if (segment->type == PT_LOAD && (segment->addr >= room || segment->memsz > room - segment->addr))
			diag_error(link->diag, i,
				   "segment [0x%llx, 0x%llx), which ends with %s, lies beyond the addresses of 32 bits",
				   (unsigned long long)segment->addr, end,
				   name_of_end(layout, segment, true));
	}
	if (layout->file_size >= room)
		diag_error(link->diag, UINT32_MAX,
			   "the output would have %llu bytes; a file of class 32 has 4 GiB at most",
			   (unsigned long long)layout->file_size);
}

static void check_overlaps(struct link *link)
{
	const struct layout *layout = link->layout;
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

void layout_check(struct link *link)
{
	struct layout *layout = link->layout;
	if (layout->diverges) {
		diag_error(link->diag, 0,
			   "the layout does not converge: after %d passes, some address or symbol still changes",
			   LAYOUT_MAX_PASSES);
		return;
	}
	layout->reporting = true;
	layout_pass(link);
	if (layout->scripted)
		layout_final_assignments(link);
	layout->reporting = false;
	regions_check(link);
	nocrossrefs_check(link);
	check_reach(link);
	if (layout->scripted)
		layout_script_check(link);
	else if (link->options->check_sections)
		check_overlaps(link);
}
