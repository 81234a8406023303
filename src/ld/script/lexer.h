/* The stateful lexer of GNU's script language (GNU ld manual, "Linker Scripts"; bare words differ by state).
 *
 * One hand-written lexer serves linker scripts, version scripts and dynamic lists. The parser says in which state it
 * wants the next token; there is one token of look-ahead at most, and none is kept across a change of state. */
#ifndef GILD_LD_SCRIPT_LEXER_H
#define GILD_LD_SCRIPT_LEXER_H

#include "base/types.h"
#include "ld/script/place.h"

enum lex_state {
	LEX_SCRIPT,    /* commands, and names of output sections */
	LEX_INPUTLIST, /* names of files */
	LEX_EXPR,
	LEX_WILD,      /* patterns */
	LEX_STATEMENT, /* the first word of a statement in an output section: a pattern, or the symbol of `x=1` */
	LEX_VERSION,
};

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_QUOTED, TOKEN_NUMBER, TOKEN_PUNCT, TOKEN_ERROR };

struct token {
	enum token_kind kind;
	struct str text;       /* the name without quotes, the number's text, the punctuation ("(", "{", ";", "+=", ...);
				* of TOKEN_ERROR: what is wrong */
	uint64_t number;
	uint32_t hex_digits;   /* TOKEN_NUMBER: digits behind 0x; 0: written otherwise. More than 16 are left to the
				* parser, `number` is 0 then: a fill may be that long. */
	struct script_place place;
};

struct lexer {
	const struct script_text *text;
	uint64_t at, end;      /* offsets in the text */
	bool by_lines;         /* an MRI script: the end of a line is punctuation, ';' and '*' begin comments, '#'
				* one that takes the end of its line along */
};

/* Begins to read that piece of a text. */
void lexer_init(struct lexer *lexer, struct script_place place);
struct token lexer_next(struct lexer *lexer, enum lex_state state);
/* The next token without consuming it. */
struct token lexer_peek(const struct lexer *lexer, enum lex_state state);

/* Whether it is that bare word or punctuation. */
bool token_is(struct token token, const char *text);

/* A name, in quotes or without. */
bool token_is_name(struct token token);

#endif
