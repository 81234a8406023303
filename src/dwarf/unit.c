#include "dwarf/unit.h"

#include "dwarf/cursor.h"
#include "dwarf/entry.h"

static bool fail(const struct dwarf_unit *unit, struct dwarf_error *error, const char *field, uint64_t value,
		 const char *what)
{
	return dwarf_fail(error, unit->section, unit->offset, field, value, what);
}

static uint64_t next_relocated(const struct dwarf_unit *unit, struct cursor *cursor)
{
	uint64_t place = cursor->at, value = next_number(cursor, unit->offset_size);
	return cursor->cut ? 0 : dwarf_relocated(unit->input, unit->section, place, value).value;
}

/* What stands behind the header's common part. */
static void read_id(struct dwarf_unit *unit, struct cursor *cursor)
{
	switch (unit->type) {
	case DW_UT_skeleton:
	case DW_UT_split_compile:
		unit->id = next_number(cursor, 8);
		break;
	case DW_UT_type:
	case DW_UT_split_type:
		unit->id = next_number(cursor, 8);
		unit->type_offset = next_number(cursor, unit->offset_size);
		break;
	default:
		break;
	}
}

bool dwarf_unit_read(struct dwarf_unit *unit, const struct dwarf_input *input, enum dwarf_section section,
		     uint64_t offset, struct dwarf_error *error)
{
	struct bytes bytes = input->sections[section];
	struct cursor all = {.data = bytes.data, .at = offset, .end = bytes.size}, cursor;
	*unit = (struct dwarf_unit){.input = input, .section = section, .offset = offset, .line_table = UINT64_MAX};
	if (!next_length(&all, &cursor))
		return fail(unit, error, "unit_length", bytes.size - offset, "does not fit into the section");
	unit->end = cursor.end;
	unit->offset_size = (uint8_t)offset_size(&cursor);
	unit->version = (uint16_t)next_number(&cursor, 2);
	if (unit->version < DWARF_OLDEST || unit->version > DWARF_NEWEST)
		return fail(unit, error, "version", unit->version, "is none of 2, 3, 4 and 5");
	if (unit->version >= 5) {
		unit->type = next_byte(&cursor);
		unit->address_size = next_byte(&cursor);
		unit->abbrev_offset = next_relocated(unit, &cursor);
	} else {
		unit->type = section == DWARF_TYPES ? DW_UT_type : DW_UT_compile;
		unit->abbrev_offset = next_relocated(unit, &cursor);
		unit->address_size = next_byte(&cursor);
	}
	read_id(unit, &cursor);
	unit->first = cursor.at;
	if (cursor.cut)
		return fail(unit, error, "unit_length", unit->end - offset, "leaves no room for the header");
	if (unit->type < DW_UT_compile || unit->type > DW_UT_split_type)
		return fail(unit, error, "unit_type", unit->type, "is unknown");
	if (unit->address_size != 4 && unit->address_size != 8)
		return fail(unit, error, "address_size", unit->address_size, "is neither 4 nor 8");
	return true;
}

static bool read_base(const struct dwarf_unit *unit, const struct dwarf_entry *root, uint16_t attribute, uint64_t *base)
{
	struct dwarf_value value;
	struct dwarf_number offset;
	if (!dwarf_attribute(unit, root, attribute, &value) || !dwarf_section_offset(unit, &value, &offset))
		return false;
	*base = offset.value;
	return true;
}

/* Where a section has a header that nobody refers to, as in split units: its length, version, and 2 or 4 bytes. */
static uint64_t behind_header(const struct dwarf_unit *unit, unsigned rest)
{
	return (unit->offset_size == 8 ? 12 : 4) + 2 + (uint64_t)rest;
}

static void read_bases(struct dwarf_unit *unit, const struct dwarf_entry *root, const struct dwarf_parts *parts)
{
	if (unit->version >= 5) {
		unit->str_offsets_base = behind_header(unit, 2);
		unit->addr_base = behind_header(unit, 2);
		unit->rnglists_base = behind_header(unit, 6);
	}
	read_base(unit, root, DW_AT_str_offsets_base, &unit->str_offsets_base);
	if (!read_base(unit, root, DW_AT_addr_base, &unit->addr_base))
		read_base(unit, root, DW_AT_GNU_addr_base, &unit->addr_base);
	read_base(unit, root, DW_AT_rnglists_base, &unit->rnglists_base);
	read_base(unit, root, DW_AT_GNU_ranges_base, &unit->ranges_base);
	if (parts) {
		unit->str_offsets_base += parts->str_offsets;
		unit->rnglists_base += parts->rnglists;
	}
	if (read_base(unit, root, DW_AT_stmt_list, &unit->line_table) && parts)
		unit->line_table += parts->line;
}

bool dwarf_unit_open(struct dwarf_unit *unit, struct dwarf_abbrev_cache *cache, const struct dwarf_parts *parts,
		     struct dwarf_error *error)
{
	if (parts)
		unit->abbrev_offset += parts->abbrev;
	unit->abbrevs = dwarf_abbrevs_get(cache, unit->input, unit->abbrev_offset, unit->version, unit->address_size,
					  unit->offset_size, error);
	if (!unit->abbrevs)
		return false;
	struct dwarf_walk walk = dwarf_walk_unit(unit, error);
	struct dwarf_entry root;
	if (!dwarf_walk_next(&walk, &root))
		return !error->what;
	unit->tag = root.abbrev->tag;
	read_bases(unit, &root, parts);

	struct dwarf_value value;
	uint64_t language;
	if (dwarf_attribute(unit, &root, DW_AT_language, &value) && dwarf_constant(&value, &language))
		unit->language = (uint16_t)language;
	unit->is_skeleton = unit->type == DW_UT_skeleton ||
			    (!unit->input->is_split && dwarf_has(&root, DW_AT_GNU_dwo_name));
	if (unit->version < 5 && unit->type == DW_UT_compile && dwarf_attribute(unit, &root, DW_AT_GNU_dwo_id, &value))
		dwarf_constant(&value, &unit->id);
	unit->has_gnu_pubnames = dwarf_flag(unit, &root, DW_AT_GNU_pubnames);
	if (!unit->input->is_split && dwarf_attribute(unit, &root, DW_AT_low_pc, &value))
		dwarf_address(unit, &value, &unit->base, error);
	return !error->what;
}

struct dwarf_skeleton dwarf_unit_skeleton(const struct dwarf_unit *unit)
{
	return (struct dwarf_skeleton){unit->id, unit->addr_base, unit->ranges_base, unit->line_table, unit->base};
}

void dwarf_unit_join(struct dwarf_unit *unit, const struct dwarf_skeleton *skeleton)
{
	unit->addr_base = skeleton->addr_base;
	unit->ranges_base = skeleton->ranges_base;
	unit->line_table = skeleton->line_table;
	unit->base = skeleton->base;
}
