#include "ld/layout/sort_run.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ld/layout/rule_index.h"
#include "ld/resolve/symbols.h"

/* A section with all that it can be sorted by. */
struct item {
	section_id id;
	uint32_t position;         /* among the inputs */
	uint8_t p2align;
	const char *name;
	const struct file *file;   /* NULL: the linker's own */
	const struct rule *rule;   /* that took it */
	uint32_t left, right;      /* 1 + an item; 0: none */
	bool is_elsewhere;         /* an earlier description has it: it only has a say in where others come */
};

section_id visible_section(const struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	if (section->kind != SECTION_POOL)
		return id;
	uint32_t p = 0;
	while (section->extra >= link->merge_pools.at[p].first_shard + link->merge_pools.at[p].n_shards)
		p++;
	return link->merge_pools.at[p].first_member;
}

/* .init_array.00100 runs before .init_array.00200; .ctors.N is stored reversed: it stands for priority 65535 - N. -1:
 * the name has no number. */
static long init_priority(const char *name)
{
	const char *dot = strrchr(name, '.');
	char *end;
	if (!dot || dot[1] < '0' || dot[1] > '9')
		return -1;
	unsigned long number = strtoul(dot + 1, &end, 10);
	if (*end)
		return -1;
	if (dot == name + 6 && (strncmp(name, ".ctors", 6) == 0 || strncmp(name, ".dtors", 6) == 0))
		number = 65535 - number;
	return number <= INT_MAX ? (long)number : -1;
}

static int compare_by(enum script_sort sort, const struct item *a, const struct item *b)
{
	switch (sort) {
	case SORT_UNSAID:
	case SORT_NONE:
		return 0;
	case SORT_ALIGNMENT:
		return (int)b->p2align - (int)a->p2align;
	case SORT_INIT_PRIORITY: {
		long x = init_priority(a->name), y = init_priority(b->name);
		if (x >= 0 && y >= 0 && x != y)
			return x < y ? -1 : 1;
		break;
	}
	case SORT_NAME:
		break;
	}
	return strcmp(a->name, b->name);
}

/* As a rule sorts. */
static int compare_as(const struct rule *rule, const struct item *a, const struct item *b)
{
	int order = compare_by(rule->sort[0], a, b);
	if (order == 0)
		order = compare_by(rule->sort[1], a, b);
	return rule->reverse ? -order : order;
}

static struct str outer_name(const struct file *file)
{
	return file ? str_of(file->path) : (struct str){"", 0};
}

/* A member's name; a file that is in no archive has its path for both. */
static struct str inner_name(const struct file *file)
{
	return file && file->member.len ? file->member : outer_name(file);
}

static int compare_str(struct str a, struct str b)
{
	uint32_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.at, b.at, common) : 0;
	return order ? order : a.len < b.len ? -1 : a.len > b.len;
}

/* SORT on the pattern of the file: archives and files by name, members of one archive by theirs. */
static int compare_files(const struct run *run, const struct item *a, const struct item *b)
{
	int order = compare_str(outer_name(a->file), outer_name(b->file));
	if (order == 0)
		order = compare_str(inner_name(a->file), inner_name(b->file));
	return run->file_reverse ? -order : order;
}

static int compare_items(const void *x, const void *y, void *context)
{
	const struct item *a = x, *b = y;
	const struct run *run = context;
	int order = run->file_sort == SORT_NAME ? compare_files(run, a, b) : 0;
	if (order == 0)
		order = compare_as(a->rule, a, b);
	return order ? order : a->position < b->position ? -1 : a->position > b->position;
}

/* ---- rules of one run that sort differently -------------------------------------------------------------- */

/* GNU ld (wild_sort) puts one section after the other into a tree: one that its rule does not sort comes behind all
 * that are there, another is compared, by its own rule, with those it meets on the way down. */
struct tree {
	uint32_t root;
	uint32_t *rightmost;       /* behind all that are there */
};

static void insert(const struct run *run, struct item *items, struct tree *tree, uint32_t id)
{
	const struct item *item = &items[id];
	bool unsorted = run->file_sort != SORT_NAME && item->rule->sort[0] <= SORT_NONE;
	uint32_t *slot = unsorted ? tree->rightmost : &tree->root;
	while (*slot) {
		struct item *other = &items[*slot - 1];
		int order = run->file_sort == SORT_NAME ? compare_files(run, item, other) : 0;
		if (order == 0)
			order = compare_as(item->rule, item, other);
		slot = order < 0 ? &other->left : &other->right;
	}
	*slot = id + 1;
	if (slot == tree->rightmost)
		tree->rightmost = &items[id].right;
}

static void sort_mixed(const struct link *link, const struct run *run, struct item *items, uint32_t n_items,
		       section_id *sorted)
{
	struct tree tree = {.rightmost = &tree.root};
	uint32_t n = 0, depth = 0;
	uint32_t *stack = malloc(n_items * sizeof(*stack));
	bool *met = calloc(link->sections.n, sizeof(*met));
	if (!stack || !met)
		out_of_memory();
	for (uint32_t i = 0; i < n_items; i++)
		insert(run, items, &tree, i);
	for (uint32_t at = tree.root; at || depth;) {
		for (; at; at = items[at - 1].left)
			stack[depth++] = at;
		at = stack[--depth];
		const struct item *item = &items[at - 1];
		if (!item->is_elsewhere && !met[item->id])
			sorted[n++] = item->id;
		met[item->id] = true;
		at = item->right;
	}
	free(met);
	free(stack);
}

struct items {
	ARRAY(struct item) list;
	struct rule_finder *finder;
};

/* The item, once for each rule of the run that means it. */
static void add_items(const struct link *link, const struct run *run, struct items *items, struct item item)
{
	const struct layout *layout = link->layout;
	section_id visible = visible_section(link, item.id);
	uint64_t flags = section_of(link, visible)->file != INTERNAL_FILE ? section_shdr(link, visible)->sh_flags : 0;
	uint32_t end = run->first_rule + run->n_rules, n = items->list.n;
	for (uint32_t from = run->first_rule; from < end;) {
		uint32_t rule = rule_finder_find(items->finder, str_of(item.name), flags, from);
		if (rule >= end)
			break;
		item.rule = &layout->rules.at[rule];
		*array_push(&items->list) = item;
		from = rule + 1;
	}
	if (items->list.n == n && !item.is_elsewhere)
		*array_push(&items->list) = item;
}

static void set_file(struct rule_finder *finder, const struct file *file)
{
	struct str none = {"", 0};
	bool is_member = file && file->member.len;
	rule_finder_file(finder, inner_name(file), is_member ? outer_name(file) : none, is_member);
}

/* What the rules of the run mean, also if an earlier one took it: those of a file stand together. */
static void find_items(const struct link *link, const struct run *run, const struct item *own, struct items *items)
{
	bool *is_own = calloc(link->sections.n, sizeof(*is_own));
	if (!is_own)
		out_of_memory();
	for (uint32_t i = 0; i < run->n; i++)
		is_own[visible_section(link, own[i].id)] = true;
	uint32_t next = 0;
	for (file_id f = 1; f < link->files.n; f++) {
		const struct file *file = file_of(link, f);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		set_file(items->finder, file);
		for (uint32_t i = 1; i < file->elf.nshdr; i++) {
			section_id id = file->first_section + i;
			const struct section *section = section_of(link, id);
			if (section->kind == SECTION_NONE || is_own[id])
				continue;
			for (; next < run->n && own[next].file == file && own[next].id < id; next++)
				add_items(link, run, items, own[next]);
			add_items(link, run, items, (struct item){
				.id = id, .p2align = section->p2align, .name = layout_section_name(link, id),
				.file = file, .rule = own[0].rule, .is_elsewhere = true});
		}
		for (; next < run->n && own[next].file == file; next++)
			add_items(link, run, items, own[next]);
	}
	for (; next < run->n; next++) {
		set_file(items->finder, own[next].file);
		add_items(link, run, items, own[next]);
	}
	free(is_own);
}

/* ---- all ------------------------------------------------------------------------------------------------- */

static bool rule_sorts_alike(const struct rule *a, const struct rule *b)
{
	return a->sort[0] == b->sort[0] && a->sort[1] == b->sort[1] && a->reverse == b->reverse;
}

/* A file's common symbols are a section of that file. */
static file_id file_of_item(const struct link *link, section_id id)
{
	for (uint32_t i = 0; section_of(link, id)->file == INTERNAL_FILE && i < link->common_areas.n; i++)
		if (link->common_areas.at[i].section == id)
			return link->common_areas.at[i].file;
	return section_of(link, id)->file;
}

void sort_run(const struct link *link, uint32_t id)
{
	const struct layout *layout = link->layout;
	struct run *run = &layout->runs.at[id];
	const struct rule *rules = layout->rules.at + run->first_rule;
	bool sorted = run->file_sort == SORT_NAME, mixed = false;
	for (uint32_t i = 0; i < run->n_rules; i++) {
		sorted |= rules[i].sort[0] > SORT_NONE;
		mixed |= !rule_sorts_alike(&rules[i], &rules[0]);
	}
	if (run->n < 2 || !sorted)
		return;
	struct item *items = calloc(run->n, sizeof(*items));
	if (!items)
		out_of_memory();
	for (uint32_t i = 0; i < run->n; i++) {
		section_id visible = visible_section(link, run->items[i]);
		file_id file = file_of_item(link, visible);
		items[i] = (struct item){
			.id = run->items[i],
			.position = i,
			.p2align = section_of(link, run->items[i])->p2align,
			.name = layout_section_name(link, visible),
			.file = file == INTERNAL_FILE ? NULL : file_of(link, file),
			.rule = &rules[0],
		};
	}
	if (mixed) {
		struct items all = {.finder = rule_finder_new(layout->rule_index)};
		find_items(link, run, items, &all);
		sort_mixed(link, run, all.list.at, all.list.n, run->items);
		rule_finder_free(all.finder);
		array_free(&all.list);
	} else {
		qsort_r(items, run->n, sizeof(*items), compare_items, run);
		for (uint32_t i = 0; i < run->n; i++)
			run->items[i] = items[i].id;
	}
	free(items);
}

bool sort_is_asked(const struct link *link, uint32_t id)
{
	const struct run *run = &link->layout->runs.at[id];
	return run->n_rules && run->file_sort != SORT_NAME && link->layout->rules.at[run->first_rule].sort[0] > SORT_NONE;
}

bool sort_precedes(const struct link *link, uint32_t id, struct sort_key a, struct sort_key b)
{
	const struct run *run = &link->layout->runs.at[id];
	if (!sort_is_asked(link, id))
		return false;
	struct item x = {.p2align = a.p2align, .name = a.name}, y = {.p2align = b.p2align, .name = b.name};
	return compare_as(&link->layout->rules.at[run->first_rule], &x, &y) < 0;
}
