#include "ld/resolve/closure.h"

#include <stdlib.h>
#include <string.h>

#include "ld/input/needed_library.h"
#include "ld/input/shared_object.h"
#include "ld/report/describe.h"
#include "ld/resolve/symbols.h"

enum { FILE_GRAIN = 4 };

/* A symbol whose definition is looked for, for the shared object that needs it or for an object. */
struct wanted {
	symbol_id symbol;
	file_id file;           /* who needs it */
	uint32_t index;         /* in its symbol table */
	bool found;
};

struct closure {
	struct link *link;
	pthread_mutex_t lock;
	ARRAY(struct wanted) wanted;           /* by symbol, then by file; one for each symbol when looked for */
	uint32_t n_found;
	ARRAY(struct needed_library) libraries; /* inputs first, then those they need; all but the last ones searched */
	ARRAY(const char *) sonames;           /* parallel to libraries */
	ARRAY(const char *) missing;           /* messages */
};

/* ---- what is wanted ------------------------------------------------------------------------------------------ */

/* Can a shared object use what the link has by this name? */
static bool is_there(const struct link *link, symbol_id id)
{
	const struct symbol *symbol = &link->symbols[id];
	uint16_t flags = symbol_flags(symbol);
	if (flags & SYMBOL_DEFINED)
		return flags & (SYMBOL_EXPORTED | SYMBOL_DEFINED_SHARED) || !link->is_dynamic;
	return symbol_owner(symbol) != OWNER_NONE;
}

static void collect(void *context, size_t begin, size_t end, unsigned worker)
{
	struct closure *closure = context;
	struct link *link = closure->link;
	(void)worker;
	for (size_t f = begin; f < end; f++) {
		const struct file *file = file_of(link, (file_id)f);
		if (file->kind != FILE_SHARED || !(file->live || file->indirect))
			continue;
		for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
			const struct elf_sym *sym = &file->symtab.syms[i];
			symbol_id symbol = global_of(file, i);
			if (sym->st_shndx != SHN_UNDEF || elf_sym_bind(sym) == STB_WEAK || !symbol ||
			    is_there(link, symbol))
				continue;
			/* what an object lacks as well is reported for the object */
			if (!(symbol_flags(&link->symbols[symbol]) & SYMBOL_DEFINED) &&
			    symbol_flags(&link->symbols[symbol]) & SYMBOL_USED_STRONGLY)
				continue;
			pthread_mutex_lock(&closure->lock);
			*array_push(&closure->wanted) = (struct wanted){symbol, (file_id)f, i, false};
			pthread_mutex_unlock(&closure->lock);
		}
	}
}

static int compare_wanted(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;
	if (x->symbol != y->symbol)
		return x->symbol < y->symbol ? -1 : 1;
	return x->file < y->file ? -1 : x->file > y->file;
}

/* Each symbol once, for the first file that needs it. */
static void sort_wanted(struct closure *closure)
{
	uint32_t n = 0;
	if (closure->wanted.n)
		qsort(closure->wanted.at, closure->wanted.n, sizeof(struct wanted), compare_wanted);
	for (uint32_t i = 0; i < closure->wanted.n; i++)
		if (n == 0 || closure->wanted.at[i].symbol != closure->wanted.at[n - 1].symbol)
			closure->wanted.at[n++] = closure->wanted.at[i];
	closure->wanted.n = n;
}

static struct wanted *find_wanted(const struct closure *closure, symbol_id symbol)
{
	struct wanted key = {.symbol = symbol};
	uint32_t low = 0, high = closure->wanted.n;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (closure->wanted.at[middle].symbol < key.symbol)
			low = middle + 1;
		else
			high = middle;
	}
	return low < closure->wanted.n && closure->wanted.at[low].symbol == symbol ? &closure->wanted.at[low] : NULL;
}

/* ---- libraries ------------------------------------------------------------------------------------------------ */


static void add_library(struct closure *closure, const struct needed_library *library, const char *soname)
{
	*array_push(&closure->libraries) = *library;
	*array_push(&closure->sonames) = soname;
}

/* An input that --as-needed left out is an indirect library like others. */
static bool find_unneeded_input(struct link *link, const char *soname, struct needed_library *out)
{
	struct elf_error error;
	struct elf_room room = room_in(&link->arena);
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		if (file->kind == FILE_SHARED && !file->live && strcmp(file->soname, soname) == 0) {
			out->path = file->path;
			return elf_read_shared_in(&out->shared, file->bytes, &room, &error);
		}
	}
	return false;
}

static bool is_known(const struct closure *closure, const char *soname)
{
	for (uint32_t i = 0; i < closure->sonames.n; i++)
		if (strcmp(closure->sonames.at[i], soname) == 0)
			return true;
	return false;
}

struct version_name {
	uint16_t index;
	const char *name;
};

static void match_version(void *context, uint16_t index, uint16_t flags, const char *name)
{
	struct version_name *wanted = context;
	(void)flags;
	if (index == wanted->index)
		wanted->name = name;
}

/* "foo@@V" */
static const char *versioned_name(struct link *link, const struct needed_library *library, uint32_t index,
				  const char *name)
{
	if (!library->shared.versym)
		return name;
	uint16_t version = read16(library->shared.versym + 2 * (uint64_t)index);
	struct version_name wanted = {version & (VERSYM_HIDDEN - 1), NULL};
	struct elf_error error;
	if (wanted.index <= VER_NDX_GLOBAL || !elf_each_verdef(&library->shared, match_version, &wanted, &error) ||
	    !wanted.name)
		return name;
	return arena_printf(&link->arena, "%s%s%s", name, version & VERSYM_HIDDEN ? "@" : "@@", wanted.name);
}

/* Ticks off what the library defines, whatever the version: the loader will see whether that fits. `indirect`: the
 * library is no input. */
static void search_library(struct closure *closure, const struct needed_library *library, bool indirect)
{
	struct link *link = closure->link;
	const struct elf_symtab *dynsym = &library->shared.dynsym;
	for (uint32_t i = dynsym->first_global ? dynsym->first_global : 1; i < dynsym->n; i++) {
		const struct elf_sym *sym = &dynsym->syms[i];
		uint8_t visibility = elf_sym_visibility(sym);
		if (sym->st_shndx == SHN_UNDEF || visibility == STV_HIDDEN || visibility == STV_INTERNAL)
			continue;
		const char *name = dynsym->strtab + sym->st_name;
		symbol_id symbol = symbols_find(link, str_of(name));
		struct wanted *wanted = symbol ? find_wanted(closure, symbol) : NULL;
		if (!wanted || wanted->found)
			continue;
		bool for_object = file_of(link, wanted->file)->kind == FILE_OBJECT;
		if (for_object && !indirect)
			continue;
		wanted->found = true;
		closure->n_found++;
		if (for_object)
			*array_push(&link->missing_libraries) = (struct missing_library){
				symbol, versioned_name(link, library, i, name), library->path};
	}
}

/* Searches the libraries in `libraries` from `first` on, and adds those they need, until all is found. */
static void search_all(struct closure *closure)
{
	struct link *link = closure->link;
	uint32_t n_inputs = closure->libraries.n;
	for (uint32_t i = 0; i < n_inputs && closure->n_found < closure->wanted.n; i++) {
		const struct needed_library library = closure->libraries.at[i];
		search_library(closure, &library, false);
	}
	for (uint32_t i = 0; i < closure->libraries.n; i++) {
		const struct needed_library by = closure->libraries.at[i]; /* a copy: the array grows */
		const struct elf_dyn *dynamic = (const struct elf_dyn *)by.shared.dynamic;
		for (uint64_t d = 0; d < by.shared.ndynamic && closure->n_found < closure->wanted.n; d++) {
			const char *name = dynamic[d].d_tag == DT_NEEDED ? elf_dynamic_string(&by.shared, d) : NULL;
			if (!name || !*name || is_known(closure, name))
				continue;
			struct needed_library library;
			if (find_unneeded_input(link, name, &library) ||
			    needed_library_find(link, name, &by, &library)) {
				bool known = library.shared.soname && is_known(closure, library.shared.soname);
				add_library(closure, &library, name);
				if (!known)
					search_library(closure, &library, true);
				continue;
			}
			*array_push(&closure->missing) = arena_printf(
				&link->arena, "%s, needed by %s, not found (try using -rpath or -rpath-link)", name,
				by.path);
			add_library(closure, &(struct needed_library){.path = name}, name); /* looked for once */
		}
	}
}

/* ---- messages -------------------------------------------------------------------------------------------------- */

/* True when something was said. */
static bool report(struct closure *closure, const struct wanted *wanted)
{
	struct link *link = closure->link;
	const struct options *options = link->options;
	const struct file *file = file_of(link, wanted->file);
	const struct symbol *symbol = &link->symbols[wanted->symbol];
	const char *name = describe_symbol(link, &link->arena, wanted->symbol), *why = "";
	enum severity severity = options->warn_unresolved ? SEVERITY_WARNING : SEVERITY_ERROR;
	if (symbol_flags(symbol) & SYMBOL_DEFINED) {
		if (options->kind == OUTPUT_SHARED)
			return false;
		uint8_t visibility = symbol->visibility;
		const struct file *definer = file_of(link, owner_file(symbol_owner(symbol)));
		why = arena_printf(&link->arena, "\n>>> %s symbol `%s' in " FILE_FORMAT " is referenced by DSO",
				   visibility == STV_HIDDEN     ? "hidden"
				   : visibility == STV_INTERNAL ? "internal"
								: "local",
				   name, FILE_ARGS(definer));
		severity = SEVERITY_ERROR;
	} else if (options->allow_shlib_undefined || options->ignore_unresolved_shared) {
		return false;
	}
	struct diag_about about = about_file(file, "undefined-symbol-of-library");
	about.symbol = file->symtab.strtab + file->symtab.syms[wanted->index].st_name;
	diag_report(link->diag, severity, diag_order(wanted->file, wanted->index), &about,
		    "--no-allow-shlib-undefined: undefined symbol: %s\n>>> %s: undefined reference to `%s'%s", name,
		    file->path, name, why);
	return true;
}

static void add_inputs(struct closure *closure)
{
	struct link *link = closure->link;
	struct elf_room room = room_in(&link->arena);
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		struct needed_library library = {.path = file->path};
		struct elf_error error;
		if (file->kind == FILE_SHARED && file->live &&
		    elf_read_shared_in(&library.shared, file->bytes, &room, &error))
			add_library(closure, &library, file->soname);
	}
}

void closure_check(struct link *link)
{
	struct closure closure = {.link = link};
	bool executable = link->options->kind != OUTPUT_SHARED;
	if (!link->is_dynamic)
		return;
	pthread_mutex_init(&closure.lock, NULL);
	if (executable || !link->options->allow_shlib_undefined)
		parallel_for(link->pool, link->files.n, FILE_GRAIN, collect, &closure);
	if (link->options->allow_shlib_undefined || link->options->ignore_unresolved_shared) {
		/* only hidden definitions are of interest */
		uint32_t n = 0;
		for (uint32_t i = 0; i < closure.wanted.n; i++)
			if (symbol_flags(&link->symbols[closure.wanted.at[i].symbol]) & SYMBOL_DEFINED)
				closure.wanted.at[n++] = closure.wanted.at[i];
		closure.wanted.n = n;
	}
	for (uint32_t i = 0; executable && i < link->undefined_references.n; i++) {
		const struct undefined_reference *ref = &link->undefined_references.at[i];
		*array_push(&closure.wanted) =
			(struct wanted){ref->symbol, section_of(link, ref->section)->file, 0, false};
	}
	sort_wanted(&closure);
	if (closure.wanted.n) {
		add_inputs(&closure);
		search_all(&closure);
		bool any = false;
		for (uint32_t i = 0; i < closure.wanted.n; i++) {
			const struct wanted *wanted = &closure.wanted.at[i];
			if (wanted->found || file_of(link, wanted->file)->kind != FILE_SHARED)
				continue;
			any |= report(&closure, wanted);
		}
		for (uint32_t i = 0; any && i < closure.missing.n; i++)
			diag_warning(link->diag, 0, "%s", closure.missing.at[i]);
	}
	array_free(&closure.wanted);
	array_free(&closure.libraries);
	array_free(&closure.sonames);
	array_free(&closure.missing);
	pthread_mutex_destroy(&closure.lock);
}

const struct missing_library *closure_find(const struct link *link, symbol_id symbol)
{
	for (uint32_t i = 0; i < link->missing_libraries.n; i++)
		if (link->missing_libraries.at[i].symbol == symbol)
			return &link->missing_libraries.at[i];
	return NULL;
}
