#include "ld/report/cref.h"

#include <stdlib.h>
#include <string.h>

#include "ld/report/describe.h"
#include "ld/resolve/resolve.h"
#include "ld/resolve/symbols.h"

enum { FILE_COLUMN = 50 };

enum role { ROLE_DEFINES, ROLE_COMMON, ROLE_REFERS };

/* File `file` mentions the symbol. */
struct mention {
	const char *name;
	symbol_id symbol;
	file_id file;
	enum role role;
};

struct table {
	const struct link *link;
	struct arena arena;       /* names */
	const char **names;       /* by symbol; NULL: no object mentions it */
	ARRAY(struct mention) mentions;
};

static enum role role_of(const struct link *link, const struct file *file, uint32_t index)
{
	if (elf_sym_is_common(&file->symtab.syms[index]))
		return ROLE_COMMON;
	return is_live_definition(link, file, index) ? ROLE_DEFINES : ROLE_REFERS;
}

static void name_symbols(struct table *table, const struct file *file)
{
	for (uint32_t i = file->symtab.first_global; file->globals && i < file->symtab.n; i++) {
		symbol_id id = global_of(file, i);
		if (id && !table->names[id])
			table->names[id] = describe_symbol(table->link, &table->arena, id);
	}
}

static void collect(struct table *table, file_id id)
{
	const struct file *file = file_of(table->link, id);
	for (uint32_t i = file->symtab.first_global; file->globals && i < file->symtab.n; i++) {
		symbol_id symbol = global_of(file, i);
		if (symbol && table->names[symbol])
			*array_push(&table->mentions) =
				(struct mention){table->names[symbol], symbol, id, role_of(table->link, file, i)};
	}
}

static int compare(const void *a, const void *b)
{
	const struct mention *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	if (order)
		return order;
	if (x->symbol != y->symbol)
		return x->symbol < y->symbol ? -1 : 1;
	if (x->role != y->role)
		return x->role < y->role ? -1 : 1;
	return x->file < y->file ? -1 : x->file > y->file;
}

static void print(const struct table *table, FILE *to)
{
	fprintf(to, "\nCross Reference Table\n\n%-*s%s\n", FILE_COLUMN, "Symbol", "File");
	for (uint32_t i = 0; i < table->mentions.n; i++) {
		const struct mention *mention = &table->mentions.at[i];
		bool is_first = i == 0 || mention[-1].symbol != mention->symbol;
		if (!is_first && mention[-1].file == mention->file)
			continue; /* a file may mention "foo@V" and "foo" */
		fprintf(to, "%-*s " FILE_FORMAT "\n", FILE_COLUMN - 1, is_first ? mention->name : "",
			FILE_ARGS(file_of(table->link, mention->file)));
	}
}

void cref_print(const struct link *link, FILE *to)
{
	struct table table = {.link = link};
	table.names = calloc(link->n_symbols + 1ull, sizeof(*table.names));
	if (!table.names)
		out_of_memory();
	for (file_id id = 1; id < link->files.n; id++)
		if (file_of(link, id)->kind == FILE_OBJECT && file_of(link, id)->live)
			name_symbols(&table, file_of(link, id));
	for (file_id id = 1; id < link->files.n; id++)
		if (file_of(link, id)->live)
			collect(&table, id);
	if (table.mentions.n)
		qsort(table.mentions.at, table.mentions.n, sizeof(*table.mentions.at), compare);
	print(&table, to);
	array_free(&table.mentions);
	free(table.names);
	arena_free(&table.arena);
}
