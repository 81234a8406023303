#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fnmatch.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/glob.h"

static struct str str(const char *text)
{
	return (struct str){text, (uint32_t)strlen(text)};
}

static bool matches(const char *pattern, const char *text)
{
	return glob_match(str(pattern), str(text));
}

static void a_literal_matches_itself_only(void **state)
{
	(void)state;
	assert_true(matches(".text", ".text"));
	assert_false(matches(".text", ".text.foo"));
	assert_false(matches(".text", ".tex"));
	assert_true(matches("", ""));
	assert_false(matches("", "a"));
	assert_false(matches("a", ""));
}

static void a_star_matches_any_text(void **state)
{
	(void)state;
	assert_true(matches("*", ""));
	assert_true(matches("*", ".hidden/file"));
	assert_true(matches(".text.*", ".text."));
	assert_true(matches(".text.*", ".text.unlikely"));
	assert_false(matches(".text.*", ".text"));
	assert_true(matches("*crtbegin?.o", "/usr/lib/crtbeginS.o"));
	assert_true(matches("a*b*c", "a-bb-c-c"));
	assert_false(matches("a*b*c", "a-c-b"));
	assert_false(matches("ab*ba", "aba"));
	assert_true(matches("**a**", "a"));
	assert_true(matches("*ab*ab*", "abab"));
	assert_false(matches("*ab*ab*", "aba"));
}

static void a_question_mark_matches_one_character(void **state)
{
	(void)state;
	assert_true(matches("a?c", "abc"));
	assert_true(matches("a?c", "a/c"));
	assert_false(matches("a?c", "ac"));
	assert_false(matches("?", ""));
}

static void a_set_matches_one_of_its_characters(void **state)
{
	(void)state;
	assert_true(matches("[abc]", "b"));
	assert_false(matches("[abc]", "d"));
	assert_false(matches("[abc]", "ab"));
	assert_true(matches("[a-cx-z]", "y"));
	assert_false(matches("[a-cx-z]", "m"));
	assert_false(matches("[c-a]", "b"));
	assert_true(matches("[!a-c]", "d"));
	assert_true(matches("[^a-c]", "d"));
	assert_false(matches("[!a-c]", "b"));
	assert_false(matches("[!a]", ""));
	assert_true(matches("[\x80-\xff]", "\xc3"));
}

static void brackets_and_dashes_can_be_in_a_set(void **state)
{
	(void)state;
	assert_true(matches("[]]", "]"));
	assert_true(matches("[]a]", "a"));
	assert_false(matches("[!]]", "]"));
	assert_true(matches("[!]]", "a"));
	assert_true(matches("[a-]", "-"));
	assert_true(matches("[-a]", "-"));
	assert_true(matches("[[]", "["));
	assert_true(matches("[*?]", "*"));
	assert_false(matches("[*?]", "a"));
	assert_true(matches("[\\]x]", "]"));
	assert_true(matches("[a\\-z]", "-"));
	assert_false(matches("[a\\-z]", "m"));
	assert_true(matches("a[!*]*", "abc"));
}

static void a_set_that_is_not_closed_is_text(void **state)
{
	(void)state;
	assert_true(matches("[", "["));
	assert_true(matches("a[b", "a[b"));
	assert_true(matches("a[*", "a[xyz"));
	assert_true(matches("[]", "[]"));
	assert_true(matches("[!", "[!"));
	assert_false(matches("[a", "a"));
}

static void a_backslash_quotes_the_next_character(void **state)
{
	(void)state;
	assert_true(matches("\\*", "*"));
	assert_false(matches("\\*", "a"));
	assert_true(matches("a\\?", "a?"));
	assert_true(matches("\\[a]", "[a]"));
	assert_true(matches("\\\\", "\\"));
	assert_true(matches("\\a", "a"));
	assert_false(matches("a\\", "a\\"));
}

/* Random patterns and texts of a few letters, against the C library. */
static void results_are_those_of_fnmatch(void **state)
{
	(void)state;
	static const char letters[] = "ab*?[]!-\\";
	uint64_t seed = 1;
	for (int round = 0; round < 400000; round++) {
		char pattern[10], text[8];
		size_t pattern_len = round % sizeof(pattern), text_len = round / 16 % sizeof(text);
		for (size_t i = 0; i < pattern_len; i++) {
			seed = seed * 6364136223846793005 + 1442695040888963407;
			pattern[i] = letters[(seed >> 33) % (sizeof(letters) - 1)];
		}
		for (size_t i = 0; i < text_len; i++) {
			seed = seed * 6364136223846793005 + 1442695040888963407;
			text[i] = "aaabb-]["[(seed >> 33) % 8];
		}
		pattern[pattern_len] = text[text_len] = '\0';
		/* POSIX leaves open what a backslash at the end means; glibc matches nothing if a range is cut off. */
		if (pattern_len > 0 && (pattern[pattern_len - 1] == '\\' || pattern[pattern_len - 1] == '-'))
			continue;
		bool expected = fnmatch(pattern, text, 0) == 0;
		if (matches(pattern, text) != expected)
			fail_msg("pattern `%s`, text `%s`: fnmatch says %d", pattern, text, expected);
	}
}

static void hostile_patterns_take_no_time(void **state)
{
	(void)state;
	struct arena arena = {0};
	enum { LEN = 1 << 20 };
	char *text = arena_alloc(&arena, LEN + 1, 1), *tail = arena_alloc(&arena, LEN / 2 + 3, 1);
	memset(text, 'a', LEN);
	memset(tail + 1, 'a', LEN / 2);
	tail[0] = '*';
	tail[LEN / 2 + 1] = 'b';
	clock_t begin = clock();
	assert_false(matches("a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
	assert_false(matches("*a*a*a*a*a*a*a*a*a*a*b*a*a*a*a*a*c*", text));
	assert_false(matches(tail, text));
	assert_true(clock() - begin < 10 * CLOCKS_PER_SEC);
	arena_free(&arena);
}

static void the_literal_prefix_ends_at_the_first_special_character(void **state)
{
	(void)state;
	assert_int_equal(glob_literal_prefix(str(".text.*")), 6);
	assert_int_equal(glob_literal_prefix(str("a?b")), 1);
	assert_int_equal(glob_literal_prefix(str("[a]")), 0);
	assert_int_equal(glob_literal_prefix(str("ab\\*")), 2);
	assert_int_equal(glob_literal_prefix(str("plain")), 5);
	assert_true(glob_is_literal(str("plain]-!")));
	assert_true(glob_is_literal(str("")));
	assert_false(glob_is_literal(str("plain\\")));
	assert_false(glob_is_literal(str("*")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_literal_matches_itself_only),
		cmocka_unit_test(a_star_matches_any_text),
		cmocka_unit_test(a_question_mark_matches_one_character),
		cmocka_unit_test(a_set_matches_one_of_its_characters),
		cmocka_unit_test(brackets_and_dashes_can_be_in_a_set),
		cmocka_unit_test(a_set_that_is_not_closed_is_text),
		cmocka_unit_test(a_backslash_quotes_the_next_character),
		cmocka_unit_test(results_are_those_of_fnmatch),
		cmocka_unit_test(hostile_patterns_take_no_time),
		cmocka_unit_test(the_literal_prefix_ends_at_the_first_special_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
