/* Parsing linker scripts: the whole language of GNU ld's, and lld's OVERWRITE_SECTIONS. */
#ifndef GILD_LD_SCRIPT_PARSE_H
#define GILD_LD_SCRIPT_PARSE_H

#include "base/arena.h"
#include "base/diag.h"
#include "ld/script/ast.h"

/* How INCLUDE finds a file: its text, or NULL: the parser says so. `nested`: of script_may_nest(), or NULL. */
struct script_includer {
	const struct script_text *(*open)(void *context, const char *name);
	void *context;
	uint64_t *nested;
};

/* Scripts that are named by a script which itself was named by one: a few short ones may ask for 20^10 others. Counts one
 * of `size` bytes; false: it is one too many for this link. */
enum { SCRIPT_NESTED_MAX = 64 << 20 };
static inline bool script_may_nest(uint64_t *nested, uint64_t size)
{
	const uint64_t cost = 256; /* of an empty one */
	*nested += size + cost;
	return *nested <= SCRIPT_NESTED_MAX;
}

/* Appends what `text` says to *script (zeroed at first). Everything lives in `arena`. Errors go to `diag` with
 * FILE:LINE:COLUMN, the line and a caret, and false is returned. */
bool script_parse(struct script *script, const struct script_text *text, const struct script_includer *includer,
		  struct arena *arena, struct diag *diag);

/* The same for a script of MRI's linkers (GNU ld manual, "MRI"): a command a line. */
bool script_parse_mri(struct script *script, const struct script_text *text, const struct script_includer *includer,
		      struct arena *arena, struct diag *diag);

/* The same for a section ordering file: output sections, as in SECTIONS, with input section descriptions only. They are
 * appended to script->orderings. */
bool script_parse_ordering(struct script *script, const struct script_text *text, struct arena *arena,
			   struct diag *diag);

/* An expression that is an option's argument (--defsym): all of `text`. NULL after an error. */
const struct expr *script_parse_expr(const struct script_text *text, struct arena *arena, struct diag *diag);

void script_free(struct script *script);

/* Reports an error at a place of a script: "PATH:LINE:COLUMN: message", then the line and a caret under the place. */
void script_report(struct diag *diag, uint64_t key, struct script_place place, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The same, as a warning. */
void script_warn(struct diag *diag, uint64_t key, struct script_place place, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
