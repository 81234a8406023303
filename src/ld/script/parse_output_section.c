/* What is between the braces of an output section (GNU ld manual, "Output Section Description"). */
#include <string.h>

#include "ld/script/parser.h"

static bool parse_data(struct script_parser *parser, struct token word, uint8_t width, bool sign_extend)
{
	const struct expr *value = parser_parenthesized_expression(parser);
	if (!value)
		return false;
	struct statement *statement = parser_add(parser, STATEMENT_DATA, word.place);
	statement->value = value;
	statement->width = width;
	statement->sign_extend = sign_extend;
	return true;
}

static bool parse_fill(struct script_parser *parser, struct token word)
{
	parser_next(parser, LEX_EXPR); /* the "(" */
	const struct expr *value = parser_fill(parser);
	if (!value || !parser_expect(parser, LEX_EXPR, ")", "')'"))
		return false;
	parser_add(parser, STATEMENT_FILL, word.place)->value = value;
	return true;
}

/* The byte that the escape behind a backslash stands for; *at is moved behind it. */
static char unescape(struct str text, uint32_t *at)
{
	char c = text.at[(*at)++];
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	}
	if (c < '0' || c > '7')
		return c;
	unsigned value = (unsigned)(c - '0');
	for (unsigned digits = 1; digits < 3 && *at < text.len; digits++, (*at)++) {
		c = text.at[*at];
		if (c < '0' || c > '7')
			break;
		value = value * 8 + (unsigned)(c - '0');
	}
	return (char)value;
}

static bool parse_string(struct script_parser *parser, struct token word)
{
	struct token token = parser_next(parser, LEX_WILD);
	if (token.kind != TOKEN_QUOTED)
		return parser_expected(parser, token, "a string in quotes after ASCIZ");
	char *bytes = arena_array(parser->arena, char, (uint64_t)token.text.len + 1);
	uint32_t n = 0;
	for (uint32_t i = 0; i < token.text.len;) {
		char c = token.text.at[i++];
		bytes[n++] = c == '\\' && i < token.text.len ? unescape(token.text, &i) : c;
	}
	bytes[n++] = '\0';
	parser_add(parser, STATEMENT_STRING, word.place)->text = (struct bytes){(const uint8_t *)bytes, n};
	return true;
}

/* SORT(CONSTRUCTORS), behind the first word: the list of a.out's constructors, which ELF does not have. */
static bool accept_sorted_constructors(struct script_parser *parser)
{
	struct lexer before = parser->lexer;
	if (parser_accept(parser, LEX_WILD, "(") && parser_accept(parser, LEX_WILD, "CONSTRUCTORS") &&
	    parser_accept(parser, LEX_WILD, ")"))
		return true;
	parser->lexer = before;
	return false;
}

static bool parse_statement(struct script_parser *parser, struct token first, void *context)
{
	static const struct {
		const char *word;
		uint8_t width;
		bool sign_extend;
	} data[] = {
		{"BYTE", 1, false}, {"SHORT", 2, false}, {"LONG", 4, false}, {"QUAD", 8, false}, {"SQUAD", 8, true},
	};
	(void)context;
	bool taken = false;
	if (!parser_assignment(parser, first, &taken))
		return false;
	if (taken)
		return true;
	bool called = token_is(parser_peek(parser, LEX_WILD), "(");
	for (size_t i = 0; called && i < COUNTOF(data); i++)
		if (token_is(first, data[i].word))
			return parse_data(parser, first, data[i].width, data[i].sign_extend);
	if (called && token_is(first, "FILL"))
		return parse_fill(parser, first);
	if (token_is(first, "ASCIZ"))
		return parse_string(parser, first);
	if (token_is(first, "LINKER_VERSION")) {
		parser_add(parser, STATEMENT_LINKER_VERSION, first.place);
		return true;
	}
	if (token_is(first, "CONSTRUCTORS") || token_is(first, "CREATE_OBJECT_SYMBOLS"))
		return true;
	if ((token_is(first, "SORT") || token_is(first, "SORT_BY_NAME")) && accept_sorted_constructors(parser))
		return true;
	return parser_input_description(parser, first);
}

bool parser_section_body(struct script_parser *parser)
{
	return parser_items(parser, LEX_STATEMENT, parse_statement, NULL, "a statement of the output section, or '}'");
}
