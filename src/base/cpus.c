/* How many threads are worth having: what the scheduler and the control group let this process use. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/pool.h"

enum { MAX_THREADS = 64, MAX_CPUS = 1 << 16 };

static unsigned affinity_cpus(void)
{
	for (unsigned cpus = 1024; cpus <= MAX_CPUS; cpus *= 2) {
		cpu_set_t *set = CPU_ALLOC(cpus);
		if (!set)
			return 1;
		size_t size = CPU_ALLOC_SIZE(cpus);
		int failed = sched_getaffinity(0, size, set) != 0 ? errno : 0;
		int usable = failed ? 0 : CPU_COUNT_S(size, set);
		CPU_FREE(set);
		if (usable > 0)
			return (unsigned)usable;
		if (failed != EINVAL) /* EINVAL: the kernel's mask is larger */
			return 1;
	}
	return 1;
}

static bool read_text(const char *path, char *text, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t got = read(fd, text, room - 1);
	close(fd);
	if (got < 0)
		return false;
	text[got] = '\0';
	return true;
}

static bool has_controller(const char *controllers, const char *name)
{
	size_t len = strlen(name);
	for (const char *at = controllers; *at; at += strcspn(at, ",")) {
		at += *at == ',';
		if (strncmp(at, name, len) == 0 && (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return false;
}

/* The CPUs a quota is good for, rounded up; MAX_THREADS when there is none. Times are microseconds. */
static unsigned quota_cpus(long long quota, long long period)
{
	if (quota <= 0 || period <= 0 || quota / period >= MAX_THREADS)
		return MAX_THREADS;
	return (unsigned)(quota / period + (quota % period != 0));
}

/* cgroup v2: cpu.max holds "QUOTA PERIOD", or "max PERIOD" (Linux, admin-guide/cgroup-v2.rst). */
static unsigned group_cpus_v2(const char *group)
{
	char path[4096], text[64];
	long long quota, period;
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cpu.max", group);
	if (!read_text(path, text, sizeof(text)) || sscanf(text, "%lld %lld", &quota, &period) != 2)
		return MAX_THREADS;
	return quota_cpus(quota, period);
}

/* cgroup v1: a quota of -1 is none (Linux, scheduler/sched-bwc.rst). */
static unsigned group_cpus_v1(const char *group)
{
	char path[4096], quota[64], period[64];
	snprintf(path, sizeof(path), "/sys/fs/cgroup/cpu%s/cpu.cfs_quota_us", group);
	if (!read_text(path, quota, sizeof(quota)))
		return MAX_THREADS;
	snprintf(path, sizeof(path), "/sys/fs/cgroup/cpu%s/cpu.cfs_period_us", group);
	if (!read_text(path, period, sizeof(period)))
		return MAX_THREADS;
	return quota_cpus(strtoll(quota, NULL, 10), strtoll(period, NULL, 10));
}

/* The least quota of the group and of all groups around it. Inside a container the path may be one the
 * mounted tree does not have; its root is then the container's own group. */
static unsigned least_quota(char *group, unsigned (*group_cpus)(const char *group))
{
	unsigned least = MAX_THREADS;
	for (;;) {
		size_t len = strlen(group);
		if (len > 0 && group[len - 1] == '/')
			group[len - 1] = '\0';
		least = (unsigned)min_u64(least, group_cpus(group));
		char *slash = strrchr(group, '/');
		if (!slash)
			return least;
		*slash = '\0';
	}
}

/* /proc/self/cgroup has lines ID:CONTROLLERS:PATH; v2's is "0::PATH". */
static unsigned cgroup_cpus(void)
{
	char text[16384];
	unsigned least = MAX_THREADS;
	if (!read_text("/proc/self/cgroup", text, sizeof(text)))
		return least;
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		const char *id = strsep(&line, ":");
		const char *controllers = strsep(&line, ":");
		if (!line)
			continue;
		if (strcmp(id, "0") == 0 && *controllers == '\0')
			least = (unsigned)min_u64(least, least_quota(line, group_cpus_v2));
		else if (has_controller(controllers, "cpu"))
			least = (unsigned)min_u64(least, least_quota(line, group_cpus_v1));
	}
	return least;
}

unsigned pool_default_threads(void)
{
	unsigned cpus = affinity_cpus();
	return cpus == 1 ? 1 : (unsigned)min_u64(cpus, cgroup_cpus());
}
