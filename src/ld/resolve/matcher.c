#include "ld/resolve/matcher.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#include "base/demangle.h"
#include "base/glob.h"
#include "base/hash.h"
#include "ld/resolve/symbols.h"

/* Which pattern decides, from strongest to weakest. */
enum strength { EXACT, PATTERN, EVERYTHING, NOTHING };

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

void matcher_init(struct matcher *matcher, const struct version_script *script)
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

void matcher_free(struct matcher *matcher)
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

char *matcher_demangle(struct str name)
{
	if (name.len < 3 || name.at[0] != '_' || name.at[1] != 'Z')
		return NULL;
	char *text = strndup(name.at, name.len);
	char *demangled = text ? demangle_name(text, DMGL_PARAMS | DMGL_ANSI, DEMANGLE_TO_MATCH) : NULL;
	free(text);
	return demangled;
}

const struct version_pattern *matcher_decide(const struct matcher *matcher, struct str name)
{
	if (!matcher->any_cxx)
		return decide(matcher, name, NULL);
	/* What is not a mangled name stands for itself in extern "C++" (GNU ld, lang_vers_match). */
	char *demangled = matcher_demangle(name);
	if (!demangled)
		demangled = strndup(name.at, name.len);
	const struct version_pattern *pattern = decide(matcher, name, demangled);
	free(demangled);
	return pattern;
}
