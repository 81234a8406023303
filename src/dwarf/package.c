#include "dwarf/package.h"

#include <stdlib.h>

#include "dwarf/cursor.h"

/* Numbers of sections in an index: version 5 has table 7.1, version 2 differs in DW_SECT_TYPES and what has no part in
 * it here. */
enum {
	DW_SECT_INFO = 1,
	DW_SECT_TYPES = 2,
	DW_SECT_ABBREV = 3,
	DW_SECT_LINE = 4,
	DW_SECT_STR_OFFSETS = 6,
	DW_SECT_RNGLISTS = 8,
};

/* One index: a table of columns for sections and rows for units. */
struct index {
	struct bytes bytes;
	enum dwarf_section section;   /* of the index */
	uint16_t version;
	uint32_t n_columns, n_units, n_slots;
	uint64_t columns;             /* offset of the sections' numbers; rows of offsets follow, then those of sizes */
};

static struct cursor cursor_at(const struct index *index, uint64_t at)
{
	return (struct cursor){.data = index->bytes.data, .at = at, .end = index->bytes.size};
}

static bool read_header(struct index *index, struct dwarf_error *error)
{
	struct cursor cursor = cursor_at(index, 0);
	index->version = (uint16_t)next_number(&cursor, 2); /* 4 bytes in version 2: the upper ones are 0 */
	next_number(&cursor, 2);
	index->n_columns = (uint32_t)next_number(&cursor, 4);
	index->n_units = (uint32_t)next_number(&cursor, 4);
	index->n_slots = (uint32_t)next_number(&cursor, 4);
	if (!cursor.cut && index->version != 2 && index->version != 5)
		return dwarf_fail(error, index->section, 0, "version", index->version, "is neither 2 nor 5");
	/* A table of hashes comes first, 8 bytes for the hash and 4 for the row: no need of it here. */
	index->columns = cursor.at + 12ull * index->n_slots;
	uint64_t limit = index->bytes.size / 4;
	bool fits = !cursor.cut && index->n_columns <= limit && index->n_units <= limit && index->n_slots <= limit &&
		    mem_inside(index->columns, 4ull * index->n_columns, index->bytes.size) &&
		    index->n_columns * (8ull * index->n_units + 4) <= index->bytes.size - index->columns;
	return fits ||
	       dwarf_fail(error, index->section, 0, "table", index->n_units, "is cut off by the end of the section");
}

static uint64_t number_at(const struct index *index, uint64_t row, uint32_t column)
{
	struct cursor cursor = cursor_at(index, index->columns + 4 * (row * index->n_columns + column));
	return next_number(&cursor, 4);
}

static void add_unit(struct dwarf_package *package, const struct index *index, uint32_t unit)
{
	struct dwarf_contribution found = {.section = DWARF_NO_SECTION};
	for (uint32_t i = 0; i < index->n_columns; i++) {
		uint64_t offset = number_at(index, 1ull + unit, i);
		switch (number_at(index, 0, i)) {
		case DW_SECT_TYPES:
			if (index->version == 5)
				break;
			__attribute__((fallthrough));
		case DW_SECT_INFO:
			found.section = number_at(index, 0, i) == DW_SECT_INFO ? DWARF_INFO : DWARF_TYPES;
			found.offset = offset;
			found.size = number_at(index, 1ull + index->n_units + unit, i);
			break;
		case DW_SECT_ABBREV:
			found.parts.abbrev = offset;
			break;
		case DW_SECT_LINE:
			found.parts.line = offset;
			break;
		case DW_SECT_STR_OFFSETS:
			found.parts.str_offsets = offset;
			break;
		case DW_SECT_RNGLISTS:
			if (index->version == 5)
				found.parts.rnglists = offset;
			break;
		}
	}
	if (found.section != DWARF_NO_SECTION)
		*array_push(&package->at) = found;
}

static int compare(const void *a, const void *b)
{
	const struct dwarf_contribution *x = a, *y = b;
	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

bool dwarf_package_read(struct dwarf_package *package, const struct dwarf_input *input, struct dwarf_error *error)
{
	*package = (struct dwarf_package){0};
	for (enum dwarf_section section = DWARF_CU_INDEX; section <= DWARF_TU_INDEX; section++) {
		struct index index = {.bytes = input->sections[section], .section = section};
		if (!index.bytes.size)
			continue;
		if (!read_header(&index, error))
			return false;
		for (uint32_t i = 0; i < index.n_units; i++)
			add_unit(package, &index, i);
	}
	if (package->at.n)
		qsort(package->at.at, package->at.n, sizeof(*package->at.at), compare);
	return true;
}

void dwarf_package_free(struct dwarf_package *package)
{
	array_free(&package->at);
}

const struct dwarf_parts *dwarf_package_find(const struct dwarf_package *package, enum dwarf_section section,
					     uint64_t offset)
{
	uint32_t low = 0, high = package->at.n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct dwarf_contribution *at = &package->at.at[middle];
		if (at->section < section || (at->section == section && at->offset <= offset))
			low = middle + 1;
		else
			high = middle;
	}
	const struct dwarf_contribution *found = low ? &package->at.at[low - 1] : NULL;
	return found && found->section == section && offset - found->offset < found->size ? &found->parts : NULL;
}
