#include "base/diag_json.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"

/* `,"NAME":"TEXT"`; nothing when there is no text. */
static void put_member(FILE *to, const char *name, const char *text)
{
	if (!text)
		return;
	fprintf(to, ",\"%s\":", name);
	json_put_string(to, text, strlen(text));
}

/* ---- the object ---- */

static const char separator[] = "\n>>> ";

static const char *line_end(const char *line)
{
	const char *end = strstr(line, separator);
	return end ? end : line + strlen(line);
}

/* The lines of the text behind its first one, then those that were found when printing. */
static void put_details(FILE *to, const char *rest, const struct diag_lines *lines)
{
	bool any = false;
	while (*rest) {
		rest += sizeof(separator) - 1;
		const char *end = line_end(rest);
		fputs(any ? "," : ",\"details\":[", to);
		json_put_string(to, rest, (size_t)(end - rest));
		rest = end;
		any = true;
	}
	for (uint32_t i = 0; i < lines->at.n; i++, any = true) {
		fputs(any ? "," : ",\"details\":[", to);
		json_put_string(to, lines->at.at[i], strlen(lines->at.at[i]));
	}
	if (any)
		putc(']', to);
}

static void put_hints(FILE *to, const struct diag_lines *lines)
{
	for (uint32_t i = 0; i < lines->hints.n; i++) {
		fputs(i ? "," : ",\"hints\":[", to);
		json_put_string(to, lines->hints.at[i], strlen(lines->hints.at[i]));
	}
	if (lines->hints.n)
		putc(']', to);
}

static void put_source(FILE *to, const struct diag_lines *lines)
{
	if (!lines->source && !lines->function)
		return;
	fputs(",\"source\":{", to);
	if (lines->source) {
		fputs("\"file\":", to);
		json_put_string(to, lines->source, strlen(lines->source));
		if (lines->source_line)
			fprintf(to, ",\"line\":%" PRIu32, lines->source_line);
	}
	if (lines->function) {
		fprintf(to, "%s\"function\":", lines->source ? "," : "");
		json_put_string(to, lines->function, strlen(lines->function));
	}
	putc('}', to);
}

void diag_json(FILE *to, const struct message *message, const struct diag_lines *lines, unsigned not_shown)
{
	static const char *const severities[] = {
		[SEVERITY_NOTE] = "note",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_ERROR] = "error",
	};
	const struct diag_about *about = &message->about;
	const char *text = message->text + message->body, *end = line_end(text);
	fprintf(to, "{\"severity\":\"%s\"", severities[message->severity]);
	put_member(to, "kind", about->kind);
	fputs(",\"message\":", to);
	json_put_string(to, text, (size_t)(end - text));
	put_member(to, "file", about->file);
	if (about->member.len) {
		fputs(",\"member\":", to);
		json_put_string(to, about->member.at, about->member.len);
	}
	put_member(to, "section", about->section);
	if (about->has_offset)
		fprintf(to, ",\"offset\":%" PRIu64, about->offset);
	if (about->line)
		fprintf(to, ",\"line\":%" PRIu32, about->line);
	if (about->column)
		fprintf(to, ",\"column\":%" PRIu32, about->column);
	put_member(to, "symbol", about->symbol);
	put_source(to, lines);
	put_details(to, end, lines);
	put_hints(to, lines);
	if (not_shown)
		fprintf(to, ",\"not_shown\":%u", not_shown);
	fputs("}\n", to);
}
