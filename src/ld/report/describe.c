#include "ld/report/describe.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#include "ld/report/source.h"
#include "ld/resolve/closure.h"
#include "ld/resolve/symbols.h"

enum { MAX_REFERENCES = 3 };

/* ---- names ------------------------------------------------------------------------------------------------ */

static const char *demangle(const struct link *link, struct arena *arena, const char *name)
{
	char *demangled = link->options->demangle ? cplus_demangle(name, DMGL_PARAMS | DMGL_ANSI | DMGL_AUTO) : NULL;
	if (!demangled)
		return name;
	name = arena_strndup(arena, demangled, strlen(demangled));
	free(demangled);
	return name;
}

const char *describe_symbol(const struct link *link, struct arena *arena, symbol_id symbol)
{
	struct str name = symbol_name(link, symbol);
	return demangle(link, arena, arena_strndup(arena, name.at, name.len));
}

const char *describe_target(const struct link *link, struct arena *arena, const struct file *file, uint32_t index)
{
	const struct elf_sym *sym = &file->symtab.syms[index];
	symbol_id symbol = global_of(file, index);
	if (symbol)
		return describe_symbol(link, arena, symbol);
	if (elf_sym_type(sym) == STT_SECTION && !elf_sym_is_special(&file->symtab, index))
		return elf_section_name(&file->elf, elf_sym_section(&file->symtab, index));
	return demangle(link, arena, file->symtab.strtab + sym->st_name);
}

/* ---- places ----------------------------------------------------------------------------------------------- */

const char *describe_place(const struct link *link, struct arena *arena, section_id section, uint64_t offset)
{
	const struct file *file = file_of(link, section_of(link, section)->file);
	return arena_printf(arena, FILE_FORMAT ":(%s+0x%llx)", FILE_ARGS(file),
			    elf_section_name(&file->elf, section - file->first_section), (unsigned long long)offset);
}

/* "a.o:(.text+0x5) (a.c:2)" */
static const char *place_and_line(const struct link *link, struct arena *arena, section_id section, uint64_t offset)
{
	const char *place = describe_place(link, arena, section, offset);
	const char *line = source_line(link, arena, section, offset);
	return line ? arena_printf(arena, "%s (%s)", place, line) : place;
}

/* "main.c:2: in function `main': ", or as much of it as is known. */
static const char *source_prefix(const struct link *link, struct arena *arena, section_id section, uint64_t offset)
{
	const struct file *file = file_of(link, section_of(link, section)->file);
	const char *source = source_file_or_line(link, arena, section, offset);
	uint32_t container = source_container(link, section, offset);
	const char *prefix = source ? arena_printf(arena, "%s: ", source) : "";
	if (!container)
		return prefix;
	const struct elf_sym *sym = &file->symtab.syms[container];
	bool is_variable = elf_sym_type(sym) == STT_OBJECT || elf_sym_type(sym) == STT_TLS;
	return arena_printf(arena, "%sin %s `%s': ", prefix, is_variable ? "variable" : "function",
			    demangle(link, arena, file->symtab.strtab + sym->st_name));
}

static char *take_text(struct arena *arena, const char *text)
{
	char *copy = text ? strdup(text) : NULL;
	if (text && !copy)
		out_of_memory();
	arena_free(arena);
	return copy;
}

static char *source_lines(const struct diag_more *more)
{
	struct arena arena = {0};
	const char *prefix = source_prefix(more->context, &arena, (section_id)more->a, more->b);
	size_t len = strlen(prefix);
	return take_text(&arena, len ? arena_printf(&arena, "\n>>> %.*s", (int)(len - 2), prefix) : NULL);
}

struct diag_more describe_source(const struct link *link, section_id section, uint64_t offset)
{
	return (struct diag_more){.lines = source_lines, .context = link, .a = section, .b = offset};
}

/* ---- duplicate definitions -------------------------------------------------------------------------------- */

/* Entry `index` of the symbol table of file `id` is a definition. Its section, or 0 when it is in none. */
static section_id definition_section(const struct link *link, file_id id, uint32_t index)
{
	const struct file *file = file_of(link, id);
	if (file->kind != FILE_OBJECT || !file->first_section || elf_sym_is_special(&file->symtab, index))
		return 0;
	return file->first_section + elf_sym_section(&file->symtab, index);
}

static const char *definition_place(const struct link *link, struct arena *arena, file_id id, uint32_t index)
{
	const struct file *file = file_of(link, id);
	section_id section = definition_section(link, id, index);
	if (id == INTERNAL_FILE)
		return "the linker or an option";
	if (!section)
		return arena_printf(arena, FILE_FORMAT, FILE_ARGS(file));
	return describe_place(link, arena, section, file->symtab.syms[index].st_value);
}

/* more->a: the symbol, more->b: file and index of its second definition. */
static char *duplicate_lines(const struct diag_more *more)
{
	const struct link *link = more->context;
	struct arena arena = {0};
	file_id file = (file_id)(more->b >> 32);
	uint32_t index = (uint32_t)more->b;
	uint64_t owner = symbol_owner(&link->symbols[more->a]);
	const struct elf_symtab *symtab = &file_of(link, owner_file(owner))->symtab;
	section_id section = definition_section(link, owner_file(owner), owner_index(owner));
	const char *first = definition_place(link, &arena, owner_file(owner), owner_index(owner)), *first_line = first;
	if (section)
		first_line = place_and_line(link, &arena, section, symtab->syms[owner_index(owner)].st_value);

	const char *source = NULL;
	section = definition_section(link, file, index);
	if (section)
		source = source_file_or_line(link, &arena, section, file_of(link, file)->symtab.syms[index].st_value);
	return take_text(&arena, arena_printf(&arena,
					      "\n>>> first defined at %s"
					      "\n>>> %s%smultiple definition of `%s'; %s: first defined here",
					      first_line, source ? source : "", source ? ": " : "",
					      describe_symbol(link, &arena, (symbol_id)more->a), first));
}

void describe_duplicate(struct link *link, symbol_id symbol, file_id file, uint32_t index)
{
	struct arena arena = {0};
	uint64_t definition = (uint64_t)file << 32 | index;
	struct diag_more more = {.lines = duplicate_lines, .context = link, .a = symbol, .b = definition};
	enum severity severity = link->options->noinhibit_exec ? SEVERITY_WARNING : SEVERITY_ERROR;
	diag_report(link->diag, severity, diag_order(file, index), &more, "%s: duplicate symbol: %s",
		    definition_place(link, &arena, file, index), describe_symbol(link, &arena, symbol));
	arena_free(&arena);
}

/* ---- undefined symbols ------------------------------------------------------------------------------------ */

static int compare_references(const void *a, const void *b)
{
	const struct undefined_reference *x = a, *y = b;
	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* The places behind the first one. */
static const char *further_references(const struct link *link, struct arena *arena, uint32_t first)
{
	const struct undefined_reference *refs = link->undefined_references.at;
	const char *text = "";
	uint32_t n = 1;
	for (uint32_t i = first + 1; i < link->undefined_references.n; i++) {
		if (refs[i].symbol != refs[first].symbol)
			continue;
		if (n++ < MAX_REFERENCES)
			text = arena_printf(arena, "%s\n>>> also referenced at %s", text,
					    place_and_line(link, arena, refs[i].section, refs[i].offset));
	}
	if (n > MAX_REFERENCES)
		text = arena_printf(arena, "%s\n>>> and at %u more places", text, n - MAX_REFERENCES);
	return text;
}

static const char *visibility_hint(const struct symbol *symbol)
{
	uint8_t visibility = symbol->visibility;
	if (visibility == STV_DEFAULT)
		return "";
	return visibility == STV_PROTECTED ? "\n>>> the reference is protected, so a shared object cannot define it"
					   : "\n>>> the reference is hidden, so a shared object cannot define it";
}

/* more->a: the first reference to the symbol. */
static char *undefined_lines(const struct diag_more *more)
{
	const struct link *link = more->context;
	struct arena arena = {0};
	const struct undefined_reference *first = &link->undefined_references.at[more->a];
	return take_text(&arena, arena_printf(&arena, "\n>>> %sundefined reference to `%s'%s%s%s",
					      source_prefix(link, &arena, first->section, first->offset),
					      describe_symbol(link, &arena, first->symbol),
					      further_references(link, &arena, (uint32_t)more->a),
					      visibility_hint(&link->symbols[first->symbol]),
					      closure_hint(link, first->symbol)));
}

static void report_undefined(struct link *link, uint32_t first)
{
	const struct undefined_reference *ref = &link->undefined_references.at[first];
	struct diag_more more = {.lines = undefined_lines, .context = link, .a = first};
	struct arena arena = {0};
	bool warn = link->options->warn_unresolved && !*closure_hint(link, ref->symbol);
	diag_report(link->diag, warn ? SEVERITY_WARNING : SEVERITY_ERROR,
		    diag_order(section_of(link, ref->section)->file, ref->section), &more, "%s: undefined symbol: %s",
		    describe_place(link, &arena, ref->section, ref->offset),
		    describe_symbol(link, &arena, ref->symbol));
	arena_free(&arena);
}

void describe_undefined(struct link *link)
{
	struct undefined_reference *refs = link->undefined_references.at;
	uint32_t n = link->undefined_references.n;
	if (n)
		qsort(refs, n, sizeof(*refs), compare_references);
	for (uint32_t i = 0; i < n; i++) {
		struct symbol *symbol = &link->symbols[refs[i].symbol];
		if (symbol_flags(symbol) & SYMBOL_REPORTED)
			continue;
		symbol_set(symbol, SYMBOL_REPORTED);
		report_undefined(link, i);
	}
}

/* Kinds of functions are one type here; NULL: the type says nothing. */
static const char *type_name(const struct elf_sym *sym)
{
	switch (elf_sym_type(sym)) {
	case STT_OBJECT:
	case STT_COMMON:
		return "variable";
	case STT_FUNC:
	case STT_GNU_IFUNC:
		return "function";
	case STT_TLS:
		return "thread-local variable";
	default:
		return NULL;
	}
}

void describe_type_change(struct link *link, symbol_id id, file_id was, uint32_t was_index, file_id now,
			  uint32_t now_index)
{
	const struct file *old = file_of(link, was), *new = file_of(link, now);
	const struct elf_sym *x = &old->symtab.syms[was_index], *y = &new->symtab.syms[now_index];
	const char *from = type_name(x), *to = type_name(y);
	if (!from || !to || strcmp(from, to) == 0)
		return;
	struct arena arena = {0};
	const char *name = describe_symbol(link, &arena, id);
	diag_warning(link->diag, diag_order(now, now_index),
		     "type of symbol `%s' changed from %d to %d in " FILE_FORMAT
		     "\n>>> symbol type mismatch: %s is a %s in " FILE_FORMAT " and a %s in " FILE_FORMAT,
		     name, elf_sym_type(x), elf_sym_type(y), FILE_ARGS(new), name, from, FILE_ARGS(old), to,
		     FILE_ARGS(new));
	arena_free(&arena);
}
