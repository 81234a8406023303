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

void layout_print_run(FILE *to, const struct layout *layout, uint32_t id)
{
	const struct run *run = &layout->runs.at[id];
	const char *sort = run->sort == SORT_NAME ? "SORT (" : "", *gap = "";
	if (run->sort == SORT_ALIGNMENT)
		sort = "SORT_BY_ALIGNMENT (";
	if (run->sort == SORT_INIT_PRIORITY)
		sort = "SORT_BY_INIT_PRIORITY (";
	fputs("*(", to);
	for (uint32_t i = 0; i < layout->rules.n; i++) {
		const struct rule *rule = &layout->rules.at[i];
		if (rule->run != id)
			continue;
		fprintf(to, "%s%s%s%.*s%s", gap,
			rule->not_crt ? "EXCLUDE_FILE (*crtbegin.o *crtbegin?.o *crtend.o *crtend?.o) " : "", sort,
			(int)rule->pattern.len, rule->pattern.at, *sort ? ")" : "");
		gap = " ";
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
	printf("LD_FEATURE (\"GILD_LAYOUT\")\nOUTPUT_FORMAT (\"%s\")\nOUTPUT_ARCH (%s)\nENTRY (_start)\n",
	       link->arch->bfd_name, link->arch->bfd_arch);
	for (const char *const *dir = link->arch->search_dirs; *dir; dir++)
		printf("SEARCH_DIR (\"=%s\");%s", *dir, dir[1] ? " " : "\n");
	printf("SECTIONS\n{\n");
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
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
