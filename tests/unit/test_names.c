#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/edit_distance.h"
#include "ld/report/mangled.h"

static struct str text(const char *at)
{
	return (struct str){at, (uint32_t)strlen(at)};
}

/* ---- edit distance ---- */

static unsigned distance(const char *a, const char *b, unsigned limit)
{
	unsigned forth = edit_distance(text(a), text(b), limit);
	assert_int_equal(forth, edit_distance(text(b), text(a), limit));
	return forth;
}

static void insertions_deletions_replacements_and_swaps_count(void **state)
{
	(void)state;
	assert_int_equal(distance("", "", 2), 0);
	assert_int_equal(distance("paint", "paint", 2), 0);
	assert_int_equal(distance("paint", "pant", 2), 1);
	assert_int_equal(distance("paint", "point", 2), 1);
	assert_int_equal(distance("paint", "piant", 2), 1);
	assert_int_equal(distance("paint", "painted", 2), 2);
	assert_int_equal(distance("paint", "faintly", 3), 3);
	assert_int_equal(distance("", "ab", 2), 2);
	assert_int_equal(distance("abcd", "badc", 2), 2);
}

static void what_is_farther_than_the_limit_is_one_more(void **state)
{
	(void)state;
	assert_int_equal(distance("paint", "faintly", 2), 3);
	assert_int_equal(distance("abcdefgh", "hgfedcba", 2), 3);
	assert_int_equal(distance("a", "b", 0), 1);
	assert_int_equal(distance("a", "abcdefghijkl", 3), 4);
	char words[2][400];
	memset(words, 'x', sizeof(words));
	assert_int_equal(edit_distance((struct str){words[0], 400}, (struct str){words[1], 400}, 2), 3);
	assert_int_equal(edit_distance((struct str){words[0], 255}, (struct str){words[1], 255}, 2), 0);
}

/* The table as a whole, which the band of edit_distance() is a part of. */
static unsigned whole_table(struct str a, struct str b)
{
	unsigned t[16][16];
	for (unsigned i = 0; i <= a.len; i++)
		for (unsigned j = 0; j <= b.len; j++) {
			unsigned best = i == 0 ? j : j == 0 ? i : t[i - 1][j] + 1;
			if (i && j) {
				best = t[i][j - 1] + 1 < best ? t[i][j - 1] + 1 : best;
				unsigned replaced = t[i - 1][j - 1] + (a.at[i - 1] != b.at[j - 1]);
				best = replaced < best ? replaced : best;
			}
			if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1])
				best = t[i - 2][j - 2] + 1 < best ? t[i - 2][j - 2] + 1 : best;
			t[i][j] = best;
		}
	return t[a.len][b.len];
}

static void the_band_is_as_good_as_the_whole_table(void **state)
{
	(void)state;
	unsigned seed = 1;
	for (unsigned n = 0; n < 50000; n++) {
		char words[2][12];
		struct str word[2];
		for (unsigned w = 0; w < 2; w++) {
			seed = seed * 1103515245 + 12345;
			word[w] = (struct str){words[w], seed >> 16 & 7};
			for (unsigned i = 0; i < word[w].len; i++) {
				seed = seed * 1103515245 + 12345;
				words[w][i] = (char)('a' + (seed >> 16) % 3);
			}
		}
		for (unsigned limit = 0; limit < 6; limit++) {
			unsigned whole = whole_table(word[0], word[1]);
			assert_int_equal(edit_distance(word[0], word[1], limit), whole > limit ? limit + 1 : whole);
		}
	}
}

/* ---- mangled names ---- */

static void check(const char *name, const char *key, const char *base, char special, const char *rest)
{
	struct mangled parts;
	assert_true(mangled_parse(&parts, text(name)));
	assert_int_equal(parts.len, strlen(key));
	assert_memory_equal(parts.key, key, parts.len);
	assert_string_equal(key + parts.base, base);
	assert_int_equal(parts.special, special);
	assert_int_equal(parts.rest.len, strlen(rest));
	assert_memory_equal(parts.rest.at, rest, parts.rest.len);
	assert_int_equal(parts.cxx, strncmp(name, "_Z", 2) == 0);
}

static void a_name_is_its_scopes_and_what_follows(void **state)
{
	(void)state;
	check("foo", "foo", "foo", 0, "");
	check("_Z3foov", "foo", "foo", 0, "v");
	check("_Z3fooIiEvT_", "foo", "foo", 0, "IiEvT_");
	check("_ZL3foov", "foo", "foo", 0, "v");
	check("_ZN2ns4goneEiPc", "ns::gone", "gone", 0, "iPc");
	check("_ZNK2ns1X1fEv", "ns::X::f", "f", 0, "v");
	check("_ZNO1X1fEv", "X::f", "f", 0, "v");
	check("_ZN1XC2Ei", "X::X", "X", 0, "i");
	check("_ZN2ns1XD0Ev", "ns::X::~X", "~X", 0, "v");
	check("_ZN1XplERKS_", "X::operator pl", "operator pl", 0, "RKS_");
	check("_Znwm", "operator nw", "operator nw", 0, "m");
	check("_ZSt4movev", "std::move", "move", 0, "v");
	check("_ZNSt3fooEv", "std::foo", "foo", 0, "v");
	check("_Z4nameB5cxx11v", "name", "name", 0, "v");
	check("_ZN1X4nameB5cxx11Ev", "X::name", "name", 0, "v");
	check("_ZTV1X", "X", "X", 'V', "");
	check("_ZTIN2ns1XE", "ns::X", "X", 'I', "");
}

static void what_is_not_understood_is_left_alone(void **state)
{
	(void)state;
	static const char *const names[] = {
		"_ZN", "_ZN1", "_ZN9999999999999f", "_ZN3foo", "_ZN1XIiE1fEv", "_ZThn8_N1X1fEv", "_ZGVZ1fvE1x",
		"_ZNC1Ev", "_ZNE", "_ZTV", "_ZN1XcviEv", "_ZZ4mainENKUlvE_clEv", "_RNvC1a1b", "_Z3fo",
	};
	struct mangled parts;
	char name[400];
	for (unsigned i = 0; i < COUNTOF(names); i++)
		assert_false(mangled_parse(&parts, text(names[i])));
	memset(name, 'x', sizeof(name));
	assert_false(mangled_parse(&parts, (struct str){name, sizeof(name)}));
	/* each beginning of a name, in a block of just that size */
	const char *whole = "_ZNK2ns1X4nameB5cxx11Ei";
	for (uint32_t len = 0; len <= strlen(whole); len++) {
		char *exact = malloc(len ? len : 1);
		memcpy(exact, whole, len);
		mangled_parse(&parts, (struct str){exact, len});
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(insertions_deletions_replacements_and_swaps_count),
		cmocka_unit_test(what_is_farther_than_the_limit_is_one_more),
		cmocka_unit_test(the_band_is_as_good_as_the_whole_table),
		cmocka_unit_test(a_name_is_its_scopes_and_what_follows),
		cmocka_unit_test(what_is_not_understood_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
