/* Commands at top level (GNU ld manual, "Simple Linker Script Commands"). */
#include <string.h>

#include "ld/script/parser.h"

/* ---- inputs ---------------------------------------------------------------------------------------------- */

/* One file of a list: a path, "=path", "-lNAME", or "-l:FILE". */
static bool add_input(struct script_parser *parser, struct token token, bool as_needed, uint32_t group)
{
	struct script_input input = {.name = parser_copy(parser, token), .as_needed = as_needed, .group = group,
				     .binary = parser->out->binary_inputs};
	if (token.kind == TOKEN_NAME && strncmp(input.name, "-l", 2) == 0) {
		input.is_library = true;
		input.name += 2;
	}
	if (input.name[0] == '\0')
		return script_error(parser->diag, token.place, NULL, "expected %s",
				    input.is_library ? "the name of a library after -l" : "the name of a file");
	*array_push(&parser->out->inputs) = input;
	return true;
}

/* ( a.o, -lfoo AS_NEEDED ( libc.so.6 ) ) */
static bool parse_inputs(struct script_parser *parser, bool as_needed, uint32_t group)
{
	if (!parser_expect(parser, LEX_INPUTLIST, "(", "'(' before a list of files"))
		return false;
	while (!parser_accept(parser, LEX_INPUTLIST, ")")) {
		if (parser_accept(parser, LEX_INPUTLIST, ","))
			continue;
		struct token token = parser_next(parser, LEX_INPUTLIST);
		if (token_is(token, "AS_NEEDED") && token_is(parser_peek(parser, LEX_INPUTLIST), "(")) {
			if (!parser_nest(parser, token) || !parse_inputs(parser, true, group))
				return false;
			parser->nesting--;
		} else if (!token_is_name(token)) {
			return parser_expected(parser, token, "the name of a file, or ')'");
		} else if (!add_input(parser, token, as_needed, group)) {
			return false;
		}
	}
	return true;
}

static bool parse_input(struct script_parser *parser, struct token word)
{
	return parse_inputs(parser, false, token_is(word, "GROUP") ? ++parser->out->groups : 0);
}

static bool parse_startup(struct script_parser *parser, struct token word)
{
	(void)word;
	struct script *out = parser->out;
	struct script_input input = {.binary = out->binary_inputs};
	if (!parser_parenthesized_name(parser, LEX_INPUTLIST, &input.name, "the name of a file"))
		return false;
	if (!out->has_startup) {
		array_push(&out->inputs);
		memmove(out->inputs.at + 1, out->inputs.at, (out->inputs.n - 1) * sizeof(input));
	}
	out->inputs.at[0] = input;
	out->has_startup = true;
	return true;
}

/* ---- lists of names -------------------------------------------------------------------------------------- */

/* (a, b c): calls add() for each. */
static bool parse_names(struct script_parser *parser, enum lex_state state, const char *what,
			void (*add)(struct script_parser *parser, struct token name, void *context), void *context)
{
	if (!parser_expect(parser, state, "(", "'('"))
		return false;
	for (;;) {
		struct token token = parser_next(parser, state);
		if (token_is(token, ")"))
			return true;
		if (token_is(token, ","))
			continue;
		if (!token_is_name(token))
			return parser_expected(parser, token, what);
		add(parser, token, context);
	}
}

static void add_extern(struct script_parser *parser, struct token name, void *context)
{
	(void)context;
	*array_push(&parser->out->externs) = parser_copy(parser, name);
}

static bool parse_extern(struct script_parser *parser, struct token word)
{
	(void)word;
	return parse_names(parser, LEX_EXPR, "a symbol, or ')'", add_extern, NULL);
}

static void ignore_name(struct script_parser *parser, struct token name, void *context)
{
	(void)parser;
	(void)name;
	(void)context;
}

/* HLL(), SYSLIB(): libraries of systems that are no more. */
static bool parse_ignored(struct script_parser *parser, struct token word)
{
	(void)word;
	return parse_names(parser, LEX_INPUTLIST, "the name of a file, or ')'", ignore_name, NULL);
}

static void add_nocrossref(struct script_parser *parser, struct token name, void *context)
{
	struct name_list **end = context;
	while (*end)
		end = &(*end)->next;
	*end = arena_new(parser->arena, struct name_list);
	**end = (struct name_list){.name = parser_copy(parser, name), .place = name.place};
}

static bool parse_nocrossrefs(struct script_parser *parser, struct token word)
{
	struct nocrossrefs **end = &parser->out->nocrossrefs;
	while (*end)
		end = &(*end)->next;
	struct nocrossrefs *list = *end = arena_new(parser->arena, struct nocrossrefs);
	list->to = token_is(word, "NOCROSSREFS_TO");
	return parse_names(parser, LEX_SCRIPT, "the name of an output section, or ')'", add_nocrossref,
			   &list->sections);
}

/* ---- the others ------------------------------------------------------------------------------------------ */

static bool parse_output_format(struct script_parser *parser, struct token word)
{
	(void)word;
	const char *names[3] = {NULL};
	if (!parser_expect(parser, LEX_SCRIPT, "(", "'(' after OUTPUT_FORMAT"))
		return false;
	for (unsigned i = 0; i < COUNTOF(names); i++) {
		if (!parser_name(parser, LEX_SCRIPT, &names[i], "the name of a format"))
			return false;
		if (i == COUNTOF(names) - 1 || !parser_accept(parser, LEX_SCRIPT, ","))
			break;
	}
	if (!parser->out->output_format[0]) /* the first one counts */
		memcpy(parser->out->output_format, names, sizeof(names));
	return parser_expect(parser, LEX_SCRIPT, ")", "',' or ')'");
}

/* VERSION { ... }: only finds the end; version_script_parse() reads what is between. */
static bool parse_version(struct script_parser *parser, struct token word)
{
	(void)word;
	if (!parser_expect(parser, LEX_VERSION, "{", "'{' after VERSION"))
		return false;
	struct script_place place = {.text = parser->lexer.text, .offset = (uint32_t)parser->lexer.at};
	for (unsigned depth = 1; depth > 0;) {
		struct token token = parser_next(parser, LEX_VERSION);
		if (token.kind == TOKEN_END || (token.kind == TOKEN_ERROR && parser->lexer.at == parser->lexer.end))
			return parser_expected(parser, token, "'}' at the end of VERSION");
		if (token_is(token, "{"))
			depth++;
		else if (token_is(token, "}"))
			depth--;
	}
	place.length = (uint32_t)parser->lexer.at - 1 - place.offset;
	*array_push(&parser->out->versions) = place;
	return true;
}

static bool parse_insert(struct script_parser *parser, struct token word)
{
	struct token token = parser_next(parser, LEX_SCRIPT);
	bool after = token_is(token, "AFTER");
	if (!after && !token_is(token, "BEFORE"))
		return parser_expected(parser, token, "AFTER or BEFORE");
	struct statement *statement = parser_add(parser, STATEMENT_INSERT, word.place);
	statement->after = after;
	return parser_name(parser, LEX_SCRIPT, &statement->symbol, "the name of an output section");
}

static bool parse_feature(struct script_parser *parser, struct token word)
{
	const char *name = NULL;
	if (!parser_parenthesized_name(parser, LEX_SCRIPT, &name, "the name of a feature"))
		return false;
	if (strcmp(name, "SANE_EXPR") == 0)
		parser->out->sane_expr = true;
	else if (strcmp(name, "GILD_LAYOUT") == 0)
		parser->out->gild_layout = true;
	else
		return script_error(parser->diag, word.place, NULL, "unknown feature '%s', only SANE_EXPR is known",
				    name);
	return true;
}

static bool parse_entry(struct script_parser *parser, struct token word)
{
	(void)word;
	struct token token;
	if (!parser_expect(parser, LEX_SCRIPT, "(", "'(' after ENTRY"))
		return false;
	token = parser_next(parser, LEX_EXPR);
	if (!token_is_name(token) && token.kind != TOKEN_NUMBER)
		return parser_expected(parser, token, "a symbol");
	parser->out->entry = parser_copy(parser, token);
	return parser_expect(parser, LEX_SCRIPT, ")", "')'");
}

static bool parse_word(struct script_parser *parser, struct token word)
{
	struct script *out = parser->out;
	if (token_is(word, "FORCE_COMMON_ALLOCATION"))
		out->force_common = true;
	else if (token_is(word, "INHIBIT_COMMON_ALLOCATION"))
		out->inhibit_common = true;
	else if (token_is(word, "FORCE_GROUP_ALLOCATION"))
		out->force_group_allocation = true;
	return true; /* FLOAT, NOFLOAT */
}

/* TARGET(binary) and TARGET(elf64-x86-64): as what the files that follow in this script are read. */
static bool parse_target(struct script_parser *parser, struct token word)
{
	const char *name = NULL;
	if (!parser_parenthesized_name(parser, LEX_SCRIPT, &name, "the name of a format"))
		return false;
	parser->out->binary_inputs = strcmp(name, "binary") == 0;
	if (parser->out->binary_inputs || strncmp(name, "elf", 3) == 0 || strcmp(name, "default") == 0)
		return true;
	return script_error(parser->diag, word.place, NULL, "TARGET(%s) is not supported", name);
}

static bool parse_name(struct script_parser *parser, struct token word)
{
	struct script *out = parser->out;
	if (token_is(word, "OUTPUT"))
		return parser_parenthesized_name(parser, LEX_INPUTLIST, &out->output, "the name of a file");
	if (token_is(word, "MAP"))
		return parser_parenthesized_name(parser, LEX_INPUTLIST, &out->map_file, "the name of a file");
	if (token_is(word, "OUTPUT_ARCH"))
		return parser_parenthesized_name(parser, LEX_SCRIPT, &out->output_arch, "the name of an architecture");
	const char *dir = NULL;
	if (!parser_parenthesized_name(parser, LEX_INPUTLIST, &dir, "the name of a directory"))
		return false;
	*array_push(&out->search_dirs) = dir;
	return true;
}

static bool parse_sections(struct script_parser *parser, struct token word)
{
	(void)word;
	return parser_sections(parser);
}

static bool parse_overwrite(struct script_parser *parser, struct token word)
{
	(void)word;
	return parser_overwrite_sections(parser);
}

static bool parse_memory(struct script_parser *parser, struct token word)
{
	(void)word;
	return parser_memory(parser);
}

static bool parse_phdrs(struct script_parser *parser, struct token word)
{
	(void)word;
	return parser_phdrs(parser);
}

static bool parse_alias(struct script_parser *parser, struct token word)
{
	return parser_region_alias(parser, word.place);
}

/* PROVIDE and its kin are parser_assignment()'s; here they are for the hint. */
static const struct {
	const char *word;
	bool (*parse)(struct script_parser *parser, struct token word);
} commands[] = {
	{"ENTRY", parse_entry}, {"INPUT", parse_input}, {"GROUP", parse_input}, {"STARTUP", parse_startup},
	{"OUTPUT", parse_name}, {"SEARCH_DIR", parse_name}, {"OUTPUT_FORMAT", parse_output_format},
	{"OUTPUT_ARCH", parse_name}, {"TARGET", parse_target}, {"EXTERN", parse_extern},
	{"FORCE_COMMON_ALLOCATION", parse_word}, {"INHIBIT_COMMON_ALLOCATION", parse_word},
	{"FORCE_GROUP_ALLOCATION", parse_word}, {"NOCROSSREFS", parse_nocrossrefs},
	{"NOCROSSREFS_TO", parse_nocrossrefs}, {"INSERT", parse_insert}, {"REGION_ALIAS", parse_alias},
	{"LD_FEATURE", parse_feature}, {"VERSION", parse_version}, {"MEMORY", parse_memory}, {"PHDRS", parse_phdrs},
	{"SECTIONS", parse_sections}, {"OVERWRITE_SECTIONS", parse_overwrite}, {"MAP", parse_name},
	{"HLL", parse_ignored}, {"SYSLIB", parse_ignored}, {"FLOAT", parse_word}, {"NOFLOAT", parse_word},
	{"PROVIDE", NULL}, {"PROVIDE_HIDDEN", NULL}, {"HIDDEN", NULL}, {"ASSERT", NULL}, {"INCLUDE", NULL},
};

static bool unknown_command(struct script_parser *parser, struct token token)
{
	const char *names[COUNTOF(commands) + 1] = {NULL};
	for (size_t i = 0; i < COUNTOF(commands); i++)
		names[i] = commands[i].word;
	const char *similar = token.kind == TOKEN_NAME ? script_similar(token.text, names) : NULL;
	if (!similar)
		return parser_expected(parser, token, "a command such as SECTIONS or INPUT");
	return script_error(parser->diag, token.place, NULL, "unknown command '%.*s', did you mean %s?",
			    (int)token.text.len, token.text.at, similar);
}

bool parser_command(struct script_parser *parser, struct token first, void *context)
{
	(void)context;
	bool taken = false;
	if (!parser_assignment(parser, first, &taken))
		return false;
	if (taken)
		return true;
	for (size_t i = 0; i < COUNTOF(commands); i++)
		if (commands[i].parse && token_is(first, commands[i].word))
			return commands[i].parse(parser, first);
	return unknown_command(parser, first);
}
