/* Interning: equal strings get one id, whatever thread adds them and however tables grow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/intern.h"

enum { N = 60000, DIFFERENT = 20011, LISTS = 7, LOG2_TABLES = 3, LENGTH = 16 };

static char texts[N][LENGTH];

/* String i is the decimal number i modulo DIFFERENT, so that each comes several times. */
struct adding {
	struct intern_batch *batch;
	uint32_t *ids;
	uint32_t tables, hash_mask;
};

static uint32_t hash_of(const struct adding *adding, size_t i)
{
	return (uint32_t)((i % DIFFERENT) * 2654435761u) & adding->hash_mask;
}

static void add_lists(void *context, size_t begin, size_t end, unsigned worker)
{
	struct adding *adding = context;
	for (size_t list = begin; list < end; list++)
		for (size_t i = list * N / LISTS; i < (list + 1) * N / LISTS; i++) {
			struct interned string = {.at = texts[i], .size = (uint32_t)strlen(texts[i])};
			uint32_t hash = hash_of(adding, i);
			intern_batch_add(adding->batch, (uint32_t)list, (uint32_t)(i % DIFFERENT % adding->tables),
					 string, hash, &adding->ids[i], worker);
		}
}

/* What all strings are answered by `threads` threads in `rounds` rounds. */
static uint32_t *answers_of(struct intern_set *set, unsigned threads, unsigned rounds, uint32_t hash_mask)
{
	struct pool *pool = pool_new(threads);
	uint32_t *ids = calloc(N, sizeof(*ids));
	assert_non_null(ids);
	for (size_t i = 0; i < N; i++)
		snprintf(texts[i], LENGTH, "%zu", i % DIFFERENT);
	struct intern_batch *batch = intern_batch_new(set, pool);
	struct adding adding = {batch, ids, set->n, hash_mask};
	for (unsigned round = 0; round < rounds; round++) {
		intern_batch_begin(batch, LISTS);
		parallel_for(pool, LISTS, 1, add_lists, &adding);
		intern_batch_run(batch);
	}
	intern_batch_free(batch);
	pool_free(pool);
	return ids;
}

/* Interns all strings; gives their ids. */
static uint32_t *intern_all(struct intern_set *set, unsigned threads, unsigned rounds, uint32_t hash_mask)
{
	uint32_t *ids = answers_of(set, threads, rounds, hash_mask);
	struct adding adding = {.tables = set->n, .hash_mask = hash_mask};
	for (size_t i = 0; i < N; i++) {
		uint32_t place = ids[i] / set->n;
		const struct intern_table *table = &set->tables[ids[i] % set->n];
		assert_int_equal(ids[i], ids[i % DIFFERENT]);
		assert_in_range(place, 1, table->n - 1);
		assert_int_equal(table->strings[place].size, strlen(texts[i]));
		assert_memory_equal(table->strings[place].at, texts[i], strlen(texts[i]));
		struct interned string = {.at = texts[i], .size = (uint32_t)strlen(texts[i])};
		assert_int_equal(intern_find(table, string, hash_of(&adding, i)), ids[i]);
	}
	struct interned missing = {.at = "missing", .size = 7};
	assert_int_equal(intern_find(&set->tables[0], missing, hash_of(&adding, 0)), 0);
	return ids;
}

/* Strings are numbered in the order in which the lists bring them first. */
static uint32_t *number_all(struct intern_set *set, unsigned threads, unsigned rounds)
{
	uint32_t *numbers = answers_of(set, threads, rounds, UINT32_MAX);
	assert_int_equal(set->n_numbers, DIFFERENT + 1);
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(numbers[i], 1 + i % DIFFERENT);
		uint32_t id = set->ids[numbers[i]];
		const struct intern_table *table = &set->tables[id % set->n];
		const struct interned *string = &table->strings[id / set->n];
		assert_int_equal(string->number, numbers[i]);
		assert_int_equal(string->size, strlen(texts[i]));
		assert_memory_equal(string->at, texts[i], string->size);
	}
	return numbers;
}

static void numbers_follow_the_lists(void **state)
{
	(void)state;
	struct intern_space space = {LOG2_TABLES, DIFFERENT}, few = {LOG2_TABLES, 1};
	struct intern_set one, several;
	intern_set_begin(&one, &space, 1);
	intern_set_begin(&several, &few, 1);
	intern_set_number(&one, DIFFERENT);
	intern_set_number(&several, 1); /* has to grow */
	uint32_t *expected = number_all(&one, 1, 1), *numbers = number_all(&several, 5, 2);
	assert_memory_equal(numbers, expected, N * sizeof(*numbers));
	struct intern_table *table = &several.tables[1];
	uint32_t id = intern_one(table, (struct interned){.at = "another", .size = 7}, 77);
	assert_int_equal(intern_number(&several, id), DIFFERENT + 1);
	assert_int_equal(intern_number(&several, id), DIFFERENT + 1);
	assert_int_equal(several.ids[DIFFERENT + 1], id);
	free(expected);
	free(numbers);
	intern_set_free(&one);
	intern_set_free(&several);
}

static uint32_t count(const struct intern_set *set)
{
	uint32_t n = 0;
	for (uint32_t t = 0; t < set->n; t++)
		n += set->tables[t].n - 1;
	return n;
}

static void ids_do_not_depend_on_threads_and_rounds(void **state)
{
	(void)state;
	struct intern_space space = {LOG2_TABLES, DIFFERENT};
	struct intern_set one, several;
	intern_set_begin(&one, &space, 1);
	intern_set_begin(&several, &space, 1);
	uint32_t *expected = intern_all(&one, 1, 1, UINT32_MAX), *ids = intern_all(&several, 5, 2, UINT32_MAX);
	assert_memory_equal(ids, expected, N * sizeof(*ids));
	assert_int_equal(count(&one), DIFFERENT);
	assert_int_equal(count(&several), DIFFERENT);
	free(expected);
	free(ids);
	intern_set_free(&one);
	intern_set_free(&several);
}

static void tables_grow(void **state)
{
	(void)state;
	struct intern_space space = {0, 0};
	struct intern_set set;
	intern_set_begin(&set, &space, 1);
	free(intern_all(&set, 2, 1, UINT32_MAX));
	assert_int_equal(count(&set), DIFFERENT);
	assert_true(set.tables[0].has_grown);
	intern_set_free(&set);
}

static void equal_hashes_do_not_make_strings_equal(void **state)
{
	(void)state;
	struct intern_space space = {LOG2_TABLES, DIFFERENT};
	struct intern_set set;
	intern_set_begin(&set, &space, 1);
	free(intern_all(&set, 2, 1, 0xff));
	assert_int_equal(count(&set), DIFFERENT);
	intern_set_free(&set);
}

static void spaces_have_tables_of_their_own(void **state)
{
	(void)state;
	struct intern_space spaces[] = {{0, 10}, {2, 1000}, {1, 0}};
	struct intern_set set;
	intern_set_begin(&set, spaces, 3);
	assert_int_equal(set.n, 1 + 4 + 2);
	struct interned string = {.at = "foo", .size = 3};
	for (uint32_t t = 0; t < set.n; t++) {
		static const uint32_t ids[] = {1, 4, 5, 6, 7, 2, 3};
		assert_int_equal(intern_find(&set.tables[t], string, 5), 0);
		assert_int_equal(intern_one(&set.tables[t], string, 5), ids[t]);
		assert_int_equal(intern_one(&set.tables[t], string, 5), ids[t]);
	}
	assert_int_equal(count(&set), 7);
	intern_set_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_do_not_depend_on_threads_and_rounds),
		cmocka_unit_test(numbers_follow_the_lists),
		cmocka_unit_test(tables_grow),
		cmocka_unit_test(equal_hashes_do_not_make_strings_equal),
		cmocka_unit_test(spaces_have_tables_of_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
