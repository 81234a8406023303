#include "ld/report/undefined.h"

#include <stdlib.h>

#include "ld/report/describe.h"
#include "ld/report/explain.h"
#include "ld/resolve/closure.h"
#include "ld/resolve/symbols.h"

enum { MAX_REFERENCES = 3 };
#define NO_REFERENCE UINT32_MAX

/* What the messages share. */
struct undefined {
	struct link *link;
	uint32_t *next;           /* by reference: the next one to the same symbol, or NO_REFERENCE */
	struct explanation *explanation;
	bool *explained;          /* the hints have been found */
};

static int compare_references(const void *a, const void *b)
{
	const struct undefined_reference *x = a, *y = b;
	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* The places behind the first one. GNU ld's words for those that are not named. */
static void further_references(const struct undefined *undefined, uint32_t first, const char *name,
			       struct diag_lines *lines)
{
	const struct link *link = undefined->link;
	struct arena arena = {0};
	uint32_t n = 1;
	for (uint32_t i = undefined->next[first]; i != NO_REFERENCE; i = undefined->next[i]) {
		const struct undefined_reference *ref = &link->undefined_references.at[i];
		if (n++ < MAX_REFERENCES)
			diag_line(lines, "also referenced at %s",
				  describe_place_and_line(link, &arena, ref->section, ref->offset));
	}
	if (n > MAX_REFERENCES)
		diag_line(lines, "and at %u more place%s: more undefined references to `%s' follow", n - MAX_REFERENCES,
			  n - MAX_REFERENCES == 1 ? "" : "s", name);
	arena_free(&arena);
}

static void visibility_line(const struct symbol *symbol, struct diag_lines *lines)
{
	uint8_t visibility = symbol->visibility;
	if (visibility != STV_DEFAULT)
		diag_line(lines, "the reference is %s, so a shared object cannot define it",
			  visibility == STV_PROTECTED ? "protected" : "hidden");
}

static void hint_lines(const struct undefined *undefined, symbol_id symbol, struct diag_lines *lines)
{
	struct explanation *explanation = undefined->explanation;
	if (!*undefined->explained)
		explain_all(explanation);
	*undefined->explained = true;
	for (uint32_t i = 0; i < explanation->n; i++)
		for (uint32_t h = 0; explanation->at[i].symbol == symbol && h < explanation->at[i].n_hints; h++)
			diag_hint(lines, "%s", explanation->at[i].hints[h]);
}

/* more->a: the first reference to the symbol. */
static void undefined_lines(const struct diag_more *more, struct diag_lines *lines)
{
	const struct undefined *undefined = more->context;
	const struct link *link = undefined->link;
	struct arena arena = {0};
	const struct undefined_reference *first = &link->undefined_references.at[more->a];
	const char *name = describe_symbol(link, &arena, first->symbol);
	diag_line(lines, "%sundefined reference to `%s'",
		  describe_prefix(link, &arena, first->section, first->offset, lines), name);
	further_references(undefined, (uint32_t)more->a, name, lines);
	visibility_line(&link->symbols[first->symbol], lines);
	const struct missing_library *missing = closure_find(link, first->symbol);
	if (missing) {
		diag_line(lines, "undefined reference to symbol '%s'", missing->name);
		diag_line(lines, "%s: error adding symbols: DSO missing from command line", missing->path);
	}
	hint_lines(undefined, first->symbol, lines);
	arena_free(&arena);
}

static void report_undefined(const struct undefined *undefined, uint32_t first)
{
	struct link *link = undefined->link;
	const struct undefined_reference *ref = &link->undefined_references.at[first];
	file_id file = section_of(link, ref->section)->file;
	struct diag_about about = about_place(link, ref->section, ref->offset, "undefined-symbol");
	struct arena arena = {0};
	struct str name = symbol_name(link, ref->symbol);
	about.symbol = arena_strndup(&arena, name.at, name.len);
	about.more = (struct diag_more){.lines = undefined_lines, .context = undefined, .a = first};
	bool warn = link->options->warn_unresolved && !closure_find(link, ref->symbol);
	diag_report(link->diag, warn ? SEVERITY_WARNING : SEVERITY_ERROR, diag_order(file, first), &about,
		    "undefined symbol: %s", describe_symbol(link, &arena, ref->symbol));
	explain_add(undefined->explanation, ref->symbol, file);
	arena_free(&arena);
}

/* Chains the references to each symbol in the order they have. */
static void link_references(struct undefined *undefined)
{
	struct link *link = undefined->link;
	const struct undefined_reference *refs = link->undefined_references.at;
	uint32_t *nearest = calloc(link->n_symbols, sizeof(*nearest)); /* 1 + the next reference, by symbol */
	if (!nearest)
		out_of_memory();
	for (uint32_t i = link->undefined_references.n; i-- > 0;) {
		undefined->next[i] = nearest[refs[i].symbol] - 1; /* none: NO_REFERENCE */
		nearest[refs[i].symbol] = i + 1;
	}
	free(nearest);
}

void describe_undefined(struct link *link)
{
	struct undefined_reference *refs = link->undefined_references.at;
	uint32_t n = link->undefined_references.n;
	if (n == 0)
		return;
	qsort(refs, n, sizeof(*refs), compare_references);
	struct undefined *undefined = arena_new(&link->arena, struct undefined);
	*undefined = (struct undefined){
		.link = link,
		.next = arena_array(&link->arena, uint32_t, n),
		.explanation = arena_new(&link->arena, struct explanation),
		.explained = arena_new(&link->arena, bool),
	};
	undefined->explanation->link = link;
	link_references(undefined);
	for (uint32_t i = 0; i < n; i++) {
		struct symbol *symbol = &link->symbols[refs[i].symbol];
		if (symbol_flags(symbol) & SYMBOL_REPORTED)
			continue;
		symbol_set(symbol, SYMBOL_REPORTED);
		report_undefined(undefined, i);
	}
}
