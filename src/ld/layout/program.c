#include <stdlib.h>
#include <string.h>

#include "ld/layout/layout.h"
#include "ld/layout/rule_index.h"
#include "ld/resolve/symbols.h"

uint32_t layout_osec(struct layout *layout, const char *name, enum osec_rank rank)
{
	uint32_t id = layout->osecs.n;
	bool relro = rank == RANK_TLS || rank == RANK_RELRO;
	*array_push(&layout->osecs) = (struct osec){.name = name, .rank = rank, .relro = relro};
	*array_push(&layout->nodes) = (struct node){.kind = NODE_SECTION, .id = id};
	return id;
}

uint32_t layout_run(struct layout *layout, uint32_t osec, const char *patterns, enum run_sort sort)
{
	uint32_t id = layout->runs.n;
	*array_push(&layout->runs) = (struct run){.osec = osec, .sort = sort, .fixed = sort != SORT_NONE};
	*array_push(&layout->osecs.at[osec].nodes) = (struct node){.kind = NODE_RUN, .id = id};
	for (const char *at = patterns; *at;) {
		size_t len = strcspn(at, " ");
		*array_push(&layout->rules) = (struct rule){.pattern = {at, (uint32_t)len}, .run = id};
		at += len + strspn(at + len, " ");
	}
	return id;
}

struct node *layout_assign(struct layout *layout, uint32_t osec, const char *symbol, const struct expr *value)
{
	struct node *node = osec ? array_push(&layout->osecs.at[osec].nodes) : array_push(&layout->nodes);
	*node = (struct node){.kind = NODE_ASSIGN, .symbol = symbol, .value = value};
	return node;
}

const struct expr *layout_expr(struct layout *layout, struct expr expr)
{
	struct expr *copy = arena_new(&layout->arena, struct expr);
	*copy = expr;
	return copy;
}

uint32_t layout_find(const struct layout *layout, const char *name)
{
	for (uint32_t i = 1; i < layout->osecs.n; i++)
		if (strcmp(layout->osecs.at[i].name, name) == 0)
			return i;
	return 0;
}

void layout_free(struct link *link)
{
	struct layout *layout = link->layout;
	if (!layout)
		return;
	for (uint32_t i = 0; i < layout->osecs.n; i++)
		array_free(&layout->osecs.at[i].nodes);
	array_free(&layout->nodes);
	array_free(&layout->rules);
	array_free(&layout->runs);
	array_free(&layout->osecs);
	array_free(&layout->segments);
	rule_index_free(layout->rule_index);
	arena_free(&layout->arena);
	free(layout);
	link->layout = NULL;
}
