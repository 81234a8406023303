#include "ld/report/source.h"

#include <string.h>

#include "dwarf/line.h"

/* Only objects have both places and symbol tables that describe them. */
static const struct file *object_of(const struct link *link, section_id section)
{
	const struct file *file = file_of(link, section_of(link, section)->file);
	return file->kind == FILE_OBJECT && file->first_section ? file : NULL;
}

static bool is_function_or_variable(const struct elf_sym *sym)
{
	uint8_t type = elf_sym_type(sym);
	return type == STT_FUNC || type == STT_OBJECT || type == STT_GNU_IFUNC || type == STT_TLS;
}

/* Assembly often gives its functions neither type nor size. */
static bool may_be_function(const struct elf_sym *sym)
{
	uint8_t type = elf_sym_type(sym);
	return sym->st_size == 0 && sym->st_name != 0 && (type == STT_NOTYPE || type == STT_FUNC);
}

uint32_t source_container(const struct link *link, section_id section, uint64_t offset)
{
	const struct file *file = object_of(link, section);
	if (!file)
		return 0;
	const struct elf_symtab *symtab = &file->symtab;
	uint32_t number = section - file->first_section, nearest = 0;
	bool is_code = file->elf.shdrs[number].sh_flags & SHF_EXECINSTR;
	for (uint32_t i = 1; i < symtab->n; i++) {
		const struct elf_sym *sym = &symtab->syms[i];
		if (elf_sym_is_special(symtab, i) || elf_sym_section(symtab, i) != number || sym->st_value > offset)
			continue;
		if (is_function_or_variable(sym) && offset - sym->st_value < sym->st_size)
			return i;
		if (is_code && may_be_function(sym) && (!nearest || sym->st_value > symtab->syms[nearest].st_value))
			nearest = i;
	}
	return nearest;
}

/* ---- the line table --------------------------------------------------------------------------------------- */

static struct bytes debug_bytes(const struct file *file, uint32_t number)
{
	if (file->elf.shdrs[number].sh_flags & SHF_COMPRESSED) /* -S, or it could not be decompressed */
		return (struct bytes){file->bytes.data, 0};
	return elf_section_bytes(&file->elf, number);
}

static struct bytes debug_section(const struct file *file, const char *name)
{
	for (uint32_t i = 1; i < file->elf.nshdr; i++)
		if (strcmp(elf_section_name(&file->elf, i), name) == 0)
			return debug_bytes(file, i);
	return (struct bytes){file->bytes.data, 0};
}

static bool find_line(const struct link *link, section_id section, uint64_t offset, struct dwarf_line *line)
{
	const struct file *file = object_of(link, section);
	if (!file)
		return false;
	struct dwarf_line_input input = {
		.line_str = debug_section(file, ".debug_line_str"),
		.str = debug_section(file, ".debug_str"),
		.symtab = &file->symtab,
	};
	for (uint32_t i = 1; i < file->elf.nshdr; i++) {
		if (strcmp(elf_section_name(&file->elf, i), ".debug_line") != 0)
			continue;
		input.relas = section_relas(link, file->first_section + i);
		input.line = debug_bytes(file, i);
		if (dwarf_line_find(&input, section - file->first_section, offset, line))
			return true;
	}
	return false;
}

struct source_place source_line(const struct link *link, struct arena *arena, section_id section, uint64_t offset)
{
	struct dwarf_line line;
	if (!find_line(link, section, offset, &line))
		return (struct source_place){NULL, 0};
	const char *name = arena_printf(arena, "%.*s%s%.*s", (int)line.dir.len, line.dir.at, line.dir.len ? "/" : "",
					(int)line.file.len, line.file.at);
	return (struct source_place){name, line.line};
}

const char *source_print(struct arena *arena, const struct source_place *place)
{
	if (!place->file)
		return "";
	return place->line ? arena_printf(arena, "%s:%u", place->file, place->line) : place->file;
}

/* ---- the symbol table ------------------------------------------------------------------------------------- */

/* Local symbols follow the STT_FILE symbol of their source. The file of a global one is known when there is one only:
 * `ld -r` makes objects of many. */
static const char *file_symbol(const struct file *file, uint32_t symbol)
{
	const struct elf_symtab *symtab = &file->symtab;
	const char *name = NULL;
	bool is_local = symbol != 0 && symbol < symtab->first_global;
	for (uint32_t i = 1; i < (is_local ? symbol : symtab->first_global); i++) {
		if (elf_sym_type(&symtab->syms[i]) != STT_FILE)
			continue;
		if (name && !is_local)
			return NULL;
		name = symtab->strtab + symtab->syms[i].st_name;
	}
	return name && *name ? name : NULL;
}

struct source_place source_find(const struct link *link, struct arena *arena, section_id section, uint64_t offset)
{
	struct source_place place = source_line(link, arena, section, offset);
	const struct file *file = object_of(link, section);
	if (!place.file && file)
		place.file = file_symbol(file, source_container(link, section, offset));
	return place;
}
