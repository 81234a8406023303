/* How every script parser reports: FILE:LINE:COLUMN, what was expected, and the source line with a caret.
 *
 *   v.map:3:9: expected ';' after a symbol pattern, found '}'
 *   >>> 	foo }
 *   >>> 	    ^ */
#ifndef GILD_LD_INPUT_SCRIPT_ERROR_H
#define GILD_LD_INPUT_SCRIPT_ERROR_H

#include "base/diag.h"
#include "ld/input/lexer.h"

/* Reports `format` at `token`, which the lexer has returned before. Returns false, so that a parser can
 * `return script_error(...)`. */
__attribute__((format(printf, 4, 5))) bool script_error(struct diag *diag, const struct lexer *lexer,
							 struct token token, const char *format, ...);

/* "expected WHAT, found 'token'", or what is wrong with the token itself. Returns false. */
bool script_expected(struct diag *diag, const struct lexer *lexer, struct token token, const char *what);

#endif
