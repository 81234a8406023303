/* Interning: of byte strings that are equal one stays. Symbol names and the pieces of merged sections are interned.
 *
 * A space of strings is cut into a power of two of tables; the caller says which, by a string's hash. A string's id is
 * its place in its table << log2 of the number of tables | which one it is. Many strings are interned as a batch:
 * threads collect them in lists; then each table is worked on by one thread, in the order of the lists, so that ids
 * depend on the strings only.
 *
 * The strings of a set can be numbered, too: from 1, without gaps, in the order in which the lists bring them first. What
 * is known of neighbours then lies together in memory, while ids lead all over it. */
#ifndef GILD_BASE_INTERN_H
#define GILD_BASE_INTERN_H

#include "base/pool.h"
#include "base/types.h"

/* The text belongs to whoever had it first and must stay where it is. */
struct interned {
	const void *at;
	uint32_t size;
	uint32_t number;          /* 0: not numbered */
};

/* Open addressing, linear probing; half of the slots stay free. One block of memory holds the slots and the strings. */
struct intern_table {
	uint64_t *slots;          /* place << 32 | hash; 0: free */
	struct interned *strings; /* by place; place 0 is nobody's */
	uint32_t mask;            /* number of slots - 1 */
	uint32_t n;               /* places, with place 0 */
	uint32_t number;          /* in its space */
	uint8_t log2_tables;      /* of its space */
	bool has_grown;           /* the block is its own, no longer a part of the set's */
	bool is_touched;          /* its slots have memory */
};

/* The tables of several spaces, one space after the other. */
struct intern_set {
	struct intern_table *tables;
	uint32_t n;
	void *blocks;
	uint32_t *ids;            /* by number; number 0 is nobody's */
	uint32_t n_numbers, numbers_capacity; /* with number 0 */
};

struct intern_space {
	uint8_t log2_tables;
	uint64_t expected;        /* strings, about: tables grow if there are more */
};

void intern_set_begin(struct intern_set *set, const struct intern_space *spaces, uint32_t n);
void intern_set_free(struct intern_set *set);

/* Prepares a set of one space for numbers: about `expected` of them, which take no memory before there are strings. */
void intern_set_number(struct intern_set *set, uint32_t expected);

/* The id of a string, new or not. The table is the calling thread's for that time. */
uint32_t intern_one(struct intern_table *table, struct interned string, uint32_t hash);

/* The same for a string that is not to be added: 0 if it is not there. Any thread while nothing is added. */
uint32_t intern_find(const struct intern_table *table, struct interned string, uint32_t hash);

/* The number of the string with that id in a set that is prepared for numbers: the next one if it has none. One
 * thread. */
uint32_t intern_number(struct intern_set *set, uint32_t id);

/* A batch of strings for a set, in rounds: begin, add, run. Its memory is used again for the next round. */
struct intern_batch;
struct intern_batch *intern_batch_new(struct intern_set *set, struct pool *pool);
void intern_batch_free(struct intern_batch *batch);

/* Begins a round of `n_lists` lists. They are filled by one thread each, at the same time; the result does not depend
 * on which. */
void intern_batch_begin(struct intern_batch *batch, uint32_t n_lists);

/* Adds a string for table number `table` of the set; its id, or its number if the set is prepared for numbers, will be
 * written to *id. `worker`: the calling thread's number. */
void intern_batch_add(struct intern_batch *batch, uint32_t list, uint32_t table, struct interned string, uint32_t hash,
		      uint32_t *id, unsigned worker);

/* Interns what was added, in parallel. */
void intern_batch_run(struct intern_batch *batch);

#endif
