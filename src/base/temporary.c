#include "base/temporary.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "base/types.h"

static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGALRM, SIGXCPU};

/* Not in a structure that is passed around: a signal handler gets no argument of ours. */
static _Atomic(const char *) noted[TEMPORARY_MAX];
static struct sigaction previous[COUNTOF(ending)];

void temporary_unlink_all(void)
{
	for (unsigned i = 0; i < TEMPORARY_MAX; i++) {
		const char *path = atomic_exchange(&noted[i], NULL);
		if (path)
			unlink(path);
	}
}

/* Then the signal does what it would have done. */
static void handle(int number)
{
	temporary_unlink_all();
	for (unsigned i = 0; i < COUNTOF(ending); i++)
		if (ending[i] == number)
			sigaction(number, &previous[i], NULL);
	raise(number);
}

static bool is_ours(const struct sigaction *action)
{
	return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == handle;
}

/* Puts our handler in front of what there is, unless a signal is ignored; or takes it away again, unless somebody else
 * stands before it. */
static void set_handlers(bool on)
{
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART}, now;
	sigfillset(&action.sa_mask);
	for (unsigned i = 0; i < COUNTOF(ending); i++) {
		sigaction(ending[i], NULL, &now);
		if (on && !is_ours(&now) && now.sa_handler != SIG_IGN)
			sigaction(ending[i], &action, &previous[i]);
		else if (!on && is_ours(&now))
			sigaction(ending[i], &previous[i], NULL);
	}
}

void temporary_block_signals(sigset_t *old)
{
	sigset_t signals;
	sigemptyset(&signals);
	for (unsigned i = 0; i < COUNTOF(ending); i++)
		sigaddset(&signals, ending[i]);
	pthread_sigmask(SIG_BLOCK, &signals, old);
}

void temporary_unblock_signals(const sigset_t *old)
{
	pthread_sigmask(SIG_SETMASK, old, NULL);
}

static bool any_noted(void)
{
	for (unsigned i = 0; i < TEMPORARY_MAX; i++)
		if (atomic_load(&noted[i]))
			return true;
	return false;
}

void temporary_note(const char *path)
{
	if (!any_noted())
		set_handlers(true);
	for (unsigned i = 0; i < TEMPORARY_MAX; i++) {
		const char *none = NULL;
		if (atomic_compare_exchange_strong(&noted[i], &none, path))
			return;
	}
}

void temporary_forget(const char *path)
{
	bool found = false;
	for (unsigned i = 0; i < TEMPORARY_MAX; i++) {
		const char *this = path;
		found |= atomic_compare_exchange_strong(&noted[i], &this, NULL);
	}
	if (found && !any_noted())
		set_handlers(false);
}
