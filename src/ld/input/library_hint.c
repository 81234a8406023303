#include "ld/input/library_hint.h"

#include <dirent.h>
#include <string.h>

#include "arch/arch.h"
#include "base/edit_distance.h"

enum { SHORT_NAME = 4, MAX_DISTANCE = 2 };

/* What was found, the most telling first. */
enum finding { SHARED_ONLY, VERSIONED, SIMILAR, NOTHING };

struct search {
	struct link *link;
	const char *name;
	bool only_static;
	enum finding finding;
	unsigned distance;        /* of a similar name */
	const char *dir, *file;
};

static bool is_library(const char *file, struct str *stem)
{
	size_t len = strlen(file);
	if (strncmp(file, "lib", 3) != 0)
		return false;
	bool shared = len > 6 && strcmp(file + len - 3, ".so") == 0;
	if (!shared && !(len > 5 && strcmp(file + len - 2, ".a") == 0))
		return false;
	*stem = (struct str){file + 3, (uint32_t)(len - 3 - (shared ? 3 : 2))};
	return true;
}

/* Is this file a better answer than the one we have? Of equal ones the folder that is searched first counts, then the
 * order of names: not the order in which a folder happens to list them. */
static void consider(struct search *search, const char *dir, const char *file)
{
	size_t len = strlen(search->name);
	bool named = strncmp(file, "lib", 3) == 0 && strncmp(file + 3, search->name, len) == 0;
	const char *end = named ? file + 3 + len : "";
	enum finding finding = NOTHING;
	unsigned distance = 0;
	struct str stem;
	if (search->only_static && strcmp(end, ".so") == 0) {
		finding = SHARED_ONLY;
	} else if (!search->only_static && strncmp(end, ".so.", 4) == 0) {
		finding = VERSIONED;
	} else if (is_library(file, &stem)) {
		unsigned limit = len < SHORT_NAME ? 1 : MAX_DISTANCE;
		distance = edit_distance(stem, (struct str){search->name, (uint32_t)len}, limit);
		finding = distance > 0 && distance <= limit && len > 1 ? SIMILAR : NOTHING;
	}
	if (finding == NOTHING || finding > search->finding)
		return;
	if (finding == search->finding && distance >= search->distance) {
		bool earlier = search->dir == dir && strcmp(file, search->file) < 0;
		if (distance > search->distance || !earlier)
			return;
	}
	search->finding = finding;
	search->distance = distance;
	search->dir = dir;
	search->file = arena_strndup(&search->link->arena, file, strlen(file));
}

static void search_folder(struct search *search, const char *dir)
{
	DIR *folder = opendir(dir);
	if (!folder)
		return;
	for (struct dirent *entry; (entry = readdir(folder));)
		consider(search, dir, entry->d_name);
	closedir(folder);
}

const char *library_hint(struct link *link, const char *name, bool only_static)
{
	struct search search = {.link = link, .name = name, .only_static = only_static, .finding = NOTHING};
	const struct options *options = link->options;
	struct str stem;
	for (uint32_t i = 0; i < options->library_paths.n; i++)
		search_folder(&search, options->library_paths.at[i]);
	for (const char *const *dir = link->arch->search_dirs; *dir && !options->nostdlib; dir++)
		search_folder(&search, arena_printf(&link->arena, "%s%s", options->sysroot, *dir));
	switch (search.finding) {
	case SHARED_ONLY:
		return arena_printf(&link->arena, "%s/%s is there, but with -static -l%s looks for lib%s.a", search.dir,
				    search.file, name, name);
	case VERSIONED:
		return arena_printf(&link->arena,
				    "%s/%s is there, but -l%s looks for lib%s.so: is the development package "
				    "installed? -l:%s takes that file",
				    search.dir, search.file, name, name, search.file);
	case SIMILAR:
		if (!is_library(search.file, &stem))
			return NULL;
		return arena_printf(&link->arena, "did you mean: -l%.*s? There is %s/%s", (int)stem.len, stem.at,
				    search.dir, search.file);
	case NOTHING:
		break;
	}
	return NULL;
}
