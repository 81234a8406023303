#include "ld/resolve/exports.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "ld/resolve/abi_check.h"
#include "ld/resolve/symbols.h"
#include "ld/resolve/versions.h"

enum { SYMBOL_GRAIN = 1 << 14 };

static bool is_visible(uint8_t visibility)
{
	return visibility == STV_DEFAULT || visibility == STV_PROTECTED;
}

static bool matches(const struct link *link, const struct version_script *list, symbol_id id)
{
	if (list->patterns.n == 0)
		return false;
	struct str name = symbol_base_name(link, id);
	char *text = strndup(name.at, name.len);
	char *demangled = text ? cplus_demangle(text, DMGL_PARAMS | DMGL_ANSI) : NULL;
	bool result = versions_list_matches(list, name, demangled);
	free(demangled);
	free(text);
	return result;
}

static bool in_dynamic_list(const struct link *link, symbol_id id, uint8_t type)
{
	bool is_data = type == STT_OBJECT || type == STT_COMMON;
	return (link->options->dynamic_list_data && is_data) || matches(link, &link->dynamic_list, id);
}

/* --export-dynamic-symbol, --export-dynamic-symbol-list */
static bool export_asked(const struct link *link, symbol_id id)
{
	const struct options *options = link->options;
	for (uint32_t i = 0; i < options->export_dynamic_symbols.n; i++)
		if (glob_match(str_of(options->export_dynamic_symbols.at[i]), symbol_base_name(link, id)))
			return true;
	return matches(link, &link->export_list, id);
}

/* May another module's definition be used in place of ours? Only in a shared object (gABI, "Shared Object
 * Dependencies"). */
static bool is_preemptible(const struct link *link, symbol_id id, uint8_t type, bool weak, uint8_t visibility)
{
	const struct options *options = link->options;
	if (options->kind != OUTPUT_SHARED || visibility != STV_DEFAULT)
		return false;
	bool is_function = type == STT_FUNC || type == STT_GNU_IFUNC, symbolic = false;
	switch (options->bsymbolic) {
	case BSYMBOLIC_NONE:
		break;
	case BSYMBOLIC_ALL:
		symbolic = true;
		break;
	case BSYMBOLIC_FUNCTIONS:
		symbolic = is_function;
		break;
	case BSYMBOLIC_NON_WEAK:
		symbolic = !weak;
		break;
	case BSYMBOLIC_NON_WEAK_FUNCTIONS:
		symbolic = is_function && !weak;
		break;
	}
	if (link->has_dynamic_list) /* what is listed may be preempted, and nothing else */
		return in_dynamic_list(link, id, type) || export_asked(link, id);
	return !symbolic || export_asked(link, id);
}

static uint16_t decide_defined(struct link *link, symbol_id id, const struct elf_sym *sym)
{
	const struct options *options = link->options;
	struct symbol *symbol = &link->symbols[id];
	uint16_t flags = symbol_flags(symbol), result = SYMBOL_DEFINED;
	uint8_t type = elf_sym_type(sym), visibility = symbol->visibility;
	if (sym->st_shndx == SHN_ABS)
		result |= SYMBOL_ABSOLUTE;
	if (type == STT_GNU_IFUNC)
		result |= SYMBOL_IFUNC | SYMBOL_FUNCTION;
	if (type == STT_FUNC)
		result |= SYMBOL_FUNCTION;
	if (type == STT_TLS)
		result |= SYMBOL_TLS;
	if (!link->is_dynamic || !is_visible(visibility) || flags & SYMBOL_FORCED_LOCAL)
		return result;
	bool asked_outside = (flags & (SYMBOL_USED_SHARED | SYMBOL_DEFINED_SHARED)) != 0;
	bool exported =
		options->kind == OUTPUT_SHARED || asked_outside || options->export_dynamic ||
		(link->has_dynamic_list && in_dynamic_list(link, id, type)) || export_asked(link, id);
	if (!exported)
		return result;
	result |= SYMBOL_EXPORTED;
	if (is_preemptible(link, id, type, elf_sym_bind(sym) == STB_WEAK, visibility))
		result |= SYMBOL_PREEMPTIBLE;
	return result;
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
	struct link *link = context;
	(void)worker;
	for (size_t i = begin; i < end; i++) {
		symbols_fetch_definitions(link, i, end);
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
		const struct elf_sym *sym = symbol_definition(link, symbol);
		if (!shared && (elf_sym_type(sym) == STT_GNU_IFUNC ||
				(elf_sym_bind(sym) == STB_GNU_UNIQUE && !link->options->no_gnu_unique)))
			link->has_gnu_symbols = true;
		if (!shared)
			symbol_set(symbol, decide_defined(link, (symbol_id)i, sym));
		else if (used && is_visible(symbol->visibility))
			symbol_set(symbol, decide_shared(sym));
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
	parallel_for(link->pool, link->n_symbols, SYMBOL_GRAIN, decide_range, link);
}
