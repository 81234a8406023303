/* How far apart two words are: insertions, deletions, replacements and swaps of neighbours that make one the other. */
#ifndef GILD_BASE_EDIT_DISTANCE_H
#define GILD_BASE_EDIT_DISTANCE_H

#include "base/types.h"

/* The distance (optimal string alignment), or limit + 1 when it is more than `limit`. Takes
 * (limit + 1) * length steps; words of more than 255 bytes, and limits above 8, are always too far apart. */
unsigned edit_distance(struct str a, struct str b, unsigned limit);

#endif
