/* elf/crel.h: sections written here by hand. */
#include "elf/crel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct bytes section_of_bytes(const uint8_t *bytes, size_t n)
{
	return (struct bytes){bytes, n};
}

static void differences_add_up(void **state)
{
	(void)state;
	/* three relocations with addends, offsets as they are */
	static const uint8_t bytes[] = {
		3 * 8 + 4,
		0x07 | 2 << 3, 5, 2, 0x7c,        /* offset 2, symbol 5, type 2, addend -4 */
		0x80 | 0x01 | 1 << 3, 0x02, 0x7e, /* offset + 1 + 16 * 2, symbol - 2 */
		0x06 | 4 << 3, 0x09, 0x84, 0x01,  /* offset + 4, type + 9, addend + 132 */
	};
	struct elf_rela relas[3];
	struct elf_error error;
	uint64_t n;
	assert_true(elf_crel_count(section_of_bytes(bytes, sizeof(bytes)), 1, &n, NULL, &error));
	assert_int_equal(n, 3);
	assert_true(elf_crel_expand(section_of_bytes(bytes, sizeof(bytes)), 1, relas, &error));
	static const struct elf_rela want[] = {
		{.r_offset = 2, .r_sym = 5, .r_type = 2, .r_addend = -4},
		{.r_offset = 35, .r_sym = 3, .r_type = 2, .r_addend = -4},
		{.r_offset = 39, .r_sym = 3, .r_type = 11, .r_addend = 128},
	};
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(relas[i].r_offset, want[i].r_offset);
		assert_int_equal(relas[i].r_sym, want[i].r_sym);
		assert_int_equal(relas[i].r_type, want[i].r_type);
		assert_int_equal(relas[i].r_addend, want[i].r_addend);
	}
}

static void offsets_are_shifted(void **state)
{
	(void)state;
	static const uint8_t bytes[] = {2 * 8 + 4 + 3, 1 << 3, 2 << 3};
	struct elf_rela relas[2];
	struct elf_error error;
	assert_true(elf_crel_expand(section_of_bytes(bytes, sizeof(bytes)), 1, relas, &error));
	assert_int_equal(relas[0].r_offset, 8);
	assert_int_equal(relas[1].r_offset, 24);
}

static void what_is_cut_off_is_an_error(void **state)
{
	(void)state;
	static const uint8_t many[] = {100 * 8 % 128 + 128 + 4, 100 * 8 / 128, 8};
	static const uint8_t no_addends[] = {8, 8};
	static const uint8_t cut[] = {8 + 4, 0x07, 1};
	static const uint8_t endless[] = {8 + 4, 0x80, 0xff};
	struct elf_rela rela;
	struct elf_error error;
	uint64_t n;
	assert_false(elf_crel_count(section_of_bytes(NULL, 0), 1, &n, NULL, &error));
	assert_false(elf_crel_count(section_of_bytes(many, sizeof(many)), 1, &n, NULL, &error));
	assert_string_equal(error.what, "is larger than the section");
	assert_false(elf_crel_count(section_of_bytes(no_addends, sizeof(no_addends)), 1, &n, NULL, &error));
	assert_true(elf_crel_count(section_of_bytes(cut, sizeof(cut)), 1, &n, NULL, &error));
	assert_false(elf_crel_expand(section_of_bytes(cut, sizeof(cut)), 1, &rela, &error));
	assert_false(elf_crel_expand(section_of_bytes(endless, sizeof(endless)), 1, &rela, &error));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences_add_up),
		cmocka_unit_test(offsets_are_shifted),
		cmocka_unit_test(what_is_cut_off_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
