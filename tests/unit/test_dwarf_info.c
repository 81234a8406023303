/* dwarf/unit.h, entry.h, ranges.h, pubnames.h: sections written here by hand. What compilers write is in
 * story/gdb-index*.sh. */
#include "dwarf/pubnames.h"
#include "dwarf/ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct buffer {
	size_t n;
	uint8_t bytes[4096];
};

#define PUT(buffer, ...) put(buffer, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void put(struct buffer *buffer, const void *bytes, size_t n)
{
	assert_true(buffer->n + n <= sizeof(buffer->bytes));
	memcpy(buffer->bytes + buffer->n, bytes, n);
	buffer->n += n;
}

static void put_number(struct buffer *buffer, uint64_t value, size_t size)
{
	put(buffer, &value, size);
}

static struct bytes bytes_of(const struct buffer *buffer)
{
	return (struct bytes){buffer->bytes, buffer->n};
}

/* A file under construction, and what is being read from it. */
struct file {
	struct buffer info, abbrev, other;
	size_t unit, length_size, offset_size;
	struct dwarf_input input;
	struct dwarf_abbrev_cache cache;
	struct dwarf_error error;
};

static struct file *file_new(void)
{
	struct file *file = calloc(1, sizeof(*file));
	assert_non_null(file);
	file->offset_size = 4;
	return file;
}

static void file_free(struct file *file)
{
	dwarf_abbrevs_free(&file->cache);
	free(file);
}

static void begin_unit(struct file *file, uint16_t version, uint8_t type)
{
	file->unit = file->info.n;
	if (file->offset_size == 8)
		put_number(&file->info, DWARF_EXTENDED_LENGTH, 4);
	put_number(&file->info, 0, file->offset_size);
	file->length_size = file->info.n - file->unit;
	put_number(&file->info, version, 2);
	if (version >= 5) {
		PUT(&file->info, type, 8);
		put_number(&file->info, 0, file->offset_size);
	} else {
		put_number(&file->info, 0, file->offset_size);
		PUT(&file->info, 8);
	}
}

static void end_unit(struct file *file)
{
	uint64_t length = file->info.n - file->unit - file->length_size;
	memcpy(file->info.bytes + file->unit + file->length_size - file->offset_size, &length, file->offset_size);
}

static void open_unit(struct file *file, struct dwarf_unit *unit)
{
	file->input.sections[DWARF_INFO] = bytes_of(&file->info);
	file->input.sections[DWARF_ABBREV] = bytes_of(&file->abbrev);
	if (!dwarf_unit_read(unit, &file->input, DWARF_INFO, 0, &file->error) ||
	    !dwarf_unit_open(unit, &file->cache, NULL, &file->error))
		assert_non_null(file->error.what);
}

static void assert_fails(const struct file *file, enum dwarf_section section, uint64_t offset, const char *field)
{
	assert_non_null(file->error.what);
	assert_int_equal(file->error.section, section);
	assert_int_equal(file->error.offset, offset);
	assert_string_equal(file->error.field, field);
}

static void assert_str(struct str text, const char *wanted)
{
	assert_int_equal(text.len, strlen(wanted));
	assert_memory_equal(text.at, wanted, text.len);
}

/* ---- units ------------------------------------------------------------------------------------------------ */

static void reads_headers_of_all_versions(void **state)
{
	(void)state;
	for (uint16_t version = 2; version <= 5; version++) {
		for (size_t size = 4; size <= 8; size += 4) {
			struct file *file = file_new();
			struct dwarf_unit unit;
			file->offset_size = size;
			PUT(&file->abbrev, 0);
			begin_unit(file, version, DW_UT_compile);
			end_unit(file);
			open_unit(file, &unit);
			assert_null(file->error.what);
			assert_int_equal(unit.version, version);
			assert_int_equal(unit.offset_size, size);
			assert_int_equal(unit.type, DW_UT_compile);
			assert_int_equal(unit.first, file->info.n);
			assert_int_equal(unit.end, file->info.n);
			assert_int_equal(unit.tag, 0);
			file_free(file);
		}
	}
}

static void reads_type_and_skeleton_units(void **state)
{
	(void)state;
	struct file *file = file_new();
	struct dwarf_unit unit;
	begin_unit(file, 5, DW_UT_type);
	put_number(&file->info, 0x1122334455667788, 8);
	put_number(&file->info, 0x1f, 4);
	end_unit(file);
	size_t second = file->info.n;
	begin_unit(file, 5, DW_UT_skeleton);
	put_number(&file->info, 42, 8);
	end_unit(file);
	file->input.sections[DWARF_INFO] = bytes_of(&file->info);
	assert_true(dwarf_unit_read(&unit, &file->input, DWARF_INFO, 0, &file->error));
	assert_int_equal(unit.type, DW_UT_type);
	assert_int_equal(unit.id, 0x1122334455667788);
	assert_int_equal(unit.type_offset, 0x1f);
	assert_int_equal(unit.end, second);
	assert_true(dwarf_unit_read(&unit, &file->input, DWARF_INFO, second, &file->error));
	assert_int_equal(unit.type, DW_UT_skeleton);
	assert_int_equal(unit.id, 42);
	file_free(file);
}

static void refuses_damaged_headers(void **state)
{
	(void)state;
	static const struct {
		uint8_t at, byte;
		const char *field;
	} damage[] = {
		{0, 0xff, "unit_length"},      /* beyond the section */
		{0, 3, "unit_length"},         /* no room for the header */
		{4, 6, "version"},
		{4, 1, "version"},
		{6, 0x77, "unit_type"},
		{7, 3, "address_size"},
		{8, 9, "abbreviation table"},
	};
	for (size_t i = 0; i < COUNTOF(damage); i++) {
		struct file *file = file_new();
		struct dwarf_unit unit;
		PUT(&file->abbrev, 0);
		begin_unit(file, 5, DW_UT_compile);
		end_unit(file);
		file->info.bytes[damage[i].at] = damage[i].byte;
		open_unit(file, &unit);
		assert_non_null(file->error.what);
		assert_string_equal(file->error.field, damage[i].field);
		file_free(file);
	}
}

/* ---- abbreviations ---------------------------------------------------------------------------------------- */

static void finds_codes_in_any_order(void **state)
{
	(void)state;
	struct file *file = file_new();
	struct dwarf_unit unit;
	PUT(&file->abbrev, 9, DW_TAG_compile_unit, 0, 0, 0, 3, DW_TAG_typedef, 0, 0, 0, 0);
	begin_unit(file, 4, 0);
	end_unit(file);
	open_unit(file, &unit);
	assert_null(file->error.what);
	assert_int_equal(dwarf_abbrev_find(unit.abbrevs, 3)->tag, DW_TAG_typedef);
	assert_int_equal(dwarf_abbrev_find(unit.abbrevs, 9)->tag, DW_TAG_compile_unit);
	assert_null(dwarf_abbrev_find(unit.abbrevs, 4));
	assert_null(dwarf_abbrev_find(unit.abbrevs, 0));
	file_free(file);
}

static void refuses_a_code_that_stands_twice(void **state)
{
	(void)state;
	struct file *file = file_new();
	struct dwarf_unit unit;
	PUT(&file->abbrev, 1, DW_TAG_compile_unit, 0, 0, 0, 1, DW_TAG_typedef, 0, 0, 0, 0);
	begin_unit(file, 4, 0);
	end_unit(file);
	open_unit(file, &unit);
	assert_fails(file, DWARF_ABBREV, 0, "abbreviation code");
	file_free(file);
}

/* Each unit names the table one byte further on: read anew each time, they would take quadratic time. */
static void refuses_tables_that_overlap(void **state)
{
	(void)state;
	struct file *file = file_new();
	struct dwarf_error error = {0};
	for (unsigned i = 0; i < 500; i++)
		PUT(&file->abbrev, 1, 1, 1, 0, 0);
	file->input.sections[DWARF_ABBREV] = bytes_of(&file->abbrev);
	unsigned n = 0;
	while (n < 500 && dwarf_abbrevs_get(&file->cache, &file->input, 5 * n, 4, 8, 4, &error))
		n++;
	assert_in_range(n, 0, 8);
	assert_string_equal(error.field, n ? "abbreviation table" : "abbreviation code");
	file_free(file);
}

/* ---- entries ---------------------------------------------------------------------------------------------- */

/* 1: unit with children. 2: subprogram (name, sibling) with children. 3: variable (block1, data2). 4: a form that
 * nobody knows. */
static void put_abbrevs(struct file *file)
{
	PUT(&file->abbrev, 1, DW_TAG_compile_unit, 1, 0, 0);
	PUT(&file->abbrev, 2, DW_TAG_subprogram, 1, DW_AT_name, DW_FORM_string, DW_AT_sibling, DW_FORM_ref4, 0, 0);
	PUT(&file->abbrev, 3, DW_TAG_variable, 0, DW_AT_location, DW_FORM_block1);
	PUT(&file->abbrev, DW_AT_const_value, DW_FORM_data2, 0, 0);
	PUT(&file->abbrev, 4, DW_TAG_typedef, 0, DW_AT_name, 0x7e, 0, 0, 0);
}

/* unit { f { variable }, variable } */
static struct file *put_tree(struct dwarf_unit *unit, uint8_t sibling)
{
	struct file *file = file_new();
	put_abbrevs(file);
	begin_unit(file, 4, 0);
	PUT(&file->info, 1);                              /* at 11 */
	PUT(&file->info, 2, 'f', 0, sibling, 0, 0, 0);    /* at 12 */
	PUT(&file->info, 3, 2, 0xaa, 0xbb, 0x34, 0x12);   /* at 19 */
	PUT(&file->info, 0);
	PUT(&file->info, 3, 0, 0x78, 0x56);               /* at 26 */
	PUT(&file->info, 0);
	end_unit(file);
	open_unit(file, unit);
	assert_null(file->error.what);
	return file;
}

static void walks_children_before_siblings(void **state)
{
	(void)state;
	static const uint32_t offsets[] = {11, 12, 19, 26}, depths[] = {0, 1, 2, 1};
	struct dwarf_unit unit;
	struct file *file = put_tree(&unit, 26);
	struct dwarf_walk walk = dwarf_walk_unit(&unit, &file->error);
	struct dwarf_entry entry;
	for (size_t i = 0; i < COUNTOF(offsets); i++) {
		assert_true(dwarf_walk_next(&walk, &entry));
		assert_int_equal(entry.offset, offsets[i]);
		assert_int_equal(entry.depth, depths[i]);
	}
	assert_false(dwarf_walk_next(&walk, &entry));
	assert_null(file->error.what);
	file_free(file);
}

static void skips_children(void **state)
{
	(void)state;
	struct dwarf_unit unit;
	struct file *file = put_tree(&unit, 26);
	struct dwarf_walk walk = dwarf_walk_unit(&unit, &file->error);
	struct dwarf_entry entry;
	dwarf_walk_next(&walk, &entry);
	dwarf_walk_next(&walk, &entry);
	dwarf_walk_skip_children(&walk, &entry);
	assert_true(dwarf_walk_next(&walk, &entry));
	assert_int_equal(entry.offset, 26);
	assert_int_equal(entry.depth, 1);
	assert_false(dwarf_walk_next(&walk, &entry));
	file_free(file);
}

static void refuses_a_sibling_that_leads_back(void **state)
{
	(void)state;
	struct dwarf_unit unit;
	struct file *file = put_tree(&unit, 12);
	struct dwarf_walk walk = dwarf_walk_unit(&unit, &file->error);
	struct dwarf_entry entry;
	dwarf_walk_next(&walk, &entry);
	dwarf_walk_next(&walk, &entry);
	dwarf_walk_skip_children(&walk, &entry);
	assert_false(dwarf_walk_next(&walk, &entry));
	assert_fails(file, DWARF_INFO, 12, "DW_AT_sibling");
	file_free(file);
}

static void reads_values(void **state)
{
	(void)state;
	struct dwarf_unit unit;
	struct file *file = put_tree(&unit, 26);
	struct dwarf_entry entry;
	struct dwarf_value value;
	struct str name;
	uint64_t constant;
	assert_true(dwarf_entry_at(&unit, 12, &entry, &file->error));
	assert_true(dwarf_attribute(&unit, &entry, DW_AT_name, &value));
	assert_true(dwarf_string(&unit, &value, &name, &file->error));
	assert_str(name, "f");
	assert_false(dwarf_constant(&value, &constant));
	assert_false(dwarf_attribute(&unit, &entry, DW_AT_location, &value));
	assert_true(dwarf_entry_at(&unit, 19, &entry, &file->error));
	assert_true(dwarf_attribute(&unit, &entry, DW_AT_location, &value));
	assert_int_equal(value.block.size, 2);
	assert_int_equal(value.block.data[1], 0xbb);
	assert_true(dwarf_attribute(&unit, &entry, DW_AT_const_value, &value));
	assert_true(dwarf_constant(&value, &constant));
	assert_int_equal(constant, 0x1234);
	file_free(file);
}

static void refuses_references_out_of_the_unit(void **state)
{
	(void)state;
	struct dwarf_unit unit;
	struct dwarf_entry entry;
	struct file *file = put_tree(&unit, 26);
	assert_false(dwarf_entry_at(&unit, 3, &entry, &file->error));
	assert_fails(file, DWARF_INFO, 0, "reference");
	file->error.what = NULL;
	assert_false(dwarf_entry_at(&unit, unit.end, &entry, &file->error));
	assert_fails(file, DWARF_INFO, 0, "reference");
	file_free(file);
}

static void refuses_damaged_entries(void **state)
{
	(void)state;
	static const struct {
		uint8_t bytes[4];
		const char *field;
	} damage[] = {
		{{99, 0, 0, 0}, "abbreviation code"},
		{{4, 0, 0, 0}, "attribute form"},
		{{3, 200, 0, 0}, "entry"},         /* a block beyond the unit */
		{{2, 'a', 'b', 'c'}, "entry"},     /* a string without end */
		{{0x80, 0x80, 0x80, 0x80}, "entry"},
	};
	for (size_t i = 0; i < COUNTOF(damage); i++) {
		struct file *file = file_new();
		struct dwarf_unit unit;
		struct dwarf_entry entry;
		put_abbrevs(file);
		begin_unit(file, 4, 0);
		PUT(&file->info, 1);
		put(&file->info, damage[i].bytes, 4);
		end_unit(file);
		open_unit(file, &unit);
		struct dwarf_walk walk = dwarf_walk_unit(&unit, &file->error);
		assert_true(dwarf_walk_next(&walk, &entry));
		assert_false(dwarf_walk_next(&walk, &entry));
		assert_fails(file, DWARF_INFO, 12, damage[i].field);
		file_free(file);
	}
}

/* Every form once, one after the other. */
static void reads_all_forms(void **state)
{
	(void)state;
	static const struct {
		uint16_t form;
		uint8_t size;
		uint64_t number;
	} forms[] = {
		{DW_FORM_addr, 8, 0x10}, {DW_FORM_data1, 1, 0x11}, {DW_FORM_data2, 2, 0x12}, {DW_FORM_data4, 4, 0x13},
		{DW_FORM_data8, 8, 0x14}, {DW_FORM_flag, 1, 1}, {DW_FORM_strp, 4, 0x15}, {DW_FORM_line_strp, 4, 0x16},
		{DW_FORM_ref_addr, 4, 0x17}, {DW_FORM_ref1, 1, 0x18}, {DW_FORM_ref2, 2, 0x19}, {DW_FORM_ref4, 4, 0x1a},
		{DW_FORM_ref8, 8, 0x1b}, {DW_FORM_sec_offset, 4, 0x1c}, {DW_FORM_strx1, 1, 0x1d},
		{DW_FORM_strx2, 2, 0x1e}, {DW_FORM_strx3, 3, 0x1f}, {DW_FORM_strx4, 4, 0x20}, {DW_FORM_addrx1, 1, 0x21},
		{DW_FORM_addrx2, 2, 0x22}, {DW_FORM_addrx3, 3, 0x23}, {DW_FORM_addrx4, 4, 0x24},
		{DW_FORM_ref_sup4, 4, 0x25}, {DW_FORM_ref_sup8, 8, 0x26}, {DW_FORM_strp_sup, 4, 0x27},
		{DW_FORM_ref_sig8, 8, 0x28}, {DW_FORM_udata, 1, 0x29}, {DW_FORM_ref_udata, 1, 0x2a},
		{DW_FORM_strx, 1, 0x2b}, {DW_FORM_addrx, 1, 0x2c}, {DW_FORM_loclistx, 1, 0x2d},
		{DW_FORM_rnglistx, 1, 0x2e}, {DW_FORM_GNU_addr_index, 1, 0x2f}, {DW_FORM_GNU_str_index, 1, 0x30},
		{DW_FORM_GNU_ref_alt, 4, 0x31}, {DW_FORM_GNU_strp_alt, 4, 0x32}, {DW_FORM_sdata, 1, 0x3f},
		{DW_FORM_block, 1, 0}, {DW_FORM_block1, 1, 0}, {DW_FORM_block2, 2, 0}, {DW_FORM_block4, 4, 0},
		{DW_FORM_exprloc, 1, 0}, {DW_FORM_string, 1, 0}, {DW_FORM_data16, 16, 0}, {DW_FORM_flag_present, 0, 1},
	};
	struct file *file = file_new();
	struct dwarf_unit unit;
	struct dwarf_entry entry;
	struct dwarf_value value;
	uint16_t attribute;
	PUT(&file->abbrev, 1, DW_TAG_variable, 0);
	begin_unit(file, 5, DW_UT_compile);
	PUT(&file->info, 1);
	for (size_t i = 0; i < COUNTOF(forms); i++) {
		PUT(&file->abbrev, (uint8_t)(i + 1), (uint8_t)(forms[i].form & 0x7f) | 0x80,
		    (uint8_t)(forms[i].form >> 7));
		put_number(&file->info, forms[i].size ? forms[i].number : 0, forms[i].size < 8 ? forms[i].size : 8);
		if (forms[i].size == 16)
			put_number(&file->info, 0, 8);
	}
	PUT(&file->abbrev, 100, DW_FORM_implicit_const, 0x7e);       /* -2 */
	PUT(&file->abbrev, 101, DW_FORM_indirect, 0, 0, 0);
	PUT(&file->info, DW_FORM_indirect, DW_FORM_data2, 0x55, 0x66);
	end_unit(file);
	open_unit(file, &unit);
	assert_true(dwarf_entry_at(&unit, unit.first, &entry, &file->error));
	assert_int_equal(entry.end, unit.end);

	struct dwarf_attributes attributes = {.unit = &unit, .entry = &entry};
	for (size_t i = 0; i < COUNTOF(forms); i++) {
		assert_true(dwarf_attributes_next(&attributes, &attribute, &value));
		assert_int_equal(attribute, i + 1);
		assert_int_equal(value.form, forms[i].form);
		assert_int_equal(value.number, forms[i].form == DW_FORM_sdata ? 0x3f : forms[i].number);
	}
	assert_true(dwarf_attributes_next(&attributes, &attribute, &value));
	assert_int_equal((int64_t)value.number, -2);
	assert_true(dwarf_attributes_next(&attributes, &attribute, &value));
	assert_int_equal(value.form, DW_FORM_data2);
	assert_int_equal(value.number, 0x6655);
	assert_false(dwarf_attributes_next(&attributes, &attribute, &value));
	file_free(file);
}

/* ---- ranges ----------------------------------------------------------------------------------------------- */

/* A unit whose DW_AT_ranges leads to the beginning of `other`. */
static struct file *put_ranges(uint16_t version, const struct buffer *list, struct dwarf_unit *unit)
{
	struct file *file = file_new();
	PUT(&file->abbrev, 1, DW_TAG_compile_unit, 0, DW_AT_ranges, DW_FORM_sec_offset);
	PUT(&file->abbrev, DW_AT_low_pc, DW_FORM_addr, 0, 0, 0);
	begin_unit(file, version, DW_UT_compile);
	PUT(&file->info, 1);
	put_number(&file->info, 0, 4);
	put_number(&file->info, 0x1000, 8);
	end_unit(file);
	file->input.sections[version >= 5 ? DWARF_RNGLISTS : DWARF_RANGES] = bytes_of(list);
	open_unit(file, unit);
	return file;
}

static void assert_ranges(struct file *file, const struct dwarf_unit *unit, const struct dwarf_range *wanted, size_t n)
{
	struct dwarf_entry entry;
	struct dwarf_ranges ranges;
	struct dwarf_range range;
	assert_true(dwarf_entry_at(unit, unit->first, &entry, &file->error));
	assert_true(dwarf_ranges_of(&ranges, unit, &entry, &file->error));
	for (size_t i = 0; i < n; i++) {
		assert_true(dwarf_ranges_next(&ranges, &range));
		assert_int_equal(range.begin, wanted[i].begin);
		assert_int_equal(range.end, wanted[i].end);
	}
	assert_false(dwarf_ranges_next(&ranges, &range));
}

static void reads_ranges_up_to_dwarf_4(void **state)
{
	(void)state;
	static const uint64_t numbers[] = {0x10, 0x20, 0x30, 0x30, UINT64_MAX, 0x5000, 1, 2, 0, 0, 7, 8};
	static const struct dwarf_range wanted[] = {{0x1010, 0x1020}, {0x5001, 0x5002}};
	struct buffer list = {0};
	struct dwarf_unit unit;
	put(&list, numbers, sizeof(numbers));
	struct file *file = put_ranges(4, &list, &unit);
	assert_ranges(file, &unit, wanted, COUNTOF(wanted));
	assert_null(file->error.what);
	file_free(file);
}

static void put_kind(struct buffer *list, uint8_t kind, uint64_t address, uint8_t more)
{
	PUT(list, kind);
	put_number(list, address, 8);
	if (more)
		PUT(list, more);
}

static void reads_ranges_of_dwarf_5(void **state)
{
	(void)state;
	static const struct dwarf_range wanted[] = {
		{0x1001, 0x1002}, {0x2003, 0x2004}, {0x3000, 0x3005}, {0x4000, 0x4008},
	};
	struct buffer list = {0};
	struct dwarf_unit unit;
	PUT(&list, DW_RLE_offset_pair, 1, 2);
	put_kind(&list, DW_RLE_base_address, 0x2000, 0);
	PUT(&list, DW_RLE_offset_pair, 3, 4);
	put_kind(&list, DW_RLE_start_length, 0x3000, 5);
	put_kind(&list, DW_RLE_start_end, 0x4000, 0);
	put_number(&list, 0x4008, 8);
	PUT(&list, DW_RLE_end_of_list);
	struct file *file = put_ranges(5, &list, &unit);
	assert_ranges(file, &unit, wanted, COUNTOF(wanted));
	assert_null(file->error.what);
	file_free(file);
}

static void refuses_damaged_range_lists(void **state)
{
	(void)state;
	struct buffer list = {0}, kind = {0};
	struct dwarf_unit unit;
	PUT(&list, DW_RLE_start_end, 1, 2, 3);
	struct file *file = put_ranges(5, &list, &unit);
	assert_ranges(file, &unit, NULL, 0);
	assert_fails(file, DWARF_RNGLISTS, 0, "range list");
	file_free(file);
	PUT(&kind, 0x77, 1, 2, 3);
	file = put_ranges(5, &kind, &unit);
	assert_ranges(file, &unit, NULL, 0);
	assert_fails(file, DWARF_RNGLISTS, 0, "kind of range list entry");
	file_free(file);
}

/* Code that is not part of the link has no ranges, and a relocated pair of zeros does not end the list. */
static void relocate_ranges(void *context, enum dwarf_section section, uint64_t place, struct dwarf_number *number)
{
	(void)context;
	if (section != DWARF_RANGES || place >= 32)
		return;
	number->is_relocated = true;
	number->is_dropped = place < 16;
	number->value = number->is_dropped ? place : 0x8000 + place;
}

static void applies_relocations(void **state)
{
	(void)state;
	static const struct dwarf_range wanted[] = {{0x9010, 0x9018}, {0x1001, 0x1002}};
	static const uint64_t numbers[] = {0, 0, 0, 0, 1, 2, 0, 0};
	struct buffer list = {0};
	struct dwarf_unit unit;
	put(&list, numbers, sizeof(numbers));
	struct file *file = put_ranges(4, &list, &unit);
	file->input.relocate = relocate_ranges;
	assert_ranges(file, &unit, wanted, COUNTOF(wanted));
	file_free(file);
}

/* ---- public names ----------------------------------------------------------------------------------------- */

static void reads_public_names(void **state)
{
	(void)state;
	struct file *file = file_new();
	struct dwarf_pubname name;
	struct dwarf_pubnames names = {.input = &file->input, .section = DWARF_GNU_PUBNAMES, .error = &file->error};
	put_number(&file->other, 2 + 4 + 4 + 4 + 1 + 5 + 4, 4);
	put_number(&file->other, 2, 2);
	put_number(&file->other, 0x40, 4);
	put_number(&file->other, 0x80, 4);
	put_number(&file->other, 0x55, 4);
	PUT(&file->other, 0x30, 'm', 'a', 'i', 'n', 0);
	put_number(&file->other, 0, 4);
	file->input.sections[DWARF_GNU_PUBNAMES] = bytes_of(&file->other);
	assert_true(dwarf_pubnames_next_set(&names));
	assert_int_equal(names.unit.value, 0x40);
	assert_true(dwarf_pubnames_next(&names, &name));
	assert_str(name.name, "main");
	assert_int_equal(name.attributes, 0x30);
	assert_false(dwarf_pubnames_next(&names, &name));
	assert_false(dwarf_pubnames_next_set(&names));
	assert_null(file->error.what);

	file->other.bytes[4] = 9;
	names.at = 0;
	assert_false(dwarf_pubnames_next_set(&names));
	assert_int_equal(file->error.section, DWARF_GNU_PUBNAMES);
	assert_string_equal(file->error.field, "version");
	file_free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_headers_of_all_versions),
		cmocka_unit_test(reads_type_and_skeleton_units),
		cmocka_unit_test(refuses_damaged_headers),
		cmocka_unit_test(finds_codes_in_any_order),
		cmocka_unit_test(refuses_a_code_that_stands_twice),
		cmocka_unit_test(refuses_tables_that_overlap),
		cmocka_unit_test(walks_children_before_siblings),
		cmocka_unit_test(skips_children),
		cmocka_unit_test(refuses_a_sibling_that_leads_back),
		cmocka_unit_test(reads_values),
		cmocka_unit_test(refuses_references_out_of_the_unit),
		cmocka_unit_test(refuses_damaged_entries),
		cmocka_unit_test(reads_all_forms),
		cmocka_unit_test(reads_ranges_up_to_dwarf_4),
		cmocka_unit_test(reads_ranges_of_dwarf_5),
		cmocka_unit_test(refuses_damaged_range_lists),
		cmocka_unit_test(applies_relocations),
		cmocka_unit_test(reads_public_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
