/* Reading the debug information of one object for .gdb_index. */
#include <stdlib.h>

#include "base/hash.h"
#include "dwarf/pubnames.h"
#include "dwarf/ranges.h"
#include "ld/layout/value.h"
#include "ld/prune/icf.h"
#include "ld/report/describe.h"
#include "ld/resolve/resolve.h"
#include "ld/synth/gdb_index_parts.h"

/* Units may share range lists, but not without limit. */
enum { MOST_RANGE_READINGS = 4 };

/* The object's sections and where they have been relocated last. */
struct source {
	struct link *link;
	const struct file *file;
	struct dwarf_input input;
	uint32_t numbers[DWARF_N_SECTIONS]; /* in the file; 0: it has none */
	struct elf_relas relas[DWARF_N_SECTIONS];
	uint64_t hints[DWARF_N_SECTIONS];
	struct dwarf_abbrev_cache abbrevs;
	struct dwarf_error error;
	uint64_t range_bytes;     /* that may still be read */
};

/* The part's, as src/dwarf sees them. */
struct dwarf_units {
	ARRAY(struct dwarf_unit) list;
};

/* An offset in the debug information stays one in the object's section; an address becomes the output's. A relocation
 * of such a field is the machine's plain one, whatever its number: symbol and addend. */
static void relocate(void *context, enum dwarf_section section, uint64_t place, struct dwarf_number *number)
{
	struct source *source = context;
	const struct file *file = source->file;
	struct elf_relas relas = source->relas[section];
	uint64_t index = elf_rela_at(relas, place, source->hints[section]);
	if (index == relas.n || relas.at[index].r_type == 0)
		return;
	source->hints[section] = index;
	const struct elf_rela *rela = &relas.at[index];
	const struct elf_sym *sym = &file->symtab.syms[rela->r_sym];
	number->is_relocated = true;
	uint32_t target = 0;
	if (!elf_sym_is_special(&file->symtab, rela->r_sym))
		target = elf_sym_section(&file->symtab, rela->r_sym);
	if (target && !(file->elf.shdrs[target].sh_flags & SHF_ALLOC)) {
		number->target = target;
		number->value = sym->st_value + (uint64_t)rela->r_addend;
		return;
	}
	int64_t addend = rela->r_addend;
	struct ref ref = ref_of(source->link, file, rela->r_sym);
	uint64_t value = ref.symbol ? source->link->symbols[ref.symbol].address
				    : local_value(source->link, file, rela->r_sym, &addend);
	number->value = value + (uint64_t)addend;
	number->is_dropped = ref.is_discarded || icf_is_folded(source->link, file, rela->r_sym) ||
			     (ref.symbol && sym->st_shndx != SHN_UNDEF &&
			      !is_live_definition(source->link, file, rela->r_sym));
}

/* A second section of the same name is of no use to anybody but .debug_info and .debug_types. */
static void find_sections(struct source *source)
{
	const struct file *file = source->file;
	for (unsigned i = 0; i < DWARF_N_SECTIONS; i++)
		source->input.sections[i] = (struct bytes){file->bytes.data, 0};
	for (uint32_t i = 1; i < file->elf.nshdr; i++) {
		if (file->elf.shdrs[i].sh_flags & (SHF_ALLOC | SHF_COMPRESSED))
			continue;
		enum dwarf_section kind = dwarf_section_of_name(elf_section_name(&file->elf, i));
		if (kind == DWARF_NO_SECTION || source->numbers[kind])
			continue;
		source->numbers[kind] = i;
		source->input.sections[kind] = elf_section_bytes(&file->elf, i);
		source->relas[kind] = section_relas(source->link, file->first_section + i);
	}
	source->input.relocate = relocate;
	source->input.context = source;
	source->range_bytes = MOST_RANGE_READINGS * (source->input.sections[DWARF_RANGES].size +
						     source->input.sections[DWARF_RNGLISTS].size);
}

/* .debug_info or .debug_types is section `id` from here on. */
static void choose_section(struct source *source, enum dwarf_section kind, section_id id)
{
	source->numbers[kind] = id - source->file->first_section;
	source->input.sections[kind] = elf_section_bytes(&source->file->elf, source->numbers[kind]);
	source->relas[kind] = section_relas(source->link, id);
	source->hints[kind] = 0;
}

/* ---- ranges ----------------------------------------------------------------------------------------------- */

static void add_ranges(struct source *source, struct index_part *part, uint32_t unit, struct dwarf_ranges *ranges)
{
	struct dwarf_range range;
	while (dwarf_ranges_next(ranges, &range)) {
		*array_push(&part->ranges) = (struct index_range){range.begin, range.end, unit};
		if (ranges->length > source->range_bytes)
			break;
	}
	if (ranges->length > source->range_bytes)
		dwarf_fail(&source->error, ranges->section, ranges->at, "range list", 0, "overlaps many others");
	source->range_bytes -= min_u64(ranges->length, source->range_bytes);
}

/* A unit that does not say where its code is, as some compilers' and assemblers': its functions do. */
static void add_ranges_of_functions(struct source *source, struct index_part *part, uint32_t number,
				    const struct dwarf_unit *unit)
{
	struct dwarf_walk walk = dwarf_walk_unit(unit, &source->error);
	struct dwarf_entry entry;
	struct dwarf_ranges ranges;
	while (dwarf_walk_next(&walk, &entry)) {
		if (entry.abbrev->tag == DW_TAG_subprogram) {
			if (dwarf_ranges_of(&ranges, unit, &entry, &source->error))
				add_ranges(source, part, number, &ranges);
			dwarf_walk_skip_children(&walk, &entry);
		} else if (entry.depth > 0 && entry.abbrev->tag != DW_TAG_namespace &&
			   entry.abbrev->tag != DW_TAG_module) {
			dwarf_walk_skip_children(&walk, &entry);
		}
	}
}

static void read_ranges(struct source *source, struct index_part *part, uint32_t number, const struct dwarf_unit *unit)
{
	struct dwarf_entry root;
	struct dwarf_ranges ranges;
	if (!unit->tag || !dwarf_entry_at(unit, unit->first, &root, &source->error))
		return;
	if (dwarf_ranges_of(&ranges, unit, &root, &source->error))
		add_ranges(source, part, number, &ranges);
	else if (!source->error.what && !unit->is_skeleton)
		add_ranges_of_functions(source, part, number, unit);
}

/* ---- names ------------------------------------------------------------------------------------------------ */

/* The unit at an offset of a section, or units.n; units ascend by both. */
static uint32_t find_unit(const struct index_part *part, section_id section, uint64_t offset)
{
	uint32_t low = 0, high = part->units.n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct index_unit *unit = &part->units.at[middle];
		if (unit->section < section || (unit->section == section && unit->offset < offset))
			low = middle + 1;
		else
			high = middle;
	}
	bool found = low < part->units.n && part->units.at[low].section == section &&
		     part->units.at[low].offset == offset;
	return found ? low : part->units.n;
}

/* Reads one section of public names; `has_names` is set for the units that it has sets for. */
static void read_pubnames(struct source *source, struct index_part *part, enum dwarf_section kind, bool *has_names)
{
	struct dwarf_pubnames names = {.input = &source->input, .section = kind, .error = &source->error};
	struct dwarf_pubname name;
	while (dwarf_pubnames_next_set(&names)) {
		uint32_t number = names.unit.target ? names.unit.target : source->numbers[part->kind];
		uint32_t unit = find_unit(part, source->file->first_section + number, names.unit.value);
		if (unit == part->units.n)
			continue;
		has_names[unit] = true;
		while (dwarf_pubnames_next(&names, &name))
			*array_push(&part->names) = (struct index_name){
				.name = name.name,
				.hash = hash_bytes(name.name.at, name.name.len),
				.unit = unit,
				.attributes = name.attributes,
			};
	}
}

/* Where there are no public names, entries are walked over. That is so for type units, too, when their user has public
 * names: gcc leaves out what it does not use itself. */
static void read_names(struct source *source, struct index_part *part, const struct dwarf_units *units,
		       struct arena *arena)
{
	bool *has_names = arena_array(arena, bool, part->units.n);
	read_pubnames(source, part, DWARF_GNU_PUBNAMES, has_names);
	read_pubnames(source, part, DWARF_GNU_PUBTYPES, has_names);
	section_id chosen = 0;
	for (uint32_t i = 0; i < units->list.n && !source->error.what; i++) {
		const struct dwarf_unit *unit = &units->list.at[i];
		if (has_names[i] || unit->has_gnu_pubnames)
			continue;
		if (unit->is_skeleton) {
			part->lacks_names = true;
			continue;
		}
		if (part->units.at[i].section != chosen)
			choose_section(source, part->kind, chosen = part->units.at[i].section);
		index_names_walk(part, i, unit, arena, &source->error);
	}
}

/* ----------------------------------------------------------------------------------------------------------- */

static void read_units(struct source *source, struct index_part *part, section_id section, struct dwarf_units *units)
{
	choose_section(source, part->kind, section);
	uint64_t size = source->input.sections[part->kind].size;
	struct dwarf_unit unit;
	for (uint64_t at = 0; at < size && !source->error.what; at = unit.end) {
		if (!dwarf_unit_read(&unit, &source->input, part->kind, at, &source->error) ||
		    !dwarf_unit_open(&unit, &source->abbrevs, NULL, &source->error))
			return;
		bool is_type = unit.type == DW_UT_type || unit.type == DW_UT_split_type;
		*array_push(&part->units) = (struct index_unit){
			.section = section,
			.is_type = is_type,
			.is_in_types = part->kind == DWARF_TYPES,
			.offset = at,
			.size = unit.end - at,
			.id = unit.id,
			.type_offset = unit.type_offset,
		};
		*array_push(&units->list) = unit;
		if (!is_type)
			read_ranges(source, part, part->units.n - 1, &unit);
	}
}

void index_part_read(struct link *link, struct index_part *part, struct arena *arena)
{
	struct source source = {.link = link, .file = file_of(link, part->file)};
	struct dwarf_units units = {0};
	find_sections(&source);
	for (uint32_t i = 0; i < part->n_sections && !source.error.what; i++)
		read_units(&source, part, part->sections[i], &units);
	if (!source.error.what)
		read_names(&source, part, &units, arena);
	if (source.error.what) {
		struct diag_about about = about_section(source.file, source.numbers[source.error.section],
							"malformed-file");
		about.section = dwarf_section_name(source.error.section);
		about.offset = source.error.offset;
		about.has_offset = true;
		about.hint = "--gdb-index has to read this; without the option it is copied as it is";
		diag_report(link->diag, SEVERITY_ERROR, diag_order(part->file, 0), &about, "%s %s (value 0x%llx)",
			    source.error.field, source.error.what, (unsigned long long)source.error.value);
	}
	array_free(&units.list);
	dwarf_abbrevs_free(&source.abbrevs);
}
