/* gild tree for programs: as JSON, and as a graph. */
#ifndef GILD_INSPECT_TREE_H
#define GILD_INSPECT_TREE_H

#include "inspect/why.h"

void tree_json(struct inspection *in);

/* The language of Graphviz. */
void tree_dot(struct inspection *in);

#endif
