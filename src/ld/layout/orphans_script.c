/* Where sections go that a script does not name, by the rules of GNU ld (its manual, "Orphan Sections"; what that
 * leaves open, as it does it): behind a section of a well-known name that is like them, else behind the last one with
 * the same flags, else where flags of that kind usually are; and those of one kind behind each other. */
#include <stdlib.h>
#include <string.h>

#include "ld/layout/orphans.h"
#include "ld/resolve/symbols.h"

/* What counts of a section, in the terms of the manual (of BFD). */
enum {
	HAS_CONTENTS = 1, ALLOC = 2, LOAD = 4, READONLY = 8, CODE = 16, THREAD_LOCAL = 32, DEBUGGING = 64,
};

enum {
	KIND_TEXT, KIND_RODATA, KIND_TDATA, KIND_DATA, KIND_BSS, KIND_REL, KIND_NOTE, KIND_NOT_LOADED, KINDS, KIND_NONE,
};

/* The section of a well-known name that orphans of each kind follow, and what it is like if nothing is in it. */
static const struct {
	const char *name;
	uint32_t flags;
} kinds[KINDS] = {
	[KIND_TEXT] = {".text", HAS_CONTENTS | ALLOC | LOAD | READONLY | CODE},
	[KIND_RODATA] = {".rodata", HAS_CONTENTS | ALLOC | LOAD | READONLY},
	[KIND_TDATA] = {".tdata", HAS_CONTENTS | ALLOC | LOAD | THREAD_LOCAL},
	[KIND_DATA] = {".data", HAS_CONTENTS | ALLOC | LOAD},
	[KIND_BSS] = {".bss", ALLOC},
	[KIND_REL] = {NULL, HAS_CONTENTS | ALLOC | LOAD | READONLY},
	[KIND_NOTE] = {".interp", HAS_CONTENTS | ALLOC | LOAD | READONLY},
	[KIND_NOT_LOADED] = {".comment", HAS_CONTENTS},
};

/* What is known of output sections while orphans are placed. */
struct look {
	bool exists;              /* something is in it */
	bool has_input;           /* ... an input section */
	uint32_t named_flags;     /* what it is like as long as nothing is in it, by its name */
	uint32_t flags, type;     /* type: SHT_NULL while no input section is in it */
};

struct script_orphans {
	struct look *looks;       /* by output section */
	uint32_t n_looks;
	uint32_t anchor[KINDS];   /* what orphans of the kind follow; 0: not chosen */
	uint32_t last[KINDS];     /* the last orphan of the kind, */
	uint32_t last_node[KINDS]; /* ... and the number that its statement had: it only grows */
};

static uint32_t flags_of(uint64_t sh_flags, uint32_t type, const char *name)
{
	static const char *const debug[] = {".debug", ".zdebug",	   ".stab",
					    ".line",  ".gnu.linkonce.wi.", ".gnu.debuglto_"};
	uint32_t flags = type == SHT_NOBITS ? 0 : HAS_CONTENTS;
	if (sh_flags & SHF_ALLOC)
		flags |= ALLOC | (type == SHT_NOBITS ? 0 : LOAD);
	flags |= (sh_flags & SHF_WRITE ? 0 : READONLY) | (sh_flags & SHF_EXECINSTR ? CODE : 0) |
		 (sh_flags & SHF_TLS ? THREAD_LOCAL : 0);
	for (unsigned i = 0; !(sh_flags & SHF_ALLOC) && i < COUNTOF(debug); i++)
		if (strncmp(name, debug[i], strlen(debug[i])) == 0)
			flags |= DEBUGGING;
	return flags;
}

/* ---- what output sections are like ------------------------------------------------------------------------- */

static struct look *look_at(struct script_orphans *orphans, const struct layout *layout, uint32_t osec)
{
	if (osec >= orphans->n_looks) {
		uint32_t n = layout->osecs.n + layout->osecs.n / 2;
		orphans->looks = realloc(orphans->looks, n * sizeof(*orphans->looks));
		if (!orphans->looks)
			out_of_memory();
		memset(orphans->looks + orphans->n_looks, 0, (n - orphans->n_looks) * sizeof(*orphans->looks));
		orphans->n_looks = n;
	}
	return &orphans->looks[osec];
}

static void add_member(struct look *look, const struct osec *osec, uint32_t flags, uint32_t type)
{
	enum section_type said = osec->said ? osec->said->type : SECTION_TYPE_UNSAID;
	if (said == SECTION_TYPE_NOLOAD)
		flags &= ~(uint32_t)(LOAD | HAS_CONTENTS);
	else if (said == SECTION_TYPE_NOT_ALLOCATED)
		flags &= ~(uint32_t)ALLOC;
	else if (said == SECTION_TYPE_READONLY || said == SECTION_TYPE_READONLY_GIVEN)
		flags |= READONLY;
	if (look->has_input)
		look->flags &= flags | ~(uint32_t)READONLY;
	look->flags |= look->has_input ? flags & ~(uint32_t)READONLY : flags;
	look->exists = look->has_input = true;
	if (look->type == SHT_NOBITS || look->type == SHT_NULL)
		look->type = type;
}

static struct script_orphans *begin(struct link *link)
{
	struct layout *layout = link->layout;
	struct script_orphans *orphans = arena_new(&layout->arena, struct script_orphans);
	*orphans = (struct script_orphans){.n_looks = 0};
	for (uint32_t i = 1; i < layout->osecs.n; i++) {
		const struct osec *osec = &layout->osecs.at[i];
		struct look *look = look_at(orphans, layout, i);
		if (osec->has_data)
			*look = (struct look){.exists = true, .flags = HAS_CONTENTS | ALLOC | LOAD | READONLY};
		else if (osec->has_assignments)
			look->exists = true;
	}
	for (section_id id = 1; id < link->sections.n; id++) {
		const struct section *section = section_of(link, id);
		if (!section->live || !section->run || section->run == ORPHAN_RUN || section->kind == SECTION_NONE ||
		    section->file == INTERNAL_FILE)
			continue;
		const struct elf_shdr *shdr = section_shdr(link, id);
		uint32_t osec = layout->runs.at[section->run].osec;
		add_member(look_at(orphans, layout, osec), &layout->osecs.at[osec],
			   flags_of(shdr->sh_flags, shdr->sh_type, layout_section_name(link, id)), shdr->sh_type);
	}
	for (unsigned kind = 0; kind < KINDS; kind++) {
		uint32_t osec = kinds[kind].name ? layout_find(layout, kinds[kind].name) : 0;
		orphans->anchor[kind] = osec;
		struct look *look = look_at(orphans, layout, osec);
		if (osec && !look->exists)
			look->named_flags = kinds[kind].flags;
	}
	return orphans;
}

/* ---- which section to follow ------------------------------------------------------------------------------- */

static uint32_t kind_of(uint32_t flags, uint32_t type)
{
	if (!(flags & (ALLOC | DEBUGGING)))
		return KIND_NOT_LOADED;
	if (!(flags & ALLOC))
		return KIND_NONE;
	if (flags & LOAD && type == SHT_NOTE)
		return KIND_NOTE;
	if (!(flags & (LOAD | HAS_CONTENTS | THREAD_LOCAL)))
		return KIND_BSS;
	if (flags & THREAD_LOCAL)
		return KIND_TDATA;
	if (!(flags & READONLY))
		return KIND_DATA;
	if (type == SHT_RELA || type == SHT_REL)
		return KIND_REL;
	return flags & CODE ? KIND_TEXT : KIND_RODATA;
}

/* Behind the last section with relocations, but not behind those of the PLT. */
static uint32_t find_relocations(struct script_orphans *orphans, const struct layout *layout)
{
	uint32_t last = 0, last_loaded = 0;
	for (uint32_t i = 0; i < layout->n_written; i++) {
		const struct node *node = &layout->nodes.at[i];
		if (node->kind != NODE_SECTION || strncmp(layout->osecs.at[node->id].name, ".rel", 4) != 0)
			continue;
		const char *name = layout->osecs.at[node->id].name;
		if (strcmp(name, ".rela.plt") == 0 || strcmp(name, ".rel.plt") == 0)
			break;
		const struct look *look = look_at(orphans, layout, node->id);
		last = node->id;
		if (look->exists && look->flags & ALLOC)
			last_loaded = node->id;
	}
	return last_loaded ? last_loaded : last;
}

static uint32_t like(const struct look *look)
{
	return look->exists ? look->flags : look->named_flags;
}

/* The flags that must be the same, one step of leniency after the other. */
static bool is_like(uint32_t step, uint32_t look, uint32_t flags)
{
	uint32_t differ = look ^ flags;
	if (step == 0)
		return !(differ & (HAS_CONTENTS | ALLOC | LOAD | READONLY | CODE | THREAD_LOCAL));
	if (flags & CODE)
		return !(differ & (HAS_CONTENTS | ALLOC | LOAD | CODE | THREAD_LOCAL));
	if (flags & READONLY)
		return !(differ & (HAS_CONTENTS | ALLOC | LOAD | READONLY));
	if (flags & HAS_CONTENTS)
		return !(differ & (HAS_CONTENTS | ALLOC | LOAD | THREAD_LOCAL));
	return !(differ & ALLOC);
}

static uint32_t find_thread_local(struct script_orphans *orphans, const struct layout *layout, uint32_t flags)
{
	uint32_t found = 0;
	bool seen = false;
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		const struct node *node = &layout->nodes.at[i];
		if (node->kind != NODE_SECTION)
			continue;
		uint32_t look = like(look_at(orphans, layout, node->id)), differ = look ^ (flags | LOAD | HAS_CONTENTS);
		if (!(differ & (THREAD_LOCAL | ALLOC))) {
			if (!(look & LOAD) && flags & LOAD)
				break; /* .tdata comes before .tbss */
			found = node->id;
			seen = true;
		} else if (seen) {
			break;
		} else if (!(differ & (HAS_CONTENTS | ALLOC | LOAD))) {
			found = node->id;
		}
	}
	return found;
}

/* The last section with these flags, or with the next best ones; 0: there is none. */
static uint32_t find_by_flags(struct script_orphans *orphans, const struct layout *layout, uint32_t flags,
			      uint32_t type, bool *exact)
{
	for (int any_type = 0; any_type < 2; any_type++)
		for (uint32_t step = 0; step < 2; step++) {
			uint32_t found = 0;
			if (step == 1 && flags & THREAD_LOCAL && !(flags & CODE) && !(flags & READONLY)) {
				found = find_thread_local(orphans, layout, flags);
				if (found)
					return found;
				continue;
			}
			for (uint32_t i = 0; i < layout->nodes.n; i++) {
				const struct node *node = &layout->nodes.at[i];
				if (node->kind != NODE_SECTION ||
				    layout->osecs.at[node->id].rank >= RANK_TABLES)
					continue;
				const struct look *look = look_at(orphans, layout, node->id);
				bool anything = step == 1 && !(flags & ALLOC);
				if (look->exists && !any_type && look->type != type && !anything)
					continue;
				if (anything ? !((like(look) ^ flags) & DEBUGGING)
								  : is_like(step, like(look), flags))
					found = node->id;
			}
			*exact = found && step == 0;
			if (found)
				return found;
		}
	return 0;
}

/* ---- where in the program ---------------------------------------------------------------------------------- */

/* Number of the section's statement, which is not below `from`. */
static uint32_t node_of(const struct layout *layout, uint32_t osec, uint32_t from)
{
	for (uint32_t i = from; i < layout->nodes.n; i++)
		if (layout->nodes.at[i].kind == NODE_SECTION && layout->nodes.at[i].id == osec)
			return i;
	return layout->nodes.n;
}

/* Behind the section and the assignments that follow it; but an assignment to the location counter belongs to the
 * section behind it, if that is loaded. Osec 0: the beginning, whose first assignment to the location counter is what
 * all others follow. */
static uint32_t place_behind(struct script_orphans *orphans, const struct layout *layout, uint32_t osec)
{
	uint32_t at = osec ? node_of(layout, osec, 0) + 1 : 0, dot = UINT32_MAX;
	bool ignore_first = osec == 0;
	for (; at < layout->n_written; at++) {
		const struct node *node = &layout->nodes.at[at];
		if (node->kind == NODE_SECTION) {
			const struct look *look = look_at(orphans, layout, node->id);
			if (dot != UINT32_MAX && (!look->exists || look->flags & ALLOC))
				return dot;
			return at;
		}
		if (node->kind == NODE_ASSIGN && dot == UINT32_MAX && strcmp(node->symbol, ".") == 0) {
			if (!ignore_first)
				dot = at;
			ignore_first = false;
		}
	}
	return at;
}

static void insert(struct layout *layout, uint32_t at, struct node node)
{
	*array_push(&layout->nodes) = node;
	memmove(layout->nodes.at + at + 1, layout->nodes.at + at, (layout->nodes.n - 1 - at) * sizeof(node));
	layout->nodes.at[at] = node;
	layout->n_written++;
}

/* An output section for the orphan, behind `osec`, or behind the last orphan of its kind. */
static uint32_t make(struct script_orphans *orphans, struct layout *layout, const char *name, uint32_t kind,
		     uint32_t anchor, uint32_t flags)
{
	uint32_t at = layout->n_written;
	if (kind != KIND_NONE)
		at = orphans->last[kind] ? node_of(layout, orphans->last[kind], orphans->last_node[kind]) + 1
					 : place_behind(orphans, layout, anchor);
	uint32_t id = layout_osec(layout, name, anchor ? layout->osecs.at[anchor].rank : RANK_DATA);
	struct node node = layout->nodes.at[layout->nodes.n - 1];
	layout->nodes.n--;
	insert(layout, at, node);
	struct osec *osec = &layout->osecs.at[id];
	osec->is_orphan = true;
	if (flags & ALLOC && anchor) {
		osec->region = layout->osecs.at[anchor].region;
		osec->lma_region = layout->osecs.at[anchor].lma_region;
		osec->phdrs = layout->osecs.at[anchor].phdrs;
	}
	if (kind != KIND_NONE) {
		orphans->last[kind] = id;
		orphans->last_node[kind] = at;
	}
	return id;
}

/* A section of the script with that name that the orphan can be in; 0: none. One in which there is nothing yet can be
 * anything. */
static uint32_t find_by_name(struct script_orphans *orphans, const struct layout *layout, const char *name,
			     uint32_t flags)
{
	uint32_t unused = 0;
	uint32_t fitting = 0;
	for (uint32_t i = layout_newest(layout, name); i; i = layout->osecs.at[i].next) {
		const struct osec *osec = &layout->osecs.at[i];
		if (strcmp(osec->name, name) != 0 || osec->rank >= RANK_TABLES ||
		    (osec->said && osec->said->constraint != CONSTRAINT_NONE))
			continue;
		const struct look *look = look_at(orphans, layout, i);
		if (!look->exists)
			unused = i;
		else if (!look->flags || !((look->flags ^ flags) & (LOAD | ALLOC)))
			fitting = i;
	}
	return fitting ? fitting : unused;
}

uint32_t orphan_place(struct link *link, const char *name, uint64_t sh_flags, uint32_t type, bool stands_alone)
{
	struct layout *layout = link->layout;
	if (!layout->orphans)
		layout->orphans = begin(link);
	struct script_orphans *orphans = layout->orphans;
	bool relocatable = link->options->kind == OUTPUT_RELOCATABLE;
	if ((type == SHT_RELA || type == SHT_REL) && sh_flags & SHF_ALLOC && !relocatable)
		name = type == SHT_RELA ? ".rela.dyn" : ".rel.dyn";
	uint32_t flags = flags_of(sh_flags, type, name);
	uint32_t osec = stands_alone ? 0 : find_by_name(orphans, layout, name, flags);
	if (!osec) {
		uint32_t kind = kind_of(flags, type), anchor = 0;
		bool exact = false;
		if (kind != KIND_NONE) {
			anchor = orphans->anchor[kind];
			if (!anchor && kind == KIND_REL)
				anchor = orphans->anchor[kind] = find_relocations(orphans, layout);
			if (!anchor)
				anchor = find_by_flags(orphans, layout, flags, type, &exact);
			if (exact)
				orphans->anchor[kind] = anchor;
		}
		osec = make(orphans, layout, name, kind, anchor, flags);
	}
	add_member(look_at(orphans, layout, osec), &layout->osecs.at[osec], flags, type);
	uint32_t run = layout_run(layout, osec, "", SORT_NONE);
	layout->runs.at[run].fixed = name[0] != '.';
	return run;
}
