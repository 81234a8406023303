#include "ld/resolve/exports.h"

#include <stdlib.h>
#include <string.h>

#include "ld/resolve/abi_check.h"
#include "ld/resolve/matcher.h"
#include "ld/resolve/symbols.h"

enum { SYMBOL_GRAIN = 1 << 14 };

static bool is_visible(uint8_t visibility)
{
	return visibility == STV_DEFAULT || visibility == STV_PROTECTED;
}

struct deciding {
	struct link *link;
	struct matcher dynamic_list;
	struct matcher export_list; /* --export-dynamic-symbol, --export-dynamic-symbol-list */
};

static bool matches(const struct matcher *list, const struct link *link, symbol_id id)
{
	return list->script->patterns.n && matcher_decide(list, symbol_base_name(link, id));
}

static bool is_data(const struct link *link, symbol_id id)
{
	uint8_t type = elf_sym_type(symbol_definition(link, &link->symbols[id]));
	return type == STT_OBJECT || type == STT_COMMON;
}

static bool in_dynamic_list(const struct deciding *deciding, symbol_id id)
{
	const struct link *link = deciding->link;
	return (link->options->dynamic_list_data && is_data(link, id)) || matches(&deciding->dynamic_list, link, id);
}

static bool export_asked(const struct deciding *deciding, symbol_id id)
{
	return matches(&deciding->export_list, deciding->link, id);
}

/* -Bsymbolic and its kind: what refers to it from here means this definition. */
static bool is_symbolic(const struct link *link, symbol_id id)
{
	enum bsymbolic_kind which = link->options->bsymbolic;
	if (which == BSYMBOLIC_NONE)
		return false;
	const struct symbol *symbol = &link->symbols[id];
	bool is_function = symbol_flags(symbol) & SYMBOL_FUNCTION;
	bool weak = elf_sym_bind(symbol_definition(link, symbol)) == STB_WEAK;
	if (weak && (which == BSYMBOLIC_NON_WEAK || which == BSYMBOLIC_NON_WEAK_FUNCTIONS))
		return false;
	return is_function || which == BSYMBOLIC_ALL || which == BSYMBOLIC_NON_WEAK;
}

/* May another module's definition be used in place of ours? Only in a shared object (gABI, "Shared Object
 * Dependencies"). */
static bool is_preemptible(const struct deciding *deciding, symbol_id id)
{
	const struct link *link = deciding->link;
	if (link->options->kind != OUTPUT_SHARED || link->symbols[id].visibility != STV_DEFAULT)
		return false;
	if (link->has_dynamic_list) /* what is listed may be preempted, and nothing else */
		return in_dynamic_list(deciding, id) || export_asked(deciding, id);
	return !is_symbolic(link, id) || export_asked(deciding, id);
}

void exports_note_definition(struct link *link, struct symbol *symbol, const struct elf_sym *sym)
{
	uint8_t type = elf_sym_type(sym);
	uint16_t result = SYMBOL_DEFINED;
	if (sym->st_shndx == SHN_ABS)
		result |= SYMBOL_ABSOLUTE;
	if (type == STT_FUNC || type == STT_GNU_IFUNC)
		result |= SYMBOL_FUNCTION;
	if (type == STT_GNU_IFUNC)
		result |= SYMBOL_IFUNC;
	if (type == STT_TLS)
		result |= SYMBOL_TLS;
	symbol_set(symbol, result);
	if (type == STT_GNU_IFUNC ||
	    (elf_sym_bind(sym) == STB_GNU_UNIQUE && !link->options->no_gnu_unique))
		link->has_gnu_symbols = true;
}

static uint16_t decide_defined(const struct deciding *deciding, symbol_id id)
{
	const struct link *link = deciding->link;
	const struct options *options = link->options;
	const struct symbol *symbol = &link->symbols[id];
	uint16_t flags = symbol_flags(symbol);
	if (!link->is_dynamic || !is_visible(symbol->visibility) || flags & SYMBOL_FORCED_LOCAL)
		return 0;
	bool asked_outside = (flags & (SYMBOL_USED_SHARED | SYMBOL_DEFINED_SHARED)) != 0;
	bool exported = options->kind == OUTPUT_SHARED || asked_outside || options->export_dynamic ||
			(link->has_dynamic_list && in_dynamic_list(deciding, id)) || export_asked(deciding, id);
	if (!exported)
		return 0;
	return is_preemptible(deciding, id) ? SYMBOL_EXPORTED | SYMBOL_PREEMPTIBLE : SYMBOL_EXPORTED;
}

/* Nobody defines it, at least nobody that is part of the link. */
static uint16_t decide_undefined(const struct link *link, const struct symbol *symbol)
{
	const struct options *options = link->options;
	if (options->z.dynamic_undefined_weak_given && !options->z.dynamic_undefined_weak &&
	    !(symbol_flags(symbol) & SYMBOL_USED_STRONGLY))
		return SYMBOL_UNDEFINED;
	if (!link->is_dynamic || !is_visible(symbol->visibility) ||
	    (options->no_dynamic_linker && options->kind != OUTPUT_SHARED) || options->is_static)
		return SYMBOL_UNDEFINED;
	/* In a program a missing symbol is an error; where that is overlooked, it is 0 (as GNU ld). */
	if (options->kind != OUTPUT_SHARED && symbol_flags(symbol) & SYMBOL_USED_STRONGLY)
		return SYMBOL_UNDEFINED;
	return SYMBOL_UNDEFINED | SYMBOL_IMPORTED | SYMBOL_PREEMPTIBLE;
}

static uint16_t decide_shared(const struct elf_sym *sym)
{
	uint8_t type = elf_sym_type(sym);
	uint16_t result = SYMBOL_IMPORTED | SYMBOL_PREEMPTIBLE;
	if (type == STT_FUNC || type == STT_GNU_IFUNC)
		result |= SYMBOL_FUNCTION;
	if (type == STT_TLS)
		result |= SYMBOL_TLS;
	return result;
}

static void decide_range(void *context, size_t begin, size_t end, unsigned worker)
{
	const struct deciding *deciding = context;
	struct link *link = deciding->link;
	(void)worker;
	for (size_t i = begin; i < end; i++) {
		struct symbol *symbol = &link->symbols[i];
		uint64_t owner = symbol_owner(symbol);
		bool shared = owner != OWNER_NONE && owner_rank(owner) == RANK_ELSEWHERE;
		if (shared && !file_of(link, owner_file(owner))->live) {
			/* only a weak reference to a library that is not needed otherwise */
			symbol->owner = owner = OWNER_NONE;
			shared = false;
		}
		uint16_t used = symbol_flags(symbol) & SYMBOL_USED;
		if (owner == OWNER_NONE) {
			if (used)
				symbol_set(symbol, decide_undefined(link, symbol));
			continue;
		}
		if (!shared && owner_file(owner) == INTERNAL_FILE) { /* it may be new, in the place of an object's */
			symbol->flags &= (uint16_t)~(SYMBOL_ABSOLUTE | SYMBOL_IFUNC | SYMBOL_FUNCTION | SYMBOL_TLS);
			exports_note_definition(link, symbol, symbol_definition(link, symbol));
		}
		if (!shared)
			symbol_set(symbol, decide_defined(deciding, (symbol_id)i));
		else if (used && is_visible(symbol->visibility))
			symbol_set(symbol, decide_shared(symbol_definition(link, symbol)));
		else if (used) { /* a hidden reference cannot be satisfied from outside */
			symbol->owner = OWNER_NONE;
			symbol_set(symbol, SYMBOL_UNDEFINED);
		}
		abi_note_kinds(link, (symbol_id)i);
		if (!shared)
			abi_note_definition(link, (symbol_id)i);
	}
}

/* "ALL", "libx.a" or "libx" */
static bool is_library_name(const char *name, const char *base)
{
	size_t len = strlen(name);
	return strcmp(name, "ALL") == 0 ||
	       (strncmp(name, base, len) == 0 && (base[len] == '\0' || strcmp(base + len, ".a") == 0));
}

/* --exclude-libs: symbols of these archives are not exported. */
static void exclude_libs(struct link *link)
{
	const struct options *options = link->options;
	if (options->exclude_libs.n == 0)
		return;
	for (file_id id = 1; id < link->files.n; id++) {
		struct file *file = file_of(link, id);
		if (file->kind != FILE_OBJECT || !file->live || !file->member.len)
			continue;
		const char *slash = strrchr(file->path, '/');
		const char *base = slash ? slash + 1 : file->path;
		bool excluded = false;
		for (uint32_t i = 0; i < options->exclude_libs.n; i++)
			excluded |= is_library_name(options->exclude_libs.at[i], base);
		for (uint32_t i = file->symtab.first_global; excluded && i < file->symtab.n; i++) {
			symbol_id symbol = global_of(file, i);
			if (symbol && owner_file(symbol_owner(&link->symbols[symbol])) == id)
				symbol_set(&link->symbols[symbol], SYMBOL_FORCED_LOCAL);
		}
	}
}

void exports_decide(struct link *link)
{
	exclude_libs(link);
	struct deciding deciding = {.link = link};
	matcher_init(&deciding.dynamic_list, &link->dynamic_list);
	matcher_init(&deciding.export_list, &link->export_list);
	parallel_for(link->pool, link->n_symbols, SYMBOL_GRAIN, decide_range, &deciding);
	matcher_free(&deciding.dynamic_list);
	matcher_free(&deciding.export_list);
}
