#include "abi/spell.h"

#include <stdio.h>
#include <string.h>

/* Hostile types have names without end. What is longer ends with "...". */
enum { MOST_TYPES = 1000, MOST_BYTES = 1 << 20 };

void text_add(struct text *text, struct str more)
{
	text->bytes.at = array_reserve(text->bytes.at, text->bytes.n, &text->bytes.cap, 1, more.len);
	if (more.len)
		memcpy(text->bytes.at + text->bytes.n, more.at, more.len);
	text->bytes.n += more.len;
}

void text_vprint(struct text *text, const char *format, va_list arguments)
{
	char *made = NULL;
	int len = vasprintf(&made, format, arguments);
	if (len < 0)
		out_of_memory();
	text_add(text, (struct str){made, (uint32_t)len});
	free(made);
}

void text_print(struct text *text, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	text_vprint(text, format, arguments);
	va_end(arguments);
}

void text_free(struct text *text)
{
	array_free(&text->bytes);
}

static void add(struct text *text, const char *more)
{
	text_add(text, str_from(more));
}

struct speller {
	const struct abi_model *model;
	unsigned how;
	unsigned left; /* types that may still be spelled */
	const struct text *out;
	uint32_t begin; /* in `out`, which may have other text in front */
};

/* What stands before and behind the name in a declaration, and what is still to be said in front of it all. */
struct declarator {
	struct text before, behind, qualifiers;
};

static void spell(struct speller *speller, struct text *out, abi_type_id id, struct str name);

static const char *qualifier(enum abi_kind kind)
{
	switch (kind) {
	case ABI_CONST:
		return "const";
	case ABI_VOLATILE:
		return "volatile";
	case ABI_RESTRICT:
		return "restrict";
	default:
		return "_Atomic";
	}
}

static bool has_scope(struct str name)
{
	for (uint32_t i = 0; i < name.len; i++)
		if (name.at[i] == '<' || (name.at[i] == ':' && i + 1 < name.len && name.at[i + 1] == ':'))
			return true;
	return false;
}

static void spell_tag(struct text *out, const struct abi_model *model, const struct abi_type *type, unsigned how)
{
	const struct abi_definition *definition =
		type->definition == ABI_NO_DEFINITION ? NULL : &model->definitions.at[type->definition];
	const char *keyword = type->kind == ABI_UNION		   ? "union"
			      : type->kind == ABI_ENUM		   ? "enum"
			      : definition && definition->is_class ? "class"
								   : "struct";
	if (how & SPELL_KEYWORDS || !has_scope(type->name))
		text_print(out, "%s ", keyword);
	if (type->name.len)
		text_add(out, type->name);
	else
		add(out, "{...}");
}

void abi_spell_name(struct text *out, const struct abi_model *model, abi_type_id id, unsigned how)
{
	const struct abi_type *type = abi_type(model, id);
	if (abi_is_tag(type->kind))
		spell_tag(out, model, type, how);
	else if (type->kind == ABI_VOID)
		add(out, "void");
	else if (type->name.len)
		text_add(out, type->name);
	else
		add(out, "(unknown)");
}

static void put_before(struct text *text, const char *first, struct str second)
{
	struct text made = {0};
	add(&made, first);
	text_add(&made, second);
	text_add(&made, text_str(text));
	text_free(text);
	*text = made;
}

static void spell_parameters(struct speller *speller, struct text *out, const struct abi_type *function)
{
	const struct abi_model *model = speller->model;
	bool any = false;
	for (uint32_t i = function->first; i < function->first + function->n; i++) {
		if (model->members.at[i].is_artificial)
			continue;
		if (any)
			add(out, ", ");
		spell(speller, out, model->members.at[i].type, (struct str){"", 0});
		any = true;
	}
	if (function->flags & ABI_VARIADIC)
		add(out, any ? ", ..." : speller->how & SPELL_DECLARABLE ? "" : "...");
	else if (!any && !(function->flags & ABI_UNPROTOTYPED))
		add(out, "void");
}

void abi_spell_parameters(struct text *out, const struct abi_model *model, const struct abi_type *function,
			  unsigned how)
{
	struct speller speller = {model, how, MOST_TYPES, out, out->bytes.n};
	spell_parameters(&speller, out, function);
}

/* A pointer, or what is like one. Its own qualifiers come behind the star. */
static void add_pointer(struct declarator *declarator, const struct abi_model *model, const struct abi_type *type)
{
	enum abi_kind behind = model->types.at[abi_strip_qualifiers(model, type->target)].kind;
	bool needs_parentheses = behind == ABI_ARRAY || behind == ABI_FUNCTION;
	struct text star = {0};
	if (needs_parentheses)
		add(&star, "(");
	if (type->kind == ABI_MEMBER_POINTER) {
		text_add(&star, model->types.at[type->owner].name);
		add(&star, "::");
	}
	add(&star, type->kind == ABI_REFERENCE ? "&" : type->kind == ABI_RVALUE_REFERENCE ? "&&" : "*");
	text_add(&star, text_str(&declarator->qualifiers));
	declarator->qualifiers.bytes.n = 0;
	put_before(&declarator->before, "", text_str(&star));
	if (needs_parentheses)
		add(&declarator->behind, ")");
	text_free(&star);
}

static bool is_too_long(const struct declarator *declarator)
{
	return declarator->before.bytes.n > MOST_BYTES || declarator->behind.bytes.n > MOST_BYTES;
}

/* Goes from the outermost part of a type to its name. */
static abi_type_id take_apart(struct speller *speller, struct declarator *declarator, abi_type_id id)
{
	const struct abi_model *model = speller->model;
	while (speller->left-- > 0 && !is_too_long(declarator)) {
		const struct abi_type *type = abi_type(model, id);
		switch ((enum abi_kind)type->kind) {
		case ABI_CONST:
		case ABI_VOLATILE:
		case ABI_RESTRICT:
		case ABI_ATOMIC:
			text_print(&declarator->qualifiers, "%s ", qualifier(type->kind));
			break;
		case ABI_POINTER:
		case ABI_REFERENCE:
		case ABI_RVALUE_REFERENCE:
		case ABI_MEMBER_POINTER:
			add_pointer(declarator, model, type);
			break;
		case ABI_ARRAY:
			if (type->size == ABI_UNBOUNDED)
				add(&declarator->behind, speller->how & SPELL_DECLARABLE ? "[0]" : "[]");
			else
				text_print(&declarator->behind, "[%llu]", (unsigned long long)type->size);
			break;
		case ABI_VECTOR:
			text_print(&declarator->behind, " __attribute__((vector_size(%llu)))",
				   (unsigned long long)abi_size(model, id));
			break;
		case ABI_FUNCTION:
			add(&declarator->behind, "(");
			spell_parameters(speller, &declarator->behind, type);
			add(&declarator->behind, ")");
			break;
		default:
			return id;
		}
		id = type->target;
	}
	speller->left = 0;
	return 0;
}

static void spell(struct speller *speller, struct text *out, abi_type_id id, struct str name)
{
	struct declarator declarator = {0};
	if (out->bytes.n - (out == speller->out ? speller->begin : 0) > MOST_BYTES)
		speller->left = 0;
	if (speller->left == 0) {
		add(out, "...");
		return;
	}
	id = take_apart(speller, &declarator, id);
	struct str before = text_str(&declarator.before);
	if (!name.len && before.len && before.at[before.len - 1] == ' ')
		declarator.before.bytes.n--; /* behind a qualifier that no name follows */
	text_add(out, text_str(&declarator.qualifiers));
	abi_spell_name(out, speller->model, id, speller->how);
	if (declarator.before.bytes.n || name.len ||
	    (declarator.behind.bytes.n && declarator.behind.bytes.at[0] == '('))
		add(out, " ");
	text_add(out, text_str(&declarator.before));
	text_add(out, name);
	text_add(out, text_str(&declarator.behind));
	text_free(&declarator.before);
	text_free(&declarator.behind);
	text_free(&declarator.qualifiers);
}

void abi_spell(struct text *out, const struct abi_model *model, abi_type_id id, struct str name, unsigned how)
{
	struct speller speller = {model, how, MOST_TYPES, out, out->bytes.n};
	spell(&speller, out, id, name);
}

const char *abi_spelled(struct abi_model *model, abi_type_id id)
{
	struct text text = {0};
	abi_spell(&text, model, id, (struct str){"", 0}, SPELL_PLAIN);
	const char *copy = arena_strndup(&model->arena, text_str(&text).at, text.bytes.n);
	text_free(&text);
	return copy;
}
