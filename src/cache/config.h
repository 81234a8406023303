/* The folders that ldconfig looks into: those of the command line, of ld.so.conf and what it includes, and the
 * system's. */
#ifndef GILD_CACHE_CONFIG_H
#define GILD_CACHE_CONFIG_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/array.h"
#include "cache/root.h"

/* A folder of libraries. Texts are in the arena. */
struct folder {
	const char *path;
	const char *from;   /* the file that names it, "the command line" or "the system" */
	unsigned line;      /* in that file, 0: none */
	int32_t type;       /* of an ending "=libc6", 0: none */
	const char *hwcaps; /* a glibc-hwcaps subdirectory: its name; NULL: none */
	dev_t device;
	ino_t inode;
};

struct folders {
	struct arena *arena;
	const struct root *root;
	const char *command; /* begins messages */
	bool verbose;        /* say what is left out */
	bool failed;         /* a file of configuration could not be read */
	ARRAY(struct folder) at;
	unsigned depth;      /* of include lines */
	unsigned n_files;    /* of configuration that were read */
	bool full;           /* too deep or too many: nothing more is read */
};

/* Adds a folder and its glibc-hwcaps subdirectories, unless it is there already or does not exist. */
void folders_add(struct folders *folders, const char *path, const char *from, unsigned line);

/* Reads a file like /etc/ld.so.conf. One that does not exist is empty. */
void folders_read(struct folders *folders, const char *path);

/* Adds a subdirectory found below a folder: it goes to the end. */
void folders_add_below(struct folders *folders, struct folder folder);

#endif
