/* The second step of reading: from entries to types, one thread. */
#include "abi/read.h"

#include <stdlib.h>
#include <string.h>

#include "abi/reader.h"
#include "abi/read_types.h"
#include "abi/promises.h"
#include "abi/symbols.h"
#include "base/sort.h"

/* ---- what a symbol is ------------------------------------------------------------------------------------- */

/* A function's declaration, and what a copy of it was made from, say more of it. */
enum { LONGEST_CHAIN = 4 };

static struct str symbol_name(const struct abi_reader *reader, const struct abi_die *die)
{
	struct dwarf_error ignored = {0};
	struct str name = abi_string(reader, die, DW_AT_linkage_name, &ignored);
	if (!name.len)
		name = abi_string(reader, die, DW_AT_MIPS_linkage_name, &ignored);
	return name.len ? name : abi_string(reader, die, DW_AT_name, &ignored);
}

static bool is_named(const struct abi_reader *reader, const struct abi_die *die, struct str name)
{
	struct abi_die at = *die;
	struct dwarf_error ignored = {0};
	for (unsigned i = 0; i < LONGEST_CHAIN; i++) {
		if (str_equal(symbol_name(reader, &at), name))
			return true;
		if (!abi_follow(reader, &at, DW_AT_abstract_origin, &at, &ignored) &&
		    !abi_follow(reader, &at, DW_AT_specification, &at, &ignored))
			return false;
	}
	return false;
}

static bool open_root(const struct abi_reader *reader, const struct abi_root *root, struct abi_die *die)
{
	struct dwarf_error ignored = {0};
	die->unit = root->unit;
	return dwarf_entry_at(&reader->units.at[root->unit].unit, root->offset, &die->entry, &ignored);
}

/* What is at one address. When it is much, sorted by the names. */
struct place {
	const struct abi_root *roots;
	uint32_t n;
	ARRAY(struct sort_item) names; /* key: hash; value: index in `roots` */
};

enum { FEW_ROOTS = 64 };

static void add_names(const struct abi_reader *reader, struct place *place, uint32_t root)
{
	struct abi_die at;
	struct dwarf_error ignored = {0};
	bool more = open_root(reader, &place->roots[root], &at);
	for (unsigned i = 0; i < LONGEST_CHAIN && more; i++) {
		*array_push(&place->names) = (struct sort_item){abi_hash_text(symbol_name(reader, &at)), root};
		more = abi_follow(reader, &at, DW_AT_abstract_origin, &at, &ignored) ||
		       abi_follow(reader, &at, DW_AT_specification, &at, &ignored);
	}
}

static bool is_usable(const struct abi_reader *reader, const struct abi_root *root, bool is_function,
		      struct abi_die *die)
{
	return reader->units.at[root->unit].unit.language != DW_LANG_Mips_Assembler && open_root(reader, root, die) &&
	       (die->entry.abbrev->tag == DW_TAG_subprogram) == is_function;
}

static bool find_by_name(const struct abi_reader *reader, const struct place *place, struct str name, bool is_function,
			 struct abi_die *die)
{
	uint64_t hash = abi_hash_text(name);
	uint32_t first = array_first_from(&place->names, key, hash);
	for (uint32_t i = first; i < place->names.n && i - first < FEW_ROOTS && place->names.at[i].key == hash; i++)
		if (is_usable(reader, &place->roots[place->names.at[i].value], is_function, die) &&
		    is_named(reader, die, name))
			return true;
	return false;
}

/* Several functions can have one address, when they were folded: the one with the symbol's name, else the first. */
static void type_symbol(struct abi_reader *reader, struct abi_symbol *symbol, const struct place *place)
{
	struct abi_die die, best;
	bool is_function = symbol->kind == ABI_SYMBOL_FUNCTION;
	bool is_best = find_by_name(reader, place, symbol->name, is_function, &best), found = is_best;
	for (uint32_t i = 0; i < place->n && i < FEW_ROOTS && !is_best; i++) {
		if (!is_usable(reader, &place->roots[i], is_function, &die))
			continue;
		is_best = is_named(reader, &die, symbol->name);
		if (is_best || !found)
			best = die;
		found = true;
	}
	if (!found)
		return;
	symbol->has_type = true;
	symbol->type = is_function ? abi_convert_function(reader, &best) : abi_convert_variable(reader, &best);
	abi_declared_at(reader, &best, &symbol->file, &symbol->line);
}

static int compare_roots(const void *a, const void *b)
{
	const struct abi_root *x = a, *y = b;
	if (x->symbol != y->symbol)
		return x->symbol < y->symbol ? -1 : 1;
	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

static void type_symbols(struct abi_reader *reader)
{
	ARRAY(struct abi_root) roots = {0};
	for (uint32_t i = 0; i < reader->units.n; i++)
		for (uint32_t j = 0; j < reader->units.at[i].roots.n; j++)
			*array_push(&roots) = reader->units.at[i].roots.at[j];
	if (roots.n)
		qsort(roots.at, roots.n, sizeof(*roots.at), compare_roots);
	for (uint32_t i = 0, end; i < roots.n; i = end) {
		for (end = i; end < roots.n && roots.at[end].symbol == roots.at[i].symbol; end++)
			;
		struct place place = {.roots = roots.at + i, .n = end - i};
		for (uint32_t j = 0; place.n > FEW_ROOTS && j < place.n; j++)
			add_names(reader, &place, j);
		if (place.names.n)
			sort_by_key(place.names.at, place.names.n);
		const struct abi_export *first = &reader->exports.at[roots.at[i].symbol];
		for (const struct abi_export *at = first; at < reader->exports.at + reader->exports.n &&
							  at->source == first->source && at->address == first->address;
		     at++) {
			struct abi_symbol *symbol = &reader->model->symbols.at[at->symbol];
			if (symbol->kind != ABI_SYMBOL_IFUNC)
				type_symbol(reader, symbol, &place);
		}
		array_free(&place.names);
	}
	array_free(&roots);
}

/* ---- types that are looked for by name -------------------------------------------------------------------- */

static bool is_type_record(const struct abi_record *record)
{
	return record->tag != DW_TAG_namespace && record->tag != DW_TAG_subprogram;
}

static void convert_at(struct abi_reader *reader, uint32_t unit, const struct abi_record *record)
{
	struct abi_die die = {.unit = unit};
	if (dwarf_entry_at(&reader->units.at[unit].unit, record->offset, &die.entry, &reader->error))
		abi_convert(reader, &die);
}

static void convert_all(struct abi_reader *reader)
{
	for (uint32_t i = 0; i < reader->units.n; i++)
		for (uint32_t j = 0; j < reader->units.at[i].records.n; j++)
			if (is_type_record(&reader->units.at[i].records.at[j]))
				convert_at(reader, i, &reader->units.at[i].records.at[j]);
}

/* The last part of a name: "T" of "ns::C<a::b>::T". */
static struct str last_part(struct str name)
{
	int depth = 0;
	for (uint32_t i = name.len; i > 1; i--) {
		char c = name.at[i - 1];
		depth += c == '>' || c == ')' ? 1 : c == '<' || c == '(' ? -1 : 0;
		if (c == ':' && depth == 0 && name.at[i - 2] == ':')
			return (struct str){name.at + i, name.len - i};
	}
	return name;
}

static struct str record_name(const struct abi_reader *reader, uint32_t unit, const struct abi_record *record)
{
	struct abi_die die = {.unit = unit};
	struct dwarf_error ignored = {0};
	if (!dwarf_entry_at(&reader->units.at[unit].unit, record->offset, &die.entry, &ignored))
		return (struct str){"", 0};
	struct str name = abi_string(reader, &die, DW_AT_name, &ignored);
	if (!name.len && abi_follow(reader, &die, DW_AT_specification, &die, &ignored))
		name = abi_string(reader, &die, DW_AT_name, &ignored);
	return name;
}

/* "x" also means x<int>. */
static bool is_wanted(struct str name, const struct abi_read_options *options)
{
	for (uint32_t i = 0; i < options->n_types; i++) {
		struct str wanted = last_part(options->types[i]);
		if (name.len >= wanted.len && memcmp(name.at, wanted.at, wanted.len) == 0 &&
		    (name.len == wanted.len || name.at[wanted.len] == '<'))
			return true;
	}
	return false;
}

/* Types with such names in any scope. */
static void convert_named(struct abi_reader *reader, const struct abi_read_options *options)
{
	for (uint32_t i = 0; i < reader->units.n; i++) {
		for (uint32_t j = 0; j < reader->units.at[i].records.n; j++) {
			const struct abi_record *record = &reader->units.at[i].records.at[j];
			if (is_type_record(record) && !record->is_declaration &&
			    is_wanted(record_name(reader, i, record), options))
				convert_at(reader, i, record);
		}
	}
}

/* Where definitions are, by the hash of their names. */
struct places {
	ARRAY(struct sort_item) at; /* value: unit in the upper half, record in the lower; or WAS_READ */
};

/* The first of a name whose definitions were all read. */
#define WAS_READ UINT64_MAX

static void find_places(const struct abi_reader *reader, struct places *places)
{
	for (uint32_t i = 0; i < reader->units.n; i++) {
		for (uint32_t j = 0; j < reader->units.at[i].records.n; j++) {
			const struct abi_record *record = &reader->units.at[i].records.at[j];
			if (!is_type_record(record) || record->is_declaration || record->is_local ||
			    record->tag == DW_TAG_typedef)
				continue;
			struct str name = record_name(reader, i, record);
			if (name.len)
				*array_push(&places->at) =
					(struct sort_item){abi_hash_text(name), (uint64_t)i << 32 | j};
		}
	}
	if (places->at.n)
		sort_by_key(places->at.at, places->at.n);
}

/* Types that are declared where they are used, and defined in another unit. */
static void complete_types(struct abi_reader *reader)
{
	const struct abi_model *model = reader->model;
	struct places places = {0};
	bool searched = false;
	for (abi_type_id id = 1; id < model->types.n; id++) {
		struct str name = model->types.at[id].name;
		if (!abi_is_tag(model->types.at[id].kind) || !name.len ||
		    model->types.at[id].definition != ABI_NO_DEFINITION)
			continue;
		if (!searched)
			find_places(reader, &places);
		searched = true;
		uint64_t hash = abi_hash_text(last_part(name));
		uint32_t first = array_first_from(&places.at, key, hash);
		if (first == places.at.n || places.at.at[first].value == WAS_READ)
			continue;
		for (uint32_t i = first; i < places.at.n && places.at.at[i].key == hash; i++) {
			uint32_t unit = (uint32_t)(places.at.at[i].value >> 32),
				 record = (uint32_t)places.at.at[i].value;
			convert_at(reader, unit, &reader->units.at[unit].records.at[record]);
			if (i == first)
				places.at.at[i].value = WAS_READ;
		}
		abi_convert_tasks(reader);
	}
	array_free(&places.at);
}

/* ----------------------------------------------------------------------------------------------------------- */

/* Skeletons are no debug information: theirs is in .dwo files. */
static bool has_debug_information(const struct abi_reader *reader)
{
	for (uint32_t i = 0; i < reader->units.n; i++)
		if (!reader->units.at[i].unit.is_skeleton)
			return true;
	return false;
}

static bool convert_everything(struct abi_reader *reader, const struct abi_read_options *options)
{
	if (options->types)
		convert_named(reader, options);
	else
		type_symbols(reader);
	if (options->all_types)
		convert_all(reader);
	abi_convert_tasks(reader);
	complete_types(reader);
	if (!reader->error.what)
		return true;
	const struct abi_unit *unit = &reader->units.at[reader->error_unit];
	return abi_report_dwarf(reader->files, &reader->files->sources.at[unit->source], &reader->error);
}

bool abi_read(struct abi_model *model, struct abi_files *files, struct pool *pool,
	      const struct abi_read_options *options)
{
	struct abi_reader reader = {.files = files, .model = model, .pool = pool};
	if (files->sources.n && elf_class(files->sources.at[0].elf.bytes) == ELFCLASS32)
		model->pointer_size = 4;
	bool good = (options->types || abi_read_symbols(&reader, options)) && abi_scan(&reader) &&
		    convert_everything(&reader, options);
	model->has_types = has_debug_information(&reader);
	if (good)
		abi_find_promises(&reader);
	for (uint32_t i = 0; i < reader.units.n; i++) {
		array_free(&reader.units.at[i].records);
		array_free(&reader.units.at[i].roots);
		array_free(&reader.units.at[i].file_names);
	}
	array_free(&reader.units);
	array_free(&reader.signatures);
	array_free(&reader.exports);
	abi_convert_end(&reader);
	return good;
}

/* The described symbol of that name, best one of the same version. */
static const struct abi_symbol *find_described(const struct abi_symbol *symbols, uint32_t n,
					       const struct abi_symbol *wanted)
{
	uint32_t low = 0, high = n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (str_compare(symbols[middle].name, wanted->name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	const struct abi_symbol *found = NULL;
	for (; low < n && str_equal(symbols[low].name, wanted->name); low++)
		if (!found || str_equal(symbols[low].version, wanted->version))
			found = &symbols[low];
	return found;
}

bool abi_read_symbols_again(struct abi_model *model, struct abi_files *files)
{
	struct abi_reader reader = {.files = files, .model = model};
	struct abi_read_options options = {0};
	struct abi_symbol *described = model->symbols.at;
	uint32_t n = model->symbols.n;
	model->symbols.at = NULL;
	model->symbols.n = model->symbols.cap = 0;
	bool good = abi_read_symbols(&reader, &options);
	for (uint32_t i = 0; good && i < model->symbols.n; i++) {
		struct abi_symbol *symbol = &model->symbols.at[i];
		const struct abi_symbol *found = find_described(described, n, symbol);
		if (!found || found->kind != symbol->kind)
			continue;
		symbol->has_type = found->has_type;
		symbol->type = found->type;
		symbol->file = found->file;
		symbol->line = found->line;
	}
	free(described);
	array_free(&reader.exports);
	return good;
}
