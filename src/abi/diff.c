#include "abi/diff.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "abi/commands.h"
#include "abi/compare.h"
#include "abi/dump.h"
#include "base/glob.h"

enum { STEPS_OF_A_SYMBOL = 20000, MOST_PATH = 12 };

struct differ {
	struct abi_comparer comparer;
	struct abi_diff *diff;
	struct abi_model *from, *to;
	const struct abi_diff_options *options;
};

static struct abi_change *add_change(struct differ *differ, enum abi_verdict verdict, const char *subject)
{
	struct abi_change *change = array_push(&differ->diff->changes);
	*change = (struct abi_change){.verdict = verdict, .subject = subject};
	return change;
}

static const char *place_of(struct differ *differ, struct str file, uint32_t line)
{
	return file.len ? arena_printf(&differ->diff->arena, "%.*s:%u", (int)file.len, file.at, line) : NULL;
}

/* ---- symbols ---------------------------------------------------------------------------------------------- */

static const char *symbol_name(struct differ *differ, const struct abi_symbol *symbol, bool with_kind)
{
	struct text text = {0};
	if (with_kind)
		text_print(&text, "%s ", abi_symbol_kind_name(symbol->kind));
	char *demangled = abi_demangle(symbol->name);
	if (demangled)
		text_print(&text, "%s (%.*s)", demangled, (int)symbol->name.len, symbol->name.at);
	else
		text_add(&text, symbol->name);
	free(demangled);
	if (symbol->version.len)
		text_print(&text, "%s%.*s", symbol->is_default ? "@@" : "@", (int)symbol->version.len,
			   symbol->version.at);
	const char *copy = arena_strndup(&differ->diff->arena, text_str(&text).at, text.bytes.n);
	text_free(&text);
	return copy;
}

static void tell(struct abi_change *change, const char *line)
{
	*array_push(&change->details) = line;
}

/* vtables have a size, and no other type. */
static bool is_vtable(struct str name)
{
	return name.len > 4 && (memcmp(name.at, "_ZTV", 4) == 0 || memcmp(name.at, "_ZTT", 4) == 0);
}

/* Copy relocations give a program as much of a variable as it had when the program was linked. */
static bool compare_sizes(struct differ *differ, const struct abi_symbol *old, const struct abi_symbol *now)
{
	bool is_data = old->kind == ABI_SYMBOL_OBJECT || old->kind == ABI_SYMBOL_TLS;
	if (!is_data || old->size == now->size || !old->size || !now->size)
		return false;
	struct abi_change *change = add_change(differ, ABI_BREAKS_LAYOUT, symbol_name(differ, now, true));
	change->place = place_of(differ, now->file, now->line);
	tell(change, arena_printf(&differ->diff->arena, "size changed from %llu to %llu bytes%s",
				  (unsigned long long)old->size, (unsigned long long)now->size,
				  is_vtable(now->name) ? ": it has other virtual functions or bases"
						       : ": programs have a copy of the old size"));
	return true;
}

static enum abi_verdict compare_symbol_types(struct differ *differ, const struct abi_symbol *old,
					     const struct abi_symbol *now, struct abi_lines *details)
{
	struct abi_comparer *comparer = &differ->comparer;
	comparer->node = ABI_SYMBOL_NODE | (uint32_t)(now - differ->to->symbols.at);
	comparer->details = details;
	comparer->budget = STEPS_OF_A_SYMBOL;
	if (now->kind == ABI_SYMBOL_FUNCTION)
		return abi_compare_functions(comparer, abi_type(differ->from, old->type),
					     abi_type(differ->to, now->type));
	return abi_compare_variables(comparer, old->type, now->type);
}

static bool is_code(const struct abi_symbol *symbol)
{
	return symbol->kind == ABI_SYMBOL_FUNCTION || symbol->kind == ABI_SYMBOL_IFUNC ||
	       symbol->kind == ABI_SYMBOL_OTHER;
}

static void compare_symbols(struct differ *differ, const struct abi_symbol *old, const struct abi_symbol *now)
{
	bool is_other = is_code(old) != is_code(now) || (old->kind == ABI_SYMBOL_TLS) != (now->kind == ABI_SYMBOL_TLS);
	if (is_other && old->kind != ABI_SYMBOL_OTHER && now->kind != ABI_SYMBOL_OTHER) {
		struct abi_change *change = add_change(differ, ABI_BREAKS_CALLERS, symbol_name(differ, now, true));
		tell(change, arena_printf(&differ->diff->arena, "it was a %s", abi_symbol_kind_name(old->kind)));
		return;
	}
	bool told = compare_sizes(differ, old, now);
	if (!old->has_type || !now->has_type) {
		differ->diff->n_without_types += old->has_type != now->has_type;
		return;
	}
	if (old->kind != now->kind)
		return;
	struct abi_lines details = {0};
	enum abi_verdict verdict = compare_symbol_types(differ, old, now, &details);
	if (verdict == ABI_SAME) {
		array_free(&details);
		return;
	}
	struct abi_change *change = told ? &differ->diff->changes.at[differ->diff->changes.n - 1]
					 : add_change(differ, verdict, symbol_name(differ, now, true));
	change->place = place_of(differ, now->file, now->line);
	for (uint32_t i = 0; i < details.n; i++)
		*array_push(&change->details) = details.at[i];
	array_free(&details);
}

/* Symbols of a model with one name. */
static const struct abi_symbol *find_symbol(const struct abi_model *model, struct str name, struct str version,
					    bool any_version)
{
	uint32_t low = 0, high = model->symbols.n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (str_compare(model->symbols.at[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < model->symbols.n && str_equal(model->symbols.at[low].name, name); low++)
		if (str_equal(model->symbols.at[low].version, version) ||
		    (any_version && model->symbols.at[low].is_default))
			return &model->symbols.at[low];
	return NULL;
}

/* Who was linked with a symbol without version takes any; who wants a version takes it, or one of a library that has
 * no versions at all (gABI of Linux, "Symbol Versioning"). */
static const struct abi_symbol *counterpart(const struct abi_model *model, const struct abi_symbol *symbol)
{
	const struct abi_symbol *found = find_symbol(model, symbol->name, symbol->version, false);
	if (!found && !symbol->version.len)
		found = find_symbol(model, symbol->name, symbol->version, true);
	if (!found && symbol->version.len && symbol->is_default)
		found = find_symbol(model, symbol->name, (struct str){"", 0}, false);
	return found;
}

static void compare_all_symbols(struct differ *differ)
{
	for (uint32_t i = 0; i < differ->from->symbols.n; i++) {
		const struct abi_symbol *old = &differ->from->symbols.at[i], *now = counterpart(differ->to, old);
		if (now) {
			compare_symbols(differ, old, now);
			continue;
		}
		struct abi_change *change = add_change(differ, ABI_BREAKS_CALLERS, symbol_name(differ, old, true));
		bool has_other = find_symbol(differ->to, old->name, old->version, true) != NULL;
		tell(change, has_other ? "is gone in this version" : "is gone");
	}
	for (uint32_t i = 0; i < differ->to->symbols.n; i++) {
		const struct abi_symbol *now = &differ->to->symbols.at[i], *old = counterpart(differ->from, now);
		if (old && counterpart(differ->to, old) == now)
			continue;
		if (old && !old->version.len && now->is_default)
			continue;
		struct abi_change *change = add_change(differ, ABI_COMPATIBLE, symbol_name(differ, now, true));
		tell(change, "is new");
	}
}

/* ---- types ------------------------------------------------------------------------------------------------ */

static bool ends_with(struct str text, const char *end)
{
	size_t len = strlen(end);
	return text.len > len && memcmp(text.at + text.len - len, end, len) == 0;
}

/* Callers do not know a type that is defined in a source file, unless that file is a library in one piece, headers and
 * all, as sqlite3.c is. */
static bool is_in_source_file(struct str file)
{
	static const char *const ends[] = {".c", ".cc", ".cpp", ".cxx", ".C", ".y", ".l"};
	for (unsigned i = 0; i < COUNTOF(ends); i++)
		if (ends_with(file, ends[i]))
			return true;
	return false;
}

static struct str last_name(struct str file)
{
	for (uint32_t i = file.len; i > 0; i--)
		if (file.at[i - 1] == '/')
			return (struct str){file.at + i, file.len - i};
	return file;
}

static bool is_public_header(const struct abi_diff_options *options, struct str file)
{
	for (uint32_t i = 0; i < options->n_headers; i++)
		if (str_equal(str_from(options->headers[i]), last_name(file)))
			return true;
	return false;
}

/* NULL: callers may know what is in it. Else why they do not. */
static const char *why_private(struct differ *differ, const struct abi_pair *pair)
{
	const struct abi_type *old = abi_type(differ->from, pair->from);
	for (uint32_t i = 0; i < differ->options->n_opaque; i++)
		if (glob_match(str_from(differ->options->opaque[i]), old->name))
			return "callers do not know what is in it (--opaque)";
	const struct abi_definition *definition = abi_definition(differ->from, pair->from);
	if (!definition || !definition->file.len)
		return NULL;
	if (differ->options->n_headers && !is_public_header(differ->options, definition->file))
		return arena_printf(&differ->diff->arena,
				    "callers do not know what is in it: %.*s is not among the headers",
				    (int)definition->file.len, definition->file.at);
	return NULL;
}

/* What to ask whoever reads this. */
static const char *hint_of(struct differ *differ, const struct abi_pair *pair)
{
	const struct abi_definition *definition = abi_definition(differ->from, pair->from);
	struct str name = abi_type(differ->from, pair->from)->name;
	if (!definition || !is_in_source_file(definition->file))
		return NULL;
	return arena_printf(&differ->diff->arena,
			    "defined in %.*s: if no caller knows what is in it, say --opaque='%.*s'",
			    (int)definition->file.len, definition->file.at, (int)name.len, name.at);
}

static const char *entity_name(struct differ *differ, const struct abi_model *model, abi_type_id id)
{
	struct text text = {0};
	if (abi_type(model, id)->kind == ABI_TYPEDEF)
		text_print(&text, "typedef ");
	abi_spell_name(&text, model, id, SPELL_KEYWORDS);
	const char *copy = arena_strndup(&differ->diff->arena, text_str(&text).at, text.bytes.n);
	text_free(&text);
	return copy;
}

static void compare_types(struct differ *differ)
{
	struct abi_comparer *comparer = &differ->comparer;
	for (uint32_t i = 0; i < comparer->pairs.n; i++) {
		struct abi_pair pair = comparer->pairs.at[i];
		struct abi_lines details = {0};
		comparer->node = i;
		comparer->details = &details;
		comparer->budget = STEPS_OF_A_SYMBOL;
		enum abi_verdict verdict = abi_compare_entities(comparer, pair.from, pair.to);
		if (verdict == ABI_SAME) {
			array_free(&details);
			continue;
		}
		const char *why = why_private(differ, &pair);
		struct abi_change *change =
			add_change(differ, why ? ABI_COMPATIBLE : verdict, entity_name(differ, differ->to, pair.to));
		const struct abi_definition *now = abi_definition(differ->to, pair.to);
		change->details = details;
		change->pair = i + 1;
		change->place = now ? place_of(differ, now->file, now->line) : NULL;
		const char *hint = why ? why : verdict > ABI_COMPATIBLE ? hint_of(differ, &pair) : NULL;
		if (hint)
			tell(change, hint);
	}
}

/* ---- who reaches a type ----------------------------------------------------------------------------------- */

static const char *node_name(struct differ *differ, uint32_t node)
{
	if (node & ABI_SYMBOL_NODE)
		return symbol_name(differ, &differ->to->symbols.at[node & ~ABI_SYMBOL_NODE], false);
	return entity_name(differ, differ->to, differ->comparer.pairs.at[node].to);
}

/* "each, parameter 3 -> typedef cb_t, parameter 1, behind the pointer -> struct shape". */
static const char *path_to(struct differ *differ, uint32_t pair)
{
	const struct abi_comparer *comparer = &differ->comparer;
	uint32_t nodes[MOST_PATH];
	unsigned n = 0;
	for (uint32_t at = pair; n < MOST_PATH && comparer->pairs.n; at = comparer->pairs.at[at].via) {
		nodes[n++] = at;
		if (at & ABI_SYMBOL_NODE)
			break;
	}
	struct text text = {0};
	while (n-- > 0) {
		text_print(&text, "%s", node_name(differ, nodes[n]));
		if (n)
			text_print(&text, ", %s -> ", comparer->pairs.at[nodes[n - 1]].how);
	}
	const char *copy = arena_strndup(&differ->diff->arena, text_str(&text).at, text.bytes.n);
	text_free(&text);
	return copy;
}

static int compare_edges(const void *a, const void *b)
{
	const struct abi_edge *x = a, *y = b;
	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	return (x->from > y->from) - (x->from < y->from);
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* Goes back from a pair to all symbols that reach it. */
static void find_symbols(struct differ *differ, struct abi_change *change, uint32_t *seen, uint32_t mark)
{
	const struct abi_comparer *comparer = &differ->comparer;
	ARRAY(uint32_t) todo = {0};
	ARRAY(uint32_t) symbols = {0};
	*array_push(&todo) = change->pair - 1;
	seen[change->pair - 1] = mark;
	for (uint32_t i = 0; i < todo.n; i++) {
		uint32_t node = todo.at[i];
		for (uint32_t e = array_first_from(&comparer->edges, to, node);
		     e < comparer->edges.n && comparer->edges.at[e].to == node; e++) {
			uint32_t from = comparer->edges.at[e].from;
			uint32_t slot = from & ABI_SYMBOL_NODE ? comparer->pairs.n + (from & ~ABI_SYMBOL_NODE) : from;
			if (seen[slot] == mark)
				continue;
			seen[slot] = mark;
			if (from & ABI_SYMBOL_NODE)
				*array_push(&symbols) = from & ~ABI_SYMBOL_NODE;
			else
				*array_push(&todo) = from;
		}
	}
	if (symbols.n)
		qsort(symbols.at, symbols.n, sizeof(*symbols.at), compare_numbers);
	for (uint32_t i = 0; i < symbols.n; i++)
		*array_push(&change->symbols) = symbol_name(differ, &differ->to->symbols.at[symbols.at[i]], false);
	array_free(&todo);
	array_free(&symbols);
	change->path = path_to(differ, change->pair - 1);
}

static void find_all_symbols(struct differ *differ)
{
	struct abi_comparer *comparer = &differ->comparer;
	uint32_t *seen = calloc(comparer->pairs.n + 1ull + differ->to->symbols.n, sizeof(*seen));
	if (!seen)
		out_of_memory();
	if (comparer->edges.n)
		qsort(comparer->edges.at, comparer->edges.n, sizeof(*comparer->edges.at), compare_edges);
	for (uint32_t i = 0; i < differ->diff->changes.n; i++)
		if (differ->diff->changes.at[i].pair)
			find_symbols(differ, &differ->diff->changes.at[i], seen, i + 1);
	free(seen);
}

/* ---- promises and names ----------------------------------------------------------------------------------- */

static bool is_binding(struct str name)
{
	return str_equal(name, str_from("machine")) || str_equal(name, str_from("char")) ||
	       (name.len > 6 && memcmp(name.at, "sizeof", 6) == 0);
}

static void compare_promises(struct differ *differ)
{
	const struct abi_model *from = differ->from, *to = differ->to;
	for (uint32_t i = 0, j = 0; i < from->promises.n; i++) {
		const struct abi_promise *old = &from->promises.at[i], *now = to->promises.at;
		while (j < to->promises.n && str_compare(now[j].name, old->name) < 0)
			j++;
		if (j == to->promises.n)
			break;
		now += j;
		if (!is_binding(old->name) || !str_equal(old->name, now->name) || str_equal(old->value, now->value))
			continue;
		struct abi_change *change =
			add_change(differ, ABI_BREAKS_CALLERS,
				   arena_printf(&differ->diff->arena, "promise %.*s", (int)old->name.len, old->name.at));
		tell(change, arena_printf(&differ->diff->arena, "changed from %.*s to %.*s", (int)old->value.len,
					  old->value.at, (int)now->value.len, now->value.at));
	}
}

/* "libx.so.2" of "libx.so.1"; NULL: it does not end in a number. */
static const char *next_soname(struct differ *differ, struct str soname)
{
	uint32_t digits = soname.len;
	while (digits > 0 && isdigit((unsigned char)soname.at[digits - 1]))
		digits--;
	if (digits == soname.len || soname.len - digits > 6 || digits == 0 || soname.at[digits - 1] != '.')
		return NULL;
	unsigned number = 0;
	for (uint32_t i = digits; i < soname.len; i++)
		number = number * 10 + (unsigned)(soname.at[i] - '0');
	return arena_printf(&differ->diff->arena, "%.*s%u", (int)digits, soname.at, number + 1);
}

static void advise(struct differ *differ)
{
	struct abi_diff *diff = differ->diff;
	struct str old = differ->from->soname, now = differ->to->soname;
	bool breaks = false;
	for (uint32_t i = 0; i < diff->changes.n; i++)
		breaks |= diff->changes.at[i].verdict > ABI_COMPATIBLE;
	diff->soname_changed = !str_equal(old, now);
	if (diff->soname_changed)
		diff->soname_advice = arena_printf(
			&diff->arena, "changed from '%.*s' to '%.*s': programs go on using the old file%s",
			(int)old.len, old.at, (int)now.len, now.at,
			breaks ? ", as they should" : ", though nothing else would keep them from using this one");
	else if (breaks && old.len) {
		const char *next = next_soname(differ, old);
		diff->soname_advice =
			arena_printf(&diff->arena, "unchanged ('%.*s') although programs break: it should be %s%s",
				     (int)old.len, old.at, next ? next : "another one",
				     next ? ", or the old symbols be kept in their versions" : "");
	}
}

static int compare_changes(const void *a, const void *b)
{
	const struct abi_change *x = a, *y = b;
	if (x->verdict != y->verdict)
		return x->verdict > y->verdict ? -1 : 1;
	return strcmp(x->subject, y->subject);
}

void abi_diff_models(struct abi_diff *diff, struct abi_model *from, struct abi_model *to,
		     const struct abi_diff_options *options)
{
	struct differ differ = {.diff = diff, .from = from, .to = to, .options = options};
	*diff = (struct abi_diff){.types_compared = from->has_types && to->has_types};
	differ.comparer = (struct abi_comparer){.from = from, .to = to, .diff = diff};
	compare_all_symbols(&differ);
	compare_types(&differ);
	compare_promises(&differ);
	find_all_symbols(&differ);
	advise(&differ);
	if (diff->changes.n)
		qsort(diff->changes.at, diff->changes.n, sizeof(*diff->changes.at), compare_changes);
	array_free(&differ.comparer.pairs);
	array_free(&differ.comparer.edges);
	free(differ.comparer.table);
}

void abi_diff_free(struct abi_diff *diff)
{
	for (uint32_t i = 0; i < diff->changes.n; i++) {
		array_free(&diff->changes.at[i].details);
		array_free(&diff->changes.at[i].symbols);
	}
	array_free(&diff->changes);
	arena_free(&diff->arena);
}

int abi_diff_exit(const struct abi_diff *diff)
{
	int status = diff->soname_changed ? ABI_EXIT_CHANGED | ABI_EXIT_INCOMPATIBLE : 0;
	for (uint32_t i = 0; i < diff->changes.n; i++)
		status |= diff->changes.at[i].verdict > ABI_COMPATIBLE ? ABI_EXIT_CHANGED | ABI_EXIT_INCOMPATIBLE
								       : ABI_EXIT_CHANGED;
	return status;
}
