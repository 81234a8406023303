/* Reads the input as an archive: all members, and those the symbol index leads to. */
#include "fuzz/fuzz.h"

#include "elf/archive.h"

static void touch_member(const struct archive *archive, uint64_t offset, const struct archive_member *member)
{
	touch_bytes((struct bytes){(const uint8_t *)member->name.at, member->name.len});
	touch_bytes(member->data);
	hold(member->header == offset);
	hold(member->next > offset && member->next <= archive->bytes.size);
	hold(archive->thin || (member->data.size == member->size && member->nested == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct archive archive;
	struct archive_member member;
	struct archive_index index;
	struct elf_error error;
	if (!archive_read(&archive, (struct bytes){data, size}, &error)) {
		touch_name(error.field);
		touch_name(error.what);
		return 0;
	}
	touch_bytes(archive.index);
	touch_bytes(archive.long_names);
	hold(archive.first <= size);
	for (uint64_t offset = archive.first; offset < size; offset = member.next) {
		if (!archive_member_at(&archive, offset, &member, &error)) {
			touch_name(error.field);
			touch_name(error.what);
			break;
		}
		touch_member(&archive, offset, &member);
	}
	if (!archive_read_index(&archive, &index, &error))
		return 0;
	const char *name = index.names;
	uint64_t touched = UINT64_MAX; /* symbols of one member follow one another */
	for (uint64_t i = 0; i < index.n; i++, name += strlen(name) + 1) {
		uint64_t offset = archive_index_offset(&index, i);
		if (offset == touched || !archive_member_at(&archive, offset, &member, &error))
			continue;
		touched = offset;
		if (i < 1000)
			touch_member(&archive, offset, &member);
	}
	hold(name <= index.names + index.names_size);
	return 0;
}
