/* Reading System V / GNU archives (`ar`): "!<arch>\n", and thin archives "!<thin>\n".
 *
 * Members are visited in file order. No allocation; names point into the archive. Pure functions. */
#ifndef GILD_ELF_ARCHIVE_H
#define GILD_ELF_ARCHIVE_H

#include "elf/error.h"

enum archive_kind { ARCHIVE_NOT, ARCHIVE_REGULAR, ARCHIVE_THIN };

enum archive_kind archive_kind(struct bytes file);

struct archive {
	struct bytes bytes;
	bool thin;
	struct bytes index;        /* data of "/" (32-bit big-endian offsets) or "/SYM64/" (64-bit); empty if none */
	bool index64;
	struct bytes long_names;   /* data of "//"; empty if none */
	uint64_t first;            /* offset of the first ordinary member's header, or bytes.size */
};

struct archive_member {
	uint64_t header;           /* offset of the 60-byte header: what the index refers to */
	struct str name;           /* no trailing '/'; in a thin archive a path, relative to the archive's folder */
	struct bytes data;         /* empty for a member of a thin archive */
	uint64_t nested;           /* 0; or, in a thin archive: the member is the one at this offset of the archive
				    * `name` (GNU ar writes that when an archive is added to a thin one) */
	uint64_t size;             /* as the header says (a thin member's file has that size) */
	uint64_t next;             /* offset of the next header, or bytes.size at the end */
};

bool archive_read(struct archive *out, struct bytes bytes, struct elf_error *error);

/* The member whose header is at `offset`. Checks ar_fmag, ar_size, that the data ends inside the file, and the name.
 * The special members ("/", "//", "/SYM64/") are an error here. `next` is always beyond `offset`. */
bool archive_member_at(const struct archive *archive, uint64_t offset, struct archive_member *out,
		       struct elf_error *error);

/* The symbol index: number of entries (checked against the size; names checked to be NUL-terminated inside), and a walk
 * over it. */
struct archive_index {
	uint64_t n;
	const uint8_t *offsets;
	unsigned offset_size;   /* 4 or 8 */
	const char *names;      /* n NUL-terminated names, one after the other */
	uint64_t names_size;
};
bool archive_read_index(const struct archive *archive, struct archive_index *out, struct elf_error *error);

/* Offset of the member that defines symbol `i` of the index. Not checked: hand it to archive_member_at(). */
uint64_t archive_index_offset(const struct archive_index *index, uint64_t i);

#endif
