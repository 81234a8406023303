#include "ld/prune/gc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ld/layout/layout.h"
#include "ld/prune/target.h"
#include "ld/resolve/symbols.h"
#include "ld/synth/eh_frame.h"

struct marking {
	struct link *link;
	ARRAY(uint32_t) roots;
};

/* Sections that --gc-sections may drop: loaded ones. `live` of these starts false; dropped COMDAT members have no
 * run. */
static bool is_candidate(const struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	return section->file != INTERNAL_FILE && section->run && section->kind != SECTION_NONE &&
	       section->kind != SECTION_EH_FRAME && section_shdr(link, id)->sh_flags & SHF_ALLOC;
}

static bool mark(const struct link *link, section_id id)
{
	return id && is_candidate(link, id) &&
	       !atomic_exchange_explicit(&section_of(link, id)->live, true, memory_order_relaxed);
}

/* An object's group stays or goes as a whole: the next link may take this one for another file's. */
static void follow_group(const struct link *link, section_id id, struct worklist *list, unsigned worker)
{
	const struct file *file = file_of(link, section_of(link, id)->file);
	for (uint32_t i = 1; i < file->elf.nshdr; i++) {
		struct elf_group group;
		struct elf_error error;
		if (section_of(link, file->first_section + i)->kind != SECTION_GROUP ||
		    !elf_read_group(&group, &file->elf, i, file->symtab.n, &error))
			continue;
		bool has = false;
		for (uint32_t m = 0; m < group.nmembers && !has; m++)
			has = file->first_section + read32(group.members + 4 * (uint64_t)m) == id;
		for (uint32_t m = 0; m < group.nmembers && has; m++) {
			section_id member = file->first_section + read32(group.members + 4 * (uint64_t)m);
			if (mark(link, member))
				worklist_push(list, member, worker);
		}
	}
}

static void follow(void *context, uint32_t id, struct worklist *list, unsigned worker)
{
	struct marking *marking = context;
	const struct file *file = file_of(marking->link, section_of(marking->link, id)->file);
	struct elf_relas relas = section_relas(marking->link, id);
	if (marking->link->options->kind == OUTPUT_RELOCATABLE && section_shdr(marking->link, id)->sh_flags & SHF_GROUP)
		follow_group(marking->link, id, list, worker);
	for (uint64_t i = 0; i < relas.n; i++) {
		section_id target = defining_section(marking->link, file, relas.at[i].r_sym);
		if (mark(marking->link, target))
			worklist_push(list, target, worker);
	}
}

static void add_root(struct marking *marking, section_id id)
{
	if (mark(marking->link, id))
		*array_push(&marking->roots) = id;
}

static void add_symbol(struct marking *marking, symbol_id symbol)
{
	const struct link *link = marking->link;
	uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
	if (owner != OWNER_NONE && owner_rank(owner) != RANK_ELSEWHERE && owner_file(owner) != INTERNAL_FILE)
		add_root(marking, defining_section(link, file_of(link, owner_file(owner)), owner_index(owner)));
}

static bool is_root(const struct link *link, section_id id)
{
	const struct elf_shdr *shdr = section_shdr(link, id);
	const struct run *run = &link->layout->runs.at[section_of(link, id)->run];
	if (run->keep || shdr->sh_flags & SHF_GNU_RETAIN || shdr->sh_type == SHT_NOTE ||
	    shdr->sh_type == SHT_INIT_ARRAY || shdr->sh_type == SHT_FINI_ARRAY || shdr->sh_type == SHT_PREINIT_ARRAY)
		return true;
	const char *name = layout_section_name(link, id);
	if (name[0] == '.' || link->options->z.start_stop_gc)
		return false;
	char symbol[256];
	for (int stop = 0; stop < 2; stop++) {
		int len = snprintf(symbol, sizeof(symbol), stop ? "__stop_%s" : "__start_%s", name);
		if (len > 0 && len < (int)sizeof(symbol) && symbols_find(link, (struct str){symbol, (uint32_t)len}))
			return true;
	}
	return false;
}

static void find_roots(struct marking *marking)
{
	struct link *link = marking->link;
	const struct options *options = link->options;
	for (section_id id = 1; id < link->sections.n; id++)
		if (is_candidate(link, id)) {
			section_of(link, id)->live = false;
		}
	for (section_id id = 1; id < link->sections.n; id++)
		if (is_candidate(link, id) && is_root(link, id))
			add_root(marking, id);
	/* File 0 references what options name: the entry point, -u, --require-defined, EXTERN. */
	for (uint32_t i = 0; i < link->internal_globals.n; i++)
		add_symbol(marking, link->internal_globals.at[i]);
	add_symbol(marking, symbols_find(link, str_of(options->init ? options->init : "_init")));
	add_symbol(marking, symbols_find(link, str_of(options->fini ? options->fini : "_fini")));
	for (symbol_id id = 1; id < link->n_symbols; id++)
		if (symbol_flags(&link->symbols[id]) & SYMBOL_EXPORTED)
			add_symbol(marking, id);
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
					add_root(marking, defining_section(link, file, symbol));
				}
			}
		}
	}
	return marking->roots.n != 0;
}

static void report(struct link *link)
{
	for (section_id id = 1; id < link->sections.n; id++)
		if (is_candidate(link, id) && !section_of(link, id)->live) {
			const struct file *file = file_of(link, section_of(link, id)->file);
			diag_note(link->diag, diag_order(section_of(link, id)->file, id),
				  "removing unused section '%s' in file '" FILE_FORMAT "'",
				  layout_section_name(link, id), FILE_ARGS(file));
		}
}

void gc_sections(struct link *link)
{
	struct marking marking = {.link = link};
	find_roots(&marking);
	do
		worklist_run(link->pool, marking.roots.at, marking.roots.n, follow, &marking);
	while (mark_unwind(&marking));
	array_free(&marking.roots);
	if (link->options->print_gc_sections)
		report(link);
}
