#include "ld/layout/rule_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/glob_set.h"
#include "base/hash.h"

typedef ARRAY(uint32_t) numbers;

/* One thing that a rule can say about a file: "lib.a:x.o", or "*crt?.o" in EXCLUDE_FILE, where a pattern that does not
 * speak of archives matches those, too (GNU ld, walk_wild_file_in_exclude_list). */
struct atom {
	struct file_pattern pattern;
	bool excluding;
	uint32_t next_of_file;     /* 1 + the next one that has the same pattern among index->files; 0: none */
	uint32_t next_of_archive;
	numbers includes;          /* conditions that are true only if this is */
	numbers excludes;          /* conditions that are false if this is */
};

/* What a rule says about files: one pattern, if any, and those that must not match. */
struct condition {
	uint32_t include;          /* 1 + an atom; 0: any file */
	numbers excludes;          /* atoms, sorted */
	numbers rules;             /* those that stand or fall with this condition, if it has a pattern */
	uint32_t same_hash;        /* 1 + the next one in the bucket */
};

/* A pattern for sections' names. */
struct name {
	numbers rules;             /* all with this pattern, in order */
	numbers general;           /* those that are not in the `rules` of a condition */
};

enum { N_BUCKETS = 1024 };

struct rule_index {
	const struct layout *layout;
	struct glob_set names;     /* patterns of sections; by their numbers: */
	struct name *of_name;
	struct glob_set files;     /* what to match names of files and members with; by their numbers: */
	numbers first_of_file;     /* 1 + the first atom with it */
	struct glob_set archives;  /* what to match paths of archives with; by their numbers: */
	numbers first_of_archive;
	numbers not_in_archive;    /* atoms */
	ARRAY(struct atom) atoms;
	ARRAY(struct condition) conditions; /* [0]: any file */
	uint32_t *condition_of, *name_of; /* by rule */
	uint32_t atom_buckets[N_BUCKETS], condition_buckets[N_BUCKETS];
	ARRAY(uint32_t) atom_same_hash;
};

struct rule_finder {
	const struct rule_index *index;
	uint32_t *ids;             /* scratch */
	uint32_t file;             /* number of the file that is asked for; what is equal to it is true for that file: */
	uint32_t *included, *excluded; /* by condition */
	uint32_t *has_special;     /* by pattern of a name: special[] is this file's: */
	uint32_t *special;         /* the first rule whose condition has a pattern that the file matches */
	const char *archive;       /* the one whose matching patterns are known: */
	numbers archive_patterns;
	numbers atoms;             /* scratch: those that are true for the file */
};

/* ---- compiling ------------------------------------------------------------------------------------------- */

static bool str_equal(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static uint32_t *at_number(numbers *array, uint32_t number)
{
	while (array->n <= number)
		*array_push(array) = 0;
	return &array->at[number];
}

/* Lets the atom be found by the patterns that it has. */
static void hang_atom(struct rule_index *index, uint32_t id)
{
	struct atom *atom = &index->atoms.at[id];
	const struct file_pattern *pattern = &atom->pattern;
	if (pattern->kind == FILE_NOT_IN_ARCHIVE) {
		*array_push(&index->not_in_archive) = id;
		return;
	}
	if (pattern->kind == FILE_PLAIN) {
		uint32_t *first = at_number(&index->first_of_file, glob_set_add(&index->files, pattern->file));
		atom->next_of_file = *first;
		*first = id + 1;
	}
	/* "libx.a (...)" means its members, too */
	if (pattern->kind == FILE_OF_ARCHIVE || atom->excluding || glob_is_literal(pattern->file)) {
		struct str glob = pattern->kind == FILE_OF_ARCHIVE ? pattern->archive : pattern->file;
		uint32_t *first = at_number(&index->first_of_archive, glob_set_add(&index->archives, glob));
		atom->next_of_archive = *first;
		*first = id + 1;
	}
}

static uint32_t atom_of(struct rule_index *index, const struct file_pattern *pattern, bool excluding)
{
	uint64_t hash = hash_bytes(pattern->file.at, pattern->file.len) * 3 +
			hash_bytes(pattern->archive.at, pattern->archive.len) + pattern->kind;
	uint32_t *bucket = &index->atom_buckets[hash % N_BUCKETS];
	for (uint32_t i = *bucket; i; i = index->atom_same_hash.at[i - 1]) {
		const struct atom *atom = &index->atoms.at[i - 1];
		if (atom->pattern.kind == pattern->kind && atom->excluding == excluding &&
		    str_equal(atom->pattern.file, pattern->file) && str_equal(atom->pattern.archive, pattern->archive))
			return i - 1;
	}
	uint32_t id = index->atoms.n;
	*array_push(&index->atoms) = (struct atom){.pattern = *pattern, .excluding = excluding};
	*array_push(&index->atom_same_hash) = *bucket;
	*bucket = id + 1;
	hang_atom(index, id);
	return id;
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static void add_excluded(struct rule_index *index, const struct file_pattern *list, numbers *atoms)
{
	for (; list; list = list->next) {
		uint32_t atom = atom_of(index, list, true);
		*array_push(atoms) = atom;
	}
}

static bool says_something(const struct file_pattern *pattern)
{
	return pattern && !(pattern->kind == FILE_PLAIN && pattern->file.len == 1 && pattern->file.at[0] == '*');
}

/* The number of the rule's condition. */
static uint32_t condition_of(struct rule_index *index, const struct rule *rule)
{
	if (!says_something(rule->file) && !rule->exclude[0] && !rule->exclude[1])
		return 0;
	struct condition made = {.include = 0};
	if (says_something(rule->file))
		made.include = 1 + atom_of(index, rule->file, false);
	add_excluded(index, rule->exclude[0], &made.excludes);
	add_excluded(index, rule->exclude[1], &made.excludes);
	if (made.excludes.n)
		qsort(made.excludes.at, made.excludes.n, sizeof(*made.excludes.at), compare_numbers);
	size_t size = made.excludes.n * sizeof(*made.excludes.at);
	uint64_t hash = hash_bytes(made.excludes.at, size) + made.include * 0x9e3779b97f4a7c15u;
	uint32_t *bucket = &index->condition_buckets[(hash >> 32) % N_BUCKETS];
	for (uint32_t i = *bucket; i; i = index->conditions.at[i - 1].same_hash) {
		const struct condition *old = &index->conditions.at[i - 1];
		if (old->include == made.include && old->excludes.n == made.excludes.n &&
		    (size == 0 || memcmp(old->excludes.at, made.excludes.at, size) == 0)) {
			array_free(&made.excludes);
			return i - 1;
		}
	}
	uint32_t id = index->conditions.n;
	made.same_hash = *bucket;
	*bucket = id + 1;
	if (made.include)
		*array_push(&index->atoms.at[made.include - 1].includes) = id;
	for (uint32_t i = 0; i < made.excludes.n; i++)
		if (i == 0 || made.excludes.at[i] != made.excludes.at[i - 1])
			*array_push(&index->atoms.at[made.excludes.at[i]].excludes) = id;
	*array_push(&index->conditions) = made;
	return id;
}

struct rule_index *rule_index_new(const struct layout *layout, bool keep_only)
{
	struct rule_index *index = calloc(1, sizeof(*index));
	uint32_t n = layout->rules.n;
	if (!index)
		out_of_memory();
	index->layout = layout;
	index->condition_of = calloc((size_t)n + 1, sizeof(*index->condition_of));
	index->name_of = calloc((size_t)n + 1, sizeof(*index->name_of));
	index->of_name = calloc((size_t)n + 1, sizeof(*index->of_name));
	if (!index->condition_of || !index->name_of || !index->of_name)
		out_of_memory();
	*array_push(&index->conditions) = (struct condition){0};
	for (uint32_t i = 0; i < n; i++) {
		const struct rule *rule = &layout->rules.at[i];
		if (keep_only && !layout->runs.at[rule->run].keep)
			continue;
		index->name_of[i] = glob_set_add(&index->names, rule->pattern);
		struct name *name = &index->of_name[index->name_of[i]];
		index->condition_of[i] = condition_of(index, rule);
		struct condition *condition = &index->conditions.at[index->condition_of[i]];
		*array_push(&name->rules) = i;
		bool special = condition->include && !rule->flags_set && !rule->flags_clear;
		numbers *list = special ? &condition->rules : &name->general;
		*array_push(list) = i;
	}
	return index;
}

void rule_index_free(struct rule_index *index)
{
	if (!index)
		return;
	for (uint32_t i = 0; i < index->names.patterns.n; i++) {
		array_free(&index->of_name[i].rules);
		array_free(&index->of_name[i].general);
	}
	for (uint32_t i = 0; i < index->atoms.n; i++) {
		array_free(&index->atoms.at[i].includes);
		array_free(&index->atoms.at[i].excludes);
	}
	for (uint32_t i = 0; i < index->conditions.n; i++) {
		array_free(&index->conditions.at[i].excludes);
		array_free(&index->conditions.at[i].rules);
	}
	free(index->of_name);
	free(index->condition_of);
	free(index->name_of);
	array_free(&index->first_of_file);
	array_free(&index->first_of_archive);
	array_free(&index->not_in_archive);
	array_free(&index->atoms);
	array_free(&index->atom_same_hash);
	array_free(&index->conditions);
	glob_set_free(&index->names);
	glob_set_free(&index->files);
	glob_set_free(&index->archives);
	free(index);
}

/* ---- a file ---------------------------------------------------------------------------------------------- */

static uint32_t *make_scratch(uint32_t n)
{
	uint32_t *scratch = calloc((size_t)n + 1, sizeof(*scratch));
	if (!scratch)
		out_of_memory();
	return scratch;
}

struct rule_finder *rule_finder_new(const struct rule_index *index)
{
	struct rule_finder *finder = calloc(1, sizeof(*finder));
	if (!finder)
		out_of_memory();
	uint32_t n = index->names.patterns.n, files = index->files.patterns.n, archives = index->archives.patterns.n;
	finder->index = index;
	finder->ids = make_scratch(n > files && n > archives ? n : files > archives ? files : archives);
	finder->included = make_scratch(index->conditions.n);
	finder->excluded = make_scratch(index->conditions.n);
	finder->has_special = make_scratch(n);
	finder->special = make_scratch(n);
	return finder;
}

void rule_finder_free(struct rule_finder *finder)
{
	if (!finder)
		return;
	free(finder->ids);
	free(finder->included);
	free(finder->excluded);
	free(finder->has_special);
	free(finder->special);
	array_free(&finder->atoms);
	array_free(&finder->archive_patterns);
	free(finder);
}

/* The atom is true for the file: notes which conditions that decides. */
static void take_atom(struct rule_finder *finder, uint32_t id)
{
	const struct atom *atom = &finder->index->atoms.at[id];
	for (uint32_t i = 0; i < atom->includes.n; i++)
		finder->included[atom->includes.at[i]] = finder->file;
	for (uint32_t i = 0; i < atom->excludes.n; i++)
		finder->excluded[atom->excludes.at[i]] = finder->file;
}

/* The conditions that are true for the file because of the atom: their rules are candidates. */
static void take_rules(struct rule_finder *finder, uint32_t id)
{
	const struct rule_index *index = finder->index;
	const struct atom *atom = &index->atoms.at[id];
	for (uint32_t i = 0; i < atom->includes.n; i++) {
		const struct condition *condition = &index->conditions.at[atom->includes.at[i]];
		if (finder->excluded[atom->includes.at[i]] == finder->file)
			continue;
		for (uint32_t k = 0; k < condition->rules.n; k++) {
			uint32_t rule = condition->rules.at[k], name = index->name_of[rule];
			if (finder->has_special[name] != finder->file || rule < finder->special[name])
				finder->special[name] = rule;
			finder->has_special[name] = finder->file;
		}
	}
}

static bool matches_member(const struct file_pattern *pattern, struct str name)
{
	return pattern->file.len == 0 || glob_match(pattern->file, name);
}

static void find_archive(struct rule_finder *finder, struct str archive)
{
	if (finder->archive == archive.at) /* of the member before it */
		return;
	finder->archive = archive.at;
	finder->archive_patterns.n = 0;
	uint32_t n = glob_set_match(&finder->index->archives, archive, finder->ids);
	for (uint32_t i = 0; i < n; i++)
		*array_push(&finder->archive_patterns) = finder->ids[i];
}

/* Lists the atoms that are true for the file. */
static void find_atoms(struct rule_finder *finder, struct str name, struct str archive, bool is_member)
{
	const struct rule_index *index = finder->index;
	finder->atoms.n = 0;
	uint32_t n = glob_set_match(&index->files, name, finder->ids);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t a = index->first_of_file.at[finder->ids[i]]; a; a = index->atoms.at[a - 1].next_of_file)
			*array_push(&finder->atoms) = a - 1;
	for (uint32_t i = 0; !is_member && i < index->not_in_archive.n; i++)
		if (matches_member(&index->atoms.at[index->not_in_archive.at[i]].pattern, name))
			*array_push(&finder->atoms) = index->not_in_archive.at[i];
	if (!is_member)
		return;
	find_archive(finder, archive);
	for (uint32_t i = 0; i < finder->archive_patterns.n; i++) {
		uint32_t a = index->first_of_archive.at[finder->archive_patterns.at[i]];
		for (; a; a = index->atoms.at[a - 1].next_of_archive) {
			const struct file_pattern *pattern = &index->atoms.at[a - 1].pattern;
			if (pattern->kind == FILE_PLAIN || matches_member(pattern, name))
				*array_push(&finder->atoms) = a - 1;
		}
	}
}

void rule_finder_file(struct rule_finder *finder, struct str name, struct str archive, bool is_member)
{
	finder->file++;
	if (finder->index->conditions.n == 1) /* no rule asks */
		return;
	find_atoms(finder, name, archive, is_member);
	for (uint32_t i = 0; i < finder->atoms.n; i++)
		take_atom(finder, finder->atoms.at[i]);
	for (uint32_t i = 0; i < finder->atoms.n; i++)
		take_rules(finder, finder->atoms.at[i]);
}

/* ---- a section ------------------------------------------------------------------------------------------- */

static bool takes(const struct rule_finder *finder, uint32_t rule, uint64_t flags)
{
	const struct rule_index *index = finder->index;
	const struct rule *what = &index->layout->rules.at[rule];
	uint32_t condition = index->condition_of[rule];
	if (condition && ((index->conditions.at[condition].include && finder->included[condition] != finder->file) ||
			  finder->excluded[condition] == finder->file))
		return false;
	return (flags & what->flags_set) == what->flags_set && !(flags & what->flags_clear);
}

/* The first of a list of rules, but not in front of `from`, that takes the section; or one not in front of `best`. */
static uint32_t first_of(const struct rule_finder *finder, const numbers *rules, uint64_t flags, uint32_t from,
			 uint32_t best)
{
	for (uint32_t i = 0; i < rules->n && rules->at[i] < best; i++)
		if (rules->at[i] >= from && takes(finder, rules->at[i], flags))
			return rules->at[i];
	return best;
}

uint32_t rule_finder_find(struct rule_finder *finder, struct str name, uint64_t flags, uint32_t from)
{
	const struct rule_index *index = finder->index;
	uint32_t best = NO_RULE, n = glob_set_match(&index->names, name, finder->ids);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t id = finder->ids[i];
		const struct name *pattern = &index->of_name[id];
		if (from != 0) { /* the first candidate is not enough */
			best = first_of(finder, &pattern->rules, flags, from, best);
			continue;
		}
		if (finder->has_special[id] == finder->file && finder->special[id] < best)
			best = finder->special[id];
		best = first_of(finder, &pattern->general, flags, 0, best);
	}
	return best;
}
