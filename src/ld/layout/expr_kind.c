/* What an expression will be, before there are addresses: a number or a place in the image, which the loader moves?
 * Scanning relocations asks that. The rules are those of expr_evaluate(). */
#include <string.h>

#include "ld/layout/expr.h"
#include "ld/resolve/symbols.h"

enum kind { KIND_NUMBER, KIND_ABSOLUTE, KIND_FROM_DOT, KIND_PLACE };

struct reading {
	const struct link *link;
	bool in_section, sane;
	uint32_t n_symbols;
	symbol_id symbol;
};

static enum kind literal(const struct reading *reading)
{
	return reading->in_section || reading->sane ? KIND_NUMBER : KIND_ABSOLUTE;
}

static enum kind symbol_kind(struct reading *reading, const char *name)
{
	const struct link *link = reading->link;
	symbol_id symbol = symbols_find(link, str_of(name));
	uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
	reading->n_symbols++;
	reading->symbol = symbol;
	if (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE)
		return literal(reading);
	return symbol_definition(link, &link->symbols[symbol])->st_shndx == SHN_ABS ? literal(reading) : KIND_PLACE;
}

static enum kind join(const struct reading *reading, enum kind a, enum kind b)
{
	if (a == KIND_NUMBER || b == KIND_NUMBER) {
		enum kind other = a == KIND_NUMBER ? b : a;
		return other == KIND_NUMBER ? literal(reading) : other;
	}
	if (a == KIND_FROM_DOT || b == KIND_FROM_DOT) /* ". + 4", but not ". - symbol" */
		return a == KIND_PLACE || b == KIND_PLACE ? KIND_ABSOLUTE : KIND_FROM_DOT;
	return a == KIND_PLACE && b == KIND_PLACE ? literal(reading) : KIND_ABSOLUTE;
}

static bool is_comparison(enum expr_op op)
{
	return (op >= OP_LESS && op <= OP_NOT_EQUAL) || op == OP_AND || op == OP_OR;
}

static enum kind kind_of(const struct expr *expr, struct reading *reading)
{
	enum kind a, b;
	switch (expr->kind) {
	case EXPR_NUMBER:
		return literal(reading);
	case EXPR_DOT:
	case EXPR_ORIGIN:
	case EXPR_ASSERT:
		return reading->in_section ? KIND_PLACE : KIND_FROM_DOT;
	case EXPR_SYMBOL:
		return symbol_kind(reading, expr->name);
	case EXPR_UNARY:
	case EXPR_DATA_SEGMENT_END:
		return kind_of(expr->a, reading);
	case EXPR_BINARY:
		a = kind_of(expr->a, reading);
		b = kind_of(expr->b, reading);
		return is_comparison(expr->op) ? KIND_NUMBER : join(reading, a, b);
	case EXPR_CONDITIONAL:
		a = kind_of(expr->b, reading);
		b = kind_of(expr->c, reading);
		return a > b ? a : b;
	case EXPR_ADDR:
		return KIND_PLACE;
	case EXPR_MAX:
	case EXPR_MIN:
		a = kind_of(expr->a, reading);
		b = kind_of(expr->b, reading);
		return a == b ? a : a == KIND_NUMBER ? b : b == KIND_NUMBER ? a : KIND_ABSOLUTE;
	case EXPR_ALIGN:
		a = kind_of(expr->a, reading);
		kind_of(expr->b, reading);
		return a;
	case EXPR_SEGMENT_START:
		return reading->in_section ? KIND_PLACE : KIND_FROM_DOT;
	case EXPR_ABSOLUTE:
	case EXPR_NEXT:
	case EXPR_LOG2CEIL:
		kind_of(expr->a, reading);
		return expr->kind == EXPR_LOG2CEIL ? KIND_NUMBER : KIND_ABSOLUTE;
	case EXPR_LOADADDR:
	case EXPR_DATA_SEGMENT_ALIGN:
	case EXPR_DATA_SEGMENT_RELRO_END:
		return KIND_ABSOLUTE;
	case EXPR_ALIGNOF:
	case EXPR_SIZEOF:
	case EXPR_LENGTH:
	case EXPR_DEFINED:
	case EXPR_CONSTANT:
	case EXPR_SIZEOF_HEADERS:
		return KIND_NUMBER;
	}
	return KIND_ABSOLUTE;
}

bool expr_is_absolute(const struct link *link, const struct expr *expr, bool in_section, bool sane, symbol_id *like)
{
	struct reading reading = {.link = link, .in_section = in_section, .sane = sane};
	enum kind kind = kind_of(expr, &reading);
	*like = reading.n_symbols == 1 ? reading.symbol : 0;
	return in_section ? kind == KIND_ABSOLUTE : kind == KIND_ABSOLUTE || kind == KIND_NUMBER;
}
