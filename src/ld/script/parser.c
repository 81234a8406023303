#include "ld/script/parser.h"

#include <string.h>

/* As in GNU ld. A file that includes itself comes to an end. */
enum { MAX_INCLUDES = 10 };

/* Parentheses are read by recursion, which must not exhaust the stack. */
enum { MAX_NESTING = 256 };

struct token parser_next(struct script_parser *parser, enum lex_state state)
{
	return lexer_next(&parser->lexer, state);
}

struct token parser_peek(const struct script_parser *parser, enum lex_state state)
{
	return lexer_peek(&parser->lexer, state);
}

bool parser_accept(struct script_parser *parser, enum lex_state state, const char *text)
{
	struct lexer before = parser->lexer;
	if (token_is(parser_next(parser, state), text))
		return true;
	parser->lexer = before;
	return false;
}

bool parser_expected(struct script_parser *parser, struct token token, const char *what)
{
	return script_expected(parser->diag, token, what);
}

bool parser_expect(struct script_parser *parser, enum lex_state state, const char *text, const char *what)
{
	struct token token = parser_next(parser, state);
	return token_is(token, text) || parser_expected(parser, token, what);
}

const char *parser_copy(struct script_parser *parser, struct token token)
{
	return arena_strndup(parser->arena, token.text.at, token.text.len);
}

bool parser_name(struct script_parser *parser, enum lex_state state, const char **name, const char *what)
{
	struct token token = parser_next(parser, state);
	if (!token_is_name(token))
		return parser_expected(parser, token, what);
	*name = parser_copy(parser, token);
	return true;
}

bool parser_parenthesized_name(struct script_parser *parser, enum lex_state state, const char **name, const char *what)
{
	return parser_expect(parser, state, "(", "'('") && parser_name(parser, state, name, what) &&
	       parser_expect(parser, state, ")", "')'");
}

bool parser_nest(struct script_parser *parser, struct token token)
{
	if (parser->nesting == MAX_NESTING)
		return script_error(parser->diag, token.place, NULL, "nested too deeply");
	parser->nesting++;
	return true;
}

static bool items(struct script_parser *parser, enum lex_state state, parser_item *item, void *context,
		  const char *what, bool included)
{
	for (;;) {
		struct token token = parser_next(parser, state);
		if (included ? token.kind == TOKEN_END : token_is(token, "}"))
			return true;
		if (token_is(token, ";") || token_is(token, ","))
			continue;
		if (token.kind == TOKEN_END || token.kind == TOKEN_ERROR || token_is(token, "}"))
			return parser_expected(parser, token, what);
		if (token_is(token, "INCLUDE")) {
			if (!parser_include(parser, state, item, context, what))
				return false;
		} else if (!item(parser, token, context)) {
			return false;
		}
	}
}

bool parser_items(struct script_parser *parser, enum lex_state state, parser_item *item, void *context,
		  const char *what)
{
	return items(parser, state, item, context, what, false);
}

bool parser_enter(struct script_parser *parser, struct token token, struct lexer *before)
{
	if (parser->includes == MAX_INCLUDES)
		return script_error(parser->diag, token.place, NULL, "INCLUDE nested too deeply");
	const char *name = parser_copy(parser, token);
	const struct script_text *text =
		parser->includer ? parser->includer->open(parser->includer->context, name) : NULL;
	if (!text)
		return script_error(parser->diag, token.place, NULL, "cannot find linker script '%s'", name);
	if (parser->includes && parser->includer->nested &&
	    !script_may_nest(parser->includer->nested, text->bytes.size))
		return script_error(parser->diag, token.place, NULL, "INCLUDE in files that are included: more than %d MiB",
				    SCRIPT_NESTED_MAX >> 20);
	*before = parser->lexer;
	parser->includes++;
	lexer_init(&parser->lexer, script_whole(text));
	return true;
}

void parser_leave(struct script_parser *parser, const struct lexer *before)
{
	parser->includes--;
	parser->lexer = *before;
}

bool parser_include(struct script_parser *parser, enum lex_state state, parser_item *item, void *context,
		    const char *what)
{
	struct token token = parser_next(parser, LEX_INPUTLIST);
	struct lexer before;
	if (!token_is_name(token))
		return parser_expected(parser, token, "the name of a file after INCLUDE");
	if (!parser_enter(parser, token, &before))
		return false;
	bool ok = items(parser, state, item, context, what, true);
	parser_leave(parser, &before);
	return ok;
}

bool script_parse(struct script *script, const struct script_text *text, const struct script_includer *includer,
		  struct arena *arena, struct diag *diag)
{
	struct script_parser parser = {
		.out = script, .includer = includer, .arena = arena, .diag = diag, .end = &script->statements};
	while (*parser.end)
		parser.end = &(*parser.end)->next;
	lexer_init(&parser.lexer, script_whole(text));
	return items(&parser, LEX_SCRIPT, parser_command, NULL, "a command such as SECTIONS or INPUT", true);
}

bool script_parse_ordering(struct script *script, const struct script_text *text, struct arena *arena,
			   struct diag *diag)
{
	struct script_parser parser = {.out = script, .arena = arena, .diag = diag, .end = &script->orderings};
	while (*parser.end)
		parser.end = &(*parser.end)->next;
	lexer_init(&parser.lexer, script_whole(text));
	return items(&parser, LEX_SCRIPT, parser_ordered_section, NULL, "an output section", true);
}

const struct expr *script_parse_expr(const struct script_text *text, struct arena *arena, struct diag *diag)
{
	struct script_parser parser = {.arena = arena, .diag = diag};
	lexer_init(&parser.lexer, script_whole(text));
	const struct expr *expr = parser_expression(&parser);
	if (!expr)
		return NULL;
	struct token token = parser_next(&parser, LEX_EXPR);
	if (token.kind == TOKEN_END)
		return expr;
	parser_expected(&parser, token, "an operator");
	return NULL;
}

void script_free(struct script *script)
{
	array_free(&script->inputs);
	array_free(&script->search_dirs);
	array_free(&script->externs);
	array_free(&script->versions);
}

bool named_number_find(const struct named_number *table, struct str name, uint64_t *number)
{
	for (; table->name; table++) {
		if (strlen(table->name) == name.len && memcmp(table->name, name.at, name.len) == 0) {
			*number = table->number;
			return true;
		}
	}
	return false;
}

const char *named_number_similar(const struct named_number *table, struct str name)
{
	const char *words[64];
	uint32_t n = 0;
	for (; table->name && n + 1 < COUNTOF(words); table++)
		words[n++] = table->name;
	words[n] = NULL;
	return script_similar(name, words);
}
