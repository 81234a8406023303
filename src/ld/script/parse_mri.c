/* Scripts of MRI's linkers (GNU ld manual, "MRI"; GNU ld's grammar knows more commands than that, which are here, too):
 * a command a line, in capitals or small letters. What the commands say of output sections is collected, since it holds
 * wherever it stands, and becomes the statements that a SECTIONS command would have. */
#include <stdlib.h>
#include <string.h>

#include "ld/script/parser.h"

/* What the commands say of one output section. */
struct mri_section {
	const char *name;
	const struct expr *address, *align, *subalign;
	/* Numbers of the last commands that name it; 0: none does. Those of SECT follow those of ORDER. */
	uint32_t ordered, addressed, absolute, aliased;
	struct script_place place;
	struct mri_section *next;
};

/* An input section that goes into an output section of another name. */
struct mri_alias {
	const char *input, *output;
	struct mri_alias *next;
};

struct mri {
	struct script_parser parser;
	struct mri_section *sections;
	struct mri_alias *aliases;
	const struct expr *base;
	uint32_t commands;
	bool has_absolute;
};

static struct mri_section *section_named(struct mri *mri, struct token name)
{
	const char *text = parser_copy(&mri->parser, name);
	struct mri_section **at = &mri->sections;
	while (*at && strcmp((*at)->name, text) != 0)
		at = &(*at)->next;
	if (!*at) {
		*at = arena_new(mri->parser.arena, struct mri_section);
		**at = (struct mri_section){.name = text, .place = name.place};
	}
	return *at;
}

static bool next_name(struct mri *mri, struct token *name, const char *what)
{
	*name = parser_next(&mri->parser, LEX_SCRIPT);
	return token_is_name(*name) || parser_expected(&mri->parser, *name, what);
}

static bool at_end_of_line(struct mri *mri)
{
	struct token token = parser_peek(&mri->parser, LEX_SCRIPT);
	return token.kind == TOKEN_END || token_is(token, "\n");
}

/* name = expression; name, expression; name expression: all mean the same. */
static const struct expr *parse_value(struct mri *mri, struct token *name, const char *what)
{
	if (!next_name(mri, name, what))
		return NULL;
	if (!parser_accept(&mri->parser, LEX_EXPR, "="))
		parser_accept(&mri->parser, LEX_EXPR, ",");
	return parser_expression(&mri->parser);
}

/* ---- commands -------------------------------------------------------------------------------------------- */

/* Calls take() for each name of a list with blanks or commas. */
static bool each_name(struct mri *mri, const char *what, void (*take)(struct mri *mri, struct token name))
{
	while (!at_end_of_line(mri)) {
		struct token name;
		if (parser_accept(&mri->parser, LEX_SCRIPT, ","))
			continue;
		if (!next_name(mri, &name, what))
			return false;
		take(mri, name);
	}
	return true;
}

static void take_ordered(struct mri *mri, struct token name)
{
	section_named(mri, name)->ordered = ++mri->commands;
}

static void take_absolute(struct mri *mri, struct token name)
{
	section_named(mri, name)->absolute = ++mri->commands;
	mri->has_absolute = true;
}

static void take_input(struct mri *mri, struct token name)
{
	*array_push(&mri->parser.out->inputs) = (struct script_input){.name = parser_copy(&mri->parser, name)};
}

static void take_extern(struct mri *mri, struct token name)
{
	*array_push(&mri->parser.out->externs) = parser_copy(&mri->parser, name);
}

static void take_nothing(struct mri *mri, struct token name)
{
	(void)mri;
	(void)name;
}

static bool parse_order(struct mri *mri)
{
	return each_name(mri, "the name of a section", take_ordered);
}

static bool parse_absolute(struct mri *mri)
{
	return each_name(mri, "the name of a section", take_absolute);
}

static bool parse_load(struct mri *mri)
{
	return each_name(mri, "the name of a file", take_input);
}

static bool parse_extern(struct mri *mri)
{
	return each_name(mri, "a symbol", take_extern);
}

/* CASE: names always have the letters that they have. */
static bool parse_case(struct mri *mri)
{
	return each_name(mri, "a symbol", take_nothing);
}

static bool parse_sect(struct mri *mri)
{
	struct token name;
	const struct expr *value = parse_value(mri, &name, "the name of a section");
	if (!value)
		return false;
	struct mri_section *section = section_named(mri, name);
	section->address = value;
	section->addressed = ++mri->commands;
	return true;
}

static bool parse_align(struct mri *mri)
{
	struct token name;
	const struct expr *value = parse_value(mri, &name, "the name of a section");
	if (value)
		section_named(mri, name)->align = value;
	return value;
}

static bool parse_alignmod(struct mri *mri)
{
	struct token name;
	const struct expr *value = parse_value(mri, &name, "the name of a section");
	if (value)
		section_named(mri, name)->subalign = value;
	return value;
}

/* ALIAS output, input: the input section's name may be a number. */
static bool parse_alias(struct mri *mri)
{
	struct script_parser *parser = &mri->parser;
	struct token output, input;
	if (!next_name(mri, &output, "the name of an output section") ||
	    !parser_expect(parser, LEX_SCRIPT, ",", "',' after the name of the output section"))
		return false;
	input = parser_next(parser, LEX_SCRIPT);
	if (!token_is_name(input) && input.kind != TOKEN_NUMBER)
		return parser_expected(parser, input, "the name of an input section");
	section_named(mri, output)->aliased = ++mri->commands;
	const char *name = input.kind == TOKEN_NUMBER
				   ? arena_printf(parser->arena, "%llu", (unsigned long long)input.number)
				   : parser_copy(parser, input);
	struct mri_alias **at = &mri->aliases;
	while (*at && strcmp((*at)->input, name) != 0)
		at = &(*at)->next;
	if (!*at)
		*at = arena_new(parser->arena, struct mri_alias);
	**at = (struct mri_alias){name, section_named(mri, output)->name, (*at)->next};
	return true;
}

static bool parse_public(struct mri *mri)
{
	struct token name;
	const struct expr *value = parse_value(mri, &name, "a symbol");
	if (!value)
		return false;
	struct statement *statement = parser_add(&mri->parser, STATEMENT_ASSIGN, name.place);
	statement->symbol = parser_copy(&mri->parser, name);
	statement->value = value;
	return true;
}

static bool parse_base(struct mri *mri)
{
	mri->base = parser_expression(&mri->parser);
	return mri->base;
}

static bool parse_start(struct mri *mri)
{
	struct token name;
	if (!next_name(mri, &name, "a symbol"))
		return false;
	mri->parser.out->entry = parser_copy(&mri->parser, name);
	return true;
}

static bool parse_name(struct mri *mri)
{
	struct token name;
	if (!next_name(mri, &name, "the name of the output"))
		return false;
	mri->parser.out->output = parser_copy(&mri->parser, name);
	return true;
}

/* FORMAT S: S-records, the only form that there is. */
static bool parse_format(struct mri *mri)
{
	struct token name;
	if (!next_name(mri, &name, "the name of a format"))
		return false;
	return script_error(mri->parser.diag, name.place, NULL, "FORMAT %.*s is not supported", (int)name.text.len,
			    name.text.at);
}

/* CHIP n, n; TRUNCATE n: of processors and debuggers that are no more. */
static bool parse_ignored(struct mri *mri)
{
	return parser_expression(&mri->parser) &&
	       (!parser_accept(&mri->parser, LEX_EXPR, ",") || parser_expression(&mri->parser));
}

static bool parse_end(struct mri *mri)
{
	(void)mri;
	return true;
}

/* LIST and anything: a map. */
static bool parse_list(struct mri *mri)
{
	struct lexer *lexer = &mri->parser.lexer;
	while (lexer->at < lexer->end && lexer->text->bytes.data[lexer->at] != '\n')
		lexer->at++;
	mri->parser.out->map_file = "-";
	return true;
}

static bool parse_lines(struct mri *mri);

static bool parse_include(struct mri *mri)
{
	struct script_parser *parser = &mri->parser;
	struct token token;
	struct lexer before;
	if (!next_name(mri, &token, "the name of a file after INCLUDE") || !parser_enter(parser, token, &before))
		return false;
	parser->lexer.by_lines = true;
	bool ok = parse_lines(mri);
	parser_leave(parser, &before);
	return ok;
}

static const struct {
	const char *word, *small;
	bool (*parse)(struct mri *mri);
} commands[] = {
	{"ABSOLUTE", "absolute", parse_absolute}, {"ALIAS", "alias", parse_alias}, {"ALIGN", "align", parse_align},
	{"ALIGNMOD", "alignmod", parse_alignmod}, {"BASE", "base", parse_base}, {"CASE", "case", parse_case},
	{"CHIP", "chip", parse_ignored}, {"END", "end", parse_end}, {"EXTERN", "extern", parse_extern},
	{"FORMAT", "format", parse_format}, {"INCLUDE", "include", parse_include}, {"LIST", "list", parse_list},
	{"LOAD", "load", parse_load}, {"NAME", "name", parse_name}, {"ORDER", "order", parse_order},
	{"PUBLIC", "public", parse_public}, {"SECT", "sect", parse_sect}, {"START", "start", parse_start},
	{"TRUNCATE", "truncate", parse_ignored},
};

static bool parse_command(struct mri *mri, struct token first)
{
	const char *names[2 * COUNTOF(commands) + 1] = {NULL};
	for (size_t i = 0; i < COUNTOF(commands); i++) {
		if (token_is(first, commands[i].word) || token_is(first, commands[i].small))
			return commands[i].parse(mri);
		names[2 * i] = commands[i].word;
		names[2 * i + 1] = commands[i].small;
	}
	const char *similar = first.kind == TOKEN_NAME ? script_similar(first.text, names) : NULL;
	if (!similar)
		return parser_expected(&mri->parser, first, "a command such as SECT or LOAD");
	return script_error(mri->parser.diag, first.place, NULL, "unknown command '%.*s', did you mean %s?",
			    (int)first.text.len, first.text.at, similar);
}

static bool parse_lines(struct mri *mri)
{
	for (;;) {
		struct token token = parser_next(&mri->parser, LEX_SCRIPT);
		if (token.kind == TOKEN_END)
			return true;
		if (token_is(token, "\n"))
			continue;
		if (!parse_command(mri, token))
			return false;
		if (!at_end_of_line(mri))
			return parser_expected(&mri->parser, parser_peek(&mri->parser, LEX_EXPR),
					       "the end of the line");
	}
}

/* ---- the statements -------------------------------------------------------------------------------------- */

/* What ORDER names comes first, in its order; then what SECT does; then other output sections of ALIAS. Without any of
 * these, what ABSOLUTE names. */
static uint64_t place_in_order(const struct mri_section *section)
{
	if (section->ordered)
		return section->ordered;
	if (section->addressed)
		return (uint64_t)1 << 32 | section->addressed;
	return (uint64_t)2 << 32 | (section->aliased ? section->aliased : section->absolute);
}

struct chosen {
	const struct mri_section *section;
};

static int compare_chosen(const void *a, const void *b)
{
	uint64_t x = place_in_order(((const struct chosen *)a)->section);
	uint64_t y = place_in_order(((const struct chosen *)b)->section);
	return x < y ? -1 : x > y;
}

static void add_pattern(struct mri *mri, const char *name, struct script_place place)
{
	struct script_parser *parser = &mri->parser;
	struct input_description *input = arena_new(parser->arena, struct input_description);
	struct section_pattern *pattern = arena_new(parser->arena, struct section_pattern);
	*pattern = (struct section_pattern){.glob = {name, (uint32_t)strlen(name)}, .place = place};
	*input = (struct input_description){.file.file = {"*", 1}, .patterns = pattern, .place = place};
	parser_add(parser, STATEMENT_INPUT, place)->input = input;
}

/* name ADDRESS : ALIGN(...) SUBALIGN(...) { *(name) *(alias) ... } */
static void add_section(struct mri *mri, const struct mri_section *of, const struct expr *address)
{
	struct script_parser *parser = &mri->parser;
	struct section_statement *section = arena_new(parser->arena, struct section_statement);
	parser_add(parser, STATEMENT_SECTION, of->place)->section = section;
	*section = (struct section_statement){
		.name = of->name, .address = address, .align = of->align, .subalign = of->subalign,
		.type = mri->has_absolute && !of->absolute ? SECTION_TYPE_NOLOAD : SECTION_TYPE_UNSAID,
	};
	struct statement **end = parser->end;
	parser->end = &section->body;
	add_pattern(mri, of->name, of->place);
	for (const struct mri_alias *alias = mri->aliases; alias; alias = alias->next)
		if (strcmp(alias->output, of->name) == 0)
			add_pattern(mri, alias->input, of->place);
	parser->end = end;
}

static void add_sections(struct mri *mri)
{
	ARRAY(struct chosen) all = {0};
	bool has_order = false;
	for (const struct mri_section *at = mri->sections; at; at = at->next)
		has_order |= at->ordered || at->addressed || at->aliased;
	for (const struct mri_section *at = mri->sections; at; at = at->next)
		if (has_order ? at->ordered || at->addressed || at->aliased : at->absolute)
			*array_push(&all) = (struct chosen){at};
	if (all.n)
		qsort(all.at, all.n, sizeof(*all.at), compare_chosen);
	struct expr *dot = arena_new(mri->parser.arena, struct expr);
	*dot = (struct expr){.kind = EXPR_DOT};
	for (uint32_t i = 0; i < all.n; i++) {
		const struct mri_section *section = all.at[i].section;
		const struct expr *address = section->address ? section->address : dot;
		add_section(mri, section, i == 0 && mri->base ? mri->base : address);
	}
	mri->parser.out->has_sections |= all.n != 0;
	array_free(&all);
}

bool script_parse_mri(struct script *script, const struct script_text *text, const struct script_includer *includer,
		      struct arena *arena, struct diag *diag)
{
	struct mri mri = {.parser = {.out = script, .includer = includer, .arena = arena, .diag = diag,
				     .end = &script->statements}};
	while (*mri.parser.end)
		mri.parser.end = &(*mri.parser.end)->next;
	lexer_init(&mri.parser.lexer, script_whole(text));
	mri.parser.lexer.by_lines = true;
	if (!parse_lines(&mri))
		return false;
	add_sections(&mri);
	return true;
}
