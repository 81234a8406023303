/* Expressions of linker scripts and --defsym (GNU ld manual, "Expressions in Linker Scripts"). */
#ifndef GILD_LD_LAYOUT_EXPR_H
#define GILD_LD_LAYOUT_EXPR_H

#include <stdio.h>

#include "ld/layout/layout.h"

/* Why an expression has no value. */
enum expr_problem {
	EXPR_FINE,
	EXPR_UNDEFINED_SYMBOL,
	EXPR_UNDEFINED_SECTION,
	EXPR_UNDEFINED_REGION,
	EXPR_UNKNOWN_CONSTANT,
	EXPR_DIVISION_BY_ZERO,
	EXPR_NOT_HERE,            /* DATA_SEGMENT_* in an output section */
};

/* Where an expression stands; and what evaluating it found out besides the value. */
struct expr_scope {
	const struct link *link;
	uint64_t dot;             /* the location counter: an address */
	uint32_t section;         /* the output section it stands in; VALUE_ABSOLUTE: none */
	bool sane;                /* numbers are no addresses, wherever they stand: LD_FEATURE("SANE_EXPR") */
	/* Results: */
	bool from_dot;            /* an absolute value that was made from the location counter: it moves with the
				   * image */
	bool failed_assert;       /* an ASSERT in it is false */
	enum expr_problem problem; /* the first one, and the part of the expression that has it */
	const struct expr *culprit;
};

/* ALIGN (n), which aligns the location counter, rather than ALIGN (., n), which in an output section aligns the
 * distance from its beginning. */
static inline bool expr_aligns_dot(const struct expr *expr)
{
	return expr->kind == EXPR_ALIGN && expr->a->kind == EXPR_DOT && expr->a->place.offset == expr->place.offset;
}

/* The value of an expression, as far as the last pass over the program knows addresses and symbols; it is not valid
 * when something is undefined (scope->problem). Changes nothing but *scope, but for the three functions
 * DATA_SEGMENT_*, which note what they see in layout->data_segment. */
struct value expr_evaluate(const struct expr *expr, struct expr_scope *scope);

/* The address, or the number. */
uint64_t value_absolute(const struct layout *layout, struct value value);

/* Rounds up to a multiple of `align`, which need not be a power of two; 0 and 1 round nothing. */
uint64_t align_any(uint64_t value, uint64_t align);

/* The message for scope->problem: an error at the place of the culprit. */
void expr_report(struct diag *diag, const struct expr_scope *scope);

/* The same for the first ASSERT in the expression that is false: its message, and what its operands are worth. */
void expr_report_assert(struct diag *diag, const struct expr *expr, const struct expr_scope *scope);

/* Assigned to the location counter, and worth 0, it does not ask for a section that is empty otherwise: 0, `. + 0`,
 * `ALIGN(. != 0 ? n : 1)`, and the same with symbols that are 0. */
bool expr_keeps_empty(const struct expr *expr, const struct link *link);

/* Before layout: will a symbol with this value be a mere number, which stays when the image moves? *like: the only
 * symbol that the expression names; 0: there are none or several. */
bool expr_is_absolute(const struct link *link, const struct expr *expr, bool in_section, bool sane, symbol_id *like);

/* As a script has it. */
void expr_print(FILE *to, const struct expr *expr);

/* Calls body for every symbol the expression names. */
void expr_each_symbol(const struct expr *expr, void (*body)(struct link *link, const char *name), struct link *link);

#endif
