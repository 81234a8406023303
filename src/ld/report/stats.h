/* --stats and --time-trace: where the time of a link goes, pass by pass. */
#ifndef GILD_LD_REPORT_STATS_H
#define GILD_LD_REPORT_STATS_H

#include <stdio.h>

#include "base/array.h"
#include "base/pool.h"
#include "base/types.h"

struct pass_stats {
	const char *name;
	uint64_t begin_ns;        /* CLOCK_MONOTONIC */
	uint64_t wall_ns, cpu_ns; /* processor time of all threads */
	uint64_t faults;          /* page faults */
	int64_t resident;         /* bytes by which the process's resident memory grew */
};

struct stats {
	bool enabled;
	uint64_t wall_ns, cpu_ns, faults; /* at the last mark */
	int64_t resident;
	unsigned threads;                 /* that ran */
	ARRAY(struct pass_stats) passes;
	struct pool_record record;        /* of the threads, for a trace */
};

void stats_begin(struct stats *stats, bool enabled);
/* Everything since the last mark was the pass `name`. Costs nothing when not enabled. */
void stats_mark(struct stats *stats, const char *name);
/* Prints the table on stderr. */
void stats_print(const struct stats *stats);
/* Writes the passes, and when each thread was busy, in the Trace Event Format that chrome://tracing and ui.perfetto.dev
 * show. Spans shorter than `granularity` microseconds are left out. false: could not be written, see errno. */
bool stats_trace(const struct stats *stats, FILE *to, uint64_t granularity);
void stats_free(struct stats *stats);

#endif
