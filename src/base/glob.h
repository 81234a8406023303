/* Shell-style patterns as linker scripts, version scripts and dynamic lists use them (GNU ld manual,
 * "Input Section Wildcard Patterns"): * ? [set] [!set] [^set] ranges, and backslash quoting the next
 * character. `*` also matches '/' and a leading dot. A `[` without its `]` is just a character. */
#ifndef GILD_BASE_GLOB_H
#define GILD_BASE_GLOB_H

#include "base/types.h"

/* True when the whole of `text` matches `pattern`. Linear in text for one star, never exponential. */
bool glob_match(struct str pattern, struct str text);

/* True when `pattern` has no special character, so that it matches itself only. */
bool glob_is_literal(struct str pattern);

/* Length of the literal text the pattern begins with. */
uint32_t glob_literal_prefix(struct str pattern);

#endif
