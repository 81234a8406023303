/* The first step of reading: units in parallel, every entry once. */
#include <string.h>

#include "abi/reader.h"
#include "abi/split.h"
#include "base/hash.h"
#include "dwarf/cursor.h"
#include "dwarf/ranges.h"

/* How far a type is followed until it has a name, and how many bounds of an array count: shapes are not what a hostile
 * file spends our time with. */
enum { MOST_STEPS = 8, MOST_BOUNDS = 8 };

/* ---- units ------------------------------------------------------------------------------------------------ */

/* Gives a split unit what its skeleton says. Type units have none, but their own line tables. One whose skeleton is of
 * another compilation is left out. */
static void join(struct abi_unit *unit, const struct abi_source *source)
{
	bool is_type = unit->unit.type == DW_UT_type || unit->unit.type == DW_UT_split_type;
	const struct dwarf_skeleton *skeleton = is_type ? NULL : split_skeleton(source, unit->unit.id);
	unit->has_addresses = skeleton;
	if (skeleton) {
		dwarf_unit_join(&unit->unit, skeleton);
		unit->home = source->home;
	} else if (!is_type && source->n_skeletons) {
		unit->unit.tag = 0;
	}
}

static bool add_units(struct abi_reader *reader, uint32_t source, enum dwarf_section section, bool skip_bad,
		      struct dwarf_error *error)
{
	struct abi_source *of = &reader->files->sources.at[source];
	for (uint64_t at = 0; at < of->dwarf.sections[section].size;) {
		struct abi_unit unit = {.source = source, .home = source, .has_addresses = true};
		if (!dwarf_unit_read(&unit.unit, &of->dwarf, section, at, error))
			return false;
		if (!dwarf_unit_open(&unit.unit, &of->abbrevs, abi_source_parts(of, &unit.unit),
				     skip_bad ? &unit.error : error)) {
			if (!skip_bad)
				return false;
			unit.unit.tag = 0;
		}
		if (of->dwarf.is_split)
			join(&unit, of);
		at = unit.unit.end;
		if (unit.unit.type == DW_UT_type || unit.unit.type == DW_UT_split_type)
			*array_push(&reader->signatures) = (struct abi_signature){unit.unit.id, reader->units.n};
		*array_push(&reader->units) = unit;
	}
	return true;
}

static int compare_signatures(const void *a, const void *b)
{
	const struct abi_signature *x = a, *y = b;
	if (x->signature != y->signature)
		return x->signature < y->signature ? -1 : 1;
	return (x->unit > y->unit) - (x->unit < y->unit);
}

bool abi_open_units(struct abi_reader *reader, bool skip_bad, struct dwarf_error *error, uint32_t *source)
{
	uint32_t n = reader->files->sources.n;
	bool good = true;
	reader->first_unit = arena_array(&reader->files->arena, uint32_t, 2ull * n + 1);
	for (uint32_t i = 0; i < 2 * n; i++) {
		reader->first_unit[i] = reader->units.n;
		struct dwarf_error here = {0};
		if (!good && !skip_bad)
			continue;
		if (!add_units(reader, i / 2, i % 2 ? DWARF_TYPES : DWARF_INFO, skip_bad, &here) && good) {
			good = false;
			*error = here;
			*source = i / 2;
		}
	}
	reader->first_unit[2 * n] = reader->units.n;
	if (reader->signatures.n)
		qsort(reader->signatures.at, reader->signatures.n, sizeof(*reader->signatures.at), compare_signatures);
	return good;
}

/* ---- shapes ----------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 29;
}

static uint64_t mix_text(uint64_t hash, struct str text)
{
	return mix(hash, hash_bytes(text.at, text.len));
}

static uint64_t mix_bounds(const struct abi_reader *reader, const struct abi_die *array, uint64_t hash,
			   struct dwarf_error *error)
{
	struct abi_die child = {.unit = array->unit};
	struct dwarf_walk walk = abi_children(reader, array, error);
	for (unsigned i = 0; i < MOST_BOUNDS && abi_next_child(&walk, &child); i++) {
		hash = mix(hash, abi_number(reader, &child, DW_AT_upper_bound, UINT64_MAX));
		hash = mix(hash, abi_number(reader, &child, DW_AT_count, UINT64_MAX));
	}
	return hash;
}

/* The type of an entry, as far as its next name. */
static uint64_t mix_type(const struct abi_reader *reader, struct abi_die die, uint64_t hash, struct dwarf_error *error)
{
	for (unsigned i = 0; i < MOST_STEPS; i++) {
		if (!abi_follow(reader, &die, DW_AT_type, &die, error))
			return mix(hash, 0);
		hash = mix(hash, die.entry.abbrev->tag);
		struct str name = abi_string(reader, &die, DW_AT_name, error);
		if (name.len)
			return mix_text(hash, name);
		hash = mix(hash, abi_number(reader, &die, DW_AT_byte_size, 0));
		if (die.entry.abbrev->tag == DW_TAG_array_type)
			hash = mix_bounds(reader, &die, hash, error);
		else if (die.entry.abbrev->tag == DW_TAG_subroutine_type)
			hash = mix(hash, die.entry.abbrev->has_children);
	}
	return hash;
}

/* What an entry says of itself: those inside a definition make its shape. */
static uint64_t mix_entry(const struct abi_reader *reader, const struct abi_die *die, uint64_t hash,
			  struct dwarf_error *error)
{
	uint64_t location;
	hash = mix(hash, die->entry.abbrev->tag);
	hash = mix_text(hash, abi_string(reader, die, DW_AT_name, error));
	switch (die->entry.abbrev->tag) {
	case DW_TAG_enumerator:
		return mix(hash, abi_number(reader, die, DW_AT_const_value, 0));
	case DW_TAG_subprogram:
		abi_location(reader, die, DW_AT_vtable_elem_location, &location);
		hash = mix_text(mix(hash, location), abi_string(reader, die, DW_AT_linkage_name, error));
		return mix_type(reader, *die, hash, error);
	case DW_TAG_member:
	case DW_TAG_inheritance:
		hash = mix(hash, abi_number(reader, die, DW_AT_bit_size, 0));
		hash = mix(hash, abi_number(reader, die, DW_AT_data_bit_offset, 0));
		hash = mix(hash, abi_number(reader, die, DW_AT_bit_offset, 0));
		abi_location(reader, die, DW_AT_data_member_location, &location);
		return mix_type(reader, *die, mix(hash, location), error);
	default:
		hash = mix(hash, abi_number(reader, die, DW_AT_byte_size, 0));
		return mix_type(reader, *die, hash, error);
	}
}

static bool is_part_of_shape(uint16_t tag, const struct dwarf_entry *entry)
{
	return tag == DW_TAG_member || tag == DW_TAG_enumerator || tag == DW_TAG_inheritance ||
	       (tag == DW_TAG_subprogram && dwarf_has(entry, DW_AT_virtuality));
}

/* ---- facts ------------------------------------------------------------------------------------------------ */

static void add_size(struct abi_unit *unit, enum abi_fact fact, uint64_t size)
{
	if (size < 64)
		unit->facts[fact] |= 1ull << size;
}

static bool name_is(struct str name, const char *text)
{
	return str_equal(name, str_from(text));
}

/* The size of what a typedef stands for. */
static uint64_t size_behind(const struct abi_reader *reader, struct abi_die die, struct dwarf_error *error)
{
	for (unsigned i = 0; i < MOST_STEPS && abi_follow(reader, &die, DW_AT_type, &die, error); i++)
		if (dwarf_has(&die.entry, DW_AT_byte_size))
			return abi_number(reader, &die, DW_AT_byte_size, 0);
	return UINT64_MAX;
}

static void note_base(const struct abi_reader *reader, struct abi_unit *unit, const struct abi_die *die,
		      struct str name)
{
	uint64_t size = abi_number(reader, die, DW_AT_byte_size, UINT64_MAX);
	uint64_t encoding = abi_number(reader, die, DW_AT_encoding, 0);
	if (name_is(name, "char") && encoding == DW_ATE_signed_char)
		unit->facts[FACT_CHAR] |= 1;
	else if (name_is(name, "char") && encoding == DW_ATE_unsigned_char)
		unit->facts[FACT_CHAR] |= 2;
	else if (name_is(name, "long double"))
		add_size(unit, FACT_LONG_DOUBLE, size);
	else if (name_is(name, "wchar_t"))
		add_size(unit, FACT_WCHAR, size);
}

static void note_typedef(const struct abi_reader *reader, struct abi_unit *unit, const struct abi_die *die,
			 struct str name)
{
	static const struct {
		const char *name;
		enum abi_fact fact;
	} known[] = {{"wchar_t", FACT_WCHAR}, {"off_t", FACT_OFF}, {"time_t", FACT_TIME}, {"size_t", FACT_SIZE}};
	for (unsigned i = 0; i < COUNTOF(known); i++)
		if (name_is(name, known[i].name))
			add_size(unit, known[i].fact, size_behind(reader, *die, &unit->error));
}

static bool is_c(uint16_t language)
{
	return language == DW_LANG_C || language == DW_LANG_C89 || language == DW_LANG_C99 || language == DW_LANG_C11 ||
	       language == DW_LANG_C17;
}

static void note_facts(const struct abi_reader *reader, struct abi_unit *unit, const struct abi_die *die)
{
	uint16_t tag = die->entry.abbrev->tag;
	if (tag == DW_TAG_base_type)
		note_base(reader, unit, die, abi_string(reader, die, DW_AT_name, &unit->error));
	else if (tag == DW_TAG_typedef && die->entry.depth == 1)
		note_typedef(reader, unit, die, abi_string(reader, die, DW_AT_name, &unit->error));
	else if (tag == DW_TAG_enumeration_type && is_c(unit->unit.language))
		add_size(unit, FACT_ENUM, abi_number(reader, die, DW_AT_byte_size, UINT64_MAX));
}

/* ---- symbols ---------------------------------------------------------------------------------------------- */

static bool indexed(const struct dwarf_unit *unit, uint64_t index, uint64_t *address, struct dwarf_error *error)
{
	struct dwarf_number number;
	if (!dwarf_indexed_address(unit, index, &number, error))
		return false;
	*address = number.value;
	return true;
}

/* Where a variable lies: an expression that is one address (DWARF 5 section 2.5.1.1), or one in thread-local
 * storage. */
static bool variable_address(const struct dwarf_unit *unit, const struct dwarf_entry *entry, uint64_t *address,
			     struct dwarf_error *error)
{
	struct dwarf_value value;
	if (!dwarf_attribute(unit, entry, DW_AT_location, &value) || value.block.size == 0)
		return false;
	struct cursor cursor = {.data = value.block.data, .end = value.block.size};
	bool found = true;
	switch (next_byte(&cursor)) {
	case DW_OP_addr:
	case DW_OP_const8u:
		*address = next_number(&cursor, 8);
		break;
	case DW_OP_const4u:
		*address = next_number(&cursor, 4);
		break;
	case DW_OP_addrx:
	case DW_OP_constx:
	case DW_OP_GNU_addr_index:
	case DW_OP_GNU_const_index:
		found = indexed(unit, next_uleb128(&cursor), address, error);
		break;
	default:
		return false;
	}
	if (!found || cursor.cut)
		return false;
	if (cursor.at == cursor.end)
		return value.block.data[0] != DW_OP_const8u && value.block.data[0] != DW_OP_const4u;
	uint8_t next = next_byte(&cursor);
	*address |= ABI_TLS;
	return next == DW_OP_form_tls_address || next == DW_OP_GNU_push_tls_address;
}

static bool function_address(const struct dwarf_unit *unit, const struct dwarf_entry *entry, uint64_t *address,
			     struct dwarf_error *error)
{
	struct dwarf_value value;
	struct dwarf_number number;
	struct dwarf_ranges ranges;
	struct dwarf_range range;
	if (dwarf_attribute(unit, entry, DW_AT_low_pc, &value)) {
		if (!dwarf_address(unit, &value, &number, error))
			return false;
		*address = number.value;
		return true;
	}
	if (!dwarf_has(entry, DW_AT_ranges) || !dwarf_ranges_of(&ranges, unit, entry, error) ||
	    !dwarf_ranges_next(&ranges, &range))
		return false;
	*address = range.begin;
	return true;
}

/* gcc's .debug_addr has no offset in the thread's storage but an address in the file (-gsplit-dwarf). */
static uint64_t tls_offset(const struct abi_source *source, uint64_t address)
{
	uint64_t offset = (address & ~ABI_TLS) - source->tls_begin;
	bool is_address = address & ABI_TLS && offset < source->tls_size && source->tls_begin >= source->tls_size;
	return is_address ? offset | ABI_TLS : address;
}

static void note_symbol(const struct abi_reader *reader, struct abi_unit *unit, const struct abi_die *die)
{
	uint64_t address = 0;
	bool found = die->entry.abbrev->tag == DW_TAG_subprogram
			     ? function_address(&unit->unit, &die->entry, &address, &unit->error)
			     : variable_address(&unit->unit, &die->entry, &address, &unit->error);
	if (!found)
		return;
	address = tls_offset(&reader->files->sources.at[unit->home], address);
	uint32_t low = 0, high = reader->exports.n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct abi_export *at = &reader->exports.at[middle];
		if (at->source < unit->home || (at->source == unit->home && at->address < address))
			low = middle + 1;
		else
			high = middle;
	}
	if (low < reader->exports.n && reader->exports.at[low].source == unit->home &&
	    reader->exports.at[low].address == address)
		*array_push(&unit->roots) =
			(struct abi_root){.offset = die->entry.offset, .symbol = low, .unit = die->unit};
}

/* ---- the walk --------------------------------------------------------------------------------------------- */

/* Something whose children are being read. */
struct scope {
	uint32_t depth;
	uint32_t record; /* its index, plus 1 */
	uint64_t hash;
	bool has_name, is_type;
};

struct scopes {
	ARRAY(struct scope) open;
};

static bool is_recorded(uint16_t tag)
{
	switch (tag) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_interface_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef:
	case DW_TAG_namespace:
	case DW_TAG_subprogram:
		return true;
	}
	return false;
}

/* A type without name is part of what is around it. */
static void close_scope(struct abi_unit *unit, struct scopes *scopes)
{
	struct scope closed = scopes->open.at[--scopes->open.n];
	unit->records.at[closed.record - 1].shape = closed.hash;
	if (scopes->open.n && closed.is_type && !closed.has_name) {
		struct scope *around = &scopes->open.at[scopes->open.n - 1];
		around->hash = mix(around->hash, closed.hash);
	}
}

static void add_record(const struct abi_reader *reader, struct abi_unit *unit, struct scopes *scopes,
		       const struct abi_die *die)
{
	const struct dwarf_entry *entry = &die->entry;
	uint16_t tag = entry->abbrev->tag;
	const struct scope *around = scopes->open.n ? &scopes->open.at[scopes->open.n - 1] : NULL;
	struct abi_record record = {
		.offset = entry->offset,
		.parent = around ? around->record : 0,
		.tag = tag,
		.is_declaration = dwarf_flag(&unit->unit, entry, DW_AT_declaration),
	};
	if (tag == DW_TAG_subprogram && !entry->abbrev->has_children)
		return;
	record.is_local = around && (unit->records.at[around->record - 1].is_local ||
				     unit->records.at[around->record - 1].tag == DW_TAG_subprogram);
	bool is_type = tag != DW_TAG_namespace && tag != DW_TAG_subprogram;
	if (is_type && !record.is_declaration)
		record.shape = mix_entry(reader, die, 1, &unit->error);
	*array_push(&unit->records) = record;
	if (entry->abbrev->has_children)
		*array_push(&scopes->open) = (struct scope){
			.depth = entry->depth,
			.record = unit->records.n,
			.hash = record.shape,
			.has_name = dwarf_has(entry, DW_AT_name),
			.is_type = is_type,
		};
}

static void read_root(const struct abi_reader *reader, struct abi_unit *unit, const struct abi_die *die)
{
	add_size(unit, FACT_POINTER, unit->unit.address_size);
	unit->producer = abi_string(reader, die, DW_AT_producer, &unit->error);
}

static void scan_unit(const struct abi_reader *reader, uint32_t index, struct scopes *scopes)
{
	struct abi_unit *unit = &reader->units.at[index];
	struct abi_die die = {.unit = index};
	struct dwarf_walk walk = dwarf_walk_unit(&unit->unit, &unit->error);
	scopes->open.n = 0;
	if (!unit->unit.tag)
		return;
	while (dwarf_walk_next(&walk, &die.entry)) {
		uint16_t tag = die.entry.abbrev->tag;
		while (scopes->open.n && scopes->open.at[scopes->open.n - 1].depth >= die.entry.depth)
			close_scope(unit, scopes);
		if (die.entry.depth == 0) {
			read_root(reader, unit, &die);
			continue;
		}
		struct scope *around = scopes->open.n ? &scopes->open.at[scopes->open.n - 1] : NULL;
		if (around && around->is_type && is_part_of_shape(tag, &die.entry))
			around->hash = mix_entry(reader, &die, around->hash, &unit->error);
		if ((tag == DW_TAG_subprogram || tag == DW_TAG_variable) && unit->has_addresses)
			note_symbol(reader, unit, &die);
		if (is_recorded(tag))
			add_record(reader, unit, scopes, &die);
		note_facts(reader, unit, &die);
	}
	while (scopes->open.n)
		close_scope(unit, scopes);
}

struct scan {
	struct abi_reader *reader;
	struct scopes *of_worker;
};

static void scan_units(void *context, size_t begin, size_t end, unsigned worker)
{
	const struct scan *scan = context;
	for (size_t i = begin; i < end; i++)
		scan_unit(scan->reader, (uint32_t)i, &scan->of_worker[worker]);
}

bool abi_scan(struct abi_reader *reader)
{
	struct dwarf_error error;
	uint32_t source;
	if (!abi_open_units(reader, false, &error, &source))
		return abi_report_dwarf(reader->files, &reader->files->sources.at[source], &error);
	struct scan scan = {reader, arena_array(&reader->files->arena, struct scopes, pool_threads(reader->pool))};
	parallel_for(reader->pool, reader->units.n, 1, scan_units, &scan);
	for (unsigned i = 0; i < pool_threads(reader->pool); i++)
		array_free(&scan.of_worker[i].open);
	for (uint32_t i = 0; i < reader->units.n; i++) {
		const struct abi_unit *unit = &reader->units.at[i];
		if (unit->error.what)
			return abi_report_dwarf(reader->files, &reader->files->sources.at[unit->source], &unit->error);
	}
	return true;
}
