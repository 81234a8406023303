/* Where sections go that a script does not name, by the rules of GNU ld (its manual, "Orphan Sections"; what that
 * leaves open, as it does it): behind a section of a well-known name that is like them, else behind the last one with
 * the same flags, else where flags of that kind usually are; and those of one kind behind each other. */
#include <stdlib.h>
#include <string.h>

#include "ld/layout/looks.h"
#include "ld/layout/orphans.h"
#include "ld/resolve/symbols.h"

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

struct script_orphans {
	uint32_t named[KINDS];    /* the section of the well-known name; 0: none */
	uint32_t anchor[KINDS];   /* what orphans of the kind follow; 0: not chosen */
	uint32_t last_made[KINDS]; /* what the next one follows among the sections that exist */
	uint32_t next_phantom;
	uint32_t first_note;      /* the first of the first group of notes; 0: none seen */
	uint32_t last[KINDS];     /* the last orphan of the kind, */
	uint32_t last_node[KINDS]; /* ... and the number that its statement had: it only grows */
};

static struct script_orphans *begin(struct link *link)
{
	struct layout *layout = link->layout;
	struct script_orphans *orphans = arena_new(&layout->arena, struct script_orphans);
	*orphans = (struct script_orphans){.first_note = 0};
	looks_begin(link);
	for (unsigned kind = 0; kind < KINDS; kind++) {
		uint32_t osec = kinds[kind].name ? layout_find_present(layout, kinds[kind].name) : 0;
		orphans->anchor[kind] = osec;
		const struct section_statement *said = layout->osecs.at[osec].said;
		if (osec && !(said && said->type == SECTION_TYPE_NOLOAD))
			orphans->named[kind] = osec;
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

/* Behind the last section with relocations, but not behind those of the PLT; else behind what is read-only, or loaded.
 * Relocations for the loader come before all others. */
static uint32_t find_relocations(const struct layout *layout, bool for_loader)
{
	uint32_t last = 0, last_loaded = 0, last_readonly = 0, relocations = 0, loaded_relocations = 0;
	for (uint32_t i = 0; i < layout->n_written; i++) {
		const struct node *node = &layout->nodes.at[i];
		const struct osec *osec = &layout->osecs.at[node->id];
		if (node->kind != NODE_SECTION)
			continue;
		bool loaded = osec->look.exists && osec->look.flags & ALLOC;
		if (!osec->is_absent && strncmp(osec->name, ".rel", 4) == 0) {
			if (for_loader || strcmp(osec->name, ".rela.plt") == 0 || strcmp(osec->name, ".rel.plt") == 0)
				break;
			relocations = node->id;
			loaded_relocations = loaded ? node->id : loaded_relocations;
		}
		last = node->id;
		last_loaded = loaded ? node->id : last_loaded;
		last_readonly = loaded && osec->look.flags & READONLY ? node->id : last_readonly;
	}
	const uint32_t choices[] = {loaded_relocations, relocations, last_readonly, last_loaded};
	for (unsigned i = 0; i < COUNTOF(choices); i++)
		if (choices[i])
			return choices[i];
	return last;
}

/* As long as nothing is in a section of a well-known name, it is as its name says. */
static uint32_t like(const struct script_orphans *orphans, const struct layout *layout, uint32_t osec)
{
	const struct look *look = &layout->osecs.at[osec].look;
	for (unsigned kind = 0; !look->exists && kind < KINDS; kind++)
		if (osec == orphans->named[kind])
			return kinds[kind].flags;
	return look->exists ? look->flags : 0;
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

static uint32_t find_thread_local(const struct script_orphans *orphans, const struct layout *layout, uint32_t flags)
{
	uint32_t found = 0;
	bool seen = false;
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		const struct node *node = &layout->nodes.at[i];
		if (node->kind != NODE_SECTION)
			continue;
		uint32_t look = like(orphans, layout, node->id), differ = look ^ (flags | LOAD | HAS_CONTENTS);
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
static uint32_t find_by_flags(const struct script_orphans *orphans, const struct layout *layout, uint32_t flags,
			      uint32_t type, bool *exact)
{
	for (unsigned any_type = 0; any_type < 2; any_type++)
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
				if (node->kind != NODE_SECTION || i >= layout->n_written)
					continue;
				const struct look *look = &layout->osecs.at[node->id].look;
				bool anything = step == 1 && !(flags & ALLOC);
				if (look->exists && !any_type && look->type != type && !anything)
					continue;
				uint32_t other = like(orphans, layout, node->id);
				if (anything ? !((other ^ flags) & DEBUGGING) : is_like(step, other, flags))
					found = node->id;
			}
			*exact = found && step == 0 && !any_type;
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
static uint32_t place_behind(const struct layout *layout, uint32_t osec)
{
	uint32_t at = osec ? node_of(layout, osec, 0) + 1 : 0, dot = UINT32_MAX;
	bool ignore_first = osec == 0;
	for (; at < layout->n_written; at++) {
		const struct node *node = &layout->nodes.at[at];
		if (node->kind == NODE_SECTION) {
			const struct look *look = &layout->osecs.at[node->id].look;
			if (dot != UINT32_MAX && (!look->has_input || look->flags & ALLOC))
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

/* The section that exists and whose statement is the nearest one from the osec's on backwards; 0: none. */
static uint32_t made_before(const struct layout *layout, uint32_t osec)
{
	for (uint32_t i = node_of(layout, osec, 0) + 1; i-- > 0;) {
		const struct node *node = &layout->nodes.at[i];
		if (node->kind == NODE_SECTION && layout->osecs.at[node->id].look.exists)
			return node->id;
	}
	return 0;
}

static bool is_note(const struct osec *osec)
{
	return osec->look.type == SHT_NOTE && osec->look.flags & LOAD;
}

/* Notes stand together, the more aligned ones first. Where a note goes that does not open the first group of them, and
 * what would come in between: *behind is the section that it follows, or, with *in_front, precedes. false: anywhere. */
static bool place_among_notes(struct script_orphans *orphans, const struct layout *layout, uint32_t id,
			      uint32_t successor, uint8_t p2align, uint32_t *behind, bool *in_front)
{
	uint32_t first = 0;
	*in_front = false;
	*behind = 0;
	if (is_note(&layout->osecs.at[id])) {
		for (uint32_t i = layout->made_first; i; i = layout->osecs.at[i].made_next) {
			if (i == id)
				continue;
			if (is_note(&layout->osecs.at[i])) {
				first = first ? first : i;
				if (layout->osecs.at[i].p2align_made >= p2align)
					*behind = i;
			} else if (first) {
				break;
			}
		}
		orphans->first_note = first;
		*in_front = first && !*behind;
		*behind = *behind ? *behind : first;
		return first != 0;
	}
	if (!orphans->first_note)
		return false;
	*behind = successor;
	for (uint32_t i = layout->osecs.at[successor].made_next; i; i = layout->osecs.at[i].made_next)
		if (is_note(&layout->osecs.at[i]))
			*behind = i;
	return true;
}

/* The section statement before this one; 0: none. */
static uint32_t statement_before(const struct layout *layout, uint32_t osec)
{
	for (uint32_t i = node_of(layout, osec, 0); i-- > 0;)
		if (layout->nodes.at[i].kind == NODE_SECTION)
			return layout->nodes.at[i].id;
	return 0;
}

static void insert(struct layout *layout, uint32_t at, struct node node)
{
	*array_push(&layout->nodes) = node;
	memmove(layout->nodes.at + at + 1, layout->nodes.at + at, (layout->nodes.n - 1 - at) * sizeof(node));
	layout->nodes.at[at] = node;
	layout->n_written++;
}

/* What an orphan is. */
struct orphan {
	const char *name;
	uint32_t flags, type;
	uint8_t p2align;
};

/* Puts the section, which was made last, behind the one that orphans of the kind follow, or behind the last of them.
 * Returns the section whose statement its own follows, *directly: what comes between does not matter. */
static uint32_t choose_place(struct script_orphans *orphans, struct layout *layout, uint32_t id, uint32_t kind,
			     uint32_t anchor, uint8_t p2align, bool *directly)
{
	uint32_t after = orphans->last_made[kind], after_node = anchor, behind;
	bool in_front;
	*directly = orphans->last[kind] != 0;
	if (!after && anchor)
		after = made_before(layout, anchor);
	uint32_t successor = after ? layout->osecs.at[after].made_next : layout->made_first;
	if ((is_note(&layout->osecs.at[id]) || is_note(&layout->osecs.at[successor])) &&
	    place_among_notes(orphans, layout, id, successor, p2align, &behind, &in_front)) {
		after_node = in_front ? statement_before(layout, behind) : behind;
		after = in_front ? layout->osecs.at[behind].made_before : behind;
		*directly = false;
	}
	looks_move(layout, id, after);
	orphans->last_made[kind] = id;
	return after_node;
}

/* An output section for the orphan. */
static uint32_t make(struct script_orphans *orphans, struct link *link, const struct orphan *orphan, uint32_t kind,
		     uint32_t anchor)
{
	struct layout *layout = link->layout;
	bool loaded = orphan->flags & (ALLOC | LOAD), directly = false;
	uint32_t id = layout_osec(layout, orphan->name, RANK_DATA);
	struct node node = layout->nodes.at[--layout->nodes.n];
	struct osec *osec = &layout->osecs.at[id];
	osec->is_orphan = true;
	if (!node.value && !loaded)
		node.value = layout_expr(layout, (struct expr){.kind = EXPR_NUMBER});
	if (loaded && anchor) {
		osec->region = layout->osecs.at[anchor].region;
		osec->lma_region = layout->osecs.at[anchor].lma_region;
		osec->phdrs = layout->osecs.at[anchor].phdrs;
	}
	look_add(layout, id, orphan->flags, orphan->type, orphan->p2align);
	uint32_t at = layout->n_written;
	if (kind != KIND_NONE) {
		uint32_t after = choose_place(orphans, layout, id, kind, anchor, orphan->p2align, &directly);
		at = directly ? node_of(layout, orphans->last[kind], orphans->last_node[kind]) + 1
			      : place_behind(layout, after);
		orphans->last[kind] = id;
		orphans->last_node[kind] = at;
	}
	insert(layout, at, node);
	return id;
}

/* ---- one orphan -------------------------------------------------------------------------------------------- */

/* A section of the script with that name that the orphan can be in; 0: none. One in which there is nothing yet can be
 * anything. */
static uint32_t find_by_name(const struct layout *layout, const struct orphan *orphan)
{
	uint32_t unused = 0, fitting = 0;
	for (uint32_t i = layout_newest(layout, orphan->name); i; i = layout->osecs.at[i].next) {
		const struct osec *osec = &layout->osecs.at[i];
		const struct look *look = &osec->look;
		if (strcmp(osec->name, orphan->name) != 0 || osec->rank >= RANK_TABLES || osec->is_absent)
			continue;
		if (!look->exists)
			unused = unused ? unused : i;
		else if ((!look->flags && !osec->is_kept) ||
			 (!((look->flags ^ orphan->flags) & (LOAD | ALLOC)) && look->type == orphan->type))
			fitting = i;
	}
	return fitting ? fitting : unused;
}

/* Is a later section of that name in the same file written? Then all of the name are placed like that. */
static bool is_written_later(const struct link *link, section_id id, const struct orphan *orphan)
{
	const struct file *file = file_of(link, section_of(link, id)->file);
	for (section_id other = id + 1; other < file->first_section + file->elf.nshdr; other++) {
		const struct section *section = section_of(link, other);
		if (!section->live || section->run != ORPHAN_RUN || section->kind == SECTION_NONE)
			continue;
		const struct elf_shdr *shdr = section_shdr(link, other);
		if (shdr->sh_type == orphan->type && shdr->sh_flags & SHF_WRITE && shdr->sh_flags & SHF_ALLOC &&
		    strcmp(layout_section_name(link, other), orphan->name) == 0)
			return true;
	}
	return false;
}

static uint32_t place(struct script_orphans *orphans, struct link *link, const struct orphan *orphan)
{
	struct layout *layout = link->layout;
	uint32_t kind = kind_of(orphan->flags, orphan->type), anchor = 0;
	bool exact = false;
	if (kind != KIND_NONE) {
		anchor = orphans->anchor[kind];
		if (!anchor && kinds[kind].name)
			anchor = orphans->anchor[kind] = layout_find_present(layout, kinds[kind].name);
		if (!anchor && kind == KIND_REL)
			anchor = orphans->anchor[kind] =
				find_relocations(layout, link->options->kind != OUTPUT_RELOCATABLE);
		if (!anchor)
			anchor = find_by_flags(orphans, layout, orphan->flags, orphan->type, &exact);
		if (exact)
			orphans->anchor[kind] = anchor;
	}
	return make(orphans, link, orphan, kind, anchor);
}

static uint32_t run_of(struct layout *layout, uint32_t osec, bool fixed)
{
	const struct osec *in = &layout->osecs.at[osec];
	if (in->nodes.n && in->nodes.at[in->nodes.n - 1].kind == NODE_RUN) {
		uint32_t last = in->nodes.at[in->nodes.n - 1].id;
		if (layout->runs.at[last].is_orphans && layout->runs.at[last].fixed == fixed)
			return last;
	}
	uint32_t run = layout_run(layout, osec, "", SORT_NONE);
	layout->runs.at[run].fixed = fixed;
	layout->runs.at[run].is_orphans = true;
	return run;
}

void orphans_begin(struct link *link)
{
	if (!link->layout->orphans)
		link->layout->orphans = begin(link);
}

/* The output section that it goes to; `id`: the section, or 0. */
static uint32_t find_or_place(struct link *link, struct orphan orphan, section_id id, bool stands_alone)
{
	struct layout *layout = link->layout;
	orphans_begin(link);
	bool relocatable = link->options->kind == OUTPUT_RELOCATABLE;
	if ((orphan.type == SHT_RELA || orphan.type == SHT_REL) && orphan.flags & ALLOC && !relocatable)
		orphan.name = orphan.type == SHT_RELA ? ".rela.dyn" : ".rel.dyn";
	uint32_t osec = stands_alone ? 0 : find_by_name(layout, &orphan);
	if (osec) {
		look_add(layout, osec, orphan.flags, orphan.type, orphan.p2align);
		return osec;
	}
	struct orphan placed = orphan;
	if (id && !relocatable && orphan.flags & READONLY && orphan.flags & ALLOC &&
	    section_of(link, id)->file != INTERNAL_FILE && is_written_later(link, id, &orphan))
		placed.flags &= ~(uint32_t)READONLY;
	osec = place(layout->orphans, link, &placed);
	if (placed.flags != orphan.flags)
		layout->osecs.at[osec].look.flags |= READONLY;
	return osec;
}

uint32_t orphan_place(struct link *link, const char *name, uint64_t sh_flags, uint32_t type, section_id id,
		      bool stands_alone)
{
	struct orphan orphan = {.name = name, .flags = look_flags(sh_flags, type, name), .type = type,
				.p2align = section_of(link, id)->p2align};
	return run_of(link->layout, find_or_place(link, orphan, id, stands_alone), name[0] != '.');
}

static uint32_t find_common(struct link *link, const char *name)
{
	struct layout *layout = link->layout;
	orphans_begin(link);
	uint32_t osec = layout_find_present(layout, name);
	if (!osec) {
		osec = layout_osec(layout, name, RANK_DATA);
		struct node node = layout->nodes.at[--layout->nodes.n];
		layout->osecs.at[osec].is_orphan = layout->osecs.at[osec].is_common = true;
		insert(layout, layout->n_written, node);
	}
	look_add(layout, osec, ALLOC | (strcmp(name, ".tbss") == 0 ? THREAD_LOCAL : 0), SHT_NULL, 0);
	return osec;
}

void orphans_place_phantoms(struct link *link, section_id end)
{
	struct layout *layout = link->layout;
	uint32_t *next = &layout->orphans->next_phantom;
	for (; *next < layout->phantoms.n && layout->phantoms.at[*next].at < end; ++*next) {
		uint32_t i = *next;
		const struct phantom *phantom = &layout->phantoms.at[i];
		if (phantom->run != ORPHAN_RUN ||
		    (link->options->orphans == ORPHANS_DISCARD && !phantom->is_common))
			continue;
		struct orphan orphan = {.name = phantom_name(link, phantom), .flags = phantom_flags(phantom),
					.type = phantom_type(link, phantom), .p2align = phantom->p2align};
		uint32_t osec = phantom->is_common ? find_common(link, ".bss") : find_or_place(link, orphan, 0, false);
		layout->phantoms.at[i].osec = osec;
	}
}

uint32_t orphan_place_common(struct link *link, const char *name)
{
	return run_of(link->layout, find_common(link, name), false);
}
