#include "ld/report/trace.h"

#include <stdio.h>

#include "ld/resolve/resolve.h"
#include "ld/resolve/symbols.h"

void trace_file(const struct link *link, const char *path)
{
	if (link->options->trace)
		puts(path);
}

void trace_member(const struct link *link, const struct file *member)
{
	if (link->options->trace)
		printf(FILE_FORMAT "\n", FILE_ARGS(member));
}

/* The name asked for by -y that this symbol has, or NULL. */
static const char *asked_for(const struct options *options, const symbol_id *ids, symbol_id id)
{
	for (uint32_t i = 0; id && i < options->trace_symbols.n; i++)
		if (ids[i] == id)
			return options->trace_symbols.at[i];
	return NULL;
}

static void trace_in_file(const struct link *link, const struct file *file, const symbol_id *ids)
{
	for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
		const char *name = asked_for(link->options, ids, global_of(file, i));
		if (name)
			printf("trace-symbol: " FILE_FORMAT ": %s %s\n", FILE_ARGS(file),
			       is_live_definition(link, file, i) ? "definition of" : "reference to", name);
	}
}

void trace_symbols(const struct link *link)
{
	const struct options *options = link->options;
	if (options->trace_symbols.n == 0)
		return;
	struct arena arena = {0};
	symbol_id *ids = arena_array(&arena, symbol_id, options->trace_symbols.n);
	for (uint32_t i = 0; i < options->trace_symbols.n; i++)
		ids[i] = symbols_find(link, str_of(options->trace_symbols.at[i]));
	for (file_id id = 1; id < link->files.n; id++)
		if (file_of(link, id)->live)
			trace_in_file(link, file_of(link, id), ids);
	arena_free(&arena);
	fflush(stdout); /* messages on standard error come later */
}
