/* relink OUTPUT FOLDER SAID LINKER ARGS...: makes OUTPUT, which LINKER ARGS made, again and again, and compares the bytes.
 *
 * That is 24 links: with 1, 2, 7 and 16 threads, in the folders FOLDER/one and FOLDER/two, three times each: where there is
 * no output yet, over the one that is there, and over a longer file of other bytes. What the linker says goes to SAID.
 * Exit code 0: all are the same. 1: one differs, or a link failed; standard output says which. 2: it could not be tried. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct bytes {
	const unsigned char *at;
	size_t n;
};

/* The bytes of a file; a file that is not there has none, and is no error. */
static struct bytes map(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0) {
		if (fd >= 0)
			close(fd);
		return (struct bytes){0};
	}
	void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		err(2, "%s", path);
	close(fd);
	return (struct bytes){at, (size_t)st.st_size};
}

static void spoil(const char *path, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0777);
	char block[4096];
	memset(block, 0xa5, sizeof(block));
	for (size_t at = 0; at <= n; at += sizeof(block))
		if (fd < 0 || write(fd, block, sizeof(block)) != sizeof(block))
			err(2, "%s", path);
	close(fd);
}

/* The exit status of that command, as wait() has it. More than five minutes end it. */
static int run(char **command, const char *said)
{
	pid_t child = fork();
	if (child < 0)
		err(2, "fork");
	if (child == 0) {
		int in = open("/dev/null", O_RDONLY), out = open(said, O_WRONLY | O_CREAT | O_TRUNC, 0666);
		if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
			_exit(127);
		close(in);
		close(out);
		alarm(300);
		execv(command[0], command);
		_exit(127);
	}
	int status;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			err(2, "waitpid");
	return status;
}

int main(int argc, char **argv)
{
	static const char *const folders[] = {"one", "two"};
	static const int threads[] = {1, 2, 7, 16};
	static const char *const existing[] = {"no output there", "over the same output", "over another file"};
	if (argc < 5)
		errx(2, "usage: relink OUTPUT FOLDER SAID LINKER ARGS...");
	const char *base = strrchr(argv[1], '/');
	base = base ? base + 1 : argv[1];
	struct bytes wanted = map(argv[1]);
	char **command = calloc((size_t)argc + 4, sizeof(*command)), *path, *option;
	if (!command)
		err(2, "calloc");
	memcpy(command, argv + 4, (size_t)(argc - 4) * sizeof(*command));
	for (int f = 0; f < 2; f++) {
		if (asprintf(&path, "%s/%s", argv[2], folders[f]) < 0 || (mkdir(path, 0777) != 0 && errno != EEXIST))
			err(2, "%s", argv[2]);
		free(path);
		if (asprintf(&path, "%s/%s/%s", argv[2], folders[f], base) < 0)
			err(2, "asprintf");
		for (int i = 0; i < 12; i++) {
			int run_nr = i % 3, status;
			if (run_nr == 0 && unlink(path) != 0 && errno != ENOENT)
				err(2, "%s", path);
			if (run_nr == 2)
				spoil(path, wanted.n);
			if (asprintf(&option, "--threads=%d", threads[i / 3]) < 0)
				err(2, "asprintf");
			command[argc - 4] = option;
			command[argc - 3] = (char *)"-o";
			command[argc - 2] = path;
			command[argc - 1] = NULL;
			status = run(command, argv[3]);
			struct bytes got = map(path);
			size_t at = 0;
			while (at < got.n && at < wanted.n && got.at[at] == wanted.at[at])
				at++;
			if (status != 0)
				printf("the link fails (status 0x%x)", (unsigned)status);
			else if (at != wanted.n || at != got.n)
				printf("another output (%zu bytes instead of %zu, the same up to %zu)", got.n, wanted.n, at);
			if (status != 0 || at != wanted.n || at != got.n) {
				printf(" with %s, folder %s, %s:\n", option, folders[f], existing[run_nr]);
				return 1;
			}
			if (got.at)
				munmap((void *)got.at, got.n);
			free(option);
		}
		free(path);
	}
	return 0;
}
