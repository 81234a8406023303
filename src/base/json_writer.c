#include "base/json_writer.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"

static void begin_value(struct json_writer *json, const char *name)
{
	if (json->any)
		putc(',', json->to);
	if (json->depth && json->depth <= 2)
		fprintf(json->to, "\n%*s", (int)json->depth * 2, "");
	else if (json->any)
		putc(' ', json->to);
	if (name) {
		json_put_string(json->to, name, strlen(name));
		fputs(": ", json->to);
	}
	json->any = true;
}

void json_write_open(struct json_writer *json, const char *name, char bracket)
{
	begin_value(json, name);
	putc(bracket, json->to);
	json->depth++;
	json->any = false;
}

void json_write_close(struct json_writer *json, char bracket)
{
	json->depth--;
	if (json->any && json->depth <= 1)
		fprintf(json->to, "\n%*s", (int)json->depth * 2, "");
	putc(bracket, json->to);
	json->any = true;
	if (!json->depth)
		putc('\n', json->to);
}

void json_write_text(struct json_writer *json, const char *name, const char *text)
{
	begin_value(json, name);
	if (text)
		json_put_string(json->to, text, strlen(text));
	else
		fputs("null", json->to);
}

void json_write_number(struct json_writer *json, const char *name, uint64_t value)
{
	begin_value(json, name);
	fprintf(json->to, "%" PRIu64, value);
}

void json_write_bool(struct json_writer *json, const char *name, bool value)
{
	begin_value(json, name);
	fputs(value ? "true" : "false", json->to);
}
