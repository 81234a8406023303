#include "ld/input/archive_scan.h"

#include <string.h>

/* Counts the members that the index names; false when a member's names do not follow each other. Indexes list members
 * in file order: where they do not, members get their names from their symbol tables. */
static bool count_indexed(const struct archive_index *index, uint32_t *n)
{
	uint64_t last = 0;
	*n = 0;
	for (uint64_t i = 0; i < index->n; i++) {
		uint64_t offset = archive_index_offset(index, i);
		if (offset < last)
			return false;
		*n += i == 0 || offset != last;
		last = offset;
	}
	return true;
}

static void scan_indexed(struct archive_scan *out, const struct archive *archive, const struct archive_index *index)
{
	const char *name = index->names;
	for (uint64_t i = 0, next; i < index->n && out->good; i = next) {
		uint64_t offset = archive_index_offset(index, i);
		struct scanned_member *scanned = &out->members[out->n];
		scanned->names = name;
		for (next = i; next < index->n && archive_index_offset(index, next) == offset; next++)
			name += strlen(name) + 1;
		scanned->n_names = (uint32_t)(next - i);
		out->good = archive_member_at(archive, offset, &scanned->member, &out->error);
		out->n += out->good;
	}
}

static void scan_all(struct archive_scan *out, const struct archive *archive, struct arena *arena)
{
	for (bool fill = false;; fill = true) {
		struct archive_member member;
		uint32_t n = 0;
		for (uint64_t at = archive->first; at < archive->bytes.size; at = member.next) {
			out->good = archive_member_at(archive, at, &member, &out->error);
			if (!out->good)
				return;
			if (fill)
				out->members[n].member = member;
			n++;
		}
		out->n = n;
		if (fill)
			return;
		out->members = arena_array(arena, struct scanned_member, n);
	}
}

void archive_scan(struct archive_scan *out, struct bytes bytes, bool all, struct arena *arena)
{
	struct archive archive;
	struct archive_index index;
	uint32_t n;
	*out = (struct archive_scan){0};
	out->good = archive_read(&archive, bytes, &out->error);
	if (!out->good)
		return;
	out->thin = archive.thin;
	if (!all && archive.index.size) {
		out->good = archive_read_index(&archive, &index, &out->error);
		if (!out->good)
			return;
		if (count_indexed(&index, &n)) {
			out->members = arena_array(arena, struct scanned_member, n);
			scan_indexed(out, &archive, &index);
			return;
		}
	}
	scan_all(out, &archive, arena);
}
