#include "ld/output/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/temporary.h"

enum { MAX_TRIES = 100 };

static bool fail(struct output_file *file, const char *what)
{
	int none = 0;
	if (atomic_compare_exchange_strong(&file->error, &none, errno ? errno : EIO))
		file->failed = what;
	return false;
}

static char *copy(const char *text)
{
	char *result = strdup(text);
	if (!result)
		out_of_memory();
	return result;
}

/* Where symbolic links that lead to nothing lead: there the file is made. */
static char *behind_links(const char *path)
{
	enum { MAX_LINKS = 40 }; /* as many as the kernel follows */
	char *target = copy(path), link[PATH_MAX];
	for (int i = 0; i < MAX_LINKS; i++) {
		ssize_t len = readlink(target, link, sizeof(link));
		if (len <= 0 || len == sizeof(link))
			break;
		const char *slash = link[0] == '/' ? NULL : strrchr(target, '/');
		char *next;
		if (asprintf(&next, "%.*s%.*s", slash ? (int)(slash - target + 1) : 0, target, (int)len, link) < 0)
			out_of_memory();
		free(target);
		target = next;
	}
	return target;
}

/* A name beside the target that nobody else uses; the process id tells concurrent links apart. */
static char *temporary_name(const char *target, unsigned try)
{
	char *name;
	if (asprintf(&name, "%s.gild-%ld-%u", target, (long)getpid(), try) < 0)
		out_of_memory();
	return name;
}

static bool open_temporary(struct output_file *file)
{
	const char *slash = strrchr(file->target, '/');
	char *folder = slash ? strndup(file->target, (size_t)(slash - file->target + 1)) : strdup(".");
	if (!folder)
		out_of_memory();
	/* An unnamed file gets its name through /proc: where that is not mounted, it must have one from the start. */
	file->fd = access("/proc/self/fd", X_OK) == 0 ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, file->mode) : -1;
	free(folder);
	if (file->fd >= 0)
		return true;
	sigset_t signals;
	for (unsigned try = 0; try < MAX_TRIES; try++) {
		file->temporary = temporary_name(file->target, try);
		temporary_block_signals(&signals);
		file->fd = open(file->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, file->mode);
		if (file->fd >= 0)
			temporary_note(file->temporary);
		int error = errno;
		temporary_unblock_signals(&signals);
		if (file->fd >= 0)
			return true;
		free(file->temporary);
		file->temporary = NULL;
		errno = error;
		if (errno != EEXIST && errno != EINTR)
			break;
	}
	return fail(file, "cannot create");
}

bool output_begin(struct output_file *file, const char *path, uint64_t size, bool executable)
{
	*file = (struct output_file){
		.fd = -1, .pipe = -1, .replaced = -1, .path = path, .mode = executable ? 0777 : 0666};
	struct stat old;
	if (strcmp(path, "-") == 0) { /* as lld and mold have it */
		file->in_place = true;
		file->pipe = dup(STDOUT_FILENO);
		file->target = copy(path);
		file->fd = file->pipe < 0 ? -1 : memfd_create("gild output", MFD_CLOEXEC);
		return (file->fd >= 0 && ftruncate(file->fd, (off_t)size) == 0) || fail(file, "cannot open");
	}
	bool exists = stat(path, &old) == 0;
	char *real = exists ? realpath(path, NULL) : NULL;
	file->target = real ? real : behind_links(path);
	if (exists && S_ISDIR(old.st_mode)) {
		errno = EISDIR;
		return fail(file, "cannot write");
	}
	if (exists && !S_ISREG(old.st_mode)) {
		file->in_place = true;
		file->fd = open(path, O_WRONLY | O_CLOEXEC);
		if (file->fd >= 0 && lseek(file->fd, 0, SEEK_CUR) < 0) {
			file->pipe = file->fd;
			file->fd = memfd_create("gild output", MFD_CLOEXEC);
			if (file->fd >= 0 && ftruncate(file->fd, (off_t)size) != 0)
				return fail(file, "cannot reserve space for");
		}
		return file->fd >= 0 || fail(file, "cannot open");
	}
	if (exists && access(path, W_OK) != 0)
		return fail(file, "cannot write");
	if (!open_temporary(file))
		return false;
	int error = posix_fallocate(file->fd, 0, size ? (off_t)size : 1);
	if (error == EOPNOTSUPP || error == EINVAL)
		error = ftruncate(file->fd, (off_t)size) ? errno : 0;
	if (error) {
		errno = error;
		return fail(file, "cannot reserve space for");
	}
	return true;
}

bool output_write(struct output_file *file, const void *data, uint64_t size, uint64_t fileoff)
{
	const char *at = data;
	while (size) {
		size_t piece = size > (1u << 30) ? (1u << 30) : size;
		ssize_t n = pwrite(file->fd, at, piece, (off_t)fileoff);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(file, "cannot write");
		at += n;
		fileoff += (uint64_t)n;
		size -= (uint64_t)n;
	}
	return true;
}

/* Gives the unnamed file a name beside the target. */
static bool name_unnamed(struct output_file *file)
{
	char self[64];
	snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
	/* Nothing has the name: no detour is needed. */
	if (linkat(AT_FDCWD, self, AT_FDCWD, file->target, AT_SYMLINK_FOLLOW) == 0)
		return true;
	for (unsigned try = 0; errno == EEXIST && try < MAX_TRIES; try++) {
		char *name = temporary_name(file->target, try);
		if (linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0) {
			file->temporary = name; /* not for long: signals are blocked */
			return true;
		}
		free(name);
	}
	return fail(file, "cannot name");
}

static bool copy_to_pipe(struct output_file *file)
{
	off_t at = 0, size = lseek(file->fd, 0, SEEK_END);
	char buffer[1 << 16];
	while (at < size) {
		ssize_t n = pread(file->fd, buffer, sizeof(buffer), at);
		for (ssize_t done = 0, written; n > 0 && done < n; done += written) {
			written = write(file->pipe, buffer + done, (size_t)(n - done));
			if (written < 0 && errno == EINTR)
				written = 0;
			else if (written <= 0)
				return fail(file, "cannot write");
		}
		if (n <= 0)
			return fail(file, "cannot write");
		at += n;
	}
	return true;
}

/* The names are exchanged, and the old file, open without a name, is freed when there is nothing else to wait for: a
 * rename over it would free it at once. */
static bool take_place(struct output_file *file)
{
	file->replaced = open(file->target, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (renameat2(AT_FDCWD, file->temporary, AT_FDCWD, file->target, RENAME_EXCHANGE) == 0) {
		if (unlink(file->temporary) != 0) {
			file->leftover_error = errno;
			file->leftover = copy(file->temporary);
		}
	} else if (rename(file->temporary, file->target) != 0) {
		return fail(file, "cannot rename");
	}
	temporary_forget(file->temporary);
	free(file->temporary);
	file->temporary = NULL;
	return true;
}

bool output_commit(struct output_file *file)
{
	sigset_t signals;
	if (file->in_place)
		return file->pipe < 0 || copy_to_pipe(file);
	temporary_block_signals(&signals); /* two names at once are for nobody to see */
	bool good = (file->temporary || name_unnamed(file)) && (!file->temporary || take_place(file));
	temporary_unblock_signals(&signals);
	return good;
}

void output_abort(struct output_file *file)
{
	if (file->temporary) {
		unlink(file->temporary);
		temporary_forget(file->temporary);
	}
	if (file->fd >= 0)
		close(file->fd);
	if (file->pipe >= 0)
		close(file->pipe);
	free(file->temporary);
	free(file->leftover);
	free(file->target);
	file->temporary = file->leftover = file->target = NULL;
	file->fd = file->pipe = -1;
}
