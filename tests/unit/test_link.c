/* Links in one process: each leaves no memory, file, mapping or thread behind, and two can run at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/diag.h"
#include "ld/input/options.h"
#include "ld/link.h"

enum { MAX_WORDS = 32 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) /* they map memory as they like */
enum { IS_SANITIZED = true };
#else
enum { IS_SANITIZED = false };
#endif

/* Of the address sanitizer's runtime, if it is there: how many leaks there are, not told before. */
__attribute__((weak)) int __lsan_do_recoverable_leak_check(void);

/* The inputs: two C++ objects, an archive, a shared object. */
static const char make_inputs[] =
	"cat > a.cc <<'EOF' && cat > b.c <<'EOF2' &&\n"
	"extern \"C\" int b(int), so(int); extern \"C\" int only_in_so;\n"
	"thread_local int t = 3; inline int twice(int n) { return 2 * n; } int same1(int n) { return n + 7; }\n"
	"template <class T> T add(T a, T c) { return a + c; } static const char *words[] = {\"one\", \"two\", \"three\"};\n"
	"struct closing { ~closing() { t = 1; } };\n"
	"int f(int n) { closing c; return b(n) + so(n) + t + twice(n) + add(n, 3) + words[n][0] + same1(n) + only_in_so; }\n"
	"extern \"C\" void _start() { f(1); for (;;) ; }\n"
	"EOF\n"
	"int dropped(int n) { return n; } int same2(int n) { return n + 7; } int c = 4; int *p = &c;\n"
	"int b(int n) { return same2(n) + *p; }\n"
	"EOF2\n"
	"echo 'int only_in_so = 5; int so(int n) { return n + only_in_so; }' > so.c &&\n"
	"echo 'V { global: so; only_in_so; local: *; };' > versions &&\n"
	"echo 'int z(void); int y(void) { return z(); }' > y.c &&\n"
	"CC=${CC:-cc} && $CC -g -O1 -fno-exceptions -ffunction-sections -fPIC -c a.cc b.c so.c y.c && ar rc lib.a b.o";

static const struct {
	const char *words;
	bool good;
} links[] = {
	{"-shared so.o -soname so --version-script=versions --hash-style=both -o so.so", true},
	{"-pie a.o lib.a so.so --gc-sections --icf=all --build-id --gdb-index -Map=map -o", true},
	{"-pie a.o lib.a so.so --compress-debug-sections=zlib -z pack-relative-relocs --emit-relocs --verify-output -o", true},
	{"-r a.o b.o -o", true},
	{"-static a.o b.o so.o --unresolved-symbols=ignore-all --cref -Map=map -s -o", true},
	{"-pie a.o -T versions -o", false},
	{"-static a.o b.o y.o -o", false},
	{"-static a.o missing.o --no-such-option -o", false},
};

/* Links; `output` stands behind the words, `threads` in front of them. */
static bool run(const char *line, const char *threads, const char *output)
{
	struct arena arena = {0};
	struct options options = {0};
	struct diag diag;
	diag_init(&diag);
	char copy[1024], *rest, *words[MAX_WORDS] = {arena_strndup(&arena, "ld", 2)};
	int n = 1;
	snprintf(copy, sizeof(copy), "%s %s %s", threads, line, output);
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		assert_in_range(n, 1, MAX_WORDS - 2);
		words[n++] = word;
	}
	bool good = options_parse(&options, n, words, &arena, &diag) && link_run(&options, &diag);
	diag_flush(&diag);
	options_free(&options);
	diag_free(&diag);
	arena_free(&arena);
	return good;
}

/* The same, and its messages go to the file `said`. */
static bool run_quietly(const char *line, const char *threads, const char *output)
{
	int said = open("said", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), before = fcntl(2, F_DUPFD_CLOEXEC, 3);
	assert_true(said >= 0 && before >= 0);
	dup2(said, 2);
	bool good = run(line, threads, output);
	dup2(before, 2);
	close(before);
	close(said);
	return good;
}

/* How many entries the folder has. */
static unsigned entries(const char *path)
{
	DIR *folder = opendir(path);
	assert_non_null(folder);
	unsigned n = 0;
	while (readdir(folder))
		n++;
	closedir(folder);
	return n;
}

static unsigned mappings(void)
{
	FILE *file = fopen("/proc/self/maps", "re");
	assert_non_null(file);
	unsigned n = 0;
	for (int c = getc(file); c != EOF; c = getc(file))
		n += c == '\n';
	fclose(file);
	return n;
}

/* What a link may leave behind. */
struct held {
	size_t heap; /* bytes; 0 with a sanitizer, whose malloc() does not count them */
	unsigned files, threads, mappings;
};

static struct held held(void)
{
	return (struct held){
		.heap = mallinfo2().uordblks,
		.files = entries("/proc/self/fd"),
		.threads = entries("/proc/self/task"),
		.mappings = mappings(),
	};
}

static void check_held(const char *line, const struct held *before, bool one_thread)
{
	struct held after = held();
	if (after.heap != before->heap || after.files != before->files)
		print_error("%s: %zu bytes, %u files before, %zu bytes, %u files after\n", line, before->heap, before->files,
			    after.heap, after.files);
	assert_int_equal(after.heap, before->heap);
	assert_int_equal(after.files, before->files);
	assert_int_equal(after.threads, before->threads);
	if (one_thread && !IS_SANITIZED) /* the memory of a thread that ended is kept for the next */
		assert_int_equal(after.mappings, before->mappings);
	if (__lsan_do_recoverable_leak_check)
		assert_int_equal(__lsan_do_recoverable_leak_check(), 0);
}

static void check_same(const char *a, const char *b)
{
	FILE *one = fopen(a, "re"), *two = fopen(b, "re");
	assert_true(one && two);
	int c, d;
	do {
		c = getc(one);
		d = getc(two);
		assert_int_equal(c, d);
	} while (c != EOF);
	fclose(one);
	fclose(two);
}

static void test_one_after_the_other(void **state)
{
	(void)state;
	for (unsigned threads = 0; threads < 2; threads++)
		for (unsigned i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
			const char *option = threads ? "--threads=3" : "--threads=1";
			for (int first = 0; first < 2; first++) /* the C library makes two tables for dlopen() */
				assert_int_equal(run_quietly(links[i].words, option, i ? "first" : ""), links[i].good);
			struct held before = held();
			for (int again = 0; again < 3; again++)
				assert_int_equal(run_quietly(links[i].words, option, i ? "again" : ""), links[i].good);
			check_held(links[i].words, &before, threads == 0);
			if (i && links[i].good)
				check_same("first", "again");
		}
}

struct job {
	const char *words, *output;
	bool good;
};

static void *run_job(void *argument)
{
	struct job *job = argument;
	job->good = true;
	for (int again = 0; again < 5; again++)
		job->good &= run(job->words, "--threads=2", job->output);
	return NULL;
}

static void test_two_at_once(void **state)
{
	(void)state;
	/* nothing compressed: what dlopen() and dlclose() lock is unknown to the thread sanitizer */
	static const char words[] = "-pie a.o lib.a so.so --gc-sections --icf=all --build-id --gdb-index -o";
	struct job jobs[] = {{words, "at-once", false}, {words, "meanwhile", false}};
	pthread_t threads[2];
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_job, &jobs[i]), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_true(jobs[i].good);
	}
	assert_true(run(words, "--threads=1", "alone"));
	check_same("alone", "at-once");
	check_same("alone", "meanwhile");
}

int main(int argc, char **argv)
{
	/* What malloc() keeps for the thread that freed it would count as used. */
	static const char tunables[] = "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1";
	if (argc == 1 && !getenv("GLIBC_TUNABLES") && setenv("GLIBC_TUNABLES", tunables, 1) == 0)
		execv("/proc/self/exe", argv);
	char folder[] = "/tmp/gild-link.XXXXXX";
	if (!mkdtemp(folder) || chdir(folder) != 0 || system(make_inputs) != 0) {
		perror(folder);
		return 1;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_after_the_other),
		cmocka_unit_test(test_two_at_once),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	char remove[64];
	snprintf(remove, sizeof(remove), "rm -r %s", folder);
	return system(remove) != 0 || failed;
}
