#include "ld/input/needed_library.h"

#include <ctype.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/input/foreign.h"

enum { MAX_CONF_DEPTH = 8, MAX_EXPANDED = 4096 };

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
	struct elf_room room = room_in(&link->arena);
	if (file->error || elf_kind(file->bytes) != ELF_SHARED || is_foreign(link, file->bytes) ||
	    !elf_read_shared_in(&search->out->shared, file->bytes, &room, &error))
		return false;
	search->out->path = file->path;
	return true;
}

static bool try_dir(const struct search *search, const char *dir, size_t len)
{
	return len > 0 && try_file(search, arena_printf(&search->link->arena, "%.*s/%s", (int)len, dir, search->name));
}

/* "$TOKEN" or "${TOKEN}" at `dollar`: how many bytes that is; 0: it is something else. */
static size_t token_at(const char *dollar, const char *token)
{
	size_t len = strlen(token);
	if (dollar[1] == '{')
		return strncmp(dollar + 2, token, len) == 0 && dollar[2 + len] == '}' ? len + 3 : 0;
	bool ends = strncmp(dollar + 1, token, len) == 0 && !isalnum((unsigned char)dollar[1 + len]) &&
		    dollar[1 + len] != '_';
	return ends ? len + 1 : 0;
}

static bool try_expanded(const struct search *search, const char *dir);

/* With the `skip` bytes at `dollar` replaced by each of the values. */
static bool try_values(const struct search *search, const char *dir, const char *dollar, size_t skip,
		       const char *const *values)
{
	for (; *values; values++)
		if (try_expanded(search, arena_printf(&search->link->arena, "%.*s%s%s", (int)(dollar - dir), dir,
						      *values, dollar + skip)))
			return true;
	return false;
}

/* The loader's variables (ld.so(8), "Dynamic string tokens"): $ORIGIN is the folder of the library that asks; which
 * $LIB and $PLATFORM the loader will take is not known here, so that all it may take are tried. */
static bool try_expanded(const struct search *search, const char *dir)
{
	const struct arch *arch = search->link->arch;
	const char *dollar = strchr(dir, '$'), *slash = strrchr(search->by->path, '/');
	if (!dollar)
		return try_dir(search, dir, strlen(dir));
	size_t skip = token_at(dollar, "ORIGIN");
	if (skip) {
		size_t len = slash ? (size_t)(slash - search->by->path) : 1;
		const char *folder[2] = {arena_strndup(&search->link->arena, slash ? search->by->path : ".", len)};
		return strlen(dir) < MAX_EXPANDED && try_values(search, dir, dollar, skip, folder);
	}
	if ((skip = token_at(dollar, "LIB")))
		return try_values(search, dir, dollar, skip, arch->lib_tokens);
	skip = token_at(dollar, "PLATFORM");
	return skip && try_values(search, dir, dollar, skip, arch->platform_tokens);
}

/* Directories separated by ':'. `in_target`: as they are called where the program will run, so below the sysroot; what
 * begins with $ORIGIN is there already. */
static bool try_path(const struct search *search, const char *path, bool in_target)
{
	const char *sysroot = search->link->options->sysroot;
	for (const char *end; path && *path; path = end + (*end == ':')) {
		end = strchrnul(path, ':');
		const char *dir = arena_strndup(&search->link->arena, path, (size_t)(end - path));
		bool below = *dir == '=' || (in_target && *dir == '/' && *sysroot);
		if (*dir == '=')
			dir++;
		if (below)
			dir = arena_printf(&search->link->arena, "%s%s", sysroot, dir);
		if (*dir && try_expanded(search, dir))
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
