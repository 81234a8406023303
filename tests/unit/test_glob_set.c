/* A set of patterns finds what trying each pattern finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/glob.h"
#include "base/glob_set.h"

static struct str str(const char *text)
{
	return (struct str){text, (uint32_t)strlen(text)};
}

static void equal_patterns_have_one_number(void **state)
{
	(void)state;
	struct glob_set set = {0};
	assert_int_equal(glob_set_add(&set, str(".text.*")), 0);
	assert_int_equal(glob_set_add(&set, str("*.o")), 1);
	assert_int_equal(glob_set_add(&set, str(".text.*")), 0);
	assert_int_equal(glob_set_add(&set, str("")), 2);
	glob_set_free(&set);
}

static void check(const struct glob_set *set, const char *text)
{
	uint32_t ids[512], n = glob_set_match(set, str(text), ids);
	bool found[512] = {false};
	for (uint32_t i = 0; i < n; i++) {
		assert_true(ids[i] < set->patterns.n);
		assert_false(found[ids[i]]); /* each once */
		found[ids[i]] = true;
	}
	for (uint32_t i = 0; i < set->patterns.n; i++)
		assert_int_equal(found[i], glob_match(set->patterns.at[i].text, str(text)));
}

static void finds_what_each_pattern_matches(void **state)
{
	(void)state;
	static const char *const patterns[] = {
		"", "*", ".text", ".text.*", ".text*", "*.o", "*crt?.o", "*crtend.o", "lib[ab].a", "*lib[ab].a", "*x*y",
		"\\*", "a\\", "**", "*b*", "?", "???", "[!a]", ".t[e]xt", "*[z]", "x", "*\\o",
	};
	static const char *const texts[] = {
		"", ".text", ".text.", ".text.hot", ".textx", "crt1.o", "/lib/crti.o", "crtend.o", "liba.a", "x/libb.a",
		"axby", "y", "x", "*", "a", "a\\", "abc", "z", "[z]", "foo",
	};
	struct glob_set set = {0};
	uint32_t ids[1];
	assert_int_equal(glob_set_match(&set, str("x"), ids), 0);
	for (size_t i = 0; i < COUNTOF(patterns); i++)
		glob_set_add(&set, str(patterns[i]));
	for (size_t i = 0; i < COUNTOF(texts); i++)
		check(&set, texts[i]);
	glob_set_free(&set);
}

static void random_text(uint32_t *random, char *text, size_t most, const char *letters)
{
	*random = *random * 1103515245 + 12345;
	size_t len = (*random >> 16) % most;
	for (size_t i = 0; i < len; i++) {
		*random = *random * 1103515245 + 12345;
		text[i] = letters[(*random >> 16) % strlen(letters)];
	}
	text[len] = '\0';
}

static void random_patterns(void **state)
{
	(void)state;
	uint32_t random = 1;
	for (unsigned round = 0; round < 40; round++) {
		struct glob_set set = {0};
		static char patterns[200][12];
		for (unsigned i = 0; i < COUNTOF(patterns); i++) {
			random_text(&random, patterns[i], sizeof(patterns[i]), "aab*?[]\\!");
			glob_set_add(&set, str(patterns[i]));
		}
		for (unsigned i = 0; i < 200; i++) {
			char text[12];
			random_text(&random, text, sizeof(text), "aab*[");
			check(&set, text);
		}
		glob_set_free(&set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_patterns_have_one_number),
		cmocka_unit_test(finds_what_each_pattern_matches),
		cmocka_unit_test(random_patterns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
