/* The parts of gild explain. */
#ifndef GILD_INSPECT_EXPLAIN_H
#define GILD_INSPECT_EXPLAIN_H

#include "inspect/binding.h"
#include "inspect/startup.h"
#include "inspect/why.h"

/* Everything about a program on a page or two. */
void explain_summary(struct inspection *in);

/* Who refers to a name, and who defines it: "NAME" or "NAME@VERSION". Returns false, after a message, when neither. */
bool explain_symbol(struct inspection *in, const char *name, const char *command);

/* A line for each binding of all objects. */
void explain_bindings(struct inspection *in);

/* All of it for programs. `name` may be NULL; `all`: the bindings of all objects, not only of the program. */
void explain_json(struct inspection *in, const char *name, bool all);

/* Is the reference to this name, with this version when one is given? */
struct wanted_symbol {
	const char *name, *version; /* version NULL: any */
};
struct wanted_symbol wanted_symbol(struct inspection *in, const char *text);
bool is_wanted(const struct wanted_symbol *wanted, const struct reference *reference);

#endif
