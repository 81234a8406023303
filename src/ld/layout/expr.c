#include "ld/layout/expr.h"

#include <stdio.h>
#include <string.h>

#include "ld/resolve/symbols.h"

/* ---- parsing ---------------------------------------------------------------------------------------------- */

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
	static const char *const prefixes[] = {"-", "~", "!", "+"};
	for (unsigned i = 0; i < COUNTOF(prefixes); i++)
		if (accept(parser, prefixes[i])) {
			const struct expr *a = parse_primary(parser);
			return a ? make(parser, (struct expr){.kind = EXPR_UNARY, .op = prefixes[i], .a = a}) : NULL;
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
static const char *const operators[][5] = {
	{"||"}, {"&&"}, {"|"}, {"^"}, {"&"}, {"==", "!="}, {"<=", ">=", "<", ">"}, {"<<", ">>"}, {"+", "-"},
	{"*", "/", "%"},
};

/* The operator of that level that comes next, or NULL. */
static const char *accept_operator(struct parser *parser, int level)
{
	for (unsigned i = 0; i < COUNTOF(operators[0]) && operators[level][i]; i++)
		if (accept(parser, operators[level][i]))
			return operators[level][i];
	return NULL;
}

static const struct expr *parse_binary(struct parser *parser, int least)
{
	if (least == COUNTOF(operators))
		return parse_primary(parser);
	const struct expr *left = parse_binary(parser, least + 1);
	for (const char *op; left && (op = accept_operator(parser, least));) {
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

void expr_each_symbol(const struct expr *expr, void (*body)(struct link *link, const char *name), struct link *link)
{
	if (!expr)
		return;
	if (expr->kind == EXPR_SYMBOL)
		body(link, expr->name);
	expr_each_symbol(expr->a, body, link);
	expr_each_symbol(expr->b, body, link);
}

/* ---- evaluating ------------------------------------------------------------------------------------------- */

static uint64_t apply_unary(char op, uint64_t a)
{
	return op == '-' ? -a : op == '~' ? ~a : op == '!' ? !a : a;
}

static uint64_t apply_binary(const char *op, uint64_t a, uint64_t b)
{
	bool doubled = op[1] == op[0];
	switch (op[0]) {
	case '+':
		return a + b;
	case '-':
		return a - b;
	case '*':
		return a * b;
	case '/':
		return b ? a / b : 0;
	case '%':
		return b ? a % b : 0;
	case '&':
		return doubled ? a && b : a & b;
	case '|':
		return doubled ? a || b : a | b;
	case '^':
		return a ^ b;
	case '=':
		return a == b;
	case '!':
		return a != b;
	case '<':
		return doubled ? (b < 64 ? a << b : 0) : op[1] ? a <= b : a < b;
	case '>':
		return doubled ? (b < 64 ? a >> b : 0) : op[1] ? a >= b : a > b;
	default:
		return 0;
	}
}

static struct value symbol_value(const struct link *link, const char *name)
{
	const struct layout *layout = link->layout;
	symbol_id symbol = symbols_find(link, str_of(name));
	uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
	if (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE)
		return (struct value){0, 0};
	const struct file *file = file_of(link, owner_file(owner));
	uint32_t index = owner_index(owner);
	const struct elf_sym *sym = &file->symtab.syms[index];
	if (file->kind == FILE_INTERNAL)
		return (struct value){sym->st_value,
				      sym->st_shndx == SHN_ABS || !layout->n_order ? 0 : layout->order[0]};
	if (elf_sym_is_special(&file->symtab, index))
		return (struct value){sym->st_value, 0};
	const struct section *section = section_of(link, file->first_section + elf_sym_section(&file->symtab, index));
	if (section->kind == SECTION_FOLDED)
		section = section_of(link, section->extra);
	if (!section->run || !section->live)
		return (struct value){0, 0};
	return (struct value){section_address(layout, section) + sym->st_value, layout->runs.at[section->run].osec};
}

struct value expr_evaluate(const struct link *link, const struct expr *expr, struct value dot)
{
	const struct layout *layout = link->layout;
	struct value a, b;
	uint32_t osec;
	switch (expr->kind) {
	case EXPR_NUMBER:
		return (struct value){expr->number, 0};
	case EXPR_DOT:
		return dot;
	case EXPR_UNARY:
		a = expr_evaluate(link, expr->a, dot);
		return (struct value){apply_unary(expr->op[0], a.number), expr->op[0] == '+' ? a.osec : 0};
	case EXPR_BINARY:
		a = expr_evaluate(link, expr->a, dot);
		b = expr_evaluate(link, expr->b, dot);
		/* An address plus or minus a number is an address; everything else is a number. */
		osec = 0;
		if (expr->op[0] == '+' && !(a.osec && b.osec))
			osec = a.osec | b.osec;
		else if (expr->op[0] == '-' && !b.osec)
			osec = a.osec;
		return (struct value){apply_binary(expr->op, a.number, b.number), osec};
	case EXPR_ADDR:
		osec = layout_find(layout, expr->name);
		return (struct value){layout->osecs.at[osec].addr, osec};
	case EXPR_SIZEOF:
		return (struct value){layout->osecs.at[layout_find(layout, expr->name)].size, 0};
	case EXPR_SIZEOF_HEADERS:
		return (struct value){layout->headers_size, 0};
	case EXPR_SEGMENT_START: /* options that move segments have been put into the default already */
		return expr_evaluate(link, expr->a, dot);
	case EXPR_SYMBOL:
		return symbol_value(link, expr->name);
	}
	return (struct value){0, 0};
}

/* ---- printing --------------------------------------------------------------------------------------------- */

void expr_print(FILE *to, const struct expr *expr)
{
	switch (expr->kind) {
	case EXPR_NUMBER:
		fprintf(to, "0x%llx", (unsigned long long)expr->number);
		break;
	case EXPR_DOT:
		fputc('.', to);
		break;
	case EXPR_UNARY:
		fprintf(to, "%s(", expr->op);
		expr_print(to, expr->a);
		fputc(')', to);
		break;
	case EXPR_BINARY:
		expr_print(to, expr->a);
		fprintf(to, " %s ", expr->op);
		expr_print(to, expr->b);
		break;
	case EXPR_ADDR:
		fprintf(to, "ADDR (%s)", expr->name);
		break;
	case EXPR_SIZEOF:
		fprintf(to, "SIZEOF (%s)", expr->name);
		break;
	case EXPR_SIZEOF_HEADERS:
		fprintf(to, "SIZEOF_HEADERS");
		break;
	case EXPR_SEGMENT_START:
		fprintf(to, "SEGMENT_START (\"%s\", ", expr->name);
		expr_print(to, expr->a);
		fputc(')', to);
		break;
	case EXPR_SYMBOL:
		fprintf(to, "%s", expr->name);
		break;
	}
}
