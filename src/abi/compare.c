#include "abi/compare.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dwarf/constants.h"

enum { DEEPEST = 64, FIRST_SLOTS = 256 };

void abi_tell(struct abi_comparer *comparer, const char *format, ...)
{
	va_list arguments;
	char *made = NULL;
	va_start(arguments, format);
	int len = vasprintf(&made, format, arguments);
	va_end(arguments);
	if (len < 0)
		out_of_memory();
	*array_push(comparer->details) = arena_strndup(&comparer->diff->arena, made, (size_t)len);
	free(made);
}

/* ---- pairs ------------------------------------------------------------------------------------------------ */

static uint64_t hash_pair(abi_type_id from, abi_type_id to)
{
	uint64_t hash = ((uint64_t)from << 32 | to) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 32;
}

static uint32_t *pair_slot(const struct abi_comparer *comparer, abi_type_id from, abi_type_id to)
{
	uint64_t slot = hash_pair(from, to) & (comparer->n_slots - 1);
	for (;; slot = (slot + 1) & (comparer->n_slots - 1)) {
		uint32_t index = comparer->table[slot];
		if (!index || (comparer->pairs.at[index - 1].from == from && comparer->pairs.at[index - 1].to == to))
			return &comparer->table[slot];
	}
}

static void grow(struct abi_comparer *comparer)
{
	comparer->n_slots = comparer->n_slots ? comparer->n_slots * 2 : FIRST_SLOTS;
	free(comparer->table);
	comparer->table = calloc(comparer->n_slots, sizeof(*comparer->table));
	if (!comparer->table)
		out_of_memory();
	for (uint32_t i = 0; i < comparer->pairs.n; i++)
		*pair_slot(comparer, comparer->pairs.at[i].from, comparer->pairs.at[i].to) = i + 1;
}

static void note_pair(struct abi_comparer *comparer, abi_type_id from, abi_type_id to)
{
	if (comparer->pairs.n * 2 >= comparer->n_slots)
		grow(comparer);
	uint32_t *slot = pair_slot(comparer, from, to);
	if (!*slot) {
		*array_push(&comparer->pairs) = (struct abi_pair){from, to, comparer->node, comparer->how};
		*slot = comparer->pairs.n;
	}
	*array_push(&comparer->edges) = (struct abi_edge){comparer->node, *slot - 1};
}

/* ---- words ------------------------------------------------------------------------------------------------ */

static const char *spelled(struct abi_comparer *comparer, const struct abi_model *model, abi_type_id id)
{
	struct text text = {0};
	abi_spell(&text, model, id, (struct str){"", 0}, SPELL_PLAIN);
	const char *copy = arena_strndup(&comparer->diff->arena, text_str(&text).at, text.bytes.n);
	text_free(&text);
	return copy;
}

/* "parameter 1: int (4 bytes) became long (8 bytes)". */
static enum abi_verdict tell_types(struct abi_comparer *comparer, enum abi_verdict verdict, const char *where,
				   abi_type_id from, abi_type_id to, const char *why)
{
	const char *old = spelled(comparer, comparer->from, from), *now = spelled(comparer, comparer->to, to);
	uint64_t old_size = abi_size(comparer->from, from), new_size = abi_size(comparer->to, to);
	if (old_size != new_size)
		abi_tell(comparer, "%s: %s (%llu bytes) became %s (%llu bytes)%s", where, old,
			 (unsigned long long)old_size, now, (unsigned long long)new_size, why);
	else
		abi_tell(comparer, "%s: %s became %s%s", where, old, now, why);
	return verdict;
}

/* ---- types ------------------------------------------------------------------------------------------------ */

static bool is_pointer(enum abi_kind kind)
{
	return kind == ABI_POINTER || kind == ABI_REFERENCE || kind == ABI_RVALUE_REFERENCE;
}

/* Numbers are passed in registers of two kinds (x86-64 psABI, section 3.2.3). */
static bool is_float(const struct abi_type *type)
{
	return type->kind == ABI_BASE && (type->encoding == DW_ATE_float || type->encoding == DW_ATE_complex_float);
}

static bool is_number(const struct abi_type *type)
{
	return type->kind == ABI_BASE || type->kind == ABI_ENUM;
}

static bool is_unsigned(const struct abi_type *type)
{
	return type->encoding == DW_ATE_unsigned || type->encoding == DW_ATE_unsigned_char ||
	       type->encoding == DW_ATE_UTF;
}

static enum abi_verdict compare_numbers(struct abi_comparer *comparer, abi_type_id from, abi_type_id to,
					const char *where)
{
	const struct abi_type *a = abi_type(comparer->from, from), *b = abi_type(comparer->to, to);
	uint64_t old_size = abi_size(comparer->from, from), new_size = abi_size(comparer->to, to);
	if (old_size != new_size && old_size && new_size)
		return tell_types(comparer, ABI_BREAKS_CALLERS, where, from, to, "");
	if (is_float(a) != is_float(b) || (is_float(a) && a->encoding != b->encoding))
		return tell_types(comparer, ABI_BREAKS_CALLERS, where, from, to, ": other registers");
	if (a->kind == ABI_BASE && b->kind == ABI_BASE && is_unsigned(a) != is_unsigned(b))
		return tell_types(comparer, ABI_COMPATIBLE, where, from, to, ": the same bits, of which one is a sign");
	if (a->kind != b->kind)
		return tell_types(comparer, ABI_COMPATIBLE, where, from, to, ": the same bits");
	return ABI_SAME; /* long and long long, or two compilers' names */
}

/* Anything may be behind such a pointer. */
static bool is_any(const struct abi_model *model, abi_type_id id)
{
	const struct abi_type *type = abi_type(model, id);
	return type->kind == ABI_VOID || type->kind == ABI_UNKNOWN || (type->kind == ABI_BASE && type->size <= 1);
}

static bool is_const(const struct abi_model *model, abi_type_id id)
{
	for (;; id = abi_type(model, id)->target) {
		enum abi_kind kind = abi_type(model, id)->kind;
		if (kind == ABI_CONST)
			return true;
		if (kind != ABI_VOLATILE && kind != ABI_RESTRICT && kind != ABI_ATOMIC)
			return false;
	}
}

static enum abi_verdict compare_pointees(struct abi_comparer *comparer, abi_type_id from, abi_type_id to,
					 const char *where)
{
	abi_type_id old = abi_strip(comparer->from, from), now = abi_strip(comparer->to, to);
	enum abi_kind a = abi_type(comparer->from, old)->kind, b = abi_type(comparer->to, now)->kind;
	if (a != b && (is_any(comparer->from, old) || is_any(comparer->to, now)))
		return tell_types(comparer, ABI_COMPATIBLE, where, from, to, " behind a pointer");
	const char *behind = arena_printf(&comparer->diff->arena, "%s, behind the pointer", where);
	enum abi_verdict verdict = abi_compare_types(comparer, from, to, behind);
	if (verdict == ABI_SAME && is_const(comparer->from, from) != is_const(comparer->to, to))
		verdict = tell_types(comparer, ABI_COMPATIBLE, behind, from, to, "");
	return verdict;
}

static enum abi_verdict compare_arrays(struct abi_comparer *comparer, abi_type_id from, abi_type_id to,
				       const char *where)
{
	const struct abi_type *a = abi_type(comparer->from, from), *b = abi_type(comparer->to, to);
	if (a->size != b->size && a->size != ABI_UNBOUNDED && b->size != ABI_UNBOUNDED)
		return tell_types(comparer, ABI_BREAKS_LAYOUT, where, from, to, "");
	return abi_compare_types(comparer, a->target, b->target,
				 arena_printf(&comparer->diff->arena, "%s, elements", where));
}

/* Entities of different names, or something without a name: what counts is what they are made of. */
static enum abi_verdict compare_structures(struct abi_comparer *comparer, abi_type_id from, abi_type_id to,
					   const char *where)
{
	const struct abi_type *a = abi_type(comparer->from, from), *b = abi_type(comparer->to, to);
	bool is_old_known = a->definition != ABI_NO_DEFINITION, is_new_known = b->definition != ABI_NO_DEFINITION;
	if (!is_old_known && !is_new_known && str_equal(a->name, b->name))
		return ABI_SAME;
	if (!is_old_known || !is_new_known)
		return tell_types(comparer, ABI_COMPATIBLE, where, from, to, ": callers see the name only");
	uint32_t told = comparer->details->n;
	enum abi_verdict verdict = abi_compare_definitions(comparer, a->kind, a->definition, b->definition, where);
	if (!a->name.len || !b->name.len)
		return verdict;
	if (verdict > ABI_COMPATIBLE) {
		comparer->details->n = told;
		return tell_types(comparer, ABI_BREAKS_CALLERS, where, from, to, "");
	}
	return tell_types(comparer, ABI_COMPATIBLE, where, from, to, ": the same under another name");
}

static enum abi_verdict compare_tags(struct abi_comparer *comparer, abi_type_id from, abi_type_id to, const char *where)
{
	const struct abi_type *a = abi_type(comparer->from, from), *b = abi_type(comparer->to, to);
	if (a->kind != b->kind)
		return tell_types(comparer, ABI_BREAKS_CALLERS, where, from, to, "");
	if (a->name.len && str_equal(a->name, b->name)) {
		note_pair(comparer, from, to);
		return ABI_SAME;
	}
	return compare_structures(comparer, from, to, where);
}

static enum abi_verdict compare_stripped(struct abi_comparer *comparer, abi_type_id from, abi_type_id to,
					 const char *where)
{
	const struct abi_type *a = abi_type(comparer->from, from), *b = abi_type(comparer->to, to);
	enum abi_kind kind = a->kind;
	if (kind == ABI_UNKNOWN || b->kind == ABI_UNKNOWN)
		return ABI_SAME;
	if (is_number(a) && is_number(b) && (kind != ABI_ENUM || b->kind != ABI_ENUM))
		return compare_numbers(comparer, from, to, where);
	if (abi_is_tag(kind) && abi_is_tag(b->kind))
		return compare_tags(comparer, from, to, where);
	if (is_pointer(kind) && is_pointer(b->kind)) {
		enum abi_verdict verdict =
			kind == b->kind ? ABI_SAME
					: tell_types(comparer, ABI_COMPATIBLE, where, from, to, ": the same bits");
		return abi_worse(verdict, compare_pointees(comparer, a->target, b->target, where));
	}
	if (kind != b->kind) {
		bool gains_result = kind == ABI_VOID && strcmp(where, "result") == 0;
		return tell_types(comparer, gains_result ? ABI_COMPATIBLE : ABI_BREAKS_CALLERS, where, from, to, "");
	}
	switch (kind) {
	case ABI_ARRAY:
	case ABI_VECTOR:
		return compare_arrays(comparer, from, to, where);
	case ABI_FUNCTION:
		return abi_compare_functions(comparer, a, b);
	case ABI_MEMBER_POINTER:
		return abi_worse(abi_compare_types(comparer, a->owner, b->owner, where),
				 abi_compare_types(comparer, a->target, b->target, where));
	default:
		return ABI_SAME;
	}
}

enum abi_verdict abi_compare_types(struct abi_comparer *comparer, abi_type_id from, abi_type_id to, const char *where)
{
	from = abi_strip_qualifiers(comparer->from, from);
	to = abi_strip_qualifiers(comparer->to, to);
	const struct abi_type *a = abi_type(comparer->from, from), *b = abi_type(comparer->to, to);
	if (comparer->budget == 0 || comparer->depth == DEEPEST)
		return ABI_SAME;
	if (a->kind == ABI_TYPEDEF && b->kind == ABI_TYPEDEF && str_equal(a->name, b->name)) {
		note_pair(comparer, from, to);
		return ABI_SAME;
	}
	comparer->budget--;
	comparer->depth++;
	enum abi_verdict verdict =
		compare_stripped(comparer, abi_strip(comparer->from, from), abi_strip(comparer->to, to), where);
	comparer->depth--;
	return verdict;
}

/* ---- functions -------------------------------------------------------------------------------------------- */

/* The parameter at `*i` or behind it, without those that the compiler adds; there is one. */
static const struct abi_member *next_parameter(const struct abi_model *model, uint32_t *i)
{
	while (model->members.at[*i].is_artificial)
		++*i;
	return &model->members.at[(*i)++];
}

static uint32_t count_parameters(const struct abi_model *model, const struct abi_type *function)
{
	uint32_t n = 0;
	for (uint32_t i = function->first; i < function->first + function->n; i++)
		n += !model->members.at[i].is_artificial;
	return n;
}

/* What a member function is called for; NULL: it is none. */
static const struct abi_member *this_parameter(const struct abi_model *model, const struct abi_type *function)
{
	bool has_this = function->n && model->members.at[function->first].is_artificial;
	return has_this ? &model->members.at[function->first] : NULL;
}

static enum abi_verdict compare_this(struct abi_comparer *comparer, const struct abi_type *from,
				     const struct abi_type *to)
{
	const struct abi_member *old = this_parameter(comparer->from, from), *now = this_parameter(comparer->to, to);
	if (!old || !now)
		return ABI_SAME;
	const char *outer = comparer->how;
	comparer->how = "this";
	enum abi_verdict verdict = abi_compare_types(comparer, old->type, now->type, "this");
	comparer->how = outer;
	return verdict;
}

static enum abi_verdict compare_parameters(struct abi_comparer *comparer, const struct abi_type *from,
					   const struct abi_type *to)
{
	enum abi_verdict verdict = ABI_SAME;
	uint32_t old = count_parameters(comparer->from, from), now = count_parameters(comparer->to, to);
	if (old != now) {
		abi_tell(comparer, "%u parameter%s became %u", old, old == 1 ? "" : "s", now);
		verdict = ABI_BREAKS_CALLERS;
	}
	if ((from->flags ^ to->flags) & ABI_VARIADIC) {
		abi_tell(comparer, to->flags & ABI_VARIADIC ? "takes more arguments than it names (...)"
							    : "takes no more arguments than it names");
		verdict = ABI_BREAKS_CALLERS;
	}
	uint32_t at_old = from->first, at_now = to->first;
	for (uint32_t i = 0; i < old && i < now; i++) {
		const char *outer = comparer->how;
		comparer->how = arena_printf(&comparer->diff->arena, "parameter %u", i + 1);
		const struct abi_member *a = next_parameter(comparer->from, &at_old);
		const struct abi_member *b = next_parameter(comparer->to, &at_now);
		verdict = abi_worse(verdict, abi_compare_types(comparer, a->type, b->type, comparer->how));
		comparer->how = outer;
	}
	return verdict;
}

enum abi_verdict abi_compare_functions(struct abi_comparer *comparer, const struct abi_type *from,
				       const struct abi_type *to)
{
	const char *outer = comparer->how;
	comparer->how = "result";
	enum abi_verdict verdict = abi_compare_types(comparer, from->target, to->target, "result");
	comparer->how = outer;
	verdict = abi_worse(verdict, compare_this(comparer, from, to));
	if ((from->flags | to->flags) & ABI_UNPROTOTYPED)
		return verdict;
	return abi_worse(verdict, compare_parameters(comparer, from, to));
}

/* ---- entities --------------------------------------------------------------------------------------------- */

/* Is there one meaning on the other side that is the same? */
static bool has_same(struct abi_comparer *comparer, enum abi_kind kind, uint32_t from, uint32_t first)
{
	uint32_t told = comparer->details->n;
	bool found = false;
	for (uint32_t to = first; to != ABI_NO_DEFINITION && !found; to = comparer->to->definitions.at[to].next)
		found = abi_compare_definitions(comparer, kind, from, to, "") == ABI_SAME;
	comparer->details->n = told;
	return found;
}

static bool has_same_old(struct abi_comparer *comparer, enum abi_kind kind, uint32_t first, uint32_t to)
{
	uint32_t told = comparer->details->n;
	bool found = false;
	for (uint32_t from = first; from != ABI_NO_DEFINITION && !found;
	     from = comparer->from->definitions.at[from].next)
		found = abi_compare_definitions(comparer, kind, from, to, "") == ABI_SAME;
	comparer->details->n = told;
	return found;
}

/* When parts of a file disagree about a name, meanings that both sides have are no change; the others are compared in
 * their order. */
enum abi_verdict abi_compare_entities(struct abi_comparer *comparer, abi_type_id from, abi_type_id to)
{
	enum abi_kind kind = abi_type(comparer->from, from)->kind;
	uint32_t old_first = abi_type(comparer->from, from)->definition,
		 new_first = abi_type(comparer->to, to)->definition;
	uint32_t old = old_first, now = new_first;
	enum abi_verdict verdict = ABI_SAME;
	if (old == ABI_NO_DEFINITION || now == ABI_NO_DEFINITION)
		return ABI_SAME; /* who has only the name cannot be wrong about the rest */
	if (comparer->from->definitions.at[old].next == ABI_NO_DEFINITION &&
	    comparer->to->definitions.at[now].next == ABI_NO_DEFINITION)
		return abi_compare_definitions(comparer, kind, old, now, "");
	while (old != ABI_NO_DEFINITION && now != ABI_NO_DEFINITION) {
		if (has_same(comparer, kind, old, new_first)) {
			old = comparer->from->definitions.at[old].next;
		} else if (has_same_old(comparer, kind, old_first, now)) {
			now = comparer->to->definitions.at[now].next;
		} else {
			verdict = abi_worse(verdict, abi_compare_definitions(comparer, kind, old, now, ""));
			old = comparer->from->definitions.at[old].next;
			now = comparer->to->definitions.at[now].next;
		}
	}
	return verdict;
}

/* Also an array of constants is one. */
static bool is_constant(const struct abi_model *model, abi_type_id id)
{
	for (unsigned i = 0; i < DEEPEST && !is_const(model, id); i++) {
		id = abi_strip_qualifiers(model, id);
		const struct abi_definition *definition = abi_definition(model, id);
		if (abi_type(model, id)->kind == ABI_ARRAY)
			id = abi_type(model, id)->target;
		else if (abi_type(model, id)->kind == ABI_TYPEDEF && definition)
			id = definition->target;
		else
			return false;
	}
	return true;
}

enum abi_verdict abi_compare_variables(struct abi_comparer *comparer, abi_type_id from, abi_type_id to)
{
	comparer->how = "type";
	enum abi_verdict verdict = abi_compare_types(comparer, from, to, "type");
	if (verdict == ABI_BREAKS_CALLERS)
		verdict = ABI_BREAKS_LAYOUT;
	bool was_constant = is_constant(comparer->from, from);
	if (was_constant == is_constant(comparer->to, to))
		return verdict;
	abi_tell(comparer, was_constant ? "is not const any more: programs may have its old value inside of themselves"
					: "is const: programs that write to it end there");
	return abi_worse(verdict, was_constant ? ABI_COMPATIBLE : ABI_BREAKS_CALLERS);
}
