/* Interposition that does not work: a strong definition of ours takes the place of a shared object's, but some calls go
 * past it. Under another name of the same function (open64, __open_2), because the library keeps to its own definition
 * (protected, -Bsymbolic), or because one allocator's functions are replaced by half. What a library does by hidden
 * names of its own cannot be seen in symbol tables. */
#include <stdlib.h>
#include <string.h>

#include "ld/report/describe.h"
#include "ld/report/source.h"
#include "ld/resolve/abi_check.h"
#include "ld/resolve/symbols.h"

/* A symbol that the output defines, and the shared object whose definition it takes the place of. */
struct replaced {
	symbol_id symbol;
	file_id library;
	uint32_t index;           /* in the library's symbol table */
};

/* Other names by which compilers and headers call the same function. */
struct family {
	const char *prefix, *suffix;
	const char *when;
};

static const struct family families[] = {
	{"", "64", "as with _FILE_OFFSET_BITS=64"},
	{"__", "_2", "as with _FORTIFY_SOURCE"},
	{"__", "64_2", "as with _FORTIFY_SOURCE and _FILE_OFFSET_BITS=64"},
	{"__", "_chk", "as with _FORTIFY_SOURCE"},
	{"__", "64_chk", "as with _FORTIFY_SOURCE and _FILE_OFFSET_BITS=64"},
	{"__isoc99_", "", "as headers for C99 have it"},
	{"__isoc23_", "", "as headers for C23 have it"},
	{"__", "", "the library's own name for it"},
	{"__x", "", "as headers of glibc before 2.33 have it"},
	{"__x", "64", "as headers of glibc before 2.33 have it, with _FILE_OFFSET_BITS=64"},
};

/* ---- who is replaced --------------------------------------------------------------------------------------------- */

static int compare_ids(const void *left, const void *right)
{
	symbol_id a = *(const symbol_id *)left, b = *(const symbol_id *)right;
	return a < b ? -1 : a > b;
}

static bool is_interposer(const struct link *link, symbol_id symbol)
{
	return bsearch(&symbol, link->abi.interposers.at, link->abi.interposers.n, sizeof(symbol), compare_ids);
}

/* The definitions that ours stand before, of the first library that has each; by symbol. */
struct replacements {
	ARRAY(struct replaced) list;
};

static int compare_replaced(const void *left, const void *right)
{
	const struct replaced *a = left, *b = right;
	if (a->symbol != b->symbol)
		return a->symbol < b->symbol ? -1 : 1;
	return a->library < b->library ? -1 : a->library > b->library;
}

static file_id definer(const struct link *link, symbol_id symbol)
{
	return owner_file(symbol_owner(&link->symbols[symbol]));
}

static void find_replaced(const struct link *link, struct replacements *found)
{
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		if (file->kind != FILE_SHARED || !(file->live || file->indirect))
			continue;
		for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
			symbol_id symbol = global_of(file, i);
			if (symbol && file->symtab.syms[i].st_shndx != SHN_UNDEF && is_interposer(link, symbol) &&
			    definer(link, symbol) != INTERNAL_FILE && abi_takes_place(link, symbol, id, i))
				*array_push(&found->list) = (struct replaced){symbol, id, i};
		}
	}
	if (found->list.n)
		qsort(found->list.at, found->list.n, sizeof(struct replaced), compare_replaced);
}

static struct diag_about about_definition(const struct link *link, symbol_id symbol)
{
	uint64_t owner = symbol_owner(&link->symbols[symbol]);
	struct diag_about about = about_file(file_of(link, owner_file(owner)), NULL);
	about.symbol = target_name(file_of(link, owner_file(owner)), owner_index(owner));
	return about;
}

static uint64_t order_of(const struct link *link, symbol_id symbol)
{
	uint64_t owner = symbol_owner(&link->symbols[symbol]);
	return diag_order(owner_file(owner), owner_index(owner));
}

/* ---- other names of the same function ---------------------------------------------------------------------------- */

/* The first file that asks for a symbol, objects before libraries; but for `library`, which has it. Where, if it is an
 * object. */
static const char *first_asker(const struct link *link, struct arena *arena, symbol_id symbol, file_id library)
{
	for (int pass = 0; pass < 2; pass++)
		for (file_id id = 1; id < link->files.n; id++) {
			const struct file *file = file_of(link, id);
			bool is_object = file->kind == FILE_OBJECT;
			if (is_object != (pass == 0) || !file->live || id == library)
				continue;
			for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
				uint64_t offset = 0;
				if (global_of(file, i) != symbol || file->symtab.syms[i].st_shndx != SHN_UNDEF)
					continue;
				section_id section = is_object ? first_reference(link, file, i, &offset) : 0;
				return section ? describe_place_and_line(link, arena, section, offset)
					       : arena_printf(arena, FILE_FORMAT, FILE_ARGS(file));
			}
		}
	return NULL;
}

/* A line for another name of the function, if the same library has it and somebody calls it; NULL: all is well. */
static const char *sibling_line(const struct link *link, struct arena *arena, const struct replaced *replaced,
				const struct family *family)
{
	struct str name = symbol_base_name(link, replaced->symbol);
	char sibling[256];
	int len = snprintf(sibling, sizeof(sibling), "%s%.*s%s", family->prefix, (int)name.len, name.at,
			   family->suffix);
	if (len < 0 || len >= (int)sizeof(sibling))
		return NULL;
	symbol_id id = symbols_find(link, (struct str){sibling, (uint32_t)len});
	uint64_t owner = id ? symbol_owner(&link->symbols[id]) : OWNER_NONE;
	if (owner == OWNER_NONE || owner_file(owner) != replaced->library ||
	    !(symbol_flags(&link->symbols[id]) & (SYMBOL_USED | SYMBOL_USED_SHARED)) ||
	    symbol_kind(symbol_definition(link, &link->symbols[id])) != KIND_FUNCTION)
		return NULL;
	const char *asker = first_asker(link, arena, id, replaced->library);
	return asker ? arena_printf(arena, "\n>>> %s calls %s instead, %s", asker, sibling, family->when) : NULL;
}

static void check_siblings(struct abi_report *report, const struct replaced *replaced)
{
	struct link *link = report->link;
	struct arena arena = {0};
	const char *lines = "";
	for (unsigned i = 0; i < COUNTOF(families); i++) {
		const char *line = sibling_line(link, &arena, replaced, &families[i]);
		if (line)
			lines = arena_printf(&arena, "%s%s", lines, line);
	}
	if (*lines)
		abi_warn(report, order_of(link, replaced->symbol), about_definition(link, replaced->symbol),
			 "`%s' takes the place of the function of %s, but not for all callers%s",
			 describe_symbol(link, &arena, replaced->symbol), file_of(link, replaced->library)->path,
			 lines);
	arena_free(&arena);
}

/* ---- libraries that keep to their own ---------------------------------------------------------------------------- */

bool abi_is_symbolic(const struct file *file)
{
	for (uint64_t i = 0; i < file->n_dynamic; i++)
		if (file->dynamic[i].d_tag == DT_SYMBOLIC ||
		    (file->dynamic[i].d_tag == DT_FLAGS && file->dynamic[i].d_val & DF_SYMBOLIC))
			return true;
	return false;
}

/* Whether the library's own calls of the function, or uses of the variable, are bound inside it: then `why` says how. */
static bool is_bound_inside(struct link *link, const struct replaced *replaced, const char **why)
{
	const struct file *library = file_of(link, replaced->library);
	if (elf_sym_visibility(&library->symtab.syms[replaced->index]) == STV_PROTECTED)
		*why = "it is protected there";
	else if (abi_is_symbolic(library) && !abi_looks_up(link, replaced->library, replaced->index))
		*why = "the library was linked with -Bsymbolic";
	else
		return false;
	return true;
}

/* One warning for each library, about the first of its symbols. */
static void check_binding(struct abi_report *report, const struct replaced *list, uint32_t n, file_id library)
{
	struct link *link = report->link;
	const struct replaced *first = NULL;
	const char *reason = NULL, *why;
	unsigned more = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (list[i].library != library || !is_bound_inside(link, &list[i], &why))
			continue;
		more += first != NULL;
		if (!first || order_of(link, list[i].symbol) < order_of(link, first->symbol)) {
			first = &list[i];
			reason = why;
		}
	}
	if (!first)
		return;
	struct arena arena = {0};
	const char *name = describe_symbol(link, &arena, first->symbol);
	abi_warn(report, order_of(link, first->symbol), about_definition(link, first->symbol),
		 "`%s' takes the place of that of %s, but not inside it\n>>> %s: it keeps to its own `%s'%s", name,
		 file_of(link, library)->path, reason, name,
		 more ? arena_printf(&arena, ", and so with %u more symbol%s", more, more == 1 ? "" : "s") : "");
	arena_free(&arena);
}

/* ---- allocators by half ------------------------------------------------------------------------------------------ */

/* glibc manual, "Replacing malloc". */
static const char *const allocator[] = {
	"malloc", "free", "calloc", "realloc",
	/* needed only where they are used: */
	"aligned_alloc", "malloc_usable_size", "memalign", "posix_memalign", "pvalloc", "valloc",
};
enum { ALLOCATOR_BASE = 4 };

/* Does the file pass calls on to the allocator that it stands before? */
static bool forwards(const struct file *file)
{
	for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
		const char *name = file->symtab.strtab + file->symtab.syms[i].st_name;
		if (file->symtab.syms[i].st_shndx == SHN_UNDEF &&
		    (strcmp(name, "dlsym") == 0 || strcmp(name, "dlvsym") == 0 || strncmp(name, "__libc_", 7) == 0))
			return true;
	}
	return false;
}

static bool is_base_of_allocator(const struct link *link, symbol_id symbol)
{
	struct str name = symbol_base_name(link, symbol);
	for (unsigned i = 0; i < ALLOCATOR_BASE; i++)
		if (strlen(allocator[i]) == name.len && memcmp(allocator[i], name.at, name.len) == 0)
			return true;
	return false;
}

/* The first of the four that is replaced; the others, and those that somebody uses, must be, too. */
static void check_allocator(struct abi_report *report, const struct replaced *replaced)
{
	struct link *link = report->link;
	struct arena arena = {0};
	const char *missing = "";
	if (forwards(file_of(link, definer(link, replaced->symbol))))
		return;
	for (unsigned i = 0; i < COUNTOF(allocator); i++) {
		symbol_id id = symbols_find(link, str_of(allocator[i]));
		uint64_t owner = id ? symbol_owner(&link->symbols[id]) : OWNER_NONE;
		if (owner == OWNER_NONE || owner_file(owner) != replaced->library)
			continue;
		if (i >= ALLOCATOR_BASE && !first_asker(link, &arena, id, replaced->library))
			continue;
		missing = arena_printf(&arena, "%s%s%s", missing, *missing ? ", " : "", allocator[i]);
	}
	if (*missing)
		abi_warn(report, order_of(link, replaced->symbol), about_definition(link, replaced->symbol),
			 "`%s' takes the place of that of %s, which still serves: %s"
			 "\n>>> memory of one allocator can get into the other: replace all of them",
			 describe_symbol(link, &arena, replaced->symbol), file_of(link, replaced->library)->path,
			 missing);
	arena_free(&arena);
}

void abi_check_interposition(struct link *link)
{
	struct abi_report report;
	struct replacements found = {0};
	bool allocator_checked = false;
	if (!abi_report_begin(&report, link, ABI_INTERPOSITION) || link->abi.interposers.n == 0)
		return;
	qsort(link->abi.interposers.at, link->abi.interposers.n, sizeof(symbol_id), compare_ids);
	find_replaced(link, &found);
	for (uint32_t i = 0; i < found.list.n; i++) {
		const struct replaced *replaced = &found.list.at[i];
		const struct elf_sym *sym = &file_of(link, replaced->library)->symtab.syms[replaced->index];
		if (symbol_kind(sym) != KIND_FUNCTION || (i > 0 && found.list.at[i - 1].symbol == replaced->symbol))
			continue; /* names are compared with those of the library that is replaced first */
		check_siblings(&report, replaced);
		if (!allocator_checked && is_base_of_allocator(link, replaced->symbol)) {
			allocator_checked = true;
			check_allocator(&report, replaced);
		}
	}
	for (file_id id = 1; id < link->files.n && found.list.n; id++)
		if (file_of(link, id)->kind == FILE_SHARED)
			check_binding(&report, found.list.at, found.list.n, id);
	abi_report_end(&report);
	array_free(&found.list);
}
