/* The compiled rules find what trying each rule finds: names, files, archives, EXCLUDE_FILE, flags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/glob.h"
#include "ld/layout/rule_index.h"

static struct str str(const char *text)
{
	return (struct str){text, (uint32_t)strlen(text)};
}

/* ---- what is said about files, one pattern after the other ----------------------------------------------- */

struct name {
	const char *name, *archive;    /* archive: NULL: it is in none */
};

static bool matches_file(const struct file_pattern *pattern, struct name name, bool excluding)
{
	struct str file = str(name.name);
	switch (pattern->kind) {
	case FILE_PLAIN:
		return glob_match(pattern->file, file) ||
		       (name.archive && (excluding || glob_is_literal(pattern->file)) &&
			glob_match(pattern->file, str(name.archive)));
	case FILE_OF_ARCHIVE:
		return name.archive && glob_match(pattern->archive, str(name.archive)) &&
		       (pattern->file.len == 0 || glob_match(pattern->file, file));
	case FILE_NOT_IN_ARCHIVE:
		return !name.archive && (pattern->file.len == 0 || glob_match(pattern->file, file));
	}
	return false;
}

static bool is_excluded(const struct rule *rule, struct name name)
{
	for (unsigned i = 0; i < COUNTOF(rule->exclude); i++)
		for (const struct file_pattern *pattern = rule->exclude[i]; pattern; pattern = pattern->next)
			if (matches_file(pattern, name, true))
				return true;
	return false;
}

static uint32_t try_each(const struct layout *layout, struct name name, const char *section, uint64_t flags,
			 uint32_t from, bool keep_only)
{
	for (uint32_t i = from; i < layout->rules.n; i++) {
		const struct rule *rule = &layout->rules.at[i];
		if (keep_only && !layout->runs.at[rule->run].keep)
			continue;
		if (glob_match(rule->pattern, str(section)) &&
		    (!rule->file || matches_file(rule->file, name, false)) && !is_excluded(rule, name) &&
		    (flags & rule->flags_set) == rule->flags_set && !(flags & rule->flags_clear))
			return i;
	}
	return NO_RULE;
}

/* ---- tests ----------------------------------------------------------------------------------------------- */

static void find_file(struct rule_finder *finder, struct name name)
{
	rule_finder_file(finder, str(name.name), str(name.archive ? name.archive : ""), name.archive != NULL);
}

static const struct file_pattern
	a_o = {.file = {"a.o", 3}},
	ends_b = {.file = {"*b.o", 4}},
	lib_member = {FILE_OF_ARCHIVE, {"*libx.a", 7}, {"a*", 2}, NULL},
	lib = {FILE_OF_ARCHIVE, {"*libx.a", 7}, {"", 0}, NULL},
	outside = {FILE_NOT_IN_ARCHIVE, {"", 0}, {"a.o", 3}, NULL},
	whole_lib = {.file = {"d/libx.a", 8}},
	any = {.file = {"*", 1}};

static void each_form_of_a_file(void **state)
{
	(void)state;
	static const struct {
		const struct file_pattern *pattern, *exclude;
		const char *name, *archive;
		bool taken;
	} cases[] = {
		{&any, NULL, "a.o", NULL, true},
		{&a_o, NULL, "a.o", NULL, true},
		{&a_o, NULL, "a.o", "d/libx.a", true},
		{&a_o, NULL, "d/a.o", NULL, false},
		{&ends_b, NULL, "d/b.o", NULL, true},
		{&lib_member, NULL, "ab.o", "d/libx.a", true},
		{&lib_member, NULL, "b.o", "d/libx.a", false},
		{&lib_member, NULL, "ab.o", "d/liby.a", false},
		{&lib_member, NULL, "ab.o", NULL, false},
		{&lib, NULL, "b.o", "d/libx.a", true},
		{&outside, NULL, "a.o", NULL, true},
		{&outside, NULL, "a.o", "d/libx.a", false},
		{&whole_lib, NULL, "b.o", "d/libx.a", true},
		{&whole_lib, NULL, "b.o", "e/libx.a", false},
		{&any, &a_o, "a.o", NULL, false},
		{&any, &a_o, "b.o", NULL, true},
		{&any, &whole_lib, "b.o", "d/libx.a", false},
		{&any, &lib, "b.o", "d/libx.a", false},
		{&any, &lib, "b.o", NULL, true},
		{&lib, &lib_member, "ab.o", "d/libx.a", false},
		{&lib, &lib_member, "b.o", "d/libx.a", true},
	};
	for (size_t i = 0; i < COUNTOF(cases); i++) {
		struct rule rule = {.pattern = {".t*", 3}, .file = cases[i].pattern, .exclude = {NULL, cases[i].exclude}};
		struct run run = {0};
		struct layout layout = {.rules = {&rule, 1, 1}, .runs = {&run, 1, 1}};
		struct rule_index *index = rule_index_new(&layout, false);
		struct rule_finder *finder = rule_finder_new(index);
		find_file(finder, (struct name){cases[i].name, cases[i].archive});
		assert_int_equal(rule_finder_find(finder, str(".text"), 0, 0), cases[i].taken ? 0 : NO_RULE);
		assert_int_equal(rule_finder_find(finder, str(".data"), 0, 0), NO_RULE);
		rule_finder_free(finder);
		rule_index_free(index);
	}
}

static uint32_t random_state = 1;

static uint32_t pick(uint32_t n)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 16) % n;
}

static const struct file_pattern *pick_file(void)
{
	static const struct file_pattern *const patterns[] = {NULL, &a_o, &ends_b, &lib_member, &lib, &outside, &whole_lib,
							      &any, NULL, NULL};
	return patterns[pick(COUNTOF(patterns))];
}

static void random_rules(void **state)
{
	(void)state;
	static const char *const globs[] = {".text", ".text.*", ".text*", "*", ".data", "*.x", ".t[e]xt.a", ".text.a", "COMMON"};
	static const char *const sections[] = {".text", ".text.a", ".text.x", ".data", "x", "COMMON", ".bss"};
	static const struct name names[] = {{"a.o", NULL}, {"d/b.o", NULL}, {"a.o", "d/libx.a"}, {"b.o", "d/libx.a"},
					    {"ab.o", "e/libx.a"}, {"c.o", "liby.a"}, {"", NULL}};
	enum { RULES = 40, ROUNDS = 300 };
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct rule rules[RULES] = {{.run = 0}};
		struct run runs[2] = {{.keep = false}, {.keep = true}};
		uint32_t n = pick(RULES);
		for (uint32_t i = 0; i < n; i++) {
			rules[i].pattern = str(globs[pick(COUNTOF(globs))]);
			rules[i].run = pick(2);
			rules[i].file = pick_file();
			rules[i].exclude[0] = pick_file();
			rules[i].exclude[1] = pick_file();
			rules[i].flags_set = pick(4) == 0;
			rules[i].flags_clear = pick(4) == 0 ? 2 : 0;
		}
		struct layout layout = {.rules = {rules, n, RULES}, .runs = {runs, 2, 2}};
		bool keep_only = pick(4) == 0;
		struct rule_index *index = rule_index_new(&layout, keep_only);
		struct rule_finder *finder = rule_finder_new(index);
		for (unsigned k = 0; k < 60; k++) {
			struct name name = names[pick(COUNTOF(names))];
			find_file(finder, name);
			for (unsigned i = 0; i < 4; i++) {
				const char *section = sections[pick(COUNTOF(sections))];
				uint64_t flags = pick(4);
				uint32_t from = pick(2) ? 0 : pick(n + 1);
				assert_int_equal(rule_finder_find(finder, str(section), flags, from),
						 try_each(&layout, name, section, flags, from, keep_only));
			}
		}
		rule_finder_free(finder);
		rule_index_free(index);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_of_a_file),
		cmocka_unit_test(random_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
