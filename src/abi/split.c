#include "abi/split.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/debug_file.h"
#include "dwarf/entry.h"

/* Files that turned out to be of another compilation; when there are more, the search ends. */
enum { MOST_WRONG_FILES = 16 };

/* What is to be found. */
struct wanted {
	struct dwarf_skeleton skeleton;
	struct str folder, name;      /* where the compiler ran, the .dwo file */
	bool found;
};

struct search {
	struct abi_files *files;
	uint32_t home;
	ARRAY(struct wanted) wanted;  /* by id */
	const struct dwarf_skeleton *skeletons; /* the same */
	uint32_t n_found;
	uint32_t n_wrong;
	const char *wrong[MOST_WRONG_FILES];
};

static bool has_section(const struct elf_file *elf, const char *name)
{
	for (uint32_t i = 1; i < elf->nshdr; i++)
		if (strcmp(elf_section_name(elf, i), name) == 0)
			return true;
	return false;
}

bool split_is_alone(const struct elf_file *elf)
{
	return has_section(elf, ".debug_info.dwo") && !has_section(elf, ".debug_info") &&
	       !has_section(elf, ".zdebug_info");
}

const struct dwarf_skeleton *split_skeleton(const struct abi_source *source, uint64_t id)
{
	uint32_t low = 0, high = source->n_skeletons;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (source->skeletons[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < source->n_skeletons && source->skeletons[low].id == id ? &source->skeletons[low] : NULL;
}

/* ---- skeletons -------------------------------------------------------------------------------------------- */

static struct str root_string(const struct dwarf_unit *unit, uint16_t attribute)
{
	struct dwarf_error ignored = {0};
	struct dwarf_walk walk = dwarf_walk_unit(unit, &ignored);
	struct dwarf_entry root;
	struct dwarf_value value;
	struct str string = {"", 0};
	if (dwarf_walk_next(&walk, &root) && dwarf_attribute(unit, &root, attribute, &value))
		dwarf_string(unit, &value, &string, &ignored);
	return string;
}

/* What is damaged is left for the scan to report. */
static void find_skeletons(struct search *search)
{
	struct abi_source *source = &search->files->sources.at[search->home];
	struct dwarf_error ignored = {0};
	struct dwarf_unit unit;
	for (uint64_t at = 0; at < source->dwarf.sections[DWARF_INFO].size; at = unit.end) {
		if (!dwarf_unit_read(&unit, &source->dwarf, DWARF_INFO, at, &ignored) ||
		    !dwarf_unit_open(&unit, &source->abbrevs, NULL, &ignored))
			return;
		if (!unit.is_skeleton)
			continue;
		struct str name = root_string(&unit, DW_AT_dwo_name);
		*array_push(&search->wanted) = (struct wanted){
			.skeleton = dwarf_unit_skeleton(&unit),
			.folder = root_string(&unit, DW_AT_comp_dir),
			.name = name.len ? name : root_string(&unit, DW_AT_GNU_dwo_name),
		};
	}
}

static int compare(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;
	return (x->skeleton.id > y->skeleton.id) - (x->skeleton.id < y->skeleton.id);
}

/* ---- their other halves ----------------------------------------------------------------------------------- */

static void mark(struct search *search, uint64_t id)
{
	for (uint32_t i = array_first_from(&search->wanted, skeleton.id, id);
	     i < search->wanted.n && search->wanted.at[i].skeleton.id == id; i++) {
		search->n_found += !search->wanted.at[i].found;
		search->wanted.at[i].found = true;
	}
}

static bool mark_units(struct search *search, struct abi_source *source)
{
	struct dwarf_error error = {0};
	struct dwarf_unit unit;
	for (uint64_t at = 0; at < source->dwarf.sections[DWARF_INFO].size; at = unit.end) {
		if (!dwarf_unit_read(&unit, &source->dwarf, DWARF_INFO, at, &error) ||
		    !dwarf_unit_open(&unit, &source->abbrevs, abi_source_parts(source, &unit), &error))
			return abi_report_dwarf(search->files, source, &error);
		mark(search, unit.id);
	}
	return true;
}

/* A file with none of them is left alone. */
static bool add(struct search *search, const char *path, const struct elf_file *elf)
{
	struct abi_files *files = search->files;
	const struct abi_source *home = &files->sources.at[search->home];
	struct abi_source split = {
		.path = home->path,
		.member = home->member,
		.elf = *elf,
		.debug = *elf,
		.debug_path = path,
		.dwarf.is_split = true,
		.alt = -1,
		.home = search->home,
		.skeletons = search->skeletons,
		.n_skeletons = search->wanted.n,
	};
	if (!abi_source_read_debug(files, &split))
		return false;
	split.dwarf.sections[DWARF_ADDR] = home->dwarf.sections[DWARF_ADDR];
	split.dwarf.sections[DWARF_RANGES] = home->dwarf.sections[DWARF_RANGES];
	uint32_t n_found = search->n_found;
	bool good = mark_units(search, &split);
	if (good && search->n_found != n_found) {
		*array_push(&files->sources) = split;
		return true;
	}
	dwarf_abbrevs_free(&split.abbrevs);
	dwarf_package_free(&split.package);
	return good;
}

/* ---- files ------------------------------------------------------------------------------------------------ */

static bool add_package(struct search *search, const char *of)
{
	struct elf_file elf;
	char *path = arena_printf(&search->files->arena, "%s.dwp", of);
	return !debug_file_open(search->files, path, &elf) || add(search, path, &elf);
}

static bool is_wrong(const struct search *search, const char *path)
{
	for (uint32_t i = 0; i < search->n_wrong; i++)
		if (strcmp(search->wrong[i], path) == 0)
			return true;
	return false;
}

static bool try_file(struct search *search, struct wanted *wanted, struct str folder, struct str name)
{
	char path[PATH_MAX];
	struct elf_file elf;
	bool has_slash = folder.len && folder.at[folder.len - 1] != '/';
	int len = snprintf(path, sizeof(path), "%.*s%s%.*s", (int)folder.len, folder.at, has_slash ? "/" : "",
			   (int)name.len, name.at);
	if (wanted->found || search->n_wrong == MOST_WRONG_FILES || !name.len || len >= (int)sizeof(path) ||
	    is_wrong(search, path) || !debug_file_open(search->files, path, &elf))
		return true;
	char *kept = arena_strndup(&search->files->arena, path, (size_t)len);
	if (!add(search, kept, &elf))
		return false;
	if (!wanted->found)
		search->wrong[search->n_wrong++] = kept;
	return true;
}

/* Where the compiler said; beside the file, as it said; beside the file. */
static bool find_file(struct search *search, struct wanted *wanted)
{
	struct str nothing = {"", 0}, name = wanted->name, base = name;
	struct str here = debug_file_folder(search->files->sources.at[search->home].debug_path);
	const char *slash = memrchr(name.at, '/', name.len);
	if (slash)
		base = (struct str){slash + 1, (uint32_t)(name.at + name.len - (slash + 1))};
	if (name.len && name.at[0] == '/')
		return try_file(search, wanted, nothing, name) && try_file(search, wanted, here, base);
	return try_file(search, wanted, wanted->folder, name) && try_file(search, wanted, here, name) &&
	       try_file(search, wanted, here, base);
}

static bool find_all(struct search *search)
{
	const struct abi_source *home = &search->files->sources.at[search->home];
	const char *path = home->path, *debug_path = home->debug_path;
	struct elf_file own = home->debug;
	if (has_section(&own, ".debug_info.dwo") && !add(search, debug_path, &own))
		return false;
	if (search->n_found < search->wanted.n && !add_package(search, path))
		return false;
	if (search->n_found < search->wanted.n && strcmp(path, debug_path) != 0 && !add_package(search, debug_path))
		return false;
	for (uint32_t i = 0; i < search->wanted.n; i++)
		if (!search->wanted.at[i].found && !find_file(search, &search->wanted.at[i]))
			return false;
	return true;
}

static void warn(const struct search *search)
{
	const struct abi_source *home = &search->files->sources.at[search->home];
	const struct wanted *missing = search->wanted.at;
	while (missing->found)
		missing++;
	struct diag_about about = {
		.kind = "missing-debug-information",
		.file = home->debug_path,
		.member = home->member,
		.hint = "names and types are missing; -gsplit-dwarf puts them in .dwo files, which stay where the "
			"compiler wrote them, or are packed by dwp",
	};
	diag_report(search->files->diag, SEVERITY_WARNING, diag_order(search->home, 0), &about,
		    "the debug information of %u of %u units is in other files, which are not there or of another "
		    "compilation: `%.*s'",
		    search->wanted.n - search->n_found, search->wanted.n, (int)missing->name.len, missing->name.at);
}

bool split_add(struct abi_files *files, uint32_t home)
{
	struct search search = {.files = files, .home = home};
	find_skeletons(&search);
	bool good = true;
	if (search.wanted.n) {
		struct dwarf_skeleton *skeletons = arena_array(&files->arena, struct dwarf_skeleton, search.wanted.n);
		qsort(search.wanted.at, search.wanted.n, sizeof(*search.wanted.at), compare);
		for (uint32_t i = 0; i < search.wanted.n; i++)
			skeletons[i] = search.wanted.at[i].skeleton;
		search.skeletons = skeletons;
		good = find_all(&search);
		if (good && search.n_found < search.wanted.n)
			warn(&search);
	}
	array_free(&search.wanted);
	return good;
}
