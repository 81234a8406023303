/* The file ld.so.cache: the order of names, what is refused, and that what is written can be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json_writer.h"
#include "cache/file.h"
#include "ldso/cache_file.h"

static void numbers_in_names_compare_as_numbers(void **state)
{
	(void)state;
	static const char *const rising[] = {"a",         "libz-.so",   "libz.so", "libz.so.1",
					     "libz.so.9", "libz.so.10", "libz1.so"};
	for (size_t i = 0; i < COUNTOF(rising); i++)
		for (size_t j = 0; j < COUNTOF(rising); j++) {
			int order = cache_compare(rising[i], rising[j]);
			assert_true(i < j ? order < 0 : i > j ? order > 0 : order == 0);
		}
	assert_int_equal(cache_compare("liba.so.01", "liba.so.1"), 0);
}

/* A cache with three entries, as bytes. */
static size_t make(uint8_t *to, size_t room)
{
	struct root root;
	char folder[] = "test_cache.XXXXXX", path[64];
	assert_non_null(mkdtemp(folder));
	assert_true(root_open(&root, NULL));
	snprintf(path, sizeof(path), "%s/cache", folder);
	entry_array entries = {0};
	*array_push(&entries) =
		(struct entry){.name = "libz.so.10", .path = "/lib/libz.so.10", .flags = CACHE_FLAGS_X86_64};
	*array_push(&entries) = (struct entry){.name = "libz.so.1", .path = "/hw/x86-64-v3/libz.so.1.2",
					       .flags = CACHE_FLAGS_X86_64, .hwcaps = "x86-64-v3", .isa_level = 2};
	*array_push(&entries) =
		(struct entry){.name = "libz.so.1", .path = "/lib/libz.so.1", .flags = CACHE_FLAGS_X86_64};
	assert_true(cache_write(&root, path, &entries));
	array_free(&entries);
	FILE *from = fopen(path, "rb");
	assert_non_null(from);
	size_t size = fread(to, 1, room, from);
	fclose(from);
	unlink(path);
	rmdir(folder);
	return size;
}

static void what_is_written_can_be_read(void **state)
{
	(void)state;
	_Alignas(8) uint8_t bytes[1024];
	size_t size = make(bytes, sizeof(bytes));
	struct cache_contents contents;
	assert_null(cache_contents_parse(&contents, bytes, size));
	assert_int_equal(contents.entries.n, 3);
	assert_int_equal(contents.nbroken, 0);
	const struct entry *entry = &contents.entries.at[1];
	assert_string_equal(entry->name, "libz.so.1");
	assert_string_equal(entry->path, "/hw/x86-64-v3/libz.so.1.2");
	assert_string_equal(entry->hwcaps, "x86-64-v3");
	assert_int_equal(entry->isa_level, 2);
	for (uint32_t i = 1; i < contents.entries.n; i++)
		assert_true(entry_compare(&contents.entries.at[i - 1], &contents.entries.at[i]) < 0);
	assert_memory_equal(contents.generator.data, "gild cache", 10);
	cache_contents_free(&contents);
}

static void a_cache_that_is_cut_off_is_refused(void **state)
{
	(void)state;
	_Alignas(8) uint8_t bytes[1024];
	size_t size = make(bytes, sizeof(bytes));
	struct cache_file file;
	assert_null(cache_file_read(&file, bytes, size));
	size_t strings_end = file.strings_end;
	for (size_t cut = 0; cut < strings_end; cut++) {
		_Alignas(8) uint8_t copy[1024];
		memcpy(copy, bytes, cut);
		assert_non_null(cache_file_read(&file, copy, cut));
	}
	for (size_t cut = strings_end; cut < size; cut++) {
		/* Without the names of subdirectories, an entry that needs one is broken. */
		struct cache_contents contents;
		assert_null(cache_contents_parse(&contents, bytes, cut));
		assert_int_equal(contents.entries.n + contents.nbroken, 3);
		cache_contents_free(&contents);
	}
}

static void offsets_outside_are_no_strings(void **state)
{
	(void)state;
	_Alignas(8) uint8_t bytes[1024];
	size_t size = make(bytes, sizeof(bytes));
	struct cache_entry *entry = (void *)(bytes + sizeof(struct cache_header));
	entry->path = (uint32_t)size + 5;
	entry[1].hwcap |= 0xffff;
	struct cache_contents contents;
	assert_null(cache_contents_parse(&contents, bytes, size));
	assert_int_equal(contents.nbroken, 2);
	assert_int_equal(contents.entries.n, 1);
	cache_contents_free(&contents);
	((struct cache_header *)(void *)bytes)->flags = 3;
	assert_string_equal(cache_contents_parse(&contents, bytes, size), "a cache of another byte order");
	cache_contents_free(&contents);
}

static void a_json_writer_sets_commas(void **state)
{
	(void)state;
	char *text = NULL;
	size_t size = 0;
	struct json_writer json = {.to = open_memstream(&text, &size)};
	json_write_open(&json, NULL, '{');
	json_write_text(&json, "name", "a\"\n\xff");
	json_write_open(&json, "list", '[');
	json_write_number(&json, NULL, 18446744073709551615u);
	json_write_bool(&json, NULL, true);
	json_write_open(&json, NULL, '{');
	json_write_text(&json, "none", NULL);
	json_write_text(&json, "x", "y");
	json_write_close(&json, '}');
	json_write_close(&json, ']');
	json_write_open(&json, "empty", '[');
	json_write_close(&json, ']');
	json_write_close(&json, '}');
	fclose(json.to);
	assert_string_equal(text, "{\n  \"name\": \"a\\\"\\u000a\\ufffd\",\n  \"list\": [\n"
				  "    18446744073709551615,\n    true,\n    {\"none\": null, \"x\": \"y\"}\n  ],\n  \"empty\": []\n}\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_in_names_compare_as_numbers),
		cmocka_unit_test(what_is_written_can_be_read),
		cmocka_unit_test(a_cache_that_is_cut_off_is_refused),
		cmocka_unit_test(offsets_outside_are_no_strings),
		cmocka_unit_test(a_json_writer_sets_commas),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
