/* Which vertices of the graph are equal: the coarsest partition in which vertices of one class are equal in themselves
 * and refer to equal vertices. */
#ifndef GILD_LD_PRUNE_ICF_PARTITION_H
#define GILD_LD_PRUNE_ICF_PARTITION_H

#include "ld/prune/icf_graph.h"

/* classes[v] becomes the first vertex that is equal to v: v itself, or a smaller one. `classes` has graph->n + 1
 * entries. The result does not depend on the number of threads.
 *
 * Vertices that differ in themselves are told apart first, by hash and then byte by byte; from then on only those that
 * are equal to another one are looked at. Classes are split while two members refer to vertices of different classes.
 * So functions that call themselves or each other are equal unless something tells them apart (the optimistic view of
 * "Safe ICF: Pointer Safe and Unwinding Aware Identical Code Folding in Gold", section 3). */
void icf_partition(const struct icf_graph *graph, uint32_t *classes);

#endif
