/* Expressions of linker scripts and --defsym (GNU ld manual, "Expressions in Linker Scripts"). */
#ifndef GILD_LD_LAYOUT_EXPR_H
#define GILD_LD_LAYOUT_EXPR_H

#include <stdio.h>

#include "ld/script/lexer.h"
#include "ld/layout/layout.h"

/* Parses an expression up to a token that cannot continue it; NULL after a syntax error (*error says what was
 * expected). */
const struct expr *expr_parse(struct layout *layout, struct lexer *lexer, const char **error);

/* The value at a place of the program. Addresses are those of the last pass. */
struct value expr_evaluate(const struct link *link, const struct expr *expr, struct value dot);

void expr_print(FILE *to, const struct expr *expr);

/* Calls body for every symbol the expression names. */
void expr_each_symbol(const struct expr *expr, void (*body)(struct link *link, const char *name), struct link *link);

#endif
