/* Writing JSON value by value: the writer sets commas and line breaks. */
#ifndef GILD_BASE_JSON_WRITER_H
#define GILD_BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Values one after the other, inside of objects and arrays that are opened and closed. Lines break between the values
 * of the outermost two levels, so that line tools can be used too. Begin with {.to = FILE}. */
struct json_writer {
	FILE *to;
	unsigned depth;
	bool any; /* the innermost object or array has a value */
};

/* `name` is that of a member, NULL inside of an array and for the outermost value. `bracket` is '{' or '['. */
void json_write_open(struct json_writer *json, const char *name, char bracket);
void json_write_close(struct json_writer *json, char bracket); /* '}' or ']' */
void json_write_text(struct json_writer *json, const char *name, const char *text); /* NULL: null */
void json_write_number(struct json_writer *json, const char *name, uint64_t value);
void json_write_bool(struct json_writer *json, const char *name, bool value);

#endif
