#include "ld/resolve/versions.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/hash.h"
#include "ld/resolve/symbols.h"

enum { FIRST_NODE_VERSION = 2, SYMBOL_GRAIN = 1 << 12 };

/* Which pattern decides, from strongest to weakest. */
enum strength { EXACT, PATTERN, EVERYTHING, NOTHING };

/* The patterns of a script, ready for many look-ups: exact names in a hash table, the others in a list. */
struct matcher {
	const struct version_script *script;
	uint32_t *slots;     /* 1 + pattern number of an exact name */
	uint32_t mask;
	uint32_t *globs;     /* pattern numbers, strongest first */
	uint32_t n_globs;
	bool any_cxx;
};

static enum strength strength_of(const struct version_pattern *pattern)
{
	if (pattern->literal)
		return EXACT;
	return pattern->text.len == 1 && pattern->text.at[0] == '*' ? EVERYTHING : PATTERN;
}

/* True when pattern a decides rather than b, both matching and equally strong. */
static bool beats(const struct version_pattern *a, const struct version_pattern *b)
{
	if (a->local != b->local)
		return !a->local;
	return a->node > b->node;
}

static void matcher_init(struct matcher *matcher, const struct version_script *script)
{
	*matcher = (struct matcher){.script = script, .mask = 15};
	while (matcher->mask < 2 * script->patterns.n)
		matcher->mask = matcher->mask * 2 + 1;
	matcher->slots = calloc((size_t)matcher->mask + 1, sizeof(*matcher->slots));
	matcher->globs = malloc((script->patterns.n + 1) * sizeof(*matcher->globs));
	if (!matcher->slots || !matcher->globs)
		out_of_memory();
	for (uint32_t i = 0; i < script->patterns.n; i++) {
		const struct version_pattern *pattern = &script->patterns.at[i];
		matcher->any_cxx |= pattern->cxx;
		if (!pattern->literal) {
			matcher->globs[matcher->n_globs++] = i;
			continue;
		}
		uint32_t at = (uint32_t)hash_bytes(pattern->text.at, pattern->text.len) & matcher->mask;
		while (matcher->slots[at])
			at = (at + 1) & matcher->mask;
		matcher->slots[at] = i + 1;
	}
}

static void matcher_free(struct matcher *matcher)
{
	free(matcher->slots);
	free(matcher->globs);
}

static const struct version_pattern *find_exact(const struct matcher *matcher, struct str name, bool cxx)
{
	const struct version_pattern *best = NULL;
	for (uint32_t at = (uint32_t)hash_bytes(name.at, name.len) & matcher->mask; matcher->slots[at];
	     at = (at + 1) & matcher->mask) {
		const struct version_pattern *pattern = &matcher->script->patterns.at[matcher->slots[at] - 1];
		if (pattern->cxx == cxx && pattern->text.len == name.len &&
		    memcmp(pattern->text.at, name.at, name.len) == 0 && (!best || beats(pattern, best)))
			best = pattern;
	}
	return best;
}

/* The pattern that decides about a symbol, or NULL. */
static const struct version_pattern *decide(const struct matcher *matcher, struct str name, const char *demangled)
{
	const struct version_pattern *best = find_exact(matcher, name, false);
	if (demangled) {
		const struct version_pattern *cxx = find_exact(matcher, str_of(demangled), true);
		if (cxx && (!best || beats(cxx, best)))
			best = cxx;
	}
	if (best)
		return best;
	for (uint32_t i = 0; i < matcher->n_globs; i++) {
		const struct version_pattern *pattern = &matcher->script->patterns.at[matcher->globs[i]];
		if (best && (strength_of(pattern) > strength_of(best) ||
			     (strength_of(pattern) == strength_of(best) && !beats(pattern, best))))
			continue;
		if (pattern->cxx ? demangled && glob_match(pattern->text, str_of(demangled))
				 : glob_match(pattern->text, name))
			best = pattern;
	}
	return best;
}

static char *demangle(struct str name)
{
	if (name.len < 3 || name.at[0] != '_' || name.at[1] != 'Z')
		return NULL;
	char *text = strndup(name.at, name.len);
	char *demangled = text ? cplus_demangle(text, DMGL_PARAMS | DMGL_ANSI) : NULL;
	free(text);
	return demangled;
}

bool versions_list_matches(const struct version_script *list, struct str name, const char *demangled)
{
	for (uint32_t i = 0; i < list->patterns.n; i++) {
		const struct version_pattern *pattern = &list->patterns.at[i];
		if (pattern->cxx ? demangled && glob_match(pattern->text, str_of(demangled))
				 : glob_match(pattern->text, name))
			return true;
	}
	return false;
}

uint32_t versions_count(const struct link *link)
{
	const struct version_script *script = &link->version_script;
	return script->nodes.n && script->nodes.at[0].name[0] ? script->nodes.n : 0;
}

void versions_read(struct link *link)
{
	const struct options *options = link->options;
	for (uint32_t i = 0; i < options->version_scripts.n + options->dynamic_lists.n; i++) {
		bool is_list = i >= options->version_scripts.n;
		const char *path = is_list ? options->dynamic_lists.at[i - options->version_scripts.n]
					   : options->version_scripts.at[i];
		const struct io_file *file = io_read(link->io, path);
		if (file->error)
			diag_error(link->diag, 0, "cannot open %s %s: %s", is_list ? "dynamic list" : "version script",
				   path, strerror(file->error));
		else if (is_list)
			dynamic_list_parse(&link->dynamic_list, file->path, file->bytes, &link->arena, link->diag);
		else
			version_script_parse(&link->version_script, file->path, file->bytes, 1, &link->arena,
					     link->diag);
	}
	link->has_dynamic_list = options->dynamic_lists.n > 0;
}

struct assigning {
	struct link *link;
	struct matcher matcher;
};

static void assign_range(void *context, size_t begin, size_t end, unsigned worker)
{
	struct assigning *assigning = context;
	struct link *link = assigning->link;
	bool named = versions_count(link) > 0;
	(void)worker;
	for (size_t i = begin; i < end; i++) {
		struct symbol *symbol = &link->symbols[i];
		uint64_t owner = symbol_owner(symbol);
		link->versions[i] = VER_NDX_GLOBAL;
		if (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE || owner_file(owner) == INTERNAL_FILE)
			continue;
		struct str name = symbol_base_name(link, (symbol_id)i);
		/* What is not a mangled name stands for itself in extern "C++" (GNU ld, lang_vers_match). */
		char *demangled = assigning->matcher.any_cxx ? demangle(name) : NULL;
		if (assigning->matcher.any_cxx && !demangled)
			demangled = strndup(name.at, name.len);
		const struct version_pattern *pattern = decide(&assigning->matcher, name, demangled);
		free(demangled);
		if (!pattern)
			continue;
		if (pattern->local)
			symbol_set(symbol, SYMBOL_FORCED_LOCAL);
		else if (named)
			link->versions[i] = (uint16_t)(FIRST_NODE_VERSION + pattern->node);
	}
}

/* "foo@V" and "foo@@V" say the version themselves. */
static void assign_named(struct link *link, file_id id)
{
	struct file *file = file_of(link, id);
	for (uint32_t i = 0; i < file->n_versioned; i++) {
		const struct versioned_symbol *versioned = &file->versioned[i];
		symbol_id symbol = global_of(file, versioned->symbol);
		uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
		if (owner == OWNER_NONE || owner_file(owner) != id || owner_index(owner) != versioned->symbol)
			continue;
		uint32_t node = 0, n = versions_count(link);
		while (node < n && !(strlen(link->version_script.nodes.at[node].name) == versioned->version.len &&
				     memcmp(link->version_script.nodes.at[node].name, versioned->version.at,
					    versioned->version.len) == 0))
			node++;
		if (node < n) {
			link->versions[symbol] =
				(uint16_t)((FIRST_NODE_VERSION + node) | (versioned->is_default ? 0 : VERSYM_HIDDEN));
			atomic_fetch_and_explicit(&link->symbols[symbol].flags, (uint16_t)~SYMBOL_FORCED_LOCAL,
						  memory_order_relaxed);
		} else if (link->options->kind == OUTPUT_SHARED && versioned->version.len) {
			struct str name = symbol_name(link, symbol);
			diag_error(link->diag, diag_order(id, versioned->symbol),
				   FILE_FORMAT ": symbol %.*s has undefined version %.*s\n>>> no version script "
					       "defines it: version node not found",
				   FILE_ARGS(file), (int)name.len, name.at, (int)versioned->version.len,
				   versioned->version.at);
		}
	}
}

static void report_unmatched(struct link *link)
{
	const struct version_script *script = &link->version_script;
	for (uint32_t i = 0; i < script->patterns.n; i++) {
		const struct version_pattern *pattern = &script->patterns.at[i];
		if (!pattern->literal || pattern->local || pattern->cxx)
			continue;
		symbol_id symbol = symbols_find(link, pattern->text);
		uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
		if (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE)
			diag_error(link->diag, i,
				   "version script assigns version %s to symbol %.*s, which is not defined\n>>> use "
				   "--undefined-version to allow this",
				   script->nodes.at[pattern->node].name, (int)pattern->text.len, pattern->text.at);
	}
}

void versions_assign(struct link *link)
{
	struct assigning assigning = {.link = link};
	link->versions = arena_array(&link->arena, uint16_t, link->n_symbols);
	matcher_init(&assigning.matcher, &link->version_script);
	parallel_for(link->pool, link->n_symbols, SYMBOL_GRAIN, assign_range, &assigning);
	matcher_free(&assigning.matcher);
	for (file_id id = 1; id < link->files.n; id++)
		if (file_of(link, id)->kind == FILE_OBJECT && file_of(link, id)->live)
			assign_named(link, id);
	if (!link->options->undefined_version)
		report_unmatched(link);
}
