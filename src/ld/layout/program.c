#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "ld/layout/layout.h"
#include "ld/layout/rule_index.h"
#include "ld/resolve/symbols.h"

enum { FIRST_BUCKETS = 256 };

static uint32_t *bucket_of(const struct layout *layout, const char *name)
{
	return &layout->by_name[hash_bytes(name, strlen(name)) & (layout->n_buckets - 1)];
}

/* Makes the output section findable; all of them again when the table is full. */
static void index_name(struct layout *layout, uint32_t id)
{
	uint32_t first = id;
	if (layout->osecs.n > layout->n_buckets) {
		first = 1;
		free(layout->by_name);
		layout->n_buckets = layout->n_buckets ? 2 * layout->n_buckets : FIRST_BUCKETS;
		layout->by_name = calloc(layout->n_buckets, sizeof(*layout->by_name));
		if (!layout->by_name)
			out_of_memory();
	}
	for (uint32_t i = first; i <= id; i++) {
		uint32_t *bucket = bucket_of(layout, layout->osecs.at[i].name);
		layout->osecs.at[i].next = *bucket;
		*bucket = i;
	}
}

/* The address that an option gives the section, or NULL. */
static const struct expr *address_option(struct layout *layout, const char *name)
{
	const struct options *options = layout->options;
	for (uint32_t i = options->section_starts.n; i-- > 0;)
		if (strcmp(options->section_starts.at[i].name, name) == 0)
			return layout_expr(layout, (struct expr){.kind = EXPR_NUMBER,
								 .number = options->section_starts.at[i].address});
	return NULL;
}

struct layout *layout_new(struct link *link)
{
	struct layout *layout = calloc(1, sizeof(*layout));
	if (!layout)
		out_of_memory();
	link->layout = layout;
	layout->options = link->options;
	layout->orderings = link->script.orderings;
	*array_push(&layout->osecs) = (struct osec){.name = ""};
	*array_push(&layout->runs) = (struct run){0};
	*array_push(&layout->regions) = (struct region){.length = UINT64_MAX};
	return layout;
}

/* What a section ordering file names comes before all else. */
static void describe_first(struct layout *layout, uint32_t osec, const struct statement *body)
{
	for (; body; body = body->next)
		layout->runs.at[layout_describe(layout, osec, body->input)].fixed = true;
}

/* Is the newest section of its name also the first one? With -r there may be 100,000 of the name ".group". */
static bool is_only(const struct layout *layout, uint32_t id)
{
	uint32_t i = layout->osecs.at[id].next;
	while (i && strcmp(layout->osecs.at[i].name, layout->osecs.at[id].name) != 0)
		i = layout->osecs.at[i].next;
	return !i;
}

uint32_t layout_osec(struct layout *layout, const char *name, enum osec_rank rank)
{
	uint32_t id = layout->osecs.n;
	bool relro = rank == RANK_TLS || rank == RANK_RELRO;
	*array_push(&layout->osecs) = (struct osec){.name = name, .rank = rank, .relro = relro};
	index_name(layout, id);
	bool first = is_only(layout, id);
	*array_push(&layout->nodes) = (struct node){
		.kind = NODE_SECTION, .id = id, .value = first ? address_option(layout, name) : NULL};
	for (const struct statement *statement = layout->orderings; statement; statement = statement->next)
		if (first && strcmp(statement->section->name, name) == 0)
			describe_first(layout, id, statement->section->body);
	return id;
}

uint32_t layout_run(struct layout *layout, uint32_t osec, const char *patterns, enum script_sort sort)
{
	uint32_t id = layout->runs.n;
	*array_push(&layout->runs) =
		(struct run){.osec = osec, .first_rule = layout->rules.n, .fixed = sort != SORT_NONE};
	*array_push(&layout->osecs.at[osec].nodes) = (struct node){.kind = NODE_RUN, .id = id};
	for (const char *at = patterns; *at;) {
		size_t len = strcspn(at, " ");
		*array_push(&layout->rules) =
			(struct rule){.pattern = {at, (uint32_t)len}, .run = id, .sort = {sort}};
		layout->runs.at[id].n_rules++;
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

uint32_t layout_newest(const struct layout *layout, const char *name)
{
	return *bucket_of(layout, name);
}

uint32_t layout_find(const struct layout *layout, const char *name)
{
	uint32_t found = 0;
	for (uint32_t i = *bucket_of(layout, name); i; i = layout->osecs.at[i].next)
		if (strcmp(layout->osecs.at[i].name, name) == 0)
			found = i;
	return found;
}

uint32_t layout_find_present(const struct layout *layout, const char *name)
{
	uint32_t found = 0;
	for (uint32_t i = *bucket_of(layout, name); i; i = layout->osecs.at[i].next)
		if (!layout->osecs.at[i].is_absent && strcmp(layout->osecs.at[i].name, name) == 0)
			found = i;
	return found;
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
	array_free(&layout->regions);
	array_free(&layout->phantoms);
	array_free(&layout->program_symbols);
	free(layout->by_name);
	rule_finder_free(layout->own_finder);
	rule_index_free(layout->rule_index);
	rule_index_free(layout->keep_index);
	arena_free(&layout->arena);
	free(layout);
	link->layout = NULL;
}
