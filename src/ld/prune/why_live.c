#include "ld/prune/why_live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "ld/layout/layout.h"
#include "ld/layout/link_order.h"
#include "ld/prune/dependents.h"
#include "ld/prune/gc.h"
#include "ld/prune/groups.h"
#include "ld/prune/target.h"
#include "ld/report/describe.h"
#include "ld/resolve/symbols.h"
#include "ld/synth/eh_frame.h"

/* How a section was reached first. */
struct cause {
	enum { NOT_REACHED, BY_ROOT, BY_RELOCATION, BY_UNWIND_RECORD, BY_GROUP, BY_OWNER, BY_DEPENDENT } kind;
	enum gc_reason reason;
	symbol_id symbol;   /* BY_ROOT: what makes it one, or 0 */
	section_id from;    /* otherwise: what refers to it, or whose unwind record does, what is in its group, what it
			     * belongs to (BY_OWNER; SHF_LINK_ORDER), or what belongs to it (BY_DEPENDENT) */
	uint32_t rela;      /* BY_RELOCATION: number of the relocation */
};

/* A record of .eh_frame describes `function`, and refers to other things: the exception table. */
struct unwind_record {
	section_id function, section;
	uint32_t entry;
};

struct search {
	const struct link *link;
	struct cause *causes;  /* by section */
	section_id *queue;
	uint32_t n_queue;
	section_id *group_next; /* group_rings() */
	struct dependents dependents;
	ARRAY(struct unwind_record) unwind; /* by function */
};

static void reach(struct search *search, section_id section, struct cause cause)
{
	if (!section || search->causes[section].kind != NOT_REACHED || !gc_is_candidate(search->link, section))
		return;
	search->causes[section] = cause;
	search->queue[search->n_queue++] = section;
}

static void reach_root(void *context, section_id section, enum gc_reason reason, symbol_id symbol)
{
	reach(context, section, (struct cause){.kind = BY_ROOT, .reason = reason, .symbol = symbol});
}

/* ---- unwind records --------------------------------------------------------------------------------------- */

static int compare_unwind(const void *a, const void *b)
{
	const struct unwind_record *x = a, *y = b;
	if (x->function != y->function)
		return x->function < y->function ? -1 : 1;
	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* What CIEs refer to are roots, as they are for gc_sections(). */
static void reach_from_cie(struct search *search, const struct file *file, const struct elf_relas *relas,
			   const struct eh_entry *cie)
{
	for (uint32_t i = 0; i < cie->nrelas; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): nrelas are there */
		uint32_t symbol = relas->at[cie->first_rela + i].r_sym;
		reach_root(search, defining_section(search->link, file, symbol), GC_UNWIND, 0);
	}
}

static void read_unwind_section(struct search *search, const struct file *file, uint32_t number)
{
	const struct link *link = search->link;
	section_id id = file->first_section + number;
	struct elf_relas relas = section_relas(link, id);
	uint32_t end = eh_frame_section_end(link, file, number);
	for (uint32_t e = section_of(link, id)->extra; e < end; e++) {
		const struct eh_entry *entry = &file->eh_entries[e];
		if (entry->is_cie)
			reach_from_cie(search, file, &relas, entry);
		if (entry->is_cie || entry->nrelas < 2)
			continue;
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): nrelas are there */
		section_id function = defining_section(link, file, relas.at[entry->first_rela].r_sym);
		*array_push(&search->unwind) = (struct unwind_record){function, id, e};
	}
}

static void read_unwind_records(struct search *search)
{
	const struct link *link = search->link;
	for (file_id f = 1; f < link->files.n; f++) {
		const struct file *file = file_of(link, f);
		for (uint32_t i = 1; file->n_eh_entries && i < file->elf.nshdr; i++) {
			const struct section *section = section_of(link, file->first_section + i);
			if (section->kind == SECTION_EH_FRAME && section->live)
				read_unwind_section(search, file, i);
		}
	}
	if (search->unwind.n)
		qsort(search->unwind.at, search->unwind.n, sizeof(struct unwind_record), compare_unwind);
}

static void follow_unwind_record(struct search *search, const struct unwind_record *record)
{
	const struct link *link = search->link;
	const struct file *file = file_of(link, section_of(link, record->section)->file);
	const struct eh_entry *entry = &file->eh_entries[record->entry];
	struct elf_relas relas = section_relas(link, record->section);
	for (uint32_t i = 1; i < entry->nrelas; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): nrelas are there */
		section_id target = defining_section(link, file, relas.at[entry->first_rela + i].r_sym);
		reach(search, target, (struct cause){.kind = BY_UNWIND_RECORD, .from = record->function});
	}
}

/* The first record of a function at or after which to look. */
static uint32_t first_unwind_record(const struct search *search, section_id function)
{
	return array_first_from(&search->unwind, function, function);
}

/* ---- search ----------------------------------------------------------------------------------------------- */

static void follow(struct search *search, section_id id)
{
	const struct link *link = search->link;
	const struct file *file = file_of(link, section_of(link, id)->file);
	struct elf_relas relas = section_relas(link, id);
	for (uint64_t i = 0; i < relas.n; i++) {
		section_id target = defining_section(link, file, relas.at[i].r_sym);
		reach(search, target, (struct cause){.kind = BY_RELOCATION, .from = id, .rela = (uint32_t)i});
		if (search->dependents.list.n && target)
			reach(search, section_linked(link, target),
			      (struct cause){.kind = BY_DEPENDENT, .from = target});
	}
	const struct dependent *dependents = search->dependents.list.at;
	for (uint32_t i = dependents_first(&search->dependents, id);
	     i < search->dependents.list.n && dependents[i].on == id; i++)
		reach(search, dependents[i].id, (struct cause){.kind = BY_OWNER, .from = id});
	for (uint32_t i = first_unwind_record(search, id);
	     i < search->unwind.n && search->unwind.at[i].function == id; i++)
		follow_unwind_record(search, &search->unwind.at[i]);
	reach(search, search->group_next[id], (struct cause){.kind = BY_GROUP, .from = id});
}

/* ---- words ------------------------------------------------------------------------------------------------ */

static bool is_in(const char *const *names, uint32_t n, struct str name)
{
	for (uint32_t i = 0; i < n; i++)
		if (strlen(names[i]) == name.len && memcmp(names[i], name.at, name.len) == 0)
			return true;
	return false;
}

static const char *root_words(const struct link *link, const struct cause *cause)
{
	const struct options *options = link->options;
	struct str name = cause->symbol ? symbol_name(link, cause->symbol) : (struct str){"", 0};
	switch (cause->reason) {
	case GC_KEEP:
		return "KEEP in the layout";
	case GC_RETAIN:
		return "SHF_GNU_RETAIN";
	case GC_RETAINED_PART:
		return "SHF_GNU_RETAIN of what belongs to it";
	case GC_NOTE:
		return "notes are kept";
	case GC_INIT_ARRAY:
		return "run at start-up or exit";
	case GC_START_STOP:
		return "__start_ or __stop_ symbol of the section is used";
	case GC_INIT:
		return "init function";
	case GC_FINI:
		return "fini function";
	case GC_EXPORTED:
		return "exported";
	case GC_UNWIND:
		return "personality routine of unwind records";
	default:
		break;
	}
	if (link->entry && is_in(&link->entry, 1, name))
		return "entry point";
	if (is_in(options->undefined.at, options->undefined.n, name))
		return "named by -u";
	if (is_in(options->require_defined.at, options->require_defined.n, name))
		return "named by --require-defined";
	return "named by an option or a script";
}

/* What a cause other than a root and a relocation says of cause->from. */
static const char *link_words(const struct cause *cause)
{
	switch (cause->kind) {
	case BY_GROUP:
		return ">>> in one group with: ";
	case BY_OWNER:
		return ">>> kept because it belongs to: ";
	case BY_DEPENDENT:
		return ">>> kept because of what belongs to it: ";
	default:
		return ">>> referenced by the unwind record of: ";
	}
}

static void print_section(const struct link *link, const char *words, section_id id)
{
	const struct file *file = file_of(link, section_of(link, id)->file);
	printf("%s" FILE_FORMAT ":(%s)\n", words, FILE_ARGS(file), layout_section_name(link, id));
}

static void print_symbol(const struct link *link, const char *words, const struct file *file, uint32_t index)
{
	struct arena arena = {0};
	printf("%s" FILE_FORMAT ":(%s)\n", words, FILE_ARGS(file), describe_target(link, &arena, file, index));
	arena_free(&arena);
}

static void print_global(const struct link *link, const char *words, symbol_id symbol)
{
	uint64_t owner = symbol_owner(&link->symbols[symbol]);
	print_symbol(link, words, file_of(link, owner_file(owner)), owner_index(owner));
}

/* What a relocation refers to, as a symbol of the file that defines it: a section is known by its name already. */
static void print_referent(const struct link *link, const struct file *file, uint32_t index)
{
	symbol_id symbol = global_of(file, index);
	if (symbol)
		print_global(link, ">>> contained live symbol: ", symbol);
	else if (elf_sym_type(&file->symtab.syms[index]) != STT_SECTION)
		print_symbol(link, ">>> contained live symbol: ", file, index);
}

/* The chain up from section `id`. `symbol`, `local`: the symbol in it whose line was printed last (a global one, or
 * entry of the section's file), or 0. */
static void print_chain(const struct search *search, section_id id, symbol_id symbol, uint32_t local)
{
	const struct link *link = search->link;
	for (bool named = symbol || local;; named = false, symbol = 0, local = 0) {
		const struct cause *cause = &search->causes[id];
		if (cause->kind == BY_ROOT) {
			if (named && cause->symbol != symbol)
				print_section(link, ">>> in live section: ", id);
			if (cause->symbol && cause->symbol != symbol && cause->reason != GC_START_STOP)
				print_global(link, ">>> contained live symbol: ", cause->symbol);
			printf(">>> %s\n", root_words(link, cause));
			return;
		}
		const struct file *file = file_of(link, section_of(link, cause->from)->file);
		if (cause->kind == BY_RELOCATION) {
			struct elf_relas relas = section_relas(link, cause->from);
			const struct elf_rela *rela = &relas.at[cause->rela];
			/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): follow() found it there */
			symbol_id referent = global_of(file, rela->r_sym);
			bool same = named && (symbol ? referent == symbol
						     : file == file_of(link, section_of(link, id)->file) &&
							       rela->r_sym == local);
			if (!same) {
				if (named)
					print_section(link, ">>> in live section: ", id);
				print_referent(link, file, rela->r_sym);
			}
			struct arena arena = {0};
			printf(">>> referenced by: %s\n",
			       describe_place(link, &arena, cause->from, rela->r_offset));
			arena_free(&arena);
		} else {
			if (named)
				print_section(link, ">>> in live section: ", id);
			print_section(link, link_words(cause), cause->from);
		}
		id = cause->from;
	}
}

/* ---- who is asked for ------------------------------------------------------------------------------------- */

static bool is_asked_for(const struct options *options, const char *name, bool is_section)
{
	for (uint32_t i = 0; i < options->why_live.n; i++)
		if ((options->why_live.at[i][0] == '.') == is_section &&
		    glob_match(str_of(options->why_live.at[i]), str_of(name)))
			return true;
	return false;
}

/* What belongs to a dropped section is dropped, whoever reaches it. */
static bool is_kept(const struct search *search, section_id section)
{
	return search->causes[section].kind != NOT_REACHED && section_of(search->link, section)->live;
}

static void explain_symbols(const struct search *search, file_id id)
{
	const struct link *link = search->link;
	const struct file *file = file_of(link, id);
	for (uint32_t i = 1; i < file->symtab.n; i++) {
		const struct elf_sym *sym = &file->symtab.syms[i];
		symbol_id symbol = global_of(file, i);
		if (sym->st_shndx == SHN_UNDEF || elf_sym_type(sym) == STT_SECTION ||
		    elf_sym_is_special(&file->symtab, i) ||
		    (symbol && symbol_owner(&link->symbols[symbol]) !=
				       owner_key(owner_rank(symbol_owner(&link->symbols[symbol])), id, i)))
			continue;
		section_id section = file->first_section + elf_sym_section(&file->symtab, i);
		if (!is_kept(search, section) ||
		    !is_asked_for(link->options, file->symtab.strtab + sym->st_name, false))
			continue;
		print_symbol(link, "live symbol: ", file, i);
		print_chain(search, section, symbol, symbol ? 0 : i);
	}
}

static void explain(const struct search *search)
{
	const struct link *link = search->link;
	for (file_id f = 1; f < link->files.n; f++) {
		const struct file *file = file_of(link, f);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		explain_symbols(search, f);
		for (uint32_t i = 1; i < file->elf.nshdr; i++) {
			section_id section = file->first_section + i;
			if (!is_kept(search, section) ||
			    !is_asked_for(link->options, layout_section_name(link, section), true))
				continue;
			print_section(link, "live section: ", section);
			print_chain(search, section, 0, 0);
		}
	}
	fflush(stdout); /* messages on standard error come later */
}

void why_live(const struct link *link)
{
	struct arena arena = {0};
	struct search search = {
		.link = link,
		.causes = arena_array(&arena, struct cause, link->sections.n),
		.queue = arena_array(&arena, section_id, link->sections.n),
		.group_next = group_rings(link),
	};
	dependents_find(&search.dependents, link);
	gc_each_root(link, reach_root, &search);
	read_unwind_records(&search);
	for (uint32_t i = 0; i < search.n_queue; i++)
		follow(&search, search.queue[i]);
	explain(&search);
	array_free(&search.dependents.list);
	array_free(&search.unwind);
	free(search.group_next);
	arena_free(&arena);
}
