/* Symbol assignments, PROVIDE and its kin, ASSERT (GNU ld manual, "Assigning Values to Symbols"). */
#include <string.h>

#include "ld/script/parser.h"

static const struct {
	const char *text;
	enum expr_op op;
} assignment_operators[] = {
	{"=", OP_NONE},
	{"+=", OP_ADD},
	{"-=", OP_SUBTRACT},
	{"*=", OP_MULTIPLY},
	{"/=", OP_DIVIDE},
	{"<<=", OP_SHIFT_LEFT},
	{">>=", OP_SHIFT_RIGHT},
	{"&=", OP_BIT_AND},
	{"|=", OP_BIT_OR},
	{"^=", OP_BIT_XOR},
};

struct statement *parser_add(struct script_parser *parser, enum statement_kind kind, struct script_place place)
{
	struct statement *statement = arena_new(parser->arena, struct statement);
	statement->kind = kind;
	statement->place = place;
	*parser->end = statement;
	parser->end = &statement->next;
	return statement;
}

/* Index of the assignment operator that the token is, or -1. */
static int find_operator(struct token token)
{
	for (unsigned i = 0; i < COUNTOF(assignment_operators); i++)
		if (token_is(token, assignment_operators[i].text))
			return (int)i;
	return -1;
}

/* symbol OPERATOR value, behind the operator. The whole statement is the place. */
static struct statement *parse_value(struct script_parser *parser, struct token symbol, unsigned op)
{
	const struct expr *value = parser_expression(parser);
	if (!value)
		return NULL;
	struct statement *statement = parser_add(parser, STATEMENT_ASSIGN, symbol.place);
	statement->symbol = parser_copy(parser, symbol);
	statement->value = value;
	if (value->place.text == symbol.place.text)
		statement->place.length = value->place.offset + value->place.length - symbol.place.offset;
	if (assignment_operators[op].op == OP_NONE)
		return statement;
	struct expr *old = arena_new(parser->arena, struct expr), *whole = arena_new(parser->arena, struct expr);
	*old = (struct expr){.kind = EXPR_SYMBOL, .name = statement->symbol, .place = symbol.place};
	if (strcmp(statement->symbol, ".") == 0 && symbol.kind == TOKEN_NAME)
		*old = (struct expr){.kind = EXPR_DOT, .place = symbol.place};
	*whole = (struct expr){.kind = EXPR_BINARY, .op = assignment_operators[op].op, .a = old, .b = value,
			       .place = statement->place};
	statement->value = whole;
	statement->compound = true;
	return statement;
}

static bool end_statement(struct script_parser *parser, const char *what)
{
	if (parser_accept(parser, LEX_SCRIPT, ";") || parser_accept(parser, LEX_SCRIPT, ","))
		return true;
	return parser_expected(parser, parser_peek(parser, LEX_SCRIPT), what);
}

/* PROVIDE (symbol = value), behind the word. */
static bool parse_provide(struct script_parser *parser, bool provide, bool hidden)
{
	if (!parser_expect(parser, LEX_EXPR, "(", "'('"))
		return false;
	struct token symbol = parser_next(parser, LEX_EXPR);
	if (!token_is_name(symbol))
		return parser_expected(parser, symbol, "a symbol");
	if (token_is(symbol, "."))
		return script_error(parser->diag, symbol.place, NULL, "the location counter cannot be %s",
				    provide ? "provided" : "hidden");
	if (!parser_expect(parser, LEX_EXPR, "=", "'=' after the symbol"))
		return false;
	struct statement *statement = parse_value(parser, symbol, 0);
	if (!statement || !parser_expect(parser, LEX_EXPR, ")", "')'"))
		return false;
	statement->provide = provide;
	statement->hidden = hidden;
	return end_statement(parser, "';' after the ')'");
}

bool parser_assignment(struct script_parser *parser, struct token first, bool *taken)
{
	struct lexer before = parser->lexer;
	struct token next = parser_next(parser, LEX_EXPR);
	int op = find_operator(next);
	*taken = true;
	if (token_is_name(first) && op >= 0)
		return parse_value(parser, first, (unsigned)op) && end_statement(parser, "';' after an assignment");
	parser->lexer = before;
	if (token_is(next, "(")) {
		bool provide_hidden = token_is(first, "PROVIDE_HIDDEN"), hidden = token_is(first, "HIDDEN");
		if (provide_hidden || hidden || token_is(first, "PROVIDE"))
			return parse_provide(parser, !hidden, provide_hidden || hidden);
		if (token_is(first, "ASSERT")) {
			const struct expr *value = parser_assert(parser, first);
			if (!value)
				return false;
			parser_add(parser, STATEMENT_ASSERT, value->place)->value = value;
			return true; /* a ";" behind it is an empty statement */
		}
	}
	*taken = false;
	return true;
}
