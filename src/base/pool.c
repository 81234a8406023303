#include "base/pool.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/memory.h"

enum {
	TAKE_MAX = 256,       /* items a worker takes from a worklist's shared stack at once */
	ALONE_NS = 50 * 1000, /* a worklist shorter than this is not worth waking anybody for */
};

typedef void pool_job(void *argument, unsigned worker);

struct helper {
	struct pool *pool;
	unsigned worker;
	pthread_t thread;
};

/* How a loop runs: the creator writes the job, sets `active` and then `tickets` to the number of helpers
 * it wants, and works along. A helper that takes a ticket runs the job and leaves `active` when done. When
 * the creator finds no more work it takes back the tickets nobody came for, so that a short loop does
 * not wait for threads to wake up, and sleeps until `active` is zero. */
struct pool {
	struct helper *helpers; /* workers 1 .. started; the creator is worker 0 */
	unsigned threads, started;
	unsigned max_helpers; /* less than threads - 1 when the system gave us no more */
	pid_t pid;            /* the process the helpers live in */
	bool (*may_start)(void); /* NULL: always */
	bool busy, quit;
	pool_job *job;
	void *argument;
	struct pool_record *record; /* or NULL */
	_Alignas(CACHE_LINE) _Atomic uint32_t tickets;
	_Alignas(CACHE_LINE) _Atomic uint32_t active;
};

static void futex_wait(_Atomic uint32_t *word, uint32_t expected)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word, uint32_t waiters)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, waiters < INT_MAX ? waiters : INT_MAX, NULL, NULL, 0);
}

struct pool *pool_new(unsigned threads)
{
	struct pool *pool = memory_lines(sizeof(*pool));
	pool->threads = threads ? threads : 1;
	pool->max_helpers = pool->threads - 1;
	pool->helpers = calloc(pool->threads, sizeof(*pool->helpers));
	if (!pool->helpers)
		out_of_memory();
	return pool;
}

unsigned pool_threads(const struct pool *pool)
{
	return pool->threads;
}

void pool_ask_before_start(struct pool *pool, bool (*may_start)(void))
{
	pool->may_start = may_start;
}

unsigned pool_started(const struct pool *pool)
{
	return pool->started + 1;
}

static void take_ticket(struct pool *pool)
{
	uint32_t left = atomic_load_explicit(&pool->tickets, memory_order_acquire);
	for (;;) {
		if (left == 0) {
			futex_wait(&pool->tickets, 0);
			left = atomic_load_explicit(&pool->tickets, memory_order_acquire);
		} else if (atomic_compare_exchange_weak_explicit(&pool->tickets, &left, left - 1, memory_order_acq_rel,
								 memory_order_acquire)) {
			return;
		}
	}
}

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void run_job(struct pool *pool, unsigned worker)
{
	uint64_t begin = pool->record ? now_ns() : 0;
	pool->job(pool->argument, worker);
	if (pool->record)
		*array_push(&pool->record->of[worker].spans) = (struct pool_span){begin, now_ns()};
}

void pool_set_record(struct pool *pool, struct pool_record *record)
{
	pool->record = record;
	if (!record)
		return;
	record->workers = pool->threads;
	record->of = calloc(pool->threads, sizeof(*record->of));
	if (!record->of)
		out_of_memory();
}

void pool_record_free(struct pool_record *record)
{
	for (unsigned i = 0; i < record->workers; i++)
		array_free(&record->of[i].spans);
	free(record->of);
	*record = (struct pool_record){0};
}

static void *helper_main(void *argument)
{
	struct helper *helper = argument;
	struct pool *pool = helper->pool;
	for (;;) {
		take_ticket(pool);
		if (pool->quit)
			return NULL;
		run_job(pool, helper->worker);
		if (atomic_fetch_sub_explicit(&pool->active, 1, memory_order_acq_rel) == 1)
			futex_wake(&pool->active, 1);
	}
}

/* Signals sent to the process are for the creator's thread; those a thread brings on itself (SIGBUS when
 * a mapped file shrinks) must still find their handler. */
static void block_foreign_signals(sigset_t *old)
{
	static const int own[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPROF};
	sigset_t foreign;
	sigfillset(&foreign);
	for (size_t i = 0; i < COUNTOF(own); i++)
		sigdelset(&foreign, own[i]);
	pthread_sigmask(SIG_SETMASK, &foreign, old);
}

/* After fork() the helpers exist in the parent only. */
static void forget_lost_helpers(struct pool *pool)
{
	if (pool->started == 0 || getpid() == pool->pid)
		return;
	pool->started = 0;
	atomic_store(&pool->tickets, 0);
	atomic_store(&pool->active, 0);
}

/* Starts helpers until there are `wanted`; returns how many of those there are. */
static unsigned ensure_helpers(struct pool *pool, size_t wanted)
{
	forget_lost_helpers(pool);
	if (wanted > pool->max_helpers)
		wanted = pool->max_helpers;
	if (pool->started >= wanted)
		return (unsigned)wanted;
	sigset_t signals;
	block_foreign_signals(&signals);
	pool->pid = getpid();
	while (pool->started < wanted && (!pool->may_start || pool->may_start())) {
		struct helper *helper = &pool->helpers[pool->started];
		helper->pool = pool;
		helper->worker = pool->started + 1;
		if (pthread_create(&helper->thread, NULL, helper_main, helper) != 0) {
			pool->max_helpers = pool->started;
			break;
		}
		pool->started++;
	}
	pthread_sigmask(SIG_SETMASK, &signals, NULL);
	return pool->started;
}

static void start_job(struct pool *pool, unsigned helpers, pool_job *job, void *argument)
{
	pool->busy = true;
	pool->job = job;
	pool->argument = argument;
	atomic_store_explicit(&pool->active, helpers, memory_order_relaxed);
	atomic_store_explicit(&pool->tickets, helpers, memory_order_release);
	futex_wake(&pool->tickets, helpers);
}

static void finish_job(struct pool *pool)
{
	uint32_t unclaimed = atomic_exchange_explicit(&pool->tickets, 0, memory_order_acq_rel);
	uint32_t left = atomic_fetch_sub_explicit(&pool->active, unclaimed, memory_order_acq_rel) - unclaimed;
	while (left != 0) {
		futex_wait(&pool->active, left);
		left = atomic_load_explicit(&pool->active, memory_order_acquire);
	}
	pool->busy = false;
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	forget_lost_helpers(pool);
	pool->quit = true;
	atomic_store_explicit(&pool->tickets, pool->started, memory_order_release);
	if (pool->started)
		futex_wake(&pool->tickets, pool->started);
	for (unsigned i = 0; i < pool->started; i++)
		pthread_join(pool->helpers[i].thread, NULL);
	free(pool->helpers);
	free(pool);
}

/* Which worker the calling thread is: a body may start a loop of its own. */
static unsigned current_worker(const struct pool *pool)
{
	if (pool->busy) {
		for (unsigned i = 0; i < pool->started; i++) {
			if (pthread_equal(pool->helpers[i].thread, pthread_self()))
				return pool->helpers[i].worker;
		}
	}
	return 0;
}

struct loop {
	size_t count, grain, chunks;
	parallel_body *body;
	void *context;
	_Alignas(CACHE_LINE) _Atomic size_t next_chunk;
};

static void run_chunk(const struct loop *loop, size_t chunk, unsigned worker)
{
	size_t begin = chunk * loop->grain, rest = loop->count - begin;
	loop->body(loop->context, begin, begin + (rest < loop->grain ? rest : loop->grain), worker);
}

static void run_loop(void *argument, unsigned worker)
{
	struct loop *loop = argument;
	for (;;) {
		size_t chunk = atomic_fetch_add_explicit(&loop->next_chunk, 1, memory_order_relaxed);
		if (chunk >= loop->chunks)
			return;
		run_chunk(loop, chunk, worker);
	}
}

void parallel_for(struct pool *pool, size_t count, size_t grain, parallel_body *body, void *context)
{
	if (count == 0)
		return;
	if (count <= grain) {
		body(context, 0, count, current_worker(pool));
		return;
	}
	struct loop loop = {
		.count = count,
		.grain = grain,
		.chunks = count / grain + (count % grain != 0),
		.body = body,
		.context = context,
	};
	unsigned helpers = 0;
	if (pool->max_helpers > 0 && !pool->busy && count / grain >= 2)
		helpers = ensure_helpers(pool, loop.chunks - 1);
	if (helpers > 0) {
		start_job(pool, helpers, run_loop, &loop);
		run_job(pool, 0);
		finish_job(pool);
	} else {
		unsigned worker = current_worker(pool);
		for (size_t chunk = 0; chunk < loop.chunks; chunk++)
			run_chunk(&loop, chunk, worker);
	}
}

struct worker_stack {
	_Alignas(CACHE_LINE) ARRAY(uint32_t) items; /* touched by its worker only */
};

/* Items are on the stack of the worker that pushed them, or on the shared stack. A worker whose own is
 * empty takes some from the shared one, or sleeps until somebody shares. All is done when the shared
 * stack is empty and nobody is working: only who works can push. */
struct worklist {
	struct pool *pool;
	worklist_body *body;
	void *context;
	struct worker_stack *stacks;
	pthread_mutex_t lock; /* for the following */
	ARRAY(uint32_t) shared;
	unsigned working, sleeping;
	_Atomic uint32_t bell;                     /* changes when sleepers should look again */
	_Alignas(CACHE_LINE) _Atomic bool wanting; /* somebody sleeps and the shared stack is empty; a hint */
};

static void unlock_worklist(struct worklist *list)
{
	bool wanting = list->sleeping > 0 && list->shared.n == 0;
	if (wanting != atomic_load_explicit(&list->wanting, memory_order_relaxed))
		atomic_store_explicit(&list->wanting, wanting, memory_order_relaxed);
	pthread_mutex_unlock(&list->lock);
}

/* With the lock held; releases it. */
static void unlock_and_ring(struct worklist *list, uint32_t waiters)
{
	uint32_t woken = list->sleeping < waiters ? list->sleeping : waiters;
	atomic_fetch_add_explicit(&list->bell, 1, memory_order_relaxed);
	unlock_worklist(list);
	if (woken > 0)
		futex_wake(&list->bell, woken);
}

/* Moves the oldest `count` items to the shared stack: they tend to lead to the most work. */
static void share_items(struct worklist *list, struct worker_stack *own, uint32_t count)
{
	pthread_mutex_lock(&list->lock);
	list->shared.at = array_reserve(list->shared.at, list->shared.n, &list->shared.cap, sizeof(uint32_t), count);
	memcpy(list->shared.at + list->shared.n, own->items.at, count * sizeof(uint32_t));
	list->shared.n += count;
	unlock_and_ring(list, count);
	own->items.n -= count;
	memmove(own->items.at, own->items.at + count, own->items.n * sizeof(uint32_t));
}

static void sleep_until_bell(struct worklist *list)
{
	uint32_t bell = atomic_load_explicit(&list->bell, memory_order_relaxed);
	list->sleeping++;
	unlock_worklist(list);
	futex_wait(&list->bell, bell);
	pthread_mutex_lock(&list->lock);
	list->sleeping--;
}

/* Fills an empty stack; false when all work is done. */
static bool take_items(struct worklist *list, struct worker_stack *own, bool was_working)
{
	pthread_mutex_lock(&list->lock);
	list->working -= was_working;
	while (list->shared.n == 0 && list->working > 0)
		sleep_until_bell(list);
	if (list->shared.n == 0) {
		unlock_and_ring(list, UINT32_MAX);
		return false;
	}
	/* Half of a fair share: what one worker holds is out of reach of the others until its next item. */
	uint32_t count = list->shared.n / (2 * list->pool->threads);
	count = count < TAKE_MAX ? count : TAKE_MAX;
	count += count == 0;
	own->items.at = array_reserve(own->items.at, 0, &own->items.cap, sizeof(uint32_t), count);
	own->items.n = count;
	list->shared.n -= count;
	memcpy(own->items.at, list->shared.at + list->shared.n, count * sizeof(uint32_t));
	list->working++;
	unlock_worklist(list);
	return true;
}

static void run_one_item(struct worklist *list, struct worker_stack *own, unsigned worker)
{
	list->body(list->context, own->items.at[--own->items.n], list, worker);
}

static void run_worklist(void *argument, unsigned worker)
{
	struct worklist *list = argument;
	struct worker_stack *own = &list->stacks[worker];
	for (bool working = false; take_items(list, own, working); working = true) {
		while (own->items.n > 0) {
			run_one_item(list, own, worker);
			if (own->items.n > 1 && atomic_load_explicit(&list->wanting, memory_order_relaxed))
				share_items(list, own, own->items.n / 2);
		}
	}
}

/* Runs items on the calling thread; returns early, with work left, when there is enough of it to share. */
static void run_alone(struct worklist *list, unsigned worker, bool may_share)
{
	struct worker_stack *own = &list->stacks[worker];
	uint64_t begin = may_share ? now_ns() : 0;
	while (own->items.n > 0) {
		run_one_item(list, own, worker);
		if (may_share && own->items.n > 1 && now_ns() - begin > ALONE_NS)
			return;
	}
}

void worklist_run(struct pool *pool, const uint32_t *items, size_t count, worklist_body *body, void *context)
{
	if (count == 0)
		return;
	if (count > UINT32_MAX)
		out_of_memory();
	unsigned worker = current_worker(pool);
	struct worklist list = {
		.pool = pool,
		.body = body,
		.context = context,
		.stacks = memory_lines(pool->threads * sizeof(struct worker_stack)),
	};
	struct worker_stack *own = &list.stacks[worker];
	own->items.at = array_reserve(NULL, 0, &own->items.cap, sizeof(uint32_t), (uint32_t)count);
	own->items.n = (uint32_t)count;
	memcpy(own->items.at, items, count * sizeof(uint32_t));
	pthread_mutex_init(&list.lock, NULL);

	bool nested = pool->busy;
	if (!nested)
		pool->busy = true;
	run_alone(&list, worker, !nested && pool->max_helpers > 0);
	if (!nested)
		pool->busy = false;
	if (own->items.n > 0) {
		unsigned helpers = ensure_helpers(pool, pool->max_helpers);
		if (helpers > 0) {
			share_items(&list, own, own->items.n);
			start_job(pool, helpers, run_worklist, &list);
			run_job(pool, worker);
			finish_job(pool);
		} else {
			run_alone(&list, worker, false);
		}
	}

	for (unsigned i = 0; i < pool->threads; i++)
		array_free(&list.stacks[i].items);
	free(list.stacks);
	array_free(&list.shared);
	pthread_mutex_destroy(&list.lock);
}

void worklist_push(struct worklist *list, uint32_t item, unsigned worker)
{
	*array_push(&list->stacks[worker].items) = item;
}
