/* Comparing what names mean: members, base classes, virtual functions, enumerators. */
#include <stdio.h>
#include <string.h>

#include "abi/compare.h"
#include "abi/layout.h"
#include "base/hash.h"
#include "base/sort.h"

/* Lines about one kind of difference in one type; members of one name, or at one place, that are looked at. */
enum { MOST_LINES = 12, MOST_ALIKE = 1024 };

/* Numbers of members by what they are looked for. */
struct member_index {
	/* value: the number in the definition; of equal keys in order. In the upper half of the first one of a key: how
	 * many of the key are known to be taken, from the first on. */
	ARRAY(struct sort_item) at;
};

#define ULL(x) ((unsigned long long)(x))

struct sides {
	struct abi_comparer *comparer;
	const struct abi_model *from, *to;
	struct abi_definition old, now;
	const char *prefix; /* of where a member is: "member 'u', " of what has no name, or "" */
	enum abi_kind kind;
	unsigned lines;
	struct member_index old_names, new_names; /* hashes */
	struct member_index old_places, new_places; /* bit_offset; where from and where to; made when they are needed */
	uint64_t *reach;              /* how far what is in old_places goes, up to each of it */
	bool *kept;                   /* of each new member: an old one has its name; made with new_places */
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

/* ---- looking for members ---------------------------------------------------------------------------------- */

/* The key of fields that the compiler adds: their names differ between compilers. */
#define ARTIFICIAL 0

static struct str name_of(const struct abi_model *model, const struct abi_member *member)
{
	return member->kind == ABI_BASE_CLASS ? abi_type(model, member->type)->name : member->name;
}

static uint64_t name_key(struct str name)
{
	return hash_bytes(name.at, name.len) | 1;
}

/* Of fields without names, which can be very many: each stands at a place of its own. */
static uint64_t unnamed_key(uint64_t bit_offset)
{
	return hash_bytes(&bit_offset, sizeof(bit_offset)) | 1;
}

static uint64_t extent_key(const struct abi_model *model, const struct abi_member *member)
{
	uint64_t extent[] = {member->bit_offset, abi_member_end(model, member)};
	return hash_bytes(extent, sizeof(extent));
}

static void index_names(struct member_index *index, const struct abi_model *model, const struct abi_definition *of)
{
	for (uint32_t i = 0; i < of->n; i++) {
		const struct abi_member *member = &model->members.at[of->first + i];
		*array_push(&index->at) = (struct sort_item){name_key(name_of(model, member)), i};
		if (member->is_artificial)
			*array_push(&index->at) = (struct sort_item){ARTIFICIAL, i};
		if (member->kind == ABI_FIELD && !member->name.len)
			*array_push(&index->at) = (struct sort_item){unnamed_key(member->bit_offset), i};
	}
	if (index->at.n)
		sort_by_key(index->at.at, index->at.n);
}

/* The next member with that key. */
struct search {
	const struct member_index *index;
	uint64_t key;
	uint32_t at, left;
};

static struct search search(const struct member_index *index, uint64_t key)
{
	return (struct search){index, key, array_first_from(&index->at, key, key), MOST_ALIKE};
}

static bool next_alike(struct search *search, uint32_t *i)
{
	if (search->left-- == 0 || search->at == search->index->at.n ||
	    search->index->at.at[search->at].key != search->key)
		return false;
	*i = (uint32_t)search->index->at.at[search->at++].value;
	return true;
}

/* Without those from the first on that are taken. */
static struct search search_left(struct member_index *index, uint64_t key, const bool *taken)
{
	struct search left = search(index, key);
	uint32_t first = left.at, n = index->at.n;
	if (first == n || index->at.at[first].key != key)
		return left;
	left.at += (uint32_t)(index->at.at[first].value >> 32);
	while (left.at < n && index->at.at[left.at].key == key && taken[(uint32_t)index->at.at[left.at].value])
		left.at++;
	index->at.at[first].value = (uint64_t)(left.at - first) << 32 | (uint32_t)index->at.at[first].value;
	return left;
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

/* The first that is left of a key and of that name; where `wanted` is, or anywhere. */
static const struct abi_member *find_left(struct sides *sides, uint64_t key, const struct abi_member *wanted,
					  bool anywhere, const bool *taken, uint32_t *index)
{
	struct search fields = search_left(&sides->new_names, key, taken);
	for (uint32_t i; next_alike(&fields, &i);) {
		const struct abi_member *member = new_member(sides, i);
		if (taken[i] || member->kind != ABI_FIELD)
			continue;
		bool is_same = wanted->is_artificial ? member->is_artificial : str_equal(member->name, wanted->name);
		if (is_same && (anywhere || member->bit_offset == wanted->bit_offset)) {
			*index = i;
			return member;
		}
	}
	return NULL;
}

/* The member of the same name; of those without name, the one at the same place, else the first that is left. */
static const struct abi_member *find_new(struct sides *sides, const struct abi_member *wanted, const bool *taken,
					 uint32_t *index)
{
	uint64_t key = wanted->is_artificial ? ARTIFICIAL : name_key(wanted->name);
	const struct abi_member *found = NULL;
	if (!wanted->name.len)
		found = find_left(sides, wanted->is_artificial ? ARTIFICIAL : unnamed_key(wanted->bit_offset), wanted,
				  false, taken, index);
	return found ? found : find_left(sides, key, wanted, true, taken, index);
}

static bool has_old_name(const struct sides *sides, const struct abi_member *member)
{
	struct search fields = search(&sides->old_names, name_key(member->name));
	for (uint32_t i; member->name.len && next_alike(&fields, &i);)
		if (old_member(sides, i)->kind == ABI_FIELD && str_equal(old_member(sides, i)->name, member->name))
			return true;
	return false;
}

static void index_new_places(struct sides *sides)
{
	sides->kept = calloc(sides->now.n + 1ull, sizeof(*sides->kept));
	if (!sides->kept)
		out_of_memory();
	for (uint32_t i = 0; i < sides->now.n; i++) {
		sides->kept[i] = has_old_name(sides, new_member(sides, i));
		if (new_member(sides, i)->kind == ABI_FIELD && !sides->kept[i])
			*array_push(&sides->new_places.at) =
				(struct sort_item){extent_key(sides->to, new_member(sides, i)), i};
	}
	if (sides->new_places.at.n)
		sort_by_key(sides->new_places.at.at, sides->new_places.at.n);
}

/* What is new at the place of something that is gone, and as large: another name for it. */
static const struct abi_member *find_renamed(struct sides *sides, const struct abi_member *gone, const bool *taken,
					     uint32_t *index)
{
	if (!sides->kept)
		index_new_places(sides);
	struct search fields = search_left(&sides->new_places, extent_key(sides->from, gone), taken);
	for (uint32_t i; next_alike(&fields, &i);) {
		const struct abi_member *member = new_member(sides, i);
		if (!taken[i] && member->bit_offset == gone->bit_offset &&
		    abi_member_end(sides->to, member) == abi_member_end(sides->from, gone)) {
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

static void index_old_places(struct sides *sides)
{
	struct member_index *index = &sides->old_places;
	sides->reach = calloc(sides->old.n + 1ull, sizeof(*sides->reach));
	if (!sides->reach)
		out_of_memory();
	for (uint32_t i = 0; i < sides->old.n; i++)
		if (old_member(sides, i)->kind == ABI_FIELD || old_member(sides, i)->kind == ABI_BASE_CLASS)
			*array_push(&index->at) = (struct sort_item){old_member(sides, i)->bit_offset, i};
	if (index->at.n)
		sort_by_key(index->at.at, index->at.n);
	for (uint32_t i = 0; i < index->at.n; i++)
		sides->reach[i] =
			max_u64(i ? sides->reach[i - 1] : 0,
				abi_member_end(sides->from, old_member(sides, (uint32_t)index->at.at[i].value)));
}

/* Did something of the old definition cover these bits? Else they were padding. */
static bool was_padding(struct sides *sides, const struct abi_member *member)
{
	uint64_t end = abi_member_end(sides->to, member);
	if (!sides->reach)
		index_old_places(sides);
	uint32_t n = array_first_from(&sides->old_places.at, key, end); /* of those that begin in front of its end */
	return (n == 0 || sides->reach[n - 1] <= member->bit_offset) && end <= sides->old.size * 8;
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
	struct search bases = search(is_old ? &sides->new_names : &sides->old_names, name_key(name));
	for (uint32_t i; next_alike(&bases, &i);) {
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

/* On the other side. Destructors can have several slots, and one name. */
static const struct abi_member *find_virtual(const struct sides *sides, const struct abi_member *wanted, bool is_old)
{
	const struct abi_member *found = NULL;
	struct search virtuals = search(is_old ? &sides->new_names : &sides->old_names, name_key(wanted->name));
	for (uint32_t i; next_alike(&virtuals, &i);) {
		const struct abi_member *member = is_old ? new_member(sides, i) : old_member(sides, i);
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
		const struct abi_member *now = find_virtual(sides, old, true);
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
		if (now->kind != ABI_VIRTUAL || find_virtual(sides, now, false))
			continue;
		abi_tell(comparer, "new virtual function %.*s", (int)now->name.len, now->name.at);
		verdict = ABI_BREAKS_LAYOUT;
	}
	return verdict;
}

/* ---- enumerations ----------------------------------------------------------------------------------------- */

/* Of several of one name, which only damaged names are, best the one with that value. */
static const struct abi_member *find_enumerator(const struct sides *sides, const struct abi_member *wanted, bool is_old)
{
	const struct abi_member *found = NULL;
	struct search enumerators = search(is_old ? &sides->new_names : &sides->old_names, name_key(wanted->name));
	for (uint32_t i; next_alike(&enumerators, &i);) {
		const struct abi_member *member = is_old ? new_member(sides, i) : old_member(sides, i);
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
		const struct abi_member *now = find_enumerator(sides, old, true);
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
		if (find_enumerator(sides, now, false))
			continue;
		verdict = abi_worse(verdict, ABI_COMPATIBLE);
		if (may_tell(sides))
			abi_tell(comparer, "%snew %.*s = %lld", sides->prefix, (int)now->name.len, now->name.at,
				 (long long)now->value);
	}
	return verdict;
}

/* ----------------------------------------------------------------------------------------------------------- */

static enum abi_verdict compare_sides(struct sides *sides, uint32_t from, uint32_t to)
{
	enum abi_verdict verdict = ABI_SAME;
	if (sides->old.size != sides->now.size) {
		abi_tell(sides->comparer, "%ssize changed from %llu to %llu bytes", sides->prefix, ULL(sides->old.size),
			 ULL(sides->now.size));
		verdict = ABI_BREAKS_LAYOUT;
	}
	if (sides->kind == ABI_ENUM)
		return abi_worse(verdict, compare_enumerators(sides));
	uint64_t old_align = abi_definition_align(sides->comparer->from, from),
		 new_align = abi_definition_align(sides->comparer->to, to);
	if (old_align != new_align) {
		abi_tell(sides->comparer, "%salignment changed from %llu to %llu bytes", sides->prefix, ULL(old_align),
			 ULL(new_align));
		verdict = ABI_BREAKS_LAYOUT;
	}
	verdict = abi_worse(verdict, compare_bases(sides));
	verdict = abi_worse(verdict, compare_fields(sides));
	return abi_worse(verdict, compare_virtuals(sides));
}

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
	index_names(&sides.old_names, sides.from, &sides.old);
	index_names(&sides.new_names, sides.to, &sides.now);
	enum abi_verdict verdict = compare_sides(&sides, from, to);
	array_free(&sides.old_names.at);
	array_free(&sides.new_names.at);
	array_free(&sides.old_places.at);
	array_free(&sides.new_places.at);
	free(sides.reach);
	free(sides.kept);
	return verdict;
}
