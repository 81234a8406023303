/* gild cache --verify: what in a cache is not as the folders are. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache/cache.h"
#include "ldso/cache_file.h"

static int compare_all(const struct entry *a, const struct entry *b)
{
	int order = entry_compare(a, b);
	return order ? order : strcmp(a->path, b->path);
}

static int compare_pointers(const void *a, const void *b)
{
	return compare_all(*(const struct entry *const *)a, *(const struct entry *const *)b);
}

/* The entries in an order in which equal ones meet; malloc()ed. */
static const struct entry **sorted(const entry_array *entries)
{
	const struct entry **at = malloc((entries->n + 1) * sizeof(struct entry *));
	if (!at)
		out_of_memory();
	for (uint32_t i = 0; i < entries->n; i++)
		at[i] = &entries->at[i];
	qsort(at, entries->n, sizeof(struct entry *), compare_pointers);
	return at;
}

/* The path leads to no file. For what is a link to a library, `gild cache --links` makes it. */
static bool is_gone(const struct root *root, const struct entry *entry)
{
	struct stat stat_of;
	if (!root_stat(root, entry->path, &stat_of))
		return false;
	printf("gone: %s => %s: %s\n", entry->name, entry->path, strerror(errno));
	return true;
}

static void show_extra(const struct root *root, const struct entry *entry)
{
	if (!is_gone(root, entry))
		printf("not as in its folder: %s => %s: the file has another soname or type, or its folder is not "
		       "searched\n", entry->name, entry->path);
}

/* The loader searches by halves: entries out of order are not found. Nor is the order of folders without meaning. */
static uint32_t check_order(const entry_array *entries)
{
	uint32_t n = 0;
	for (uint32_t i = 1; i < entries->n; i++) {
		const struct entry *before = &entries->at[i - 1], *entry = &entries->at[i];
		if (entry_compare(before, entry) <= 0)
			continue;
		printf("out of order: %s behind %s\n", entry->name, before->name);
		n++;
	}
	return n;
}

/* Both have the same entries: is the first of each name the same? */
static uint32_t check_first(const entry_array *have, const entry_array *expected)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < have->n; i++) {
		const struct entry *a = &have->at[i], *b = &expected->at[i];
		if (compare_all(a, b) == 0)
			continue;
		printf("another folder comes first: %s => %s, not %s\n", a->name, a->path, b->path);
		n++;
	}
	return n;
}

uint32_t cache_verify(const struct cache_contents *contents, const struct root *root, const entry_array *expected)
{
	const entry_array *entries = &contents->entries;
	const struct entry **have = sorted(entries), **want = sorted(expected);
	uint32_t differences = contents->nbroken, i = 0, j = 0;
	if (contents->nbroken)
		printf("broken: %u entries refer to no text, or to text that is too long\n", contents->nbroken);
	while (i < entries->n || j < expected->n) {
		int order = i == entries->n ? 1 : j == expected->n ? -1 : compare_all(have[i], want[j]);
		bool differs = order != 0;
		if (order < 0)
			show_extra(root, have[i]);
		else if (order > 0)
			printf("not in the cache: %s => %s\n", want[j]->name, want[j]->path);
		else
			differs = is_gone(root, have[i]);
		differences += differs;
		i += order <= 0;
		j += order >= 0;
	}
	free(have);
	free(want);
	uint32_t misplaced = check_order(entries);
	if (!differences && !misplaced)
		misplaced = check_first(entries, expected);
	return differences + misplaced;
}
