#include "dwarf/abbrev.h"

#include <stdlib.h>

#include "dwarf/cursor.h"

/* Tables may share parts, but not without limit: what is read of them altogether is at most this many times the
 * section. */
enum { MOST_READINGS = 4 };

/* Attributes of an abbreviation, of which compilers write some dozens. An entry can have more of them than bytes, and
 * each question about it goes through them. */
enum { MOST_SPECS = 1024 };

enum { FIRST_BUCKETS = 16 };

bool dwarf_form_shape(const struct dwarf_abbrevs *abbrevs, uint64_t form, struct dwarf_shape *shape)
{
	*shape = (struct dwarf_shape){0};
	switch (form) {
	case DW_FORM_flag_present:
	case DW_FORM_implicit_const:
		return true;
	case DW_FORM_data1:
	case DW_FORM_ref1:
	case DW_FORM_flag:
	case DW_FORM_strx1:
	case DW_FORM_addrx1:
		shape->size = 1;
		return true;
	case DW_FORM_data2:
	case DW_FORM_ref2:
	case DW_FORM_strx2:
	case DW_FORM_addrx2:
		shape->size = 2;
		return true;
	case DW_FORM_strx3:
	case DW_FORM_addrx3:
		shape->size = 3;
		return true;
	case DW_FORM_data4:
	case DW_FORM_ref4:
	case DW_FORM_ref_sup4:
	case DW_FORM_strx4:
	case DW_FORM_addrx4:
		shape->size = 4;
		return true;
	case DW_FORM_data8:
	case DW_FORM_ref8:
	case DW_FORM_ref_sup8:
	case DW_FORM_ref_sig8:
		shape->size = 8;
		return true;
	case DW_FORM_data16:
		shape->size = 16;
		return true;
	case DW_FORM_addr:
		shape->size = abbrevs->address_size;
		return true;
	case DW_FORM_ref_addr:
		shape->size = abbrevs->refs_are_addresses ? abbrevs->address_size : abbrevs->offset_size;
		return true;
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_strp_sup:
	case DW_FORM_sec_offset:
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_GNU_strp_alt:
		shape->size = abbrevs->offset_size;
		return true;
	}
	shape->is_variable = true;
	switch (form) {
	case DW_FORM_udata:
	case DW_FORM_sdata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
		shape->variable = DWARF_LEB128;
		return true;
	case DW_FORM_string:
		shape->variable = DWARF_NUL_TERMINATED;
		return true;
	case DW_FORM_block1:
		shape->variable = DWARF_BLOCK1;
		return true;
	case DW_FORM_block2:
		shape->variable = DWARF_BLOCK2;
		return true;
	case DW_FORM_block4:
		shape->variable = DWARF_BLOCK4;
		return true;
	case DW_FORM_block:
	case DW_FORM_exprloc:
		shape->variable = DWARF_BLOCK_LEB128;
		return true;
	case DW_FORM_indirect:
		shape->variable = DWARF_INDIRECT;
		return true;
	}
	return false;
}

/* ---- reading a table -------------------------------------------------------------------------------------- */

struct spec {
	uint64_t attribute, form;
	int64_t constant;
};

/* False: the pair of zeros that ends the list, or the end of the section. */
static bool next_spec(struct cursor *cursor, struct spec *spec)
{
	spec->attribute = next_uleb128(cursor);
	spec->form = next_uleb128(cursor);
	spec->constant = spec->form == DW_FORM_implicit_const ? (int64_t)next_sleb128(cursor) : 0;
	return !cursor->cut && (spec->attribute != 0 || spec->form != 0);
}

struct head {
	uint64_t code, tag;
	bool has_children;
};

/* False: the zero that ends the table, or the end of the section. */
static bool next_head(struct cursor *cursor, struct head *head)
{
	head->code = next_uleb128(cursor);
	if (cursor->cut || head->code == 0)
		return false;
	head->tag = next_uleb128(cursor);
	head->has_children = next_byte(cursor) != 0;
	return !cursor->cut;
}

struct sizes {
	uint64_t abbrevs, specs;
	uint64_t bytes;
	bool is_dense, ascends;
};

/* A table without the zero at its end is believed: some assemblers forget it. */
static bool measure(struct cursor cursor, struct sizes *sizes, struct dwarf_error *error)
{
	*sizes = (struct sizes){.is_dense = true, .ascends = true};
	uint64_t begin = cursor.at, last = 0;
	struct head head;
	while (cursor.at < cursor.end && next_head(&cursor, &head)) {
		sizes->abbrevs++;
		sizes->is_dense &= head.code == sizes->abbrevs;
		sizes->ascends &= head.code > last;
		last = head.code;
		uint64_t before = sizes->specs, place = cursor.at;
		for (struct spec spec; next_spec(&cursor, &spec);)
			sizes->specs++;
		if (sizes->specs - before > MOST_SPECS)
			return dwarf_fail(error, DWARF_ABBREV, place, "abbreviation", head.code,
					  "has more than 1024 attributes");
	}
	sizes->bytes = cursor.at - begin;
	if (cursor.cut)
		return dwarf_fail(error, DWARF_ABBREV, begin, "abbreviation table", 0,
				  "is cut off by the end of the section");
	return true;
}

/* One attribute more: either the fixed stretch at the end grows, or it becomes a step. */
static void add_spec(struct dwarf_abbrev *abbrev, struct dwarf_spec *out, struct dwarf_step *steps, uint64_t form,
		     const struct dwarf_shape *shape)
{
	out->n_steps = abbrev->n_steps;
	out->fixed = abbrev->fixed;
	if (abbrev->unknown)
		return;
	if (form == DW_FORM_indirect || shape->is_variable) {
		steps[abbrev->n_steps++] = (struct dwarf_step){abbrev->fixed, shape->variable};
		abbrev->fixed = 0;
	} else {
		abbrev->fixed += shape->size;
	}
}

static void compile_abbrev(const struct dwarf_abbrevs *table, struct cursor *cursor, const struct head *head,
			   struct dwarf_abbrev *abbrev, struct dwarf_spec *specs, struct dwarf_step *steps)
{
	*abbrev = (struct dwarf_abbrev){
		.code = head->code,
		.specs = specs,
		.steps = steps,
		.tag = head->tag <= UINT16_MAX ? (uint16_t)head->tag : 0,
		.has_children = head->has_children,
	};
	for (struct spec spec; next_spec(cursor, &spec);) {
		struct dwarf_shape shape;
		if (!dwarf_form_shape(table, spec.form, &shape) && !abbrev->unknown)
			abbrev->unknown = spec.form ? spec.form : UINT64_MAX;
		struct dwarf_spec *out = &specs[abbrev->n_specs];
		out->attribute = spec.attribute <= UINT16_MAX ? (uint16_t)spec.attribute : 0;
		out->form = (uint16_t)spec.form;
		out->constant = spec.constant;
		add_spec(abbrev, out, steps, spec.form, &shape);
		abbrev->has_sibling |= spec.attribute == DW_AT_sibling;
		abbrev->n_specs++;
	}
}

static int compare_codes(const void *a, const void *b)
{
	const struct dwarf_abbrev *x = a, *y = b;
	return (x->code > y->code) - (x->code < y->code);
}

static bool compile_table(struct dwarf_abbrev_cache *cache, struct dwarf_abbrevs *table, struct cursor cursor,
			  struct dwarf_error *error)
{
	struct sizes sizes;
	uint64_t limit = MOST_READINGS * cursor.end;
	if (!measure(cursor, &sizes, error))
		return false;
	cache->read += sizes.bytes;
	if (cache->read > limit)
		return dwarf_fail(error, DWARF_ABBREV, cursor.at, "abbreviation table", 0, "overlaps many others");
	struct dwarf_abbrev *abbrevs = arena_array(&cache->arena, struct dwarf_abbrev, sizes.abbrevs);
	struct dwarf_spec *specs = arena_array(&cache->arena, struct dwarf_spec, sizes.specs);
	struct dwarf_step *steps = arena_array(&cache->arena, struct dwarf_step, sizes.specs);
	table->at = abbrevs;
	table->is_dense = sizes.is_dense;
	struct head head;
	while (table->n < sizes.abbrevs && next_head(&cursor, &head)) {
		struct dwarf_abbrev *abbrev = &abbrevs[table->n++];
		compile_abbrev(table, &cursor, &head, abbrev, specs, steps);
		specs += abbrev->n_specs;
		steps += abbrev->n_steps;
	}
	if (sizes.ascends)
		return true;
	qsort(abbrevs, table->n, sizeof(*abbrevs), compare_codes);
	for (uint32_t i = 1; i < table->n; i++)
		if (abbrevs[i].code == abbrevs[i - 1].code)
			return dwarf_fail(error, DWARF_ABBREV, table->offset, "abbreviation code", abbrevs[i].code,
					  "stands twice in its table");
	return true;
}

/* ---- the cache -------------------------------------------------------------------------------------------- */

static uint32_t bucket_of(const struct dwarf_abbrev_cache *cache, uint64_t offset)
{
	return (uint32_t)(offset * 0x9e3779b97f4a7c15 >> 32) & (cache->n_buckets - 1);
}

static void enter(struct dwarf_abbrev_cache *cache, struct dwarf_abbrevs *table)
{
	uint32_t bucket = bucket_of(cache, table->offset);
	while (cache->buckets[bucket])
		bucket = (bucket + 1) & (cache->n_buckets - 1);
	cache->buckets[bucket] = table;
}

static void add_table(struct dwarf_abbrev_cache *cache, struct dwarf_abbrevs *table)
{
	if (++cache->n_tables * 2 > cache->n_buckets) {
		struct dwarf_abbrevs **old = cache->buckets;
		uint32_t n = cache->n_buckets;
		cache->n_buckets = n ? n * 2 : FIRST_BUCKETS;
		cache->buckets = arena_array(&cache->arena, struct dwarf_abbrevs *, cache->n_buckets);
		for (uint32_t i = 0; i < n; i++)
			if (old[i])
				enter(cache, old[i]);
	}
	enter(cache, table);
}

static bool is_same(const struct dwarf_abbrevs *a, const struct dwarf_abbrevs *b)
{
	return a->offset == b->offset && a->address_size == b->address_size && a->offset_size == b->offset_size &&
	       a->refs_are_addresses == b->refs_are_addresses;
}

const struct dwarf_abbrevs *dwarf_abbrevs_get(struct dwarf_abbrev_cache *cache, const struct dwarf_input *input,
					      uint64_t offset, uint16_t version, uint8_t address_size,
					      uint8_t offset_size, struct dwarf_error *error)
{
	struct dwarf_abbrevs wanted = {
		.offset = offset,
		.address_size = address_size,
		.offset_size = offset_size,
		.refs_are_addresses = version == DWARF_OLDEST,
	};
	for (uint32_t at = cache->n_buckets ? bucket_of(cache, offset) : 0; cache->n_buckets && cache->buckets[at];
	     at = (at + 1) & (cache->n_buckets - 1))
		if (is_same(cache->buckets[at], &wanted))
			return cache->buckets[at];
	struct bytes section = input->sections[DWARF_ABBREV];
	if (offset >= section.size) {
		dwarf_fail(error, DWARF_ABBREV, offset, "abbreviation table", offset,
			   "is beyond the end of the section");
		return NULL;
	}
	struct dwarf_abbrevs *table = arena_new(&cache->arena, struct dwarf_abbrevs);
	*table = wanted;
	struct cursor cursor = {.data = section.data, .at = offset, .end = section.size};
	if (!compile_table(cache, table, cursor, error))
		return NULL;
	add_table(cache, table);
	return table;
}

void dwarf_abbrevs_free(struct dwarf_abbrev_cache *cache)
{
	arena_free(&cache->arena);
	*cache = (struct dwarf_abbrev_cache){0};
}

const struct dwarf_abbrev *dwarf_abbrev_search(const struct dwarf_abbrevs *abbrevs, uint64_t code)
{
	uint32_t low = 0, high = abbrevs->n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (abbrevs->at[middle].code < code)
			low = middle + 1;
		else
			high = middle;
	}
	return low < abbrevs->n && abbrevs->at[low].code == code ? &abbrevs->at[low] : NULL;
}
