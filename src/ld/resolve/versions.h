/* Symbol versions of the output: which version definition a symbol belongs to, or that it is local (GNU ld manual,
 * "VERSION Command"). Precedence as GNU ld: an exact name wins over a pattern, a pattern other than "*" wins over "*";
 * among patterns of the same kind the later node wins over the earlier, global over local. */
#ifndef GILD_LD_RESOLVE_VERSIONS_H
#define GILD_LD_RESOLVE_VERSIONS_H

#include "ld/tables.h"

/* What the base version is called: the soname, or the file. */
const char *versions_base_name(const struct link *link);

/* Reads the version scripts and lists named by options. */
void versions_read(struct link *link);

/* Gives every symbol defined here its version (link->versions) and marks "local:" ones. After owners are decided,
 * before exports. */
void versions_assign(struct link *link);

/* Number of version definitions the output carries, not counting the base definition (the file itself). */
uint32_t versions_count(const struct link *link);

#endif
