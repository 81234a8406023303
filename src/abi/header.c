#include "abi/header.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "abi/layout.h"
#include "dwarf/constants.h"

enum { DEEPEST = 32, MOST_BYTES = 1 << 24 };

#define ULL(x) ((unsigned long long)(x))

/* ---- what C has words for --------------------------------------------------------------------------------- */

static const char *number_name(const struct abi_type *type)
{
	static const char *const with_sign[] = {"signed char", "short", "int", "long long", "__int128"};
	static const char *const without[] = {"unsigned char", "unsigned short", "unsigned int", "unsigned long long",
					      "unsigned __int128"};
	unsigned log = type->size && is_power_of_two(type->size) && type->size <= 16
			       ? (unsigned)__builtin_ctzll(type->size)
			       : 0;
	if (str_equal(type->name, str_from("char")))
		return "char";
	switch (type->encoding) {
	case DW_ATE_boolean:
		return "_Bool";
	case DW_ATE_complex_float:
		return type->size == 8	  ? "_Complex float"
		       : type->size == 16 ? "_Complex double"
					  : "_Complex long double";
	case DW_ATE_float:
		return type->size == 4 ? "float" : type->size == 8 ? "double" : "long double";
	case DW_ATE_signed:
	case DW_ATE_signed_char:
		return with_sign[log];
	default:
		return without[log];
	}
}

static struct str identifier(struct abi_model *model, struct str name)
{
	char *copy = arena_strndup(&model->arena, name.at, name.len);
	for (uint32_t i = 0; i < name.len; i++)
		if (!isalnum((unsigned char)copy[i]) && copy[i] != '_')
			copy[i] = '_';
	return (struct str){copy, name.len};
}

/* Types that C++ has and C has not become what is as large, and is passed alike. */
static void make_c(struct abi_model *model)
{
	struct abi_type word = {.kind = ABI_BASE,
				.name = str_from("long"),
				.encoding = DW_ATE_signed,
				.size = 8,
				.definition = ABI_NO_DEFINITION};
	abi_type_id word_id = abi_intern(model, &word);
	for (abi_type_id id = 1; id < model->types.n; id++) {
		struct abi_type *type = &model->types.at[id];
		switch ((enum abi_kind)type->kind) {
		case ABI_BASE:
			type->name = str_from(number_name(type));
			break;
		case ABI_REFERENCE:
		case ABI_RVALUE_REFERENCE:
			type->kind = ABI_POINTER;
			break;
		case ABI_UNSPECIFIED:
			type->kind = ABI_POINTER;
			type->target = 0;
			break;
		case ABI_MEMBER_POINTER:
			type->size = abi_is_function_pointer_pair(model, type) ? 2 : 1;
			type->kind = ABI_ARRAY;
			type->target = word_id;
			break;
		case ABI_UNKNOWN:
			type->kind = ABI_VOID;
			break;
		default:
			if (type->name.len)
				type->name = identifier(model, type->name);
		}
	}
	for (uint32_t i = 0; i < model->definitions.n; i++)
		model->definitions.at[i].is_class = false;
	for (uint32_t i = 0; i < model->members.n; i++)
		if (model->members.at[i].name.len)
			model->members.at[i].name = identifier(model, model->members.at[i].name);
}

/* ---- declarations in their order -------------------------------------------------------------------------- */

/* Definitions that are inside of each other by value: more than this are declared only. A std::tuple has one for each
 * of its types; gcc goes 900 templates deep, clang 1024. */
enum { MOST_NESTED = 1200 };

/* Members of types without names are written wherever they are used; and parameters. */
enum { MOST_UNNAMED = 1 << 20 };

enum state { NOTHING, FORWARD, TOO_DEEP, IN_WORK, DEFINED };

struct printer {
	struct text *out;
	struct abi_model *model;
	uint8_t *state; /* of each type */
	unsigned pads;  /* made so far */
	unsigned depth; /* of definitions that are in work */
	uint32_t left;  /* of MOST_UNNAMED */
	bool is_cut;
};

/* One member or parameter more that is inside of something without a name. */
static bool may_go_on(struct printer *printer)
{
	printer->is_cut |= printer->left == 0;
	printer->left -= printer->left != 0;
	return !printer->is_cut;
}

static void define(struct printer *printer, abi_type_id id);
static void put_fields(struct printer *printer, uint32_t index, bool is_union, unsigned depth);

static void indent(struct text *out, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		text_print(out, "\t");
}

static const char *keyword(enum abi_kind kind)
{
	return kind == ABI_UNION ? "union" : kind == ABI_ENUM ? "enum" : "struct";
}

/* What a declaration with this type needs in front of it. By value: all of it; else a name. */
static void need(struct printer *printer, abi_type_id id, bool by_value, unsigned depth)
{
	const struct abi_model *model = printer->model;
	const struct abi_type type = *abi_type(model, id);
	if (depth == DEEPEST)
		return;
	switch ((enum abi_kind)type.kind) {
	case ABI_POINTER:
		need(printer, type.target, false, depth + 1);
		return;
	case ABI_CONST:
	case ABI_VOLATILE:
	case ABI_RESTRICT:
	case ABI_ATOMIC:
		need(printer, type.target, by_value, depth + 1);
		return;
	case ABI_ARRAY:
	case ABI_VECTOR:
		need(printer, type.target, true, depth + 1);
		return;
	case ABI_FUNCTION:
		need(printer, type.target, false, depth + 1);
		for (uint32_t i = type.first; i < type.first + type.n && may_go_on(printer); i++)
			need(printer, model->members.at[i].type, false, depth + 1);
		return;
	case ABI_TYPEDEF:
		if (by_value && type.definition != ABI_NO_DEFINITION)
			need(printer, model->definitions.at[type.definition].target, true, depth + 1);
		define(printer, id);
		return;
	case ABI_ENUM:
		if (type.name.len)
			define(printer, id);
		return;
	case ABI_STRUCT:
	case ABI_UNION:
		break;
	default:
		return;
	}
	if (type.name.len && by_value) {
		define(printer, id);
	} else if (type.name.len && printer->state[id] == NOTHING) {
		printer->state[id] = FORWARD;
		text_print(printer->out, "%s %.*s;\n", keyword(type.kind), (int)type.name.len, type.name.at);
	} else if (!type.name.len && type.definition != ABI_NO_DEFINITION) {
		const struct abi_definition definition = model->definitions.at[type.definition];
		for (uint32_t i = definition.first; i < definition.first + definition.n && may_go_on(printer); i++)
			if (model->members.at[i].kind != ABI_VIRTUAL)
				need(printer, model->members.at[i].type, true, depth + 1);
	}
}

/* ---- members ---------------------------------------------------------------------------------------------- */

static void put_enumerators(struct printer *printer, const struct abi_type *type,
			    const struct abi_definition *definition, unsigned depth)
{
	for (uint32_t i = definition->first; i < definition->first + definition->n; i++) {
		const struct abi_member *member = &printer->model->members.at[i];
		if (depth > 1 && !may_go_on(printer))
			return;
		indent(printer->out, depth);
		if (definition->is_scoped) /* their names are the enumeration's own */
			text_print(printer->out, "%.*s_", (int)type->name.len, type->name.at);
		text_print(printer->out, "%.*s = %lld,\n", (int)member->name.len, member->name.at,
			   (long long)member->value);
	}
}

static const char *enum_attribute(const struct abi_definition *definition)
{
	return definition->size < 4 ? " __attribute__((packed))" : "";
}

/* The body of a type without a name: "struct { ... }". */
static void put_body(struct printer *printer, abi_type_id id, unsigned depth)
{
	const struct abi_type *type = abi_type(printer->model, id);
	const struct abi_definition *definition = &printer->model->definitions.at[type->definition];
	text_print(printer->out, "%s {\n", keyword(type->kind));
	if (type->kind == ABI_ENUM)
		put_enumerators(printer, type, definition, depth + 1);
	else
		put_fields(printer, type->definition, type->kind == ABI_UNION, depth + 1);
	indent(printer->out, depth);
	if (type->kind == ABI_ENUM)
		text_print(printer->out, "}%s", enum_attribute(definition));
	else
		text_print(printer->out, "} __attribute__((packed, aligned(%llu)))",
			   ULL(abi_definition_align(printer->model, type->definition)));
}

/* The type without a name inside of a declaration; 0: there is none. */
static abi_type_id nameless(const struct abi_model *model, abi_type_id id)
{
	for (unsigned i = 0; i < DEEPEST; i++) {
		const struct abi_type *type = abi_type(model, id);
		if (abi_is_tag(type->kind))
			return !type->name.len && type->definition != ABI_NO_DEFINITION ? id : 0;
		if (type->kind == ABI_TYPEDEF || type->kind == ABI_FUNCTION || type->kind == ABI_BASE ||
		    type->kind == ABI_VOID)
			return 0;
		id = type->target;
	}
	return 0;
}

/* A declaration. The spelling of a type without a name has "struct {...}" where its body belongs. */
static void put_declaration(struct printer *printer, abi_type_id id, struct str name, unsigned depth)
{
	struct text text = {0};
	abi_spell(&text, printer->model, id, name, SPELL_KEYWORDS | SPELL_DECLARABLE);
	abi_type_id inside = depth < DEEPEST ? nameless(printer->model, id) : 0;
	const char *body = inside ? memmem(text.bytes.at, text.bytes.n, "{...}", 5) : NULL;
	const char *word = inside ? keyword(abi_type(printer->model, inside)->kind) : "";
	size_t before = body ? (size_t)(body - text.bytes.at) - strlen(word) - 1 : 0;
	if (body) {
		text_add(printer->out, (struct str){text.bytes.at, (uint32_t)before});
		put_body(printer, inside, depth);
		text_add(printer->out,
			 (struct str){body + 5, (uint32_t)(text.bytes.n - (uint32_t)(body + 5 - text.bytes.at))});
	} else {
		text_add(printer->out, text_str(&text));
	}
	text_free(&text);
}

/* Bits that no member has. The structure is packed, so that they are where they are said to be. */
static void put_gap(struct printer *printer, uint64_t from, uint64_t to, unsigned depth)
{
	while (from < to) {
		uint64_t bits = from % 8 ? min_u64(to - from, 8 - from % 8) : to - from < 8 ? to - from : 0;
		indent(printer->out, depth);
		if (bits) {
			text_print(printer->out, "unsigned char : %llu;\n", ULL(bits));
			from += bits;
		} else {
			text_print(printer->out, "char gild_pad%u[%llu];\n", printer->pads++, ULL((to - from) / 8));
			from += (to - from) / 8 * 8;
		}
	}
}

/* Where the next member begins; behind the last one, where the type ends. */
static uint64_t next_begin(const struct abi_model *model, const struct abi_definition *definition, uint32_t i)
{
	for (i++; i < definition->first + definition->n; i++) {
		const struct abi_member *member = &model->members.at[i];
		if ((member->kind == ABI_FIELD || member->kind == ABI_BASE_CLASS) && !member->is_virtual)
			return member->bit_offset;
	}
	return definition->size * 8;
}

static void put_field(struct printer *printer, const struct abi_member *member, uint64_t room, unsigned depth)
{
	const struct abi_model *model = printer->model;
	uint64_t size = abi_size(model, member->type);
	struct text name = {0};
	if (member->kind == ABI_BASE_CLASS)
		text_print(&name, "base_");
	text_add(&name, member->kind == ABI_BASE_CLASS ? abi_type(model, member->type)->name : member->name);
	indent(printer->out, depth);
	if (!member->is_bit_field && size * 8 > room) /* what derives from it uses its padding */
		text_print(printer->out, "char %.*s[%llu]", (int)name.bytes.n, text_str(&name).at, ULL(room / 8));
	else if (!member->is_bit_field && size == 0 &&
		 abi_type(model, abi_strip(model, member->type))->kind != ABI_ARRAY)
		text_print(printer->out, "char %.*s[0]", (int)name.bytes.n, text_str(&name).at);
	else
		put_declaration(printer, member->type, text_str(&name), depth);
	if (member->is_bit_field)
		text_print(printer->out, " : %llu", ULL(member->bit_size));
	text_print(printer->out, ";\n");
	text_free(&name);
}

static void put_fields(struct printer *printer, uint32_t index, bool is_union, unsigned depth)
{
	const struct abi_definition definition = printer->model->definitions.at[index];
	uint64_t at = 0;
	for (uint32_t i = definition.first; i < definition.first + definition.n; i++) {
		const struct abi_member member = printer->model->members.at[i];
		if (depth > 1 && !may_go_on(printer))
			return;
		if ((member.kind != ABI_FIELD && member.kind != ABI_BASE_CLASS) || member.is_virtual ||
		    member.bit_offset < at)
			continue;
		uint64_t next = is_union ? definition.size * 8 : next_begin(printer->model, &definition, i);
		if (!is_union)
			put_gap(printer, at, member.bit_offset, depth);
		put_field(printer, &member, next > member.bit_offset ? next - member.bit_offset : 0, depth);
		uint64_t end = abi_member_end(printer->model, &member);
		at = is_union			? 0
		     : next > member.bit_offset ? min_u64(end, max_u64(next, member.bit_offset))
						: member.bit_offset;
	}
	if (!is_union)
		put_gap(printer, at, definition.size * 8, depth);
	else if (definition.size > 0)
		put_gap(printer, 0, definition.size * 8,
			depth); /* as large as the union: a union may end with padding, too */
}

/* ---- definitions ------------------------------------------------------------------------------------------ */

static void put_assertions(struct printer *printer, const struct abi_type *type,
			   const struct abi_definition *definition)
{
	const char *word = keyword(type->kind);
	text_print(printer->out, "_Static_assert(sizeof(%s %.*s) == %llu, \"size\");\n", word, (int)type->name.len,
		   type->name.at, ULL(definition->size));
	for (uint32_t i = definition->first; i < definition->first + definition->n; i++) {
		const struct abi_member *member = &printer->model->members.at[i];
		if (member->kind == ABI_FIELD && member->name.len && !member->is_bit_field)
			text_print(printer->out,
				   "_Static_assert(__builtin_offsetof(%s %.*s, %.*s) == %llu, \"offset\");\n", word,
				   (int)type->name.len, type->name.at, (int)member->name.len, member->name.at,
				   ULL(member->bit_offset / 8));
	}
}

static void define_typedef(struct printer *printer, const struct abi_type *type)
{
	abi_type_id target = 0;
	if (type->definition != ABI_NO_DEFINITION)
		target = printer->model->definitions.at[type->definition].target;
	need(printer, target, false, 0);
	text_print(printer->out, "typedef ");
	put_declaration(printer, target, type->name, 0);
	text_print(printer->out, ";\n");
}

static void define_tag(struct printer *printer, const struct abi_type *type)
{
	const struct abi_definition definition = printer->model->definitions.at[type->definition];
	for (uint32_t i = definition.first; i < definition.first + definition.n; i++)
		if (printer->model->members.at[i].kind <= ABI_BASE_CLASS)
			need(printer, printer->model->members.at[i].type, true, 0);
	text_print(printer->out, "\n%s %.*s {\n", keyword(type->kind), (int)type->name.len, type->name.at);
	if (type->kind == ABI_ENUM) {
		put_enumerators(printer, type, &definition, 1);
		text_print(printer->out, "}%s;\n", enum_attribute(&definition));
	} else {
		put_fields(printer, type->definition, type->kind == ABI_UNION, 1);
		text_print(printer->out, "} __attribute__((packed, aligned(%llu)));\n",
			   ULL(abi_definition_align(printer->model, type->definition)));
		put_assertions(printer, type, &definition);
	}
}

static void define(struct printer *printer, abi_type_id id)
{
	const struct abi_type type = *abi_type(printer->model, id);
	if (printer->state[id] >= IN_WORK)
		return;
	if (printer->state[id] == NOTHING && (type.kind == ABI_STRUCT || type.kind == ABI_UNION))
		text_print(printer->out, "%s %.*s;\n", keyword(type.kind), (int)type.name.len, type.name.at);
	if (printer->depth == MOST_NESTED) {
		if (printer->state[id] != TOO_DEEP)
			text_print(printer->out, "/* %.*s is not defined: it is inside of too many others */\n",
				   (int)type.name.len, type.name.at);
		printer->state[id] = TOO_DEEP;
		return;
	}
	printer->state[id] = IN_WORK;
	printer->depth++;
	if (type.kind == ABI_TYPEDEF)
		define_typedef(printer, &type);
	else if (type.definition != ABI_NO_DEFINITION)
		define_tag(printer, &type);
	printer->depth--;
	printer->state[id] = DEFINED;
}

void abi_header_print(struct text *out, struct abi_model *model, const abi_type_id *types, uint32_t n)
{
	make_c(model);
	struct printer printer = {.out = out, .model = model, .state = calloc(model->types.n, 1), .left = MOST_UNNAMED};
	if (!printer.state)
		out_of_memory();
	for (uint32_t i = 0; i < n; i++)
		define(&printer, types[i]);
	if (printer.is_cut)
		text_print(out, "\n/* cut off: types without names are inside of each other too often */\n");
	free(printer.state);
}

/* ---- offsets ---------------------------------------------------------------------------------------------- */

struct namer {
	struct text *out;
	const struct abi_model *model;
	struct text prefix;
	uint32_t left; /* of MOST_UNNAMED */
	bool is_cut;
};

static void add_upper(struct text *text, struct str name)
{
	for (uint32_t i = 0; i < name.len; i++)
		text_print(text, "%c", isalnum((unsigned char)name.at[i]) ? toupper((unsigned char)name.at[i]) : '_');
}

static void put_offsets(struct namer *namer, const struct abi_definition *definition, uint64_t base, unsigned depth)
{
	const struct abi_model *model = namer->model;
	for (uint32_t i = definition->first; i < definition->first + definition->n; i++) {
		const struct abi_member *member = &model->members.at[i];
		uint32_t length = namer->prefix.bytes.n;
		namer->is_cut |= (depth && !namer->left--) || namer->out->bytes.n > MOST_BYTES;
		if (namer->is_cut)
			return;
		if (member->kind != ABI_FIELD)
			continue;
		uint64_t at = base + member->bit_offset;
		if (member->name.len) {
			add_upper(&namer->prefix, member->name);
			struct str name = text_str(&namer->prefix);
			if (member->is_bit_field)
				text_print(namer->out, "#define %.*s_BIT_OFFSET %llu\n#define %.*s_BITS %llu\n",
					   (int)name.len, name.at, ULL(at), (int)name.len, name.at,
					   ULL(member->bit_size));
			else
				text_print(namer->out, "#define %.*s_OFFSET %llu\n", (int)name.len, name.at,
					   ULL(at / 8));
			text_print(&namer->prefix, "_");
		}
		const struct abi_type *type = abi_type(model, abi_strip_qualifiers(model, member->type));
		if ((type->kind == ABI_STRUCT || type->kind == ABI_UNION) && !type->name.len && depth < DEEPEST &&
		    type->definition != ABI_NO_DEFINITION)
			put_offsets(namer, &model->definitions.at[type->definition], at, depth + 1);
		namer->prefix.bytes.n = length;
	}
}

void abi_offsets_print(struct text *out, const struct abi_model *model, abi_type_id id, uint32_t index)
{
	struct namer namer = {.out = out, .model = model, .left = MOST_UNNAMED};
	const struct abi_definition *definition = &model->definitions.at[index];
	add_upper(&namer.prefix, abi_type(model, id)->name);
	text_print(out, "#define %.*s_SIZE %llu\n", (int)namer.prefix.bytes.n, text_str(&namer.prefix).at,
		   ULL(definition->size));
	text_print(&namer.prefix, "_");
	put_offsets(&namer, definition, 0, 0);
	if (namer.is_cut)
		text_print(out, "/* cut off: too many members are inside of each other */\n");
	text_free(&namer.prefix);
}
