#include "ld/resolve/versions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "ld/input/scripts.h"
#include "ld/report/describe.h"
#include "ld/resolve/matcher.h"
#include "ld/resolve/symbols.h"

enum { FIRST_NODE_VERSION = 2, SYMBOL_GRAIN = 1 << 12 };

uint32_t versions_count(const struct link *link)
{
	const struct version_script *script = &link->version_script;
	return script->nodes.n && script->nodes.at[0].name[0] ? script->nodes.n : 0;
}

static struct script_place whole_text(struct link *link, const char *path, struct bytes bytes)
{
	struct script_text *text = arena_new(&link->arena, struct script_text);
	*text = (struct script_text){path, bytes};
	return script_whole(text);
}

static void read_lists(struct link *link, const char *const *paths, uint32_t n, const char *what,
		       struct version_script *list)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct io_file *file = scripts_find(link, paths[i]);
		if (file->error)
			diag_error(link->diag, 0, "cannot open %s %s: %s", what, paths[i], strerror(file->error));
		else if (list == &link->version_script)
			version_script_parse(list, whole_text(link, file->path, file->bytes), &link->arena,
					     link->diag);
		else
			dynamic_list_parse(list, whole_text(link, file->path, file->bytes), &link->arena, link->diag);
	}
}

/* The lists that GNU ld has built in, for --dynamic-list-cpp-new and --dynamic-list-cpp-typeinfo. */
static void add_builtin(struct link *link, const char *text)
{
	struct bytes bytes = {(const uint8_t *)text, strlen(text)};
	dynamic_list_parse(&link->dynamic_list, whole_text(link, "<gild>", bytes), &link->arena, link->diag);
}

/* --default-symver: one more node, called as the library; an anonymous version script becomes that node. */
static void add_default_version(struct link *link)
{
	struct version_script *script = &link->version_script;
	const char *name = versions_base_name(link);
	uint32_t node = 0;
	if (script->nodes.n && !script->nodes.at[0].name[0])
		script->nodes.at[0].name = name;
	while (node < script->nodes.n && strcmp(script->nodes.at[node].name, name) != 0)
		node++;
	if (node == script->nodes.n)
		*array_push(&script->nodes) = (struct version_node){.name = name};
	link->default_version = 1 + node;
}

const char *versions_base_name(const struct link *link)
{
	const char *slash = strrchr(link->options->output, '/');
	return link->options->soname ? link->options->soname : slash ? slash + 1 : link->options->output;
}

void versions_read(struct link *link)
{
	const struct options *options = link->options;
	read_lists(link, options->version_scripts.at, options->version_scripts.n, "version script",
		   &link->version_script);
	read_lists(link, options->dynamic_lists.at, options->dynamic_lists.n, "dynamic list", &link->dynamic_list);
	read_lists(link, options->export_dynamic_lists.at, options->export_dynamic_lists.n, "list of symbols",
		   &link->export_list);
	for (uint32_t i = 0; i < options->export_dynamic_symbols.n; i++) {
		struct str text = str_of(options->export_dynamic_symbols.at[i]);
		*array_push(&link->export_list.patterns) =
			(struct version_pattern){.text = text, .literal = glob_is_literal(text)};
	}
	if (options->dynamic_list_cpp_new)
		add_builtin(link, "{ extern \"C++\" { operator*new*; operator*delete*; }; };");
	if (options->dynamic_list_cpp_typeinfo)
		add_builtin(link, "{ extern \"C++\" { typeinfo*for*; typeinfo*name*for*; }; };");
	link->has_dynamic_list = options->dynamic_lists.n > 0 || options->dynamic_list_data ||
				 options->dynamic_list_cpp_new || options->dynamic_list_cpp_typeinfo;
	if (options->default_symver && options->kind == OUTPUT_SHARED)
		add_default_version(link);
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
		if (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE || owner_file(owner) == INTERNAL_FILE)
			continue;
		if (link->default_version)
			link->versions[i] = (uint16_t)(FIRST_NODE_VERSION + link->default_version - 1);
		if (!link->version_script.patterns.n)
			continue;
		const struct version_pattern *pattern =
			matcher_decide(&assigning->matcher, symbol_base_name(link, (symbol_id)i));
		if (!pattern)
			continue;
		if (pattern->local)
			symbol_set(symbol, SYMBOL_FORCED_LOCAL);
		else if (named)
			link->versions[i] = (uint16_t)(FIRST_NODE_VERSION + pattern->node);
	}
}

/* A version script that gives "foo" the version V would define it twice where an object has "foo@V", too: that one
 * stands for both (GNU ld, elf_link_assign_sym_version). */
static void hide_plain(struct link *link, symbol_id versioned, uint32_t node)
{
	symbol_id plain = symbols_find(link, symbol_base_name(link, versioned));
	if (!plain || link->versions[plain] != FIRST_NODE_VERSION + node)
		return;
	uint64_t a = symbol_owner(&link->symbols[plain]), b = symbol_owner(&link->symbols[versioned]);
	if (a != OWNER_NONE && owner_file(a) == owner_file(b))
		symbol_set(&link->symbols[plain], SYMBOL_FORCED_LOCAL);
}

/* "foo@V" and "foo@@V" say the version themselves. */
static void assign_named(struct link *link, file_id id)
{
	struct file *file = file_of(link, id);
	for (uint32_t i = 0; i < file->n_versioned; i++) {
		const struct versioned_symbol *versioned = &file->versioned[i];
		symbol_id symbol = global_of(file, versioned->symbol);
		uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
		/* "foo" beside "foo@@V" in one file is the same definition twice */
		if (owner == OWNER_NONE || owner_file(owner) != id ||
		    (owner_index(owner) != versioned->symbol && !versioned->is_default))
			continue;
		if (versioned->version.len == 0) { /* "foo@@": exported without a version, whatever a script says */
			link->versions[symbol] = VER_NDX_GLOBAL;
			atomic_fetch_and_explicit(&link->symbols[symbol].flags, (uint16_t)~SYMBOL_FORCED_LOCAL,
						  memory_order_relaxed);
			continue;
		}
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
			if (!versioned->is_default)
				hide_plain(link, symbol, node);
		} else if (link->options->kind == OUTPUT_SHARED && versioned->version.len) {
			struct str name = symbol_name(link, symbol);
			struct diag_about about = about_file(file, "version");
			about.symbol = file->symtab.strtab + file->symtab.syms[versioned->symbol].st_name;
			diag_report(link->diag, SEVERITY_ERROR, diag_order(id, versioned->symbol), &about,
				    "symbol %.*s has undefined version %.*s\n>>> no version script defines it: version "
				    "node not found",
				    (int)name.len, name.at, (int)versioned->version.len, versioned->version.at);
		}
	}
}

/* extern "C++" { "ns::f(int)"; }: is any symbol that is defined here called so? */
static bool any_called(const struct link *link, struct str text)
{
	for (symbol_id id = 1; id < link->n_symbols; id++) {
		uint64_t owner = symbol_owner(&link->symbols[id]);
		if (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE)
			continue;
		char *demangled = matcher_demangle(symbol_base_name(link, id));
		bool same = demangled && strlen(demangled) == text.len && memcmp(demangled, text.at, text.len) == 0;
		free(demangled);
		if (same)
			return true;
	}
	return false;
}

static void report_unmatched(struct link *link)
{
	const struct version_script *script = &link->version_script;
	for (uint32_t i = 0; i < script->patterns.n; i++) {
		const struct version_pattern *pattern = &script->patterns.at[i];
		if (!pattern->literal || pattern->local || (pattern->cxx && any_called(link, pattern->text)))
			continue;
		symbol_id symbol = symbols_find(link, pattern->text);
		uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
		if (owner != OWNER_NONE && owner_rank(owner) != RANK_ELSEWHERE)
			continue;
		const char *version = script->nodes.at[pattern->node].name;
		diag_error(link->diag, i,
			   "version script assignment of '%s' to symbol '%.*s' failed: symbol not defined\n>>> %.*s: "
			   "undefined version: %s\n>>> use --undefined-version to allow this",
			   version, (int)pattern->text.len, pattern->text.at, (int)pattern->text.len, pattern->text.at,
			   version);
	}
}

void versions_assign(struct link *link)
{
	struct assigning assigning = {.link = link};
	link->versions = arena_array(&link->arena, uint16_t, link->n_symbols);
	if (link->default_version || link->version_script.patterns.n) { /* else no symbol need be looked at */
		matcher_init(&assigning.matcher, &link->version_script);
		parallel_for(link->pool, link->n_symbols, SYMBOL_GRAIN, assign_range, &assigning);
		matcher_free(&assigning.matcher);
	}
	for (file_id id = 1; id < link->files.n; id++)
		if (file_of(link, id)->kind == FILE_OBJECT && file_of(link, id)->live)
			assign_named(link, id);
	if (!link->options->undefined_version)
		report_unmatched(link);
}
