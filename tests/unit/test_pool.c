#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/pool.h"

/* Sanitizers cannot follow a process that forks while it has threads: TSan gives new threads the ids of the lost ones ("dup
 * thread with used id"), ASan's allocator may be locked for ever by a thread that is not there. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__) || __has_feature(thread_sanitizer) || \
	__has_feature(address_sanitizer)
enum { CAN_FORK_WITH_THREADS = false };
#else
enum { CAN_FORK_WITH_THREADS = true };
#endif

static const unsigned thread_counts[] = {1, 2, 7};

static unsigned threads_of_process(void)
{
	unsigned n = 0;
	DIR *tasks = opendir("/proc/self/task");
	for (struct dirent *entry; (entry = readdir(tasks));)
		n += entry->d_name[0] != '.';
	closedir(tasks);
	return n;
}

/* Bodies run on other threads, where a cmocka assertion must not fail: they count what is wrong. */
struct counted {
	size_t count, grain;
	unsigned threads;
	uint8_t *seen; /* one per item, on purpose not atomic: TSan would see an item that runs twice */
	_Atomic unsigned wrong;
};

static void count_range(void *context, size_t begin, size_t end, unsigned worker)
{
	struct counted *counted = context;
	if (begin >= end || end - begin > counted->grain || end > counted->count || worker >= counted->threads ||
	    begin % counted->grain != 0) {
		counted->wrong++;
		return;
	}
	for (size_t i = begin; i < end; i++)
		counted->seen[i]++;
}

static void check_coverage(struct pool *pool, size_t count, size_t grain)
{
	struct counted counted = {count, grain, pool_threads(pool), calloc(count + 1, 1), 0};
	parallel_for(pool, count, grain, count_range, &counted);
	for (size_t i = 0; i < count; i++)
		counted.wrong += counted.seen[i] != 1;
	free(counted.seen);
	assert_int_equal(counted.wrong, 0);
}

static void a_loop_covers_every_item_once(void **state)
{
	(void)state;
	static const size_t counts[] = {0, 1, 2, 3, 7, 64, 100, 1000, 65537};
	static const size_t grains[] = {1, 2, 3, 64, 1000, SIZE_MAX};
	for (size_t t = 0; t < COUNTOF(thread_counts); t++) {
		struct pool *pool = pool_new(thread_counts[t]);
		assert_int_equal(pool_threads(pool), thread_counts[t]);
		for (size_t c = 0; c < COUNTOF(counts); c++) {
			for (size_t g = 0; g < COUNTOF(grains); g++)
				check_coverage(pool, counts[c], grains[g]);
		}
		pool_free(pool);
	}
}

static void short_loops_can_follow_each_other_at_once(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNTOF(thread_counts); t++) {
		struct pool *pool = pool_new(thread_counts[t]);
		for (size_t i = 0; i < 5000; i++)
			check_coverage(pool, 2 + i % 20, 1);
		pool_free(pool);
	}
}

static void store_range(void *context, size_t begin, size_t end, unsigned worker)
{
	(void)worker;
	uint64_t *sums = context;
	for (size_t i = begin; i < end; i++)
		sums[i] += i;
}

static void what_one_loop_wrote_the_next_one_sees(void **state)
{
	(void)state;
	enum { COUNT = 1000, ROUNDS = 200 };
	struct pool *pool = pool_new(7);
	uint64_t *sums = calloc(COUNT, sizeof(*sums));
	for (unsigned round = 0; round < ROUNDS; round++)
		parallel_for(pool, COUNT, 10 + round % 7, store_range, sums);
	for (uint64_t i = 0; i < COUNT; i++)
		assert_int_equal(sums[i], i * ROUNDS);
	free(sums);
	pool_free(pool);
}

static void remember_thread(void *context, size_t begin, size_t end, unsigned worker)
{
	(void)begin, (void)end, (void)worker;
	*(pthread_t *)context = pthread_self();
}

static void little_work_runs_inline_and_starts_no_thread(void **state)
{
	(void)state;
	unsigned before = threads_of_process();
	struct pool *pool = pool_new(7);
	pthread_t thread;
	static const size_t counts[] = {1, 10, 19};
	for (size_t i = 0; i < COUNTOF(counts); i++) {
		memset(&thread, 0, sizeof(thread));
		parallel_for(pool, counts[i], 10, remember_thread, &thread);
		assert_true(pthread_equal(thread, pthread_self()));
	}
	assert_int_equal(threads_of_process(), before);
	pool_free(pool);
}

static void freeing_the_pool_ends_its_threads(void **state)
{
	(void)state;
	struct pool *pool = pool_new(7);
	unsigned before = threads_of_process();
	check_coverage(pool, 1000, 1);
	assert_int_equal(threads_of_process(), before + 6);
	pool_free(pool);
	/* A joined thread may be listed for a moment more. */
	for (int i = 0; i < 1000 && threads_of_process() != before; i++)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	assert_int_equal(threads_of_process(), before);
	pool_free(NULL);
}

struct meeting {
	_Atomic unsigned arrived;
	_Atomic unsigned workers; /* a bit each */
};

static void wait_for_the_others(void *context, size_t begin, size_t end, unsigned worker)
{
	(void)begin, (void)end;
	struct meeting *meeting = context;
	meeting->workers |= 1u << worker;
	meeting->arrived++;
	while (meeting->arrived < 7)
		sched_yield();
}

/* Seven items that all wait for each other can only end when seven threads run them. */
static void all_workers_run_at_the_same_time(void **state)
{
	(void)state;
	struct pool *pool = pool_new(7);
	for (int i = 0; i < 20; i++) {
		struct meeting meeting = {0};
		parallel_for(pool, 7, 1, wait_for_the_others, &meeting);
		assert_int_equal(meeting.workers, 0x7f);
	}
	pool_free(pool);
}

/* CPU time must not pass while the caller does something else. */
static void idle_workers_do_not_spin(void **state)
{
	(void)state;
	struct pool *pool = pool_new(7);
	struct meeting meeting = {0};
	parallel_for(pool, 7, 1, wait_for_the_others, &meeting);
	nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	clock_t begin = clock();
	nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
	assert_true(clock() - begin < CLOCKS_PER_SEC / 20);
	pool_free(pool);
}

struct nested {
	struct pool *pool;
	uint8_t seen[50][200];
	_Atomic unsigned wrong;
};

struct nested_row {
	struct nested *nested;
	size_t row;
	unsigned worker;
};

static void count_cells(void *context, size_t begin, size_t end, unsigned worker)
{
	struct nested_row *row = context;
	row->nested->wrong += worker != row->worker;
	for (size_t i = begin; i < end; i++)
		row->nested->seen[row->row][i]++;
}

static void count_rows(void *context, size_t begin, size_t end, unsigned worker)
{
	struct nested *nested = context;
	for (size_t i = begin; i < end; i++) {
		struct nested_row row = {nested, i, worker};
		parallel_for(nested->pool, 200, 3, count_cells, &row);
	}
}

static void a_loop_inside_a_loop_runs_on_its_worker(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNTOF(thread_counts); t++) {
		struct nested nested = {.pool = pool_new(thread_counts[t])};
		parallel_for(nested.pool, 50, 1, count_rows, &nested);
		for (size_t row = 0; row < 50; row++) {
			for (size_t i = 0; i < 200; i++)
				nested.wrong += nested.seen[row][i] != 1;
		}
		assert_int_equal(nested.wrong, 0);
		pool_free(nested.pool);
	}
}

/* A binary tree of COUNT nodes: node i has the children 2i + 1 and 2i + 2. */
struct tree {
	uint32_t count;
	unsigned threads;
	uint8_t *seen;
	_Atomic unsigned wrong;
};

static void visit(void *context, uint32_t node, struct worklist *list, unsigned worker)
{
	struct tree *tree = context;
	if (node >= tree->count || worker >= tree->threads) {
		tree->wrong++;
		return;
	}
	tree->seen[node]++;
	for (uint32_t child = 2 * node + 1; child <= 2 * node + 2 && child < tree->count; child++)
		worklist_push(list, child, worker);
}

static void check_tree(struct pool *pool, uint32_t count)
{
	struct tree tree = {count, pool_threads(pool), calloc(count, 1), 0};
	uint32_t root = 0;
	worklist_run(pool, &root, 1, visit, &tree);
	for (uint32_t i = 0; i < count; i++)
		tree.wrong += tree.seen[i] != 1;
	free(tree.seen);
	assert_int_equal(tree.wrong, 0);
}

static void a_worklist_visits_all_that_was_pushed_once(void **state)
{
	(void)state;
	static const uint32_t counts[] = {1, 2, 3, 10, 1000, 100000, 1000000};
	for (size_t t = 0; t < COUNTOF(thread_counts); t++) {
		struct pool *pool = pool_new(thread_counts[t]);
		for (size_t c = 0; c < COUNTOF(counts); c++)
			check_tree(pool, counts[c]);
		for (int i = 0; i < 200; i++)
			check_tree(pool, 3000);
		pool_free(pool);
	}
}

static void a_worklist_without_items_ends_at_once(void **state)
{
	(void)state;
	struct pool *pool = pool_new(2);
	worklist_run(pool, NULL, 0, visit, NULL);
	pool_free(pool);
}

struct tally {
	_Atomic unsigned n;
};

/* Each item gives one more: there is never enough for all workers. */
static void visit_next(void *context, uint32_t item, struct worklist *list, unsigned worker)
{
	struct tally *visits = context;
	visits->n++;
	if (item % 100000 != 0)
		worklist_push(list, item - 1, worker);
}

static void long_chains_end(void **state)
{
	(void)state;
	static const uint32_t ends[] = {20000, 120000, 220001};
	for (size_t t = 0; t < COUNTOF(thread_counts); t++) {
		struct pool *pool = pool_new(thread_counts[t]);
		struct tally visits = {0};
		worklist_run(pool, ends, COUNTOF(ends), visit_next, &visits);
		assert_int_equal(visits.n, 20001 + 20001 + 20002);
		pool_free(pool);
	}
}

static void wait_in_worklist(void *context, uint32_t item, struct worklist *list, unsigned worker)
{
	struct meeting *meeting = context;
	(void)list;
	if (item == 0) { /* long enough to call the others, then wait for them */
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
		return;
	}
	wait_for_the_others(meeting, 0, 0, worker);
}

static void few_heavy_items_are_spread_over_all_workers(void **state)
{
	(void)state;
	static const uint32_t items[] = {1, 2, 3, 4, 5, 6, 7, 0};
	struct pool *pool = pool_new(7);
	for (int i = 0; i < 20; i++) {
		struct meeting meeting = {0};
		worklist_run(pool, items, COUNTOF(items), wait_in_worklist, &meeting);
		assert_int_equal(meeting.arrived, 7);
		assert_int_equal(meeting.workers, 0x7f);
	}
	pool_free(pool);
}

/* The root waits until the others have nothing to do, then gives them a lot. */
static void visit_late_work(void *context, uint32_t item, struct worklist *list, unsigned worker)
{
	struct meeting *meeting = context;
	nanosleep(&(struct timespec){.tv_nsec = item > 50 ? 10000000 : 1000000}, NULL);
	for (uint32_t i = 0; item > 50 && i < 50; i++)
		worklist_push(list, i, worker);
	meeting->workers |= 1u << worker;
	meeting->arrived++;
}

static void sleeping_workers_are_woken_for_work_that_comes_late(void **state)
{
	(void)state;
	static const uint32_t items[] = {51, 0, 0};
	struct pool *pool = pool_new(7);
	struct meeting meeting = {0};
	worklist_run(pool, items, COUNTOF(items), visit_late_work, &meeting);
	assert_int_equal(meeting.arrived, 53);
	assert_true(__builtin_popcount(meeting.workers) > 3);
	pool_free(pool);
}

struct forest {
	struct pool *pool;
	_Atomic unsigned visits;
};

static void visit_leaf(void *context, uint32_t item, struct worklist *list, unsigned worker)
{
	struct forest *forest = context;
	forest->visits++;
	if (item > 0)
		worklist_push(list, item - 1, worker);
}

static void visit_trees(void *context, size_t begin, size_t end, unsigned worker)
{
	struct forest *forest = context;
	(void)worker;
	for (size_t i = begin; i < end; i++) {
		uint32_t items[] = {9, 19};
		worklist_run(forest->pool, items, COUNTOF(items), visit_leaf, forest);
	}
}

static void a_worklist_inside_a_loop_runs_on_its_worker(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNTOF(thread_counts); t++) {
		struct forest forest = {.pool = pool_new(thread_counts[t])};
		parallel_for(forest.pool, 500, 1, visit_trees, &forest);
		assert_int_equal(forest.visits, 500 * 30);
		pool_free(forest.pool);
	}
}

/* True when the child could use the parent's pool. */
static bool child_can_use(struct pool *pool)
{
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		struct counted counted = {10000, 3, pool_threads(pool), calloc(10000, 1), 0};
		for (int i = 0; i < 10; i++)
			parallel_for(pool, counted.count, counted.grain, count_range, &counted);
		struct meeting meeting = {0};
		parallel_for(pool, 7, 1, wait_for_the_others, &meeting);
		bool good = counted.wrong == 0 && meeting.workers == 0x7f;
		for (size_t i = 0; i < counted.count; i++)
			good = good && counted.seen[i] == 10;
		pool_free(pool);
		_exit(good ? 0 : 1);
	}
	int status;
	return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void a_forked_child_gets_threads_of_its_own(void **state)
{
	(void)state;
	struct pool *pool = pool_new(7);
	assert_true(child_can_use(pool)); /* before the parent has threads */
	check_coverage(pool, 1000, 1);
	for (int i = 0; i < 10 && CAN_FORK_WITH_THREADS; i++) {
		assert_true(child_can_use(pool));
		check_coverage(pool, 1000, 1);
	}
	pool_free(pool);
}

static void a_forked_child_can_free_the_pool_unused(void **state)
{
	(void)state;
	if (!CAN_FORK_WITH_THREADS)
		skip();
	struct pool *pool = pool_new(7);
	check_coverage(pool, 1000, 1);
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		pool_free(pool);
		_exit(0);
	}
	int status = -1;
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	pool_free(pool);
}

/* Signals of the process are for the thread that has the handlers in mind. */
static void note_signal_mask(void *context, size_t begin, size_t end, unsigned worker)
{
	(void)begin, (void)end;
	struct tally *wrong = context;
	sigset_t mask;
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	wrong->n += (sigismember(&mask, SIGTERM) == 1) != (worker != 0);
	wrong->n += sigismember(&mask, SIGBUS) == 1;
}

static void helpers_leave_signals_to_the_creator(void **state)
{
	(void)state;
	struct pool *pool = pool_new(7);
	struct tally wrong = {0};
	parallel_for(pool, 1000, 1, note_signal_mask, &wrong);
	assert_int_equal(wrong.n, 0);
	pool_free(pool);
}

static void the_default_is_what_affinity_allows(void **state)
{
	(void)state;
	unsigned threads = pool_default_threads();
	assert_in_range(threads, 1, 64);
	cpu_set_t all, one;
	if (sched_getaffinity(0, sizeof(all), &all) != 0)
		return;
	assert_true(threads <= (unsigned)CPU_COUNT(&all));
	int cpu = 0;
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(pool_default_threads(), 1);
	sched_setaffinity(0, sizeof(all), &all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loop_covers_every_item_once),
		cmocka_unit_test(short_loops_can_follow_each_other_at_once),
		cmocka_unit_test(what_one_loop_wrote_the_next_one_sees),
		cmocka_unit_test(little_work_runs_inline_and_starts_no_thread),
		cmocka_unit_test(freeing_the_pool_ends_its_threads),
		cmocka_unit_test(all_workers_run_at_the_same_time),
		cmocka_unit_test(idle_workers_do_not_spin),
		cmocka_unit_test(a_loop_inside_a_loop_runs_on_its_worker),
		cmocka_unit_test(a_worklist_visits_all_that_was_pushed_once),
		cmocka_unit_test(a_worklist_without_items_ends_at_once),
		cmocka_unit_test(long_chains_end),
		cmocka_unit_test(few_heavy_items_are_spread_over_all_workers),
		cmocka_unit_test(sleeping_workers_are_woken_for_work_that_comes_late),
		cmocka_unit_test(a_worklist_inside_a_loop_runs_on_its_worker),
		cmocka_unit_test(a_forked_child_gets_threads_of_its_own),
		cmocka_unit_test(a_forked_child_can_free_the_pool_unused),
		cmocka_unit_test(helpers_leave_signals_to_the_creator),
		cmocka_unit_test(the_default_is_what_affinity_allows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
