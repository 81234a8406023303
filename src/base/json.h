/* JSON (RFC 8259): writing strings, and reading texts. */
#ifndef GILD_BASE_JSON_H
#define GILD_BASE_JSON_H

#include <stdio.h>

#include "base/arena.h"

/* Writes a string with its quotes. A byte that is not part of a UTF-8 sequence becomes U+FFFD. */
void json_put_string(FILE *to, const char *text, size_t size);

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	enum json_kind kind;
	bool is_negative; /* JSON_NUMBER: the other sign of `number` */
	uint64_t number; /* whole numbers only; what is larger is UINT64_MAX */
	struct str text; /* JSON_STRING, escapes resolved */
	struct str key; /* of a member of an object */
	const struct json *first, *next; /* elements or members; what comes behind this one in the same list */
	uint32_t n; /* how many elements or members */
};

struct json_error {
	uint64_t offset; /* bytes from the beginning of the text */
	const char *what; /* static text */
};

/* Reads a whole text. NULL: see `error`. The result is in `arena` and refers to `bytes`. Numbers with fractions or
 * exponents are errors. Takes time in proportion to the text; lists may nest 64 deep. */
const struct json *json_read(struct bytes bytes, struct arena *arena, struct json_error *error);

/* The member with that key. A JSON_NULL when there is none, or `object` is no object: never NULL. */
const struct json *json_member(const struct json *object, const char *key);

#endif
