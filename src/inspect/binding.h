/* Why a reference binds where it does: the rules of symbol lookup (gABI chapter 5 "Shared Object Dependencies";
 * docs/ldso.md "Names to addresses") in words. */
#ifndef GILD_INSPECT_BINDING_H
#define GILD_INSPECT_BINDING_H

#include "inspect/inspect.h"

enum rule {
	RULE_FIRST,       /* the first object of the search order that defines it */
	RULE_ONLY,        /* nobody else defines it */
	RULE_SYMBOLIC,    /* DT_SYMBOLIC: the object itself was asked first */
	RULE_PROTECTED,   /* its own definition is protected */
	RULE_OWN,         /* a local or hidden symbol: no lookup */
	RULE_COPY,        /* the value that a copy relocation copies: the program itself does not count */
	RULE_COPIED,      /* a library's variable that lives in the program: everybody uses the program's copy */
	RULE_CANONICAL,   /* the program's PLT entry stands for the function's address */
	RULE_UNIQUE,      /* STB_GNU_UNIQUE: one in the whole process */
	RULE_PRELOADED,   /* a preloaded library defines it before others */
	RULE_INTERPOSED,  /* another object than the one it was linked against, or than itself */
	RULE_WEAK,        /* a weak reference that nobody defines: address 0 */
	RULE_NOBODY,      /* nobody defines it: an error */
	RULES
};

/* One word for programs: "first", "copied", ... */
const char *rule_word(enum rule rule);

/* A sentence's end: "is the first in the search order that defines it". */
const char *rule_text(enum rule rule);

/* An object that has a definition of a name. */
struct definer {
	struct object *object;
	const Elf64_Sym *symbol;
	const char *version; /* NULL: none */
	bool is_default;     /* of its version: name@@VERSION */
	bool fits;           /* the reference could have bound to it */
	uint32_t position;   /* in the search order, from 1; 0: not in it */
};

typedef ARRAY(struct definer) definer_array;

/* All definitions of a name in the search order. `reference` may be NULL: then `fits` means nothing. */
void binding_definers(struct inspection *in, const char *name, const struct reference *reference, definer_array *to);

struct explanation {
	enum rule rule;
	struct object *instead; /* INTERPOSED, PRELOADED: who would have been taken; may be NULL */
	uint32_t others;        /* further objects that define it so that it would fit */
};

struct explanation binding_explain(struct inspection *in, const struct reference *reference);

/* Place of an object in the search order, from 1; 0: it is not in it. */
uint32_t binding_position(const struct inspection *in, const struct object *object);

/* "a function call", "an address or data", "a copy", "thread-local storage" */
const char *reference_kind(const struct reference *reference);

/* The C++ name with its parameters, in the arena; NULL: it is none. */
const char *demangled(struct arena *arena, const char *name);

/* A short name of an object: its soname, or the last part of its path. */
const char *short_name(const struct inspection *in, const struct object *object);

#endif
