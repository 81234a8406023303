/* The layout program as text: what `gild --verbose` shows. */
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/layout/expr.h"

void layout_print_assign(FILE *to, const struct node *node)
{
	const char *wrapper = node->hidden ? "HIDDEN (" : "";
	if (node->provide)
		wrapper = node->hidden ? "PROVIDE_HIDDEN (" : "PROVIDE (";
	fprintf(to, "%s%s = ", wrapper, node->symbol);
	expr_print(to, node->value);
	if (*wrapper)
		fputc(')', to);
}

static void print_address(FILE *to, const struct expr *value)
{
	expr_print(to, value);
	fputc(' ', to);
}

static void print_file(FILE *to, const struct file_pattern *file)
{
	if (file->kind == FILE_OF_ARCHIVE)
		fprintf(to, "%.*s", (int)file->archive.len, file->archive.at);
	fprintf(to, "%s%.*s", file->kind == FILE_PLAIN ? "" : ":", (int)file->file.len, file->file.at);
}

static void print_excluded(FILE *to, const struct file_pattern *file)
{
	if (!file)
		return;
	fputs("EXCLUDE_FILE(", to);
	for (; file; file = file->next) {
		print_file(to, file);
		fputs(file->next ? " " : ") ", to);
	}
}

static const char *const sort_words[] = {
	[SORT_NONE] = "SORT_NONE(", [SORT_NAME] = "SORT_BY_NAME(", [SORT_ALIGNMENT] = "SORT_BY_ALIGNMENT(",
	[SORT_INIT_PRIORITY] = "SORT_BY_INIT_PRIORITY(",
};

static void print_rule(FILE *to, const struct rule *rule)
{
	unsigned parentheses = 0;
	for (unsigned i = 0; i < COUNTOF(rule->sort); i++) {
		if (rule->sort[i] > SORT_NONE && (i == 0 || rule->sort[i] != rule->sort[0])) {
			fputs(sort_words[rule->sort[i]], to);
			parentheses++;
		}
	}
	if (rule->reverse) {
		fputs("REVERSE(", to);
		parentheses++;
	}
	print_excluded(to, rule->exclude[1]);
	fprintf(to, "%.*s", (int)rule->pattern.len, rule->pattern.at);
	while (parentheses-- > 0)
		fputc(')', to);
}

void layout_print_run(FILE *to, const struct layout *layout, uint32_t id)
{
	const struct run *run = &layout->runs.at[id];
	const struct rule *rules = layout->rules.at + run->first_rule;
	if (run->n_rules == 0)
		return;
	print_excluded(to, rules->exclude[0]);
	fputs(run->file_sort == SORT_NAME ? "SORT_BY_NAME(" : "", to);
	fputs(run->file_reverse ? "REVERSE(" : "", to);
	if (rules->file)
		print_file(to, rules->file);
	else
		fputc('*', to);
	fputs(run->file_reverse ? ")" : "", to);
	fputs(run->file_sort == SORT_NAME ? ")" : "", to);
	fputc('(', to);
	for (uint32_t i = 0; i < run->n_rules; i++) {
		fputs(i ? " " : "", to);
		print_rule(to, &rules[i]);
	}
	fputc(')', to);
}

static void print_assign(const struct node *node, const char *indent)
{
	fputs(indent, stdout);
	layout_print_assign(stdout, node);
	puts(";");
}

static void print_run(const struct layout *layout, uint32_t id)
{
	bool keep = layout->runs.at[id].keep;
	printf("    %s", keep ? "KEEP (" : "");
	layout_print_run(stdout, layout, id);
	puts(keep ? ")" : "");
}

void layout_print(const struct link *link)
{
	const struct layout *layout = link->layout;
	static const char frame[] = "==================================================";
	printf("using internal linker script:\n%s\n", frame);
	printf("/* The default layout of gild for %s */\n", link->arch->emulation);
	printf("LD_FEATURE (\"GILD_LAYOUT\")\nOUTPUT_FORMAT (\"%s\")\nOUTPUT_ARCH (%s)\n", link->arch->bfd_name,
	       link->arch->bfd_arch);
	if (link->options->kind == OUTPUT_EXECUTABLE || link->options->kind == OUTPUT_PIE)
		printf("ENTRY (_start)\n");
	for (const char *const *dir = link->arch->search_dirs; *dir; dir++)
		printf("SEARCH_DIR (\"=%s\");%s", *dir, dir[1] ? " " : "\n");
	printf("SECTIONS\n{\n");
	for (uint32_t i = 0; i < layout->n_written; i++) {
		const struct node *node = &layout->nodes.at[i];
		if (node->kind == NODE_ASSIGN) {
			print_assign(node, "  ");
			continue;
		}
		const struct osec *osec = &layout->osecs.at[node->id];
		printf("  %s ", osec->name);
		if (osec->rank == RANK_NOT_LOADED || osec->rank == RANK_TABLES)
			printf("0 ");
		else if (node->value)
			print_address(stdout, node->value);
		printf(":\n  {\n");
		for (uint32_t n = 0; n < osec->nodes.n; n++) {
			if (osec->nodes.at[n].kind == NODE_ASSIGN)
				print_assign(&osec->nodes.at[n], "    ");
			else
				print_run(layout, osec->nodes.at[n].id);
		}
		printf("  }\n");
	}
	printf("}\n%s\n", frame);
}
