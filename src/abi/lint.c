#include "abi/lint.h"

#include <string.h>

#include "abi/read.h"
#include "abi/reader.h"
#include "dwarf/line.h"
#include "dwarf/ranges.h"

/* Findings of one kind in a unit that are shown. */
enum { MOST_OF_A_KIND = 3, MOST_MEMBERS = 4096 };

/* Numbers of source files that are looked up once in a unit. */
enum { MOST_FILES = 4096 };

/* Qualifiers and typedefs on the way from an entry to its type. */
enum { LONGEST_CHAIN = 200 };

enum kind {
	BAD_UNIT,
	BAD_REFERENCE,
	BAD_TARGET,
	BAD_STRING,
	BAD_RANGE,
	BAD_SIZE,
	OUTSIDE,
	OVERLAP,
	BAD_BIT_FIELD,
	NO_SIZE,
	NO_NAME,
	BAD_ENUM,
	BAD_PARENT,
	BAD_FILE,
	BAD_CODE,
	INCOMPLETE,
	NO_DECLARATION,
	N_KINDS,
};

struct linter {
	struct abi_lint *lint;
	struct abi_reader reader;     /* its units and sources, for references between units */
	uint32_t unit;
	uint64_t of_kind[N_KINDS];    /* in this unit */
	bool seen_files[MOST_FILES];  /* in this unit */
};

static const char *file_name(const struct linter *linter, uint32_t source)
{
	const struct abi_source *of = &linter->reader.files->sources.at[source];
	return of->debug_path ? of->debug_path : of->path;
}

__attribute__((format(printf, 4, 5))) static void find(struct linter *linter, enum kind kind,
						       const struct dwarf_entry *entry, const char *format, ...)
{
	const struct abi_unit *unit = &linter->reader.units.at[linter->unit];
	const struct abi_source *source = &linter->reader.files->sources.at[unit->source];
	struct text *out = &linter->lint->out;
	linter->lint->findings++;
	if (++linter->of_kind[kind] > MOST_OF_A_KIND)
		return;
	text_print(out, "%s", file_name(linter, unit->source));
	if (source->member.len)
		text_print(out, "(%.*s)", (int)source->member.len, source->member.at);
	text_print(out, ": %s+0x%llx: ", abi_section_name(linter->reader.files, source, unit->unit.section),
		   (unsigned long long)(entry ? entry->offset : unit->unit.offset));
	va_list arguments;
	va_start(arguments, format);
	text_vprint(out, format, arguments);
	va_end(arguments);
	text_print(out, "\n");
}

/* The findings that were not shown. */
static void end_unit(struct linter *linter)
{
	for (unsigned i = 0; i < N_KINDS; i++)
		if (linter->of_kind[i] > MOST_OF_A_KIND)
			text_print(&linter->lint->out,
				   "    ... and %llu more like the last of that kind in this unit\n",
				   (unsigned long long)linter->of_kind[i] - MOST_OF_A_KIND);
	memset(linter->of_kind, 0, sizeof(linter->of_kind));
	memset(linter->seen_files, 0, sizeof(linter->seen_files));
}

#define ULL(x) ((unsigned long long)(x))

static const char *attribute_name(uint16_t attribute)
{
	switch (attribute) {
	case DW_AT_type:
		return "DW_AT_type";
	case DW_AT_specification:
		return "DW_AT_specification";
	case DW_AT_abstract_origin:
		return "DW_AT_abstract_origin";
	case DW_AT_containing_type:
		return "DW_AT_containing_type";
	case DW_AT_signature:
		return "DW_AT_signature";
	case DW_AT_sibling:
		return "DW_AT_sibling";
	}
	return "a reference";
}

static bool is_type_tag(uint16_t tag)
{
	switch (tag) {
	case DW_TAG_array_type:
	case DW_TAG_class_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_structure_type:
	case DW_TAG_subroutine_type:
	case DW_TAG_typedef:
	case DW_TAG_union_type:
	case DW_TAG_ptr_to_member_type:
	case DW_TAG_subrange_type:
	case DW_TAG_base_type:
	case DW_TAG_const_type:
	case DW_TAG_packed_type:
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_interface_type:
	case DW_TAG_unspecified_type:
	case DW_TAG_rvalue_reference_type:
	case DW_TAG_template_alias:
	case DW_TAG_atomic_type:
	case DW_TAG_immutable_type:
		return true;
	}
	return tag > DW_TAG_skeleton_unit || (tag >= 0x10 && tag <= 0x20 && tag != DW_TAG_member) || tag == 0x12;
}

/* ---- attributes ------------------------------------------------------------------------------------------- */

/* Types that are another one, with a name or a qualifier. */
static bool is_alias(uint16_t tag)
{
	switch (tag) {
	case DW_TAG_typedef:
	case DW_TAG_const_type:
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
		return true;
	}
	return false;
}

static void check_chain(struct linter *linter, const struct abi_die *die)
{
	struct abi_die at = *die;
	struct dwarf_error ignored = {0};
	for (unsigned i = 0; i < LONGEST_CHAIN; i++) {
		if (!is_alias(at.entry.abbrev->tag) || !abi_follow(&linter->reader, &at, DW_AT_type, &at, &ignored))
			return;
		if (at.unit == die->unit && at.entry.offset == die->entry.offset)
			break;
	}
	find(linter, BAD_TARGET, &die->entry, "the type is itself");
}

static void check_reference(struct linter *linter, const struct abi_die *die, uint16_t attribute,
			    const struct dwarf_value *value)
{
	struct dwarf_error error = {0};
	struct dwarf_reference reference;
	struct abi_die target;
	const struct dwarf_unit *unit = abi_unit_of(&linter->reader, die);
	bool is_reference = dwarf_reference(unit, value, &reference, &error);
	if (!is_reference && !error.what)
		return;
	if (is_reference && attribute == DW_AT_sibling)
		return; /* walking follows them */
	if (!is_reference || !abi_follow(&linter->reader, die, attribute, &target, &error)) {
		if (error.what)
			find(linter, BAD_REFERENCE, &die->entry, "%s leads to 0x%llx, where there is no entry",
			     attribute_name(attribute), ULL(value->number));
		return;
	}
	uint16_t tag = target.entry.abbrev->tag;
	if (attribute == DW_AT_type && !is_type_tag(tag))
		find(linter, BAD_TARGET, &die->entry, "DW_AT_type leads to 0x%llx, which is no type (tag 0x%x)",
		     ULL(target.entry.offset), tag);
	if (attribute == DW_AT_type && is_alias(die->entry.abbrev->tag))
		check_chain(linter, die);
	if (attribute == DW_AT_specification &&
	    !dwarf_flag(abi_unit_of(&linter->reader, &target), &target.entry, DW_AT_declaration))
		find(linter, NO_DECLARATION, &die->entry, "DW_AT_specification leads to 0x%llx, which declares nothing",
		     ULL(target.entry.offset));
}

static void check_attributes(struct linter *linter, const struct abi_die *die)
{
	const struct dwarf_unit *unit = abi_unit_of(&linter->reader, die);
	struct dwarf_attributes attributes = {.unit = unit, .entry = &die->entry};
	struct dwarf_value value;
	uint16_t attribute;
	while (dwarf_attributes_next(&attributes, &attribute, &value)) {
		struct dwarf_error error = {0};
		struct str string;
		dwarf_string(unit, &value, &string, &error);
		if (error.what)
			find(linter, BAD_STRING, &die->entry, "a string %s (value 0x%llx)", error.what,
			     ULL(error.value));
		check_reference(linter, die, attribute, &value);
	}
}

static void check_addresses(struct linter *linter, const struct abi_die *die)
{
	const struct dwarf_unit *unit = abi_unit_of(&linter->reader, die);
	struct dwarf_error error = {0};
	struct dwarf_value value;
	struct dwarf_number low, high;
	uint64_t size;
	if (dwarf_attribute(unit, &die->entry, DW_AT_low_pc, &value) && dwarf_address(unit, &value, &low, &error) &&
	    dwarf_attribute(unit, &die->entry, DW_AT_high_pc, &value)) {
		bool is_size = dwarf_constant(&value, &size);
		if (!is_size && dwarf_address(unit, &value, &high, &error) && high.value < low.value)
			find(linter, BAD_RANGE, &die->entry, "DW_AT_high_pc 0x%llx is below DW_AT_low_pc 0x%llx",
			     ULL(high.value), ULL(low.value));
		else if (is_size && low.value + size < low.value)
			find(linter, BAD_RANGE, &die->entry, "DW_AT_high_pc: the code ends behind the last address");
	}
	if (dwarf_has(&die->entry, DW_AT_ranges)) {
		struct dwarf_ranges ranges;
		struct dwarf_range range;
		if (dwarf_ranges_of(&ranges, unit, &die->entry, &error))
			for (unsigned i = 0; i < 100000 && dwarf_ranges_next(&ranges, &range); i++)
				;
	}
	if (error.what)
		find(linter, BAD_RANGE, &die->entry, "%s %s (value 0x%llx)", error.field, error.what, ULL(error.value));
}

/* ---- places ----------------------------------------------------------------------------------------------- */

/* Where the source says that the entry is. */
static void check_place(struct linter *linter, const struct abi_die *die)
{
	const struct abi_unit *unit = &linter->reader.units.at[die->unit];
	const struct abi_source *source = &linter->reader.files->sources.at[unit->home];
	uint64_t table = unit->unit.line_table, index = abi_number(&linter->reader, die, DW_AT_decl_file, UINT64_MAX);
	struct dwarf_line_input input = {
		.line = source->line,
		.line_str = source->dwarf.sections[DWARF_LINE_STR],
		.str = source->dwarf.sections[DWARF_STR],
	};
	struct dwarf_line found;
	if (die->entry.depth == 0 && table != UINT64_MAX && table >= source->line.size)
		find(linter, BAD_FILE, &die->entry, "DW_AT_stmt_list 0x%llx is beyond the end of .debug_line",
		     ULL(table));
	bool says_file = index < MOST_FILES && !linter->seen_files[index] && (index || unit->unit.version >= 5);
	if (!says_file || table >= source->line.size)
		return;
	linter->seen_files[index] = true;
	if (!dwarf_line_file(&input, table, index, &found))
		find(linter, BAD_FILE, &die->entry, "DW_AT_decl_file %llu is no file of the unit's line table",
		     ULL(index));
}

/* Is there code of a linked file? What was left out of the link has addresses below all of it, or none. */
static void check_code(struct linter *linter, const struct abi_die *die)
{
	const struct abi_unit *unit = &linter->reader.units.at[die->unit];
	const struct elf_file *elf = &linter->reader.files->sources.at[unit->home].elf;
	struct dwarf_value value;
	struct dwarf_number low;
	struct dwarf_error ignored = {0};
	uint64_t first = UINT64_MAX;
	if (die->entry.abbrev->tag != DW_TAG_subprogram || elf_kind(elf->bytes) == ELF_RELOCATABLE ||
	    !dwarf_attribute(&unit->unit, &die->entry, DW_AT_low_pc, &value) ||
	    !dwarf_address(&unit->unit, &value, &low, &ignored))
		return;
	for (uint32_t i = 1; i < elf->nshdr; i++) {
		const struct elf_shdr *shdr = &elf->shdrs[i];
		if (!(shdr->sh_flags & SHF_EXECINSTR))
			continue;
		if (low.value - shdr->sh_addr < shdr->sh_size)
			return;
		first = min_u64(first, shdr->sh_addr);
	}
	if (low.value >= first && low.value < UINT32_MAX - 1)
		find(linter, BAD_CODE, &die->entry, "a function is at 0x%llx, where the file has no code",
		     ULL(low.value));
}

/* ---- types ------------------------------------------------------------------------------------------------ */

static bool is_c(const struct dwarf_unit *unit)
{
	return unit->language == DW_LANG_C || unit->language == DW_LANG_C89 || unit->language == DW_LANG_C99 ||
	       unit->language == DW_LANG_C11 || unit->language == DW_LANG_C17;
}

/* What an entry's type is behind typedefs and qualifiers, and arrays if `through_arrays`. False: it does not say. */
static bool find_type(struct linter *linter, const struct abi_die *die, bool through_arrays, struct abi_die *type)
{
	struct dwarf_error ignored = {0};
	*type = *die;
	for (unsigned i = 0; i < LONGEST_CHAIN; i++) {
		if (!abi_follow(&linter->reader, type, DW_AT_type, type, &ignored))
			return false;
		uint16_t tag = type->entry.abbrev->tag;
		if (!is_alias(tag) && !(through_arrays && tag == DW_TAG_array_type))
			return true;
	}
	return false;
}

/* In C++, an object of a class may lie in another one's padding, and an empty one anywhere ([[no_unique_address]]). */
static bool may_overlap(struct linter *linter, const struct abi_die *member)
{
	struct abi_die type;
	if (is_c(abi_unit_of(&linter->reader, member)) || !find_type(linter, member, false, &type))
		return false;
	uint16_t tag = type.entry.abbrev->tag;
	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

/* Bytes of a type, as far as it says; UINT64_MAX: it does not. */
static uint64_t size_of(struct linter *linter, struct abi_die die)
{
	struct dwarf_error ignored = {0};
	for (unsigned i = 0; i < 16; i++) {
		uint16_t tag = die.entry.abbrev->tag;
		if (dwarf_has(&die.entry, DW_AT_byte_size))
			return abi_number(&linter->reader, &die, DW_AT_byte_size, UINT64_MAX);
		if (tag != DW_TAG_typedef && tag != DW_TAG_const_type && tag != DW_TAG_volatile_type &&
		    tag != DW_TAG_atomic_type)
			return UINT64_MAX;
		if (!abi_follow(&linter->reader, &die, DW_AT_type, &die, &ignored))
			return UINT64_MAX;
	}
	return UINT64_MAX;
}

struct place {
	uint64_t begin, end;          /* bits */
	uint64_t offset;              /* of the entry */
};

static void check_member(struct linter *linter, const struct abi_die *type, const struct abi_die *member, uint64_t size,
			 struct place *last)
{
	struct abi_reader *reader = &linter->reader;
	struct dwarf_error ignored = {0};
	struct abi_die of;
	uint64_t bytes, bits = abi_number(reader, member, DW_AT_bit_size, 0);
	if (dwarf_flag(abi_unit_of(reader, member), &member->entry, DW_AT_external) ||
	    dwarf_flag(abi_unit_of(reader, member), &member->entry, DW_AT_declaration) ||
	    !abi_follow(reader, member, DW_AT_type, &of, &ignored) ||
	    !abi_location(reader, member, DW_AT_data_member_location, &bytes))
		return;
	uint64_t of_type = size_of(linter, of),
		 begin = bytes * 8 + abi_number(reader, member, DW_AT_data_bit_offset, 0);
	if (of_type == UINT64_MAX || bytes > UINT64_MAX / 16 || of_type > UINT64_MAX / 16)
		return;
	if (bits > of_type * 8)
		find(linter, BAD_BIT_FIELD, &member->entry, "a bit-field of %llu bits has a type of %llu bytes",
		     ULL(bits), ULL(of_type));
	if (dwarf_has(&member->entry, DW_AT_bit_offset))
		return; /* counted from the other end: see place_field() in read_types.c */
	uint64_t end = begin + (bits ? bits : of_type * 8);
	if (size != UINT64_MAX && end > size * 8)
		find(linter, OUTSIDE, &member->entry, "a member ends at bit %llu of a type of %llu bytes", ULL(end),
		     ULL(size));
	if (may_overlap(linter, member))
		return;
	if (type->entry.abbrev->tag != DW_TAG_union_type && last->offset && begin < last->end && begin >= last->begin &&
	    end > begin && last->end > last->begin)
		find(linter, OVERLAP, &member->entry,
		     "a member at bit %llu overlaps the one before, which ends at bit %llu", ULL(begin),
		     ULL(last->end));
	*last = (struct place){begin, end, member->entry.offset};
}

static void check_members(struct linter *linter, const struct abi_die *type)
{
	struct dwarf_error ignored = {0};
	struct abi_die child = {.unit = type->unit};
	struct dwarf_walk walk = abi_children(&linter->reader, type, &ignored);
	uint64_t size = abi_number(&linter->reader, type, DW_AT_byte_size, UINT64_MAX);
	struct place last = {0};
	for (unsigned i = 0; i < MOST_MEMBERS && abi_next_child(&walk, &child); i++) {
		if (child.entry.abbrev->tag == DW_TAG_member)
			check_member(linter, type, &child, size, &last);
		dwarf_walk_skip_children(&walk, &child.entry);
	}
}

/* In C, what has a size has a complete type. (In C++, a class with virtual functions may be described elsewhere.) */
static void check_complete(struct linter *linter, const struct abi_die *die)
{
	const struct dwarf_unit *unit = abi_unit_of(&linter->reader, die);
	uint16_t tag = die->entry.abbrev->tag;
	struct abi_die of;
	if (!is_c(unit) || (tag != DW_TAG_member && tag != DW_TAG_variable) ||
	    dwarf_flag(unit, &die->entry, DW_AT_declaration) || !find_type(linter, die, true, &of))
		return;
	tag = of.entry.abbrev->tag;
	if ((tag == DW_TAG_structure_type || tag == DW_TAG_union_type) && !dwarf_has(&of.entry, DW_AT_signature) &&
	    dwarf_flag(abi_unit_of(&linter->reader, &of), &of.entry, DW_AT_declaration))
		find(linter, INCOMPLETE, &die->entry,
		     "its type, at 0x%llx, is declared but not defined: it has no size", ULL(of.entry.offset));
}

static void check_type(struct linter *linter, const struct abi_die *die)
{
	const struct dwarf_unit *unit = abi_unit_of(&linter->reader, die);
	const struct dwarf_entry *entry = &die->entry;
	uint16_t tag = entry->abbrev->tag;
	bool is_declaration = dwarf_flag(unit, entry, DW_AT_declaration) || dwarf_has(entry, DW_AT_signature);
	bool is_tag = tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type ||
		      tag == DW_TAG_enumeration_type;
	if ((is_tag || tag == DW_TAG_base_type) && !is_declaration && !dwarf_has(entry, DW_AT_byte_size) &&
	    !dwarf_has(entry, DW_AT_bit_size))
		find(linter, NO_SIZE, entry, "a type is defined, but has no size");
	/* Type units repeat what surrounds the type, and leave out what is not needed of that. */
	bool is_type_unit = unit->type == DW_UT_type || unit->type == DW_UT_split_type;
	if (is_declaration && is_tag && !is_type_unit && !dwarf_has(entry, DW_AT_name) &&
	    !dwarf_has(entry, DW_AT_signature) && !dwarf_has(entry, DW_AT_specification))
		find(linter, NO_NAME, entry, "a type is declared, but has no name: nothing can complete it");
	if (tag == DW_TAG_base_type && abi_number(&linter->reader, die, DW_AT_byte_size, 1) > 64)
		find(linter, BAD_SIZE, entry, "a base type of %llu bytes",
		     ULL(abi_number(&linter->reader, die, DW_AT_byte_size, 1)));
	if (is_tag && tag != DW_TAG_enumeration_type)
		check_members(linter, die);
}

/* ---- units ------------------------------------------------------------------------------------------------ */

static void lint_unit(struct linter *linter)
{
	struct abi_unit *unit = &linter->reader.units.at[linter->unit];
	struct abi_die die = {.unit = linter->unit};
	struct dwarf_walk walk = dwarf_walk_unit(&unit->unit, &unit->error);
	while (unit->unit.tag && dwarf_walk_next(&walk, &die.entry)) {
		uint16_t tag = die.entry.abbrev->tag;
		linter->lint->entries++;
		check_attributes(linter, &die);
		if (unit->has_addresses)
			check_addresses(linter, &die);
		check_place(linter, &die);
		if (unit->has_addresses)
			check_code(linter, &die);
		check_complete(linter, &die);
		check_type(linter, &die);
		if (tag == DW_TAG_enumerator && !dwarf_has(&die.entry, DW_AT_const_value))
			find(linter, BAD_ENUM, &die.entry, "an enumerator has no value");
		if (die.entry.depth == 0 && tag != DW_TAG_compile_unit && tag != DW_TAG_partial_unit &&
		    tag != DW_TAG_type_unit && tag != DW_TAG_skeleton_unit)
			find(linter, BAD_PARENT, &die.entry, "the first entry of a unit is no unit (tag 0x%x)", tag);
	}
	if (unit->error.what) {
		die.entry.offset = unit->error.offset;
		find(linter, BAD_UNIT, &die.entry, "%s %s (value 0x%llx)", unit->error.field, unit->error.what,
		     ULL(unit->error.value));
	}
	linter->lint->units++;
	end_unit(linter);
}

void abi_lint(struct abi_lint *lint, struct abi_files *files)
{
	struct linter linter = {.lint = lint, .reader = {.files = files}};
	struct dwarf_error error = {0};
	uint32_t source;
	if (!abi_open_units(&linter.reader, true, &error, &source)) {
		text_print(&lint->out, "%s: %s+0x%llx: %s %s (value 0x%llx)\n", file_name(&linter, source),
			   abi_section_name(files, &files->sources.at[source], error.section),
			   ULL(error.offset), error.field, error.what, ULL(error.value));
		lint->findings++;
	}
	for (; linter.unit < linter.reader.units.n; linter.unit++)
		lint_unit(&linter);
	array_free(&linter.reader.units);
	array_free(&linter.reader.signatures);
}

/* ---- symbols ---------------------------------------------------------------------------------------------- */

bool abi_lint_symbols(struct abi_lint *lint, struct abi_files *files, struct pool *pool)
{
	struct abi_model model;
	struct abi_read_options options = {0};
	abi_model_init(&model);
	bool good = abi_read(&model, files, pool, &options);
	uint32_t n = 0, missing = 0;
	const struct abi_symbol *first = NULL;
	for (uint32_t i = 0; good && model.has_types && i < model.symbols.n; i++) {
		const struct abi_symbol *symbol = &model.symbols.at[i];
		bool is_artificial = symbol->name.len > 4 && (memcmp(symbol->name.at, "_ZT", 3) == 0 ||
							      memcmp(symbol->name.at, "_ZG", 3) == 0);
		if (symbol->kind == ABI_SYMBOL_OTHER || symbol->kind == ABI_SYMBOL_IFUNC || is_artificial)
			continue; /* the linker's, resolvers, vtables, guards */
		n++;
		missing += !symbol->has_type;
		if (!symbol->has_type && !first)
			first = symbol;
	}
	if (missing)
		text_print(&lint->out, "note: %u of %u exported functions and variables are not described: %.*s%s\n",
			   missing, n, (int)first->name.len, first->name.at, missing > 1 ? ", ..." : "");
	abi_model_free(&model);
	return good;
}
