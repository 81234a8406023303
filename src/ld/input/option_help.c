#include <stdio.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/input/option_table.h"
#include "ld/input/options.h"

/* Column the explanations begin in, and the last one that is used. */
enum { HELP_COLUMN = 30, LAST_COLUMN = 100 };

/* The spelling of one row with its argument: "-o FILE", "--build-id[=STYLE]", "-z max-page-size=N". */
static int format_spelling(char *text, size_t size, const struct option_row *row, const char *prefix)
{
	const char *metavar = row->metavar ? row->metavar : "";
	const char *before = row->name[0] == '-' ? " " : "=", *after = "";
	if (!row->metavar)
		before = "";
	else if (row->argument == ARG_OPTIONAL)
		before = "[=", after = "]";
	else if (row->argument == ARG_SHORT_NUMBER)
		before = "[", after = "]";
	return snprintf(text, size, "%s%s%s%s%s", prefix, row->name, before, metavar, after);
}

/* Prints `text` from HELP_COLUMN on, broken between words; `column` is where the cursor stands. */
static void print_help_text(const char *text, int column)
{
	if (column > HELP_COLUMN - 2) {
		putchar('\n');
		column = 0;
	}
	while (*text) {
		printf("%*s", HELP_COLUMN - column, "");
		column = HELP_COLUMN;
		do {
			int word = (int)strcspn(text, " ");
			if (column > HELP_COLUMN && column + 1 + word > LAST_COLUMN)
				break;
			column += printf(column > HELP_COLUMN ? " %.*s" : "%.*s", word, text);
			text += word;
			text += strspn(text, " ");
		} while (*text);
		putchar('\n');
		column = 0;
	}
}

/* One option: its row and the rows below it that are other spellings. Returns how many rows that were. */
static size_t print_option(const struct option_row *row, size_t left, const char *prefix)
{
	char text[128];
	int column = 0;
	size_t n = 0;
	do {
		int len = format_spelling(text, sizeof(text), &row[n], prefix);
		if (column > 0 && column + 2 + len > LAST_COLUMN) {
			printf(",\n");
			column = 0;
		}
		column += printf("%s%s", column > 0 ? ", " : "  ", text);
		n++;
	} while (n < left && row[n].name && !row[n].help && row[n].id != OPTION_UNSUPPORTED);
	print_help_text(row->help, column);
	return n;
}

static void print_table(struct option_rows rows, const char *prefix)
{
	for (size_t i = 0; i < rows.n;) {
		const struct option_row *row = &rows.at[i];
		if (!row->name)
			printf("\n%s:\n", row->help);
		if (row->name && row->help)
			i += print_option(row, rows.n - i, prefix);
		else
			i++;
	}
}

void options_print_help(const char *program)
{
	printf("Usage: %s [options] file...\n"
	       "Long options take one dash or two, and their argument after a blank or '='.\n"
	       "  @FILE                       read options from FILE\n",
	       program);
	print_table(option_table(), "");
	print_table(option_table_z(), "-z ");
	printf("\nCommands of a program called gild: gild tree, gild explain, gild cache; each has a --help.\n");
	printf("\ngild: supported targets:");
	for (unsigned i = 0; archs[i]; i++)
		printf(" %s", archs[i]->bfd_name);
	printf("\ngild: supported emulations:");
	for (unsigned i = 0; archs[i]; i++)
		printf(" %s", archs[i]->emulation);
	puts("");
}
