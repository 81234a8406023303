#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MAP_FROM = 64 << 10,    /* bytes: smaller files are cheaper to copy than to map */
	STREAM_MAX = 1 << 30,   /* bytes taken from a pipe or device: /dev/zero must not eat the machine */
	CONTENT_ALIGN = 16,     /* so that the structures of an ELF file can be read in place */
};

static ssize_t read_some(int fd, void *to, size_t size)
{
	ssize_t got;
	do {
		got = read(fd, to, size);
	} while (got < 0 && errno == EINTR);
	return got;
}

/* A file that became shorter since fstat() gives what is there now. */
static int read_sized(struct io *io, struct io_file *file, int fd, size_t size)
{
	uint8_t *data = arena_alloc(&io->arena, size, CONTENT_ALIGN);
	size_t done = 0;
	while (done < size) {
		ssize_t got = read_some(fd, data + done, size - done);
		if (got < 0)
			return errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	file->bytes = (struct bytes){data, done};
	return 0;
}

/* Pipes, devices, and the files of /proc that say their size is 0. */
static int read_stream(struct io *io, struct io_file *file, int fd)
{
	ARRAY(uint8_t) content = {0};
	int error = 0;
	for (;;) {
		content.at = array_reserve(content.at, content.n, &content.cap, 1, MAP_FROM);
		ssize_t got = read_some(fd, content.at + content.n, MAP_FROM);
		if (got < 0)
			error = errno;
		if (got <= 0)
			break;
		content.n += (uint32_t)got;
		if (content.n > STREAM_MAX) {
			error = EFBIG;
			break;
		}
	}
	if (!error) {
		uint8_t *data = arena_alloc(&io->arena, content.n, CONTENT_ALIGN);
		memcpy(data, content.at, content.n);
		file->bytes = (struct bytes){data, content.n};
	}
	array_free(&content);
	return error;
}

static int read_content(struct io *io, struct io_file *file, int fd)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return errno;
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	file->mtime = st.st_mtim;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0)
		return read_stream(io, file, fd);
	size_t size = (size_t)st.st_size;
	if (size >= MAP_FROM) {
		void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (data != MAP_FAILED) {
			file->bytes = (struct bytes){data, size};
			file->mapped = true;
			return 0;
		}
		if (errno != ENODEV) /* a file system that cannot map can still be read */
			return errno;
	}
	return read_sized(io, file, fd, size);
}

uint32_t io_open(struct io *io, const char *path)
{
	struct io_file file = {.path = arena_strndup(&io->arena, path, strlen(path))};
	int fd;
	do {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0) {
		file.error = errno;
	} else {
		file.error = read_content(io, &file, fd);
		close(fd);
	}
	*array_push(&io->files) = file;
	return io->files.n - 1;
}

void io_unmap(struct io *io, uint32_t index)
{
	struct io_file *file = &io->files.at[index];
	if (file->mapped)
		munmap((void *)(uintptr_t)file->bytes.data, file->bytes.size);
	file->mapped = false;
	file->bytes = (struct bytes){0};
}

void io_free(struct io *io)
{
	for (uint32_t i = 0; i < io->files.n; i++)
		io_unmap(io, i);
	array_free(&io->files);
	arena_free(&io->arena);
}
