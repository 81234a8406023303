#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/pool.h"

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
static int read_sized(struct arena *arena, struct io_file *file, int fd, size_t size)
{
	uint8_t *data = arena_alloc(arena, size, CONTENT_ALIGN);
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
static int read_stream(struct arena *arena, struct io_file *file, int fd)
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
		uint8_t *data = arena_alloc(arena, content.n, CONTENT_ALIGN);
		memcpy(data, content.at, content.n);
		file->bytes = (struct bytes){data, content.n};
	}
	array_free(&content);
	return error;
}

static int read_content(struct arena *arena, struct io_file *file, int fd)
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
		return read_stream(arena, file, fd);
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
	return read_sized(arena, file, fd, size);
}

static struct io_file open_file(struct arena *arena, const char *path)
{
	struct io_file file = {.path = arena_strndup(arena, path, strlen(path))};
	int fd;
	do {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0) {
		file.error = errno;
	} else {
		file.error = read_content(arena, &file, fd);
		close(fd);
	}
	return file;
}

uint32_t io_open(struct io *io, const char *path)
{
	struct io_ahead *ahead = &io->ahead;
	struct io_file file;
	if (ahead->next < ahead->n && strcmp(ahead->files[ahead->next].path, path) == 0)
		file = ahead->files[ahead->next++];
	else
		file = open_file(&io->arena, path);
	*array_push(&io->files) = file;
	return io->files.n - 1;
}

/* ---- ahead ------------------------------------------------------------------------------------------------ */

struct opening {
	struct io_ahead *ahead;
	const char *const *paths;
};

static void open_range(void *context, size_t begin, size_t end, unsigned worker)
{
	struct opening *opening = context;
	for (size_t i = begin; i < end; i++)
		opening->ahead->files[i] = open_file(&opening->ahead->arenas[worker], opening->paths[i]);
}

void io_open_ahead(struct io *io, struct pool *pool, const char *const *paths, uint32_t n)
{
	enum { FILE_GRAIN = 8 };
	struct io_ahead *ahead = &io->ahead;
	ahead->n = n;
	ahead->n_arenas = pool_threads(pool);
	ahead->files = memory_zeroed(n, sizeof(*ahead->files));
	ahead->arenas = memory_zeroed(ahead->n_arenas, sizeof(*ahead->arenas));
	struct opening opening = {ahead, paths};
	parallel_for(pool, n, FILE_GRAIN, open_range, &opening);
}

/* ---- the end ---------------------------------------------------------------------------------------------- */

static void unmap(struct io_file *file)
{
	if (file->mapped)
		munmap((void *)(uintptr_t)file->bytes.data, file->bytes.size);
	file->mapped = false;
	file->bytes = (struct bytes){0};
}

void io_drop(struct io *io, uint32_t index)
{
	const struct io_file *file = &io->files.at[index];
	if (file->mapped)
		madvise((void *)(uintptr_t)file->bytes.data, file->bytes.size, MADV_DONTNEED);
}

void io_free(struct io *io)
{
	struct io_ahead *ahead = &io->ahead;
	for (uint32_t i = 0; i < io->files.n; i++)
		unmap(&io->files.at[i]);
	for (; ahead->next < ahead->n; ahead->next++)
		unmap(&ahead->files[ahead->next]);
	for (unsigned i = 0; i < ahead->n_arenas; i++)
		arena_free(&ahead->arenas[i]);
	free(ahead->files);
	free(ahead->arenas);
	array_free(&io->files);
	arena_free(&io->arena);
	*ahead = (struct io_ahead){0};
}
