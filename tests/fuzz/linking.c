#include "fuzz/linking.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "ld/input/options.h"
#include "ld/link.h"
#include "ld/report/verify_output.h"

enum { FIRST_FD = 100 }; /* above what libFuzzer has */

static struct memory_file said;
static char text[1 << 13];
static int report; /* standard error, as it was */

/* Of the sanitizers' runtime. */
__attribute__((weak)) void __sanitizer_set_report_fd(void *fd);

static void need(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

void memory_open(struct memory_file *file)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	need(fd >= 0, "memfd_create");
	file->fd = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);
	need(file->fd >= 0, "F_DUPFD_CLOEXEC");
	close(fd);
	snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
}

void memory_set(struct memory_file *file, const void *data, uint64_t size)
{
	need(ftruncate(file->fd, 0) == 0 && pwrite(file->fd, data, size, 0) == (ssize_t)size, file->path);
}

void memory_keep(const struct memory_file *file, const char *folder)
{
	char path[4096], bytes[1 << 16];
	ssize_t size = pread(file->fd, bytes, sizeof(bytes), 0);
	snprintf(path, sizeof(path), "%s/%d", folder, file->fd);
	FILE *copy = fopen(path, "we");
	if (copy && size > 0)
		fwrite(bytes, 1, (size_t)size, copy);
	if (copy)
		fclose(copy);
}

void linking_begin(void)
{
	/* A .bss of terabytes is written to where the output goes: as correct as slow. */
	struct rlimit limit = {1ull << 36, RLIM_INFINITY};
	need(setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit");
	signal(SIGXFSZ, SIG_IGN);
	memory_open(&said);
	report = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, FIRST_FD);
	if (__sanitizer_set_report_fd)
		__sanitizer_set_report_fd((void *)(intptr_t)report);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	dup2(null, STDOUT_FILENO);
	close(null);
}

static void begin_saying(struct diag *diag)
{
	need(ftruncate(said.fd, 0) == 0 && lseek(said.fd, 0, SEEK_SET) == 0, said.path);
	dup2(said.fd, STDERR_FILENO);
	diag_init(diag);
}

static bool end_saying(struct diag *diag, bool good)
{
	bool has_errors = diag->errors != 0;
	diag_flush(diag);
	diag_free(diag);
	dup2(report, STDERR_FILENO);
	hold(good || (has_errors && strstr(linking_said(), "gild: error: ")));
	return good;
}

bool linking_run(const char **words, int n)
{
	struct arena arena = {0};
	struct options options = {0};
	struct diag diag;
	begin_saying(&diag);
	words[n] = NULL;
	bool good = options_parse(&options, n, (char **)(uintptr_t)words, &arena, &diag) && link_run(&options, &diag);
	options_free(&options);
	arena_free(&arena);
	return end_saying(&diag, good);
}

bool linking_verify(const char *path)
{
	struct diag diag;
	begin_saying(&diag);
	return end_saying(&diag, verify_only(path, false, &diag));
}

const char *linking_said(void)
{
	ssize_t n = pread(said.fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

void linking_report(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vdprintf(report, format, arguments);
	va_end(arguments);
}

const char *linking_keep(const char **words, int n)
{
	const char *folder = getenv("GILD_FUZZ_KEEP");
	if (!folder)
		return NULL;
	char path[4096];
	snprintf(path, sizeof(path), "%s/command", folder);
	FILE *command = fopen(path, "we");
	for (int i = 1; command && i < n; i++)
		fprintf(command, "%s\n", words[i]);
	if (command)
		fclose(command);
	return folder;
}
