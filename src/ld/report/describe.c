#include "ld/report/describe.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#include "ld/resolve/symbols.h"

enum { MAX_REFERENCES = 3 };

const char *describe_symbol(const struct link *link, struct arena *arena, symbol_id symbol)
{
	struct str name = symbol_name(link, symbol);
	char *text = arena_strndup(arena, name.at, name.len);
	if (!link->options->demangle)
		return text;
	char *demangled = cplus_demangle(text, DMGL_PARAMS | DMGL_ANSI | DMGL_AUTO);
	if (!demangled)
		return text;
	text = arena_strndup(arena, demangled, strlen(demangled));
	free(demangled);
	return text;
}

const char *describe_place(const struct link *link, struct arena *arena, section_id section, uint64_t offset)
{
	const struct file *file = file_of(link, section_of(link, section)->file);
	return arena_printf(arena, FILE_FORMAT ":(%s+0x%llx)", FILE_ARGS(file),
			    elf_section_name(&file->elf, section - file->first_section), (unsigned long long)offset);
}

const char *describe_container(const struct link *link, section_id section, uint64_t offset)
{
	const struct file *file = file_of(link, section_of(link, section)->file);
	uint32_t number = section - file->first_section;
	for (uint32_t i = 1; i < file->symtab.n; i++) {
		const struct elf_sym *sym = &file->symtab.syms[i];
		if (elf_sym_is_special(&file->symtab, i) || elf_sym_section(&file->symtab, i) != number)
			continue;
		if ((elf_sym_type(sym) == STT_FUNC || elf_sym_type(sym) == STT_OBJECT) && sym->st_value <= offset &&
		    offset - sym->st_value < sym->st_size)
			return file->symtab.strtab + sym->st_name;
	}
	return NULL;
}

static const char *definition_place(const struct link *link, struct arena *arena, file_id id, uint32_t index)
{
	const struct file *file = file_of(link, id);
	if (id == INTERNAL_FILE)
		return "the linker or an option";
	if (elf_sym_is_special(&file->symtab, index) || !file->first_section)
		return arena_printf(arena, FILE_FORMAT, FILE_ARGS(file));
	return describe_place(link, arena, file->first_section + elf_sym_section(&file->symtab, index), file->symtab.syms[index].st_value);
}

void describe_duplicate(struct link *link, symbol_id symbol, file_id file, uint32_t index)
{
	struct arena arena = {0};
	uint64_t owner = symbol_owner(&link->symbols[symbol]);
	const char *name = describe_symbol(link, &arena, symbol);
	const char *first = definition_place(link, &arena, owner_file(owner), owner_index(owner));
	const char *second = definition_place(link, &arena, file, index);
	diag_error(link->diag, diag_order(file, index),
		   "%s: duplicate symbol: %s\n>>> first defined at %s\n>>> multiple definition of `%s'; %s: first defined here", second, name,
		   first, name, first);
	arena_free(&arena);
}

static int compare_references(const void *a, const void *b)
{
	const struct undefined_reference *x = a, *y = b;
	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static void report_undefined(struct link *link, struct arena *arena, const struct undefined_reference *first, uint32_t rest)
{
	const struct options *options = link->options;
	const char *name = describe_symbol(link, arena, first->symbol);
	const char *where = describe_container(link, first->section, first->offset);
	file_id file = section_of(link, first->section)->file;
	uint8_t visibility = link->symbols[first->symbol].visibility;
	char *text = arena_printf(arena, "%s: undefined symbol: %s\n>>> %s%s%sundefined reference to `%s'",
				  describe_place(link, arena, first->section, first->offset), name, where ? "in function `" : "",
				  where ? where : "", where ? "': " : "", name);
	uint32_t shown = 1;
	for (const struct undefined_reference *r = first + 1; r < first + rest; r++) {
		if (r->symbol != first->symbol)
			continue;
		if (shown++ < MAX_REFERENCES)
			text = arena_printf(arena, "%s\n>>> also referenced at %s", text, describe_place(link, arena, r->section, r->offset));
	}
	if (shown > MAX_REFERENCES)
		text = arena_printf(arena, "%s\n>>> and at %u more places", text, shown - MAX_REFERENCES);
	if (visibility != STV_DEFAULT)
		text = arena_printf(arena, "%s\n>>> the reference is %s, so a shared object cannot define it", text,
				    visibility == STV_PROTECTED ? "protected" : "hidden");
	if (options->warn_unresolved)
		diag_warning(link->diag, diag_order(file, first->section), "%s", text);
	else
		diag_error(link->diag, diag_order(file, first->section), "%s", text);
}

void describe_undefined(struct link *link)
{
	struct arena arena = {0};
	struct undefined_reference *refs = link->undefined_references.at;
	uint32_t n = link->undefined_references.n;
	if (n)
		qsort(refs, n, sizeof(*refs), compare_references);
	for (uint32_t i = 0; i < n; i++) {
		struct symbol *symbol = &link->symbols[refs[i].symbol];
		if (symbol_flags(symbol) & SYMBOL_REPORTED)
			continue;
		symbol_set(symbol, SYMBOL_REPORTED);
		report_undefined(link, &arena, &refs[i], n - i);
	}
	arena_free(&arena);
}
