#include <stdio.h>
#include <stdlib.h>

#include "abi/diff.h"
#include "base/json.h"

enum { MOST_SYMBOLS = 5 };

static const char *const verdicts[] = {
	[ABI_SAME] = "same",
	[ABI_COMPATIBLE] = "compatible",
	[ABI_BREAKS_CALLERS] = "breaks callers",
	[ABI_BREAKS_LAYOUT] = "breaks layout",
};

static void print_symbols(struct text *out, const struct abi_change *change)
{
	text_print(out, "                  used by %u symbol%s: ", change->symbols.n,
		   change->symbols.n == 1 ? "" : "s");
	for (uint32_t i = 0; i < change->symbols.n && i < MOST_SYMBOLS; i++)
		text_print(out, "%s%s", i ? ", " : "", change->symbols.at[i]);
	if (change->symbols.n > MOST_SYMBOLS)
		text_print(out, ", ...");
	text_print(out, "\n                  path: %s\n", change->path);
}

static void print_change(struct text *out, const struct abi_change *change)
{
	text_print(out, "%-16s  %s", verdicts[change->verdict], change->subject);
	bool in_line = change->details.n == 1 && !change->place && !change->symbols.n;
	if (in_line) {
		text_print(out, ": %s\n", change->details.at[0]);
		return;
	}
	text_print(out, "%s%s%s\n", change->place ? " (" : "", change->place ? change->place : "",
		   change->place ? ")" : "");
	for (uint32_t i = 0; i < change->details.n; i++)
		text_print(out, "                  %s\n", change->details.at[i]);
	if (change->symbols.n)
		print_symbols(out, change);
}

static uint32_t count_breaks(const struct abi_diff *diff)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < diff->changes.n; i++)
		n += diff->changes.at[i].verdict > ABI_COMPATIBLE;
	return n;
}

void abi_diff_print(struct text *out, const struct abi_diff *diff, const char *from, const char *to)
{
	uint32_t n = diff->changes.n, breaks = count_breaks(diff);
	text_print(out, "%s -> %s: %u change%s", from, to, n, n == 1 ? "" : "s");
	if (n)
		text_print(out, ", %u of them break%s programs", breaks, breaks == 1 ? "s" : "");
	text_print(out, "\n");
	if (!diff->types_compared)
		text_print(out, "note              types were not compared: a file has no debug information (compile "
				"with -g, or install"
				" its debug file)\n");
	else if (diff->n_without_types)
		text_print(out,
			   "note              the types of %u symbol%s were not compared: a file does not have them\n",
			   diff->n_without_types, diff->n_without_types == 1 ? "" : "s");
	for (uint32_t i = 0; i < n; i++)
		print_change(out, &diff->changes.at[i]);
	if (diff->soname_advice)
		text_print(out, "soname            %s\n", diff->soname_advice);
}

/* ---- JSON ------------------------------------------------------------------------------------------------- */

static void put_text(FILE *to, const char *key, const char *text)
{
	struct str string = str_from(text);
	fprintf(to, "\"%s\":", key);
	json_put_string(to, string.at, string.len);
}

static void put_list(FILE *to, const char *key, const struct abi_lines *list)
{
	fprintf(to, ",\"%s\":[", key);
	for (uint32_t i = 0; i < list->n; i++) {
		struct str string = str_from(list->at[i]);
		fputs(i ? "," : "", to);
		json_put_string(to, string.at, string.len);
	}
	putc(']', to);
}

static void put_change(FILE *to, const struct abi_change *change)
{
	putc('{', to);
	put_text(to, "verdict", verdicts[change->verdict]);
	putc(',', to);
	put_text(to, "subject", change->subject);
	if (change->place) {
		putc(',', to);
		put_text(to, "place", change->place);
	}
	put_list(to, "details", &change->details);
	if (change->path) {
		put_list(to, "symbols", &change->symbols);
		putc(',', to);
		put_text(to, "path", change->path);
	}
	putc('}', to);
}

void abi_diff_print_json(struct text *out, const struct abi_diff *diff, const char *from, const char *to_name)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	if (!to)
		out_of_memory();
	putc('{', to);
	put_text(to, "old", from);
	putc(',', to);
	put_text(to, "new", to_name);
	fprintf(to, ",\"exit\":%d,\"types_compared\":%s,\"without_types\":%u", abi_diff_exit(diff),
		diff->types_compared ? "true" : "false", diff->n_without_types);
	if (diff->soname_advice) {
		putc(',', to);
		put_text(to, "soname", diff->soname_advice);
	}
	fputs(",\n\"changes\":[", to);
	for (uint32_t i = 0; i < diff->changes.n; i++) {
		fputs(i ? ",\n" : "\n", to);
		put_change(to, &diff->changes.at[i]);
	}
	fputs("]}\n", to);
	if (fclose(to) != 0 || size > UINT32_MAX)
		out_of_memory();
	text_add(out, (struct str){text, (uint32_t)size});
	free(text);
}
