/* Questions about entries that need more than their unit: references to others, strings in a supplementary file. */
#include <string.h>

#include "abi/reader.h"
#include "dwarf/cursor.h"

bool abi_unit_at(const struct abi_reader *reader, uint32_t source, enum dwarf_section section, uint64_t offset,
		 uint32_t *unit)
{
	uint32_t low = reader->first_unit[2 * source + (section == DWARF_TYPES)];
	uint32_t end = reader->first_unit[2 * source + (section == DWARF_TYPES) + 1], high = end;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (reader->units.at[middle].unit.end <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	*unit = low;
	return low < end && reader->units.at[low].unit.offset <= offset && reader->units.at[low].unit.abbrevs;
}

/* Best the first one of the same source; they are sorted by signature and unit, and units by source. */
static bool find_signature(const struct abi_reader *reader, uint64_t signature, uint32_t source, uint32_t *unit)
{
	const struct abi_signature *at = reader->signatures.at;
	uint32_t first = array_first_from(&reader->signatures, signature, signature), low = first;
	uint32_t high = reader->signatures.n;
	if (first == high || at[first].signature != signature)
		return false;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (at[middle].signature == signature && at[middle].unit < reader->first_unit[2 * source])
			low = middle + 1;
		else
			high = middle;
	}
	bool is_there = low < reader->signatures.n && at[low].signature == signature &&
			reader->units.at[at[low].unit].source == source;
	*unit = at[is_there ? low : first].unit;
	return true;
}

bool abi_follow(const struct abi_reader *reader, const struct abi_die *die, uint16_t attribute, struct abi_die *out,
		struct dwarf_error *error)
{
	const struct abi_unit *of = &reader->units.at[die->unit];
	const struct dwarf_unit *unit = &of->unit;
	int alt = reader->files->sources.at[of->source].alt;
	struct dwarf_value value;
	struct dwarf_reference reference;
	if (!dwarf_attribute(unit, &die->entry, attribute, &value) || !dwarf_reference(unit, &value, &reference, error))
		return false;
	struct abi_die found = {.unit = die->unit};
	switch (reference.kind) {
	case DWARF_REF_UNIT:
		break;
	case DWARF_REF_SECTION:
	case DWARF_REF_ELSEWHERE:
		if (reference.kind == DWARF_REF_ELSEWHERE && alt < 0)
			return false;
		if (!abi_unit_at(reader, reference.kind == DWARF_REF_ELSEWHERE ? (uint32_t)alt : of->source, DWARF_INFO,
				 reference.target, &found.unit))
			return dwarf_fail(error, unit->section, value.place, "reference", reference.target,
					  "leads to no unit");
		break;
	case DWARF_REF_SIGNATURE:
		if (!find_signature(reader, reference.target, of->source, &found.unit))
			return false;
		unit = abi_unit_of(reader, &found);
		reference.target = unit->offset + unit->type_offset;
		break;
	}
	if (!abi_unit_of(reader, &found)->abbrevs)
		return dwarf_fail(error, unit->section, value.place, "reference", reference.target,
				  "leads to a unit that cannot be read");
	if (!dwarf_entry_at(abi_unit_of(reader, &found), reference.target, &found.entry, error))
		return false;
	*out = found;
	return true;
}

struct str abi_string(const struct abi_reader *reader, const struct abi_die *die, uint16_t attribute,
		      struct dwarf_error *error)
{
	const struct abi_unit *of = &reader->units.at[die->unit];
	struct str string = {"", 0};
	struct dwarf_value value;
	if (!dwarf_attribute(&of->unit, &die->entry, attribute, &value))
		return string;
	if (value.form != DW_FORM_GNU_strp_alt && value.form != DW_FORM_strp_sup) {
		dwarf_string(&of->unit, &value, &string, error);
		return string;
	}
	int alt = reader->files->sources.at[of->source].alt;
	struct bytes strings = {0};
	if (alt >= 0)
		strings = reader->files->sources.at[alt].dwarf.sections[DWARF_STR];
	if (value.number >= strings.size)
		return string;
	const uint8_t *at = strings.data + value.number;
	const uint8_t *nul = memchr(at, 0, strings.size - value.number);
	return nul && nul - at < 1 << 20 ? (struct str){(const char *)at, (uint32_t)(nul - at)} : string;
}

uint64_t abi_number(const struct abi_reader *reader, const struct abi_die *die, uint16_t attribute, uint64_t otherwise)
{
	struct dwarf_value value;
	uint64_t number;
	if (dwarf_attribute(abi_unit_of(reader, die), &die->entry, attribute, &value) &&
	    dwarf_constant(&value, &number))
		return number;
	return otherwise;
}

bool abi_location(const struct abi_reader *reader, const struct abi_die *die, uint16_t attribute, uint64_t *number)
{
	struct dwarf_value value;
	*number = 0;
	if (!dwarf_attribute(abi_unit_of(reader, die), &die->entry, attribute, &value))
		return true;
	if (dwarf_constant(&value, number))
		return true;
	struct cursor cursor = {.data = value.block.data, .end = value.block.size};
	uint8_t operation = value.block.size ? next_byte(&cursor) : 0;
	*number = next_uleb128(&cursor);
	return (operation == DW_OP_plus_uconst || operation == DW_OP_constu) && !cursor.cut && cursor.at == cursor.end;
}

const struct abi_record *abi_record_at(const struct abi_unit *unit, uint64_t offset)
{
	uint32_t low = array_first_from(&unit->records, offset, offset);
	return low < unit->records.n && unit->records.at[low].offset == offset ? &unit->records.at[low] : NULL;
}

struct dwarf_walk abi_children(const struct abi_reader *reader, const struct abi_die *die, struct dwarf_error *error)
{
	return (struct dwarf_walk){
		.unit = abi_unit_of(reader, die),
		.error = error,
		.at = die->entry.end,
		.depth = die->entry.abbrev->has_children ? 1 : 0,
		.ended = !die->entry.abbrev->has_children,
	};
}
