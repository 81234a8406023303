/* How every script parser reports: FILE:LINE:COLUMN, what was expected, and the source line with a caret.
 *
 *   v.map:3:9: expected ';' after a symbol pattern, found '}'
 *   >>> 	foo }
 *   >>> 	    ^ */
#ifndef GILD_LD_SCRIPT_REPORT_H
#define GILD_LD_SCRIPT_REPORT_H

#include "base/diag.h"
#include "ld/script/lexer.h"

/* Line and column of a place, from 1. Takes time in proportion to the text in front of it. */
void script_position(struct script_place place, uint32_t *line, uint32_t *column);

/* Reports `format` at `place`; `hint`: NULL, or a line that says what can be done. Returns false, so that a parser can
 * `return script_error(...)`. */
__attribute__((format(printf, 4, 5))) bool script_error(struct diag *diag, struct script_place place, const char *hint,
							 const char *format, ...);

/* "expected WHAT, found 'token'", or what is wrong with the token itself. Returns false. */
bool script_expected(struct diag *diag, struct token token, const char *what);

/* The word of a NULL-terminated list that `text` is probably a misspelling of, or NULL. */
const char *script_similar(struct str text, const char *const *words);

#endif
