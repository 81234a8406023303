#include "dwarf/ranges.h"

#include "dwarf/cursor.h"

static struct cursor cursor_of(const struct dwarf_ranges *ranges)
{
	struct bytes section = ranges->unit->input->sections[ranges->section];
	return (struct cursor){.data = section.data, .at = ranges->at, .end = section.size};
}

static struct dwarf_number next_address(const struct dwarf_ranges *ranges, struct cursor *cursor)
{
	uint64_t place = cursor->at, value = next_number(cursor, ranges->unit->address_size);
	if (cursor->cut)
		return (struct dwarf_number){0};
	return dwarf_relocated(ranges->unit->input, ranges->section, place, value);
}

static struct dwarf_number next_indexed(const struct dwarf_ranges *ranges, struct cursor *cursor)
{
	struct dwarf_number address = {0};
	dwarf_indexed_address(ranges->unit, next_uleb128(cursor), &address, ranges->error);
	return address;
}

/* ---- where the list is ------------------------------------------------------------------------------------ */

/* DW_FORM_rnglistx: a table of offsets stands before the lists; they count from its beginning. */
static bool find_indexed_list(struct dwarf_ranges *ranges, const struct dwarf_value *value)
{
	const struct dwarf_unit *unit = ranges->unit;
	struct bytes section = unit->input->sections[DWARF_RNGLISTS];
	uint64_t base = unit->rnglists_base;
	if (base > section.size || value->number >= (section.size - base) / unit->offset_size)
		return dwarf_fail(ranges->error, unit->section, value->place, "DW_AT_ranges", value->number,
				  "is beyond the end of the table of range lists");
	struct cursor cursor = {.data = section.data, .at = base + value->number * unit->offset_size,
				.end = section.size};
	uint64_t place = cursor.at;
	struct dwarf_number offset =
		dwarf_relocated(unit->input, DWARF_RNGLISTS, place, next_number(&cursor, unit->offset_size));
	ranges->at = base + offset.value;
	return true;
}

static bool find_list(struct dwarf_ranges *ranges, const struct dwarf_value *value, bool is_root)
{
	const struct dwarf_unit *unit = ranges->unit;
	struct dwarf_number offset;
	ranges->section = unit->version >= 5 ? DWARF_RNGLISTS : DWARF_RANGES;
	if (value->form == DW_FORM_rnglistx && unit->version >= 5) {
		if (!find_indexed_list(ranges, value))
			return false;
	} else if (dwarf_section_offset(unit, value, &offset)) {
		/* GNU's split DWARF 4: what split entries say counts from what the skeleton says. */
		ranges->at = offset.value + (is_root ? 0 : unit->ranges_base);
	} else {
		return dwarf_fail(ranges->error, unit->section, value->place, "DW_AT_ranges", value->form,
				  "has a form that is no list of ranges");
	}
	if (ranges->at >= unit->input->sections[ranges->section].size)
		return dwarf_fail(ranges->error, unit->section, value->place, "DW_AT_ranges", ranges->at,
				  "is beyond the end of its section");
	ranges->base = unit->base;
	return true;
}

bool dwarf_ranges_of(struct dwarf_ranges *ranges, const struct dwarf_unit *unit, const struct dwarf_entry *entry,
		     struct dwarf_error *error)
{
	struct dwarf_value value;
	uint64_t size;
	*ranges = (struct dwarf_ranges){.unit = unit, .error = error, .section = DWARF_NO_SECTION};
	if (dwarf_attribute(unit, entry, DW_AT_ranges, &value))
		return find_list(ranges, &value, entry->offset == unit->first);
	if (!dwarf_attribute(unit, entry, DW_AT_low_pc, &value) ||
	    !dwarf_address(unit, &value, &ranges->pair[0], error) ||
	    !dwarf_attribute(unit, entry, DW_AT_high_pc, &value))
		return false;
	if (dwarf_constant(&value, &size)) {
		ranges->pair[1] = ranges->pair[0];
		ranges->pair[1].value += size;
		return true;
	}
	return dwarf_address(unit, &value, &ranges->pair[1], error);
}

/* ---- one entry of a list ---------------------------------------------------------------------------------- */

static struct dwarf_number plus(struct dwarf_number base, uint64_t offset)
{
	base.value += offset;
	return base;
}

/* An offset from the base address, or an address that a relocation made. */
static struct dwarf_number from_base(const struct dwarf_ranges *ranges, struct dwarf_number number)
{
	bool is_dropped = number.is_relocated ? number.is_dropped : ranges->base.is_dropped;
	number = plus(ranges->base, number.value);
	number.is_dropped = is_dropped;
	return number;
}

/* .debug_ranges: pairs; the largest address before a new base, two zeros at the end. */
static bool next_pair(struct dwarf_ranges *ranges, struct cursor *cursor, struct dwarf_number pair[2])
{
	uint64_t largest = ranges->unit->address_size == 8 ? UINT64_MAX : UINT32_MAX;
	pair[0] = next_address(ranges, cursor);
	pair[1] = next_address(ranges, cursor);
	if (pair[0].value == largest && !pair[0].is_relocated) {
		ranges->base = pair[1];
		pair[0] = pair[1] = (struct dwarf_number){0};
		return true;
	}
	bool is_end = pair[0].value == 0 && pair[1].value == 0 && !pair[0].is_relocated && !pair[1].is_relocated;
	pair[0] = from_base(ranges, pair[0]);
	pair[1] = from_base(ranges, pair[1]);
	return !is_end;
}

static bool next_entry(struct dwarf_ranges *ranges, struct cursor *cursor, struct dwarf_number pair[2])
{
	uint64_t place = cursor->at;
	uint8_t kind = next_byte(cursor);
	pair[0] = pair[1] = (struct dwarf_number){0};
	switch (kind) {
	case DW_RLE_end_of_list:
		return false;
	case DW_RLE_base_addressx:
		ranges->base = next_indexed(ranges, cursor);
		return true;
	case DW_RLE_base_address:
		ranges->base = next_address(ranges, cursor);
		return true;
	case DW_RLE_startx_endx:
		pair[0] = next_indexed(ranges, cursor);
		pair[1] = next_indexed(ranges, cursor);
		return true;
	case DW_RLE_startx_length:
		pair[0] = next_indexed(ranges, cursor);
		pair[1] = plus(pair[0], next_uleb128(cursor));
		return true;
	case DW_RLE_offset_pair:
		pair[0] = plus(ranges->base, next_uleb128(cursor));
		pair[1] = plus(ranges->base, next_uleb128(cursor));
		return true;
	case DW_RLE_start_end:
		pair[0] = next_address(ranges, cursor);
		pair[1] = next_address(ranges, cursor);
		return true;
	case DW_RLE_start_length:
		pair[0] = next_address(ranges, cursor);
		pair[1] = plus(pair[0], next_uleb128(cursor));
		return true;
	}
	return dwarf_fail(ranges->error, ranges->section, place, "kind of range list entry", kind, "is unknown");
}

bool dwarf_ranges_next(struct dwarf_ranges *ranges, struct dwarf_range *range)
{
	while (!ranges->ended) {
		struct dwarf_number pair[2] = {ranges->pair[0], ranges->pair[1]};
		if (ranges->section == DWARF_NO_SECTION) {
			ranges->ended = true;
		} else {
			struct cursor cursor = cursor_of(ranges);
			bool more = ranges->section == DWARF_RANGES ? next_pair(ranges, &cursor, pair)
								     : next_entry(ranges, &cursor, pair);
			if (cursor.cut)
				dwarf_fail(ranges->error, ranges->section, ranges->at, "range list", 0,
					   "is cut off by the end of the section");
			ranges->length += cursor.at - ranges->at;
			ranges->at = cursor.at;
			ranges->ended = !more || ranges->error->what;
			if (ranges->ended)
				return false;
		}
		*range = (struct dwarf_range){pair[0].value, pair[1].value};
		if (!pair[0].is_dropped && range->begin < range->end)
			return true;
	}
	return false;
}
