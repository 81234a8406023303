#include "ld/report/stats.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The second number of /proc/self/statm is in pages; 0 where there is no /proc. */
static int64_t resident_bytes(void)
{
	long long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "re");
	if (!statm)
		return 0;
	if (fscanf(statm, "%*s %lld", &pages) != 1) /* NOLINT(cert-err34-c): the kernel's own number */
		pages = 0;
	fclose(statm);
	return pages * sysconf(_SC_PAGESIZE);
}

static void read_now(struct stats *stats)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	stats->wall_ns = clock_ns(CLOCK_MONOTONIC);
	stats->cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	stats->faults = (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
	stats->resident = resident_bytes();
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
		.begin_ns = before.wall_ns,
		.wall_ns = stats->wall_ns - before.wall_ns,
		.cpu_ns = stats->cpu_ns - before.cpu_ns,
		.faults = stats->faults - before.faults,
		.resident = stats->resident - before.resident,
	};
}

static void print_row(const struct pass_stats *pass)
{
	fprintf(stderr, "  %-24s %10.2f %10.2f %10llu %10.1f\n", pass->name, (double)pass->wall_ns / 1e6,
		(double)pass->cpu_ns / 1e6, (unsigned long long)pass->faults, (double)pass->resident / (1 << 20));
}

void stats_print(const struct stats *stats)
{
	struct pass_stats total = {.name = "total"};
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	fprintf(stderr, "  %-24s %10s %10s %10s %10s\n", "pass", "wall ms", "cpu ms", "faults", "MiB");
	for (uint32_t i = 0; i < stats->passes.n; i++) {
		const struct pass_stats *pass = &stats->passes.at[i];
		print_row(pass);
		total.wall_ns += pass->wall_ns;
		total.cpu_ns += pass->cpu_ns;
		total.faults += pass->faults;
		total.resident += pass->resident;
	}
	print_row(&total);
	fprintf(stderr, "  threads %u\n", stats->threads);
	fprintf(stderr, "  peak memory %.1f MiB\n", (double)usage.ru_maxrss / 1024);
}

static void trace_thread(FILE *to, unsigned thread, const char *name)
{
	fprintf(to, "{\"ph\":\"M\",\"pid\":1,\"tid\":%u,\"name\":\"thread_name\",\"args\":{\"name\":\"%s\"}},\n",
		thread, name);
}

static void trace_passes(const struct stats *stats, FILE *to, uint64_t origin, uint64_t granularity)
{
	for (uint32_t i = 0; i < stats->passes.n; i++) {
		const struct pass_stats *pass = &stats->passes.at[i];
		if (pass->wall_ns < granularity)
			continue;
		fprintf(to,
			"{\"ph\":\"X\",\"pid\":1,\"tid\":0,\"name\":\"%s\",\"ts\":%.3f,\"dur\":%.3f,"
			"\"args\":{\"cpu_ms\":%.3f,\"faults\":%llu,\"resident_bytes\":%lld}},\n",
			pass->name, (double)(pass->begin_ns - origin) / 1e3, (double)pass->wall_ns / 1e3,
			(double)pass->cpu_ns / 1e6, (unsigned long long)pass->faults, (long long)pass->resident);
	}
}

/* Name of the pass that was under way at a time. */
static const char *pass_at(const struct stats *stats, uint64_t ns)
{
	for (uint32_t i = 0; i < stats->passes.n; i++)
		if (ns < stats->passes.at[i].begin_ns + stats->passes.at[i].wall_ns)
			return stats->passes.at[i].name;
	return "";
}

static void trace_worker(const struct stats *stats, FILE *to, unsigned worker, uint64_t origin, uint64_t granularity)
{
	const struct worker_record *record = &stats->record.of[worker];
	for (uint32_t i = 0; i < record->spans.n; i++) {
		const struct pool_span *span = &record->spans.at[i];
		if (span->end_ns - span->begin_ns < granularity)
			continue;
		fprintf(to, "{\"ph\":\"X\",\"pid\":1,\"tid\":%u,\"name\":\"%s\",\"ts\":%.3f,\"dur\":%.3f},\n",
			worker + 1, pass_at(stats, span->begin_ns), (double)(span->begin_ns - origin) / 1e3,
			(double)(span->end_ns - span->begin_ns) / 1e3);
	}
}

bool stats_trace(const struct stats *stats, FILE *to, uint64_t granularity)
{
	uint64_t origin = stats->passes.n ? stats->passes.at[0].begin_ns : 0;
	fprintf(to, "{\"traceEvents\":[\n");
	trace_thread(to, 0, "passes");
	trace_passes(stats, to, origin, granularity * 1000);
	for (unsigned worker = 0; worker < stats->record.workers; worker++) {
		char name[32];
		snprintf(name, sizeof(name), "thread %u", worker);
		trace_thread(to, worker + 1, name);
		trace_worker(stats, to, worker, origin, granularity * 1000);
	}
	fprintf(to, "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{\"name\":\"gild\"}}],\n"
		    "\"displayTimeUnit\":\"ms\"}\n");
	return fflush(to) == 0 && !ferror(to);
}

void stats_free(struct stats *stats)
{
	array_free(&stats->passes);
	pool_record_free(&stats->record);
}
