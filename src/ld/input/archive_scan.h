/* What an archive offers: its members, and which names each of them defines as far as the archive's index says. */
#ifndef GILD_LD_INPUT_ARCHIVE_SCAN_H
#define GILD_LD_INPUT_ARCHIVE_SCAN_H

#include "base/arena.h"
#include "elf/archive.h"

struct scanned_member {
	struct archive_member member;
	const char *names;        /* n_names NUL-terminated names of the index; NULL: it has none */
	uint32_t n_names;
};

struct archive_scan {
	bool good;
	struct elf_error error;   /* why not */
	bool thin;
	struct scanned_member *members;
	uint32_t n;
};

/* Reads the members that the archive's index names, in the order of the file; all members with `all`, and when there is
 * no index, or one that does not list names by member. Pure, so that threads can scan archives ahead of their turn;
 * memory is taken from `arena`. */
void archive_scan(struct archive_scan *out, struct bytes bytes, bool all, struct arena *arena);

#endif
