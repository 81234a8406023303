#include "ld/resolve/warning_symbols.h"

#include <stdlib.h>
#include <string.h>

#include "ld/report/describe.h"
#include "ld/resolve/symbols.h"

static const char PREFIX[] = ".gnu.warning.";

struct warning {
	symbol_id symbol;
	file_id file;      /* whose section it is */
	const char *text;
};

struct warnings {
	ARRAY(struct warning) list; /* of symbols that are used, in input order */
};

static const char *section_text(struct link *link, const struct file *file, uint32_t number)
{
	struct bytes bytes = elf_section_bytes(&file->elf, number);
	const char *text = (const char *)bytes.data;
	return arena_strndup(&link->arena, text ? text : "", text ? strnlen(text, bytes.size) : 0);
}

static void collect(struct link *link, file_id id, struct warnings *warnings)
{
	const struct file *file = file_of(link, id);
	for (uint32_t i = 1; i < file->elf.nshdr; i++) {
		const char *name = elf_section_name(&file->elf, i);
		if (strncmp(name, PREFIX, sizeof(PREFIX) - 2) != 0)
			continue;
		if (file->kind == FILE_OBJECT && name[sizeof(PREFIX) - 2] == '\0')
			diag_warning(link->diag, diag_order(id, 0), "%s\n>>> " FILE_FORMAT,
				     section_text(link, file, i), FILE_ARGS(file));
		if (strncmp(name, PREFIX, sizeof(PREFIX) - 1) != 0)
			continue;
		symbol_id symbol = symbols_find(link, str_of(name + sizeof(PREFIX) - 1));
		if (!symbol || !(symbol_flags(&link->symbols[symbol]) & SYMBOL_USED))
			continue;
		uint64_t owner = symbol_owner(&link->symbols[symbol]);
		/* what a shared object says about its own definition does not hold for another one */
		if (file->kind == FILE_SHARED && (owner == OWNER_NONE || owner_file(owner) != id))
			continue;
		bool known = false;
		for (uint32_t w = 0; w < warnings->list.n; w++)
			known |= warnings->list.at[w].symbol == symbol;
		if (!known)
			*array_push(&warnings->list) = (struct warning){symbol, id, section_text(link, file, i)};
	}
}

static void report(struct link *link, const struct warning *warning)
{
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
			if (global_of(file, i) != warning->symbol || file->symtab.syms[i].st_shndx != SHN_UNDEF)
				continue;
			uint64_t offset = 0;
			section_id section = first_reference(link, file, i, &offset);
			if (!section) {
				diag_warning(link->diag, diag_order(id, i), "%s\n>>> " FILE_FORMAT, warning->text,
					     FILE_ARGS(file));
				return;
			}
			struct diag_about about = {
				.kind = "warning-symbol",
				.symbol = file->symtab.strtab + file->symtab.syms[i].st_name,
				.more = describe_source(link, section, offset),
			};
			diag_report(link->diag, SEVERITY_WARNING, diag_order(id, i), &about, "%s\n>>> %s",
				    warning->text, describe_place(link, &link->arena, section, offset));
			return;
		}
	}
}

void warning_symbols_report(struct link *link)
{
	struct warnings warnings = {0};
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		if (file->live && (file->kind == FILE_SHARED || file->has_warnings))
			collect(link, id, &warnings);
	}
	for (uint32_t i = 0; i < warnings.list.n; i++)
		report(link, &warnings.list.at[i]);
	array_free(&warnings.list);
}
