#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/array.h"

static void memory_is_zeroed_and_aligned(void **state)
{
	(void)state;
	struct arena arena = {0};
	for (size_t align = 1; align <= 4096; align *= 2) {
		uint8_t *memory = arena_alloc(&arena, 33, align);
		assert_int_equal((uintptr_t)memory % align, 0);
		for (size_t i = 0; i < 33; i++)
			assert_int_equal(memory[i], 0);
		memset(memory, 0xff, 33);
	}
	arena_free(&arena);
}

static void pieces_do_not_overlap(void **state)
{
	(void)state;
	struct arena arena = {0};
	enum { PIECES = 3000, SIZE = 1000 }; /* more than two chunks */
	uint8_t *pieces[PIECES];
	for (int i = 0; i < PIECES; i++) {
		pieces[i] = arena_alloc(&arena, SIZE, 1);
		memset(pieces[i], i & 0xff, SIZE);
	}
	for (int i = 0; i < PIECES; i++) {
		assert_int_equal(pieces[i][0], i & 0xff);
		assert_int_equal(pieces[i][SIZE - 1], i & 0xff);
	}
	arena_free(&arena);
}

static void a_piece_may_be_larger_than_a_chunk(void **state)
{
	(void)state;
	struct arena arena = {0};
	size_t size = 5 << 20;
	uint8_t *large = arena_alloc(&arena, size, 8192);
	assert_int_equal((uintptr_t)large % 8192, 0);
	large[0] = large[size - 1] = 1;
	uint8_t *small = arena_alloc(&arena, 1, 1);
	assert_true(small < large || small >= large + size);
	arena_free(&arena);
}

static void a_copied_string_ends_with_nul(void **state)
{
	(void)state;
	struct arena arena = {0};
	assert_string_equal(arena_strndup(&arena, "foobar", 3), "foo");
	assert_string_equal(arena_strndup(&arena, "", 0), "");
	arena_free(&arena);
}

static void printf_takes_text_of_any_length(void **state)
{
	(void)state;
	struct arena arena = {0};
	assert_string_equal(arena_printf(&arena, "%s+0x%x", ".text", 42), ".text+0x2a");
	assert_int_equal(strlen(arena_printf(&arena, "%2000000d", 1)), 2000000);
	arena_free(&arena);
}

static void an_arena_can_be_used_again_after_it_was_freed(void **state)
{
	(void)state;
	struct arena arena = {0};
	*arena_new(&arena, int) = 1;
	arena_free(&arena);
	int *numbers = arena_array(&arena, int, 10);
	assert_int_equal(numbers[9], 0);
	arena_free(&arena);
	arena_free(&arena);
}

static void an_array_keeps_its_elements_while_it_grows(void **state)
{
	(void)state;
	ARRAY(uint64_t) numbers = {0};
	for (uint64_t i = 0; i < 10000; i++)
		*array_push(&numbers) = i * i;
	assert_int_equal(numbers.n, 10000);
	for (uint64_t i = 0; i < 10000; i++)
		assert_int_equal(numbers.at[i], i * i);
	array_free(&numbers);
	assert_null(numbers.at);
	assert_int_equal(numbers.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_aligned),
		cmocka_unit_test(pieces_do_not_overlap),
		cmocka_unit_test(a_piece_may_be_larger_than_a_chunk),
		cmocka_unit_test(a_copied_string_ends_with_nul),
		cmocka_unit_test(printf_takes_text_of_any_length),
		cmocka_unit_test(an_arena_can_be_used_again_after_it_was_freed),
		cmocka_unit_test(an_array_keeps_its_elements_while_it_grows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
