/* What is wrong with an expression, for its author. */
#include <stdlib.h>
#include <string.h>

#include "ld/layout/expr.h"
#include "ld/script/parse.h"

void expr_report(struct diag *diag, const struct expr_scope *scope)
{
	const struct expr *culprit = scope->culprit;
	switch (scope->problem) {
	case EXPR_FINE:
		break;
	case EXPR_UNDEFINED_SYMBOL:
		script_report(diag, culprit->place.offset, culprit->place,
			      "undefined symbol `%s' referenced in expression", culprit->name);
		break;
	case EXPR_UNDEFINED_SECTION:
		script_report(diag, culprit->place.offset, culprit->place,
			      "undefined section `%s' referenced in expression", culprit->name);
		break;
	case EXPR_UNDEFINED_REGION:
		script_report(diag, culprit->place.offset, culprit->place,
			      "undefined MEMORY region `%s' referenced in expression", culprit->name);
		break;
	case EXPR_UNKNOWN_CONSTANT:
		script_report(diag, culprit->place.offset, culprit->place,
			      "unknown constant `%s' referenced in expression", culprit->name);
		break;
	case EXPR_DIVISION_BY_ZERO:
		script_report(diag, culprit->place.offset, culprit->place, "%c by zero",
			      culprit->op == OP_DIVIDE ? '/' : '%');
		break;
	case EXPR_NOT_HERE:
		script_report(diag, culprit->place.offset, culprit->place,
			      "this function is for the space between output sections");
		break;
	}
}

/* The expression with what its operands are worth: "SIZEOF (.text) = 0x1234". */
static void print_operands(FILE *to, const struct expr *expr, const struct expr_scope *scope)
{
	if (!expr || expr->kind == EXPR_NUMBER)
		return;
	bool is_comparison = expr->kind == EXPR_BINARY &&
			     ((expr->op >= OP_LESS && expr->op <= OP_NOT_EQUAL) || expr->op == OP_AND ||
			      expr->op == OP_OR);
	bool is_not = expr->kind == EXPR_UNARY && expr->op == OP_NOT;
	if (is_comparison || is_not || expr->kind == EXPR_CONDITIONAL) {
		print_operands(to, expr->a, scope);
		print_operands(to, expr->b, scope);
		print_operands(to, expr->c, scope);
		return;
	}
	struct expr_scope copy = *scope;
	struct value value = expr_evaluate(expr, &copy);
	fputs("\n>>> ", to);
	expr_print(to, expr);
	fprintf(to, " = 0x%llx", (unsigned long long)value_absolute(scope->link->layout, value));
}

/* The first ASSERT in it that is false. */
static const struct expr *false_assert(const struct expr *expr, const struct expr_scope *scope)
{
	if (!expr)
		return NULL;
	if (expr->kind == EXPR_ASSERT) {
		struct expr_scope copy = *scope;
		return expr_evaluate(expr->a, &copy).number == 0 ? expr : NULL;
	}
	const struct expr *found = false_assert(expr->a, scope);
	found = found ? found : false_assert(expr->b, scope);
	return found ? found : false_assert(expr->c, scope);
}

void expr_report_assert(struct diag *diag, const struct expr *expr, const struct expr_scope *scope)
{
	expr = false_assert(expr, scope);
	if (!expr)
		return;
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	if (!to)
		out_of_memory();
	fputs(expr->name, to);
	print_operands(to, expr->a, scope);
	if (fclose(to) != 0)
		out_of_memory();
	script_report(diag, expr->place.offset, expr->place, "%s", text);
	free(text);
}
