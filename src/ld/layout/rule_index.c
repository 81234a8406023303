#include "ld/layout/rule_index.h"

#include <stdlib.h>

#include "base/glob.h"

struct trie_node {
	char byte;
	uint32_t child, sibling;  /* 0: none */
	uint32_t pattern;         /* 1 + first of the chain that hangs here, in rule order */
};

struct rule_index {
	ARRAY(struct trie_node) nodes; /* [0] is the root */
	uint32_t *next;                /* by rule: 1 + the following rule in the chain */
};

static uint32_t child_of(const struct rule_index *index, uint32_t node, char byte)
{
	uint32_t child = index->nodes.at[node].child;
	while (child && index->nodes.at[child].byte != byte)
		child = index->nodes.at[child].sibling;
	return child;
}

static uint32_t make_child(struct rule_index *index, uint32_t node, char byte)
{
	uint32_t child = child_of(index, node, byte);
	if (child)
		return child;
	child = index->nodes.n;
	*array_push(&index->nodes) = (struct trie_node){.byte = byte, .sibling = index->nodes.at[node].child};
	index->nodes.at[node].child = child;
	return child;
}

struct rule_index *rule_index_new(const struct layout *layout)
{
	struct rule_index *index = calloc(1, sizeof(*index));
	if (!index)
		out_of_memory();
	index->next = calloc((size_t)layout->rules.n + 1, sizeof(*index->next));
	if (!index->next)
		out_of_memory();
	index->nodes.at = array_reserve(NULL, 0, &index->nodes.cap, sizeof(struct trie_node), 1024);
	*array_push(&index->nodes) = (struct trie_node){0};
	for (uint32_t rule = layout->rules.n; rule-- > 0;) { /* backwards: chains begin with the first rule */
		struct str pattern = layout->rules.at[rule].pattern;
		uint32_t node = 0;
		for (uint32_t i = 0, literal = glob_literal_prefix(pattern); i < literal; i++)
			node = make_child(index, node, pattern.at[i]);
		index->next[rule] = index->nodes.at[node].pattern;
		index->nodes.at[node].pattern = rule + 1;
	}
	return index;
}

void rule_index_free(struct rule_index *index)
{
	if (!index)
		return;
	array_free(&index->nodes);
	free(index->next);
	free(index);
}

uint32_t rule_index_find(const struct layout *layout, struct str name, bool is_crt)
{
	const struct rule_index *index = layout->rule_index;
	uint32_t best = NO_RULE, node = 0;
	for (uint32_t i = 0;; i++) {
		for (uint32_t chain = index->nodes.at[node].pattern; chain && chain - 1 < best;
		     chain = index->next[chain - 1]) {
			const struct rule *rule = &layout->rules.at[chain - 1];
			if (glob_match(rule->pattern, name) && !(rule->not_crt && is_crt))
				best = chain - 1;
		}
		if (i == name.len)
			return best;
		node = child_of(index, node, name.at[i]);
		if (!node)
			return best;
	}
}
