/* Decisions that a fuzz program takes from its input: the bytes of the input first, and when they are used up, numbers
 * that follow from all of them. So an input of a few bytes stands for a whole case, two inputs that begin alike stand
 * for cases that begin alike, and every case comes again. */
#ifndef GILD_FUZZ_CHOICES_H
#define GILD_FUZZ_CHOICES_H

#include "base/types.h"

struct choices {
	struct bytes input;
	uint64_t at;              /* bytes of the input that are used up */
	uint64_t state;           /* never 0 */
};

static inline struct choices choices_of(struct bytes input)
{
	uint64_t state = 0xcbf29ce484222325; /* FNV-1a */
	for (uint64_t i = 0; i < input.size; i++)
		state = (state ^ input.data[i]) * 0x100000001b3;
	return (struct choices){.input = input, .state = state ? state : 1};
}

/* Any number. */
static inline uint64_t choose_any(struct choices *choices)
{
	if (choices->at + 2 <= choices->input.size) {
		choices->at += 2;
		return (uint64_t)choices->input.data[choices->at - 2] << 8 | choices->input.data[choices->at - 1];
	}
	choices->state ^= choices->state >> 12; /* xorshift64* */
	choices->state ^= choices->state << 25;
	choices->state ^= choices->state >> 27;
	return (choices->state * 0x2545f4914f6cdd1d) >> 16;
}

/* A number below `limit`, which is not 0. */
static inline uint64_t choose(struct choices *choices, uint64_t limit)
{
	return choose_any(choices) % limit;
}

/* True in one of `n` cases. */
static inline bool one_in(struct choices *choices, uint64_t n)
{
	return choose(choices, n) == 0;
}

#endif
