/* Parses the input as a linker script, as an MRI script, as an option's expression, as a version script and as a dynamic
 * list, and looks at all of the scripts' trees. INCLUDE finds the input itself. */
#include "fuzz/fuzz.h"

#include "ld/input/version_script.h"
#include "ld/script/parse.h"

static const struct script_text *find(void *context, const char *name)
{
	(void)name;
	return context;
}

static void look_at_place(struct script_place place)
{
	if (place.text) /* an end of 0 bytes is the text's end */
		touch_bytes((struct bytes){place.text->bytes.data + place.offset, place.length});
}

static void look_at_name(const char *name)
{
	if (name)
		touch_bytes((struct bytes){(const uint8_t *)name, strlen(name) + 1});
}

static void look_at_expr(const struct expr *expr)
{
	if (!expr)
		return;
	look_at_place(expr->place);
	look_at_name(expr->name);
	hold((expr->kind == EXPR_UNARY || expr->kind == EXPR_BINARY) == (expr->op != OP_NONE));
	hold(expr->kind != EXPR_BINARY || (expr->a && expr->b));
	hold(expr->kind != EXPR_CONDITIONAL || (expr->a && expr->b && expr->c));
	hold(expr->kind != EXPR_ALIGN || (expr->a && expr->b));
	look_at_expr(expr->a);
	look_at_expr(expr->b);
	look_at_expr(expr->c);
}

static void look_at_names(const struct name_list *list)
{
	for (; list; list = list->next) {
		look_at_name(list->name);
		look_at_place(list->place);
	}
}

static void look_at_files(const struct file_pattern *pattern)
{
	for (; pattern; pattern = pattern->next) {
		touch_bytes((struct bytes){(const uint8_t *)pattern->archive.at, pattern->archive.len});
		touch_bytes((struct bytes){(const uint8_t *)pattern->file.at, pattern->file.len});
		hold((pattern->kind == FILE_OF_ARCHIVE) == (pattern->archive.len != 0));
	}
}

static void look_at_input(const struct input_description *input)
{
	look_at_files(&input->file);
	look_at_files(input->exclude);
	for (const struct section_pattern *pattern = input->patterns; pattern; pattern = pattern->next) {
		touch_bytes((struct bytes){(const uint8_t *)pattern->glob.at, pattern->glob.len});
		look_at_files(pattern->exclude);
		hold(pattern->sort[0] || !pattern->sort[1]);
	}
}

static void look_at_statements(const struct statement *statement);

static void look_at_section(const struct section_statement *section)
{
	hold(section->name);
	look_at_name(section->name);
	look_at_expr(section->address);
	look_at_expr(section->type_value);
	look_at_expr(section->at);
	look_at_expr(section->align);
	look_at_expr(section->subalign);
	look_at_expr(section->fill);
	look_at_statements(section->body);
	look_at_names(section->phdrs);
}

static void look_at_statements(const struct statement *statement)
{
	for (; statement; statement = statement->next) {
		look_at_place(statement->place);
		look_at_name(statement->symbol);
		look_at_expr(statement->value);
		touch_bytes(statement->text);
		if (statement->kind == STATEMENT_SECTION)
			look_at_section(statement->section);
		if (statement->kind == STATEMENT_INPUT)
			look_at_input(statement->input);
		if (statement->kind == STATEMENT_OVERLAY)
			look_at_statements(statement->overlay->sections);
	}
}

static void look_at_script(const struct script *script)
{
	look_at_statements(script->statements);
	look_at_statements(script->overwrites);
	for (const struct region_statement *region = script->regions; region; region = region->next) {
		look_at_expr(region->origin);
		look_at_expr(region->length);
	}
	for (const struct phdr_statement *phdr = script->phdrs; phdr; phdr = phdr->next) {
		look_at_expr(phdr->type);
		look_at_expr(phdr->at);
		look_at_expr(phdr->flags);
	}
	for (uint32_t i = 0; i < script->inputs.n; i++) {
		look_at_name(script->inputs.at[i].name);
		hold(script->inputs.at[i].group <= script->groups);
	}
	for (uint32_t i = 0; i < script->versions.n; i++)
		look_at_place(script->versions.at[i]);
	for (const struct nocrossrefs *list = script->nocrossrefs; list; list = list->next)
		look_at_names(list->sections);
}

static void parse_mri(const struct script_text *text, const struct script_includer *includer, struct arena *arena,
		      struct diag *diag)
{
	struct script script = {0};
	unsigned errors = diag->errors;
	if (script_parse_mri(&script, text, includer, arena, diag))
		look_at_script(&script);
	else
		hold(diag->errors == errors + 1);
	script_free(&script);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script_text text = {"fuzz", {data, size}};
	struct script_includer includer = {find, &text, NULL};
	struct script script = {0};
	struct version_script versions = {0};
	struct arena arena = {0};
	struct diag diag;
	if (size > UINT16_MAX)
		return 0;
	diag_init(&diag);
	if (script_parse(&script, &text, &includer, &arena, &diag))
		look_at_script(&script);
	else
		hold(diag.errors == 1);
	script_free(&script);
	parse_mri(&text, &includer, &arena, &diag);
	unsigned errors = diag.errors;
	const struct expr *expr = script_parse_expr(&text, &arena, &diag);
	hold((expr == NULL) == (diag.errors == errors + 1));
	look_at_expr(expr);
	version_script_parse(&versions, script_whole(&text), &arena, &diag);
	version_script_free(&versions);
	versions = (struct version_script){0};
	dynamic_list_parse(&versions, script_whole(&text), &arena, &diag);
	version_script_free(&versions);
	diag_free(&diag);
	arena_free(&arena);
	return 0;
}
