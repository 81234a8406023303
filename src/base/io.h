/* All access to input files: every open, successful or not, goes through here and is recorded, so
 * that a dependency file, a reproducer or a later incremental link knows what the link looked at.
 *
 * Large files are mapped, small ones read into an arena (the kernel allows 65,530 mappings). The bytes
 * stay valid until io_free(). Not thread-safe: files are opened from one thread. */
#ifndef GILD_BASE_IO_H
#define GILD_BASE_IO_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/types.h"

struct io_file {
	const char *path;       /* as opened; owned by the io's arena */
	struct bytes bytes;
	int error;              /* errno of a failed open or read, 0 when fine */
	bool mapped;
	dev_t dev;
	ino_t ino;
	struct timespec mtime;
};

/* Files that were opened ahead of their turn. */
struct io_ahead {
	struct io_file *files;
	uint32_t n, next;            /* next: whose turn it is */
	struct arena *arenas;        /* of the workers that read them */
	unsigned n_arenas;
};

struct io {
	struct arena arena;
	ARRAY(struct io_file) files; /* in the order they were asked for, failures included */
	struct io_ahead ahead;
};

struct pool;

/* Opens and reads files that will be asked for in this order, in parallel. Each is found when io_open() asks for it in
 * its turn; it counts as opened only then. Once for each io. `paths` must stay valid. */
void io_open_ahead(struct io *io, struct pool *pool, const char *const *paths, uint32_t n);

/* Opens and reads `path`. Returns the index in io->files; on failure that record's `error` is set
 * (EISDIR for a directory). Pipes and devices are read to their end (EFBIG above 1 GiB). The same path
 * asked for twice is opened twice. */
uint32_t io_open(struct io *io, const char *path);

/* The same, as the record itself; it stays where it is until the next open. */
static inline const struct io_file *io_read(struct io *io, const char *path)
{
	uint32_t index = io_open(io, path);
	return &io->files.at[index];
}

/* Takes a mapped file's pages out of the memory map, which is most of the work of unmapping it; whoever reads them
 * again gets them again. Other than unmapping, threads can do it at the same time. */
void io_drop(struct io *io, uint32_t index);

void io_free(struct io *io);

#endif
