#include "ld/layout/orphans.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "ld/resolve/symbols.h"

/* All orphans of one name, as far as the name goes: what is loaded and what is not are never together. */
struct group {
	const char *name;
	uint64_t apart;          /* what else tells it from groups of that name; see apart_of() */
	section_id ordered_by;   /* SHF_LINK_ORDER with -r: the section that sh_link names; 0: none */
	uint64_t flags;          /* of all members */
	bool nobits;             /* all members are */
	uint32_t type, run;
	uint8_t p2align;
	enum osec_rank rank;
	uint32_t first_mention;
};

struct groups {
	ARRAY(struct group) list; /* in order of first appearance */
	uint32_t *slots;          /* 1 + group */
	uint32_t mask;
};

static enum osec_rank rank_of(const struct link *link, const struct group *group)
{
	/* Groups come before their members (gABI, "Section Groups"); else the inputs' order stays. */
	if (link->options->kind == OUTPUT_RELOCATABLE)
		return group->type == SHT_GROUP ? RANK_HEADERS : RANK_DATA;
	if (!(group->flags & SHF_ALLOC))
		return RANK_NOT_LOADED;
	if (group->flags & SHF_TLS)
		return RANK_TLS;
	if (group->flags & SHF_X86_64_LARGE) {
		if (group->flags & SHF_EXECINSTR)
			return RANK_LARGE_TEXT;
		return !(group->flags & SHF_WRITE) ? RANK_LARGE_RODATA
		       : group->nobits		   ? RANK_LARGE_BSS
						   : RANK_LARGE_DATA;
	}
	if (group->flags & SHF_EXECINSTR)
		return RANK_TEXT;
	if (group->flags & SHF_WRITE)
		return group->nobits ? RANK_BSS : RANK_DATA;
	return group->type == SHT_NOTE ? RANK_HEADERS : RANK_RODATA;
}

static uint32_t *slot_of(const struct groups *groups, const char *name, uint64_t alloc, uint64_t apart)
{
	uint64_t hash = (hash_bytes(name, strlen(name)) + alloc + apart) * 0x9e3779b97f4a7c15; /* ids are dense */
	uint32_t at = (uint32_t)(hash >> 32) & groups->mask;
	while (groups->slots[at]) {
		const struct group *group = &groups->list.at[groups->slots[at] - 1];
		if (group->apart == apart && (group->flags & SHF_ALLOC) == alloc && strcmp(group->name, name) == 0)
			break;
		at = (at + 1) & groups->mask;
	}
	return &groups->slots[at];
}

static void rehash(struct groups *groups, uint32_t mask)
{
	free(groups->slots);
	groups->mask = mask;
	groups->slots = calloc((size_t)groups->mask + 1, sizeof(*groups->slots));
	if (!groups->slots)
		out_of_memory();
	for (uint32_t i = 0; i < groups->list.n; i++)
		*slot_of(groups, groups->list.at[i].name, groups->list.at[i].flags & SHF_ALLOC,
			 groups->list.at[i].apart) = i + 1;
}

/* The group of that name, made when the section is the first in it. */
static struct group *group_for(struct groups *groups, const char *name, const struct elf_shdr *shdr, uint64_t apart)
{
	uint32_t *slot = slot_of(groups, name, shdr->sh_flags & SHF_ALLOC, apart);
	if (!*slot) {
		uint32_t mention = groups->list.n;
		*array_push(&groups->list) = (struct group){
			.name = name, .apart = apart, .flags = shdr->sh_flags & SHF_ALLOC, .type = shdr->sh_type,
			.nobits = true, .first_mention = mention};
		*slot = groups->list.n;
		if (groups->list.n > groups->mask / 2) {
			rehash(groups, groups->mask * 2 + 1);
			slot = slot_of(groups, name, shdr->sh_flags & SHF_ALLOC, apart);
		}
	}
	return &groups->list.at[*slot - 1];
}

/* The live section by which -r orders this one (SHF_LINK_ORDER); 0: none. */
static section_id order_of(const struct link *link, section_id id)
{
	const struct elf_shdr *shdr = section_shdr(link, id);
	if (link->options->kind != OUTPUT_RELOCATABLE || !(shdr->sh_flags & SHF_LINK_ORDER) || !shdr->sh_link)
		return 0;
	section_id by = file_of(link, section_of(link, id)->file)->first_section + shdr->sh_link;
	return section_of(link, by)->live && section_of(link, by)->kind != SECTION_NONE ? by : 0;
}

/* What keeps sections of one name apart with -r: standing alone, or being ordered by what is apart. */
static uint64_t apart_of(struct groups *groups, const struct link *link, section_id id)
{
	const uint64_t alone = 1ull << 32, by_section = 2ull << 32, by_run = 3ull << 32, by_group = 4ull << 32;
	if (layout_stands_alone(link, id))
		return alone | id;
	section_id by = order_of(link, id);
	if (!by)
		return 0;
	if (layout_stands_alone(link, by) || order_of(link, by))
		return by_section | by;
	if (section_of(link, by)->run != ORPHAN_RUN)
		return by_run | section_of(link, by)->run;
	const struct group *group = group_for(groups, layout_section_name(link, by), section_shdr(link, by), 0);
	return by_group | group->first_mention;
}

static struct group *group_of(struct groups *groups, const struct link *link, section_id id)
{
	uint64_t apart = apart_of(groups, link, id);
	if (link->layout->scripted && !apart) /* not only by name: see orphan_place() */
		apart = (uint64_t)section_shdr(link, id)->sh_type << 33;
	return group_for(groups, layout_section_name(link, id), section_shdr(link, id), apart);
}

/* Once all sections have their runs: which output sections order others. */
static void link_orders(struct link *link, const struct groups *groups)
{
	struct layout *layout = link->layout;
	for (uint32_t g = 0; g < groups->list.n; g++) {
		const struct group *group = &groups->list.at[g];
		if (group->ordered_by)
			layout->osecs.at[layout->runs.at[group->run].osec].linked =
				layout->runs.at[section_of(link, group->ordered_by)->run].osec;
	}
}

/* Where orphans of each rank go: right behind the last section of that rank or, when there is none, of a lower one. */
static void find_places(const struct layout *layout, uint32_t n_nodes, uint32_t behind[RANK_DISCARD + 1])
{
	bool found[RANK_DISCARD + 1] = {false};
	for (uint32_t i = 0; i < n_nodes; i++) {
		if (layout->nodes.at[i].kind != NODE_SECTION)
			continue;
		enum osec_rank of_node = layout->osecs.at[layout->nodes.at[i].id].rank;
		for (uint32_t rank = of_node; rank <= RANK_DISCARD; rank++)
			if (rank == of_node || !found[rank])
				behind[rank] = i + 1;
		found[of_node] = true;
	}
}

/* In the order of first mention; but among notes the more aligned come first: a PT_NOTE holds notes of one
 * alignment. */
static int compare_groups(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->rank == RANK_HEADERS && x->p2align != y->p2align)
		return x->p2align > y->p2align ? -1 : 1;
	return x->first_mention < y->first_mention ? -1 : 1;
}

/* The program with the new statements in place. */
static void insert_statements(struct layout *layout, struct groups *groups)
{
	uint32_t n_old = layout->nodes.n;
	uint32_t last[RANK_DISCARD + 1] = {0};
	find_places(layout, n_old, last);
	for (uint32_t g = 0; g < groups->list.n; g++) {
		struct group *group = &groups->list.at[g];
		group->run = layout_run(layout, layout_osec(layout, group->name, group->rank), "", SORT_NONE);
		/* Whoever walks such a section from __start_ to __stop_ may count on the order of the command line. */
		layout->runs.at[group->run].fixed = group->name[0] != '.';
	}
	struct node *added = layout->nodes.at + n_old;
	struct node *merged = malloc(layout->nodes.n * sizeof(*merged));
	if (!merged)
		out_of_memory();
	uint32_t n = 0;
	for (uint32_t i = 0; i <= n_old; i++) {
		for (uint32_t rank = 0; rank <= RANK_DISCARD; rank++)
			for (uint32_t g = 0; last[rank] == i && g < groups->list.n; g++)
				if (groups->list.at[g].rank == rank)
					merged[n++] = added[g];
		if (i < n_old)
			merged[n++] = layout->nodes.at[i];
	}
	memcpy(layout->nodes.at, merged, n * sizeof(*merged));
	free(merged);
}

/* --orphan-handling, in GNU ld's words. true: the section is left out. */
static bool is_refused(struct link *link, section_id id)
{
	struct section *section = section_of(link, id);
	const char *name = layout_section_name(link, id);
	if (section->file == INTERNAL_FILE)
		return false;
	const struct file *file = file_of(link, section->file);
	uint64_t order = diag_order(section->file, id);
	switch (link->options->orphans) {
	case ORPHANS_PLACE:
		return false;
	case ORPHANS_WARN:
		diag_warning(link->diag, order,
			     "orphan section `%s' from `" FILE_FORMAT "' being placed in section `%s'", name,
			     FILE_ARGS(file), name);
		return false;
	case ORPHANS_ERROR:
		diag_error(link->diag, order, "unplaced orphan section `%s' from `" FILE_FORMAT "'", name,
			   FILE_ARGS(file));
		break;
	case ORPHANS_DISCARD:
		section->live = false;
		break;
	}
	section->run = 0;
	return true;
}

/* Orphans that are to be placed, in input order. */
struct orphans {
	ARRAY(section_id) list;
};

/* By the rules for scripts: one after the other. */
static void place_each(struct link *link, const struct orphans *orphans)
{
	orphans_begin(link);
	for (uint32_t i = 0; i < orphans->list.n; i++) {
		section_id id = orphans->list.at[i];
		struct section *section = section_of(link, id);
		const struct elf_shdr *shdr = section_shdr(link, id);
		orphans_place_phantoms(link, id);
		if (section->live)
			section->run = orphan_place(link, layout_section_name(link, id), shdr->sh_flags, shdr->sh_type,
						    id, false);
	}
	orphans_place_phantoms(link, link->sections.n);
}

/* All of a group at one place. */
static void place_with_groups(struct link *link, struct groups *groups, const struct orphans *orphans)
{
	uint32_t *runs = malloc(((size_t)orphans->list.n + 1) * sizeof(*runs));
	if (!runs)
		out_of_memory();
	for (uint32_t i = 0; i < orphans->list.n; i++)
		runs[i] = group_of(groups, link, orphans->list.at[i])->run;
	for (uint32_t i = 0; i < orphans->list.n; i++) {
		struct section *section = section_of(link, orphans->list.at[i]);
		if (section->run == ORPHAN_RUN)
			section->run = runs[i];
	}
	free(runs);
}

void orphans_place(struct link *link)
{
	struct groups groups = {.mask = 63};
	struct orphans orphans = {0};
	groups.slots = calloc((size_t)groups.mask + 1, sizeof(*groups.slots));
	if (!groups.slots)
		out_of_memory();
	for (section_id id = 1; id < link->sections.n; id++) {
		struct section *section = section_of(link, id);
		if (section->run != ORPHAN_RUN || is_refused(link, id))
			continue;
		const struct elf_shdr *shdr = section_shdr(link, id);
		struct group *group = group_of(&groups, link, id);
		group->flags |= shdr->sh_flags;
		group->nobits &= shdr->sh_type == SHT_NOBITS;
		group->ordered_by = order_of(link, id);
		if (section->p2align > group->p2align)
			group->p2align = section->p2align;
		*array_push(&orphans.list) = id;
	}
	for (uint32_t g = 0; g < groups.list.n; g++)
		groups.list.at[g].rank = rank_of(link, &groups.list.at[g]);
	if (link->layout->scripted && link->options->kind != OUTPUT_RELOCATABLE) {
		place_each(link, &orphans);
	} else if (link->layout->scripted) {
		orphans_begin(link);
		for (uint32_t g = 0; g < groups.list.n; g++) {
			struct group *group = &groups.list.at[g];
			group->run = orphan_place(link, group->name, group->flags, group->type, 0,
						  (group->apart & UINT32_MAX) != 0);
		}
	} else if (groups.list.n) {
		qsort(groups.list.at, groups.list.n, sizeof(struct group), compare_groups);
		rehash(&groups, groups.mask);
		insert_statements(link->layout, &groups);
	}
	place_with_groups(link, &groups, &orphans);
	link_orders(link, &groups);
	array_free(&orphans.list);
	array_free(&groups.list);
	free(groups.slots);
}
