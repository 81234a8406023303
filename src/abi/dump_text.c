#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#include "abi/dump.h"
#include "abi/layout.h"
#include "base/demangle.h"

enum { DEEPEST = 32 };

#define ULL(x) ((unsigned long long)(x))

char *abi_demangle(struct str name)
{
	if (name.len < 3 || memcmp(name.at, "_Z", 2) != 0)
		return NULL;
	char *text = strndup(name.at, name.len);
	char *demangled = text ? demangle_name(text, DMGL_PARAMS | DMGL_ANSI, DEMANGLE_TO_SHOW) : NULL;
	free(text);
	return demangled;
}

const char *abi_symbol_kind_name(enum abi_symbol_kind kind)
{
	static const char *const names[] = {
		[ABI_SYMBOL_FUNCTION] = "function", [ABI_SYMBOL_OBJECT] = "variable",
		[ABI_SYMBOL_TLS] = "thread-local",  [ABI_SYMBOL_IFUNC] = "indirect-function",
		[ABI_SYMBOL_OTHER] = "symbol",
	};
	return names[kind];
}

const char *abi_kind_name(enum abi_kind kind)
{
	static const char *const names[ABI_N_KINDS] = {
		[ABI_VOID] = "void",
		[ABI_BASE] = "base",
		[ABI_POINTER] = "pointer",
		[ABI_REFERENCE] = "reference",
		[ABI_RVALUE_REFERENCE] = "rvalue-reference",
		[ABI_MEMBER_POINTER] = "member-pointer",
		[ABI_CONST] = "const",
		[ABI_VOLATILE] = "volatile",
		[ABI_RESTRICT] = "restrict",
		[ABI_ATOMIC] = "atomic",
		[ABI_ARRAY] = "array",
		[ABI_VECTOR] = "vector",
		[ABI_FUNCTION] = "function",
		[ABI_TYPEDEF] = "typedef",
		[ABI_STRUCT] = "struct",
		[ABI_UNION] = "union",
		[ABI_ENUM] = "enum",
		[ABI_UNSPECIFIED] = "unspecified",
		[ABI_UNKNOWN] = "unknown",
	};
	return names[kind];
}

const char *abi_member_kind_name(enum abi_member_kind kind)
{
	static const char *const names[] = {
		[ABI_FIELD] = "field",		 [ABI_BASE_CLASS] = "base",	[ABI_VIRTUAL] = "virtual",
		[ABI_ENUMERATOR] = "enumerator", [ABI_PARAMETER] = "parameter",
	};
	return names[kind];
}

/* ---- entities --------------------------------------------------------------------------------------------- */

struct by_name {
	const struct abi_type *type;
	abi_type_id id;
};

static int compare_entities(const void *a, const void *b)
{
	const struct by_name *x = a, *y = b;
	if (x->type->kind != y->type->kind)
		return x->type->kind < y->type->kind ? -1 : 1;
	return str_compare(x->type->name, y->type->name);
}

const abi_type_id *abi_sorted_entities(struct abi_model *model, uint32_t *n)
{
	ARRAY(struct by_name) found = {0};
	for (abi_type_id id = 1; id < model->types.n; id++) {
		const struct abi_type *type = abi_type(model, id);
		if (type->name.len && (type->kind == ABI_TYPEDEF || abi_is_tag(type->kind)))
			*array_push(&found) = (struct by_name){type, id};
	}
	if (found.n)
		qsort(found.at, found.n, sizeof(*found.at), compare_entities);
	abi_type_id *ids = arena_array(&model->arena, abi_type_id, found.n);
	for (uint32_t i = 0; i < found.n; i++)
		ids[i] = found.at[i].id;
	*n = found.n;
	array_free(&found);
	return ids;
}

/* ---- members ---------------------------------------------------------------------------------------------- */

static void put_members(struct text *out, const struct abi_model *model, const struct abi_definition *definition,
			uint64_t base, unsigned depth);

/* What has no name is shown where it is used. */
static const struct abi_definition *inside_of(const struct abi_model *model, abi_type_id id)
{
	for (unsigned i = 0; i < DEEPEST; i++) {
		const struct abi_type *type = abi_type(model, id);
		if (abi_is_tag(type->kind))
			return type->name.len ? NULL : abi_definition(model, id);
		if (type->kind != ABI_ARRAY && type->kind != ABI_CONST && type->kind != ABI_VOLATILE &&
		    type->kind != ABI_POINTER)
			return NULL;
		id = type->target;
	}
	return NULL;
}

static void put_inside(struct text *out, const struct abi_model *model, abi_type_id id, uint64_t base, unsigned depth)
{
	const struct abi_definition *inside = depth < DEEPEST && out->bytes.n < 1u << 30 ? inside_of(model, id) : NULL;
	if (inside)
		put_members(out, model, inside, base, depth);
}

static void put_member(struct text *out, const struct abi_model *model, const struct abi_member *member, uint64_t base,
		       unsigned depth)
{
	uint64_t at = base + member->bit_offset;
	text_print(out, "%*s", (int)depth * 4, "");
	switch ((enum abi_member_kind)member->kind) {
	case ABI_ENUMERATOR:
		text_add(out, member->name);
		text_print(out, " = %lld\n", (long long)member->value);
		return;
	case ABI_VIRTUAL:
		if (member->bit_offset == UINT64_MAX)
			text_print(out, "virtual ?: %.*s", (int)member->name.len, member->name.at);
		else
			text_print(out, "virtual %llu: %.*s", ULL(member->bit_offset), (int)member->name.len,
				   member->name.at);
		if (member->type) {
			text_print(out, " : ");
			abi_spell(out, model, member->type, (struct str){"", 0}, SPELL_PLAIN);
		}
		text_print(out, "\n");
		return;
	case ABI_BASE_CLASS:
		if (member->is_virtual)
			text_print(out, "virtual base ");
		else
			text_print(out, "%llu: base ", ULL(at / 8));
		abi_spell_name(out, model, member->type, SPELL_PLAIN);
		text_print(out, "\n");
		return;
	default:
		break;
	}
	text_print(out, "%llu", ULL(at / 8));
	if (member->is_bit_field)
		text_print(out, ".%llu", ULL(at % 8));
	text_print(out, ": ");
	abi_spell(out, model, member->type, member->name, SPELL_PLAIN);
	if (member->is_bit_field)
		text_print(out, ":%llu", ULL(member->bit_size));
	text_print(out, "\n");
	put_inside(out, model, member->type, abi_type(model, member->type)->kind == ABI_POINTER ? 0 : at, depth + 1);
}

static void put_members(struct text *out, const struct abi_model *model, const struct abi_definition *definition,
			uint64_t base, unsigned depth)
{
	for (uint32_t i = definition->first; i < definition->first + definition->n; i++)
		put_member(out, model, &model->members.at[i], base, depth);
}

static void put_meaning(struct text *out, const struct abi_model *model, abi_type_id id, uint32_t index)
{
	const struct abi_type *type = abi_type(model, id);
	const struct abi_definition *definition = &model->definitions.at[index];
	if (type->kind == ABI_TYPEDEF) {
		text_print(out, "typedef %.*s = ", (int)type->name.len, type->name.at);
		abi_spell(out, model, definition->target, (struct str){"", 0}, SPELL_PLAIN);
		text_print(out, "\n");
		put_inside(out, model, definition->target, 0, 1);
		return;
	}
	abi_spell_name(out, model, id, SPELL_KEYWORDS);
	text_print(out, ", size %llu", ULL(definition->size));
	if (type->kind != ABI_ENUM)
		text_print(out, ", align %llu", ULL(abi_definition_align(model, index)));
	text_print(out, "\n");
	put_members(out, model, definition, 0, 1);
}

/* ----------------------------------------------------------------------------------------------------------- */

static void put_symbol(struct text *out, const struct abi_model *model, const struct abi_symbol *symbol)
{
	text_print(out, "%s %.*s", abi_symbol_kind_name(symbol->kind), (int)symbol->name.len, symbol->name.at);
	if (symbol->version.len)
		text_print(out, "%s%.*s", symbol->is_default ? "@@" : "@", (int)symbol->version.len,
			   symbol->version.at);
	if (symbol->is_weak)
		text_print(out, ", weak");
	if (symbol->kind == ABI_SYMBOL_OBJECT || symbol->kind == ABI_SYMBOL_TLS)
		text_print(out, ", size %llu", ULL(symbol->size));
	text_print(out, " : ");
	if (symbol->has_type)
		abi_spell(out, model, symbol->type, (struct str){"", 0}, SPELL_PLAIN);
	else
		text_print(out, "?");
	char *demangled = abi_demangle(symbol->name);
	if (demangled)
		text_print(out, "    # %s", demangled);
	free(demangled);
	text_print(out, "\n");
	if (symbol->has_type)
		put_inside(out, model, symbol->type, 0, 1);
}

void abi_dump_text(struct text *out, struct abi_model *model)
{
	uint32_t n;
	const abi_type_id *entities = abi_sorted_entities(model, &n);
	text_print(out, "gild-abi 1\n");
	if (model->soname.len)
		text_print(out, "soname %.*s\n", (int)model->soname.len, model->soname.at);
	if (!model->has_types)
		text_print(out, "# There is no debug information: symbols only.\n");
	for (uint32_t i = 0; i < model->promises.n; i++)
		text_print(out, "promise %.*s = %.*s\n", (int)model->promises.at[i].name.len,
			   model->promises.at[i].name.at, (int)model->promises.at[i].value.len,
			   model->promises.at[i].value.at);
	text_print(out, "\n");
	for (uint32_t i = 0; i < model->symbols.n; i++)
		put_symbol(out, model, &model->symbols.at[i]);
	if (n)
		text_print(out, "\n");
	for (uint32_t i = 0; i < n; i++) {
		const struct abi_type *type = abi_type(model, entities[i]);
		if (type->definition == ABI_NO_DEFINITION) {
			abi_spell_name(out, model, entities[i], SPELL_KEYWORDS);
			text_print(out, ", not defined here\n");
		}
		for (uint32_t d = type->definition; d != ABI_NO_DEFINITION; d = model->definitions.at[d].next)
			put_meaning(out, model, entities[i], d);
	}
}
