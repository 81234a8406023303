#include "abi/read_types.h"

#include <string.h>

#include "base/hash.h"
#include "dwarf/line.h"

/* Types without names that are inside of each other, and scopes of a name. */
enum { DEEPEST = 200, MOST_FILE_NAMES = 4096, MOST_SCOPES = 64, MOST_MEANINGS = 64, FIRST_MEMO = 4096 };

uint64_t abi_hash_text(struct str text)
{
	return hash_bytes(text.at, text.len);
}

static void fail(struct abi_reader *reader, const struct abi_die *die, const char *field, const char *what)
{
	if (!reader->error.what)
		reader->error_unit = die->unit;
	dwarf_fail(&reader->error, abi_unit_of(reader, die)->section, die->entry.offset, field, 0, what);
}

static bool follow(struct abi_reader *reader, const struct abi_die *die, uint16_t attribute, struct abi_die *out)
{
	bool had_error = reader->error.what, found = abi_follow(reader, die, attribute, out, &reader->error);
	if (!had_error && reader->error.what)
		reader->error_unit = die->unit;
	return found;
}

/* A name in a supplementary file that is not there is better than none: types without names can be inside of each other
 * only so often. */
static struct str string(struct abi_reader *reader, const struct abi_die *die, uint16_t attribute)
{
	struct str text = abi_string(reader, die, attribute, &reader->error);
	struct dwarf_value value;
	if (text.len || !dwarf_attribute(abi_unit_of(reader, die), &die->entry, attribute, &value) ||
	    (value.form != DW_FORM_GNU_strp_alt && value.form != DW_FORM_strp_sup))
		return text;
	return str_from(
		arena_printf(&reader->model->arena, "(name 0x%llx of another file)", (unsigned long long)value.number));
}

static bool flag(const struct abi_reader *reader, const struct abi_die *die, uint16_t attribute)
{
	return dwarf_flag(abi_unit_of(reader, die), &die->entry, attribute);
}

/* ---- entries that were converted -------------------------------------------------------------------------- */

static uint64_t key_of(const struct abi_reader *reader, const struct abi_die *die)
{
	const struct abi_unit *unit = &reader->units.at[die->unit];
	return ((uint64_t)unit->source * 2 + (unit->unit.section == DWARF_TYPES) + 1) << 40 ^ die->entry.offset;
}

static struct abi_memo *memo_slot(const struct abi_reader *reader, uint64_t key)
{
	uint64_t slot = key * 0x9e3779b97f4a7c15 >> 20 & (reader->memo_slots - 1);
	while (reader->memo[slot].key && reader->memo[slot].key != key)
		slot = (slot + 1) & (reader->memo_slots - 1);
	return &reader->memo[slot];
}

static void remember(struct abi_reader *reader, uint64_t key, abi_type_id type)
{
	if (reader->n_memo * 2 >= reader->memo_slots) {
		struct abi_memo *old = reader->memo;
		uint32_t n = reader->memo_slots;
		reader->memo_slots = n ? n * 2 : FIRST_MEMO;
		reader->memo = calloc(reader->memo_slots, sizeof(*reader->memo));
		if (!reader->memo)
			out_of_memory();
		for (uint32_t i = 0; i < n; i++)
			if (old[i].key)
				*memo_slot(reader, old[i].key) = old[i];
		free(old);
	}
	struct abi_memo *slot = memo_slot(reader, key);
	reader->n_memo += slot->key == 0;
	*slot = (struct abi_memo){key, type};
}

void abi_convert_end(struct abi_reader *reader)
{
	free(reader->memo);
	array_free(&reader->tasks);
	array_free(&reader->pending);
	array_free(&reader->text);
}

/* ---- names ------------------------------------------------------------------------------------------------ */

static void add_text(struct abi_reader *reader, struct str text)
{
	reader->text.at = array_reserve(reader->text.at, reader->text.n, &reader->text.cap, 1, text.len);
	memcpy(reader->text.at + reader->text.n, text.at, text.len);
	reader->text.n += text.len;
}

/* What a scope is called: a class that is defined apart from its declaration has the name, and the scopes, of that. */
static struct str name_of(struct abi_reader *reader, struct abi_die *die)
{
	struct str name = string(reader, die, DW_AT_name);
	for (unsigned i = 0; i < 4; i++) {
		struct abi_die other;
		if (!follow(reader, die, DW_AT_specification, &other) &&
		    !follow(reader, die, DW_AT_abstract_origin, &other))
			break;
		*die = other;
		if (!name.len)
			name = string(reader, die, DW_AT_name);
	}
	return name;
}

static bool has_scopes(const struct abi_unit *unit)
{
	switch (unit->unit.language) {
	case DW_LANG_C:
	case DW_LANG_C89:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case DW_LANG_C17:
		return false;
	}
	return true;
}

/* With its scopes. In C, only functions are scopes of types, and no other file sees those. The text is the reader's,
 * until the next name. */
static struct str full_name(struct abi_reader *reader, const struct abi_die *die)
{
	struct str parts[MOST_SCOPES];
	unsigned n = 0;
	struct abi_die at = *die;
	parts[n++] = name_of(reader, &at);
	reader->text.n = 0;
	const struct abi_unit *unit = &reader->units.at[at.unit];
	const struct abi_record *record =
		parts[0].len && has_scopes(unit) ? abi_record_at(unit, at.entry.offset) : NULL;
	while (record && record->parent && n < MOST_SCOPES) {
		record = &unit->records.at[record->parent - 1];
		if (!dwarf_entry_at(&unit->unit, record->offset, &at.entry, &reader->error))
			break;
		parts[n] = name_of(reader, &at);
		if (!parts[n].len)
			parts[n] = str_from(record->tag == DW_TAG_namespace ? "(anonymous namespace)" : "(anonymous)");
		else if (record->tag == DW_TAG_subprogram)
			parts[n] =
				str_from(arena_printf(&reader->model->arena, "%.*s()", (int)parts[n].len, parts[n].at));
		n++;
		/* name_of() may have gone to another place, where the scopes are. */
		unit = &reader->units.at[at.unit];
		record = abi_record_at(unit, at.entry.offset);
	}
	if (n == 1)
		return parts[0];
	while (n-- > 0) {
		add_text(reader, parts[n]);
		if (n)
			add_text(reader, str_from("::"));
	}
	return (struct str){reader->text.at, reader->text.n};
}

/* The entity with that name. A name that was put together moves to the model when it is new. */
static abi_type_id intern_entity(struct abi_reader *reader, enum abi_kind kind, struct str name)
{
	abi_type_id id = abi_find(reader->model, kind, name);
	if (id)
		return id;
	struct abi_type type = {.kind = (uint8_t)kind, .name = name, .definition = ABI_NO_DEFINITION};
	if (name.at == reader->text.at)
		type.name.at = arena_strndup(&reader->model->arena, name.at, name.len);
	return abi_intern(reader->model, &type);
}

/* ---- places in the source --------------------------------------------------------------------------------- */

/* The name of file `index` of the unit's line table; empty: there is none. */
static struct str read_file_name(const struct abi_reader *reader, const struct abi_unit *unit, uint64_t index)
{
	const struct abi_source *source = &reader->files->sources.at[unit->home];
	struct dwarf_line_input input = {
		.line = source->line,
		.line_str = source->dwarf.sections[DWARF_LINE_STR],
		.str = source->dwarf.sections[DWARF_STR],
	};
	struct dwarf_line found;
	bool is_there = unit->unit.line_table != UINT64_MAX &&
			dwarf_line_file(&input, unit->unit.line_table, index, &found);
	return is_there ? found.file : (struct str){"", 0};
}

/* Looking for a name takes a walk through the table: those of small numbers, which compilers use, are kept. */
static struct str file_name(const struct abi_reader *reader, struct abi_unit *unit, uint64_t index)
{
	if (index >= MOST_FILE_NAMES)
		return read_file_name(reader, unit, index);
	while (unit->file_names.n <= index)
		*array_push(&unit->file_names) = (struct abi_file_name){{"", 0}, false};
	struct abi_file_name *kept = &unit->file_names.at[index];
	if (!kept->is_known)
		*kept = (struct abi_file_name){read_file_name(reader, unit, index), true};
	return kept->name;
}

void abi_declared_at(struct abi_reader *reader, const struct abi_die *die, struct str *file, uint32_t *line)
{
	struct abi_die at = *die;
	for (unsigned i = 0; i < 4 && !dwarf_has(&at.entry, DW_AT_decl_file); i++)
		if (!follow(reader, &at, DW_AT_abstract_origin, &at) && !follow(reader, &at, DW_AT_specification, &at))
			return;
	uint64_t index = abi_number(reader, &at, DW_AT_decl_file, UINT64_MAX);
	struct str name = index == UINT64_MAX ? (struct str){"", 0}
					      : file_name(reader, &reader->units.at[at.unit], index);
	if (!name.len)
		return;
	*file = name;
	/* A definition does not repeat what its declaration says. */
	for (unsigned i = 0; i < 4 && !dwarf_has(&at.entry, DW_AT_decl_line); i++)
		if (!follow(reader, &at, DW_AT_abstract_origin, &at) && !follow(reader, &at, DW_AT_specification, &at))
			break;
	*line = (uint32_t)abi_number(reader, &at, DW_AT_decl_line, 0);
}

/* ---- members ---------------------------------------------------------------------------------------------- */

static abi_type_id type_of(struct abi_reader *reader, const struct abi_die *die, uint16_t attribute)
{
	struct abi_die target;
	if (follow(reader, die, attribute, &target))
		return abi_convert(reader, &target);
	if (!dwarf_has(&die->entry, attribute))
		return 0;
	struct abi_type unknown = {.kind = ABI_UNKNOWN, .definition = ABI_NO_DEFINITION};
	return abi_intern(reader->model, &unknown);
}

static uint32_t demanded_align(const struct abi_reader *reader, const struct abi_die *die)
{
	uint64_t align = abi_number(reader, die, DW_AT_alignment, 0);
	return is_power_of_two(align) && align < 1u << 30 ? (uint32_t)align : 0;
}

/* Up to DWARF 4, a bit-field could be counted from the other end of what it is stored in (DWARF 4 section 5.5.6). */
static void place_field(struct abi_reader *reader, const struct abi_die *die, struct abi_member *member)
{
	uint64_t bytes, from_end = abi_number(reader, die, DW_AT_bit_offset, UINT64_MAX);
	abi_location(reader, die, DW_AT_data_member_location, &bytes);
	member->is_bit_field = dwarf_has(&die->entry, DW_AT_bit_size);
	member->bit_size = abi_number(reader, die, DW_AT_bit_size, 0);
	member->bit_offset = bytes * 8 + abi_number(reader, die, DW_AT_data_bit_offset, 0);
	if (from_end != UINT64_MAX) {
		uint64_t storage = abi_number(reader, die, DW_AT_byte_size, 0);
		if (!storage)
			storage = abi_size(reader->model, member->type);
		member->bit_offset += storage * 8 - from_end - member->bit_size;
	}
}

static void add_field(struct abi_reader *reader, const struct abi_die *die)
{
	if (flag(reader, die, DW_AT_external) || flag(reader, die, DW_AT_declaration))
		return; /* a static member is a symbol, if anything */
	struct abi_member member = {
		.kind = ABI_FIELD,
		.name = string(reader, die, DW_AT_name),
		.type = type_of(reader, die, DW_AT_type),
		.is_artificial = flag(reader, die, DW_AT_artificial),
		.align = demanded_align(reader, die),
	};
	place_field(reader, die, &member);
	*array_push(&reader->pending) = member;
}

static void add_base_class(struct abi_reader *reader, const struct abi_die *die)
{
	uint64_t bytes;
	struct abi_member member = {.kind = ABI_BASE_CLASS, .type = type_of(reader, die, DW_AT_type)};
	member.is_virtual = abi_number(reader, die, DW_AT_virtuality, 0) != 0;
	if (!abi_location(reader, die, DW_AT_data_member_location, &bytes))
		member.is_virtual = true;
	member.bit_offset = member.is_virtual ? 0 : bytes * 8;
	*array_push(&reader->pending) = member;
}

static void add_virtual(struct abi_reader *reader, const struct abi_die *die)
{
	struct abi_member member = {
		.kind = ABI_VIRTUAL,
		.name = string(reader, die, DW_AT_linkage_name),
		.type = type_of(reader, die, DW_AT_type),
	};
	if (!member.name.len)
		member.name = string(reader, die, DW_AT_name);
	member.bit_offset = UINT64_MAX; /* destructors of gcc do not say */
	if (dwarf_has(&die->entry, DW_AT_vtable_elem_location))
		abi_location(reader, die, DW_AT_vtable_elem_location, &member.bit_offset);
	*array_push(&reader->pending) = member;
}

static void add_enumerator(struct abi_reader *reader, const struct abi_die *die)
{
	*array_push(&reader->pending) = (struct abi_member){
		.kind = ABI_ENUMERATOR,
		.name = string(reader, die, DW_AT_name),
		.value = (int64_t)abi_number(reader, die, DW_AT_const_value, 0),
	};
}

/* Moves what was gathered since `base` to the model. */
static void take_pending(struct abi_reader *reader, uint32_t base, uint32_t *first, uint32_t *n)
{
	struct abi_model *model = reader->model;
	*first = model->members.n;
	*n = reader->pending.n - base;
	for (uint32_t i = base; i < reader->pending.n; i++)
		*array_push(&model->members) = reader->pending.at[i];
	reader->pending.n = base;
}

static void add_children(struct abi_reader *reader, const struct abi_die *die)
{
	struct abi_die child = {.unit = die->unit};
	struct dwarf_walk walk = abi_children(reader, die, &reader->error);
	while (abi_next_child(&walk, &child)) {
		uint16_t tag = child.entry.abbrev->tag;
		if (tag == DW_TAG_member)
			add_field(reader, &child);
		else if (tag == DW_TAG_inheritance)
			add_base_class(reader, &child);
		else if (tag == DW_TAG_enumerator)
			add_enumerator(reader, &child);
		else if (tag == DW_TAG_subprogram && abi_number(reader, &child, DW_AT_virtuality, 0) != 0)
			add_virtual(reader, &child);
		dwarf_walk_skip_children(&walk, &child.entry);
	}
	if (reader->error.what)
		fail(reader, die, "entry", "is damaged");
}

/* Reads what an entry defines: the new definition is the model's last one, and so are its members. */
static uint32_t read_definition(struct abi_reader *reader, const struct abi_die *die)
{
	struct abi_model *model = reader->model;
	struct abi_definition definition = {
		.size = abi_number(reader, die, DW_AT_byte_size, 0),
		.align = demanded_align(reader, die),
		.next = ABI_NO_DEFINITION,
		.is_class = die->entry.abbrev->tag == DW_TAG_class_type,
		.is_scoped = flag(reader, die, DW_AT_enum_class),
	};
	uint32_t base = reader->pending.n;
	definition.target = type_of(reader, die, DW_AT_type);
	if (die->entry.abbrev->tag != DW_TAG_typedef && die->entry.abbrev->tag != DW_TAG_template_alias)
		add_children(reader, die);
	abi_declared_at(reader, die, &definition.file, &definition.line);
	take_pending(reader, base, &definition.first, &definition.n);
	for (uint32_t i = definition.first; i < definition.first + definition.n; i++)
		definition.is_virtual |= model->members.at[i].kind == ABI_VIRTUAL || model->members.at[i].is_virtual;
	*array_push(&model->definitions) = definition;
	return model->definitions.n - 1;
}

/* ---- functions -------------------------------------------------------------------------------------------- */

static void add_parameters(struct abi_reader *reader, const struct abi_die *die, struct abi_type *type)
{
	struct abi_die child = {.unit = die->unit}, origin;
	struct dwarf_walk walk = abi_children(reader, die, &reader->error);
	while (abi_next_child(&walk, &child)) {
		uint16_t tag = child.entry.abbrev->tag;
		if (tag == DW_TAG_unspecified_parameters) {
			type->flags |= ABI_VARIADIC;
		} else if (tag == DW_TAG_formal_parameter) {
			struct abi_member member = {.kind = ABI_PARAMETER,
						    .is_artificial = flag(reader, &child, DW_AT_artificial)};
			bool is_elsewhere = !dwarf_has(&child.entry, DW_AT_type) &&
					    follow(reader, &child, DW_AT_abstract_origin, &origin);
			member.type = type_of(reader, is_elsewhere ? &origin : &child, DW_AT_type);
			*array_push(&reader->pending) = member;
		}
		dwarf_walk_skip_children(&walk, &child.entry);
	}
}

static abi_type_id intern_function(struct abi_reader *reader, struct abi_type *type, uint32_t base)
{
	take_pending(reader, base, &type->first, &type->n);
	if (type->flags & ABI_UNPROTOTYPED)
		type->flags &= (uint8_t)~ABI_VARIADIC;
	return abi_intern(reader->model, type);
}

static abi_type_id convert_subroutine(struct abi_reader *reader, const struct abi_die *die)
{
	struct abi_type type = {.kind = ABI_FUNCTION, .definition = ABI_NO_DEFINITION};
	uint32_t base = reader->pending.n;
	type.target = type_of(reader, die, DW_AT_type);
	if (!has_scopes(&reader->units.at[die->unit]) && !flag(reader, die, DW_AT_prototyped))
		type.flags = ABI_UNPROTOTYPED;
	add_parameters(reader, die, &type);
	return intern_function(reader, &type, base);
}

abi_type_id abi_convert_function(struct abi_reader *reader, const struct abi_die *die)
{
	struct abi_type type = {.kind = ABI_FUNCTION, .definition = ABI_NO_DEFINITION};
	struct abi_die at = *die, next;
	bool is_prototyped = has_scopes(&reader->units.at[die->unit]), has_result = false;
	uint32_t base = reader->pending.n;
	/* A copy of an inlined function says nothing: everything is at its origin. */
	if (follow(reader, &at, DW_AT_abstract_origin, &next))
		at = next;
	const struct abi_die with_parameters = at;
	for (unsigned i = 0; i < 4; i++) {
		is_prototyped |= flag(reader, &at, DW_AT_prototyped);
		if (!has_result && dwarf_has(&at.entry, DW_AT_type)) {
			type.target = type_of(reader, &at, DW_AT_type);
			has_result = true;
		}
		if (!follow(reader, &at, DW_AT_specification, &next) &&
		    !follow(reader, &at, DW_AT_abstract_origin, &next))
			break;
		at = next;
	}
	if (!is_prototyped)
		type.flags = ABI_UNPROTOTYPED;
	add_parameters(reader, &with_parameters, &type);
	return intern_function(reader, &type, base);
}

abi_type_id abi_convert_variable(struct abi_reader *reader, const struct abi_die *die)
{
	struct abi_die at = *die;
	for (unsigned i = 0; i < 4 && !dwarf_has(&at.entry, DW_AT_type); i++)
		if (!follow(reader, &at, DW_AT_abstract_origin, &at) && !follow(reader, &at, DW_AT_specification, &at))
			break;
	return type_of(reader, &at, DW_AT_type);
}

/* ---- types ------------------------------------------------------------------------------------------------ */

static abi_type_id convert_array(struct abi_reader *reader, const struct abi_die *die)
{
	uint64_t bounds[8];
	unsigned n = 0;
	struct abi_die child = {.unit = die->unit};
	struct dwarf_walk walk = abi_children(reader, die, &reader->error);
	abi_type_id id = type_of(reader, die, DW_AT_type);
	while (n < COUNTOF(bounds) && abi_next_child(&walk, &child)) {
		if (child.entry.abbrev->tag == DW_TAG_subrange_type) {
			uint64_t upper = abi_number(reader, &child, DW_AT_upper_bound, UINT64_MAX);
			bounds[n++] = abi_number(reader, &child, DW_AT_count,
						 upper == UINT64_MAX ? ABI_UNBOUNDED : upper + 1);
		}
		dwarf_walk_skip_children(&walk, &child.entry);
	}
	if (n == 0)
		bounds[n++] = ABI_UNBOUNDED;
	while (n-- > 0) {
		struct abi_type type = {
			.kind = flag(reader, die, DW_AT_GNU_vector) ? ABI_VECTOR : ABI_ARRAY,
			.target = id,
			.size = bounds[n],
			.definition = ABI_NO_DEFINITION,
		};
		id = abi_intern(reader->model, &type);
	}
	return id;
}

static enum abi_kind kind_of(uint16_t tag)
{
	switch (tag) {
	case DW_TAG_base_type:
		return ABI_BASE;
	case DW_TAG_pointer_type:
		return ABI_POINTER;
	case DW_TAG_reference_type:
		return ABI_REFERENCE;
	case DW_TAG_rvalue_reference_type:
		return ABI_RVALUE_REFERENCE;
	case DW_TAG_ptr_to_member_type:
		return ABI_MEMBER_POINTER;
	case DW_TAG_const_type:
		return ABI_CONST;
	case DW_TAG_volatile_type:
		return ABI_VOLATILE;
	case DW_TAG_restrict_type:
		return ABI_RESTRICT;
	case DW_TAG_atomic_type:
		return ABI_ATOMIC;
	case DW_TAG_array_type:
		return ABI_ARRAY;
	case DW_TAG_subroutine_type:
		return ABI_FUNCTION;
	case DW_TAG_typedef:
	case DW_TAG_template_alias:
		return ABI_TYPEDEF;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_interface_type:
		return ABI_STRUCT;
	case DW_TAG_union_type:
		return ABI_UNION;
	case DW_TAG_enumeration_type:
		return ABI_ENUM;
	case DW_TAG_unspecified_type:
		return ABI_UNSPECIFIED;
	}
	return ABI_UNKNOWN;
}

static abi_type_id convert_tag(struct abi_reader *reader, const struct abi_die *die, enum abi_kind kind)
{
	struct abi_die other;
	if (dwarf_has(&die->entry, DW_AT_signature) && follow(reader, die, DW_AT_signature, &other))
		return abi_convert(reader, &other);
	struct str name = full_name(reader, die);
	if (name.len) {
		abi_type_id id = intern_entity(reader, kind, name);
		if (!flag(reader, die, DW_AT_declaration))
			*array_push(&reader->tasks) = (struct abi_task){id, die->unit, die->entry.offset};
		return id;
	}
	struct abi_type type = {.kind = (uint8_t)kind, .definition = read_definition(reader, die)};
	return abi_intern(reader->model, &type);
}

static abi_type_id convert_simple(struct abi_reader *reader, const struct abi_die *die, enum abi_kind kind)
{
	struct abi_type type = {.kind = (uint8_t)kind, .definition = ABI_NO_DEFINITION};
	type.target = type_of(reader, die, DW_AT_type);
	if (kind == ABI_MEMBER_POINTER)
		type.owner = type_of(reader, die, DW_AT_containing_type);
	if (kind == ABI_BASE) {
		type.size = abi_number(reader, die, DW_AT_byte_size, 0);
		type.encoding = (uint8_t)abi_number(reader, die, DW_AT_encoding, 0);
	}
	if (kind == ABI_BASE || kind == ABI_UNSPECIFIED)
		type.name = string(reader, die, DW_AT_name);
	return abi_intern(reader->model, &type);
}

abi_type_id abi_convert(struct abi_reader *reader, const struct abi_die *die)
{
	uint64_t key = key_of(reader, die);
	if (reader->memo_slots && memo_slot(reader, key)->key)
		return memo_slot(reader, key)->type;
	if (reader->error.what)
		return 0;
	if (reader->depth == DEEPEST) {
		fail(reader, die, "DW_AT_type", "leads through too many types without name");
		return 0;
	}
	reader->depth++;
	abi_type_id id;
	enum abi_kind kind = kind_of(die->entry.abbrev->tag);
	if (kind == ABI_TYPEDEF || abi_is_tag(kind))
		id = convert_tag(reader, die, kind);
	else if (kind == ABI_ARRAY)
		id = convert_array(reader, die);
	else if (kind == ABI_FUNCTION)
		id = convert_subroutine(reader, die);
	else
		id = convert_simple(reader, die, kind);
	reader->depth--;
	remember(reader, key, id);
	return id;
}

/* ---- what names mean -------------------------------------------------------------------------------------- */

/* Has the name that meaning already? A name with very many has had enough. */
static bool has_shape(const struct abi_model *model, abi_type_id id, uint64_t shape)
{
	unsigned n = 0;
	for (uint32_t i = model->types.at[id].definition; i != ABI_NO_DEFINITION; i = model->definitions.at[i].next)
		if (model->definitions.at[i].shape == shape || ++n == MOST_MEANINGS)
			return true;
	return false;
}

void abi_convert_tasks(struct abi_reader *reader)
{
	for (uint32_t i = 0; i < reader->tasks.n && !reader->error.what; i++) {
		struct abi_task task = reader->tasks.at[i];
		const struct abi_record *record = abi_record_at(&reader->units.at[task.unit], task.offset);
		struct abi_die die = {.unit = task.unit};
		uint64_t shape = record ? record->shape : 0;
		if (has_shape(reader->model, task.type, shape) ||
		    !dwarf_entry_at(&reader->units.at[task.unit].unit, task.offset, &die.entry, &reader->error))
			continue;
		uint32_t definition = read_definition(reader, &die);
		reader->model->definitions.at[definition].shape = shape;
		abi_define(reader->model, task.type, definition);
	}
	reader->tasks.n = 0;
}
