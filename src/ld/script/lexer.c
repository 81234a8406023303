#include "ld/script/lexer.h"

#include <string.h>

void lexer_init(struct lexer *lexer, struct script_place place)
{
	*lexer = (struct lexer){.text = place.text, .at = place.offset, .end = (uint64_t)place.offset + place.length};
}

/* -1 behind the end. */
static int byte_at(const struct lexer *lexer, uint64_t at)
{
	return at < lexer->end ? lexer->text->bytes.data[at] : -1;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static int hex_digit(int c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Letters, and the bytes of UTF-8 sequences. */
static bool is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static bool is_one_of(int c, const char *set)
{
	return c > 0 && strchr(set, c) != NULL;
}

/* Whether `c` may stand in a bare word of this state. starts_word() says which of these may come first. */
static bool in_word(enum lex_state state, int c)
{
	if (is_letter(c) || is_digit(c))
		return true;
	switch (state) {
	case LEX_SCRIPT:
		return is_one_of(c, "_/.\\$~-+:[]");
	case LEX_INPUTLIST: /* GNU ld knows fewer; a path may hold anything that has no other meaning here */
		return is_one_of(c, "_/.\\$~-+:[]=,@%&^!'");
	case LEX_EXPR:
		return is_one_of(c, "_.\\$/~");
	case LEX_WILD:
	case LEX_STATEMENT:
		return is_one_of(c, "_/.\\$~-+:[]=,*?^!");
	case LEX_VERSION:
		return is_one_of(c, "_.$*?[]-!^\\+~@");
	}
	return false;
}

static bool starts_word(enum lex_state state, int c)
{
	if (!in_word(state, c))
		return false;
	switch (state) {
	case LEX_SCRIPT:
		return !is_digit(c) && !is_one_of(c, "-+:[]");
	case LEX_INPUTLIST:
		return c != ',';
	case LEX_EXPR:
		return !is_digit(c) && !is_one_of(c, "/~");
	case LEX_WILD:
	case LEX_STATEMENT:
		return !is_one_of(c, ",=");
	case LEX_VERSION:
		return true;
	}
	return false;
}

static bool is_comment_start(const struct lexer *lexer, uint64_t at)
{
	return byte_at(lexer, at) == '/' && byte_at(lexer, at + 1) == '*';
}

/* `x+=1;` is three tokens although '+' may stand in a file name. */
static bool is_assignment_operator(const struct lexer *lexer, uint64_t at)
{
	return is_one_of(byte_at(lexer, at), "+-*/^") && byte_at(lexer, at + 1) == '=';
}

/* Whether an assignment's operator is at `at`, behind a word that can be a symbol. */
static bool ends_symbol(const struct lexer *lexer, uint64_t at)
{
	if (at == lexer->at || (byte_at(lexer, at) != '=' && !is_assignment_operator(lexer, at)))
		return false;
	uint64_t i = lexer->at;
	while (i < at && (i == lexer->at ? starts_word(LEX_EXPR, byte_at(lexer, i)) :
					   in_word(LEX_EXPR, byte_at(lexer, i)) && byte_at(lexer, i) != '/'))
		i++;
	return i == at;
}

static uint64_t word_end(const struct lexer *lexer, enum lex_state state)
{
	uint64_t at = lexer->at;
	for (;; at++) {
		int c = byte_at(lexer, at);
		if (state == LEX_VERSION && c == ':' && byte_at(lexer, at + 1) == ':' && at > lexer->at) {
			at++; /* ns::name is one word, global: is two */
			continue;
		}
		if (!in_word(state, c) || is_comment_start(lexer, at))
			break;
		if ((state == LEX_SCRIPT || state == LEX_EXPR) && is_assignment_operator(lexer, at))
			break;
		if (state == LEX_STATEMENT && ends_symbol(lexer, at))
			break;
	}
	/* "(a.o, b.o)" and ".text: {": a mark at the end of a word separates, inside it belongs to the name */
	const char *trailing = state == LEX_INPUTLIST || state == LEX_WILD ? "," : state == LEX_SCRIPT ? ":" : "";
	while (at > lexer->at + 1 && is_one_of(byte_at(lexer, at - 1), trailing))
		at--;
	return at;
}

/* The same in an MRI script: lines are commands, and a '#' lets one go on in the next line. */
static void skip_mri_blanks(struct lexer *lexer)
{
	for (;;) {
		int c = byte_at(lexer, lexer->at);
		if (is_one_of(c, " \t\r\f\v")) {
			lexer->at++;
			continue;
		}
		if (!is_one_of(c, "*;#"))
			return;
		while (byte_at(lexer, lexer->at) >= 0 && byte_at(lexer, lexer->at) != '\n')
			lexer->at++;
		if (c == '#' && byte_at(lexer, lexer->at) == '\n')
			lexer->at++;
	}
}

/* White space and comments; NULL, or what is wrong (then `at` is where the open comment begins). */
static const char *skip_blanks(struct lexer *lexer)
{
	if (lexer->by_lines) {
		skip_mri_blanks(lexer);
		return NULL;
	}
	for (;;) {
		int c = byte_at(lexer, lexer->at);
		if (is_one_of(c, " \t\r\n\f\v")) {
			lexer->at++;
		} else if (c == '#') {
			while (byte_at(lexer, lexer->at) >= 0 && byte_at(lexer, lexer->at) != '\n')
				lexer->at++;
		} else if (is_comment_start(lexer, lexer->at)) {
			const uint8_t *body = lexer->text->bytes.data + lexer->at + 2;
			const uint8_t *end = memmem(body, lexer->end - lexer->at - 2, "*/", 2);
			if (!end)
				return "comment without end";
			lexer->at += (uint64_t)(end - body) + 4;
		} else {
			return NULL;
		}
	}
}

static struct token error_token(struct token token, const char *message)
{
	token.kind = TOKEN_ERROR;
	token.text = (struct str){message, (uint32_t)strlen(message)};
	return token;
}

/* How many hex digits stand behind 0x; 0: the number is written otherwise. */
static uint32_t count_hex_digits(struct str text)
{
	uint32_t n = 0;
	if (text.len < 3 || text.at[0] != '0' || (text.at[1] | 0x20) != 'x')
		return 0;
	while (2 + n < text.len && hex_digit((unsigned char)text.at[2 + n]) >= 0)
		n++;
	return 2 + n == text.len ? n : 0;
}

/* The base that the form of a number's text says, with the prefix or suffix letter cut off. */
static int number_base(struct str *digits)
{
	if (digits->at[0] == '$') {
		digits->at++, digits->len--;
		return 16;
	}
	if (digits->len > 2 && digits->at[0] == '0' && (digits->at[1] | 0x20) == 'x') {
		digits->at += 2, digits->len -= 2;
		return 16;
	}
	int base = 0;
	switch (digits->at[digits->len - 1] | 0x20) { /* 10H, 101B, 17O, 9D */
	case 'h':
	case 'x':
		base = 16;
		break;
	case 'b':
		base = 2;
		break;
	case 'o':
		base = 8;
		break;
	case 'd':
		base = 10;
		break;
	}
	if (base != 0)
		digits->len--;
	else
		base = digits->at[0] == '0' ? 8 : 10;
	return base;
}

/* The number the whole of `text` spells; NULL, or what is wrong with it. */
static const char *parse_number(struct str text, uint64_t *number)
{
	uint64_t scale = 1;
	char last = text.at[text.len - 1] | 0x20;
	if (last == 'k' || last == 'm') {
		scale = last == 'k' ? 1024 : 1048576;
		text.len--;
	}
	uint64_t base = (uint64_t)number_base(&text), value = 0;
	if (text.len == 0)
		return "number without digits";
	for (uint32_t i = 0; i < text.len; i++) {
		int digit = hex_digit((unsigned char)text.at[i]);
		if (digit < 0 || (uint64_t)digit >= base)
			return "malformed number";
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return "number does not fit in 64 bits";
	}
	if (__builtin_mul_overflow(value, scale, &value))
		return "number does not fit in 64 bits";
	*number = value;
	return NULL;
}

/* Length of the number at the lexer's place, 0 when there is none. `$ff` is one only when nothing but hex digits
 * follows: a symbol may begin with '$'. */
static uint64_t number_length(const struct lexer *lexer, enum lex_state state)
{
	uint64_t at = lexer->at;
	bool dollar = byte_at(lexer, at) == '$';
	if (!dollar && !is_digit(byte_at(lexer, at)))
		return 0;
	for (at++; is_digit(byte_at(lexer, at)) || is_letter(byte_at(lexer, at)); at++)
		if (dollar && hex_digit(byte_at(lexer, at)) < 0)
			break;
	if (dollar && (at == lexer->at + 1 || in_word(state, byte_at(lexer, at))))
		return 0;
	return at - lexer->at;
}

static uint64_t punct_length(const struct lexer *lexer)
{
	static const char *const operators[] = {"<<=", ">>=", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=",
						"&=",  "|=",  "^=", "&&", "||", "<<", ">>"};
	uint64_t left = lexer->end - lexer->at;
	for (size_t i = 0; i < COUNTOF(operators); i++) {
		size_t len = strlen(operators[i]);
		if (len <= left && memcmp(lexer->text->bytes.data + lexer->at, operators[i], len) == 0)
			return len;
	}
	return is_one_of(byte_at(lexer, lexer->at), "(){}[];:,=+-*/%&|^~!<>?@\n") ? 1 : 0;
}

static struct token next_quoted(struct lexer *lexer, struct token token)
{
	const uint8_t *body = lexer->text->bytes.data + lexer->at + 1;
	const uint8_t *end = memchr(body, '"', lexer->end - lexer->at - 1);
	if (!end) {
		lexer->at = lexer->end;
		return error_token(token, "quoted name without end");
	}
	token.kind = TOKEN_QUOTED;
	token.text = (struct str){(const char *)body, (uint32_t)(end - body)};
	token.place.length = token.text.len + 2;
	lexer->at += token.place.length;
	return token;
}

/* Behind a fill expression: "} =0x90 /DISCARD/ : { ... }". */
static uint64_t discard_length(const struct lexer *lexer)
{
	static const char name[] = "/DISCARD/";
	uint64_t len = sizeof(name) - 1;
	return lexer->end - lexer->at >= len && memcmp(lexer->text->bytes.data + lexer->at, name, len) == 0 ? len : 0;
}

struct token lexer_next(struct lexer *lexer, enum lex_state state)
{
	const char *problem = skip_blanks(lexer);
	struct token token = {.place = {.text = lexer->text, .offset = (uint32_t)lexer->at}};
	if (problem) {
		lexer->at = lexer->end;
		return error_token(token, problem);
	}
	int c = byte_at(lexer, lexer->at);
	if (c < 0)
		return token; /* TOKEN_END */
	if (c == '"' && !lexer->by_lines)
		return next_quoted(lexer, token);

	const char *at = (const char *)lexer->text->bytes.data + lexer->at;
	uint64_t len = state == LEX_SCRIPT || state == LEX_EXPR ? number_length(lexer, state) : 0;
	if (len > 0) {
		token.kind = TOKEN_NUMBER;
		token.text = (struct str){at, (uint32_t)len};
		token.hex_digits = count_hex_digits(token.text);
		problem = token.hex_digits > 16 ? NULL : parse_number(token.text, &token.number);
		if (problem)
			token = error_token(token, problem);
	} else if ((starts_word(state, c) && (len = word_end(lexer, state) - lexer->at) > 0) ||
		   (state == LEX_EXPR && (len = discard_length(lexer)) > 0)) {
		token.kind = TOKEN_NAME;
		token.text = (struct str){at, (uint32_t)len};
	} else if ((len = punct_length(lexer)) > 0) {
		token.kind = TOKEN_PUNCT;
		token.text = (struct str){at, (uint32_t)len};
	} else {
		len = 1;
		token = error_token(token, "unexpected character");
	}
	token.place.length = (uint32_t)len;
	lexer->at += len;
	return token;
}

struct token lexer_peek(const struct lexer *lexer, enum lex_state state)
{
	struct lexer copy = *lexer;
	return lexer_next(&copy, state);
}

bool token_is(struct token token, const char *text)
{
	return (token.kind == TOKEN_NAME || token.kind == TOKEN_PUNCT) && token.text.len == strlen(text) &&
	       memcmp(token.text.at, text, token.text.len) == 0;
}

bool token_is_name(struct token token)
{
	return token.kind == TOKEN_NAME || token.kind == TOKEN_QUOTED;
}
