/* Files below another root directory (gild cache -r ROOT): links lead to where they would with that root, so that
 * nothing outside of it is read or changed. */
#ifndef GILD_CACHE_ROOT_H
#define GILD_CACHE_ROOT_H

#include <stdbool.h>

/* Opens a directory as root. "/" or NULL stands for none. Returns false with errno. */
struct root {
	int fd; /* -1: paths are those of the process */
};

bool root_open(struct root *root, const char *path);
void root_close(struct root *root);

/* open(2) without O_CREAT, in the root. -1: errno (ENOSYS: the kernel is older than Linux 5.6 and there is a root). */
int root_file(const struct root *root, const char *path, int flags);

struct stat;
/* stat(2) in the root; 0 or -1. */
int root_stat(const struct root *root, const char *path, struct stat *to);

#endif
