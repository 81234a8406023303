#include "ld/input/needed_library.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/input/foreign.h"

enum { MAX_CONF_DEPTH = 8 };

struct search {
	struct link *link;
	const char *name;
	const struct needed_library *by;
	struct needed_library *out;
};

/* A file that is not a shared object of this target is passed over, as the loader does it. */
static bool try_file(const struct search *search, const char *path)
{
	struct link *link = search->link;
	const struct io_file *file = io_read(link->io, path);
	struct elf_error error;
	if (file->error || elf_kind(file->bytes) != ELF_SHARED || is_foreign(link, file->bytes) ||
	    !elf_read_shared(&search->out->shared, file->bytes, &error))
		return false;
	search->out->path = file->path;
	return true;
}

static bool try_dir(const struct search *search, const char *dir, size_t len)
{
	return len > 0 && try_file(search, arena_printf(&search->link->arena, "%.*s/%s", (int)len, dir, search->name));
}

/* "$ORIGIN/../lib" of a library's own path; other variables are the loader's to know. NULL: cannot be said. */
static const char *expand_origin(const struct search *search, const char *dir)
{
	struct arena *arena = &search->link->arena;
	const char *dollar = strchr(dir, '$');
	if (!dollar)
		return dir;
	size_t skip = strncmp(dollar, "$ORIGIN", 7) == 0 ? 7 : strncmp(dollar, "${ORIGIN}", 9) == 0 ? 9 : 0;
	const char *slash = strrchr(search->by->path, '/');
	if (!skip || strchr(dollar + skip, '$'))
		return NULL;
	const char *folder =
		slash ? arena_strndup(arena, search->by->path, (size_t)(slash - search->by->path)) : ".";
	return arena_printf(arena, "%.*s%s%s", (int)(dollar - dir), dir, folder, dollar + skip);
}

/* Directories separated by ':'. `in_target`: as they are called where the program will run, so below the sysroot. */
static bool try_path(const struct search *search, const char *path, bool in_target)
{
	const char *sysroot = search->link->options->sysroot;
	for (const char *end; path && *path; path = end + (*end == ':')) {
		end = strchrnul(path, ':');
		const char *dir = arena_strndup(&search->link->arena, path, (size_t)(end - path));
		bool below = *dir == '=' || (in_target && *dir == '/' && *sysroot);
		if (*dir == '=')
			dir++;
		else if (strchr(dir, '$'))
			below = false;
		dir = expand_origin(search, dir);
		if (!dir)
			continue;
		if (below)
			dir = arena_printf(&search->link->arena, "%s%s", sysroot, dir);
		if (try_dir(search, dir, strlen(dir)))
			return true;
	}
	return false;
}

static bool try_paths(const struct search *search, const char *const *paths, uint32_t n, bool in_target)
{
	for (uint32_t i = 0; i < n; i++)
		if (try_path(search, paths[i], in_target))
			return true;
	return false;
}

/* DT_RPATH counts only when there is no DT_RUNPATH (gABI, "Shared Object Dependencies"). */
static bool try_own_path(const struct search *search)
{
	const struct elf_shared *shared = &search->by->shared;
	const struct elf_dyn *dynamic = (const struct elf_dyn *)shared->dynamic;
	const char *paths[2] = {NULL, NULL};
	for (uint64_t i = 0; i < shared->ndynamic; i++)
		if (dynamic[i].d_tag == DT_RUNPATH || dynamic[i].d_tag == DT_RPATH)
			paths[dynamic[i].d_tag == DT_RPATH] = elf_dynamic_string(shared, i);
	return try_path(search, paths[0] ? paths[0] : paths[1], true);
}

/* ld.so.conf: a directory a line, "include GLOB", '#' comments (ldconfig(8)). */
static bool try_conf(const struct search *search, const char *conf, unsigned depth)
{
	struct link *link = search->link;
	const struct io_file *file = io_read(link->io, conf);
	if (file->error || depth > MAX_CONF_DEPTH)
		return false;
	const char *at = (const char *)file->bytes.data, *end = at + file->bytes.size;
	for (const char *next; at < end; at = next) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		next = line_end ? line_end + 1 : end;
		char *line = arena_strndup(&link->arena, at, (size_t)((line_end ? line_end : end) - at));
		line[strcspn(line, "#")] = '\0';
		line += strspn(line, " \t");
		bool include = strncmp(line, "include", 7) == 0 && strchr(" \t", line[7]);
		if (include)
			line += 7 + strspn(line + 7, " \t");
		line[strcspn(line, " \t\r=")] = '\0';
		if (!*line)
			continue;
		if (!include) {
			const char *dir = arena_printf(&link->arena, "%s%s", link->options->sysroot, line);
			if (try_dir(search, dir, strlen(dir)))
				return true;
			continue;
		}
		const char *slash = strrchr(conf, '/');
		const char *pattern =
			*line == '/' ? arena_printf(&link->arena, "%s%s", link->options->sysroot, line)
				     : arena_printf(&link->arena, "%.*s/%s", (int)(slash - conf), conf, line);
		glob_t found;
		bool done = false;
		if (glob(pattern, 0, NULL, &found) == 0) {
			for (size_t i = 0; i < found.gl_pathc && !done; i++)
				done = try_conf(search, arena_strndup(&link->arena, found.gl_pathv[i],
								      strlen(found.gl_pathv[i])),
						depth + 1);
			globfree(&found);
		}
		if (done)
			return true;
	}
	return false;
}

bool needed_library_find(struct link *link, const char *name, const struct needed_library *by,
			 struct needed_library *out)
{
	const struct options *options = link->options;
	struct search search = {link, name, by, out};
	if (strchr(name, '/') && try_file(&search, name))
		return true;
	/* options.rpaths has LD_RUN_PATH when there is no -rpath */
	if (try_paths(&search, options->rpath_links.at, options->rpath_links.n, false))
		return true;
	if ((options->rpath_links.n == 0 || !options->rpath_is_run_path) &&
	    try_paths(&search, options->rpaths.at, options->rpaths.n, true))
		return true;
	if (try_path(&search, getenv("LD_LIBRARY_PATH"), false) || try_own_path(&search) ||
	    try_conf(&search, arena_printf(&link->arena, "%s/etc/ld.so.conf", options->sysroot), 0))
		return true;
	for (const char *const *dir = link->arch->search_dirs; *dir; dir++) {
		const char *path = arena_printf(&link->arena, "%s%s", options->sysroot, *dir);
		if (try_dir(&search, path, strlen(path)))
			return true;
	}
	return false;
}
