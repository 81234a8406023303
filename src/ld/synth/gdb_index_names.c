/* Names for .gdb_index from the entries of a unit: what is defined at the level of the unit, in namespaces and in
 * classes, under its full name ("space::class::f"). The rules are those by which gcc writes .debug_gnu_pubnames and gdb
 * makes an index itself. */
#include <string.h>

#include "base/hash.h"
#include "ld/synth/gdb_index_parts.h"

/* A namespace, a class or an enumeration. Those within more of them are not looked into. */
enum { MOST_SCOPES = 256, MOST_REFERENCES = 8 };

/* Full names may take this many times the size of the unit, and something for units that are small: no compiler comes
 * near, but a damaged unit can name everything by the longest string it finds. */
enum { NAMES_FACTOR = 256, NAMES_MORE = 1 << 20 };

struct scope {
	struct str prefix;        /* full name; empty: names need no prefix */
	uint32_t depth;           /* of its entry */
	bool is_enumeration;
};

/* A declaration that a definition may refer to. */
struct declaration {
	uint64_t offset;
	struct str prefix;
};

/* A definition that refers to its declaration. */
struct definition {
	struct dwarf_entry entry;
	uint8_t attributes;
};

struct names {
	struct index_part *part;
	uint32_t number;
	const struct dwarf_unit *unit;
	struct arena *arena;
	struct dwarf_error *error;
	uint64_t budget;
	const char *separator;
	bool is_c, is_cxx;
	bool nests;               /* functions have functions, which have names of their own */
	struct scope scopes[MOST_SCOPES];
	uint32_t n_scopes;
	ARRAY(struct declaration) declarations; /* by ascending offset */
	ARRAY(struct definition) definitions;
};

static struct str full_name(struct names *names, struct str prefix, struct str name)
{
	if (prefix.len == 0)
		return name;
	uint32_t separator = (uint32_t)strlen(names->separator);
	char *text = arena_alloc(names->arena, (size_t)prefix.len + separator + name.len, 1);
	memcpy(text, prefix.at, prefix.len);
	memcpy(text + prefix.len, names->separator, separator);
	memcpy(text + prefix.len + separator, name.at, name.len);
	return (struct str){text, prefix.len + separator + name.len};
}

static bool pay(struct names *names, struct str prefix, struct str name)
{
	uint64_t price = (uint64_t)prefix.len + name.len;
	if (price > names->budget)
		return dwarf_fail(names->error, names->unit->section, names->unit->offset, "unit", price,
				  "has names that are too long for its size");
	names->budget -= price;
	return true;
}

static void add(struct names *names, struct str name, uint8_t attributes)
{
	if (name.len == 0)
		return;
	*array_push(&names->part->names) = (struct index_name){
		.name = name,
		.hash = hash_bytes(name.at, name.len),
		.unit = names->number,
		.attributes = attributes,
	};
}

static struct str own_name(struct names *names, const struct dwarf_entry *entry)
{
	struct dwarf_value value;
	struct str name = {"", 0};
	if (dwarf_attribute(names->unit, entry, DW_AT_name, &value))
		dwarf_string(names->unit, &value, &name, names->error);
	return name;
}

static void push_scope(struct names *names, const struct dwarf_entry *entry, struct str prefix, bool is_enumeration)
{
	names->scopes[names->n_scopes++] = (struct scope){prefix, entry->depth, is_enumeration};
}

static bool is_external(const struct names *names, const struct dwarf_entry *entry)
{
	return dwarf_flag(names->unit, entry, DW_AT_external);
}

/* ---- kinds of entries -------------------------------------------------------------------------------------- */

/* What an entry of that tag is in the index; 0: nothing. */
static uint8_t kind_of(uint16_t tag)
{
	switch (tag) {
	case DW_TAG_subprogram:
	case DW_TAG_entry_point:
		return INDEX_FUNCTION;
	case DW_TAG_variable:
	case DW_TAG_constant:
	case DW_TAG_enumerator:
		return INDEX_VARIABLE;
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_interface_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_typedef:
	case DW_TAG_template_alias:
	case DW_TAG_base_type:
	case DW_TAG_subrange_type:
	case DW_TAG_unspecified_type:
	case DW_TAG_imported_declaration:
		return INDEX_TYPE;
	}
	return 0;
}

static bool is_scope(uint16_t tag)
{
	return tag == DW_TAG_class_type || tag == DW_TAG_structure_type || tag == DW_TAG_union_type ||
	       tag == DW_TAG_interface_type || tag == DW_TAG_enumeration_type || tag == DW_TAG_namespace ||
	       tag == DW_TAG_module;
}

/* Classes of C++ are the program's as a whole, namespaces are everybody's; other types belong to their unit. */
static bool is_static(const struct names *names, const struct dwarf_entry *entry)
{
	uint16_t tag = entry->abbrev->tag;
	switch (tag) {
	case DW_TAG_subprogram:
	case DW_TAG_entry_point:
	case DW_TAG_variable:
	case DW_TAG_constant:
		return !is_external(names, entry);
	case DW_TAG_enumerator:
		return !names->is_cxx;
	case DW_TAG_namespace:
	case DW_TAG_module:
		return false;
	}
	return !is_scope(tag) || !names->is_cxx;
}

/* ---- definitions away from their declarations --------------------------------------------------------------- */

static const struct declaration *find_declaration(const struct names *names, uint64_t offset)
{
	uint32_t low = array_first_from(&names->declarations, offset, offset);
	return low < names->declarations.n && names->declarations.at[low].offset == offset
		       ? &names->declarations.at[low]
		       : NULL;
}

/* "void space::class::f() {...}" stands at the level of the unit and refers to the declaration in the class. What is
 * declared in a function is nothing that anybody could name. False: its declaration has not been seen. */
static bool find_name(struct names *names, struct dwarf_entry entry, uint8_t *attributes, struct str *prefix,
		      struct str *name)
{
	struct dwarf_value value;
	struct dwarf_reference reference;
	unsigned n = 0;
	do {
		if (n++ == MOST_REFERENCES || !dwarf_attribute(names->unit, &entry, DW_AT_specification, &value) ||
		    !dwarf_reference(names->unit, &value, &reference, names->error) ||
		    reference.kind != DWARF_REF_UNIT ||
		    !dwarf_entry_at(names->unit, reference.target, &entry, names->error))
			return false;
		if (is_external(names, &entry))
			*attributes &= (uint8_t)~INDEX_STATIC;
	} while (dwarf_has(&entry, DW_AT_specification));
	const struct declaration *declaration = find_declaration(names, reference.target);
	if (!declaration)
		return false;
	*prefix = declaration->prefix;
	*name = own_name(names, &entry);
	return true;
}

/* One that stands before its declaration. */
static void add_definition(struct names *names, const struct definition *definition)
{
	uint8_t attributes = definition->attributes;
	struct str prefix, name;
	if (find_name(names, definition->entry, &attributes, &prefix, &name) && name.len && pay(names, prefix, name))
		add(names, full_name(names, prefix, name), attributes);
}

/* ---- walking ---------------------------------------------------------------------------------------------- */

/* Looks into a class or its like. Those of C have nothing in them that gdb would look for. */
static bool enter_scope(struct names *names, const struct dwarf_entry *entry, struct str prefix, struct str name)
{
	uint16_t tag = entry->abbrev->tag;
	bool is_enumeration = tag == DW_TAG_enumeration_type;
	if (!entry->abbrev->has_children || names->n_scopes == MOST_SCOPES || (names->is_c && !is_enumeration))
		return false;
	/* Enumerators are names of the scope around them, unless it is an "enum class". */
	if (is_enumeration && !dwarf_flag(names->unit, entry, DW_AT_enum_class))
		name = prefix;
	push_scope(names, entry, name, is_enumeration);
	return true;
}

/* Adds the name of an entry of a scope. True: what is in it is to be looked at. */
static bool visit(struct names *names, const struct dwarf_entry *entry)
{
	const struct scope *scope = &names->scopes[names->n_scopes - 1];
	struct str prefix = scope->prefix;
	uint16_t tag = entry->abbrev->tag;
	uint8_t kind = kind_of(tag);
	bool is_declaration = dwarf_flag(names->unit, entry, DW_AT_declaration);
	if (is_declaration)
		*array_push(&names->declarations) = (struct declaration){entry->offset, prefix};
	if (kind == 0 || (scope->is_enumeration && tag != DW_TAG_enumerator))
		return false;
	uint8_t attributes = (uint8_t)(kind | (is_static(names, entry) ? INDEX_STATIC : 0));
	struct str name;
	if (!dwarf_has(entry, DW_AT_specification)) {
		name = own_name(names, entry);
	} else if (!find_name(names, *entry, &attributes, &prefix, &name)) {
		*array_push(&names->definitions) = (struct definition){*entry, attributes};
		return false;
	}
	if (name.len == 0 && tag == DW_TAG_namespace)
		name = (struct str){"(anonymous namespace)", 21};
	if (!pay(names, prefix, name))
		return false;
	if (name.len)
		name = full_name(names, prefix, name);
	/* A declaration of a class may have children, which definitions elsewhere refer to. */
	if (!is_declaration)
		add(names, name, attributes);
	if (names->nests && tag == DW_TAG_subprogram)
		return enter_scope(names, entry, prefix, prefix);
	/* What an anonymous class or union has is its parent's. */
	return is_scope(tag) && enter_scope(names, entry, prefix, name.len ? name : prefix);
}

static void walk(struct names *names)
{
	struct dwarf_walk walk = dwarf_walk_unit(names->unit, names->error);
	struct dwarf_entry entry;
	if (!dwarf_walk_next(&walk, &entry))
		return;
	push_scope(names, &entry, (struct str){"", 0}, false);
	while (dwarf_walk_next(&walk, &entry) && !names->error->what) {
		while (entry.depth <= names->scopes[names->n_scopes - 1].depth)
			names->n_scopes--;
		if (!visit(names, &entry))
			dwarf_walk_skip_children(&walk, &entry);
	}
}

static bool is_c(uint16_t language)
{
	return language == DW_LANG_C89 || language == DW_LANG_C || language == DW_LANG_C99 ||
	       language == DW_LANG_C11 || language == DW_LANG_C17;
}

static bool nests_functions(uint16_t language)
{
	switch (language) {
	case DW_LANG_Ada83:
	case DW_LANG_Ada95:
	case DW_LANG_Fortran77:
	case DW_LANG_Fortran90:
	case DW_LANG_Fortran95:
	case DW_LANG_Fortran03:
	case DW_LANG_Fortran08:
		return true;
	}
	return false;
}

static bool is_cxx(uint16_t language)
{
	switch (language) {
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case DW_LANG_C_plus_plus_17:
	case DW_LANG_C_plus_plus_20:
		return true;
	}
	return false;
}

void index_names_walk(struct index_part *part, uint32_t unit, const struct dwarf_unit *dwarf, struct arena *arena,
		      struct dwarf_error *error)
{
	struct names names;
	names.part = part;
	names.number = unit;
	names.unit = dwarf;
	names.arena = arena;
	names.error = error;
	names.budget = NAMES_FACTOR * (dwarf->end - dwarf->offset) + NAMES_MORE;
	names.separator = dwarf->language == DW_LANG_D || dwarf->language == DW_LANG_Java ? "." : "::";
	names.is_c = is_c(dwarf->language);
	names.is_cxx = is_cxx(dwarf->language);
	names.nests = nests_functions(dwarf->language);
	names.n_scopes = 0;
	memset(&names.declarations, 0, sizeof(names.declarations));
	memset(&names.definitions, 0, sizeof(names.definitions));
	walk(&names);
	for (uint32_t i = 0; i < names.definitions.n && !error->what; i++)
		add_definition(&names, &names.definitions.at[i]);
	array_free(&names.declarations);
	array_free(&names.definitions);
}
