#include "ld/prune/gc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ld/layout/layout.h"
#include "ld/layout/link_order.h"
#include "ld/prune/dependents.h"
#include "ld/prune/groups.h"
#include "ld/prune/target.h"
#include "ld/resolve/symbols.h"
#include "ld/synth/eh_frame.h"

struct marking {
	struct link *link;
	section_id *group_next; /* group_rings() */
	ARRAY(uint32_t) roots;
	struct dependents dependents;
};

/* Dropped COMDAT members have no run. */
bool gc_is_candidate(const struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	return section->file != INTERNAL_FILE && section->run && section->kind != SECTION_NONE &&
	       section->kind != SECTION_EH_FRAME && section_shdr(link, id)->sh_flags & SHF_ALLOC;
}

static bool mark(const struct link *link, section_id id)
{
	return id && gc_is_candidate(link, id) &&
	       !atomic_exchange_explicit(&section_of(link, id)->live, true, memory_order_relaxed);
}

/* Keeps what belongs to a section that is kept. */
static void follow_dependents(const struct marking *marking, section_id id, struct worklist *list, unsigned worker)
{
	const struct dependent *at = marking->dependents.list.at;
	for (uint32_t i = dependents_first(&marking->dependents, id);
	     i < marking->dependents.list.n && at[i].on == id; i++)
		if (mark(marking->link, at[i].id))
			worklist_push(list, at[i].id, worker);
}

/* Keeps what a section belongs to that somebody asked for by itself. */
static void follow_link(const struct link *link, section_id id, struct worklist *list, unsigned worker)
{
	section_id on = id && section_of(link, id)->file != INTERNAL_FILE ? section_linked(link, id) : 0;
	if (mark(link, on))
		worklist_push(list, on, worker);
}

static void follow(void *context, uint32_t id, struct worklist *list, unsigned worker)
{
	struct marking *marking = context;
	const struct file *file = file_of(marking->link, section_of(marking->link, id)->file);
	struct elf_relas relas = section_relas(marking->link, id);
	if (mark(marking->link, marking->group_next[id]))
		worklist_push(list, marking->group_next[id], worker);
	for (uint64_t i = 0; i < relas.n; i++) {
		section_id target = defining_section(marking->link, file, relas.at[i].r_sym);
		if (mark(marking->link, target))
			worklist_push(list, target, worker);
		if (marking->dependents.list.n)
			follow_link(marking->link, target, list, worker);
	}
	if (marking->dependents.list.n)
		follow_dependents(marking, id, list, worker);
}

static void add_root(void *context, section_id id, enum gc_reason reason, symbol_id symbol)
{
	struct marking *marking = context;
	(void)reason, (void)symbol;
	if (mark(marking->link, id))
		*array_push(&marking->roots) = id;
}

/* The section that defines a symbol, if the link does. */
static section_id definition_of(const struct link *link, symbol_id symbol)
{
	uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
	if (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE || owner_file(owner) == INTERNAL_FILE)
		return 0;
	return defining_section(link, file_of(link, owner_file(owner)), owner_index(owner));
}

/* Why a section is a root by itself; GC_NO_ROOT: it is none. *symbol: the __start_X or __stop_X that asks for it. */
static enum gc_reason root_reason(const struct link *link, section_id id, symbol_id *symbol)
{
	const struct elf_shdr *shdr = section_shdr(link, id);
	uint32_t run = section_of(link, id)->run;
	bool is_orphan = run == ORPHAN_RUN; /* it has no run yet */
	*symbol = 0;
	if ((!is_orphan && link->layout->runs.at[run].keep) || section_of(link, id)->keep)
		return GC_KEEP;
	if (shdr->sh_flags & SHF_GNU_RETAIN)
		return GC_RETAIN;
	if (shdr->sh_type == SHT_NOTE && !section_linked(link, id))
		return GC_NOTE;
	if (shdr->sh_type == SHT_INIT_ARRAY || shdr->sh_type == SHT_FINI_ARRAY || shdr->sh_type == SHT_PREINIT_ARRAY)
		return GC_INIT_ARRAY;
	const char *name = layout_section_name(link, id);
	if (name[0] == '.' || link->options->z.start_stop_gc)
		return GC_NO_ROOT;
	char text[256];
	for (int stop = 0; stop < 2; stop++) {
		int len = snprintf(text, sizeof(text), stop ? "__stop_%s" : "__start_%s", name);
		if (len > 0 && len < (int)sizeof(text) &&
		    (*symbol = symbols_find(link, (struct str){text, (uint32_t)len})))
			return GC_START_STOP;
	}
	return GC_NO_ROOT;
}

/* --gc-keep-exported: as if the output were a shared object (GNU ld manual). */
static bool could_be_exported(const struct symbol *symbol)
{
	uint8_t visibility = atomic_load_explicit(&symbol->visibility, memory_order_relaxed);
	return symbol_flags(symbol) & SYMBOL_DEFINED && !(symbol_flags(symbol) & SYMBOL_FORCED_LOCAL) &&
	       (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

void gc_each_root(const struct link *link, gc_root *root, void *context)
{
	const struct options *options = link->options;
	symbol_id symbol;
	for (section_id id = 1; id < link->sections.n; id++) {
		enum gc_reason reason = gc_is_candidate(link, id) ? root_reason(link, id, &symbol) : GC_NO_ROOT;
		if (reason != GC_NO_ROOT)
			root(context, id, reason, symbol);
		if (reason == GC_RETAIN) /* and what it belongs to */
			root(context, section_linked(link, id), GC_RETAINED_PART, 0);
	}
	/* File 0 references what options name: the entry point, -u, --require-defined, EXTERN. */
	for (uint32_t i = 0; i < link->internal_globals.n; i++)
		root(context, definition_of(link, link->internal_globals.at[i]), GC_OPTION,
		     link->internal_globals.at[i]);
	symbol = symbols_find(link, str_of(options->init ? options->init : "_init"));
	root(context, definition_of(link, symbol), GC_INIT, symbol);
	symbol = symbols_find(link, str_of(options->fini ? options->fini : "_fini"));
	root(context, definition_of(link, symbol), GC_FINI, symbol);
	for (symbol_id id = 1; id < link->n_symbols; id++)
		if (symbol_flags(&link->symbols[id]) & SYMBOL_EXPORTED ||
		    (options->gc_keep_exported && could_be_exported(&link->symbols[id])))
			root(context, definition_of(link, id), GC_EXPORTED, id);
}

static void find_roots(struct marking *marking)
{
	struct link *link = marking->link;
	for (section_id id = 1; id < link->sections.n; id++)
		if (gc_is_candidate(link, id))
			section_of(link, id)->live = false;
	gc_each_root(link, add_root, marking);
}

/* Unwind records of live functions keep their personality routines and exception tables. Returns whether that marked
 * anything. */
static bool mark_unwind(struct marking *marking)
{
	struct link *link = marking->link;
	marking->roots.n = 0;
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		for (uint32_t i = 1; file->n_eh_entries && i < file->elf.nshdr; i++) {
			section_id section = file->first_section + i;
			if (section_of(link, section)->kind != SECTION_EH_FRAME || !section_of(link, section)->live)
				continue;
			struct elf_relas relas = section_relas(link, section);
			for (uint32_t e = section_of(link, section)->extra, end = eh_frame_section_end(link, file, i);
			     e < end; e++) {
				const struct eh_entry *entry = &file->eh_entries[e];
				bool used = entry->is_cie || eh_frame_is_live(link, file, section, entry);
				for (uint32_t r = entry->is_cie ? 0 : 1; used && r < entry->nrelas; r++) {
					/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): nrelas are there */
					uint32_t symbol = relas.at[entry->first_rela + r].r_sym;
					add_root(marking, defining_section(link, file, symbol), GC_UNWIND, 0);
				}
			}
		}
	}
	return marking->roots.n != 0;
}

void gc_sections(struct link *link)
{
	struct marking marking = {.link = link, .group_next = group_rings(link)};
	dependents_find(&marking.dependents, link);
	find_roots(&marking);
	do
		worklist_run(link->pool, marking.roots.at, marking.roots.n, follow, &marking);
	while (mark_unwind(&marking));
	array_free(&marking.roots);
	array_free(&marking.dependents.list);
	free(marking.group_next);
}

void gc_report(struct link *link)
{
	const char *path = link->options->print_gc_file;
	FILE *out = path ? fopen(path, "we") : NULL;
	if (path && !out)
		diag_error(link->diag, 0, "cannot open %s: %s", path, strerror(errno));
	for (section_id id = 1; id < link->sections.n; id++) {
		if (!gc_is_candidate(link, id) || section_of(link, id)->live)
			continue;
		static const char format[] = "removing unused section '%s' in file '" FILE_FORMAT "'";
		const struct file *file = file_of(link, section_of(link, id)->file);
		const char *name = layout_section_name(link, id);
		if (out) {
			fprintf(out, format, name, FILE_ARGS(file));
			fputc('\n', out);
		} else if (!path) {
			diag_note(link->diag, diag_order(section_of(link, id)->file, id), format, name,
				  FILE_ARGS(file));
		}
	}
	if (out && (ferror(out) | fclose(out)))
		diag_error(link->diag, 0, "cannot write %s: %s", path, strerror(errno));
}
