/* elf/archive.h: archives written here by hand, broken ones, and the libc.a of this machine. */
#include "elf/archive.h"

#include <ar.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf/object.h"

/* An archive under construction. */
struct builder {
	uint8_t data[4096];
	size_t size;
};

static void add_bytes(struct builder *builder, const void *data, size_t size)
{
	assert_true(builder->size + size <= sizeof(builder->data));
	memcpy(builder->data + builder->size, data, size);
	builder->size += size;
}

static uint64_t add_header(struct builder *builder, const char *name, uint64_t size)
{
	char header[sizeof(struct ar_hdr) + 1];
	uint64_t offset = builder->size;
	snprintf(header, sizeof(header), "%-16s%-12d%-6d%-6d%-8o%-10lu`\n", name, 0, 0, 0, 0644, size);
	add_bytes(builder, header, sizeof(header) - 1);
	return offset;
}

/* Returns the offset of the header. */
static uint64_t add_member(struct builder *builder, const char *name, const void *data, size_t size)
{
	uint64_t offset = add_header(builder, name, size);
	add_bytes(builder, data, size);
	if (builder->size % 2)
		add_bytes(builder, "\n", 1);
	return offset;
}

static void begin(struct builder *builder, const char *magic)
{
	builder->size = 0;
	add_bytes(builder, magic, SARMAG);
}

/* A copy that ends where its allocation ends. Freed by the caller. */
static struct bytes finish(const struct builder *builder)
{
	uint8_t *copy = malloc(builder->size);
	memcpy(copy, builder->data, builder->size);
	return (struct bytes){copy, builder->size};
}

static void discard(struct bytes bytes)
{
	free((void *)(uintptr_t)bytes.data);
}

static void expect_name(const struct archive_member *member, const char *name)
{
	if (member->name.len != strlen(name) || memcmp(member->name.at, name, member->name.len) != 0)
		fail_msg("the name is '%.*s', not '%s'", (int)member->name.len, member->name.at, name);
}

static const char long_name[] = "a-name-of-more-than-16-bytes.o";

/* "/" with two symbols of two members, "//" with one long name, a member of odd size and one of even size. */
static struct bytes good_archive(bool index64, uint64_t offsets[2])
{
	struct builder builder;
	uint8_t index[64];
	size_t word = index64 ? 8 : 4, index_size = 3 * word + sizeof("first\0second");
	begin(&builder, ARMAG);
	add_member(&builder, index64 ? "/SYM64/" : "/", index, index_size);
	add_member(&builder, "//", "a-name-of-more-than-16-bytes.o/\n", sizeof(long_name) + 1);
	offsets[0] = add_member(&builder, "short.o/", "abc", 3);
	offsets[1] = add_member(&builder, "/0", "defg", 4);

	memset(index, 0, sizeof(index));
	index[word - 1] = 2;
	for (size_t i = 0; i < 2; i++) {
		index[(i + 2) * word - 2] = (uint8_t)(offsets[i] >> 8);
		index[(i + 2) * word - 1] = (uint8_t)offsets[i];
	}
	memcpy(index + 3 * word, "first\0second", sizeof("first\0second"));
	memcpy(builder.data + SARMAG + sizeof(struct ar_hdr), index, index_size);
	return finish(&builder);
}

static void members_are_visited_in_order(void **state)
{
	(void)state;
	uint64_t offsets[2];
	struct bytes bytes = good_archive(false, offsets);
	struct archive archive;
	struct archive_member member;
	struct elf_error error;
	assert_int_equal(archive_kind(bytes), ARCHIVE_REGULAR);
	assert_true(archive_read(&archive, bytes, &error));
	assert_false(archive.thin);
	assert_int_equal(archive.first, offsets[0]);

	assert_true(archive_member_at(&archive, archive.first, &member, &error));
	expect_name(&member, "short.o");
	assert_int_equal(member.data.size, 3);
	assert_memory_equal(member.data.data, "abc", 3);
	assert_int_equal(member.next, offsets[1]);

	assert_true(archive_member_at(&archive, member.next, &member, &error));
	expect_name(&member, long_name);
	assert_memory_equal(member.data.data, "defg", 4);
	assert_int_equal(member.next, bytes.size);
	discard(bytes);
}

static void the_index_leads_to_members(void **state)
{
	(void)state;
	for (int index64 = 0; index64 < 2; index64++) {
		uint64_t offsets[2];
		struct bytes bytes = good_archive(index64, offsets);
		struct archive archive;
		struct archive_index index;
		struct elf_error error;
		assert_true(archive_read(&archive, bytes, &error));
		assert_true(archive_read_index(&archive, &index, &error));
		assert_int_equal(index.n, 2);
		assert_int_equal(index.offset_size, index64 ? 8 : 4);
		assert_int_equal(archive_index_offset(&index, 0), offsets[0]);
		assert_int_equal(archive_index_offset(&index, 1), offsets[1]);
		assert_string_equal(index.names, "first");
		assert_string_equal(index.names + sizeof("first"), "second");
		discard(bytes);
	}
}

static void an_archive_may_be_empty(void **state)
{
	(void)state;
	struct archive archive;
	struct archive_index index;
	struct elf_error error;
	struct bytes bytes = {(const uint8_t *)ARMAG, SARMAG};
	assert_true(archive_read(&archive, bytes, &error));
	assert_int_equal(archive.first, bytes.size);
	assert_true(archive_read_index(&archive, &index, &error));
	assert_int_equal(index.n, 0);
}

static void members_of_a_thin_archive_have_no_data(void **state)
{
	(void)state;
	struct builder builder;
	begin(&builder, "!<thin>\n");
	static const char names[] = "dir/a.o/\nlib/b.a/\n";
	add_member(&builder, "//", names, sizeof(names) - 1);
	uint64_t first = add_header(&builder, "/0", 1000000);
	uint64_t second = add_header(&builder, "/9:1234", 5);
	struct bytes bytes = finish(&builder);
	struct archive archive;
	struct archive_member member;
	struct elf_error error;
	assert_int_equal(archive_kind(bytes), ARCHIVE_THIN);
	assert_true(archive_read(&archive, bytes, &error));
	assert_true(archive.thin);
	assert_int_equal(archive.first, first);
	assert_true(archive_member_at(&archive, first, &member, &error));
	expect_name(&member, "dir/a.o");
	assert_int_equal(member.size, 1000000);
	assert_int_equal(member.data.size, 0);
	assert_int_equal(member.nested, 0);
	assert_int_equal(member.next, second);
	assert_true(archive_member_at(&archive, second, &member, &error));
	expect_name(&member, "lib/b.a");
	assert_int_equal(member.nested, 1234);
	assert_int_equal(member.next, bytes.size);
	discard(bytes);
}

static void names_are_accepted_as_old_and_other_tools_write_them(void **state)
{
	(void)state;
	static const struct {
		const char *field, *name;
	} cases[] = {
		{"plain.o", "plain.o"},
		{"sixteen-bytes-.o", "sixteen-bytes-.o"},
		{"with space.o/", "with space.o"},
		{"fifteen-bytes.o/", "fifteen-bytes.o"},
		{"/0", "ends in newline"},
		{"/16", "ends in slash"},
		{"/31", "ends in NUL"},
		{"#1/", "#1"}, /* not a BSD name: no length follows */
	};
	struct builder builder;
	begin(&builder, ARMAG);
	static const char names[] = "ends in newline\nends in slash/\nends in NUL";
	add_member(&builder, "//", names, sizeof(names));
	for (size_t i = 0; i < COUNTOF(cases); i++)
		add_member(&builder, cases[i].field, "", 0);
	struct bytes bytes = finish(&builder);
	struct archive archive;
	struct archive_member member;
	struct elf_error error;
	assert_true(archive_read(&archive, bytes, &error));
	uint64_t offset = archive.first;
	for (size_t i = 0; i < COUNTOF(cases); i++, offset = member.next) {
		assert_true(archive_member_at(&archive, offset, &member, &error));
		expect_name(&member, cases[i].name);
	}
	assert_int_equal(offset, bytes.size);
	discard(bytes);
}

static void the_last_padding_byte_may_be_missing(void **state)
{
	(void)state;
	struct builder builder;
	begin(&builder, ARMAG);
	add_member(&builder, "odd.o/", "abc", 3);
	builder.size--;
	struct bytes bytes = finish(&builder);
	struct archive archive;
	struct archive_member member;
	struct elf_error error;
	assert_true(archive_read(&archive, bytes, &error));
	assert_true(archive_member_at(&archive, archive.first, &member, &error));
	assert_int_equal(member.next, bytes.size);
	discard(bytes);
}

/* An archive of one member with this ar_name, read; "//" is `names` when that is not NULL. */
static void expect_bad_member(const char *magic, const char *names, const char *name, const char *field,
			      const char *what)
{
	struct builder builder;
	begin(&builder, magic);
	if (names)
		add_member(&builder, "//", names, strlen(names));
	uint64_t offset = add_member(&builder, name, "", 0);
	struct bytes bytes = finish(&builder);
	struct archive archive;
	struct archive_member member;
	struct elf_error error = {0};
	assert_true(archive_read(&archive, bytes, &error));
	if (archive_member_at(&archive, offset, &member, &error))
		fail_msg("the name '%s' was accepted", name);
	assert_string_equal(error.field, field);
	if (!strstr(error.what, what))
		fail_msg("'%s' says '%s', not '%s'", name, error.what, what);
	discard(bytes);
}

static void a_bad_name_is_an_error(void **state)
{
	(void)state;
	expect_bad_member(ARMAG, NULL, "/0", "ar_name", "beyond the end of the table");
	expect_bad_member(ARMAG, "a.o/\n", "/5", "ar_name", "beyond the end of the table");
	expect_bad_member(ARMAG, "a.o/\n", "/999999999999999", "ar_name", "beyond the end of the table");
	expect_bad_member(ARMAG, "a.o/", "/0", "ar_name", "without an end");
	expect_bad_member(ARMAG, "a.o/\n", "/x", "ar_name", "malformed");
	expect_bad_member(ARMAG, "a.o/\n", "/0x", "ar_name", "malformed");
	expect_bad_member(ARMAG, "a.o/\n", "/0      /", "ar_name", "malformed"); /* not in the last place */
	expect_bad_member(ARMAG, "a.o/\n", "/0:8", "ar_name", "malformed");
	expect_bad_member("!<thin>\n", "a.o/\n", "/0:", "ar_name", "malformed");
	expect_bad_member("!<thin>\n", "a.o/\n", "/0:8:9", "ar_name", "malformed");
	expect_bad_member(ARMAG, NULL, "#1/20", "ar_name", "BSD");
	static char endless[3000];
	memset(endless, 'x', sizeof(endless) - 1);
	expect_bad_member(ARMAG, endless, "/0", "ar_name", "without an end");
}

static void special_members_must_come_first(void **state)
{
	(void)state;
	static const char *const special[] = {"/", "//", "/SYM64/"};
	for (size_t i = 0; i < COUNTOF(special); i++) {
		struct builder builder;
		begin(&builder, ARMAG);
		add_member(&builder, "a.o/", "", 0);
		uint64_t offset = add_member(&builder, special[i], "", 0);
		struct bytes bytes = finish(&builder);
		struct archive archive;
		struct archive_member member;
		struct elf_error error;
		assert_true(archive_read(&archive, bytes, &error));
		assert_false(archive_member_at(&archive, offset, &member, &error));
		assert_string_equal(error.field, "ar_name");
		discard(bytes);
	}
}

/* Reads the archive, all its members and its index. */
static bool read_all(struct bytes bytes, struct elf_error *error)
{
	struct archive archive;
	struct archive_index index;
	struct archive_member member;
	if (!archive_read(&archive, bytes, error) || !archive_read_index(&archive, &index, error))
		return false;
	for (uint64_t offset = archive.first; offset < bytes.size; offset = member.next)
		if (!archive_member_at(&archive, offset, &member, error))
			return false;
	return true;
}

static void a_bad_header_is_an_error(void **state)
{
	(void)state;
	static const struct {
		size_t offset;
		const char *text, *field;
	} damages[] = {
		{offsetof(struct ar_hdr, ar_fmag), "'\n", "ar_fmag"},
		{offsetof(struct ar_hdr, ar_fmag) + 1, "\r", "ar_fmag"},
		{offsetof(struct ar_hdr, ar_size), " 3        ", "ar_size"},
		{offsetof(struct ar_hdr, ar_size), "          ", "ar_size"},
		{offsetof(struct ar_hdr, ar_size), "-3        ", "ar_size"},
		{offsetof(struct ar_hdr, ar_size), "3x        ", "ar_size"},
		{offsetof(struct ar_hdr, ar_size), "9999999999", "ar_size"},
		{offsetof(struct ar_hdr, ar_size), "500       ", "ar_size"},
	};
	for (size_t i = 0; i < COUNTOF(damages); i++) {
		/* once in a special member, once in an ordinary one */
		for (int ordinary = 0; ordinary < 2; ordinary++) {
			uint64_t offsets[2];
			struct bytes bytes = good_archive(false, offsets);
			uint64_t header = ordinary ? offsets[0] : SARMAG;
			memcpy((uint8_t *)(uintptr_t)bytes.data + header + damages[i].offset, damages[i].text,
			       strlen(damages[i].text));
			struct elf_error error = {0};
			assert_false(read_all(bytes, &error));
			assert_string_equal(error.field, damages[i].field);
			discard(bytes);
		}
	}
}

static void an_archive_cut_off_inside_a_member_is_an_error(void **state)
{
	(void)state;
	uint64_t offsets[2];
	struct bytes bytes = good_archive(false, offsets);
	struct elf_error error;
	for (uint64_t size = 0; size < bytes.size; size++) {
		uint8_t *cut = malloc(size ? size : 1);
		memcpy(cut, bytes.data, size);
		bool whole = read_all((struct bytes){cut, size}, &error);
		/* Between two members it is just a shorter archive, also without the first one's padding byte. */
		if (size < SARMAG || (size > offsets[0] && size < offsets[1] - 1) || size > offsets[1])
			assert_false(whole);
		free(cut);
	}
	discard(bytes);
}

static void a_member_offset_anywhere_is_harmless(void **state)
{
	(void)state;
	uint64_t offsets[2];
	struct bytes bytes = good_archive(false, offsets);
	struct archive archive;
	struct archive_member member;
	struct elf_error error;
	assert_true(archive_read(&archive, bytes, &error));
	for (uint64_t offset = 0; offset < bytes.size + 70; offset++)
		assert_int_equal(archive_member_at(&archive, offset, &member, &error),
				 offset == offsets[0] || offset == offsets[1]);
	assert_false(archive_member_at(&archive, UINT64_MAX, &member, &error));
	assert_false(archive_member_at(&archive, UINT64_MAX - 59, &member, &error));
	discard(bytes);
}

static void a_bad_index_is_an_error(void **state)
{
	(void)state;
	static const struct {
		const char *name, *data;
		size_t size;
	} indexes[] = {
		{"/", "\0\0\1", 3},                                 /* no room for the count */
		{"/SYM64/", "\0\0\0\0\0\0\0", 7},
		{"/", "\xff\xff\xff\xff" "aaaa", 8},                /* more symbols than bytes */
		{"/", "\0\0\0\1" "\0\0\0\0", 8},                    /* room for the offset, none for the name */
		{"/", "\0\0\0\1" "\0\0\0\0" "ab", 10},              /* name without an end */
		{"/", "\0\0\0\2" "\0\0\0\0" "\0\0\0\0" "a\0b", 15}, /* second name without an end */
		{"/SYM64/", "\x20\0\0\0\0\0\0\0" "aaaaaaaa", 16},   /* n * 8 wraps around to 0 */
		{"/SYM64/", "\xff\xff\xff\xff\xff\xff\xff\xff" "aaaaaaaa", 16},
	};
	for (size_t i = 0; i < COUNTOF(indexes); i++) {
		struct builder builder;
		begin(&builder, ARMAG);
		add_member(&builder, indexes[i].name, indexes[i].data, indexes[i].size);
		struct bytes bytes = finish(&builder);
		struct archive archive;
		struct archive_index index;
		struct elf_error error = {0};
		assert_true(archive_read(&archive, bytes, &error));
		if (archive_read_index(&archive, &index, &error))
			fail_msg("index %zu was accepted", i);
		assert_string_equal(error.field, "archive index");
		discard(bytes);
	}
}

static void other_files_are_no_archives(void **state)
{
	(void)state;
	struct archive archive;
	struct elf_error error;
	static const char *const texts[] = {"", "!<arch>", "!<ARCH>\n", "\177ELF\2\1\1"};
	for (size_t i = 0; i < COUNTOF(texts); i++) {
		struct bytes bytes = {(const uint8_t *)texts[i], strlen(texts[i])};
		assert_int_equal(archive_kind(bytes), ARCHIVE_NOT);
		assert_false(archive_read(&archive, bytes, &error));
	}
}

/* Every member of libc.a is read as an object; every symbol of the index leads to a member. */
static void libc_a_reads_well(void **state)
{
	(void)state;
	char path[4096] = "";
	FILE *pipe = popen("gcc -print-file-name=libc.a 2>/dev/null", "r");
	if (pipe) {
		if (fgets(path, sizeof(path), pipe))
			path[strcspn(path, "\n")] = '\0';
		pclose(pipe);
	}
	int fd = path[0] == '/' ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0) {
		print_message("skipped: gcc knows of no libc.a\n");
		skip();
	}
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	struct bytes bytes = {mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0), (uint64_t)st.st_size};
	assert_ptr_not_equal(bytes.data, MAP_FAILED);
	close(fd);

	struct archive archive;
	struct archive_index index;
	struct archive_member member;
	struct elf_error error = {0};
	assert_true(archive_read(&archive, bytes, &error));
	uint32_t nmembers = 0, nrelas = 0;
	for (uint64_t offset = archive.first; offset < bytes.size; offset = member.next, nmembers++) {
		if (!archive_member_at(&archive, offset, &member, &error))
			fail_msg("%s at %#lx %s", error.field, error.value, error.what);
		struct elf_file file;
		assert_int_equal(elf_kind(member.data), ELF_RELOCATABLE);
		if (!elf_read_file(&file, member.data, &error))
			fail_msg("%.*s: %s %s", (int)member.name.len, member.name.at, error.field, error.what);
		for (uint32_t i = 0; i < file.nshdr; i++) {
			struct elf_relas relas;
			struct elf_symtab symtab;
			if (file.shdrs[i].sh_type != SHT_RELA)
				continue;
			if (!elf_read_symtab(&symtab, &file, file.shdrs[i].sh_link, 0, &error) ||
			    !elf_read_relas(&relas, &file, i, symtab.n, &error))
				fail_msg("%.*s: %s %s", (int)member.name.len, member.name.at, error.field, error.what);
			nrelas += relas.n;
		}
	}
	assert_true(nmembers > 1000);
	assert_true(nrelas > 10000);

	assert_true(archive_read_index(&archive, &index, &error));
	const char *name = index.names;
	bool found = false;
	for (uint64_t i = 0; i < index.n; i++, name += strlen(name) + 1) {
		assert_true(archive_member_at(&archive, archive_index_offset(&index, i), &member, &error));
		found |= strcmp(name, "printf") == 0;
	}
	assert_true(found);
	munmap((void *)(uintptr_t)bytes.data, bytes.size);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_visited_in_order),
		cmocka_unit_test(the_index_leads_to_members),
		cmocka_unit_test(an_archive_may_be_empty),
		cmocka_unit_test(members_of_a_thin_archive_have_no_data),
		cmocka_unit_test(names_are_accepted_as_old_and_other_tools_write_them),
		cmocka_unit_test(the_last_padding_byte_may_be_missing),
		cmocka_unit_test(a_bad_name_is_an_error),
		cmocka_unit_test(special_members_must_come_first),
		cmocka_unit_test(a_bad_header_is_an_error),
		cmocka_unit_test(an_archive_cut_off_inside_a_member_is_an_error),
		cmocka_unit_test(a_member_offset_anywhere_is_harmless),
		cmocka_unit_test(a_bad_index_is_an_error),
		cmocka_unit_test(other_files_are_no_archives),
		cmocka_unit_test(libc_a_reads_well),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
