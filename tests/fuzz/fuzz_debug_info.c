/* Reads all units, entries, attributes, ranges and public names of the input's debug sections when it is an ELF file.
 * A .dwo or .dwp file is read as the half of -gsplit-dwarf that it is. Any other input is every debug section at once;
 * its first byte chooses whether numbers are relocated, and whether it is such a half. */
#include "fuzz/fuzz.h"

#include "dwarf/package.h"
#include "dwarf/pubnames.h"
#include "dwarf/ranges.h"
#include "elf/object.h"

/* A range list can be read by each of many entries, and a string be the name of many: a caller has a limit, too. */
enum { MOST_BYTES = 1 << 24 };

static uint64_t budget;

static bool pay(uint64_t bytes)
{
	budget -= min_u64(bytes, budget);
	return budget != 0;
}

/* Any answer is possible. */
static void relocate(void *context, enum dwarf_section section, uint64_t place, struct dwarf_number *number)
{
	(void)context;
	number->is_relocated = (place >> 3 ^ section) % 3 == 0;
	number->is_dropped = number->is_relocated && place % 5 == 0;
	if (number->is_relocated)
		number->value += place * 7;
}

static void check_error(const struct dwarf_error *error)
{
	if (!error->what)
		return;
	hold(error->section < DWARF_N_SECTIONS);
	touch_name(error->field);
	touch_name(error->what);
	touch_name(dwarf_section_name(error->section));
}

static void read_value(const struct dwarf_unit *unit, const struct dwarf_value *value)
{
	struct dwarf_error error = {0};
	struct str string;
	struct dwarf_number number;
	struct dwarf_reference reference;
	uint64_t constant;
	if (value->block.size < 64)
		touch_bytes(value->block);
	if (dwarf_string(unit, value, &string, &error) && pay(string.len))
		touch_bytes((struct bytes){(const uint8_t *)string.at, string.len});
	use(dwarf_constant(value, &constant) + dwarf_section_offset(unit, value, &number));
	if (dwarf_address(unit, value, &number, &error))
		use(number.value);
	if (dwarf_reference(unit, value, &reference, &error) && reference.kind == DWARF_REF_UNIT) {
		struct dwarf_entry entry;
		hold(reference.target >= unit->offset && reference.target <= unit->end);
		if (dwarf_entry_at(unit, reference.target, &entry, &error))
			hold(entry.end <= unit->end && entry.offset >= unit->first);
	}
	check_error(&error);
}

static void read_entry(const struct dwarf_unit *unit, const struct dwarf_entry *entry)
{
	struct dwarf_attributes attributes = {.unit = unit, .entry = entry};
	struct dwarf_error error = {0};
	struct dwarf_value value, again;
	uint16_t attribute;
	hold(entry->end <= unit->end && entry->values <= entry->end);
	while (dwarf_attributes_next(&attributes, &attribute, &value)) {
		hold(attributes.at <= entry->end);
		hold(dwarf_has(entry, attribute) && dwarf_attribute(unit, entry, attribute, &again));
		read_value(unit, &value);
	}
	hold(entry->abbrev->n_specs == 0 || attributes.at == entry->end);
	struct dwarf_ranges ranges;
	struct dwarf_range range;
	if (dwarf_ranges_of(&ranges, unit, entry, &error))
		while (pay(ranges.length) && dwarf_ranges_next(&ranges, &range))
			hold(range.begin < range.end);
	check_error(&error);
}

static void read_unit(struct dwarf_unit *unit, struct dwarf_abbrev_cache *cache, const struct dwarf_parts *parts,
		      bool skip)
{
	struct dwarf_error error = {0};
	hold(unit->end <= unit->input->sections[unit->section].size && unit->first <= unit->end);
	if (dwarf_unit_open(unit, cache, parts, &error)) {
		if (unit->input->is_split) { /* any skeleton could belong to it */
			struct dwarf_skeleton skeleton = dwarf_unit_skeleton(unit);
			skeleton.addr_base = unit->id % 64;
			skeleton.ranges_base = unit->id % 5;
			dwarf_unit_join(unit, &skeleton);
		}
		struct dwarf_walk walk = dwarf_walk_unit(unit, &error);
		uint64_t last = 0, n = 0;
		for (struct dwarf_entry entry; dwarf_walk_next(&walk, &entry);) {
			hold(entry.offset >= last);
			last = entry.end;
			read_entry(unit, &entry);
			if (skip && n++ % 3 == 1)
				dwarf_walk_skip_children(&walk, &entry);
		}
	}
	check_error(&error);
}

static void read_input(const struct dwarf_input *input)
{
	struct dwarf_error error = {0};
	struct dwarf_package package;
	budget = MOST_BYTES;
	if (!dwarf_package_read(&package, input, &error))
		check_error(&error);
	error = (struct dwarf_error){0};
	for (enum dwarf_section section = DWARF_INFO; section <= DWARF_TYPES; section++) {
		struct dwarf_abbrev_cache cache = {0};
		struct dwarf_unit unit;
		for (uint64_t at = 0; at < input->sections[section].size; at = unit.end) {
			if (!dwarf_unit_read(&unit, input, section, at, &error))
				break;
			hold(unit.end > at);
			read_unit(&unit, &cache, dwarf_package_find(&package, section, at), at % 2);
		}
		dwarf_abbrevs_free(&cache);
	}
	check_error(&error);
	dwarf_package_free(&package);
	for (enum dwarf_section section = DWARF_GNU_PUBNAMES; section <= DWARF_GNU_PUBTYPES; section++) {
		struct dwarf_error broken = {0};
		struct dwarf_pubnames names = {.input = input, .section = section, .error = &broken};
		struct dwarf_pubname name;
		while (dwarf_pubnames_next_set(&names))
			while (dwarf_pubnames_next(&names, &name))
				touch_bytes((struct bytes){(const uint8_t *)name.name.at, name.name.len});
		check_error(&broken);
	}
}

static void read_elf(const struct elf_file *file, bool is_split)
{
	struct dwarf_input input = {.is_split = is_split};
	for (unsigned i = 0; i < DWARF_N_SECTIONS; i++)
		input.sections[i] = (struct bytes){file->bytes.data, 0};
	for (uint32_t i = 1; i < file->nshdr; i++) {
		char name[32];
		size_t len = strlen(elf_section_name(file, i));
		if (len >= sizeof(name))
			continue;
		memcpy(name, elf_section_name(file, i), len + 1);
		if (is_split && len > 4 && strcmp(name + len - 4, ".dwo") == 0)
			name[len - 4] = 0;
		enum dwarf_section section = dwarf_section_of_name(name);
		if (section != DWARF_NO_SECTION)
			input.sections[section] = elf_section_bytes(file, i);
	}
	read_input(&input);
	input.relocate = relocate;
	read_input(&input);
}

static void read_raw(struct bytes bytes)
{
	uint8_t choice = bytes.size ? bytes.data[0] : 0;
	struct dwarf_input input = {.relocate = choice & 1 ? relocate : NULL, .is_split = choice & 2};
	for (unsigned i = 0; i < DWARF_N_SECTIONS; i++)
		input.sections[i] = (struct bytes){bytes.data + (bytes.size != 0), bytes.size - (bytes.size != 0)};
	read_input(&input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {data, size};
	struct elf_file file;
	struct elf_error error;
	if (elf_kind(bytes) == ELF_NOT)
		read_raw(bytes);
	else if (elf_read_file(&file, bytes, &error))
		for (unsigned is_split = 0; is_split < 2; is_split++)
			read_elf(&file, is_split);
	return 0;
}
