#include "ld/script/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/edit_distance.h"
#include "ld/script/parse.h"

/* What is shown of a source line: the part around the token when the line is long. */
enum { SHOWN_BEFORE = 60, SHOWN_TOTAL = 120, SHOWN_TOKEN = 60 };

enum { MESSAGE_SIZE = 1024 };

static uint64_t line_start(struct script_place place)
{
	uint64_t start = place.offset;
	while (start > 0 && place.text->bytes.data[start - 1] != '\n')
		start--;
	return start;
}

void script_position(struct script_place place, uint32_t *line, uint32_t *column)
{
	*line = 1;
	for (uint64_t i = 0; i < place.offset; i++)
		*line += place.text->bytes.data[i] == '\n';
	*column = (uint32_t)(place.offset - line_start(place)) + 1;
}

static void report(struct diag *diag, enum severity severity, uint64_t key, struct script_place place,
		   const char *hint, const char *message)
{
	struct diag_about about = {.kind = "script", .hint = hint};
	if (!place.text) {
		diag_report(diag, severity, key, &about, "%s", message);
		return;
	}
	script_position(place, &about.line, &about.column);
	about.file = place.text->path;
	const char *text = (const char *)place.text->bytes.data;
	uint64_t at = place.offset, start = line_start(place), size = place.text->bytes.size;
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
	diag_report(diag, severity, key, &about, "%s\n>>> %s\n>>> %s^", message, source, caret);
}

bool script_error(struct diag *diag, struct script_place place, const char *hint, const char *format, ...)
{
	char message[MESSAGE_SIZE];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	report(diag, SEVERITY_ERROR, 0, place, hint, message);
	return false;
}

void script_report(struct diag *diag, uint64_t key, struct script_place place, const char *format, ...)
{
	char message[MESSAGE_SIZE];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	report(diag, SEVERITY_ERROR, key, place, NULL, message);
}

void script_warn(struct diag *diag, uint64_t key, struct script_place place, const char *format, ...)
{
	char message[MESSAGE_SIZE];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	report(diag, SEVERITY_WARNING, key, place, NULL, message);
}

bool script_expected(struct diag *diag, struct token token, const char *what)
{
	if (token.kind == TOKEN_ERROR)
		return script_error(diag, token.place, NULL, "%.*s, expected %s", (int)token.text.len, token.text.at,
				    what);
	if (token.kind == TOKEN_END)
		return script_error(diag, token.place, NULL, "expected %s, found the end of the file", what);
	if (token_is(token, "\n"))
		return script_error(diag, token.place, NULL, "expected %s, found the end of the line", what);
	uint32_t len = token.text.len < SHOWN_TOKEN ? token.text.len : SHOWN_TOKEN;
	const char *quote = token.kind == TOKEN_QUOTED ? "\"" : "'";
	return script_error(diag, token.place, NULL, "expected %s, found %s%.*s%s", what, quote, (int)len,
			    token.text.at, quote);
}

const char *script_similar(struct str text, const char *const *words)
{
	const char *best = NULL;
	unsigned least = text.len < 4 ? 2 : 3; /* one letter is wrong, or two of a longer word */
	for (; *words; words++) {
		struct str word = {*words, (uint32_t)strlen(*words)};
		unsigned distance = edit_distance(text, word, least - 1);
		if (distance < least) {
			least = distance;
			best = *words;
		}
	}
	return best;
}
