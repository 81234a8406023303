#include "base/io_watch.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/temporary.h"

/* Not in a structure that is passed around: a signal handler gets no argument of ours. */
static _Atomic(const struct io *) watched;
static struct sigaction previous;

static void say(const char *text)
{
	ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
	(void)ignored;
}

/* The mapped file that an address is in, or NULL. */
static const struct io_file *file_at(const struct io_file *files, uint32_t n, uintptr_t address)
{
	for (uint32_t i = 0; i < n; i++)
		if (files[i].mapped && address - (uintptr_t)files[i].bytes.data < files[i].bytes.size)
			return &files[i];
	return NULL;
}

/* Calls nothing but what signal handlers may call (signal-safety(7)). The table of files does not move meanwhile: it
 * grows when files are opened, and nothing is read from mapped files during that. */
static void handle(int signal, siginfo_t *info, void *context)
{
	const struct io *io = atomic_load(&watched);
	(void)context;
	uintptr_t address = (uintptr_t)info->si_addr;
	const struct io_file *file = io ? file_at(io->files.at, io->files.n, address) : NULL;
	if (io && !file)
		file = file_at(io->ahead.files, io->ahead.n, address);
	if (file) {
		say("gild: error: ");
		say(file->path);
		say(" changed while being linked\n");
		temporary_unlink_all();
		_exit(1);
	}
	sigaction(signal, &previous, NULL); /* somebody else's: the instruction is tried again */
}

void io_watch(const struct io *io)
{
	struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
	sigemptyset(&action.sa_mask);
	atomic_store(&watched, io);
	sigaction(SIGBUS, &action, &previous);
}

void io_watch_end(void)
{
	sigaction(SIGBUS, &previous, NULL);
	atomic_store(&watched, NULL);
}

const char *io_changed(const struct io *io)
{
	for (uint32_t i = 0; i < io->files.n; i++) {
		const struct io_file *file = &io->files.at[i];
		struct stat st;
		if (file->mapped && stat(file->path, &st) == 0 && st.st_dev == file->dev && st.st_ino == file->ino &&
		    ((size_t)st.st_size != file->bytes.size || st.st_mtim.tv_sec != file->mtime.tv_sec ||
		     st.st_mtim.tv_nsec != file->mtime.tv_nsec))
			return file->path;
	}
	return NULL;
}
