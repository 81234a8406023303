/* Comparing what names mean: members, base classes, virtual functions, enumerators. */
#include <stdio.h>
#include <string.h>

#include "abi/compare.h"
#include "abi/layout.h"

/* Lines about one kind of difference in one type. */
enum { MOST_LINES = 12 };

#define ULL(x) ((unsigned long long)(x))

struct sides {
	struct abi_comparer *comparer;
	const struct abi_model *from, *to;
	struct abi_definition old, now;
	const char *prefix; /* of where a member is: "member 'u', " of what has no name, or "" */
	enum abi_kind kind;
	unsigned lines;
};

static bool may_tell(struct sides *sides)
{
	if (sides->lines++ < MOST_LINES)
		return true;
	if (sides->lines == MOST_LINES + 1)
		abi_tell(sides->comparer, "%s...", sides->prefix);
	return false;
}

static const struct abi_member *old_member(const struct sides *sides, uint32_t i)
{
	return &sides->from->members.at[sides->old.first + i];
}

static const struct abi_member *new_member(const struct sides *sides, uint32_t i)
{
	return &sides->to->members.at[sides->now.first + i];
}

/* The place of a member for people: "8", "8 bit 3". */
static const char *place(struct sides *sides, const struct abi_member *member)
{
	struct arena *arena = &sides->comparer->diff->arena;
	if (member->bit_offset % 8)
		return arena_printf(arena, "%llu bit %llu", ULL(member->bit_offset / 8), ULL(member->bit_offset % 8));
	return arena_printf(arena, "%llu", ULL(member->bit_offset / 8));
}

static const char *declared(struct sides *sides, const struct abi_model *model, const struct abi_member *member)
{
	struct text text = {0};
	abi_spell(&text, model, member->type, member->name, SPELL_PLAIN);
	const char *copy = arena_strndup(&sides->comparer->diff->arena, text_str(&text).at, text.bytes.n);
	text_free(&text);
	return copy;
}

/* ---- fields ----------------------------------------------------------------------------------------------- */

/* The member of the same name; of those without name, the one at the same place, else the first that is left. */
static const struct abi_member *find_new(const struct sides *sides, const struct abi_member *wanted, const bool *taken,
					 uint32_t *index)
{
	const struct abi_member *best = NULL;
	for (uint32_t i = 0; i < sides->now.n; i++) {
		const struct abi_member *member = new_member(sides, i);
		if (taken[i] || member->kind != ABI_FIELD)
			continue;
		bool is_same = wanted->is_artificial ? member->is_artificial : str_equal(member->name, wanted->name);
		if (!is_same || (best && (wanted->name.len || member->bit_offset != wanted->bit_offset)))
			continue;
		best = member;
		*index = i;
		if (wanted->name.len || member->bit_offset == wanted->bit_offset)
			break;
	}
	return best;
}

/* What is new at the place of something that is gone, and as large: another name for it. */
static const struct abi_member *find_renamed(struct sides *sides, const struct abi_member *gone, const bool *taken,
					     uint32_t *index)
{
	for (uint32_t i = 0; i < sides->now.n; i++) {
		const struct abi_member *member = new_member(sides, i);
		bool has_old_name = false;
		for (uint32_t j = 0; j < sides->old.n && !has_old_name; j++)
			has_old_name = old_member(sides, j)->kind == ABI_FIELD && member->name.len &&
				       str_equal(old_member(sides, j)->name, member->name);
		if (taken[i] || member->kind != ABI_FIELD || has_old_name || member->bit_offset != gone->bit_offset)
			continue;
		if (abi_member_end(sides->to, member) == abi_member_end(sides->from, gone)) {
			*index = i;
			return member;
		}
	}
	return NULL;
}

static enum abi_verdict compare_field(struct sides *sides, const struct abi_member *old, const struct abi_member *now)
{
	struct abi_comparer *comparer = sides->comparer;
	const char *name = old->name.len ? arena_printf(&comparer->diff->arena, "%smember '%.*s'", sides->prefix,
							(int)old->name.len, old->name.at)
					 : arena_printf(&comparer->diff->arena, "%smember at %s", sides->prefix,
							place(sides, old));
	enum abi_verdict verdict = ABI_SAME;
	if (old->bit_offset != now->bit_offset) {
		if (may_tell(sides))
			abi_tell(comparer, "%s moved from %s to %s", name, place(sides, old), place(sides, now));
		verdict = ABI_BREAKS_LAYOUT;
	}
	if (old->is_bit_field != now->is_bit_field || old->bit_size != now->bit_size) {
		if (may_tell(sides))
			abi_tell(comparer, "%s: its width changed from %llu to %llu bits", name,
				 ULL(abi_member_end(sides->from, old) - old->bit_offset),
				 ULL(abi_member_end(sides->to, now) - now->bit_offset));
		verdict = ABI_BREAKS_LAYOUT;
	}
	const char *outer = comparer->how;
	comparer->how = name;
	enum abi_verdict of_type = abi_compare_types(comparer, old->type, now->type, name);
	comparer->how = outer;
	return abi_worse(verdict,
			 of_type == ABI_BREAKS_CALLERS && sides->kind != ABI_UNION ? ABI_BREAKS_LAYOUT : of_type);
}

static enum abi_verdict compare_gone(struct sides *sides, const struct abi_member *old, bool *taken)
{
	uint32_t index;
	const struct abi_member *now = find_renamed(sides, old, taken, &index);
	if (!now) {
		if (may_tell(sides))
			abi_tell(sides->comparer, "%smember '%.*s' at %s is gone", sides->prefix, (int)old->name.len,
				 old->name.at, place(sides, old));
		return ABI_BREAKS_LAYOUT;
	}
	taken[index] = true;
	if (may_tell(sides))
		abi_tell(sides->comparer, "%smember '%.*s' at %s is called '%.*s'", sides->prefix, (int)old->name.len,
			 old->name.at, place(sides, old), (int)now->name.len, now->name.at);
	return abi_worse(ABI_COMPATIBLE, compare_field(sides, old, now));
}

/* Did something of the old definition cover these bits? Else they were padding. */
static bool was_padding(const struct sides *sides, const struct abi_member *member)
{
	uint64_t end = abi_member_end(sides->to, member);
	for (uint32_t i = 0; i < sides->old.n; i++) {
		const struct abi_member *old = old_member(sides, i);
		if ((old->kind == ABI_FIELD || old->kind == ABI_BASE_CLASS) && old->bit_offset < end &&
		    member->bit_offset < abi_member_end(sides->from, old))
			return false;
	}
	return end <= sides->old.size * 8;
}

static enum abi_verdict tell_new(struct sides *sides, const struct abi_member *member)
{
	const char *what = declared(sides, sides->to, member);
	if (sides->kind == ABI_UNION) {
		if (may_tell(sides))
			abi_tell(sides->comparer, "%snew member '%s'", sides->prefix, what);
		return ABI_COMPATIBLE;
	}
	bool is_padding = was_padding(sides, member);
	if (may_tell(sides))
		abi_tell(sides->comparer, "%snew member '%s' at %s%s", sides->prefix, what, place(sides, member),
			 is_padding ? ", in what was padding: callers that exist leave it unset" : "");
	return is_padding ? ABI_BREAKS_CALLERS : ABI_COMPATIBLE; /* what it does to size and places is told by itself */
}

static enum abi_verdict compare_fields(struct sides *sides)
{
	enum abi_verdict verdict = ABI_SAME;
	bool *taken = calloc(sides->now.n + 1ull, sizeof(*taken)), *gone = calloc(sides->old.n + 1ull, sizeof(*gone));
	if (!taken || !gone)
		out_of_memory();
	for (uint32_t i = 0; i < sides->old.n; i++) {
		const struct abi_member *old = old_member(sides, i), *now;
		uint32_t index = 0;
		if (old->kind != ABI_FIELD)
			continue;
		now = find_new(sides, old, taken, &index);
		gone[i] = !now;
		if (!now)
			continue;
		taken[index] = true;
		verdict = abi_worse(verdict, compare_field(sides, old, now));
	}
	for (uint32_t i = 0; i < sides->old.n; i++)
		if (gone[i])
			verdict = abi_worse(verdict, compare_gone(sides, old_member(sides, i), taken));
	for (uint32_t i = 0; i < sides->now.n; i++)
		if (!taken[i] && new_member(sides, i)->kind == ABI_FIELD)
			verdict = abi_worse(verdict, tell_new(sides, new_member(sides, i)));
	free(taken);
	free(gone);
	return verdict;
}

/* ---- classes ---------------------------------------------------------------------------------------------- */

/* The base class of that name on the other side. `is_old`: `wanted` is of the old one. */
static const struct abi_member *find_base(const struct sides *sides, const struct abi_member *wanted, bool is_old)
{
	struct str name = abi_type(is_old ? sides->from : sides->to, wanted->type)->name;
	const struct abi_member *found = NULL;
	for (uint32_t i = 0; i < (is_old ? sides->now.n : sides->old.n); i++) {
		const struct abi_member *member = is_old ? new_member(sides, i) : old_member(sides, i);
		const struct abi_model *other = is_old ? sides->to : sides->from;
		if (member->kind == ABI_BASE_CLASS && str_equal(abi_type(other, member->type)->name, name) &&
		    (!found || member->bit_offset == wanted->bit_offset))
			found = member;
	}
	return found;
}

static enum abi_verdict compare_bases(struct sides *sides)
{
	enum abi_verdict verdict = ABI_SAME;
	struct abi_comparer *comparer = sides->comparer;
	for (uint32_t i = 0; i < sides->old.n; i++) {
		const struct abi_member *old = old_member(sides, i);
		if (old->kind != ABI_BASE_CLASS)
			continue;
		struct str name = abi_type(sides->from, old->type)->name;
		const struct abi_member *now = find_base(sides, old, true);
		if (!now) {
			abi_tell(comparer, "base class %.*s is gone", (int)name.len, name.at);
			verdict = ABI_BREAKS_LAYOUT;
			continue;
		}
		if (old->bit_offset != now->bit_offset || old->is_virtual != now->is_virtual) {
			abi_tell(comparer, "base class %.*s is at another place", (int)name.len, name.at);
			verdict = ABI_BREAKS_LAYOUT;
		}
		const char *outer = comparer->how;
		comparer->how = "base class";
		verdict = abi_worse(verdict, abi_compare_types(comparer, old->type, now->type, "base class"));
		comparer->how = outer;
	}
	for (uint32_t i = 0; i < sides->now.n; i++) {
		const struct abi_member *now = new_member(sides, i);
		struct str name = abi_type(sides->to, now->type)->name;
		if (now->kind != ABI_BASE_CLASS || find_base(sides, now, false))
			continue;
		abi_tell(comparer, "new base class %.*s", (int)name.len, name.at);
		verdict = ABI_BREAKS_LAYOUT;
	}
	return verdict;
}

/* Destructors can have several slots, and one name. */
static const struct abi_member *find_virtual(const struct abi_model *model, const struct abi_definition *in,
					     const struct abi_member *wanted)
{
	const struct abi_member *found = NULL;
	for (uint32_t i = in->first; i < in->first + in->n; i++) {
		const struct abi_member *member = &model->members.at[i];
		if (member->kind == ABI_VIRTUAL && str_equal(member->name, wanted->name) &&
		    (!found || member->bit_offset == wanted->bit_offset))
			found = member;
	}
	return found;
}

/* Callers of a virtual function need no symbol, and its result is not part of its name. */
static enum abi_verdict compare_results(struct abi_comparer *comparer, const struct abi_member *old,
					const struct abi_member *now)
{
	const char *outer = comparer->how;
	comparer->how = arena_printf(&comparer->diff->arena, "result of virtual function %.*s", (int)old->name.len,
				     old->name.at);
	enum abi_verdict verdict = abi_compare_types(comparer, old->type, now->type, comparer->how);
	comparer->how = outer;
	return verdict;
}

/* A new virtual function moves those that derived classes, which callers have, put behind them. */
static enum abi_verdict compare_virtuals(struct sides *sides)
{
	enum abi_verdict verdict = ABI_SAME;
	struct abi_comparer *comparer = sides->comparer;
	for (uint32_t i = 0; i < sides->old.n; i++) {
		const struct abi_member *old = old_member(sides, i);
		if (old->kind != ABI_VIRTUAL)
			continue;
		const struct abi_member *now = find_virtual(sides->to, &sides->now, old);
		if (now)
			verdict = abi_worse(verdict, compare_results(comparer, old, now));
		if (now && now->bit_offset == old->bit_offset)
			continue;
		if (!now)
			abi_tell(comparer, "virtual function %.*s is gone", (int)old->name.len, old->name.at);
		else if (old->bit_offset != UINT64_MAX && now->bit_offset != UINT64_MAX)
			abi_tell(comparer, "virtual function %.*s moved from slot %llu to slot %llu",
				 (int)old->name.len, old->name.at, ULL(old->bit_offset), ULL(now->bit_offset));
		else
			continue;
		verdict = ABI_BREAKS_LAYOUT;
	}
	for (uint32_t i = 0; i < sides->now.n; i++) {
		const struct abi_member *now = new_member(sides, i);
		if (now->kind != ABI_VIRTUAL || find_virtual(sides->from, &sides->old, now))
			continue;
		abi_tell(comparer, "new virtual function %.*s", (int)now->name.len, now->name.at);
		verdict = ABI_BREAKS_LAYOUT;
	}
	return verdict;
}

/* ---- enumerations ----------------------------------------------------------------------------------------- */

/* Of several of one name, which only damaged names are, best the one with that value. */
static const struct abi_member *find_enumerator(const struct abi_model *model, const struct abi_definition *in,
						const struct abi_member *wanted)
{
	const struct abi_member *found = NULL;
	for (uint32_t i = in->first; i < in->first + in->n; i++) {
		const struct abi_member *member = &model->members.at[i];
		if (str_equal(member->name, wanted->name) && (!found || member->value == wanted->value))
			found = member;
	}
	return found;
}

static enum abi_verdict compare_enumerators(struct sides *sides)
{
	enum abi_verdict verdict = ABI_SAME;
	struct abi_comparer *comparer = sides->comparer;
	for (uint32_t i = 0; i < sides->old.n; i++) {
		const struct abi_member *old = old_member(sides, i);
		const struct abi_member *now = find_enumerator(sides->to, &sides->now, old);
		if (now && now->value == old->value)
			continue;
		verdict = ABI_BREAKS_CALLERS;
		if (!may_tell(sides))
			continue;
		if (now)
			abi_tell(comparer, "%s%.*s changed from %lld to %lld", sides->prefix, (int)old->name.len,
				 old->name.at, (long long)old->value, (long long)now->value);
		else
			abi_tell(comparer, "%s%.*s (%lld) is gone", sides->prefix, (int)old->name.len, old->name.at,
				 (long long)old->value);
	}
	for (uint32_t i = 0; i < sides->now.n; i++) {
		const struct abi_member *now = new_member(sides, i);
		if (find_enumerator(sides->from, &sides->old, now))
			continue;
		verdict = abi_worse(verdict, ABI_COMPATIBLE);
		if (may_tell(sides))
			abi_tell(comparer, "%snew %.*s = %lld", sides->prefix, (int)now->name.len, now->name.at,
				 (long long)now->value);
	}
	return verdict;
}

/* ----------------------------------------------------------------------------------------------------------- */

enum abi_verdict abi_compare_definitions(struct abi_comparer *comparer, enum abi_kind kind, uint32_t from, uint32_t to,
					 const char *where)
{
	struct sides sides = {
		.comparer = comparer,
		.from = comparer->from,
		.to = comparer->to,
		.old = comparer->from->definitions.at[from],
		.now = comparer->to->definitions.at[to],
		.kind = kind,
	};
	sides.prefix = *where ? arena_printf(&comparer->diff->arena, "%s, ", where) : "";
	if (kind == ABI_TYPEDEF)
		return abi_compare_types(comparer, sides.old.target, sides.now.target, "what it stands for");
	enum abi_verdict verdict = ABI_SAME;
	if (sides.old.size != sides.now.size) {
		abi_tell(comparer, "%ssize changed from %llu to %llu bytes", sides.prefix, ULL(sides.old.size),
			 ULL(sides.now.size));
		verdict = ABI_BREAKS_LAYOUT;
	}
	if (kind == ABI_ENUM)
		return abi_worse(verdict, compare_enumerators(&sides));
	uint64_t old_align = abi_definition_align(comparer->from, from),
		 new_align = abi_definition_align(comparer->to, to);
	if (old_align != new_align) {
		abi_tell(comparer, "%salignment changed from %llu to %llu bytes", sides.prefix, ULL(old_align),
			 ULL(new_align));
		verdict = ABI_BREAKS_LAYOUT;
	}
	verdict = abi_worse(verdict, compare_bases(&sides));
	verdict = abi_worse(verdict, compare_fields(&sides));
	return abi_worse(verdict, compare_virtuals(&sides));
}
