/* elf/eh_frame.h: records written here by hand, and the .eh_frame of this program. */
#include "elf/eh_frame.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf/object.h"

/* A CIE and an FDE as gcc writes them, and the end of the list. */
static const uint8_t good[] = {
	/*  0: CIE */ 0x14, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 0x10, 1, 0x1b, 0x0c, 7, 8, 0x90, 1, 0, 0,
	/* 24: FDE */ 0x0c, 0, 0, 0, 0x1c, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0,
	/* 40: end */ 0, 0, 0, 0,
};

static void records_are_split_and_point_to_their_cie(void **state)
{
	(void)state;
	struct bytes section = {good, sizeof(good)};
	struct eh_record record;
	struct elf_error error;
	assert_true(eh_frame_record(section, 0, &record, &error));
	assert_true(record.is_cie);
	assert_false(record.is_terminator);
	assert_int_equal(record.size, 24);
	assert_int_equal(record.id_offset, 4);

	uint8_t encoding;
	assert_true(eh_cie_pointer_encoding(section, &record, &encoding, &error));
	assert_int_equal(encoding, DW_EH_PE_pcrel | DW_EH_PE_sdata4);

	assert_true(eh_frame_record(section, 24, &record, &error));
	assert_false(record.is_cie);
	assert_int_equal(record.offset, 24);
	assert_int_equal(record.size, 16);
	assert_int_equal(record.cie_offset, 0);

	assert_true(eh_frame_record(section, 40, &record, &error));
	assert_true(record.is_terminator);
	assert_false(record.is_cie);
	assert_int_equal(record.size, 4);
}

static void the_64_bit_form_is_accepted(void **state)
{
	(void)state;
	static const uint8_t section[] = {
		0xff, 0xff, 0xff, 0xff, 8, 0, 0, 0, 0, 0, 0, 0, /* id */ 0, 0, 0, 0, 1, 0, 1, 0x78,
		0xff, 0xff, 0xff, 0xff, 8, 0, 0, 0, 0, 0, 0, 0, /* CIE pointer */ 32, 0, 0, 0, 0, 0, 0, 0,
	};
	struct bytes bytes = {section, sizeof(section)};
	struct eh_record record;
	struct elf_error error;
	uint8_t encoding;
	assert_true(eh_frame_record(bytes, 0, &record, &error));
	assert_true(record.is_cie);
	assert_int_equal(record.size, 20);
	assert_int_equal(record.id_offset, 12);
	assert_true(eh_cie_pointer_encoding(bytes, &record, &encoding, &error));
	assert_int_equal(encoding, DW_EH_PE_absptr);
	assert_true(eh_frame_record(bytes, 20, &record, &error));
	assert_false(record.is_cie);
	assert_int_equal(record.size, 20);
	assert_int_equal(record.cie_offset, 0);
}

/* A copy without a byte behind it, read at `offset`. */
static void expect_bad_record(const uint8_t *data, size_t size, uint64_t offset, const char *field, const char *what)
{
	uint8_t *copy = malloc(size);
	memcpy(copy, data, size);
	struct eh_record record;
	struct elf_error error = {0};
	assert_false(eh_frame_record((struct bytes){copy, size}, offset, &record, &error));
	assert_string_equal(error.field, field);
	if (!strstr(error.what, what))
		fail_msg("'%s' was to be said, not '%s'", what, error.what);
	free(copy);
}

#define EXPECT_BAD(OFFSET, FIELD, WHAT, ...)                                                                           \
	do {                                                                                                           \
		static const uint8_t data_[] = {__VA_ARGS__};                                                          \
		expect_bad_record(data_, sizeof(data_), OFFSET, FIELD, WHAT);                                          \
	} while (0)

static void broken_records_are_errors(void **state)
{
	(void)state;
	static const char length[] = ".eh_frame length", pointer[] = ".eh_frame CIE pointer";
	EXPECT_BAD(0, length, "cut off", 1, 0, 0);
	EXPECT_BAD(5, length, "cut off", 0, 0, 0, 0, 0, 0, 0, 0);
	EXPECT_BAD(8, length, "cut off", 0, 0, 0, 0, 0, 0, 0, 0);
	EXPECT_BAD(UINT64_MAX, length, "cut off", 0, 0, 0, 0);
	EXPECT_BAD(0, length, "beyond", 5, 0, 0, 0, 0, 0, 0, 0);
	EXPECT_BAD(0, length, "beyond", 0xfe, 0xff, 0xff, 0xff, 0, 0, 0, 0);
	EXPECT_BAD(0, length, "no room", 3, 0, 0, 0, 0, 0, 0, 0);
	EXPECT_BAD(0, length, "cut off", 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0);
	EXPECT_BAD(0, length, "no room", 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0);
	EXPECT_BAD(0, length, "beyond", 0xff, 0xff, 0xff, 0xff, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	EXPECT_BAD(0, length, "beyond", 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0);
	/* to itself, into its own length, before the section, wrapping around */
	EXPECT_BAD(8, pointer, "earlier", 4, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0);
	EXPECT_BAD(8, pointer, "earlier", 4, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0);
	EXPECT_BAD(8, pointer, "earlier", 4, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 13, 0, 0, 0);
	EXPECT_BAD(8, pointer, "earlier", 4, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0xff, 0xff, 0xff, 0xff);
}

/* The CIE whose bytes behind the id are `body`. */
static bool encoding_of(const uint8_t *body, size_t size, uint8_t *encoding, struct elf_error *error)
{
	uint8_t *section = calloc(1, 8 + size);
	section[0] = (uint8_t)(4 + size);
	memcpy(section + 8, body, size);
	struct bytes bytes = {section, 8 + size};
	struct eh_record record;
	assert_true(eh_frame_record(bytes, 0, &record, error));
	bool good_cie = eh_cie_pointer_encoding(bytes, &record, encoding, error);
	free(section);
	return good_cie;
}

#define BODY(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static void the_encoding_is_found_behind_other_items(void **state)
{
	(void)state;
	const struct {
		const uint8_t *body;
		size_t size;
		uint8_t encoding;
	} cases[] = {
		{BODY(1, 0, 1, 0x78, 16), DW_EH_PE_absptr},
		{BODY(1, 'e', 'h', 0, 9, 9, 9, 9, 9, 9, 9, 9, 1, 0x78, 16), DW_EH_PE_absptr},
		{BODY(1, 'z', 0, 1, 0x78, 16, 0), DW_EH_PE_absptr},
		{BODY(1, 'z', 'S', 0, 1, 0x78, 16, 0), DW_EH_PE_absptr},
		{BODY(1, 'z', 'R', 'S', 0, 1, 0x78, 16, 1, 0x1b), 0x1b},
		{BODY(1, 'z', 'B', 'G', 'R', 0, 1, 0x78, 30, 1, 0x1b), 0x1b},
		/* as g++ writes it: the personality routine pcrel sdata4, and indirect */
		{BODY(1, 'z', 'P', 'L', 'R', 0, 1, 0x78, 16, 7, 0x9b, 1, 2, 3, 4, 0x1b, 0x1c), 0x1c},
		{BODY(1, 'z', 'P', 'R', 0, 1, 0x78, 16, 10, 0x00, 1, 2, 3, 4, 5, 6, 7, 8, 0x1b), 0x1b},
		{BODY(1, 'z', 'P', 'R', 0, 1, 0x78, 16, 4, 0x02, 1, 2, 0x1b), 0x1b},
		{BODY(1, 'z', 'P', 'R', 0, 1, 0x78, 16, 4, 0x01, 0x81, 2, 0x1b), 0x1b},
		{BODY(1, 'z', 'P', 'R', 0, 1, 0x78, 16, 2, 0xff, 0x1b), 0x1b},
		/* version 3: the return address register is a LEB128; 4: address and segment size come before */
		{BODY(3, 'z', 'R', 0, 1, 0x78, 0x80, 1, 1, 0x1b), 0x1b},
		{BODY(4, 'z', 'R', 0, 8, 0, 0x81, 0, 0x78, 16, 1, 0x1b), 0x1b},
	};
	for (size_t i = 0; i < COUNTOF(cases); i++) {
		uint8_t encoding = 0xee;
		struct elf_error error = {0};
		if (!encoding_of(cases[i].body, cases[i].size, &encoding, &error))
			fail_msg("CIE %zu: %s %s", i, error.field, error.what);
		assert_int_equal(encoding, cases[i].encoding);
	}
}

static void broken_cies_are_errors(void **state)
{
	(void)state;
	const struct {
		const uint8_t *body;
		size_t size;
		const char *field, *what;
	} cases[] = {
		{BODY(2, 0, 1, 0x78, 16), ".eh_frame CIE version", "none of"},
		{BODY(1), ".eh_frame augmentation", "cut off"},
		{BODY(1, 'z', 'R'), ".eh_frame augmentation", "cut off"},
		{BODY(1, 'e'), ".eh_frame augmentation", "cut off"},
		{BODY(1, 'x', 0, 1, 0x78, 16), ".eh_frame augmentation", "unknown"},
		{BODY(1, 'z', 'X', 'R', 0, 1, 0x78, 16, 1, 0x1b), ".eh_frame augmentation", "unknown"},
		{BODY(1, 'z', 'R', 0, 1, 0x78, 16, 1), ".eh_frame augmentation", "cut off"},
		{BODY(1, 'z', 'R', 0, 0x81, 0x81, 0x81), ".eh_frame augmentation", "cut off"},
		{BODY(1, 'z', 'P', 'R', 0, 1, 0x78, 16, 9, 0x00, 1, 2, 3, 4), ".eh_frame augmentation", "cut off"},
		{BODY(1, 'z', 'L', 0, 1, 0x78, 16, 1), ".eh_frame augmentation", "cut off"},
		{BODY(1, 'z', 'P', 'R', 0, 1, 0x78, 16, 9, 0x50, 1, 2), ".eh_frame augmentation P", "unknown"},
		{BODY(1, 'z', 'P', 'R', 0, 1, 0x78, 16, 9, 0x0d, 1, 2), ".eh_frame augmentation P", "unknown"},
	};
	for (size_t i = 0; i < COUNTOF(cases); i++) {
		uint8_t encoding;
		struct elf_error error = {0};
		if (encoding_of(cases[i].body, cases[i].size, &encoding, &error))
			fail_msg("CIE %zu was accepted", i);
		assert_string_equal(error.field, cases[i].field);
		assert_non_null(strstr(error.what, cases[i].what));
	}
}

static void the_eh_frame_of_this_program_reads_well(void **state)
{
	(void)state;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	struct bytes bytes = {mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0), (uint64_t)st.st_size};
	assert_ptr_not_equal(bytes.data, MAP_FAILED);
	close(fd);
	struct elf_error error = {0};
	struct elf_file file;
	assert_true(elf_read_file(&file, bytes, &error));
	uint32_t index = 1;
	while (index < file.nshdr && strcmp(elf_section_name(&file, index), ".eh_frame") != 0)
		index++;
	assert_true(index < file.nshdr);

	struct bytes section = elf_section_bytes(&file, index);
	struct eh_record record, cie;
	uint32_t nfdes = 0;
	for (uint64_t offset = 0; offset < section.size; offset += record.size) {
		uint8_t encoding;
		if (!eh_frame_record(section, offset, &record, &error))
			fail_msg("%s %s", error.field, error.what);
		if (record.is_terminator)
			continue;
		nfdes += !record.is_cie;
		assert_true(eh_frame_record(section, record.is_cie ? offset : record.cie_offset, &cie, &error));
		assert_true(cie.is_cie);
		assert_true(eh_cie_pointer_encoding(section, &cie, &encoding, &error));
		assert_int_equal(encoding, DW_EH_PE_pcrel | DW_EH_PE_sdata4);
	}
	assert_true(nfdes > 5);
	munmap((void *)(uintptr_t)bytes.data, bytes.size);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_split_and_point_to_their_cie),
		cmocka_unit_test(the_64_bit_form_is_accepted),
		cmocka_unit_test(broken_records_are_errors),
		cmocka_unit_test(the_encoding_is_found_behind_other_items),
		cmocka_unit_test(broken_cies_are_errors),
		cmocka_unit_test(the_eh_frame_of_this_program_reads_well),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
