/* Words every layer shares: fixed-width integers, byte ranges, small arithmetic. */
#ifndef GILD_BASE_TYPES_H
#define GILD_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNTOF(array) (sizeof(array) / sizeof((array)[0]))

/* A range of memory somebody else owns. */
struct bytes {
	const uint8_t *data;
	uint64_t size;
};

/* A name: not NUL-terminated in general, owned by whoever holds the text. */
struct str {
	const char *at;
	uint32_t len;
};

/* The least multiple of `align` (a power of two) that is not below `value`. */
static inline uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

static inline bool is_power_of_two(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

#endif
