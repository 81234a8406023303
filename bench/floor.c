/* What the machine takes for a link's bytes alone: every page of the inputs is mapped and read once, and a new file of the
 * output's size is written, each by a number of threads. No linker that reads all of its input can be faster.
 *
 *   floor THREADS OUTPUT SIZE FILE...
 *
 * Prints wall and processor milliseconds of reading and of writing (the least of five times each). OUTPUT is made and
 * removed. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, PIECE = 256 << 10, TIMES = 5 };

static char **files;
static int n_files, output;
static uint64_t size;
static _Atomic uint64_t next_item, sum;

static void *read_files(void *unused)
{
	(void)unused;
	uint64_t own = 0;
	for (uint64_t i; (i = atomic_fetch_add(&next_item, 1)) < (uint64_t)n_files;) {
		struct stat st;
		int fd = open(files[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) || st.st_size == 0) {
			perror(files[i]);
			exit(1);
		}
		const volatile uint64_t *words = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (words == MAP_FAILED) {
			perror(files[i]);
			exit(1);
		}
		for (off_t at = 0; at + (off_t)sizeof(*words) <= st.st_size; at += 64) /* a cache line */
			own += words[(size_t)at / sizeof(*words)];
		munmap((void *)(uintptr_t)words, (size_t)st.st_size);
		close(fd);
	}
	atomic_fetch_add(&sum, own);
	return NULL;
}

static void *write_file(void *unused)
{
	(void)unused;
	char *piece = malloc(PIECE);
	if (!piece)
		exit(1);
	memset(piece, 1, PIECE);
	for (uint64_t at; (at = atomic_fetch_add(&next_item, 1) * PIECE) < size;) {
		size_t n = size - at < PIECE ? (size_t)(size - at) : PIECE;
		if (pwrite(output, piece, n, (off_t)at) != (ssize_t)n) {
			perror("write");
			exit(1);
		}
	}
	free(piece);
	return NULL;
}

static double now_ms(clockid_t clock)
{
	struct timespec time;
	clock_gettime(clock, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void run(int threads, void *(*body)(void *), double *wall, double *cpu)
{
	pthread_t ids[64];
	double wall_began = now_ms(CLOCK_MONOTONIC), cpu_began = now_ms(CLOCK_PROCESS_CPUTIME_ID);
	atomic_store(&next_item, 0);
	for (int i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, body, NULL);
	for (int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	double wall_ms = now_ms(CLOCK_MONOTONIC) - wall_began, cpu_ms = now_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu_began;
	*wall = *wall == 0 || wall_ms < *wall ? wall_ms : *wall;
	*cpu = *cpu == 0 || cpu_ms < *cpu ? cpu_ms : *cpu;
}

int main(int argc, char **argv)
{
	int threads = argc > 4 ? atoi(argv[1]) : 0;
	if (threads < 1 || threads > 64) {
		fprintf(stderr, "usage: floor THREADS OUTPUT SIZE FILE...\n");
		return 2;
	}
	size = strtoull(argv[3], NULL, 10);
	files = argv + 4;
	n_files = argc - 4;
	double read_wall = 0, read_cpu = 0, write_wall = 0, write_cpu = 0;
	for (int i = 0; i < TIMES; i++) {
		run(threads, read_files, &read_wall, &read_cpu);
		output = open(argv[2], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		run(threads, write_file, &write_wall, &write_cpu);
		close(output);
		unlink(argv[2]);
	}
	printf("  read  %8.1f ms wall %8.1f ms cpu\n  write %8.1f ms wall %8.1f ms cpu\n", read_wall, read_cpu, write_wall,
	       write_cpu);
	return 0;
}
