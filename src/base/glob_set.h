/* Many patterns at once: which of them match a text, without trying each.
 *
 * A pattern hangs in a trie at the end of the literal text it begins with, or, when it begins with a star, in a second
 * one at the end of the literal text it ends with, read backwards. Walking along a text meets all that can match it. */
#ifndef GILD_BASE_GLOB_SET_H
#define GILD_BASE_GLOB_SET_H

#include "base/array.h"
#include "base/types.h"

struct glob_set_node {
	char byte;
	uint32_t child, sibling;  /* 0: none */
	uint32_t pattern;         /* 1 + the first pattern that hangs here; 0: none */
};

struct glob_set_pattern {
	struct str text;          /* not owned */
	uint32_t next;            /* 1 + the next one that hangs at the same node */
	uint32_t same_hash;       /* 1 + the next one in the bucket */
	char last;                /* the last character of what it matches; '\0': not known */
	enum { GLOB_SET_LITERAL, GLOB_SET_AFFIX, GLOB_SET_GENERAL } kind;
};

/* Zeroed at first. */
struct glob_set {
	ARRAY(struct glob_set_pattern) patterns;
	ARRAY(struct glob_set_node) nodes;  /* [0], [1]: the roots */
	uint32_t *buckets;
	uint32_t n_buckets;
};

/* The number of the pattern; equal patterns have one number, numbers count from 0. `pattern` must live as long as the
 * set. One thread. */
uint32_t glob_set_add(struct glob_set *set, struct str pattern);

/* Puts the numbers of all patterns that match `text` into ids, which has room for set->patterns.n, and returns how many
 * there are. Their order depends on the patterns only. Any thread. */
uint32_t glob_set_match(const struct glob_set *set, struct str text, uint32_t *ids);

void glob_set_free(struct glob_set *set);

#endif
