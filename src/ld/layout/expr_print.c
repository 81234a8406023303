/* Expressions as text, in the form that the parser reads back to the same tree. */
#include "ld/layout/expr.h"

static const char *const operators[] = {
	[OP_PLUS] = "+", [OP_NEGATE] = "-", [OP_COMPLEMENT] = "~", [OP_NOT] = "!",
	[OP_MULTIPLY] = "*", [OP_DIVIDE] = "/", [OP_REMAINDER] = "%",
	[OP_ADD] = "+", [OP_SUBTRACT] = "-", [OP_SHIFT_LEFT] = "<<", [OP_SHIFT_RIGHT] = ">>",
	[OP_LESS] = "<", [OP_LESS_EQUAL] = "<=", [OP_GREATER] = ">", [OP_GREATER_EQUAL] = ">=",
	[OP_EQUAL] = "==", [OP_NOT_EQUAL] = "!=",
	[OP_BIT_AND] = "&", [OP_BIT_XOR] = "^", [OP_BIT_OR] = "|", [OP_AND] = "&&", [OP_OR] = "||",
};

static void print(FILE *to, const struct expr *expr, bool inside);

/* NAME (a, b) */
static void print_call(FILE *to, const char *function, const struct expr *a, const struct expr *b)
{
	fprintf(to, "%s (", function);
	print(to, a, false);
	if (b) {
		fputs(", ", to);
		print(to, b, false);
	}
	fputc(')', to);
}

/* inside: of another expression, not of the parentheses of a function. */
static void print(FILE *to, const struct expr *expr, bool inside)
{
	switch (expr->kind) {
	case EXPR_NUMBER:
		fprintf(to, "0x%llx", (unsigned long long)expr->number);
		break;
	case EXPR_DOT:
		fputc('.', to);
		break;
	case EXPR_SYMBOL:
		fputs(expr->name, to);
		break;
	case EXPR_UNARY:
		fprintf(to, "%s(", operators[expr->op]);
		print(to, expr->a, false);
		fputc(')', to);
		break;
	case EXPR_BINARY:
		fputc('(', to); /* as GNU ld prints maps: all have parentheses */
		print(to, expr->a, true);
		fprintf(to, " %s ", operators[expr->op]);
		print(to, expr->b, true);
		fputc(')', to);
		break;
	case EXPR_CONDITIONAL:
		fputs(inside ? "(" : "", to);
		print(to, expr->a, true);
		fputc('?', to);
		print(to, expr->b, true);
		fputc(':', to);
		print(to, expr->c, true);
		fputs(inside ? ")" : "", to);
		break;
	case EXPR_ADDR:
		fprintf(to, "ADDR (%s)", expr->name);
		break;
	case EXPR_LOADADDR:
		fprintf(to, "LOADADDR (%s)", expr->name);
		break;
	case EXPR_ALIGNOF:
		fprintf(to, "ALIGNOF (%s)", expr->name);
		break;
	case EXPR_SIZEOF:
		fprintf(to, "SIZEOF (%s)", expr->name);
		break;
	case EXPR_ORIGIN:
		fprintf(to, "ORIGIN (%s)", expr->name);
		break;
	case EXPR_LENGTH:
		fprintf(to, "LENGTH (%s)", expr->name);
		break;
	case EXPR_ABSOLUTE:
		print_call(to, "ABSOLUTE", expr->a, NULL);
		break;
	case EXPR_ALIGN:
		if (expr_aligns_dot(expr))
			print_call(to, "ALIGN", expr->b, NULL);
		else
			print_call(to, "ALIGN", expr->a, expr->b);
		break;
	case EXPR_NEXT:
		print_call(to, "NEXT", expr->a, NULL);
		break;
	case EXPR_MAX:
		print_call(to, "MAX", expr->a, expr->b);
		break;
	case EXPR_MIN:
		print_call(to, "MIN", expr->a, expr->b);
		break;
	case EXPR_LOG2CEIL:
		print_call(to, "LOG2CEIL", expr->a, NULL);
		break;
	case EXPR_DATA_SEGMENT_ALIGN:
		print_call(to, "DATA_SEGMENT_ALIGN", expr->a, expr->b);
		break;
	case EXPR_DATA_SEGMENT_RELRO_END:
		print_call(to, "DATA_SEGMENT_RELRO_END", expr->a, expr->b);
		break;
	case EXPR_DATA_SEGMENT_END:
		print_call(to, "DATA_SEGMENT_END", expr->a, NULL);
		break;
	case EXPR_SEGMENT_START:
		fprintf(to, "SEGMENT_START (\"%s\", ", expr->name);
		print(to, expr->a, false);
		fputc(')', to);
		break;
	case EXPR_ASSERT:
		fputs("ASSERT (", to);
		print(to, expr->a, false);
		fprintf(to, ", \"%s\")", expr->name);
		break;
	case EXPR_DEFINED:
		fprintf(to, "DEFINED (%s)", expr->name);
		break;
	case EXPR_CONSTANT:
		fprintf(to, "CONSTANT (%s)", expr->name);
		break;
	case EXPR_SIZEOF_HEADERS:
		fputs("SIZEOF_HEADERS", to);
		break;
	}
}

void expr_print(FILE *to, const struct expr *expr)
{
	print(to, expr, false);
}
