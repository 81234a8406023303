/* Expressions (GNU ld manual, "Expressions in Linker Scripts"): precedence climbing, as C's operators bind. */
#include <stdio.h>
#include <string.h>

#include "ld/script/parser.h"

/* What a function has between its parentheses. */
enum arguments {
	NO_ARGUMENTS,     /* and no parentheses */
	ONE,
	TWO,
	ONE_OR_TWO,       /* ALIGN */
	SECTION_NAME,     /* also a memory region's */
	SYMBOL_NAME,
	CONSTANT_NAME,
	SEGMENT_NAME,     /* and an expression */
	MESSAGE,          /* behind an expression */
};

static const struct function {
	const char *name;
	enum expr_kind kind;
	enum arguments arguments;
} functions[] = {
	{"ABSOLUTE", EXPR_ABSOLUTE, ONE},
	{"ADDR", EXPR_ADDR, SECTION_NAME},
	{"ALIGN", EXPR_ALIGN, ONE_OR_TWO},
	{"ALIGNOF", EXPR_ALIGNOF, SECTION_NAME},
	{"ASSERT", EXPR_ASSERT, MESSAGE},
	{"BLOCK", EXPR_ALIGN, ONE},
	{"CONSTANT", EXPR_CONSTANT, CONSTANT_NAME},
	{"DATA_SEGMENT_ALIGN", EXPR_DATA_SEGMENT_ALIGN, TWO},
	{"DATA_SEGMENT_END", EXPR_DATA_SEGMENT_END, ONE},
	{"DATA_SEGMENT_RELRO_END", EXPR_DATA_SEGMENT_RELRO_END, TWO},
	{"DEFINED", EXPR_DEFINED, SYMBOL_NAME},
	{"LENGTH", EXPR_LENGTH, SECTION_NAME},
	{"LOADADDR", EXPR_LOADADDR, SECTION_NAME},
	{"LOG2CEIL", EXPR_LOG2CEIL, ONE},
	{"MAX", EXPR_MAX, TWO},
	{"MIN", EXPR_MIN, TWO},
	{"NEXT", EXPR_NEXT, ONE},
	{"ORIGIN", EXPR_ORIGIN, SECTION_NAME},
	{"SEGMENT_START", EXPR_SEGMENT_START, SEGMENT_NAME},
	{"SIZEOF", EXPR_SIZEOF, SECTION_NAME},
	{"SIZEOF_HEADERS", EXPR_SIZEOF_HEADERS, NO_ARGUMENTS},
};

/* Operators of two operands; a higher level binds tighter. A longer one stands before what it begins with. */
static const struct {
	const char *text;
	enum expr_op op;
	unsigned level;
} operators[] = {
	{"||", OP_OR, 1},
	{"&&", OP_AND, 2},
	{"|", OP_BIT_OR, 3},
	{"^", OP_BIT_XOR, 4},
	{"&", OP_BIT_AND, 5},
	{"==", OP_EQUAL, 6},
	{"!=", OP_NOT_EQUAL, 6},
	{"<", OP_LESS, 7},
	{"<=", OP_LESS_EQUAL, 7},
	{">", OP_GREATER, 7},
	{">=", OP_GREATER_EQUAL, 7},
	{"<<", OP_SHIFT_LEFT, 8},
	{">>", OP_SHIFT_RIGHT, 8},
	{"+", OP_ADD, 9},
	{"-", OP_SUBTRACT, 9},
	{"*", OP_MULTIPLY, 10},
	{"/", OP_DIVIDE, 10},
	{"%", OP_REMAINDER, 10},
};

static const struct expr *parse_binary(struct script_parser *parser, unsigned least);

/* From the beginning of one place to the end of what has been read. */
static struct script_place up_to_here(const struct script_parser *parser, struct script_place first)
{
	first.length = first.text == parser->lexer.text ? (uint32_t)(parser->lexer.at - first.offset) : first.length;
	return first;
}

static struct expr *make(struct script_parser *parser, enum expr_kind kind, struct script_place place)
{
	struct expr *expr = arena_new(parser->arena, struct expr);
	expr->kind = kind;
	expr->place = up_to_here(parser, place);
	return expr;
}

static const struct function *find_function(struct token token)
{
	for (size_t i = 0; token.kind == TOKEN_NAME && i < COUNTOF(functions); i++)
		if (token_is(token, functions[i].name))
			return &functions[i];
	return NULL;
}

/* Behind a symbol: does a call follow? The "(" of ".bss start (NOLOAD) :" begins a section's type. */
static bool is_called(const struct script_parser *parser)
{
	struct lexer lexer = parser->lexer;
	return token_is(lexer_next(&lexer, LEX_EXPR), "(") && !parser_is_section_type(lexer_next(&lexer, LEX_EXPR));
}

/* SIZEOFF(.text): a symbol cannot be called. */
static void *unknown_function(struct script_parser *parser, struct token token)
{
	const char *names[COUNTOF(functions) + 1] = {NULL};
	for (size_t i = 0; i < COUNTOF(functions); i++)
		names[i] = functions[i].name;
	const char *similar = script_similar(token.text, names);
	script_error(parser->diag, token.place, NULL, similar ? "unknown function '%.*s', did you mean %s?"
							      : "unknown function '%.*s'",
		     (int)token.text.len, token.text.at, similar);
	return NULL;
}

static bool parse_constant(struct script_parser *parser, struct expr *expr)
{
	static const char *const names[] = {"MAXPAGESIZE", "COMMONPAGESIZE", NULL};
	struct token token = parser_next(parser, LEX_EXPR);
	if (!token_is_name(token))
		return parser_expected(parser, token, "MAXPAGESIZE or COMMONPAGESIZE");
	expr->name = parser_copy(parser, token);
	if (strcmp(expr->name, names[0]) == 0 || strcmp(expr->name, names[1]) == 0)
		return true;
	const char *similar = script_similar(token.text, names);
	return script_error(parser->diag, token.place, NULL,
			    similar ? "unknown constant '%s', did you mean %s?" : "unknown constant '%s'", expr->name,
			    similar);
}

/* Behind the "(". */
static bool parse_arguments(struct script_parser *parser, const struct function *function, struct expr *expr)
{
	switch (function->arguments) {
	case NO_ARGUMENTS:
		break;
	case ONE:
	case TWO:
	case ONE_OR_TWO:
		expr->a = parser_expression(parser);
		if (!expr->a)
			return false;
		if (function->arguments == TWO && !parser_expect(parser, LEX_EXPR, ",", "','"))
			return false;
		if (function->arguments == TWO ||
		    (function->arguments == ONE_OR_TWO && parser_accept(parser, LEX_EXPR, ","))) {
			expr->b = parser_expression(parser);
			if (!expr->b)
				return false;
		}
		break;
	case SECTION_NAME:
		return parser_name(parser, LEX_SCRIPT, &expr->name,
				   expr->kind == EXPR_ORIGIN || expr->kind == EXPR_LENGTH ? "the name of a memory region"
											   : "the name of a section");
	case SYMBOL_NAME:
		return parser_name(parser, LEX_EXPR, &expr->name, "a symbol");
	case CONSTANT_NAME:
		return parse_constant(parser, expr);
	case SEGMENT_NAME:
		if (!parser_name(parser, LEX_SCRIPT, &expr->name, "the name of a segment in quotes") ||
		    !parser_expect(parser, LEX_EXPR, ",", "','"))
			return false;
		expr->a = parser_expression(parser);
		return expr->a;
	case MESSAGE:
		expr->a = parser_expression(parser);
		return expr->a && parser_expect(parser, LEX_EXPR, ",", "',' before the message of ASSERT") &&
		       parser_name(parser, LEX_EXPR, &expr->name, "a message in quotes");
	}
	return true;
}

static const struct expr *parse_function(struct script_parser *parser, const struct function *function,
					 struct token word)
{
	struct expr *expr = make(parser, function->kind, word.place);
	if (function->arguments == NO_ARGUMENTS)
		return expr;
	struct token token = parser_next(parser, LEX_EXPR);
	if (!token_is(token, "(")) {
		char what[64];
		snprintf(what, sizeof(what), "'(' after %s", function->name);
		parser_expected(parser, token, what);
		return NULL;
	}
	if (!parser_nest(parser, word) || !parse_arguments(parser, function, expr) ||
	    !parser_expect(parser, LEX_EXPR, ")", "')'"))
		return NULL;
	parser->nesting--;
	if (function->kind == EXPR_ALIGN && !expr->b) { /* ALIGN(n) aligns the location counter */
		expr->b = expr->a;
		expr->a = make(parser, EXPR_DOT, word.place);
	}
	expr->place = up_to_here(parser, word.place);
	return expr;
}

static const struct expr *parse_number(struct script_parser *parser, struct token token)
{
	struct expr *expr = make(parser, EXPR_NUMBER, token.place);
	expr->number = token.number;
	expr->hex_digits = token.hex_digits;
	if (token.hex_digits)
		expr->name = arena_strndup(parser->arena, token.text.at + 2, token.hex_digits);
	if (token.hex_digits <= 16 || parser->in_fill)
		return expr;
	script_error(parser->diag, token.place, NULL, "number does not fit in 64 bits");
	return NULL;
}

static const struct expr *parse_unary(struct script_parser *parser)
{
	static const struct {
		const char *text;
		enum expr_op op;
	} prefixes[] = {{"-", OP_NEGATE}, {"~", OP_COMPLEMENT}, {"!", OP_NOT}, {"+", OP_PLUS}};
	struct token token = parser_next(parser, LEX_EXPR);
	for (unsigned i = 0; i < COUNTOF(prefixes); i++) {
		if (!token_is(token, prefixes[i].text))
			continue;
		if (!parser_nest(parser, token))
			return NULL;
		const struct expr *a = parse_unary(parser);
		parser->nesting--;
		if (!a)
			return NULL;
		struct expr *expr = make(parser, EXPR_UNARY, token.place);
		expr->op = prefixes[i].op;
		expr->a = a;
		return expr;
	}
	if (token_is(token, "(")) {
		if (!parser_nest(parser, token))
			return NULL;
		const struct expr *inner = parser_expression(parser);
		parser->nesting--;
		return inner && parser_expect(parser, LEX_EXPR, ")", "')'") ? inner : NULL;
	}
	if (token.kind == TOKEN_NUMBER)
		return parse_number(parser, token);
	if (!token_is_name(token)) {
		parser_expected(parser, token, "a number, a symbol or '('");
		return NULL;
	}
	const struct function *function = find_function(token);
	if (function)
		return parse_function(parser, function, token);
	if (token_is(token, "."))
		return make(parser, EXPR_DOT, token.place);
	if (is_called(parser))
		return unknown_function(parser, token);
	struct expr *expr = make(parser, EXPR_SYMBOL, token.place);
	expr->name = parser_copy(parser, token);
	return expr;
}

/* The operator that comes next if it binds at least as tight as `least`; -1: none does. */
static int accept_operator(struct script_parser *parser, unsigned least)
{
	struct lexer before = parser->lexer;
	struct token token = parser_next(parser, LEX_EXPR);
	for (unsigned i = 0; i < COUNTOF(operators); i++)
		if (operators[i].level >= least && token_is(token, operators[i].text))
			return (int)i;
	parser->lexer = before;
	return -1;
}

static const struct expr *parse_binary(struct script_parser *parser, unsigned least)
{
	const struct expr *left = parse_unary(parser);
	if (!left)
		return NULL;
	for (int i; (i = accept_operator(parser, least)) >= 0;) {
		const struct expr *right = parse_binary(parser, operators[i].level + 1);
		if (!right)
			return NULL;
		struct expr *expr = make(parser, EXPR_BINARY, left->place);
		expr->op = operators[i].op;
		expr->a = left;
		expr->b = right;
		left = expr;
	}
	return left;
}

const struct expr *parser_expression(struct script_parser *parser)
{
	const struct expr *condition = parse_binary(parser, 0);
	struct token next = parser_peek(parser, LEX_EXPR);
	if (!condition || !parser_accept(parser, LEX_EXPR, "?"))
		return condition;
	if (!parser_nest(parser, next))
		return NULL;
	const struct expr *yes = parser_expression(parser);
	if (!yes || !parser_expect(parser, LEX_EXPR, ":", "':'"))
		return NULL;
	const struct expr *no = parser_expression(parser);
	parser->nesting--;
	if (!no)
		return NULL;
	struct expr *expr = make(parser, EXPR_CONDITIONAL, condition->place);
	expr->a = condition;
	expr->b = yes;
	expr->c = no;
	return expr;
}

const struct expr *parser_parenthesized_expression(struct script_parser *parser)
{
	if (!parser_expect(parser, LEX_EXPR, "(", "'('"))
		return NULL;
	const struct expr *expr = parser_expression(parser);
	return expr && parser_expect(parser, LEX_EXPR, ")", "')'") ? expr : NULL;
}

const struct expr *parser_fill(struct script_parser *parser)
{
	parser->in_fill = true;
	const struct expr *expr = parser_expression(parser);
	parser->in_fill = false;
	return expr;
}

const struct expr *parser_assert(struct script_parser *parser, struct token word)
{
	return parse_function(parser, find_function(word), word);
}
