/* Finding the file for a name: DT_RPATH, LD_LIBRARY_PATH, DT_RUNPATH, ld.so.cache, system directories, in the order of
 * ld.so(8). One engine for loading, for `--list` and for explaining. */
#ifndef GILD_LDSO_SEARCH_H
#define GILD_LDSO_SEARCH_H

#include "ldso/image.h"

/* Where a directory's files and subdirectories are looked for. */
struct search_dir {
	struct search_dir *next;  /* in its chain of ld->directories */
	uint32_t hash;            /* of path */
	uint32_t last_list;       /* the number of the last path list that names it */
	const char *path;         /* with a slash at the end; "" is the working directory */
	const char *what, *where; /* "RUNPATH" "file"; for LD_DEBUG=libs. where may be NULL */
	bool *absent;             /* for each of ld->hwcaps: known not to exist */
};

struct found {
	struct opened opened;
	char *path;         /* heap memory */
	const char *what;   /* who said to look there: "RUNPATH", "LD_LIBRARY_PATH", "ld.so.cache", ...; NULL: a path */
	const char *where;  /* the object whose RUNPATH it is, or NULL. Both live as long as that object */
	unsigned origin;    /* the same as LA_SER_ of <link.h>, for auditors */
	struct object *requester; /* who needs the file, or NULL */
};

/* Somebody who wants to know each step of the searches (gild tree). Texts live during the call. */
struct search_watcher {
	void *context;
	void (*begin)(void *context, const char *name, const struct object *requester);
	/* `path` was tried, or with a slash at its end is a directory that does not exist, or is PATH_CACHE, which has
	 * no such name. */
	void (*tried)(void *context, const char *path, const char *what, const char *where, enum open_result result,
		      int code);
};

enum search_flags {
	SEARCH_SECURE = 1 << 0, /* a preload: in a secure program only set-user-ID files of system directories */
};

/* Prepares hwcaps subdirectories and the paths of options and environment. */
void search_start(struct loader *ld);

/* Opens the file for `name`, needed by `requester` (NULL: nobody). On OPEN_OK the caller owns found->opened.fd and
 * found->path. OPEN_ABSENT sets `code` to an errno. */
enum open_result search_file(struct loader *ld, const char *name, struct object *requester, unsigned flags,
			     struct found *found, int *code);

/* The RPATH or RUNPATH of an object as directories ended by NULL, or NULL. */
struct search_dir **search_rpath(struct loader *ld, struct object *object);
struct search_dir **search_runpath(struct loader *ld, struct object *object);

/* The subdirectories of glibc-hwcaps that the processor decides about, the most demanding first. */
#define HWCAPS_FOLDER "glibc-hwcaps/"
enum { HWCAPS_LEVELS = 3 };
extern const char *const hwcaps_levels[HWCAPS_LEVELS];
bool hwcaps_is_supported(unsigned i);
bool hwcaps_is_masked(const struct loader *ld, unsigned i); /* by --glibc-hwcaps-mask */

/* Dynamic string tokens: $ORIGIN, $LIB, $PLATFORM and ${...}. Heap memory; NULL when the text must not be used. */
char *tokens_expand(struct loader *ld, const struct object *object, const char *text);
/* Has it any of these? */
bool tokens_any(const char *text);

/* --- ld.so.cache (cache.c) */

struct cache_file;

/* The path stored for a name that suits this processor best, or NULL; it is part of the file. */
const char *cache_find(const struct loader *ld, const struct cache_file *file, const char *name);

/* The same for the cache of this system. Valid until cache_close. */
const char *cache_lookup(struct loader *ld, const char *name);
void cache_close(void);

/* Files and directories of this system. */
#define PATH_CACHE "/etc/ld.so.cache"
#define PATH_PRELOAD "/etc/ld.so.preload"
#define SYSTEM_LIB "lib/x86_64-linux-gnu"

/* The directories searched last, with a slash at the end, ended by NULL. */
extern const char *const system_directories[];

#endif
