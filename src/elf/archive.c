#include "elf/archive.h"

#include <ar.h>

#include "elf/mem.h"
#include "elf/types.h"

#define THIN_MAGIC "!<thin>\n"

/* Longest accepted name (PATH_MAX). It also keeps a hostile archive from making every member scan all of "//". */
enum { NAME_LIMIT = 4096 };

enum archive_kind archive_kind(struct bytes file)
{
	if (file.size < SARMAG)
		return ARCHIVE_NOT;
	if (mem_equal(file.data, ARMAG, SARMAG))
		return ARCHIVE_REGULAR;
	return mem_equal(file.data, THIN_MAGIC, SARMAG) ? ARCHIVE_THIN : ARCHIVE_NOT;
}

/* Decimal digits at the start of a field of `size` (< 19) bytes; `*used` is how many, 0 for none. */
static uint64_t read_decimal(const char *field, size_t size, size_t *used)
{
	uint64_t value = 0;
	size_t i = 0;
	for (; i < size && field[i] >= '0' && field[i] <= '9'; i++)
		value = value * 10 + (uint64_t)(field[i] - '0');
	*used = i;
	return value;
}

static bool only_spaces(const char *field, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (field[i] != ' ')
			return false;
	return true;
}

enum member_kind { ORDINARY, INDEX32, INDEX64, LONG_NAMES };

static enum member_kind member_kind(const struct ar_hdr *header)
{
	const char *name = header->ar_name;
	if (name[0] != '/')
		return ORDINARY;
	if (only_spaces(name + 1, sizeof(header->ar_name) - 1))
		return INDEX32;
	if (name[1] == '/' && only_spaces(name + 2, sizeof(header->ar_name) - 2))
		return LONG_NAMES;
	if (mem_equal(name, "/SYM64/", 7) && only_spaces(name + 7, sizeof(header->ar_name) - 7))
		return INDEX64;
	return ORDINARY;
}

/* The header at `offset` and the size it gives. Where the data ends is checked by member_data(). */
static const struct ar_hdr *read_header(const struct archive *archive, uint64_t offset, uint64_t *size,
					struct elf_error *error)
{
	if (offset < SARMAG || !mem_inside(offset, sizeof(struct ar_hdr), archive->bytes.size)) {
		elf_fail(error, "ar_hdr", 0, offset, "of a member is beyond the end of the archive");
		return NULL;
	}
	const struct ar_hdr *header = (const struct ar_hdr *)(archive->bytes.data + offset);
	if (!mem_equal(header->ar_fmag, ARFMAG, sizeof(header->ar_fmag))) {
		elf_fail(error, "ar_fmag", 0, offset, "does not end the header of a member");
		return NULL;
	}
	size_t digits;
	*size = read_decimal(header->ar_size, sizeof(header->ar_size), &digits);
	if (digits == 0 || !only_spaces(header->ar_size + digits, sizeof(header->ar_size) - digits)) {
		elf_fail(error, "ar_size", 0, offset, "of a member is not a decimal number");
		return NULL;
	}
	return header;
}

/* The `size` bytes behind the header at `offset`, and where the next header is: members begin at even offsets. */
static bool member_data(const struct archive *archive, uint64_t offset, uint64_t size, struct bytes *data,
			uint64_t *next, struct elf_error *error)
{
	uint64_t start = offset + sizeof(struct ar_hdr);
	if (size > archive->bytes.size - start)
		return elf_fail(error, "ar_size", 0, size, "of a member is beyond the end of the archive");
	*data = (struct bytes){archive->bytes.data + start, size};
	/* The last member's padding byte is missing in archives of some tools. */
	*next = min_u64(align_up(start + size, 2), archive->bytes.size);
	return true;
}

bool archive_read(struct archive *out, struct bytes bytes, struct elf_error *error)
{
	enum archive_kind kind = archive_kind(bytes);
	if (kind == ARCHIVE_NOT)
		return elf_fail(error, "ARMAG", 0, 0, "is missing: not an archive");
	*out = (struct archive){
		.bytes = bytes,
		.thin = kind == ARCHIVE_THIN,
		.index = {bytes.data, 0},
		.long_names = {bytes.data, 0},
		.first = SARMAG,
	};
	/* The special members come first. Their data are here also in a thin archive. */
	while (out->first < bytes.size) {
		uint64_t size;
		const struct ar_hdr *header = read_header(out, out->first, &size, error);
		if (!header)
			return false;
		enum member_kind special = member_kind(header);
		if (special == ORDINARY)
			break;
		struct bytes data;
		if (!member_data(out, out->first, size, &data, &out->first, error))
			return false;
		if (special == LONG_NAMES) {
			out->long_names = data;
		} else if (out->index.size == 0) { /* a second "/" is of Microsoft's tools: the same in another order */
			out->index = data;
			out->index64 = special == INDEX64;
		}
	}
	return true;
}

/* The name at `offset` of "//", which ends in "/\n" (GNU), "\n" or NUL. */
static bool long_name(const struct archive *archive, uint64_t offset, struct str *name, struct elf_error *error)
{
	struct bytes names = archive->long_names;
	if (offset >= names.size)
		return elf_fail(error, "ar_name", 0, offset, "is beyond the end of the table of long names");
	const char *at = (const char *)names.data + offset;
	uint64_t room = min_u64(names.size - offset, NAME_LIMIT);
	uint32_t len = 0;
	while (len < room && at[len] != '\n' && at[len] != '\0')
		len++;
	if (len == room)
		return elf_fail(error, "ar_name", 0, offset, "leads to a long name without an end");
	if (len > 0 && at[len - 1] == '/')
		len--;
	*name = (struct str){at, len};
	return true;
}

/* ar_name is one of
 *	foo.o/          a short name
 *	foo.o           a short name, as old tools write it
 *	/123            the name at offset 123 of "//"
 *	/123:456        in a thin archive: the member at 456 of the archive with that name
 * Behind a number GNU ar 2.40 leaves the end of the short name that it wrote first, if that had 15 characters: "/123     /". */
static bool read_name(const struct archive *archive, const struct ar_hdr *header, struct archive_member *member,
		      struct elf_error *error)
{
	const char *field = header->ar_name;
	size_t size = sizeof(header->ar_name);
	if (mem_equal(field, "#1/", 3) && field[3] >= '0' && field[3] <= '9')
		return elf_fail(error, "ar_name", 0, member->header,
				"is that of a BSD archive: make it again with GNU or LLVM ar");
	if (field[0] == '/') {
		size_t digits, used = 1;
		uint64_t offset = read_decimal(field + used, size - used, &digits);
		used += digits;
		if (digits > 0 && archive->thin && used < size && field[used] == ':') {
			used++;
			member->nested = read_decimal(field + used, size - used, &digits);
			used += digits;
		}
		size_t padding = used < size && field[size - 1] == '/' ? size - 1 - used : size - used;
		if (digits == 0 || !only_spaces(field + used, padding))
			return elf_fail(error, "ar_name", 0, member->header, "of a member is malformed");
		return long_name(archive, offset, &member->name, error);
	}
	uint32_t len = 0;
	while (len < size && field[len] != '/')
		len++;
	if (len == size)
		while (len > 0 && field[len - 1] == ' ')
			len--;
	member->name = (struct str){field, len};
	return true;
}

bool archive_member_at(const struct archive *archive, uint64_t offset, struct archive_member *out,
		       struct elf_error *error)
{
	*out = (struct archive_member){.header = offset};
	const struct ar_hdr *header = read_header(archive, offset, &out->size, error);
	if (!header)
		return false;
	if (member_kind(header) != ORDINARY)
		return elf_fail(error, "ar_name", 0, offset,
				"is that of a symbol index or name table, which must come first");
	if (!read_name(archive, header, out, error))
		return false;
	return member_data(archive, offset, archive->thin ? 0 : out->size, &out->data, &out->next, error);
}

static uint64_t read_big_endian(const uint8_t *at, unsigned size)
{
	return size == 8 ? __builtin_bswap64(read64(at)) : __builtin_bswap32(read32(at));
}

bool archive_read_index(const struct archive *archive, struct archive_index *out, struct elf_error *error)
{
	struct bytes index = archive->index;
	unsigned word = archive->index64 ? 8 : 4;
	*out = (struct archive_index){.offsets = index.data, .offset_size = word, .names = (const char *)index.data};
	if (index.size == 0)
		return true;
	if (index.size < word)
		return elf_fail(error, "archive index", 0, index.size, "is too short for its number of symbols");
	uint64_t n = read_big_endian(index.data, word);
	/* Each symbol takes an offset and a NUL at least. */
	if (n > (index.size - word) / (word + 1))
		return elf_fail(error, "archive index", 0, n, "symbols do not fit in it");
	out->n = n;
	out->offsets = index.data + word;
	out->names = (const char *)out->offsets + n * word;
	out->names_size = index.size - word - n * word;

	const char *name = out->names, *end = name + out->names_size;
	for (uint64_t i = 0; i < n; i++) {
		const char *nul = __builtin_memchr(name, '\0', (size_t)(end - name));
		if (!nul)
			return elf_fail(error, "archive index", 0, i,
					"names end in a NUL inside it, fewer than it has symbols");
		name = nul + 1;
	}
	return true;
}

uint64_t archive_index_offset(const struct archive_index *index, uint64_t i)
{
	return read_big_endian(index->offsets + i * index->offset_size, index->offset_size);
}
