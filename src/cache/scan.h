/* From folders to the entries of a cache: one for each soname and folder, the newest file of it (ldconfig(8)). */
#ifndef GILD_CACHE_SCAN_H
#define GILD_CACHE_SCAN_H

#include "cache/config.h"

/* What a line of `ldconfig -p` says. Texts are in somebody's arena. */
struct entry {
	const char *name, *path;
	int32_t flags;      /* CACHE_FLAGS_* */
	const char *hwcaps; /* name of a glibc-hwcaps subdirectory, NULL: none */
	uint32_t isa_level;
	uint64_t hwcap;     /* bits of subdirectories of old: tls, haswell */
	const char *from;   /* where the folder was named; NULL in a cache that was read */
	unsigned line;
};

typedef ARRAY(struct entry) entry_array;

enum scan_links {
	LINKS_LEAVE,  /* only say when verbose which ones are missing */
	LINKS_MAKE,   /* make the link from each soname to its file, and remove dangling ones, as ldconfig does */
};

/* Appends what all folders hold, sorted as a cache is. Subdirectories of old are added to `folders` on the way. */
void scan(struct folders *folders, enum scan_links links, entry_array *entries);

/* The order of a cache: 0 when only the path differs. */
int entry_compare(const struct entry *a, const struct entry *b);

#endif
