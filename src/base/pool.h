/* A small pool of threads, and the two shapes of parallel work a link needs: a loop over a table,
 * and a worklist that grows while it is worked on.
 *
 * Threads are created at the first parallel loop that is worth it, sleep on a futex between loops (no
 * spinning), and belong to the pool's creator: one loop at a time, started from the creating thread.
 * A loop with one thread, or with less than two grains of work, runs inline; so does a loop that a body
 * starts while other threads are at work. Which worker runs which range is not deterministic: results must
 * go to slots that belong to the item, never to the worker (per-worker scratch memory is fine).
 * A child made by fork() between loops may go on using the pool: it gets threads of its own. */
#ifndef GILD_BASE_POOL_H
#define GILD_BASE_POOL_H

#include "base/array.h"
#include "base/types.h"

struct pool;

/* Threads to use when the user does not say: affinity mask and cgroup CPU quota, at most 64. */
unsigned pool_default_threads(void);

/* A pool of `threads` workers, the caller being one of them. Free with pool_free(). */
struct pool *pool_new(unsigned threads);
void pool_free(struct pool *pool);
unsigned pool_threads(const struct pool *pool);

/* From now on each further thread is started only when `may_start` says so; it is asked again whenever a loop could use
 * one more. Call before the first loop. */
void pool_ask_before_start(struct pool *pool, bool (*may_start)(void));

/* Threads the pool runs at this moment, the creator's included. */
unsigned pool_started(const struct pool *pool);

/* Calls `body(context, begin, end, worker)` for ranges that together cover [0, count) exactly once; each
 * range begins at a multiple of `grain` (>= 1) and has at most `grain` items. worker < pool_threads().
 * Returns when all are done; what the bodies wrote is then visible to the caller. */
typedef void parallel_body(void *context, size_t begin, size_t end, unsigned worker);
void parallel_for(struct pool *pool, size_t count, size_t grain, parallel_body *body, void *context);

/* Calls `body(context, item, list, worker)` for every item pushed, in no particular order; bodies push
 * more items with worklist_push(), naming the worker they run on. What was written before an item was
 * pushed is visible to its body. Work begins on the calling thread; the others join when it goes on for
 * more than some 50 microseconds. Returns when nothing is left. */
struct worklist;
typedef void worklist_body(void *context, uint32_t item, struct worklist *list, unsigned worker);
void worklist_run(struct pool *pool, const uint32_t *items, size_t count, worklist_body *body, void *context);
void worklist_push(struct worklist *list, uint32_t item, unsigned worker);

/* When the workers of parallel loops were busy, for those who want to see it. */
struct pool_span {
	uint64_t begin_ns, end_ns; /* CLOCK_MONOTONIC */
};

struct pool_record {
	unsigned workers;
	struct worker_record {
		ARRAY(struct pool_span) spans;
	} *of;                     /* by worker */
};

/* From now on the pool notes in `record` when each worker runs (a part of) a loop that is shared; NULL ends that. The
 * record outlives the pool; pool_record_free() frees what is in it. */
void pool_set_record(struct pool *pool, struct pool_record *record);
void pool_record_free(struct pool_record *record);

#endif
