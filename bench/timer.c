/* Runs one command line with several programs in turn, round after round, and compares them.
 *
 *   timer [-n ROUNDS] [-w WARMUPS] [-o WORD] [-f] [-c CPUS] ARGS PROGRAM...
 *
 * ARGS is a file of arguments, each ended by a NUL byte. An argument equal to WORD becomes WORD-NAME, NAME being the
 * program's name without its folder, so that each program writes an output of its own.
 *
 * CPUS is the number of processors that the programs may use. -f: the output is removed before each run; otherwise each run
 * finds the output of the one before, which some linkers write over in place and others replace.
 *
 * In each round every program runs once; each round begins with another program, so that none always follows the same.
 * Measured are wall time (until the program itself ends), processor time and peak memory (both with all its descendants,
 * also those that outlive it: some linkers return before a child of theirs has cleaned up). Printed are medians, and the
 * median over rounds of the ratio of the first program to each other program in the same round. A last run of each program
 * that is not timed samples its anonymous memory (RssAnon in /proc/PID/status): what a linker allocates, without the pages
 * of the files that it maps. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WALL, CPU, MEMORY, N_MEASURES };

struct contender {
	char *name;
	char **argv;
	char *output;
	double *measured[N_MEASURES]; /* one for each round: milliseconds, milliseconds, MiB */
	double anonymous;             /* MiB */
};

static long cpus; /* 0: all */
static int fresh; /* -f */

static void die(const char *what, const char *name)
{
	fprintf(stderr, "timer: %s: %s\n", what, name);
	exit(1);
}

static void *allocate(size_t n, size_t size)
{
	void *memory = calloc(n, size);
	if (!memory)
		die("no memory", strerror(errno));
	return memory;
}

static char *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	if (!file || fseek(file, 0, SEEK_END))
		die(path, strerror(errno));
	*size = (size_t)ftell(file);
	rewind(file);
	char *bytes = allocate(*size + 1, 1);
	if (fread(bytes, 1, *size, file) != *size)
		die(path, "cannot be read");
	fclose(file);
	return bytes;
}

static struct contender contender_new(char *program, char *args, size_t size, const char *output, size_t rounds)
{
	struct contender one = {.name = strrchr(program, '/') ? strrchr(program, '/') + 1 : program};
	size_t n = 0;
	for (size_t i = 0; i < size; i++)
		n += args[i] == '\0';
	one.argv = allocate(n + 2, sizeof(char *));
	one.argv[0] = program;
	for (size_t i = 1; i <= n; i++, args += strlen(args) + 1) {
		one.argv[i] = args;
		if (!output || strcmp(args, output))
			continue;
		if (asprintf(&one.output, "%s-%s", output, one.name) < 0)
			die("no memory", strerror(errno));
		one.argv[i] = one.output;
	}
	for (int m = 0; m < N_MEASURES; m++)
		one.measured[m] = allocate(rounds, sizeof(double));
	return one;
}

static double now_ms(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double cpu_ms(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e3 +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e3;
}

static void limit_cpus(void)
{
	cpu_set_t allowed, used;
	CPU_ZERO(&used);
	if (!cpus || sched_getaffinity(0, sizeof(allowed), &allowed))
		return;
	long n = 0;
	for (int cpu = 0; cpu < CPU_SETSIZE && n < cpus; cpu++)
		if (CPU_ISSET(cpu, &allowed)) {
			CPU_SET(cpu, &used);
			n++;
		}
	sched_setaffinity(0, sizeof(used), &used);
}

static pid_t start(const struct contender *one)
{
	pid_t child = fork();
	if (child < 0)
		die("fork", strerror(errno));
	if (child == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		limit_cpus();
		execv(one->argv[0], one->argv);
		_exit(127);
	}
	return child;
}

/* Runs it once. Results are left in out[N_MEASURES]. */
static void run(const struct contender *one, double *out)
{
	if (fresh && one->output)
		unlink(one->output);
	double began = now_ms();
	pid_t child = start(one);
	memset(out, 0, N_MEASURES * sizeof(double));
	/* This process is a subreaper: orphaned descendants become its children. */
	struct rusage usage;
	int status;
	for (pid_t ended; (ended = wait4(-1, &status, 0, &usage)) > 0;) {
		if (ended == child) {
			out[WALL] = now_ms() - began;
			if (!WIFEXITED(status) || WEXITSTATUS(status))
				die("failed", one->argv[0]);
		}
		out[CPU] += cpu_ms(&usage);
		double mib = (double)usage.ru_maxrss / 1024;
		out[MEMORY] = mib > out[MEMORY] ? mib : out[MEMORY];
	}
}

/* RssAnon of a process, in MiB; 0 if it is gone. */
static double anonymous_of(pid_t process)
{
	char path[64], line[256];
	long kib = 0;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)process);
	FILE *status = fopen(path, "re");
	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "RssAnon: %ld", &kib) == 1)
			break;
	if (status)
		fclose(status);
	return (double)kib / 1024;
}

/* Of the process and its children: a linker may fork itself. */
static double anonymous_of_tree(pid_t process)
{
	char path[64];
	double most = anonymous_of(process);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)process, (int)process);
	FILE *children = fopen(path, "re");
	for (int child; children && fscanf(children, "%d", &child) == 1;) {
		double mib = anonymous_of(child);
		most = mib > most ? mib : most;
	}
	if (children)
		fclose(children);
	return most;
}

static void sample_memory(struct contender *one)
{
	pid_t child = start(one);
	for (int status; waitpid(child, &status, WNOHANG) == 0; usleep(200)) {
		double mib = anonymous_of_tree(child);
		one->anonymous = mib > one->anonymous ? mib : one->anonymous;
	}
	while (wait(NULL) > 0)
		;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Sorts in place. */
static double median(double *values, size_t n)
{
	qsort(values, n, sizeof(double), compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static double median_ratio(const double *a, const double *b, double *scratch, size_t n)
{
	for (size_t i = 0; i < n; i++)
		scratch[i] = b[i] > 0 ? a[i] / b[i] : 0;
	return median(scratch, n);
}

static void report(struct contender *all, size_t n, size_t rounds)
{
	double ratio[n][N_MEASURES];
	double *scratch = allocate(rounds, sizeof(double));
	for (size_t i = 0; i < n; i++)
		for (int m = 0; m < N_MEASURES; m++)
			ratio[i][m] = median_ratio(all[0].measured[m], all[i].measured[m], scratch, rounds);

	printf("  %-12s %10s %10s %10s %10s", "", "wall ms", "cpu ms", "peak MiB", "anon MiB");
	if (n > 1)
		printf("   %s/rival: %6s %6s %6s", all[0].name, "wall", "cpu", "peak");
	printf("\n");
	for (size_t i = 0; i < n; i++) {
		printf("  %-12s %10.2f %10.2f %10.1f %10.1f", all[i].name, median(all[i].measured[WALL], rounds),
		       median(all[i].measured[CPU], rounds), median(all[i].measured[MEMORY], rounds), all[i].anonymous);
		if (i > 0)
			printf("   %*s        %6.2f %6.2f %6.2f", (int)strlen(all[0].name), "", ratio[i][WALL], ratio[i][CPU], ratio[i][MEMORY]);
		printf("\n");
	}
	free(scratch);
}

int main(int argc, char **argv)
{
	long rounds = 21, warmups = 2;
	const char *output = NULL;
	for (int option; (option = getopt(argc, argv, "+n:w:o:fc:")) != -1;) {
		if (option == 'n')
			rounds = atol(optarg);
		else if (option == 'w')
			warmups = atol(optarg);
		else if (option == 'o')
			output = optarg;
		else if (option == 'f')
			fresh = 1;
		else if (option == 'c')
			cpus = atol(optarg);
		else
			return 2;
	}
	if (argc - optind < 2 || rounds < 1 || warmups < 0)
		die("usage", "timer [-n ROUNDS] [-w WARMUPS] [-o WORD] [-f] [-c CPUS] ARGS PROGRAM...");
	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		die("prctl", strerror(errno));

	size_t size, n = (size_t)(argc - optind - 1);
	char *args = read_file(argv[optind], &size);
	struct contender *all = allocate(n, sizeof *all);
	for (size_t i = 0; i < n; i++)
		all[i] = contender_new(argv[(size_t)optind + 1 + i], args, size, output, (size_t)rounds);

	for (long round = -warmups; round < rounds; round++) {
		for (size_t i = 0; i < n; i++) {
			struct contender *one = &all[(i + (size_t)(round + warmups)) % n];
			double measured[N_MEASURES];
			run(one, measured);
			for (int m = 0; round >= 0 && m < N_MEASURES; m++)
				one->measured[m][round] = measured[m];
		}
	}
	for (size_t i = 0; i < n; i++)
		sample_memory(&all[i]);
	report(all, n, (size_t)rounds);
	return 0;
}
