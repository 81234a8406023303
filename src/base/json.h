/* Writing JSON (RFC 8259): strings, and a writer that sets commas. */
#ifndef GILD_BASE_JSON_H
#define GILD_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Writes a string with its quotes. Bytes that are no UTF-8 become U+FFFD. */
void json_string(FILE *to, const char *text, size_t size);

/* Values one after the other, inside of objects and arrays that are opened and closed. Lines break between the values of
 * the outermost two levels, so that line tools can be used too. */
struct json {
	FILE *to;
	unsigned depth;
	bool any; /* the innermost object or array has a value */
};

/* `name` is that of a member, NULL inside of an array and for the outermost value. `bracket` is '{' or '['. */
void json_open(struct json *json, const char *name, char bracket);
void json_close(struct json *json, char bracket); /* '}' or ']' */
void json_text(struct json *json, const char *name, const char *text); /* NULL: null */
void json_number(struct json *json, const char *name, uint64_t value);
void json_bool(struct json *json, const char *name, bool value);

#endif
