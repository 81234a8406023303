#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/sort.h"

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Values number the items as they came: equal keys must keep that order. */
static void check(struct sort_item *items, size_t n, uint64_t sum_of_keys)
{
	uint64_t sum = 0;
	sort_by_key(items, n);
	for (size_t i = 0; i < n; i++) {
		sum += items[i].key;
		if (i == 0)
			continue;
		assert_true(items[i - 1].key <= items[i].key);
		if (items[i - 1].key == items[i].key)
			assert_true(items[i - 1].value < items[i].value);
	}
	assert_int_equal(sum, sum_of_keys);
}

static void sorts_keys_of_any_width(void **state)
{
	(void)state;
	enum { MOST = 5000 };
	static const size_t sizes[] = {0, 1, 2, 31, 32, 33, 1000, MOST};
	struct sort_item *items = malloc(MOST * sizeof(*items));
	assert_non_null(items);
	uint64_t random = 88172645463325252ull;
	for (unsigned bits = 0; bits <= 64; bits++)
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			uint64_t sum = 0;
			for (size_t i = 0; i < sizes[s]; i++) {
				items[i].key = bits ? next_random(&random) >> (64 - bits) : 7;
				items[i].value = i;
				sum += items[i].key;
			}
			check(items, sizes[s], sum);
		}
	free(items);
}

static void keys_may_differ_in_high_digits_only(void **state)
{
	(void)state;
	struct sort_item items[100];
	uint64_t sum = 0;
	for (size_t i = 0; i < 100; i++) {
		items[i] = (struct sort_item){(uint64_t)(i * 37 % 10) << 60, i};
		sum += items[i].key;
	}
	check(items, 100, sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts_keys_of_any_width),
		cmocka_unit_test(keys_may_differ_in_high_digits_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
