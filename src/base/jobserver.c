#include "base/jobserver.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_TOKENS = 64 };

/* Signals that end a process, by somebody's wish or by a fault of its own. */
static const int fatal_signals[] = {
	SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU,
	SIGXFSZ, SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGABRT, SIGSYS,  SIGTRAP,
};

/* A process has one job server and signal handlers have no argument for it. */
static struct {
	int read_fd, write_fd;          /* read_fd is ours to close; write_fd is the same one or make's */
	bool joined, handles_signals;
	_Atomic unsigned n;             /* tokens taken */
	char tokens[MAX_TOKENS];
	struct sigaction old[COUNTOF(fatal_signals)];
} server;

void jobserver_give_back(void)
{
	unsigned n = atomic_exchange(&server.n, 0);
	for (unsigned done = 0; done < n;) {
		ssize_t wrote = write(server.write_fd, server.tokens + done, n - done);
		if (wrote < 0 && errno != EINTR)
			return;
		done += wrote > 0 ? (unsigned)wrote : 0;
	}
}

/* Then the signal does what it would have done: a fault happens again when the handler returns, others are sent
 * again. */
static void give_back_and_go_on(int number, siginfo_t *info, void *context)
{
	int saved_errno = errno;
	(void)context;
	jobserver_give_back();
	for (size_t i = 0; i < COUNTOF(fatal_signals); i++)
		if (fatal_signals[i] == number)
			sigaction(number, &server.old[i], NULL);
	bool is_fault = info->si_code > 0 &&
			(number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL);
	if (!is_fault)
		raise(number);
	errno = saved_errno;
}

static void handle_signals(void)
{
	struct sigaction action = {.sa_sigaction = give_back_and_go_on, .sa_flags = SA_SIGINFO};
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < COUNTOF(fatal_signals); i++) {
		sigaction(fatal_signals[i], NULL, &server.old[i]);
		if (server.old[i].sa_handler != SIG_IGN)
			sigaction(fatal_signals[i], &action, NULL);
	}
	server.handles_signals = true;
}

static void restore_signals(void)
{
	for (size_t i = 0; server.handles_signals && i < COUNTOF(fatal_signals); i++)
		if (server.old[i].sa_handler != SIG_IGN)
			sigaction(fatal_signals[i], &server.old[i], NULL);
	server.handles_signals = false;
}

static bool is_open_pipe(int fd, int refused_mode, struct stat *status)
{
	int mode = fcntl(fd, F_GETFL);
	return mode >= 0 && (mode & O_ACCMODE) != refused_mode && fstat(fd, status) == 0 && S_ISFIFO(status->st_mode);
}

/* make closes the pipe to recipes that are not marked with '+', and the numbers may be other files in the meantime:
 * both must be ends of one pipe. It is opened again, since O_NONBLOCK belongs to what all its users share. */
static bool join_pipe(const char *numbers)
{
	int read_fd, write_fd;
	struct stat reader, writer;
	char path[32];
	if (sscanf(numbers, "%d,%d", &read_fd, &write_fd) != 2 || !is_open_pipe(read_fd, O_WRONLY, &reader) ||
	    !is_open_pipe(write_fd, O_RDONLY, &writer) || reader.st_dev != writer.st_dev ||
	    reader.st_ino != writer.st_ino)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", read_fd);
	server.read_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	server.write_fd = write_fd;
	return server.read_fd >= 0;
}

static bool join_fifo(const char *name, size_t len)
{
	char path[4096];
	struct stat status;
	if (len >= sizeof(path))
		return false;
	memcpy(path, name, len);
	path[len] = '\0';
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (fstat(fd, &status) != 0 || !S_ISFIFO(status.st_mode)) {
		close(fd);
		return false;
	}
	server.read_fd = server.write_fd = fd;
	return true;
}

bool jobserver_join(const char *flags)
{
	static const char *const names[] = {"--jobserver-auth=", "--jobserver-fds="};
	const char *value = NULL;
	/* Words, up to "--": variables follow. */
	for (const char *word = flags; word && *word; word += strcspn(word, " ")) {
		word += strspn(word, " ");
		if (strncmp(word, "-- ", 3) == 0)
			break;
		for (size_t i = 0; i < COUNTOF(names); i++)
			if (strncmp(word, names[i], strlen(names[i])) == 0)
				value = word + strlen(names[i]);
	}
	if (!value || server.joined)
		return server.joined;
	if (strncmp(value, "fifo:", 5) == 0)
		server.joined = join_fifo(value + 5, strcspn(value + 5, " "));
	else
		server.joined = join_pipe(value);
	return server.joined;
}

bool jobserver_take(void)
{
	unsigned n = atomic_load(&server.n);
	if (!server.joined || n == MAX_TOKENS)
		return false;
	if (!server.handles_signals)
		handle_signals();
	/* No signal may come between a token's arrival and its being noted. */
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	bool taken = read(server.read_fd, &server.tokens[n], 1) == 1;
	if (taken)
		atomic_store(&server.n, n + 1);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return taken;
}

void jobserver_leave(void)
{
	if (!server.joined)
		return;
	jobserver_give_back();
	restore_signals();
	close(server.read_fd);
	server.joined = false;
}
