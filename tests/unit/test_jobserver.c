#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/jobserver.h"
#include "base/pool.h"

static int ends[2];

static int with_pipe(void **state)
{
	(void)state;
	return pipe(ends);
}

static int without_pipe(void **state)
{
	(void)state;
	jobserver_leave();
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static void put_tokens(const char *tokens)
{
	assert_int_equal(write(ends[1], tokens, strlen(tokens)), strlen(tokens));
}

/* What is in the pipe, which is then empty. */
static const char *tokens_left(void)
{
	static char text[128];
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	ssize_t n = read(ends[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* The text before and after the numbers. */
static const char *flags_of_pipe(const char *before, const char *after)
{
	static char flags[128];
	snprintf(flags, sizeof(flags), "%s%d,%d%s", before, ends[0], ends[1], after);
	return flags;
}

static void takes_what_is_there_and_gives_the_same_bytes_back(void **state)
{
	(void)state;
	put_tokens("+ab");
	assert_true(jobserver_join(flags_of_pipe(" -j4 --jobserver-auth=", " -- CC=cc")));
	for (int i = 0; i < 3; i++)
		assert_true(jobserver_take());
	assert_false(jobserver_take()); /* and does not wait, though the pipe is one that would */
	jobserver_give_back();
	assert_string_equal(tokens_left(), "+ab");
	jobserver_give_back();
	assert_string_equal(tokens_left(), "");
}

static void leaving_gives_back(void **state)
{
	(void)state;
	put_tokens("xy");
	assert_true(jobserver_join(flags_of_pipe("k --jobserver-fds=", " -j")));
	assert_true(jobserver_take());
	jobserver_leave();
	assert_string_equal(tokens_left(), "yx");
	assert_false(jobserver_take());
}

static void the_last_one_named_counts(void **state)
{
	(void)state;
	put_tokens("x");
	assert_true(jobserver_join(flags_of_pipe("--jobserver-auth=fifo:/nowhere --jobserver-auth=", "")));
	assert_true(jobserver_take());
}

static void what_cannot_be_reached_is_none(void **state)
{
	(void)state;
	static const char *const flags[] = {
		"", " ", "-j4", "--jobserver-auth=", "--jobserver-auth=3", "--jobserver-auth=-2,-2", "--jobserver-auth=x,y",
		"--jobserver-auth=fifo:", "--jobserver-auth=fifo:/nowhere/at/all", "--jobserver-auth=fifo:/dev/null",
		"--jobserver-auth=fifo:/tmp", "--jobserver-auth=999,998", "--jobserver-auth=999999999999999999999,4",
	};
	assert_false(jobserver_join(NULL));
	for (size_t i = 0; i < COUNTOF(flags); i++)
		assert_false(jobserver_join(flags[i]));
	assert_false(jobserver_join(flags_of_pipe("-- --jobserver-auth=", "")));
	int other[2];
	assert_int_equal(pipe(other), 0);
	char mixed[64];
	snprintf(mixed, sizeof(mixed), "--jobserver-auth=%d,%d", ends[0], other[1]);
	assert_false(jobserver_join(mixed)); /* two pipes: the numbers belong to somebody else */
	snprintf(mixed, sizeof(mixed), "--jobserver-auth=%d,%d", ends[1], ends[0]);
	assert_false(jobserver_join(mixed));
	close(other[0]);
	close(other[1]);
	assert_false(jobserver_take());
}

static void a_named_pipe_serves_as_well(void **state)
{
	(void)state;
	char folder[] = "/tmp/test_jobserver.XXXXXX", path[64], flags[128];
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	int fd = open(path, O_RDWR | O_NONBLOCK);
	assert_int_equal(write(fd, "++", 2), 2);
	snprintf(flags, sizeof(flags), "-j3 --jobserver-auth=fifo:%s", path);
	assert_true(jobserver_join(flags));
	assert_true(jobserver_take());
	assert_true(jobserver_take());
	assert_false(jobserver_take());
	jobserver_leave();
	char text[8];
	assert_int_equal(read(fd, text, sizeof(text)), 2);
	close(fd);
	unlink(path);
	rmdir(folder);
}

/* A process with two tokens is killed: they are back, and it died of that signal. */
static void signals_give_back(void **state)
{
	(void)state;
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGSEGV, SIGABRT, SIGBUS};
	for (size_t i = 0; i < COUNTOF(signals); i++) {
		put_tokens("ab");
		pid_t child = fork();
		if (child == 0) {
			signal(signals[i], SIG_DFL); /* sanitizers have handlers of their own */
			jobserver_join(flags_of_pipe("--jobserver-auth=", ""));
			if (!jobserver_take() || !jobserver_take())
				_exit(3);
			raise(signals[i]);
			_exit(4);
		}
		int status;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
		assert_string_equal(tokens_left(), "ab");
	}
}

static void ignored_signals_stay_ignored(void **state)
{
	(void)state;
	signal(SIGHUP, SIG_IGN);
	put_tokens("a");
	assert_true(jobserver_join(flags_of_pipe("--jobserver-auth=", "")));
	assert_true(jobserver_take());
	raise(SIGHUP);
	assert_string_equal(tokens_left(), "");
	jobserver_leave();
	struct sigaction action;
	sigaction(SIGHUP, NULL, &action);
	assert_ptr_equal(action.sa_handler, SIG_IGN);
	sigaction(SIGTERM, NULL, &action);
	assert_ptr_equal(action.sa_handler, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
}

static void some_work(void *context, size_t begin, size_t end, unsigned worker)
{
	(void)context, (void)begin, (void)end, (void)worker;
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void a_pool_starts_one_thread_for_each_token(void **state)
{
	(void)state;
	put_tokens("abc");
	assert_true(jobserver_join(flags_of_pipe("--jobserver-auth=", "")));
	struct pool *pool = pool_new(7);
	pool_ask_before_start(pool, jobserver_take);
	parallel_for(pool, 50, 1, some_work, NULL);
	assert_int_equal(pool_started(pool), 4);
	put_tokens("d"); /* somebody has finished */
	parallel_for(pool, 50, 1, some_work, NULL);
	assert_int_equal(pool_started(pool), 5);
	pool_free(pool);
	jobserver_leave();
	assert_string_equal(tokens_left(), "abcd");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, with_pipe, without_pipe)
	const struct CMUnitTest tests[] = {
		TEST(takes_what_is_there_and_gives_the_same_bytes_back),
		TEST(leaving_gives_back),
		TEST(the_last_one_named_counts),
		TEST(what_cannot_be_reached_is_none),
		TEST(a_named_pipe_serves_as_well),
		TEST(signals_give_back),
		TEST(ignored_signals_stay_ignored),
		TEST(a_pool_starts_one_thread_for_each_token),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
