/* --stats: where the time of a link goes, pass by pass. */
#ifndef GILD_LD_REPORT_STATS_H
#define GILD_LD_REPORT_STATS_H

#include "base/array.h"
#include "base/types.h"

struct pass_stats {
	const char *name;
	uint64_t wall_ns, cpu_ns; /* processor time of all threads */
	uint64_t faults;          /* page faults */
};

struct stats {
	bool enabled;
	uint64_t wall_ns, cpu_ns, faults; /* at the last mark */
	ARRAY(struct pass_stats) passes;
};

void stats_begin(struct stats *stats, bool enabled);
/* Everything since the last mark was the pass `name`. Costs nothing when not enabled. */
void stats_mark(struct stats *stats, const char *name);
/* Prints the table on stderr and frees it. */
void stats_end(struct stats *stats);

#endif
