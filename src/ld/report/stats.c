#include "ld/report/stats.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void read_now(struct stats *stats)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	stats->wall_ns = clock_ns(CLOCK_MONOTONIC);
	stats->cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	stats->faults = (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
}

void stats_begin(struct stats *stats, bool enabled)
{
	*stats = (struct stats){.enabled = enabled};
	if (enabled)
		read_now(stats);
}

void stats_mark(struct stats *stats, const char *name)
{
	if (!stats->enabled)
		return;
	struct stats before = *stats;
	read_now(stats);
	*array_push(&stats->passes) = (struct pass_stats){
		.name = name,
		.wall_ns = stats->wall_ns - before.wall_ns,
		.cpu_ns = stats->cpu_ns - before.cpu_ns,
		.faults = stats->faults - before.faults,
	};
}

static void print_row(const struct pass_stats *pass)
{
	fprintf(stderr, "  %-24s %10.2f %10.2f %10llu\n", pass->name, (double)pass->wall_ns / 1e6,
		(double)pass->cpu_ns / 1e6, (unsigned long long)pass->faults);
}

void stats_end(struct stats *stats)
{
	if (!stats->enabled)
		return;
	struct pass_stats total = {.name = "total"};
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	fprintf(stderr, "  %-24s %10s %10s %10s\n", "pass", "wall ms", "cpu ms", "faults");
	for (uint32_t i = 0; i < stats->passes.n; i++) {
		const struct pass_stats *pass = &stats->passes.at[i];
		print_row(pass);
		total.wall_ns += pass->wall_ns;
		total.cpu_ns += pass->cpu_ns;
		total.faults += pass->faults;
	}
	print_row(&total);
	fprintf(stderr, "  peak memory %.1f MiB\n", (double)usage.ru_maxrss / 1024);
	array_free(&stats->passes);
}
