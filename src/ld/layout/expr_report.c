/* What is wrong with an expression, for its author. */
#include <stdlib.h>
#include <string.h>

#include "base/edit_distance.h"
#include "ld/layout/expr.h"
#include "ld/resolve/symbols.h"
#include "ld/script/parse.h"
#include "ld/script/report.h"

static bool is_before(struct str a, struct str b)
{
	int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);
	return order < 0 || (order == 0 && a.len < b.len);
}

/* The defined symbol, or the type of a section that an address may have been meant to be, whose name is nearest to this
 * one; empty: there is none like it. */
static struct str similar_name(const struct link *link, struct str name)
{
	static const char *const types[] = {"NOLOAD", "READONLY", "TYPE", "INFO", "COPY", "DSECT", "OVERLAY", NULL};
	unsigned limit = name.len < 4 ? 1 : 2, least = limit + 1;
	const char *type = script_similar(name, types);
	struct str best = {"", 0};
	for (symbol_id id = 1; id < link->n_symbols; id++) {
		if (link->symbols[id].owner == OWNER_NONE)
			continue;
		struct str other = symbol_name(link, id);
		if (other.len + limit < name.len || other.len > name.len + limit)
			continue;
		unsigned distance = edit_distance(name, other, limit);
		if (distance && (distance < least || (distance == least && is_before(other, best)))) {
			least = distance;
			best = other;
		}
	}
	return best.len || !type ? best : str_of(type);
}

static void report_symbol(struct diag *diag, const struct link *link, const struct expr *culprit)
{
	struct str similar = similar_name(link, str_of(culprit->name));
	if (similar.len)
		script_report(diag, culprit->place.offset, culprit->place,
			      "undefined symbol `%s' referenced in expression, did you mean %.*s?", culprit->name,
			      (int)similar.len, similar.at);
	else
		script_report(diag, culprit->place.offset, culprit->place,
			      "undefined symbol `%s' referenced in expression", culprit->name);
}

void expr_report(struct diag *diag, const struct expr_scope *scope)
{
	const struct expr *culprit = scope->culprit;
	switch (scope->problem) {
	case EXPR_FINE:
		break;
	case EXPR_UNDEFINED_SYMBOL:
		report_symbol(diag, scope->link, culprit);
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

/* The operands that have been printed. */
struct printed {
	const struct expr *at[16];
	uint32_t n;
};

static bool same_text(struct script_place a, struct script_place b)
{
	return a.text && b.text && a.length == b.length &&
	       memcmp(a.text->bytes.data + a.offset, b.text->bytes.data + b.offset, a.length) == 0;
}

/* Whether the operand, as it is written, has been printed; notes that it is now. */
static bool is_known(struct printed *printed, const struct expr *expr)
{
	for (uint32_t i = 0; i < printed->n; i++)
		if (same_text(printed->at[i]->place, expr->place))
			return true;
	if (printed->n < COUNTOF(printed->at))
		printed->at[printed->n++] = expr;
	return false;
}

/* What the operands are worth, and theirs, each once: "SIZEOF (.text) = 0x1234". */
static void print_operands(FILE *to, const struct expr *expr, const struct expr_scope *scope, struct printed *printed)
{
	if (!expr || expr->kind == EXPR_NUMBER)
		return;
	bool is_comparison = expr->kind == EXPR_BINARY &&
			     ((expr->op >= OP_LESS && expr->op <= OP_NOT_EQUAL) || expr->op == OP_AND ||
			      expr->op == OP_OR);
	bool is_truth = is_comparison || (expr->kind == EXPR_UNARY && expr->op == OP_NOT) ||
			expr->kind == EXPR_CONDITIONAL;
	if (!is_truth) {
		if (is_known(printed, expr))
			return;
		struct expr_scope copy = *scope;
		struct value value = expr_evaluate(expr, &copy);
		fputs("\n>>> ", to);
		expr_print(to, expr);
		fprintf(to, " = 0x%llx", (unsigned long long)value_absolute(scope->link->layout, value));
	}
	print_operands(to, expr->a, scope, printed);
	print_operands(to, expr->b, scope, printed);
	print_operands(to, expr->c, scope, printed);
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
	print_operands(to, expr->a, scope, &(struct printed){.n = 0});
	if (fclose(to) != 0)
		out_of_memory();
	script_report(diag, expr->place.offset, expr->place, "%s", text);
	free(text);
}
