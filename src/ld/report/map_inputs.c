#include "ld/report/map_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ld/layout/layout.h"
#include "ld/report/describe.h"
#include "ld/resolve/symbols.h"

enum { FILE_COLUMN = 30, COMMON_COLUMN = 20 };

void map_name(FILE *to, const char *name, int column)
{
	int len = fprintf(to, "%s", name);
	if (len >= column - 1) {
		fputc('\n', to);
		len = 0;
	}
	fprintf(to, "%*s", column - len, "");
}

void map_section(FILE *to, const char *name, uint64_t address, uint64_t size, const struct file *file)
{
	char number[24];
	fputc(' ', to);
	size_t len = strlen(name);
	if (len + 1 >= MAP_COLUMN - 1)
		fprintf(to, "%s\n%*s", name, MAP_COLUMN, "");
	else
		fprintf(to, "%-*s", MAP_COLUMN - 1, name);
	snprintf(number, sizeof(number), "0x%" PRIx64, size);
	fprintf(to, "0x%016" PRIx64 " %10s " FILE_FORMAT "\n", address, number, FILE_ARGS(file));
}

/* ---- why a file is in the link ----------------------------------------------------------------------------- */

static bool is_member(const struct file *file)
{
	return file->live && (file->member.len || file->asked_for);
}

void map_members(const struct link *link, FILE *to, struct arena *arena)
{
	bool any = false;
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		if (!is_member(file))
			continue;
		if (!any)
			fputs("Archive member included to satisfy reference by file (symbol)\n\n", to);
		any = true;
		map_name(to, arena_printf(arena, FILE_FORMAT, FILE_ARGS(file)), FILE_COLUMN);
		if (file->asked_by != INTERNAL_FILE)
			fprintf(to, FILE_FORMAT " ", FILE_ARGS(file_of(link, file->asked_by)));
		fprintf(to, "(%s)\n",
			file->asked_for ? describe_symbol(link, arena, file->asked_for) : "--whole-archive");
	}
}

/* The --as-needed library that defines a symbol, or 0. */
static file_id library_of(const struct link *link, symbol_id symbol)
{
	uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
	if (owner == OWNER_NONE || owner_rank(owner) != RANK_ELSEWHERE)
		return 0;
	const struct file *file = file_of(link, owner_file(owner));
	return file->kind == FILE_SHARED && file->as_needed && file->live ? owner_file(owner) : 0;
}

void map_as_needed(const struct link *link, FILE *to, struct arena *arena)
{
	bool *seen = arena_array(arena, bool, link->files.n), any = false;
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
			file_id library = library_of(link, global_of(file, i));
			if (!library || seen[library])
				continue;
			seen[library] = true;
			if (!any)
				fputs("\nAs-needed library included to satisfy reference by file (symbol)\n\n", to);
			any = true;
			map_name(to, file_of(link, library)->soname, FILE_COLUMN);
			fprintf(to, FILE_FORMAT " (%s)\n", FILE_ARGS(file),
				describe_symbol(link, arena, global_of(file, i)));
		}
	}
}

/* ---- sections and common symbols --------------------------------------------------------------------------- */

void map_commons(const struct link *link, FILE *to, struct arena *arena)
{
	bool any = false;
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
			symbol_id symbol = global_of(file, i);
			if (!symbol || symbol_owner(&link->symbols[symbol]) != owner_key(RANK_COMMON, id, i))
				continue;
			if (!any)
				fputs("\nAllocating common symbols\n"
				      "Common symbol       size              file\n\n", to);
			any = true;
			map_name(to, describe_symbol(link, arena, symbol), COMMON_COLUMN);
			char size[24];
			snprintf(size, sizeof(size), "0x%" PRIx64, link->common_symbols[symbol].size);
			fprintf(to, "%-17s " FILE_FORMAT "\n", size, FILE_ARGS(file));
		}
	}
}

void map_discarded(const struct link *link, FILE *to)
{
	bool any = false;
	for (section_id id = 1; id < link->sections.n; id++) {
		const struct section *section = section_of(link, id);
		if (section->file == INTERNAL_FILE || section->live || section->kind == SECTION_NONE)
			continue;
		if (!any)
			fputs("\nDiscarded input sections\n\n", to);
		any = true;
		map_section(to, layout_section_name(link, id), 0, section_shdr(link, id)->sh_size,
			    file_of(link, section->file));
	}
}
