#include "ld/report/describe.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#include "base/demangle.h"
#include "ld/report/source.h"
#include "ld/resolve/symbols.h"

/* ---- names ------------------------------------------------------------------------------------------------ */

const char *describe_name(const struct link *link, struct arena *arena, const char *name)
{
	char *demangled = link->options->demangle ? demangle_name(name, DMGL_PARAMS | DMGL_ANSI, DEMANGLE_TO_SHOW) : NULL;
	if (!demangled)
		return name;
	name = arena_strndup(arena, demangled, strlen(demangled));
	free(demangled);
	return name;
}

char *describe_in_full(const char *name)
{
	return demangle_name(name, DMGL_PARAMS | DMGL_ANSI | DMGL_VERBOSE, DEMANGLE_TO_SHOW);
}

const char *describe_symbol(const struct link *link, struct arena *arena, symbol_id symbol)
{
	struct str name = symbol_name(link, symbol);
	return describe_name(link, arena, arena_strndup(arena, name.at, name.len));
}

const char *describe_target(const struct link *link, struct arena *arena, const struct file *file, uint32_t index)
{
	const struct elf_sym *sym = &file->symtab.syms[index];
	symbol_id symbol = global_of(file, index);
	if (symbol)
		return describe_symbol(link, arena, symbol);
	if (elf_sym_type(sym) == STT_SECTION && !elf_sym_is_special(&file->symtab, index))
		return elf_section_name(&file->elf, elf_sym_section(&file->symtab, index));
	return describe_name(link, arena, file->symtab.strtab + sym->st_name);
}

const char *target_name(const struct file *file, uint32_t index)
{
	const char *name = file->symtab.syms ? file->symtab.strtab + file->symtab.syms[index].st_name : "";
	return *name ? name : NULL;
}

/* ---- places ----------------------------------------------------------------------------------------------- */

const char *describe_place(const struct link *link, struct arena *arena, section_id section, uint64_t offset)
{
	const struct file *file = file_of(link, section_of(link, section)->file);
	return arena_printf(arena, FILE_FORMAT ":(%s+0x%llx)", FILE_ARGS(file),
			    elf_section_name(&file->elf, section - file->first_section), (unsigned long long)offset);
}

section_id first_reference(const struct link *link, const struct file *file, uint32_t index, uint64_t *offset)
{
	for (uint32_t i = 1; i < file->elf.nshdr; i++) {
		const struct section *section = section_of(link, file->first_section + i);
		if (!section->live || !section->rela || !(file->elf.shdrs[i].sh_flags & SHF_ALLOC))
			continue;
		struct elf_relas relas = section_relas(link, file->first_section + i);
		for (uint64_t r = 0; r < relas.n; r++)
			if (relas.at[r].r_sym == index) {
				*offset = relas.at[r].r_offset;
				return file->first_section + i;
			}
	}
	return 0;
}

/* "a.o:(.text+0x5) (a.c:2)" */
const char *describe_place_and_line(const struct link *link, struct arena *arena, section_id section, uint64_t offset)
{
	const char *place = describe_place(link, arena, section, offset);
	struct source_place source = source_line(link, arena, section, offset);
	return source.file ? arena_printf(arena, "%s (%s)", place, source_print(arena, &source)) : place;
}

const char *describe_prefix(const struct link *link, struct arena *arena, section_id section, uint64_t offset,
			    struct diag_lines *lines)
{
	const struct file *file = file_of(link, section_of(link, section)->file);
	struct source_place source = source_find(link, arena, section, offset);
	uint32_t container = source_container(link, section, offset);
	const char *prefix = source.file ? arena_printf(arena, "%s: ", source_print(arena, &source)) : "";
	const char *name = NULL;
	if (container) {
		const struct elf_sym *sym = &file->symtab.syms[container];
		bool is_variable = elf_sym_type(sym) == STT_OBJECT || elf_sym_type(sym) == STT_TLS;
		name = describe_name(link, arena, file->symtab.strtab + sym->st_name);
		prefix = arena_printf(arena, "%sin %s `%s': ", prefix, is_variable ? "variable" : "function", name);
	}
	diag_source(lines, source.file, source.line, name);
	return prefix;
}

/* The source file or line, and the function, for the JSON; for the text the line that describes both. */
static void source_lines(const struct diag_more *more, struct diag_lines *lines)
{
	const struct link *link = more->context;
	struct arena arena = {0};
	const char *prefix = describe_prefix(link, &arena, (section_id)more->a, more->b, lines);
	size_t len = strlen(prefix);
	if (len)
		diag_line(lines, "%.*s", (int)(len - 2), prefix);
	arena_free(&arena);
}

struct diag_more describe_source(const struct link *link, section_id section, uint64_t offset)
{
	return (struct diag_more){.lines = source_lines, .context = link, .a = section, .b = offset};
}

struct diag_about about_file(const struct file *file, const char *kind)
{
	return (struct diag_about){.kind = kind, .file = file->path, .member = file->member};
}

struct diag_about about_section(const struct file *file, uint32_t number, const char *kind)
{
	struct diag_about about = about_file(file, kind);
	about.section = elf_section_name(&file->elf, number);
	return about;
}

struct diag_about about_place(const struct link *link, section_id section, uint64_t offset, const char *kind)
{
	const struct file *file = file_of(link, section_of(link, section)->file);
	struct diag_about about = about_section(file, section - file->first_section, kind);
	about.offset = offset;
	about.has_offset = true;
	about.more = describe_source(link, section, offset);
	return about;
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
static void duplicate_lines(const struct diag_more *more, struct diag_lines *lines)
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
		first_line = describe_place_and_line(link, &arena, section, symtab->syms[owner_index(owner)].st_value);

	struct source_place source = {0};
	section = definition_section(link, file, index);
	if (section)
		source = source_find(link, &arena, section, file_of(link, file)->symtab.syms[index].st_value);
	diag_source(lines, source.file, source.line, NULL);
	diag_line(lines, "first defined at %s", first_line);
	diag_line(lines, "%s%smultiple definition of `%s'; %s: first defined here", source_print(&arena, &source),
		  source.file ? ": " : "", describe_symbol(link, &arena, (symbol_id)more->a), first);
	arena_free(&arena);
}

void describe_duplicate(struct link *link, symbol_id symbol, file_id id, uint32_t index)
{
	struct arena arena = {0};
	const struct file *file = file_of(link, id);
	uint64_t definition = (uint64_t)id << 32 | index;
	section_id section = definition_section(link, id, index);
	struct diag_about about = about_file(file, "duplicate-symbol");
	if (section)
		about = about_place(link, section, file->symtab.syms[index].st_value, "duplicate-symbol");
	else if (id == INTERNAL_FILE)
		about.file = "the linker or an option";
	about.symbol = target_name(file, index);
	about.more = (struct diag_more){.lines = duplicate_lines, .context = link, .a = symbol, .b = definition};
	enum severity severity = link->options->noinhibit_exec ? SEVERITY_WARNING : SEVERITY_ERROR;
	diag_report(link->diag, severity, diag_order(id, index), &about, "duplicate symbol: %s",
		    describe_symbol(link, &arena, symbol));
	arena_free(&arena);
}
