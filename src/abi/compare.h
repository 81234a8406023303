/* Comparing types of two models. Whatever has a name is compared once: comparing a type that refers to it only notes
 * that it does. */
#ifndef GILD_ABI_COMPARE_H
#define GILD_ABI_COMPARE_H

#include "abi/diff.h"

/* Two entities of the same kind and name, one of each model. */
struct abi_pair {
	abi_type_id from, to;
	uint32_t via;                 /* the node that reached it first, */
	const char *how;              /* and how: "parameter 1" */
};

/* A node is a pair, or, from ABI_SYMBOL_NODE on, a symbol of the new model. */
#define ABI_SYMBOL_NODE 0x80000000u

struct abi_edge {
	uint32_t from, to;            /* nodes: `from` refers to pair `to` */
};

struct abi_comparer {
	struct abi_model *from, *to;
	struct abi_diff *diff;
	ARRAY(struct abi_pair) pairs;
	ARRAY(struct abi_edge) edges;
	uint32_t *table;              /* of pairs, by their types: index + 1; 0 is empty */
	uint32_t n_slots;
	uint32_t node;                /* what is being compared, */
	const char *how;              /* and which part of it */
	struct abi_lines *details;    /* where differences are told */
	unsigned budget;              /* of comparisons, for hostile types */
	unsigned depth;
};

/* How a type of the old model differs from one of the new. Differences that matter are told in comparer->details, with
 * `where` before them ("parameter 2"). */
enum abi_verdict abi_compare_types(struct abi_comparer *comparer, abi_type_id from, abi_type_id to, const char *where);

/* The functions behind a symbol. */
enum abi_verdict abi_compare_variables(struct abi_comparer *comparer, abi_type_id from, abi_type_id to);
enum abi_verdict abi_compare_functions(struct abi_comparer *comparer, const struct abi_type *from,
				       const struct abi_type *to);

/* What a name means. */
enum abi_verdict abi_compare_entities(struct abi_comparer *comparer, abi_type_id from, abi_type_id to);

/* One meaning with another (compare_members.c). */
enum abi_verdict abi_compare_definitions(struct abi_comparer *comparer, enum abi_kind kind, uint32_t from, uint32_t to,
					 const char *where);

/* Tells a difference. */
__attribute__((format(printf, 2, 3))) void abi_tell(struct abi_comparer *comparer, const char *format, ...);

static inline enum abi_verdict abi_worse(enum abi_verdict a, enum abi_verdict b)
{
	return a > b ? a : b;
}

#endif
