#include "dwarf/entry.h"

#include <string.h>

#include "dwarf/cursor.h"

/* Longer strings are not believed: who refers to one a million times over would take our time, too. */
enum { LONGEST_STRING = 1 << 20 };

struct dwarf_number dwarf_relocated(const struct dwarf_input *input, enum dwarf_section section, uint64_t place,
				    uint64_t value)
{
	struct dwarf_number number = {.value = value};
	if (input->relocate)
		input->relocate(input->context, section, place, &number);
	return number;
}

static struct cursor cursor_of(const struct dwarf_unit *unit, uint64_t at)
{
	return (struct cursor){
		.data = unit->input->sections[unit->section].data,
		.at = at,
		.end = unit->end,
		.is_64_bit = unit->offset_size == 8,
	};
}

/* ---- reading over values ---------------------------------------------------------------------------------- */

static bool skip_string(struct cursor *cursor)
{
	const uint8_t *at = cursor->data + cursor->at;
	const uint8_t *nul = memchr(at, 0, cursor->end - cursor->at);
	return take(cursor, nul ? (uint64_t)(nul - at) + 1 : UINT64_MAX);
}

static void skip_leb128(struct cursor *cursor)
{
	while (next_byte(cursor) & 0x80)
		;
}

static uint64_t next_block_size(struct cursor *cursor, enum dwarf_variable kind)
{
	switch (kind) {
	case DWARF_BLOCK1:
		return next_number(cursor, 1);
	case DWARF_BLOCK2:
		return next_number(cursor, 2);
	case DWARF_BLOCK4:
		return next_number(cursor, 4);
	default:
		return next_uleb128(cursor);
	}
}

/* Reads the forms that stand before a value until one is not DW_FORM_indirect. False: it makes no sense there. */
static bool next_indirect_form(const struct dwarf_abbrevs *abbrevs, struct cursor *cursor, uint64_t *form,
			       struct dwarf_shape *shape)
{
	do
		*form = next_uleb128(cursor);
	while (*form == DW_FORM_indirect && !cursor->cut);
	return *form != DW_FORM_implicit_const && dwarf_form_shape(abbrevs, *form, shape) && !cursor->cut;
}

static void skip_variable(const struct dwarf_abbrevs *abbrevs, struct cursor *cursor, enum dwarf_variable kind)
{
	uint64_t form;
	struct dwarf_shape shape;
	if (kind == DWARF_INDIRECT) {
		if (!next_indirect_form(abbrevs, cursor, &form, &shape)) {
			cursor->cut = true;
			return;
		}
		if (!shape.is_variable) {
			take(cursor, shape.size);
			return;
		}
		kind = shape.variable;
	}
	if (kind == DWARF_LEB128)
		skip_leb128(cursor);
	else if (kind == DWARF_NUL_TERMINATED)
		skip_string(cursor);
	else
		take(cursor, next_block_size(cursor, kind));
}

static inline void skip_steps(const struct dwarf_abbrevs *abbrevs, const struct dwarf_abbrev *abbrev, uint32_t n,
			      struct cursor *cursor)
{
	for (uint32_t i = 0; i < n; i++) {
		take(cursor, abbrev->steps[i].fixed);
		skip_variable(abbrevs, cursor, abbrev->steps[i].variable);
	}
}

/* ---- walking ---------------------------------------------------------------------------------------------- */

struct dwarf_walk dwarf_walk_unit(const struct dwarf_unit *unit, struct dwarf_error *error)
{
	return (struct dwarf_walk){.unit = unit, .error = error, .at = unit->first};
}

static bool fail_entry(const struct dwarf_unit *unit, uint64_t offset, struct dwarf_error *error, const char *field,
		       uint64_t value, const char *what)
{
	return dwarf_fail(error, unit->section, offset, field, value, what);
}

/* Code 0 gives an entry without abbreviation. */
static inline bool read_entry(const struct dwarf_unit *unit, uint64_t at, struct dwarf_entry *entry,
			      struct dwarf_error *error)
{
	struct cursor cursor = cursor_of(unit, at);
	uint64_t code = cursor.at < cursor.end && cursor.data[at] < 0x80 ? cursor.data[cursor.at++]
									  : next_uleb128(&cursor);
	entry->offset = at;
	entry->values = entry->end = cursor.at;
	entry->abbrev = NULL;
	if (cursor.cut)
		return fail_entry(unit, at, error, "entry", 0, "is cut off by the end of the unit");
	if (code == 0)
		return true;
	const struct dwarf_abbrev *abbrev = dwarf_abbrev_find(unit->abbrevs, code);
	entry->abbrev = abbrev;
	if (!abbrev)
		return fail_entry(unit, at, error, "abbreviation code", code, "is not in the unit's table");
	if (abbrev->unknown)
		return fail_entry(unit, at, error, "attribute form", abbrev->unknown, "is unknown");
	skip_steps(unit->abbrevs, abbrev, abbrev->n_steps, &cursor);
	take(&cursor, abbrev->fixed);
	entry->end = cursor.at;
	if (cursor.cut)
		return fail_entry(unit, at, error, "entry", code, "is cut off by the end of the unit");
	return true;
}

bool dwarf_walk_next(struct dwarf_walk *walk, struct dwarf_entry *entry)
{
	while (walk->at < walk->unit->end && !walk->ended) {
		if (!read_entry(walk->unit, walk->at, entry, walk->error)) {
			walk->ended = true;
			return false;
		}
		walk->at = entry->end;
		if (entry->abbrev) {
			entry->depth = walk->depth;
			if (entry->abbrev->has_children)
				walk->depth++;
			else if (walk->depth == 0)
				walk->ended = true;
			return true;
		}
		/* The end of a list of siblings. What stands behind the last one fills up the unit. */
		if (walk->depth <= 1)
			walk->ended = true;
		else
			walk->depth--;
	}
	return false;
}

void dwarf_walk_skip_children(struct dwarf_walk *walk, const struct dwarf_entry *entry)
{
	if (!entry->abbrev->has_children || walk->ended)
		return;
	if (entry->depth == 0) {
		walk->ended = true;
		return;
	}
	struct dwarf_value value;
	struct dwarf_reference sibling;
	if (entry->abbrev->has_sibling) {
		dwarf_attribute(walk->unit, entry, DW_AT_sibling, &value);
		if (!dwarf_reference(walk->unit, &value, &sibling, walk->error) || sibling.kind != DWARF_REF_UNIT ||
		    sibling.target <= entry->offset || sibling.target < walk->at) {
			walk->ended = true;
			fail_entry(walk->unit, entry->offset, walk->error, "DW_AT_sibling", value.number,
				   "does not lead forward in the unit");
			return;
		}
		walk->at = sibling.target;
		walk->depth = entry->depth;
		return;
	}
	struct dwarf_entry child;
	while (walk->at < walk->unit->end && walk->depth > entry->depth) {
		if (!read_entry(walk->unit, walk->at, &child, walk->error)) {
			walk->ended = true;
			return;
		}
		walk->at = child.end;
		if (!child.abbrev)
			walk->depth--;
		else if (child.abbrev->has_children)
			walk->depth++;
	}
}

bool dwarf_entry_at(const struct dwarf_unit *unit, uint64_t offset, struct dwarf_entry *entry,
		    struct dwarf_error *error)
{
	entry->depth = 0;
	if (offset < unit->first || offset >= unit->end)
		return fail_entry(unit, unit->offset, error, "reference", offset, "leads out of the unit");
	if (!read_entry(unit, offset, entry, error))
		return false;
	return entry->abbrev || fail_entry(unit, offset, error, "reference", offset, "leads to no entry");
}

/* ---- values ----------------------------------------------------------------------------------------------- */

/* The entry has been read once: its values are all inside the unit. */
static void next_value(const struct dwarf_unit *unit, const struct dwarf_spec *spec, struct cursor *cursor,
		       struct dwarf_value *value)
{
	struct dwarf_shape shape = {0};
	uint64_t form = spec->form;
	if (form == DW_FORM_indirect)
		next_indirect_form(unit->abbrevs, cursor, &form, &shape);
	else
		dwarf_form_shape(unit->abbrevs, form, &shape);
	*value = (struct dwarf_value){.form = (uint16_t)form, .place = cursor->at};
	if (!shape.is_variable && shape.size > 8) {
		value->block = (struct bytes){cursor->data + cursor->at, shape.size};
		take(cursor, shape.size);
	} else if (!shape.is_variable) {
		value->number = shape.size ? next_number(cursor, shape.size) : (uint64_t)spec->constant;
	} else if (shape.variable == DWARF_LEB128) {
		value->number = next_leb128(cursor, form == DW_FORM_sdata);
	} else if (shape.variable == DWARF_NUL_TERMINATED) {
		skip_string(cursor);
		value->block = (struct bytes){cursor->data + value->place, cursor->at - value->place - 1};
	} else {
		uint64_t size = next_block_size(cursor, shape.variable);
		value->place = cursor->at;
		value->block = (struct bytes){cursor->data + cursor->at, size};
		take(cursor, size);
	}
	if (form == DW_FORM_flag_present)
		value->number = 1;
}

bool dwarf_attributes_next(struct dwarf_attributes *attributes, uint16_t *attribute, struct dwarf_value *value)
{
	const struct dwarf_abbrev *abbrev = attributes->entry->abbrev;
	if (attributes->index == abbrev->n_specs)
		return false;
	const struct dwarf_spec *spec = &abbrev->specs[attributes->index];
	if (attributes->index == 0)
		attributes->at = attributes->entry->values;
	struct cursor cursor = cursor_of(attributes->unit, attributes->at);
	*attribute = spec->attribute;
	next_value(attributes->unit, spec, &cursor, value);
	attributes->at = cursor.at;
	attributes->index++;
	return true;
}

static void read_spec(const struct dwarf_unit *unit, const struct dwarf_entry *entry, uint32_t index,
		      struct dwarf_value *value)
{
	const struct dwarf_spec *spec = &entry->abbrev->specs[index];
	struct cursor cursor = cursor_of(unit, entry->values);
	skip_steps(unit->abbrevs, entry->abbrev, spec->n_steps, &cursor);
	take(&cursor, spec->fixed);
	next_value(unit, spec, &cursor, value);
}

bool dwarf_attribute(const struct dwarf_unit *unit, const struct dwarf_entry *entry, uint16_t attribute,
		     struct dwarf_value *value)
{
	const struct dwarf_abbrev *abbrev = entry->abbrev;
	for (uint32_t i = 0; i < abbrev->n_specs; i++) {
		if (abbrev->specs[i].attribute == attribute) {
			read_spec(unit, entry, i, value);
			return true;
		}
	}
	return false;
}

bool dwarf_flag(const struct dwarf_unit *unit, const struct dwarf_entry *entry, uint16_t attribute)
{
	struct dwarf_value value;
	return dwarf_attribute(unit, entry, attribute, &value) && value.number != 0;
}

bool dwarf_constant(const struct dwarf_value *value, uint64_t *constant)
{
	*constant = value->number;
	switch (value->form) {
	case DW_FORM_data1:
	case DW_FORM_data2:
	case DW_FORM_data4:
	case DW_FORM_data8:
	case DW_FORM_sdata:
	case DW_FORM_udata:
	case DW_FORM_implicit_const:
		return true;
	}
	return false;
}

/* Entry `index` of a table of numbers of `size` bytes. */
static bool read_indexed(const struct dwarf_unit *unit, enum dwarf_section section, uint64_t base, uint64_t index,
			 uint8_t size, const char *field, struct dwarf_number *number, struct dwarf_error *error)
{
	struct bytes table = unit->input->sections[section];
	uint64_t place = base + index * size;
	if (base > table.size || index > (table.size - base) / size || !mem_inside(place, size, table.size))
		return dwarf_fail(error, unit->section, unit->offset, field, index, "is beyond the end of its table");
	struct cursor cursor = {.data = table.data, .at = place, .end = table.size};
	*number = dwarf_relocated(unit->input, section, place, next_number(&cursor, size));
	return true;
}

static bool string_at(const struct dwarf_unit *unit, enum dwarf_section section, uint64_t offset, struct str *string,
		      struct dwarf_error *error)
{
	struct bytes strings = unit->input->sections[section];
	if (offset >= strings.size)
		return dwarf_fail(error, unit->section, unit->offset, "string", offset,
				  "is beyond the end of its section");
	const uint8_t *at = strings.data + offset;
	const uint8_t *nul = memchr(at, 0, min_u64(strings.size - offset, LONGEST_STRING + 1));
	if (!nul)
		return dwarf_fail(error, section, offset, "string", offset, "has no end, or is too long");
	*string = (struct str){(const char *)at, (uint32_t)(nul - at)};
	return true;
}

bool dwarf_string(const struct dwarf_unit *unit, const struct dwarf_value *value, struct str *string,
		  struct dwarf_error *error)
{
	*string = (struct str){"", 0};
	struct dwarf_number offset = {0};
	switch (value->form) {
	case DW_FORM_string:
		if (value->block.size > LONGEST_STRING)
			return dwarf_fail(error, unit->section, value->place, "string", value->block.size,
					  "is too long");
		*string = (struct str){(const char *)value->block.data, (uint32_t)value->block.size};
		return true;
	case DW_FORM_strp:
	case DW_FORM_line_strp:
		offset = dwarf_relocated(unit->input, unit->section, value->place, value->number);
		return string_at(unit, value->form == DW_FORM_strp ? DWARF_STR : DWARF_LINE_STR, offset.value, string,
				 error);
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
	case DW_FORM_GNU_str_index:
		return read_indexed(unit, DWARF_STR_OFFSETS, unit->str_offsets_base, value->number, unit->offset_size,
				    "string index", &offset, error) &&
		       string_at(unit, DWARF_STR, offset.value, string, error);
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_strp_alt:
		return true;
	}
	return false;
}

bool dwarf_indexed_address(const struct dwarf_unit *unit, uint64_t index, struct dwarf_number *address,
			   struct dwarf_error *error)
{
	return read_indexed(unit, DWARF_ADDR, unit->addr_base, index, unit->address_size, "address index", address,
			    error);
}

bool dwarf_address(const struct dwarf_unit *unit, const struct dwarf_value *value, struct dwarf_number *address,
		   struct dwarf_error *error)
{
	switch (value->form) {
	case DW_FORM_addr:
		*address = dwarf_relocated(unit->input, unit->section, value->place, value->number);
		return true;
	case DW_FORM_addrx:
	case DW_FORM_addrx1:
	case DW_FORM_addrx2:
	case DW_FORM_addrx3:
	case DW_FORM_addrx4:
	case DW_FORM_GNU_addr_index:
		return dwarf_indexed_address(unit, value->number, address, error);
	}
	return false;
}

bool dwarf_section_offset(const struct dwarf_unit *unit, const struct dwarf_value *value, struct dwarf_number *offset)
{
	if (value->form != DW_FORM_sec_offset && value->form != DW_FORM_data4 && value->form != DW_FORM_data8)
		return false;
	*offset = dwarf_relocated(unit->input, unit->section, value->place, value->number);
	return true;
}

bool dwarf_reference(const struct dwarf_unit *unit, const struct dwarf_value *value, struct dwarf_reference *reference,
		     struct dwarf_error *error)
{
	reference->target = value->number;
	switch (value->form) {
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
		reference->kind = DWARF_REF_UNIT;
		if (value->number > unit->end - unit->offset)
			return dwarf_fail(error, unit->section, value->place, "reference", value->number,
					  "leads out of the unit");
		reference->target += unit->offset;
		return true;
	case DW_FORM_ref_addr:
		reference->kind = DWARF_REF_SECTION;
		reference->target =
			dwarf_relocated(unit->input, unit->section, value->place, value->number).value;
		return true;
	case DW_FORM_ref_sig8:
		reference->kind = DWARF_REF_SIGNATURE;
		return true;
	case DW_FORM_ref_sup4:
	case DW_FORM_ref_sup8:
	case DW_FORM_GNU_ref_alt:
		reference->kind = DWARF_REF_ELSEWHERE;
		return true;
	}
	return false;
}
