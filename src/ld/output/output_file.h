/* The output file: it appears whole or not at all.
 *
 * Bytes go to an unnamed file beside the final place (O_TMPFILE; a named one where the file system has none); commit
 * gives it the name. Until then the old output is untouched, and a process that dies leaves nothing behind. What is not
 * a regular file (/dev/null) is written in place; a pipe gets all bytes in order when the output is committed. */
#ifndef GILD_LD_OUTPUT_OUTPUT_FILE_H
#define GILD_LD_OUTPUT_OUTPUT_FILE_H

#include "base/types.h"

struct output_file {
	int fd;
	const char *path;       /* the caller's */
	unsigned mode;          /* before the umask */
	char *target;           /* where the name is made: symbolic links are followed */
	char *temporary;        /* named temporary file, or NULL */
	int replaced;           /* the old output, once it has no name any more; -1: there was none. To close it takes
				 * the kernel some time: it frees the pages */
	char *leftover;         /* the old output under another name, if it could not be removed: leftover_error */
	int leftover_error;     /* errno */
	bool in_place;          /* not a regular file */
	int pipe;               /* where the bytes go in the end if that takes them in one order only; -1: nowhere */
	_Atomic int error;      /* errno of a failure, 0: none */
	const char *_Atomic failed; /* the operation that failed */
};

/* `size`: final size in bytes; space is reserved, so that a full disk is found here. `executable`: may be run: mode
 * 0777 rather than 0666, both without the umask. false: error and failed are
 * set. */
bool output_begin(struct output_file *file, const char *path, uint64_t size, bool executable);

/* Writes bytes at a file offset. Any thread, any order. false: see output_begin(). */
bool output_write(struct output_file *file, const void *data, uint64_t size, uint64_t fileoff);

/* Gives the file its name. */
bool output_commit(struct output_file *file);

/* Leaves everything as it was, also after a failed begin or commit, and frees everything but `replaced`. */
void output_abort(struct output_file *file);

#endif
