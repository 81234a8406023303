#include "ld/layout/sort_run.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ld/layout/looks.h"
#include "ld/layout/rule_index.h"
#include "ld/resolve/symbols.h"

/* A section with all that it can be sorted by. */
struct item {
	section_id id;             /* 0: a phantom (phantoms.c), which only has a say in where others come */
	uint32_t position;         /* among the inputs */
	uint8_t p2align;
	const char *name;
	const struct file *file;   /* NULL: the linker's own */
	const struct rule *rule;   /* that took it */
	uint32_t place;            /* among the run's own */
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

/* The items in their order, those that others have among them, and some of them more than once: `sorted`. */
static void sort_mixed(const struct run *run, struct item *items, uint32_t n_items, struct item *sorted)
{
	struct tree tree = {.rightmost = &tree.root};
	uint32_t n = 0, depth = 0;
	uint32_t *stack = malloc((size_t)n_items * sizeof(*stack));
	if (!stack)
		out_of_memory();
	for (uint32_t i = 0; i < n_items; i++)
		insert(run, items, &tree, i);
	for (uint32_t at = tree.root; at || depth;) {
		for (; at; at = items[at - 1].left)
			stack[depth++] = at;
		at = stack[--depth];
		sorted[n++] = items[at - 1];
		at = items[at - 1].right;
	}
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

static struct item phantom_item(const struct link *link, uint32_t which)
{
	const struct phantom *phantom = &link->layout->phantoms.at[which];
	return (struct item){.position = which, .p2align = phantom->p2align, .name = phantom_name(link, phantom),
			     .file = file_of(link, phantom->file)};
}

/* What the rules of the run mean, also if an earlier one took it: those of a file stand together. */
struct meaning {
	const struct link *link;
	const struct run *run;
	const struct item *own;    /* in the order of the inputs */
	uint32_t n, next;
	uint32_t next_phantom;
	struct items *items;
};

static void add_own(struct meaning *meaning)
{
	add_items(meaning->link, meaning->run, meaning->items, meaning->own[meaning->next++]);
}

/* The run's own sections in the file before a section of it. */
static void add_own_before(struct meaning *meaning, const struct file *file, section_id end)
{
	while (meaning->next < meaning->n && meaning->own[meaning->next].file == file &&
	       meaning->own[meaning->next].id && meaning->own[meaning->next].id < end)
		add_own(meaning);
}

/* Those before a section. Real common symbols are among the run's own. */
static void add_phantoms(struct meaning *meaning, const struct file *file, section_id end)
{
	const struct layout *layout = meaning->link->layout;
	for (uint32_t i; (i = meaning->next_phantom) < layout->phantoms.n; meaning->next_phantom++) {
		const struct phantom *phantom = &layout->phantoms.at[i];
		if (phantom->at >= end)
			break;
		struct item item = phantom_item(meaning->link, i);
		add_own_before(meaning, file, phantom->at + 1);
		bool is_own = meaning->next < meaning->n && !meaning->own[meaning->next].id &&
			      meaning->own[meaning->next].position == i;
		item.rule = meaning->own[0].rule;
		item.is_elsewhere = true;
		if (is_own)
			add_own(meaning);
		else if (!phantom->is_common)
			add_items(meaning->link, meaning->run, meaning->items, item);
	}
}

static void find_items(struct meaning *meaning)
{
	const struct link *link = meaning->link;
	const struct item *own = meaning->own;
	bool *is_own = calloc(link->sections.n, sizeof(*is_own));
	if (!is_own)
		out_of_memory();
	for (uint32_t i = 0; i < meaning->n; i++)
		is_own[visible_section(link, own[i].id)] = true;
	for (file_id f = 1; f < link->files.n; f++) {
		const struct file *file = file_of(link, f);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		set_file(meaning->items->finder, file);
		for (uint32_t i = 1; i < file->elf.nshdr; i++) {
			section_id id = file->first_section + i;
			const struct section *section = section_of(link, id);
			if (section->kind == SECTION_NONE || is_own[id])
				continue;
			add_phantoms(meaning, file, id);
			add_own_before(meaning, file, id);
			add_items(link, meaning->run, meaning->items, (struct item){
				.id = id, .p2align = section->p2align, .name = layout_section_name(link, id),
				.file = file, .rule = own[0].rule, .is_elsewhere = true});
		}
		add_phantoms(meaning, file, file->first_section + file->elf.nshdr);
		add_own_before(meaning, file, UINT32_MAX);
	}
	while (meaning->next < meaning->n) {
		set_file(meaning->items->finder, own[meaning->next].file);
		add_own(meaning);
	}
	free(is_own);
}

/* Those of `own`, in their order, by rules that sort differently: their places in `own`. */
static void order_mixed(const struct link *link, const struct run *run, const struct item *own, uint32_t n,
			uint32_t *order)
{
	struct items all = {.finder = rule_finder_new(link->layout->rule_index)};
	struct meaning meaning = {.link = link, .run = run, .own = own, .n = n, .items = &all};
	find_items(&meaning);
	struct item *sorted = calloc((size_t)all.list.n + 1, sizeof(*sorted));
	bool *met = calloc(n, sizeof(*met));
	if (!sorted || !met)
		out_of_memory();
	sort_mixed(run, all.list.at, all.list.n, sorted);
	for (uint32_t i = 0, done = 0; i < all.list.n; i++) {
		if (sorted[i].is_elsewhere || met[sorted[i].place])
			continue;
		met[sorted[i].place] = true;
		order[done++] = sorted[i].place;
	}
	free(met);
	free(sorted);
	rule_finder_free(all.finder);
	array_free(&all.list);
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

/* Do some of the run's rules sort; *mixed: not all of them in the same way. */
static bool is_sorted(const struct link *link, const struct run *run, bool *mixed)
{
	const struct rule *rules = link->layout->rules.at + run->first_rule;
	bool sorted = run->file_sort == SORT_NAME;
	*mixed = false;
	for (uint32_t i = 0; i < run->n_rules; i++) {
		sorted |= rules[i].sort[0] > SORT_NONE;
		*mixed |= !rule_sorts_alike(&rules[i], &rules[0]);
	}
	return sorted;
}

static struct item section_item(const struct link *link, section_id id)
{
	section_id visible = visible_section(link, id);
	file_id file = file_of_item(link, visible);
	return (struct item){.id = id, .p2align = section_of(link, id)->p2align,
			     .name = layout_section_name(link, visible),
			     .file = file == INTERNAL_FILE ? NULL : file_of(link, file)};
}

void sort_run(const struct link *link, uint32_t id)
{
	const struct layout *layout = link->layout;
	struct run *run = &layout->runs.at[id];
	bool mixed;
	if (run->n < 2 || !is_sorted(link, run, &mixed))
		return;
	struct item *items = calloc(run->n, sizeof(*items));
	uint32_t *order = calloc(run->n, sizeof(*order));
	if (!items || !order)
		out_of_memory();
	for (uint32_t i = 0; i < run->n; i++) {
		items[i] = section_item(link, run->items[i]);
		items[i].position = items[i].place = i;
		items[i].rule = layout->rules.at + run->first_rule;
	}
	if (mixed) {
		order_mixed(link, run, items, run->n, order);
		for (uint32_t i = 0; i < run->n; i++)
			run->items[i] = items[order[i]].id;
	} else {
		qsort_r(items, run->n, sizeof(*items), compare_items, run);
		for (uint32_t i = 0; i < run->n; i++)
			run->items[i] = items[i].id;
	}
	free(order);
	free(items);
}

bool sort_is_asked(const struct link *link, uint32_t id)
{
	bool mixed;
	return is_sorted(link, &link->layout->runs.at[id], &mixed);
}

uint32_t sort_find_first(const struct link *link, uint32_t id, const struct sort_member *members, uint32_t n)
{
	const struct run *run = &link->layout->runs.at[id];
	bool mixed;
	is_sorted(link, run, &mixed);
	struct item *items = calloc(n, sizeof(*items));
	uint32_t *order = calloc(n, sizeof(*order));
	if (!items || !order)
		out_of_memory();
	for (uint32_t i = 0; i < n; i++) {
		items[i] = members[i].id ? section_item(link, members[i].id) : phantom_item(link, members[i].phantom);
		items[i].place = i;
		items[i].rule = link->layout->rules.at + run->first_rule;
	}
	if (mixed)
		order_mixed(link, run, items, n, order);
	for (uint32_t i = 1; i < n && !mixed; i++) {
		const struct item *best = &items[order[0]];
		int files = run->file_sort == SORT_NAME ? compare_files(run, &items[i], best) : 0;
		if (files < 0 || (files == 0 && compare_as(best->rule, &items[i], best) < 0))
			order[0] = i;
	}
	uint32_t first = order[0];
	free(order);
	free(items);
	return first;
}
