/* What the files of the script parser share. All functions that return bool return false once an error is reported. */
#ifndef GILD_LD_SCRIPT_PARSER_H
#define GILD_LD_SCRIPT_PARSER_H

#include "ld/script/lexer.h"
#include "ld/script/parse.h"
#include "ld/script/report.h"

struct script_parser {
	struct script *out;
	struct lexer lexer;
	const struct script_includer *includer;
	struct arena *arena;
	struct diag *diag;
	unsigned includes;            /* INCLUDEs that are open */
	unsigned nesting;             /* parentheses, and what else would take stack */
	bool in_fill;                 /* a number may have any number of hex digits */
	struct statement **end;       /* where the next statement goes */
};

struct token parser_next(struct script_parser *parser, enum lex_state state);
struct token parser_peek(const struct script_parser *parser, enum lex_state state);
/* Takes the next token when it is `text`. */
bool parser_accept(struct script_parser *parser, enum lex_state state, const char *text);
bool parser_expect(struct script_parser *parser, enum lex_state state, const char *text, const char *what);
bool parser_expected(struct script_parser *parser, struct token token, const char *what);
/* A copy of the token's text in the arena. */
const char *parser_copy(struct script_parser *parser, struct token token);
/* A name, in quotes or without. */
bool parser_name(struct script_parser *parser, enum lex_state state, const char **name, const char *what);
/* The same between parentheses. */
bool parser_parenthesized_name(struct script_parser *parser, enum lex_state state, const char **name,
			       const char *what);
/* Counts one more level of nesting, which ends with parser->nesting--. */
bool parser_nest(struct script_parser *parser, struct token token);

/* The items behind "{" up to the "}", or of an included file up to its end: item() takes one and does the rest itself,
 * INCLUDE and the end are taken here. `state`: how an item's first word is read. */
typedef bool parser_item(struct script_parser *parser, struct token first, void *context);
bool parser_items(struct script_parser *parser, enum lex_state state, parser_item *item, void *context,
		  const char *what);
bool parser_include(struct script_parser *parser, enum lex_state state, parser_item *item, void *context,
		    const char *what);
/* The file that INCLUDE names is read from here on, up to parser_leave(); `before`: where it was. */
bool parser_enter(struct script_parser *parser, struct token name, struct lexer *before);
void parser_leave(struct script_parser *parser, const struct lexer *before);

/* parse_command.c: a command at top level. */
parser_item parser_command;

/* parse_expression.c: an expression up to a token that cannot continue it; NULL after an error. */
const struct expr *parser_expression(struct script_parser *parser);
const struct expr *parser_parenthesized_expression(struct script_parser *parser);
/* Of a fill. */
const struct expr *parser_fill(struct script_parser *parser);
/* EXPR_ASSERT, behind the word ASSERT. */
const struct expr *parser_assert(struct script_parser *parser, struct token word);

/* parse_assignment.c: PROVIDE, PROVIDE_HIDDEN, HIDDEN or ASSERT with what follows, or symbol = value. *taken: whether
 * `first` began one of these. */
bool parser_assignment(struct script_parser *parser, struct token first, bool *taken);
/* Adds a statement of that kind at parser->end. */
struct statement *parser_add(struct script_parser *parser, enum statement_kind kind, struct script_place place);

/* parse_sections.c */
/* Whether the word behind "(" begins the type of an output section, or is the ")" of an empty one. */
bool parser_is_section_type(struct token token);
bool parser_sections(struct script_parser *parser);
bool parser_overwrite_sections(struct script_parser *parser);
/* name : { input section descriptions } */
parser_item parser_ordered_section;

/* parse_output_section.c: what is between the braces of an output section. */
bool parser_section_body(struct script_parser *parser);

/* parse_input.c: an input section description that begins with `first`. */
bool parser_input_description(struct script_parser *parser, struct token first);

/* parse_memory.c: MEMORY, PHDRS, REGION_ALIAS. */
bool parser_memory(struct script_parser *parser);
bool parser_phdrs(struct script_parser *parser);
bool parser_region_alias(struct script_parser *parser, struct script_place place);

/* The number of "SHF_WRITE" and the like. */
struct named_number {
	const char *name;
	uint64_t number;
};
/* Puts the number of a name into *number; else false. The table ends with a NULL. */
bool named_number_find(const struct named_number *table, struct str name, uint64_t *number);
/* The name in the table that `name` is probably a misspelling of, or NULL. */
const char *named_number_similar(const struct named_number *table, struct str name);

#endif
