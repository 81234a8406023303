#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ld/input/text_script.h"

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void text_is_told_from_other_files(void **state)
{
	(void)state;
	assert_true(text_script_plausible(bytes_of("INPUT(a)")));
	assert_true(text_script_plausible(bytes_of("")));
	assert_true(text_script_plausible(bytes_of("/* \xc3\xa9 */\r\n\t")));
	assert_false(text_script_plausible(bytes_of("\x7f" "ELF")));
	assert_false(text_script_plausible(bytes_of("BC\xc0\xde\x01")));
	assert_false(text_script_plausible((struct bytes){(const uint8_t *)"INPUT(a)\0", 9}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_told_from_other_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
