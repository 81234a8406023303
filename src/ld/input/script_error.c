#include "ld/input/script_error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What is shown of a source line: the part around the token when the line is long. */
enum { SHOWN_BEFORE = 60, SHOWN_TOTAL = 120, SHOWN_TOKEN = 60 };

/* Offset of the beginning of an earlier (or the current) line. */
static uint64_t line_start(const struct lexer *lexer, uint32_t line)
{
	uint64_t start = lexer->line_start;
	for (uint32_t back = lexer->line - line; back > 0 && start > 0; back--) {
		start--; /* the newline that ends the line before */
		while (start > 0 && lexer->bytes.data[start - 1] != '\n')
			start--;
	}
	return start;
}

bool script_error(struct diag *diag, const struct lexer *lexer, struct token token, const char *format, ...)
{
	char message[512];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);

	const char *text = (const char *)lexer->bytes.data;
	uint64_t start = line_start(lexer, token.line), at = start + token.column - 1, size = lexer->bytes.size;
	if (at - start > SHOWN_BEFORE)
		start = at - SHOWN_BEFORE;
	char source[SHOWN_TOTAL + 1], caret[SHOWN_TOTAL + 1];
	uint32_t n = 0;
	for (; n < SHOWN_TOTAL && start + n < size && text[start + n] != '\n' && text[start + n] != '\r'; n++) {
		char c = text[start + n];
		source[n] = (unsigned char)c < ' ' && c != '\t' ? '?' : c;
	}
	source[n] = '\0';
	uint32_t column = 0;
	for (; start + column < at; column++)
		caret[column] = column < n && source[column] == '\t' ? '\t' : ' '; /* so that tabs push both alike */
	caret[column] = '\0';
	struct diag_about about = {.kind = "script", .file = lexer->path, .line = token.line, .column = token.column};
	diag_report(diag, SEVERITY_ERROR, 0, &about, "%s\n>>> %s\n>>> %s^", message, source, caret);
	return false;
}

bool script_expected(struct diag *diag, const struct lexer *lexer, struct token token, const char *what)
{
	if (token.kind == TOKEN_ERROR)
		return script_error(diag, lexer, token, "%.*s, expected %s", (int)token.text.len, token.text.at, what);
	if (token.kind == TOKEN_END)
		return script_error(diag, lexer, token, "expected %s, found the end of the file", what);
	uint32_t len = token.text.len < SHOWN_TOKEN ? token.text.len : SHOWN_TOKEN;
	const char *quote = token.kind == TOKEN_QUOTED ? "\"" : "'";
	return script_error(diag, lexer, token, "expected %s, found %s%.*s%s", what, quote, (int)len, token.text.at,
			    quote);
}
