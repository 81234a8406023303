/* A program and all it needs, loaded to be looked at: the loader's own search, checks and lookups (src/ldso), but
 * nothing is relocated and nothing runs. gild tree and gild explain ask it.
 *
 * One at a time: the loader's state is that of a process. Not thread-safe. */
#ifndef GILD_INSPECT_INSPECT_H
#define GILD_INSPECT_INSPECT_H

#include "base/arena.h"
#include "base/array.h"
#include "ldso/image.h"
#include "ldso/loader.h"
#include "ldso/lookup.h"
#include "ldso/search.h"

/* One file or directory that a search tried. Texts are in the inspection's arena. */
struct search_step {
	const char *path;        /* ends with a slash: a directory that does not exist; PATH_CACHE: has no such name */
	const char *what, *where; /* as struct found: "RUNPATH" of where, ...; what is NULL for a path */
	enum open_result result;
	int code;                /* errno of OPEN_ABSENT */
};

/* All steps of one search. */
struct search_record {
	const char *name;
	const struct object *requester;
	uint32_t from, n; /* in inspection.steps */
};

enum problem_kind { PROBLEM_LIBRARY, PROBLEM_VERSION, PROBLEM_SYMBOL, PROBLEM_FILE };

/* Something the program would miss. */
struct problem {
	enum problem_kind kind;
	const char *object; /* LIBRARY: its name; VERSION: the file that lacks it; else: the file it is about */
	const char *text;   /* why; SYMBOL: the name, with "@VERSION" */
	const char *needed_by;
	bool fatal;         /* false: only worth a warning */
	bool lazy;          /* SYMBOL: a function that is looked up when it is first called */
};

struct inspection {
	struct arena arena;
	struct loader *ld;
	const char *path;          /* of the program */
	const char *interpreter;   /* NULL: a library, or a static program */
	bool is_static;            /* nothing is loaded */
	bool is_library;           /* no program: others load it, and may define what it uses */
	bool foreign_loader;       /* its interpreter is not glibc's: it may search differently */
	bool secure;               /* it would run with more rights than its caller: variables are ignored */
	struct object_list preloads;
	struct search_watcher watcher;
	ARRAY(struct search_step) steps;
	ARRAY(struct search_record) records;
	ARRAY(struct problem) problems;
};

/* What the user asked for. */
struct inspect_options {
	const char *library_path, *preload, *inhibit_rpath, *hwcaps_prepend, *hwcaps_mask; /* NULL: nothing */
	bool inhibit_cache;
};

/* Loads it. `command` begins messages; NULL: there are none. Returns false after a message to standard error when there
 * is nothing to look at. The caller calls inspect_free() in any case. */
bool inspect_open(struct inspection *in, const struct inspect_options *options, const char *path, const char *command);

void inspect_free(struct inspection *in);

/* The search for a name by a requester (NULL: for the program itself), or NULL. */
const struct search_record *inspect_search(const struct inspection *in, const char *name,
					   const struct object *requester);

/* A reference of a relocation and what it binds to. */
struct reference {
	struct object *from;
	uint32_t symbol;               /* index in its symbol table */
	unsigned class;                /* enum lookup_class */
	bool plt;                      /* a function that may be bound when it is first called */
	uint32_t type;                 /* of the relocation */
	const char *name;
	const struct version *version; /* NULL: none */
	bool own;                      /* local or hidden: no lookup takes place */
	bool weak;                     /* a weak reference: need not be defined */
	struct definition to;          /* .object NULL: nobody defines it */
};

/* Calls `see` for each reference of an object, one for each symbol and class, in the order of its relocations. */
void inspect_references(struct inspection *in, struct object *object,
			void (*see)(void *context, const struct reference *reference), void *context);

/* Adds a problem for each strong reference that nobody defines, of all objects. They are looked at in the order in
 * which the loader relocates: of a unique symbol the definition stays that is found first, so this comes before all
 * other questions. */
void inspect_check_symbols(struct inspection *in);

/* Does something miss that the program cannot do without? Symbols that a library leaves to whoever loads it do not
 * count. */
bool inspect_is_incomplete(const struct inspection *in);

/* Is it loaded because of LD_PRELOAD and its like? */
bool inspect_is_preload(const struct inspection *in, const struct object *object);

/* The path of an object, or what it was asked for by. */
const char *inspect_name(const struct inspection *in, const struct object *object);

#endif
