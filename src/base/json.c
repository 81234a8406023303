#include "base/json.h"

#include <inttypes.h>
#include <string.h>

/* Bytes of the UTF-8 sequence at `at`; 0: there is no valid one (RFC 3629: no surrogates, nothing longer than it need
 * be, nothing above U+10FFFF). */
static unsigned utf8_length(const uint8_t *at, size_t size)
{
	uint8_t first = at[0];
	unsigned len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
	if (len == 0 || len > size)
		return 0;
	for (unsigned i = 1; i < len; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	bool bad = (first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f) ||
		   (first == 0xf0 && at[1] < 0x90) || (first == 0xf4 && at[1] > 0x8f);
	return bad ? 0 : len;
}

void json_string(FILE *to, const char *text, size_t size)
{
	const uint8_t *bytes = (const uint8_t *)text;
	putc('"', to);
	for (size_t i = 0; i < size;) {
		unsigned len = utf8_length(bytes + i, size - i);
		if (len == 0)
			fputs("\\ufffd", to);
		else if (bytes[i] == '"' || bytes[i] == '\\')
			fprintf(to, "\\%c", bytes[i]);
		else if (bytes[i] < 0x20 || bytes[i] == 0x7f)
			fprintf(to, "\\u%04x", bytes[i]);
		else
			fwrite(bytes + i, 1, len, to);
		i += len ? len : 1;
	}
	putc('"', to);
}

static void begin_value(struct json *json, const char *name)
{
	if (json->any)
		putc(',', json->to);
	if (json->depth && json->depth <= 2)
		fprintf(json->to, "\n%*s", (int)json->depth * 2, "");
	else if (json->any)
		putc(' ', json->to);
	if (name) {
		json_string(json->to, name, strlen(name));
		fputs(": ", json->to);
	}
	json->any = true;
}

void json_open(struct json *json, const char *name, char bracket)
{
	begin_value(json, name);
	putc(bracket, json->to);
	json->depth++;
	json->any = false;
}

void json_close(struct json *json, char bracket)
{
	json->depth--;
	if (json->any && json->depth <= 1)
		fprintf(json->to, "\n%*s", (int)json->depth * 2, "");
	putc(bracket, json->to);
	json->any = true;
	if (!json->depth)
		putc('\n', json->to);
}

void json_text(struct json *json, const char *name, const char *text)
{
	begin_value(json, name);
	if (text)
		json_string(json->to, text, strlen(text));
	else
		fputs("null", json->to);
}

void json_number(struct json *json, const char *name, uint64_t value)
{
	begin_value(json, name);
	fprintf(json->to, "%" PRIu64, value);
}

void json_bool(struct json *json, const char *name, bool value)
{
	begin_value(json, name);
	fputs(value ? "true" : "false", json->to);
}
