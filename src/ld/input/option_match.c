#include "ld/input/option_match.h"

#include <string.h>

#include "base/edit_distance.h"

static const char *without_dashes(const char *name)
{
	while (*name == '-')
		name++;
	return name;
}

static bool is_short(const struct option_row *row)
{
	return without_dashes(row->name)[1] == '\0';
}

static bool takes_joined_value(const struct option_row *row)
{
	return row->argument == ARG_SHORT || row->argument == ARG_SHORT_NUMBER;
}

/* Calls for every row of the table that has a name; stops at the first one that is returned. */
typedef const struct option_row *row_test(const struct option_row *row, struct str name, void *context);

static const struct option_row *find(row_test *test, struct str name, void *context)
{
	struct option_rows tables[] = {option_table(), option_table_unsupported()};
	for (size_t t = 0; t < COUNTOF(tables); t++) {
		for (size_t i = 0; i < tables[t].n; i++) {
			const struct option_row *row = &tables[t].at[i];
			if (row->name && test(row, name, context))
				return row;
		}
	}
	return NULL;
}

static const struct option_row *is_exactly(const struct option_row *row, struct str name, void *context)
{
	(void)context;
	const char *known = without_dashes(row->name);
	if (*known != *name.at) /* most, and quickly seen */
		return NULL;
	return strncmp(known, name.at, name.len) == 0 && known[name.len] == '\0' ? row : NULL;
}

/* --lto-O2 */
static const struct option_row *is_prefix_of(const struct option_row *row, struct str name, void *context)
{
	(void)context;
	if (row->argument != ARG_PREFIX)
		return NULL;
	const char *known = without_dashes(row->name);
	size_t len = strlen(known);
	return name.len > len && memcmp(known, name.at, len) == 0 ? row : NULL;
}

static const struct option_row *is_joined_short(const struct option_row *row, struct str name, void *context)
{
	(void)context;
	return takes_joined_value(row) && without_dashes(row->name)[0] == name.at[0] ? row : NULL;
}

static bool means_the_same(const struct option_row *a, const struct option_row *b)
{
	return a->id == b->id && a->field == b->field && a->argument == b->argument && a->id != OPTION_UNSUPPORTED;
}

struct abbreviation {
	const struct option_row *shortest, *other;
};

/* Never true: all rows are wanted. */
static const struct option_row *collect_abbreviated(const struct option_row *row, struct str name, void *context)
{
	struct abbreviation *found = context;
	const char *known = without_dashes(row->name);
	if (*known != *name.at || is_short(row) || strncmp(known, name.at, name.len) != 0)
		return NULL;
	if (!found->shortest) {
		found->shortest = row;
		return NULL;
	}
	const char *shortest = without_dashes(found->shortest->name);
	/* --export-dyn is --export-dynamic although --export-dynamic-symbol begins so too, as in GNU ld */
	if (strncmp(known, shortest, strlen(shortest)) == 0)
		return NULL;
	if (strncmp(shortest, known, strlen(known)) == 0)
		found->shortest = row;
	else if (!means_the_same(row, found->shortest))
		found->other = row;
	return NULL;
}

struct option_match option_match(const char *word)
{
	bool one_dash = word[1] != '-';
	struct str name = {word + (one_dash ? 1 : 2), 0};
	name.len = (uint32_t)strcspn(name.at, "=");
	const char *value = name.at[name.len] == '=' ? name.at + name.len + 1 : NULL;
	struct option_match match = {.value = value, .spelling = {word, (uint32_t)(name.at - word) + name.len}};
	if (name.len == 0)
		return match;

	/* A name that begins with o needs two dashes: -omagic writes the file `magic` in every linker. */
	bool is_output = one_dash && name.at[0] == 'o' && name.at[1] != '\0';
	if (!is_output) {
		match.row = find(is_exactly, name, NULL);
		if (match.row && is_short(match.row) && (!one_dash || (value && takes_joined_value(match.row))))
			match.row = NULL; /* --o is not -o; -o=FILE names the file =FILE */
		if (match.row)
			return match;
	}
	const struct option_row *joined = one_dash ? find(is_joined_short, name, NULL) : NULL;
	if (joined) {
		match.row = joined;
		match.value = name.at + 1;
		match.spelling.len = 2;
		return match;
	}
	match.row = find(is_prefix_of, name, NULL);
	if (match.row) {
		size_t len = strlen(without_dashes(match.row->name));
		match.value = name.at + len;
		match.spelling.len = (uint32_t)(name.at + len - word);
		return match;
	}
	struct abbreviation found = {0};
	if (name.len > 1)
		find(collect_abbreviated, name, &found);
	match.row = found.shortest;
	match.other = found.other;
	return match;
}

struct option_match option_match_z(const char *word)
{
	struct str name = {word, (uint32_t)strcspn(word, "=")};
	struct option_match match = {.value = word[name.len] == '=' ? word + name.len + 1 : NULL, .spelling = name};
	struct option_rows rows = option_table_z();
	for (size_t i = 0; i < rows.n && !match.row; i++) {
		const char *known = rows.at[i].name;
		bool wants_value = rows.at[i].argument == ARG_REQUIRED;
		if (known && is_exactly(&rows.at[i], name, NULL) && wants_value == (match.value != NULL))
			match.row = &rows.at[i];
	}
	return match;
}

const char *option_nearest(const char *word)
{
	enum { MAX_DISTANCE = 2, SHORT_NAME = 4 };
	struct option_rows table = option_table();
	const char *name = without_dashes(word), *nearest = NULL;
	struct str text = {name, (uint32_t)strcspn(name, "=")};
	unsigned best = text.len < SHORT_NAME ? 1 : MAX_DISTANCE + 1;
	for (size_t i = 0; i < table.n; i++) {
		if (!table.at[i].name || is_short(&table.at[i]))
			continue;
		const char *known = without_dashes(table.at[i].name);
		unsigned distance = edit_distance(text, (struct str){known, (uint32_t)strlen(known)}, MAX_DISTANCE);
		if (distance < best) {
			best = distance;
			nearest = table.at[i].name;
		}
	}
	return nearest;
}
