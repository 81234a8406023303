#include "base/glob_set.h"

#include <string.h>

#include "base/arena.h"
#include "base/glob.h"
#include "base/hash.h"

enum { FORWARD, BACKWARD, ROOTS, FIRST_BUCKETS = 64 };

static uint32_t child_of(const struct glob_set *set, uint32_t node, char byte)
{
	uint32_t child = set->nodes.at[node].child;
	while (child && set->nodes.at[child].byte != byte)
		child = set->nodes.at[child].sibling;
	return child;
}

static uint32_t make_child(struct glob_set *set, uint32_t node, char byte)
{
	uint32_t child = child_of(set, node, byte);
	if (child)
		return child;
	child = set->nodes.n;
	uint32_t sibling = set->nodes.at[node].child;
	*array_push(&set->nodes) = (struct glob_set_node){.byte = byte, .sibling = sibling};
	set->nodes.at[node].child = child;
	return child;
}

static const char special[] = "*?[]\\";

/* Length of the text behind the last special character, where that is a star. */
static uint32_t literal_suffix(struct str pattern)
{
	uint32_t len = 0;
	while (len < pattern.len && !strchr(special, pattern.at[pattern.len - len - 1]))
		len++;
	return len < pattern.len && pattern.at[pattern.len - len - 1] == '*' ? len : 0;
}

static void hang(struct glob_set *set, uint32_t id)
{
	struct glob_set_pattern *pattern = &set->patterns.at[id];
	struct str text = pattern->text;
	uint32_t prefix = glob_literal_prefix(text), suffix = prefix ? 0 : literal_suffix(text);
	uint32_t node = suffix ? BACKWARD : FORWARD;
	pattern->kind = prefix == text.len ? GLOB_SET_LITERAL : GLOB_SET_GENERAL;
	if (prefix + suffix + 1 == text.len && text.at[prefix] == '*')
		pattern->kind = GLOB_SET_AFFIX;
	if (text.len && !strchr(special, text.at[text.len - 1]))
		pattern->last = text.at[text.len - 1];
	for (uint32_t i = 0; i < prefix; i++)
		node = make_child(set, node, text.at[i]);
	for (uint32_t i = 1; i <= suffix; i++)
		node = make_child(set, node, text.at[text.len - i]);
	pattern->next = set->nodes.at[node].pattern;
	set->nodes.at[node].pattern = id + 1;
}

static uint32_t *bucket_of(const struct glob_set *set, struct str text)
{
	return &set->buckets[hash_bytes(text.at, text.len) & (set->n_buckets - 1)];
}

/* Twice as many buckets. */
static void grow(struct glob_set *set)
{
	free(set->buckets);
	set->n_buckets = set->n_buckets ? 2 * set->n_buckets : FIRST_BUCKETS;
	set->buckets = calloc(set->n_buckets, sizeof(*set->buckets));
	if (!set->buckets)
		out_of_memory();
	for (uint32_t id = 0; id < set->patterns.n; id++) {
		uint32_t *bucket = bucket_of(set, set->patterns.at[id].text);
		set->patterns.at[id].same_hash = *bucket;
		*bucket = id + 1;
	}
}

uint32_t glob_set_add(struct glob_set *set, struct str text)
{
	while (set->nodes.n < ROOTS)
		*array_push(&set->nodes) = (struct glob_set_node){0};
	if (set->patterns.n >= set->n_buckets)
		grow(set);
	uint32_t *bucket = bucket_of(set, text);
	for (uint32_t i = *bucket; i; i = set->patterns.at[i - 1].same_hash) {
		struct str other = set->patterns.at[i - 1].text;
		if (other.len == text.len && memcmp(other.at, text.at, text.len) == 0)
			return i - 1;
	}
	uint32_t id = set->patterns.n;
	*array_push(&set->patterns) = (struct glob_set_pattern){.text = text, .same_hash = *bucket};
	*bucket = id + 1;
	hang(set, id);
	return id;
}

/* The last character refuses most texts at once. */
static bool matches_whole(const struct glob_set_pattern *pattern, struct str text)
{
	if (pattern->last && (!text.len || text.at[text.len - 1] != pattern->last))
		return false;
	return glob_match(pattern->text, text);
}

/* The patterns at a node that is `depth` bytes along the text. */
static uint32_t take(const struct glob_set *set, uint32_t node, struct str text, uint32_t depth, uint32_t *ids,
		     uint32_t n)
{
	for (uint32_t i = set->nodes.at[node].pattern; i; i = set->patterns.at[i - 1].next) {
		const struct glob_set_pattern *pattern = &set->patterns.at[i - 1];
		bool matches = pattern->kind == GLOB_SET_LITERAL ? depth == text.len
								 : pattern->kind == GLOB_SET_AFFIX ||
									   matches_whole(pattern, text);
		if (matches)
			ids[n++] = i - 1;
	}
	return n;
}

uint32_t glob_set_match(const struct glob_set *set, struct str text, uint32_t *ids)
{
	uint32_t n = 0;
	if (!set->patterns.n)
		return 0;
	uint32_t node = FORWARD;
	for (uint32_t i = 0;; i++) {
		if (set->nodes.at[node].pattern)
			n = take(set, node, text, i, ids, n);
		if (i == text.len || !(node = child_of(set, node, text.at[i])))
			break;
	}
	if (!set->nodes.at[BACKWARD].child)
		return n;
	node = BACKWARD;
	for (uint32_t i = 0;; i++) {
		n = take(set, node, text, i, ids, n);
		if (i == text.len || !(node = child_of(set, node, text.at[text.len - i - 1])))
			break;
	}
	return n;
}

void glob_set_free(struct glob_set *set)
{
	array_free(&set->patterns);
	array_free(&set->nodes);
	free(set->buckets);
	*set = (struct glob_set){0};
}
