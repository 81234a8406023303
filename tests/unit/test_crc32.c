/* base/crc32.h: the check value of the standard, and parts that are joined. */
#include "base/crc32.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void gives_the_check_value(void **state)
{
	(void)state;
	assert_int_equal(crc32_bytes(0, "", 0), 0);
	assert_int_equal(crc32_bytes(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(crc32_bytes(0, "The quick brown fox jumps over the lazy dog", 43), 0x414fa339);
}

static void goes_on(void **state)
{
	(void)state;
	static const char text[] = "The quick brown fox jumps over the lazy dog";
	for (unsigned i = 0; i <= 43; i++)
		assert_int_equal(crc32_bytes(crc32_bytes(0, text, i), text + i, 43 - i), 0x414fa339);
}

static void joins_parts(void **state)
{
	(void)state;
	static const char text[] = "The quick brown fox jumps over the lazy dog";
	for (unsigned i = 0; i <= 43; i++) {
		uint32_t second = crc32_bytes(0, text + i, 43 - i);
		assert_int_equal(crc32_join(crc32_bytes(0, text, i), second, 43 - i), 0x414fa339);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_check_value),
		cmocka_unit_test(goes_on),
		cmocka_unit_test(joins_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
