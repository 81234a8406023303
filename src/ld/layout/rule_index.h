/* Finding the first rule of a program that matches a section name, in time proportional to the name.
 *
 * Patterns hang in a trie at the end of their literal prefix; walking down a name meets every pattern that can match
 * it. */
#ifndef GILD_LD_LAYOUT_RULE_INDEX_H
#define GILD_LD_LAYOUT_RULE_INDEX_H

#include "ld/layout/layout.h"

struct rule_index *rule_index_new(const struct layout *layout);
void rule_index_free(struct rule_index *index);

#define NO_RULE UINT32_MAX

/* Number of the first rule that takes a section of this name; `is_crt`: it is in crtbegin.o, crtend.o or a variant of
 * theirs. Any thread. */
uint32_t rule_index_find(const struct layout *layout, struct str name, bool is_crt);

#endif
