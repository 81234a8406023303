#include "base/edit_distance.h"

#include <string.h>

enum { MAX_LENGTH = 255, MAX_LIMIT = 8 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;
	return least < c ? least : c;
}

/* Row i of the table says how far the first i bytes of `a` are from each beginning of `b`. Only the band of `limit`
 * around the diagonal can hold a good result; beside it stands limit + 1. */
unsigned edit_distance(struct str a, struct str b, unsigned limit)
{
	unsigned rows[3][MAX_LENGTH + 2], too_far = limit + 1;
	unsigned difference = a.len > b.len ? a.len - b.len : b.len - a.len;
	if (limit > MAX_LIMIT || difference > limit || a.len > MAX_LENGTH || b.len > MAX_LENGTH)
		return too_far;
	memset(rows, 0, sizeof(rows));
	for (unsigned j = 0; j <= b.len; j++)
		rows[0][j] = j < too_far ? j : too_far;
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
		unsigned first = i > limit ? i - limit : 1, last = i + limit < b.len ? i + limit : b.len;
		unsigned best = too_far;
		unsigned left = first == 1 && i < too_far ? i : too_far;
		row[first - 1] = left;
		for (unsigned j = first; j <= last; j++) {
			bool same = a.at[i - 1] == b.at[j - 1];
			unsigned up = j < i + limit ? above[j] : too_far;
			/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): it is set */
			unsigned distance = least(up + 1, left + 1, above[j - 1] + !same);
			bool swapped = i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1];
			if (swapped && two_above[j - 2] + 1 < distance)
				distance = two_above[j - 2] + 1;
			row[j] = left = distance < too_far ? distance : too_far;
			best = left < best ? left : best;
		}
		if (best == too_far && row[first - 1] == too_far)
			return too_far;
	}
	return rows[a.len % 3][b.len];
}
