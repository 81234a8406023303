/* Memory regions: MEMORY of a script (GNU ld manual, "MEMORY Command"). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ld/layout/expr.h"
#include "ld/resolve/symbols.h"
#include "ld/script/parse.h"

enum { LARGEST_SHOWN = 10 };

static const char *real_name(const struct layout *layout, const char *name)
{
	for (const struct region_alias *alias = layout->script->aliases; alias; alias = alias->next)
		if (strcmp(alias->alias, name) == 0)
			return alias->region;
	return name;
}

const struct region *layout_region(const struct layout *layout, const char *name)
{
	if (!layout->script)
		return NULL;
	name = real_name(layout, real_name(layout, name));
	for (uint32_t i = 1; i < layout->regions.n; i++)
		if (strcmp(layout->regions.at[i].said->name, name) == 0)
			return &layout->regions.at[i];
	return NULL;
}

/* Aliases of regions that there are, each once. */
static void check_aliases(struct layout *layout, struct diag *diag)
{
	for (const struct region_alias *alias = layout->script->aliases; alias; alias = alias->next) {
		if (strcmp(alias->region, "*default*") == 0 || strcmp(alias->alias, "*default*") == 0) {
			script_report(diag, alias->place.offset, alias->place, "alias for default memory region");
			continue;
		}
		if (!layout_region(layout, alias->region))
			script_report(diag, alias->place.offset, alias->place,
				      "memory region `%s' for alias `%s' does not exist", alias->region, alias->alias);
		bool twice = false;
		for (const struct region_alias *other = layout->script->aliases; other != alias; other = other->next)
			twice |= strcmp(other->alias, alias->alias) == 0;
		for (uint32_t i = 1; i < layout->regions.n; i++)
			twice |= strcmp(layout->regions.at[i].said->name, alias->alias) == 0;
		if (twice)
			script_report(diag, alias->place.offset, alias->place,
				      "redefinition of memory region alias `%s'", alias->alias);
	}
}

void regions_make(struct layout *layout, struct diag *diag)
{
	for (const struct region_statement *said = layout->script->regions; said; said = said->next)
		*array_push(&layout->regions) = (struct region){.said = said};
	check_aliases(layout, diag);
}

static uint64_t evaluate(struct link *link, const struct expr *expr, uint64_t otherwise)
{
	struct expr_scope scope = {.link = link, .section = VALUE_ABSOLUTE};
	struct value value = expr_evaluate(expr, &scope);
	if (!value.valid && link->layout->reporting)
		expr_report(link->diag, &scope);
	return value.valid ? value_absolute(link->layout, value) : otherwise;
}

void regions_reset(struct link *link)
{
	struct layout *layout = link->layout;
	for (uint32_t i = 0; i < layout->regions.n; i++) {
		struct region *region = &layout->regions.at[i];
		if (region->said) {
			region->origin = evaluate(link, region->said->origin, 0);
			region->length = evaluate(link, region->said->length, UINT64_MAX);
		}
		region->current = region->highest = region->origin;
		region->last = region->overflowed = 0;
		region->excess = 0;
	}
}

uint32_t region_by_flags(const struct layout *layout, const struct osec *osec)
{
	static const struct {
		uint32_t look, region;
	} meanings[] = {{READONLY, REGION_READ}, {HAS_DATA, REGION_WRITE}, {CODE, REGION_EXECUTE}, {ALLOC, REGION_ALLOC},
			{LOAD, REGION_INITIALIZED}};
	uint32_t look = osec->look.flags, flags = 0;
	if ((look & (ALLOC | READONLY | CODE)) == ALLOC)
		look |= HAS_DATA;
	for (unsigned i = 0; i < COUNTOF(meanings); i++)
		flags |= look & meanings[i].look ? meanings[i].region : 0;
	for (uint32_t i = 1; i < layout->regions.n; i++) {
		const struct region_statement *said = layout->regions.at[i].said;
		if (said->flags & flags && !(said->not_flags & flags))
			return i;
	}
	return 0;
}

void region_advance(struct layout *layout, uint32_t id, uint32_t osec, uint64_t end)
{
	struct region *region = &layout->regions.at[id];
	region->current = end;
	if (end > region->highest)
		region->highest = end;
	bool outside = end < region->origin || end - region->origin > region->length;
	if (!region->said || !outside)
		return;
	if (!region->overflowed)
		region->overflowed = osec;
	uint64_t excess = end - region->origin - region->length;
	if (end > region->origin && excess > region->excess)
		region->excess = excess;
}

/* ---- what does not fit ------------------------------------------------------------------------------------- */

struct contributor {
	section_id id;
	uint64_t size;
};

static int compare_contributors(const void *a, const void *b)
{
	const struct contributor *x = a, *y = b;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static bool lies_in(const struct region *region, uint64_t address)
{
	return address - region->origin <= region->length + region->excess;
}

/* The largest sections of the inputs that are in the region, by address or by load address. */
static void print_largest(const struct link *link, const struct region *region, FILE *to)
{
	const struct layout *layout = link->layout;
	ARRAY(struct contributor) all = {0};
	for (section_id id = 1; id < link->sections.n; id++) {
		const struct section *section = section_of(link, id);
		if (!section->live || !section->run || section->kind == SECTION_NONE ||
		    section->kind == SECTION_MERGE || section->kind == SECTION_FOLDED || !section->size)
			continue;
		const struct osec *osec = osec_of_section(layout, section);
		if (osec->flags & SHF_ALLOC && osec->rank != RANK_DISCARD &&
		    (lies_in(region, osec->addr) || (osec->type != SHT_NOBITS && lies_in(region, osec->lma))))
			*array_push(&all) = (struct contributor){id, section->size};
	}
	if (all.n)
		qsort(all.at, all.n, sizeof(*all.at), compare_contributors);
	for (uint32_t i = 0; i < all.n && i < LARGEST_SHOWN; i++) {
		const struct section *section = section_of(link, all.at[i].id);
		const struct file *file = file_of(link, section->file);
		const char *name = section->kind == SECTION_POOL ? "merged strings and constants"
								 : layout_section_name(link, all.at[i].id);
		fprintf(to, "\n>>> %10llu bytes: %s", (unsigned long long)all.at[i].size, name);
		if (section->file != INTERNAL_FILE)
			fprintf(to, " of " FILE_FORMAT, FILE_ARGS(file));
	}
	array_free(&all);
}

static void report_overflow(struct link *link, uint32_t number)
{
	const struct region *region = &link->layout->regions.at[number];
	const struct osec *osec = &link->layout->osecs.at[region->overflowed];
	unsigned long long excess = region->excess;
	if (!excess) {
		script_report(link->diag, 0, region->said->place,
			      "address 0x%llx of section `%s' is not within region `%s'",
			      (unsigned long long)osec->addr, osec->name, region->said->name);
		return;
	}
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	if (!to)
		out_of_memory();
	if (*link->options->map_file == '\0') /* else the map has all */
		print_largest(link, region, to);
	if (fclose(to) != 0)
		out_of_memory();
	diag_error(link->diag, diag_order(0, number), "section `%s' will not fit in region `%s'", osec->name,
		   region->said->name);
	diag_note(link->diag, diag_order(1, number), "region `%s' overflowed by %llu byte%s%s", region->said->name,
		   excess, excess == 1 ? "" : "s", text);
	free(text);
}

/* As GNU ld: a number with the largest unit that divides it. */
static void print_size(uint64_t size)
{
	static const char *const units[] = {" B", "KB", "MB", "GB"};
	unsigned unit = 0;
	while (unit < 3 && size && size % 1024 == 0) {
		size /= 1024;
		unit++;
	}
	printf(unit ? "%10" PRIu64 " %s" : "%11" PRIu64 "%s", size, units[unit]);
}

static void print_usage(const struct layout *layout)
{
	printf("Memory region         Used Size  Region Size  %%age Used\n");
	for (uint32_t i = 1; i < layout->regions.n; i++) {
		const struct region *region = &layout->regions.at[i];
		uint64_t used = region->highest - region->origin;
		printf("%16s: ", region->said->name);
		print_size(used);
		print_size(region->length);
		if (region->length)
			printf("    %6.2f%%", (double)used * 100.0 / (double)region->length);
		putchar('\n');
	}
	fflush(stdout);
}

void regions_check(struct link *link)
{
	const struct layout *layout = link->layout;
	for (uint32_t i = 1; i < layout->regions.n; i++)
		if (layout->regions.at[i].overflowed)
			report_overflow(link, i);
	if (link->options->print_memory_usage && !link->diag->errors)
		print_usage(layout);
}
