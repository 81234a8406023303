/* From the tree of a linker script to a layout program (GNU ld manual, "SECTIONS Command").
 *
 * A script with a SECTIONS command takes the place of the default layout; one that has only assignments, or whose
 * sections go somewhere by INSERT, adds to it. */
#include "ld/layout/script.h"

#include <string.h>

#include "ld/layout/expr.h"
#include "ld/script/parse.h"
#include "ld/script/report.h"
#include "ld/version.h"

/* Statements that INSERT takes somewhere. */
struct insertion {
	const struct statement *command;
	ARRAY(struct node) nodes;
};

struct builder {
	struct link *link;
	struct layout *layout;
	const struct layout *model; /* the default layout, when the script goes by its rules: the ranks of sections */
	enum osec_rank rank;      /* of the last section, which one that the model does not know follows */
	ARRAY(struct insertion) insertions;
	uint32_t first;           /* statements since the last INSERT begin here */
};

static struct osec *osec_at(const struct builder *builder, uint32_t id)
{
	return &builder->layout->osecs.at[id];
}

static const struct expr *make(struct builder *builder, struct expr expr)
{
	return layout_expr(builder->layout, expr);
}

/* ---- in an output section ---------------------------------------------------------------------------------- */

static struct node *add_node(struct builder *builder, uint32_t osec, const struct node *node)
{
	struct node *added =
		osec ? array_push(&osec_at(builder, osec)->nodes) : array_push(&builder->layout->nodes);
	*added = *node;
	return added;
}

static void add_assignment(struct builder *builder, uint32_t osec, const struct statement *statement)
{
	bool is_dot = strcmp(statement->symbol, ".") == 0;
	if (is_dot && statement->provide) {
		script_report(builder->link->diag, 0, statement->place,
			      "can not PROVIDE assignment to location counter");
		return;
	}
	add_node(builder, osec, &(struct node){
		.kind = NODE_ASSIGN, .symbol = statement->symbol, .value = statement->value,
		.provide = statement->provide, .hidden = statement->hidden, .is_users = !builder->model,
		.place = statement->place});
	osec_at(builder, osec)->has_assignments = true;
}

/* What LINKER_VERSION is. */
static const char linker_name[] = "gild " GILD_VERSION;

static void add_text(struct builder *builder, uint32_t osec, struct bytes text)
{
	add_node(builder, osec, &(struct node){.kind = NODE_STRING, .text = text, .size = text.size});
	osec_at(builder, osec)->has_data = true;
}

static void add_input(struct builder *builder, uint32_t osec, const struct input_description *input)
{
	uint32_t id = layout_describe(builder->layout, osec, input);
	struct run *run = &builder->layout->runs.at[id];
	run->fixed |= run->keep;
}

static void add_body(struct builder *builder, uint32_t osec, const struct statement *statement)
{
	for (; statement; statement = statement->next) {
		struct node node = {.value = statement->value, .place = statement->place};
		switch (statement->kind) {
		case STATEMENT_ASSIGN:
			add_assignment(builder, osec, statement);
			break;
		case STATEMENT_ASSERT:
			node.kind = NODE_ASSERT;
			add_node(builder, osec, &node);
			break;
		case STATEMENT_INPUT:
			add_input(builder, osec, statement->input);
			break;
		case STATEMENT_DATA:
			node.kind = NODE_DATA;
			node.width = statement->width;
			node.sign_extend = statement->sign_extend;
			node.size = statement->width;
			add_node(builder, osec, &node);
			osec_at(builder, osec)->has_data = true;
			break;
		case STATEMENT_STRING:
			add_text(builder, osec, statement->text);
			break;
		case STATEMENT_LINKER_VERSION:
			if (builder->link->options->linker_version)
				add_text(builder, osec, (struct bytes){(const uint8_t *)linker_name, sizeof(linker_name)});
			break;
		case STATEMENT_FILL:
			node.kind = NODE_FILL;
			add_node(builder, osec, &node);
			break;
		default:
			break;
		}
	}
}

/* ---- output sections --------------------------------------------------------------------------------------- */

/* ", did you mean NAME?", or nothing. `names` ends with a NULL. */
static const char *question(struct builder *builder, const char *name, const char *const *names)
{
	const char *similar = script_similar((struct str){name, (uint32_t)strlen(name)}, names);
	return similar ? arena_printf(&builder->layout->arena, ", did you mean %s?", similar) : "";
}

static void report_region(struct builder *builder, const char *name, struct script_place place)
{
	const char *names[64] = {NULL};
	const struct script *script = builder->layout->script;
	uint32_t n = 0;
	for (const struct region_statement *at = script->regions; at && n + 1 < COUNTOF(names); at = at->next)
		names[n++] = at->name;
	for (const struct region_alias *at = script->aliases; at && n + 1 < COUNTOF(names); at = at->next)
		names[n++] = at->alias;
	script_report(builder->link->diag, 0, place, "memory region `%s' not declared%s", name,
		      question(builder, name, names));
}

static void report_phdr(struct builder *builder, const char *section, const struct name_list *phdr)
{
	const char *names[64] = {"NONE"};
	uint32_t n = 1;
	const struct phdr_statement *at = builder->layout->script->phdrs;
	for (; at && n + 1 < COUNTOF(names); at = at->next)
		names[n++] = at->name;
	script_report(builder->link->diag, 0, phdr->place, "section `%s' assigned to non-existent phdr `%s'%s",
		      section, phdr->name, question(builder, phdr->name, names));
}

static uint32_t region_id(struct builder *builder, const char *name, struct script_place place)
{
	if (!name || strcmp(name, "*default*") == 0)
		return 0;
	const struct region *region = layout_region(builder->layout, name);
	if (!region)
		report_region(builder, name, place);
	return region ? (uint32_t)(region - builder->layout->regions.at) : 0;
}

static void check_phdrs(struct builder *builder, const char *section, const struct name_list *list)
{
	for (; list; list = list->next) {
		bool known = strcmp(list->name, "NONE") == 0;
		for (const struct phdr_statement *phdr = builder->layout->script->phdrs; phdr; phdr = phdr->next)
			known |= strcmp(phdr->name, list->name) == 0;
		if (!known)
			report_phdr(builder, section, list);
	}
}

static enum osec_rank rank_of(struct builder *builder, const char *name)
{
	if (strcmp(name, "/DISCARD/") == 0)
		return RANK_DISCARD;
	if (!builder->model)
		return RANK_DATA;
	uint32_t known = layout_find(builder->model, name);
	if (known)
		builder->rank = builder->model->osecs.at[known].rank;
	return builder->rank;
}

/* What the clauses around an output section's braces say. */
static void describe(struct builder *builder, uint32_t id, const struct section_statement *said,
		     struct script_place place)
{
	struct osec *osec = osec_at(builder, id);
	osec->said = said;
	osec->phdrs = said->phdrs;
	const char *region = said->region ? said->region : said->address ? NULL : said->lma_region;
	osec->region = region_id(builder, region, said->region ? said->region_place : said->lma_place);
	osec->lma_region = region_id(builder, said->lma_region, said->lma_place);
	check_phdrs(builder, said->name, said->phdrs);
	if (said->align_with_input && said->align)
		script_report(builder->link->diag, 0, place, "align with input and explicit align specified");
	if (said->at && said->lma_region)
		script_report(builder->link->diag, 0, place, "section `%s' has both a load address and a load region",
			      said->name);
}

static uint32_t add_section(struct builder *builder, const struct section_statement *said, struct script_place place)
{
	struct layout *layout = builder->layout;
	enum osec_rank rank = rank_of(builder, said->name);
	uint32_t id = layout_osec(layout, said->name, rank);
	struct node *node = &layout->nodes.at[layout->nodes.n - 1];
	node->place = place;
	if (!node->value && rank != RANK_DISCARD)
		node->value = builder->model && rank >= RANK_NOT_LOADED ? NULL : said->address;
	describe(builder, id, said, place);
	add_body(builder, id, said->body);
	return id;
}

/* ---- overlays (GNU ld manual, "Overlay Description") ------------------------------------------------------- */

static const struct expr *of_section(struct builder *builder, enum expr_kind kind, const char *name)
{
	return make(builder, (struct expr){.kind = kind, .name = name});
}

static const struct expr *sum(struct builder *builder, const struct expr *a, const struct expr *b)
{
	return make(builder, (struct expr){.kind = EXPR_BINARY, .op = OP_ADD, .a = a, .b = b});
}

/* The name without what a symbol cannot have. */
static const char *as_identifier(struct builder *builder, const char *name)
{
	char *copy = arena_strndup(&builder->layout->arena, name, strlen(name)), *to = copy;
	for (; *name; name++)
		if ((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
		    (*name >= '0' && *name <= '9') || *name == '_')
			*to++ = *name;
	*to = '\0';
	return copy;
}

static void provide(struct builder *builder, const char *symbol, const struct expr *value)
{
	add_node(builder, 0, &(struct node){
		.kind = NODE_ASSIGN, .symbol = symbol, .value = value, .provide = true, .is_users = true});
}

/* NOCROSSREFS of an overlay: for all of its sections. */
static void forbid_references(struct builder *builder, const struct statement *sections)
{
	struct arena *arena = &builder->layout->arena;
	struct nocrossrefs *rule = arena_new(arena, struct nocrossrefs);
	*rule = (struct nocrossrefs){.next = (struct nocrossrefs *)(uintptr_t)builder->layout->nocrossrefs};
	for (; sections; sections = sections->next) {
		struct name_list *name = arena_new(arena, struct name_list);
		*name = (struct name_list){.name = sections->section->name, .next = rule->sections};
		rule->sections = name;
	}
	builder->layout->nocrossrefs = rule;
}

/* All sections begin at one address; load addresses follow each other. */
static void add_overlay(struct builder *builder, const struct overlay_statement *overlay)
{
	struct arena *arena = &builder->layout->arena;
	const char *first = NULL;
	const struct expr *largest = NULL;
	for (const struct statement *at = overlay->sections; at; at = at->next) {
		struct section_statement *said = arena_new(arena, struct section_statement);
		*said = *at->section;
		said->address = first ? of_section(builder, EXPR_ADDR, first) : overlay->address;
		said->subalign = overlay->subalign;
		said->at = first ? NULL : overlay->at;
		said->region = overlay->region;
		said->lma_region = overlay->lma_region;
		said->region_place = overlay->region_place;
		said->lma_place = overlay->lma_place;
		said->phdrs = said->phdrs ? said->phdrs : overlay->phdrs;
		said->fill = said->fill ? said->fill : overlay->fill;
		add_section(builder, said, at->place);
		osec_at(builder, builder->layout->osecs.n - 1)->overlay = first ? OVERLAY_NEXT : OVERLAY_FIRST;
		const char *name = said->name, *plain = as_identifier(builder, name);
		provide(builder, arena_printf(arena, "__load_start_%s", plain),
			of_section(builder, EXPR_LOADADDR, name));
		provide(builder, arena_printf(arena, "__load_stop_%s", plain),
			sum(builder, of_section(builder, EXPR_LOADADDR, name), of_section(builder, EXPR_SIZEOF, name)));
		const struct expr *size = of_section(builder, EXPR_SIZEOF, name);
		largest = largest ? make(builder, (struct expr){.kind = EXPR_MAX, .a = largest, .b = size}) : size;
		first = first ? first : name;
	}
	if (!first)
		return;
	struct osec *osec = osec_at(builder, builder->layout->osecs.n - 1);
	osec->dot_behind = sum(builder, of_section(builder, EXPR_ADDR, first), largest);
	osec->has_symbols = true;
	if (overlay->nocrossrefs)
		forbid_references(builder, overlay->sections);
}

/* ---- statements -------------------------------------------------------------------------------------------- */

/* The statements since the last INSERT are put aside, to be put in their place when all sections are there. */
static void put_aside(struct builder *builder, const struct statement *command)
{
	struct layout *layout = builder->layout;
	struct insertion insertion = {.command = command};
	for (uint32_t i = builder->first; i < layout->nodes.n; i++)
		*array_push(&insertion.nodes) = layout->nodes.at[i];
	layout->nodes.n = builder->first;
	*array_push(&builder->insertions) = insertion;
}

static void add_statements(struct builder *builder, const struct statement *statement)
{
	for (; statement; statement = statement->next) {
		if (statement->begins_script)
			builder->first = builder->layout->nodes.n;
		switch (statement->kind) {
		case STATEMENT_ASSIGN:
			add_assignment(builder, 0, statement);
			break;
		case STATEMENT_ASSERT:
			add_node(builder, 0, &(struct node){.kind = NODE_ASSERT, .value = statement->value,
							    .place = statement->place});
			break;
		case STATEMENT_SECTION:
			add_section(builder, statement->section, statement->place);
			break;
		case STATEMENT_OVERLAY:
			add_overlay(builder, statement->overlay);
			break;
		case STATEMENT_INSERT:
			put_aside(builder, statement);
			break;
		default:
			break;
		}
	}
}

/* Moves `n` nodes from `from` into the program before number `at`. */
static void insert_nodes(struct layout *layout, uint32_t at, const struct node *from, uint32_t n)
{
	uint32_t old = layout->nodes.n;
	for (uint32_t i = 0; i < n; i++)
		*array_push(&layout->nodes) = from[i];
	memmove(layout->nodes.at + at + n, layout->nodes.at + at, (old - at) * sizeof(struct node));
	memcpy(layout->nodes.at + at, from, n * sizeof(struct node));
}

/* Where statements go that INSERT puts behind the section statement number `at`, or before it. By a script's rules that is
 * behind the assignments that follow the section, or the one before it; but an assignment to the location counter belongs
 * to what comes next (if that is loaded: looks.c). What comes before the first section comes before all. */
static uint32_t insertion_point(const struct layout *layout, uint32_t at, bool after)
{
	if (!layout->scripted)
		return at + (after ? 1 : 0);
	while (!after && at > 0 && layout->nodes.at[at - 1].kind != NODE_SECTION)
		at--;
	if (at == 0 && !after)
		return 0;
	uint32_t dot = UINT32_MAX;
	for (at += after ? 1 : 0; at < layout->nodes.n; at++) {
		const struct node *node = &layout->nodes.at[at];
		if (node->kind == NODE_SECTION)
			return dot != UINT32_MAX ? dot : at;
		if (node->kind == NODE_ASSIGN && dot == UINT32_MAX && strcmp(node->symbol, ".") == 0)
			dot = at;
	}
	return at;
}

static void insert(struct builder *builder)
{
	struct layout *layout = builder->layout;
	for (uint32_t i = 0; i < builder->insertions.n; i++) {
		struct insertion *insertion = &builder->insertions.at[i];
		uint32_t at = layout->nodes.n;
		for (uint32_t n = layout->nodes.n; n-- > 0;)
			if (layout->nodes.at[n].kind == NODE_SECTION &&
			    strcmp(osec_at(builder, layout->nodes.at[n].id)->name, insertion->command->symbol) == 0)
				at = n;
		/* In an object, whose sections are those of the inputs, order means nothing. */
		if (at == layout->nodes.n && builder->link->options->kind == OUTPUT_RELOCATABLE && at > 0)
			at--;
		if (at == layout->nodes.n)
			script_report(builder->link->diag, 0, insertion->command->place,
				      "%s not found for insert", insertion->command->symbol);
		for (uint32_t n = 0; n < insertion->nodes.n; n++)
			insertion->nodes.at[n].insertion = i + 1;
		if (at < layout->nodes.n && insertion->nodes.n)
			insert_nodes(layout, insertion_point(layout, at, insertion->command->after),
				     insertion->nodes.at, insertion->nodes.n);
		array_free(&insertion->nodes);
	}
	layout->n_insertions = builder->insertions.n;
	array_free(&builder->insertions);
}

/* OVERWRITE_SECTIONS: what a section consists of is said anew, where it stands is not. */
static void overwrite(struct builder *builder, uint32_t first, uint32_t n)
{
	struct layout *layout = builder->layout;
	for (uint32_t id = first; id < first + n; id++) {
		uint32_t old = 0;
		for (uint32_t other = 1; other < layout->osecs.n && !old; other++)
			if ((other < first || other >= first + n) &&
			    strcmp(osec_at(builder, other)->name, osec_at(builder, id)->name) == 0)
				old = other;
		if (!old) {
			insert_nodes(layout, layout->nodes.n, &(struct node){.kind = NODE_SECTION, .id = id}, 1);
			continue;
		}
		struct osec *from = osec_at(builder, id), *to = osec_at(builder, old);
		for (uint32_t i = 0; i < to->nodes.n; i++) {
			struct node node = to->nodes.at[i];
			if (node.kind == NODE_RUN)
				*array_push(&from->nodes) = node;
		}
		array_free(&to->nodes);
		to->nodes.at = from->nodes.at;
		to->nodes.n = from->nodes.n;
		to->nodes.cap = from->nodes.cap;
		to->said = from->said;
		to->has_data = from->has_data;
		to->has_symbols = from->has_symbols;
		for (uint32_t i = 0; i < to->nodes.n; i++)
			if (to->nodes.at[i].kind == NODE_RUN)
				layout->runs.at[to->nodes.at[i].id].osec = old;
		from->nodes.at = NULL;
		from->nodes.n = from->nodes.cap = 0;
		from->name = "";
	}
}

/* ---- the whole --------------------------------------------------------------------------------------------- */

/* What --section-start names exists, also where the script does not have it. */
static void add_started_sections(struct link *link)
{
	struct layout *layout = link->layout;
	const struct options *options = link->options;
	for (uint32_t i = 0; i < options->section_starts.n; i++) {
		const char *name = options->section_starts.at[i].name;
		uint32_t osec = layout_find(layout, name);
		if (!osec) {
			osec = layout_osec(layout, name, RANK_DATA);
			layout->osecs.at[osec].is_orphan = true;
		}
		layout->osecs.at[osec].is_started = true;
	}
}

static bool has_insert(const struct script *script)
{
	for (const struct statement *at = script->statements; at; at = at->next)
		if (at->kind == STATEMENT_INSERT)
			return true;
	return false;
}

/* Whether a script has output sections that no INSERT of it takes somewhere: these are the program. */
static bool has_main(const struct script *script)
{
	bool pending = false;
	for (const struct statement *at = script->statements; at; at = at->next) {
		if (at->begins_script && pending)
			return true;
		pending |= at->kind == STATEMENT_SECTION || at->kind == STATEMENT_OVERLAY;
		pending &= at->kind != STATEMENT_INSERT;
	}
	return pending;
}

/* A program that the script makes. */
static void replace_default(struct link *link, const struct script *script)
{
	struct layout *model = NULL;
	bool relocatable = link->options->kind == OUTPUT_RELOCATABLE;
	if (script->gild_layout) {
		(relocatable ? layout_relocatable : layout_default)(link);
		model = link->layout;
	}
	struct layout *layout = layout_new(link);
	layout->script = script;
	layout->nocrossrefs = script->nocrossrefs;
	layout->scripted = !model;
	layout->base = model ? model->base : 0;
	regions_make(layout, link->diag);
	struct builder builder = {.link = link, .layout = layout, .model = model, .rank = RANK_DATA};
	uint32_t first = layout->osecs.n;
	add_statements(&builder, script->overwrites);
	uint32_t n = layout->osecs.n - first;
	layout->nodes.n = 0;
	add_statements(&builder, script->statements);
	insert(&builder);
	overwrite(&builder, first, n);
	if (!model)
		add_started_sections(link);
	layout_builtins(link);
	if (!model) {
		layout_sort_unsaid(layout);
		layout_compile_rules(layout);
		return;
	}
	for (uint32_t i = 0; i < layout->rules.n; i++)
		if (layout->rules.at[i].sort[0] == SORT_UNSAID)
			layout->rules.at[i].sort[0] = SORT_NONE;
	if (relocatable)
		layout_compile_rules(layout);
	else
		layout_default_compile(link);
	link->layout = model;
	layout_free(link);
	link->layout = layout;
}

/* The default layout knows no regions, and makes its own segments. */
static void refuse_regions(struct link *link, const struct script *script)
{
	if (script->regions)
		script_report(link->diag, 0, script->regions->place,
			      "MEMORY is not supported without a SECTIONS command that takes the place of the default "
			      "layout");
	if (script->phdrs)
		script_report(link->diag, 0, script->phdrs->place,
			      "PHDRS is not supported without a SECTIONS command that takes the place of the default "
			      "layout");
}

/* The default program, and what the script adds: its rules come first, its assignments last. */
static void extend_default(struct link *link, const struct script *script)
{
	refuse_regions(link, script);
	struct layout *layout = layout_new(link);
	struct builder builder = {.link = link, .layout = layout, .rank = RANK_DATA};
	layout->script = script;
	layout->nocrossrefs = script->nocrossrefs;
	regions_make(layout, link->diag);
	uint32_t first = layout->osecs.n;
	add_statements(&builder, script->overwrites);
	uint32_t n = layout->osecs.n - first;
	layout->nodes.n = 0;
	add_statements(&builder, script->statements);
	ARRAY(struct node) rest = {0};
	for (uint32_t i = 0; i < layout->nodes.n; i++)
		*array_push(&rest) = layout->nodes.at[i];
	layout->nodes.n = 0;
	bool relocatable = link->options->kind == OUTPUT_RELOCATABLE;
	if (relocatable)
		layout_relocatable_fill(link);
	else
		layout_default_fill(link);
	insert(&builder);
	overwrite(&builder, first, n);
	if (rest.n)
		insert_nodes(layout, layout->nodes.n, rest.at, rest.n);
	array_free(&rest);
	layout_builtins(link);
	if (relocatable)
		layout_compile_rules(layout);
	else
		layout_default_compile(link);
}

void layout_make(struct link *link)
{
	const struct script *script = &link->script;
	if (link->has_script && script->has_sections && (!has_insert(script) || has_main(script)))
		replace_default(link, script);
	else if (script->statements || script->overwrites || script->regions || script->has_phdrs)
		extend_default(link, script);
	else if (link->options->kind == OUTPUT_RELOCATABLE)
		layout_relocatable(link);
	else
		layout_default(link);
}
