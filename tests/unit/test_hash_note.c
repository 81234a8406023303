/* elf/hash.h and elf/note.h. */
#include "elf/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "elf/note.h"

static struct str str_of(const char *text)
{
	return (struct str){text, (uint32_t)strlen(text)};
}

/* Values that any <elf.h> user can look up: vna_hash of GLIBC_2.2.5 is in every program, as readelf -V shows. */
static void hashes_are_those_of_the_abi(void **state)
{
	(void)state;
	assert_int_equal(elf_sysv_hash(str_of("")), 0);
	assert_int_equal(elf_sysv_hash(str_of("printf")), 0x077905a6);
	assert_int_equal(elf_sysv_hash(str_of("GLIBC_2.2.5")), 0x09691a75);
	assert_int_equal(elf_sysv_hash(str_of("GLIBC_2.34")), 0x069691b4);
	assert_int_equal(elf_gnu_hash(str_of("")), 5381);
	assert_int_equal(elf_gnu_hash(str_of("printf")), 0x156b2bb8);
	assert_int_equal(elf_gnu_hash(str_of("syscall")), 0xbac212a0);
	/* bytes are unsigned, and the name ends with its length */
	assert_int_equal(elf_gnu_hash((struct str){"\xff", 1}), 5381 * 33 + 255);
	assert_int_equal(elf_sysv_hash((struct str){"\xff", 1}), 255);
	assert_int_equal(elf_gnu_hash((struct str){"printf_chk", 6}), 0x156b2bb8);
}

/* A copy that ends where its allocation ends. */
static struct bytes copy_of(const void *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	memcpy(copy, data, size);
	return (struct bytes){copy, size};
}

static void discard(struct bytes bytes)
{
	free((void *)(uintptr_t)bytes.data);
}

static const uint8_t two_notes[] = {
	4, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 'G', 'N', 'U', 0, 'a', 'b', 'c', 0, /* padded to 4 */
	5, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 'x', 'y', 'z', 'w', 0, 0, 0, 0, 'd', 'e', 'f', 'g',
};

static void notes_are_visited_in_order(void **state)
{
	(void)state;
	struct bytes section = copy_of(two_notes, sizeof(two_notes));
	struct elf_note note;
	struct elf_error error;
	assert_true(elf_note_at(section, 4, 0, &note, &error));
	assert_int_equal(note.type, 1);
	assert_int_equal(note.name.size, 4);
	assert_string_equal((const char *)note.name.data, "GNU");
	assert_int_equal(note.desc.size, 3);
	assert_memory_equal(note.desc.data, "abc", 3);
	assert_int_equal(note.next, 20);
	assert_true(elf_note_at(section, 4, note.next, &note, &error));
	assert_int_equal(note.type, 2);
	assert_memory_equal(note.name.data, "xyzw", 5);
	assert_memory_equal(note.desc.data, "defg", 4);
	assert_int_equal(note.next, section.size);
	discard(section);
}

static void padding_at_the_end_may_be_missing(void **state)
{
	(void)state;
	struct bytes section = copy_of(two_notes, 19);
	struct elf_note note;
	struct elf_error error;
	assert_true(elf_note_at(section, 4, 0, &note, &error));
	assert_int_equal(note.desc.size, 3);
	assert_int_equal(note.next, 19);
	discard(section);

	static const uint8_t no_desc[] = {1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 'x'};
	section = copy_of(no_desc, sizeof(no_desc));
	assert_true(elf_note_at(section, 4, 0, &note, &error));
	assert_int_equal(note.desc.size, 0);
	assert_int_equal(note.next, sizeof(no_desc));
	discard(section);
}

/* .note.gnu.property of a program with -fcf-protection, and one with a second property. */
static void gnu_properties_are_in_notes_aligned_to_8(void **state)
{
	(void)state;
	static const uint8_t data[] = {
		4, 0, 0, 0, 0x20, 0, 0, 0, 5, 0, 0, 0, 'G', 'N', 'U', 0,
		2, 0, 0, 0xc0, 4, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0,
		2, 0x80, 0, 0xc0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
		4, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 'X', 'Y', 'Z', 0, 9, 9, 9, 9,
	};
	struct bytes section = copy_of(data, sizeof(data));
	struct elf_note note;
	struct elf_error error;
	assert_true(elf_note_at(section, 8, 0, &note, &error));
	assert_int_equal(note.type, NT_GNU_PROPERTY_TYPE_0);
	assert_int_equal(note.next, 48);

	struct gnu_property property;
	assert_true(gnu_property_at(note.desc, 8, 0, &property, &error));
	assert_int_equal(property.type, GNU_PROPERTY_X86_FEATURE_1_AND);
	assert_int_equal(property.data.size, 4);
	assert_int_equal(read32(property.data.data), 3);
	assert_int_equal(property.next, 16);
	assert_true(gnu_property_at(note.desc, 8, 16, &property, &error));
	assert_int_equal(property.type, 0xc0008002);
	assert_int_equal(property.next, note.desc.size);

	assert_true(elf_note_at(section, 8, note.next, &note, &error));
	assert_int_equal(note.type, 1);
	assert_memory_equal(note.desc.data, "\x9\x9\x9\x9", 4);
	assert_int_equal(note.next, section.size);
	discard(section);
}

static void an_8_byte_aligned_name_is_padded_from_the_note_on(void **state)
{
	(void)state;
	/* 12 + 5 bytes, so the descriptor is at 24. */
	static const uint8_t data[] = {
		5, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 'a', 'b', 'c', 'd', 0, 0, 0, 0, 0, 0, 0, 0, 0x55,
	};
	struct bytes section = copy_of(data, sizeof(data));
	struct elf_note note;
	struct elf_error error;
	assert_true(elf_note_at(section, 8, 0, &note, &error));
	assert_int_equal(note.desc.data[0], 0x55);
	discard(section);
}

static void expect_bad_note(const uint32_t words[4], uint64_t align, uint64_t offset, const char *field)
{
	struct bytes section = copy_of(words, 16);
	struct elf_note note;
	struct elf_error error = {0};
	assert_false(elf_note_at(section, align, offset, &note, &error));
	assert_string_equal(error.field, field);
	discard(section);
}

static void broken_notes_are_errors(void **state)
{
	(void)state;
	static const uint32_t good[4] = {4, 0, 0, 0};
	expect_bad_note(good, 16, 0, "sh_addralign");
	expect_bad_note(good, 0, 0, "sh_addralign");
	expect_bad_note(good, 4, 5, "note");
	expect_bad_note(good, 4, 16, "note");
	expect_bad_note(good, 4, UINT64_MAX, "note");
	expect_bad_note((const uint32_t[]){5, 0, 0, 0}, 4, 0, "n_namesz");
	expect_bad_note((const uint32_t[]){UINT32_MAX, 0, 0, 0}, 4, 0, "n_namesz");
	expect_bad_note((const uint32_t[]){4, 1, 0, 0}, 4, 0, "n_descsz");
	expect_bad_note((const uint32_t[]){0, 5, 0, 0}, 4, 0, "n_descsz");
	expect_bad_note((const uint32_t[]){0, UINT32_MAX, 0, 0}, 8, 0, "n_descsz");
	expect_bad_note((const uint32_t[]){4, UINT32_MAX, 0, 0}, 4, 0, "n_descsz");
}

static void broken_properties_are_errors(void **state)
{
	(void)state;
	static const struct {
		uint32_t words[3];
		uint64_t offset;
	} cases[] = {
		{{1, 5, 0}, 0}, {{1, UINT32_MAX, 0}, 0}, {{1, 4, 0}, 5}, {{1, 4, 0}, 12}, {{1, 4, 0}, UINT64_MAX},
	};
	for (size_t i = 0; i < COUNTOF(cases); i++) {
		struct bytes desc = copy_of(cases[i].words, 12);
		struct gnu_property property;
		struct elf_error error = {0};
		assert_false(gnu_property_at(desc, 8, cases[i].offset, &property, &error));
		assert_string_equal(error.field, "pr_datasz");
		discard(desc);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_those_of_the_abi),
		cmocka_unit_test(notes_are_visited_in_order),
		cmocka_unit_test(padding_at_the_end_may_be_missing),
		cmocka_unit_test(gnu_properties_are_in_notes_aligned_to_8),
		cmocka_unit_test(an_8_byte_aligned_name_is_padded_from_the_note_on),
		cmocka_unit_test(broken_notes_are_errors),
		cmocka_unit_test(broken_properties_are_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
