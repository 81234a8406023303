/* Why undefined symbols may be undefined, and what can be done: hints for the first of them.
 *
 * All of it happens when the first message is printed, after all passes that change symbols, so a link without such
 * errors pays nothing. Work is bounded: MAX_EXPLAINED symbols, each compared with every name once; libraries outside
 * the link until some million names have been read. Hints depend on the inputs only; what the search for libraries finds
 * depends on what is installed, too. Main thread. */
#ifndef GILD_LD_REPORT_EXPLAIN_H
#define GILD_LD_REPORT_EXPLAIN_H

#include "ld/tables.h"

enum { MAX_EXPLAINED = 64, MAX_HINTS = 8 };

/* An undefined symbol. */
struct unexplained {
	symbol_id symbol;
	file_id asker;            /* who refers to it first */
	struct str name;          /* without "@VERSION" */
	uint64_t hash;            /* of `name` */
	const char *hints[MAX_HINTS]; /* in the link's arena */
	uint32_t n_hints;
	bool found;               /* it is known where it is: no guesses are needed */
};

struct explanation {
	struct link *link;
	struct unexplained at[MAX_EXPLAINED];
	uint32_t n;
	uint64_t seen[64];        /* bit hash % 4096 is set for every name: most others are told apart by it */
};

/* Notes a symbol; those beyond MAX_EXPLAINED get no hints. */
void explain_add(struct explanation *explanation, symbol_id symbol, file_id asker);

/* Finds hints for all that were noted. */
void explain_all(struct explanation *explanation);

/* The hints' parts; each in a file of its own. */
void explain_runtime(struct explanation *explanation);   /* what compilers call by themselves; main, __start_X */
void explain_classes(struct explanation *explanation);   /* vtables and typeinfo */
void explain_elsewhere(struct explanation *explanation); /* the name exists, but does not count */
void explain_similar(struct explanation *explanation);   /* other parameters, extern "C", misspelt */
void explain_libraries(struct explanation *explanation); /* a library that is not part of the link */

/* Adds a hint; the eighth and what follows are dropped. */
__attribute__((format(printf, 3, 4))) void explain_hint(struct explanation *explanation, struct unexplained *symbol,
							const char *format, ...);

/* The noted symbol of that name; NULL: none. For passes over all names. Any thread. */
struct unexplained *explain_find(struct explanation *explanation, const char *name, size_t len);

#endif
