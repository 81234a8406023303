/* JSON (RFC 8259): writing strings. */
#ifndef GILD_BASE_JSON_H
#define GILD_BASE_JSON_H

#include <stdio.h>

#include "base/types.h"

/* Writes a string with its quotes. A byte that is not part of a UTF-8 sequence becomes U+FFFD. */
void json_put_string(FILE *to, const char *text, size_t size);

#endif
