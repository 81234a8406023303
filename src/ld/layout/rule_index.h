/* Finding the first rule of a program that takes a section, without trying them all: there may be thousands, with a
 * pattern for a file each.
 *
 * What decides is compiled once. Names of sections are matched against a set of distinct patterns. What rules say about
 * files is a condition, of which there are few distinct ones; they are evaluated once per file. */
#ifndef GILD_LD_LAYOUT_RULE_INDEX_H
#define GILD_LD_LAYOUT_RULE_INDEX_H

#include "ld/layout/layout.h"

struct rule_index;
struct rule_finder;

/* Of all rules, or of those whose sections survive garbage collection. */
struct rule_index *rule_index_new(const struct layout *layout, bool keep_only);
void rule_index_free(struct rule_index *index);

#define NO_RULE UINT32_MAX

/* What one thread needs to look into an index. The index lives at least as long. */
struct rule_finder *rule_finder_new(const struct rule_index *index);
void rule_finder_free(struct rule_finder *finder);

/* From now on sections of this file are asked for: a path as the user or the search named it; or a member, and the path
 * of its archive. Names that have length 0 match "*" only. */
void rule_finder_file(struct rule_finder *finder, struct str name, struct str archive, bool is_member);

/* Number of the first rule, from number `from` on, that takes a section of this name and these sh_flags. */
uint32_t rule_finder_find(struct rule_finder *finder, struct str name, uint64_t flags, uint32_t from);

#endif
