/* Which pattern of a version script, dynamic list or list of symbols a name matches: in time that does not depend on how
 * many of them are names in full. Precedence as GNU ld (see versions.h). */
#ifndef GILD_LD_RESOLVE_MATCHER_H
#define GILD_LD_RESOLVE_MATCHER_H

#include "ld/input/version_script.h"

/* The patterns, ready for many look-ups: exact names in a hash table, the others in a list. */
struct matcher {
	const struct version_script *script;
	uint32_t *slots;     /* 1 + pattern number of an exact name */
	uint32_t mask;
	uint32_t *globs;     /* pattern numbers, in the order of the script */
	uint32_t n_globs;
	bool any_cxx;
};

/* The script must live as long as the matcher. */
void matcher_init(struct matcher *matcher, const struct version_script *script);
void matcher_free(struct matcher *matcher);

/* The pattern that decides about a symbol of that name (without its version), or NULL. Any thread. */
const struct version_pattern *matcher_decide(const struct matcher *matcher, struct str name);

/* What extern "C++" compares with, for free(); NULL: the name is not mangled as those of C++ are. Any thread. */
char *matcher_demangle(struct str name);

#endif
