#include "ld/synth/gdb_index.h"

#include <stdlib.h>
#include <string.h>

#include "ld/layout/layout.h"
#include "ld/output/headers.h"
#include "ld/report/describe.h"
#include "ld/synth/gdb_index_parts.h"

/* The header is the version and the offset of each of the other parts, 4 bytes each. */
enum { CU_SIZE = 16, TU_SIZE = 24, RANGE_SIZE = 20, SLOT_SIZE = 8, SHORTCUTS_SIZE = 8 };

/* Version 7 is what gdb 7.5 and later read. Type units of DWARF 5 make gdb 12 crash, which looks for them elsewhere;
 * version 9 is for later ones, and gdb 12 and 13 pass over it. */
enum { USUAL_VERSION = 7, TYPE_UNITS_VERSION = 9 };

/* Numbers of units have 24 bits. */
enum { MOST_UNITS = 1 << 24 };

struct index {
	struct link *link;
	ARRAY(struct index_part) parts;
	uint32_t n_cus, n_tus;
	uint64_t n_ranges;
	uint64_t *first_range;    /* of each part */
	bool has_types[2];        /* type units in .debug_info, in .debug_types */
	uint32_t version;
	struct index_table *table;
	uint64_t cus, tus, ranges, symbols, shortcuts, pool, size; /* offsets */
	uint8_t *image;
};


bool gdb_index_wanted(const struct link *link)
{
	uint32_t info = layout_find(link->layout, ".debug_info");
	if (!link->options->gdb_index || !info || link->options->z.nosectionheader)
		return false;
	for (section_id id = 1; id < link->sections.n; id++) {
		const struct section *section = section_of(link, id);
		if (section->live && section->size && section->run && section->kind == SECTION_REGULAR &&
		    link->layout->runs.at[section->run].osec == info)
			return true;
	}
	return false;
}

/* ---- reading the objects ---------------------------------------------------------------------------------- */

static void cut_run(struct index *index, const struct run *run, enum dwarf_section kind)
{
	struct index_part *part = NULL;
	for (uint32_t i = 0; i < run->n; i++) {
		const struct section *section = section_of(index->link, run->items[i]);
		if (section->kind != SECTION_REGULAR)
			continue;
		if (!part || part->file != section->file || run->items[i] < run->items[i - 1] ||
		    part->sections + part->n_sections != &run->items[i]) {
			part = array_push(&index->parts);
			*part = (struct index_part){
				.file = section->file, .sections = &run->items[i], .kind = kind};
		}
		part->n_sections++;
	}
}

static void cut_section(struct index *index, const char *name, enum dwarf_section kind)
{
	const struct layout *layout = index->link->layout;
	uint32_t id = layout_find(layout, name);
	const struct osec *osec = &layout->osecs.at[id];
	for (uint32_t i = 0; id && i < osec->nodes.n; i++)
		if (osec->nodes.at[i].kind == NODE_RUN)
			cut_run(index, &layout->runs.at[osec->nodes.at[i].id], kind);
}

static void read_parts(void *context, size_t begin, size_t end, unsigned worker)
{
	struct index *index = context;
	for (size_t i = begin; i < end; i++)
		index_part_read(index->link, &index->parts.at[i], &index->link->worker_arenas[worker]);
}

/* Both lists are in the order of the output's sections; type units are numbered behind all others. */
static void number_units(struct index *index)
{
	for (unsigned types = 0; types < 2; types++) {
		uint32_t n = types ? index->n_cus : 0;
		for (uint32_t p = 0; p < index->parts.n; p++) {
			struct index_part *part = &index->parts.at[p];
			for (uint32_t i = 0; i < part->units.n; i++) {
				if (part->units.at[i].is_type != types)
					continue;
				part->units.at[i].number = n++;
				if (types)
					index->has_types[part->units.at[i].is_in_types] = true;
			}
		}
		if (types)
			index->n_tus = n - index->n_cus;
		else
			index->n_cus = n;
	}
	index->first_range = calloc(index->parts.n + 1ull, sizeof(*index->first_range));
	if (!index->first_range)
		out_of_memory();
	for (uint32_t p = 0; p < index->parts.n; p++) {
		index->first_range[p] = index->n_ranges;
		index->n_ranges += index->parts.at[p].ranges.n;
	}
}

/* Says why there is no index. An index without some names is worse than none: gdb would not find them. */
static bool is_possible(struct index *index)
{
	struct link *link = index->link;
	for (uint32_t p = 0; p < index->parts.n; p++) {
		const struct index_part *part = &index->parts.at[p];
		if (!part->lacks_names)
			continue;
		struct diag_about about = about_file(file_of(link, part->file), "unsupported-input");
		about.hint = "compile it with -ggnu-pubnames";
		diag_report(link->diag, SEVERITY_WARNING, diag_order(part->file, 0), &about,
			    "no .gdb_index: the file was compiled with -gsplit-dwarf and does not say which names it "
			    "has");
		return false;
	}
	const char *why = NULL;
	if (index->has_types[0] && index->has_types[1])
		why = "there are type units of DWARF 4 and of DWARF 5";
	else if (index->n_cus + index->n_tus >= MOST_UNITS)
		why = "there are too many units";
	else if (index->size > UINT32_MAX)
		why = "it would be larger than 4 GiB";
	if (why)
		diag_warning(link->diag, 0, "no .gdb_index: %s", why);
	return !why;
}

/* ---- writing it ------------------------------------------------------------------------------------------- */

static void measure(struct index *index)
{
	index->version = index->has_types[0] ? TYPE_UNITS_VERSION : USUAL_VERSION;
	bool has_shortcuts = index->version >= TYPE_UNITS_VERSION;
	index->cus = has_shortcuts ? 28 : 24;
	index->tus = index->cus + (uint64_t)index->n_cus * CU_SIZE;
	index->ranges = index->tus + (uint64_t)index->n_tus * TU_SIZE;
	index->symbols = index->ranges + index->n_ranges * RANGE_SIZE;
	index->shortcuts = index->symbols + index_table_slots(index->table) * SLOT_SIZE;
	index->pool = index->shortcuts + (has_shortcuts ? SHORTCUTS_SIZE : 0);
	index->size = index->pool + index_table_pool_size(index->table);
}

static void write_header(const struct index *index)
{
	const uint64_t offsets[] = {
		index->cus, index->tus, index->ranges, index->symbols, index->shortcuts, index->pool,
	};
	uint8_t *at = index->image;
	write32(at, index->version);
	for (unsigned i = 0; i < COUNTOF(offsets); i++) {
		if (offsets + i == &offsets[4] && index->version < TYPE_UNITS_VERSION)
			continue;
		at += 4;
		write32(at, (uint32_t)offsets[i]);
	}
	/* Which function is main, and of what language: not said. */
	memset(index->image + index->shortcuts, 0, index->pool - index->shortcuts);
}

static void write_unit(const struct index *index, const struct index_unit *unit)
{
	const struct link *link = index->link;
	const struct section *section = section_of(link, unit->section);
	uint64_t offset = section_address(link->layout, section) - osec_of_section(link->layout, section)->addr +
			  unit->offset;
	if (unit->is_type) {
		uint8_t *at = index->image + index->tus + (uint64_t)(unit->number - index->n_cus) * TU_SIZE;
		write64(at, offset);
		write64(at + 8, unit->type_offset);
		write64(at + 16, unit->id);
	} else {
		uint8_t *at = index->image + index->cus + (uint64_t)unit->number * CU_SIZE;
		write64(at, offset);
		write64(at + 8, unit->size);
	}
}

static void write_parts(void *context, size_t begin, size_t end, unsigned worker)
{
	struct index *index = context;
	(void)worker;
	for (size_t p = begin; p < end; p++) {
		const struct index_part *part = &index->parts.at[p];
		for (uint32_t i = 0; i < part->units.n; i++)
			write_unit(index, &part->units.at[i]);
		uint8_t *at = index->image + index->ranges + index->first_range[p] * RANGE_SIZE;
		for (uint32_t i = 0; i < part->ranges.n; i++, at += RANGE_SIZE) {
			write64(at, part->ranges.at[i].begin);
			write64(at + 8, part->ranges.at[i].end);
			write32(at + 16, part->units.at[part->ranges.at[i].unit].number);
		}
	}
}

static void write_index(struct index *index)
{
	struct link *link = index->link;
	index->image = malloc(index->size);
	if (!index->image)
		out_of_memory();
	write_header(index);
	parallel_for(link->pool, index->parts.n, 1, write_parts, index);
	index_table_emit(link, index->table, index->image + index->symbols, index->image + index->pool);
	link->made[SYN_GDB_INDEX] = (struct bytes){index->image, index->size};
}

static void free_index(struct index *index)
{
	if (index->table)
		index_table_free(index->table);
	for (uint32_t p = 0; p < index->parts.n; p++) {
		array_free(&index->parts.at[p].units);
		array_free(&index->parts.at[p].names);
		array_free(&index->parts.at[p].ranges);
	}
	array_free(&index->parts);
	free(index->first_range);
}

void gdb_index_build(struct link *link)
{
	struct index index = {.link = link};
	struct section *section = section_of(link, link->synthetic[SYN_GDB_INDEX]);
	cut_section(&index, ".debug_info", DWARF_INFO);
	cut_section(&index, ".debug_types", DWARF_TYPES);
	parallel_for(link->pool, index.parts.n, 1, read_parts, &index);
	if (!link->diag->errors) {
		number_units(&index);
		index.table = index_table_new(link, index.parts.at, index.parts.n, index.n_cus);
		measure(&index);
		if (is_possible(&index)) {
			write_index(&index);
			section->size = index.size;
			link->layout->runs.at[section->run].planned = false;
		} else {
			layout_drop_unloaded(link, link->layout->runs.at[section->run].osec);
			headers_prepare(link);
		}
		layout_assign_unloaded(link);
	}
	free_index(&index);
}
