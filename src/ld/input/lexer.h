/* The stateful lexer of GNU's script language (GNU ld manual, "Linker Scripts"; bare words differ by state).
 *
 * One hand-written lexer serves text scripts, version scripts, dynamic lists and (later) SECTIONS. The parser says in
 * which state it wants the next token; there is one token of look-ahead at most, and none is kept across a change of
 * state. */
#ifndef GILD_LD_INPUT_LEXER_H
#define GILD_LD_INPUT_LEXER_H

#include "base/types.h"

enum lex_state { LEX_SCRIPT, LEX_INPUTLIST, LEX_EXPR, LEX_WILD, LEX_VERSION };

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_QUOTED, TOKEN_NUMBER, TOKEN_PUNCT, TOKEN_ERROR };

struct token {
	enum token_kind kind;
	struct str text;     /* the name without quotes, the number's text, the punctuation ("(", "{", ";", "+=", ...);
			      * of TOKEN_ERROR: what is wrong */
	uint64_t number;
	uint32_t line, column; /* from 1 */
};

struct lexer {
	const char *path;
	struct bytes bytes;
	uint64_t at;
	uint32_t line;
	uint64_t line_start;
};

void lexer_init(struct lexer *lexer, const char *path, struct bytes bytes);
struct token lexer_next(struct lexer *lexer, enum lex_state state);
/* The next token without consuming it. */
struct token lexer_peek(const struct lexer *lexer, enum lex_state state);

bool token_is(struct token token, const char *text);

#endif
