/* Expressions as they stand in --defsym. */
#include <string.h>

#include "ld/layout/expr.h"

struct operator {
	const char *text;
	enum expr_op op;
};

struct parser {
	struct layout *layout;
	struct lexer *lexer;
	const char **error;
};

static const struct expr *parse_binary(struct parser *parser, int least);

static const struct expr *fail(struct parser *parser, const char *what)
{
	if (!*parser->error)
		*parser->error = what;
	return NULL;
}

static bool accept(struct parser *parser, const char *punctuation)
{
	if (!token_is(lexer_peek(parser->lexer, LEX_EXPR), punctuation))
		return false;
	lexer_next(parser->lexer, LEX_EXPR);
	return true;
}

static const struct expr *make(struct parser *parser, struct expr expr)
{
	return layout_expr(parser->layout, expr);
}

static const struct expr *parse_primary(struct parser *parser)
{
	static const struct operator prefixes[] = {
		{"-", OP_NEGATE}, {"~", OP_COMPLEMENT}, {"!", OP_NOT}, {"+", OP_PLUS}};
	for (unsigned i = 0; i < COUNTOF(prefixes); i++)
		if (accept(parser, prefixes[i].text)) {
			const struct expr *a = parse_primary(parser);
			return a ? make(parser, (struct expr){.kind = EXPR_UNARY, .op = prefixes[i].op, .a = a}) : NULL;
		}
	if (accept(parser, "(")) {
		const struct expr *inner = parse_binary(parser, 0);
		return inner && !accept(parser, ")") ? fail(parser, "expected )") : inner;
	}
	struct token token = lexer_next(parser->lexer, LEX_EXPR);
	if (token.kind == TOKEN_NUMBER)
		return make(parser, (struct expr){.kind = EXPR_NUMBER, .number = token.number});
	if (token.kind != TOKEN_NAME && token.kind != TOKEN_QUOTED)
		return fail(parser, "expected a number, a symbol or (");
	if (token.kind == TOKEN_NAME && token_is(token, "."))
		return make(parser, (struct expr){.kind = EXPR_DOT});
	const char *name = arena_strndup(&parser->layout->arena, token.text.at, token.text.len);
	return make(parser, (struct expr){.kind = EXPR_SYMBOL, .name = name});
}

/* Operators from the loosest to the tightest, as in C. */
static const struct operator operators[][5] = {
	{{"||", OP_OR}}, {{"&&", OP_AND}}, {{"|", OP_BIT_OR}}, {{"^", OP_BIT_XOR}}, {{"&", OP_BIT_AND}},
	{{"==", OP_EQUAL}, {"!=", OP_NOT_EQUAL}},
	{{"<=", OP_LESS_EQUAL}, {">=", OP_GREATER_EQUAL}, {"<", OP_LESS}, {">", OP_GREATER}},
	{{"<<", OP_SHIFT_LEFT}, {">>", OP_SHIFT_RIGHT}}, {{"+", OP_ADD}, {"-", OP_SUBTRACT}},
	{{"*", OP_MULTIPLY}, {"/", OP_DIVIDE}, {"%", OP_REMAINDER}},
};

/* The operator of that level that comes next, or OP_NONE. */
static enum expr_op accept_operator(struct parser *parser, int level)
{
	for (unsigned i = 0; i < COUNTOF(operators[0]) && operators[level][i].text; i++)
		if (accept(parser, operators[level][i].text))
			return operators[level][i].op;
	return OP_NONE;
}

static const struct expr *parse_binary(struct parser *parser, int least)
{
	if (least == COUNTOF(operators))
		return parse_primary(parser);
	const struct expr *left = parse_binary(parser, least + 1);
	for (enum expr_op op; left && (op = accept_operator(parser, least)) != OP_NONE;) {
		const struct expr *right = parse_binary(parser, least + 1);
		left = right ? make(parser, (struct expr){.kind = EXPR_BINARY, .op = op, .a = left, .b = right}) : NULL;
	}
	return left;
}

const struct expr *expr_parse(struct layout *layout, struct lexer *lexer, const char **error)
{
	struct parser parser = {layout, lexer, error};
	*error = NULL;
	return parse_binary(&parser, 0);
}
