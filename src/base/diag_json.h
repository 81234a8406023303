/* A message as one line of JSON (--error-format=json). docs/diagnostics.md describes the members. */
#ifndef GILD_BASE_DIAG_JSON_H
#define GILD_BASE_DIAG_JSON_H

#include <stdio.h>

#include "base/diag.h"

/* Writes one object and a newline. Whatever bytes names consist of, the line is valid JSON in UTF-8: a byte that is not
 * part of a UTF-8 sequence becomes U+FFFD. `not_shown`: the errors that the limit kept back; 0 in all others. */
void diag_json(FILE *to, const struct message *message, const struct diag_lines *lines, unsigned not_shown);

#endif
