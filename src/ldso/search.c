#include "ldso/search.h"

#include <asm/errno.h>
#include <link.h>

#include "ldso/audit.h"
#include "ldso/cpu.h"
#include "ldso/heap.h"
#include "ldso/sys.h"
#include "ldso/text.h"

const char *const system_directories[] = {
	"/lib/x86_64-linux-gnu/", "/usr/lib/x86_64-linux-gnu/", "/lib/", "/usr/lib/", NULL,
};

/* --- directories */

static uint32_t hash_of(const char *path)
{
	uint32_t hash = 2166136261; /* FNV-1a */
	for (; *path; path++)
		hash = (hash ^ (unsigned char)*path) * 16777619;
	return hash;
}

/* Twice as many chains, so that they stay short. */
static void grow_directories(struct directories *known)
{
	uint32_t n = known->nchains ? 2 * known->nchains : 64;
	struct search_dir **chains = heap_alloc(n * sizeof(*chains));
	for (uint32_t i = 0; i < known->nchains; i++)
		for (struct search_dir *dir = known->chains[i], *next; dir; dir = next) {
			next = dir->next;
			dir->next = chains[dir->hash % n];
			chains[dir->hash % n] = dir;
		}
	heap_free(known->chains);
	known->chains = chains;
	known->nchains = n;
}

static struct search_dir *directory(struct loader *ld, const char *path, const char *what, const char *where)
{
	struct directories *known = &ld->directories;
	uint32_t hash = hash_of(path);
	if (known->n == known->nchains)
		grow_directories(known);
	struct search_dir **chain = &known->chains[hash % known->nchains];
	for (struct search_dir *dir = *chain; dir; dir = dir->next)
		if (dir->hash == hash && text_equal(dir->path, path))
			return dir;
	struct search_dir *dir = heap_alloc(sizeof(*dir));
	*dir = (struct search_dir){.next = *chain, .hash = hash, .path = heap_text(path), .what = what};
	dir->where = where ? heap_text(where) : NULL;
	dir->absent = heap_alloc(ld->nhwcaps * sizeof(*dir->absent));
	*chain = dir;
	known->n++;
	return dir;
}

static bool is_separator(char c, const char *separators)
{
	return c && index(separators, c);
}

/* One element of a path list: tokens replaced, one slash at the end. */
static char *element(struct loader *ld, const struct object *object, const char *at, size_t length)
{
	if (!length)
		return ld->secure ? NULL : heap_text("");
	char *raw = heap_text_n(at, length), *path = tokens_expand(ld, object, raw);
	heap_free(raw);
	if (!path || !*path || (ld->secure && *path != '/')) {
		heap_free(path);
		return NULL;
	}
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	char *whole = heap_alloc(n + 2);
	memcpy(whole, path, n);
	if (whole[n - 1] != '/')
		whole[n] = '/';
	heap_free(path);
	return whole;
}

/* Splits a path list; NULL when nothing of it can be used. */
static struct search_dir **split(struct loader *ld, const struct object *object, const char *list,
				 const char *separators, const char *what, const char *where)
{
	if (!*list)
		return NULL;
	size_t n = 2;
	for (const char *c = list; *c; c++)
		n += is_separator(*c, separators);
	struct search_dir **dirs = heap_alloc(n * sizeof(struct search_dir *));
	size_t used = 0;
	uint32_t list_number = ++ld->directories.nlists;
	for (const char *c = list;; c++) {
		const char *end = c;
		while (*end && !is_separator(*end, separators))
			end++;
		char *path = element(ld, object, c, (size_t)(end - c));
		if (path) {
			struct search_dir *dir = directory(ld, path, what, where);
			if (dir->last_list != list_number)
				dirs[used++] = dir;
			dir->last_list = list_number;
			heap_free(path);
		}
		if (!*end)
			break;
		c = end;
	}
	if (used)
		return dirs;
	heap_free(dirs);
	return NULL;
}

/* Is `name` an element of a list with colons? NULL: no list. */
static bool in_list(const char *list, const char *name)
{
	size_t length = strlen(name);
	while (list) {
		if (text_begins(list, name) && (!list[length] || list[length] == ':'))
			return true;
		list = index(list, ':');
		if (list)
			list++;
	}
	return false;
}

/* Is the object in the list of --inhibit-rpath? The program's name is an empty element. */
static bool inhibited(const struct loader *ld, const struct object *object)
{
	return !ld->secure && in_list(ld->options.inhibit_rpath, object->name);
}

struct search_dir **search_rpath(struct loader *ld, struct object *object)
{
	if (!object->rpath_known && object->rpath && !inhibited(ld, object))
		object->rpath_dirs = split(ld, object, object->rpath, ":", "RPATH", object_display_name(object));
	object->rpath_known = true;
	return object->rpath_dirs;
}

struct search_dir **search_runpath(struct loader *ld, struct object *object)
{
	if (!object->runpath_known && object->runpath && !inhibited(ld, object))
		object->runpath_dirs = split(ld, object, object->runpath, ":", "RUNPATH", object_display_name(object));
	object->runpath_known = true;
	return object->runpath_dirs;
}

/* --- start */

const char *const hwcaps_levels[HWCAPS_LEVELS] = {"x86-64-v4", "x86-64-v3", "x86-64-v2"};

bool hwcaps_is_supported(unsigned i)
{
	return cpu_level() >= 4 - i;
}

bool hwcaps_is_masked(const struct loader *ld, unsigned i)
{
	return ld->options.hwcaps_mask && !in_list(ld->options.hwcaps_mask, hwcaps_levels[i]);
}

static void add_hwcaps(struct loader *ld, const char *name, size_t length)
{
	const size_t before = sizeof(HWCAPS_FOLDER) - 1;
	char *path = heap_alloc(before + length + 2);
	memcpy(path, HWCAPS_FOLDER, before);
	memcpy(path + before, name, length);
	path[before + length] = '/';
	ld->hwcaps[ld->nhwcaps++] = path;
}

static void start_hwcaps(struct loader *ld)
{
	const char *prepend = ld->options.hwcaps_prepend;
	size_t n = 5;
	for (const char *c = prepend; c && *c; c++)
		n += *c == ':';
	ld->hwcaps = heap_alloc((n + 1) * sizeof(*ld->hwcaps));
	while (prepend && *prepend) {
		const char *end = index(prepend, ':');
		size_t length = end ? (size_t)(end - prepend) : strlen(prepend);
		if (length)
			add_hwcaps(ld, prepend, length);
		prepend = end ? end + 1 : NULL;
	}
	ld->nhwcaps_prepended = ld->nhwcaps;
	for (unsigned i = 0; i < HWCAPS_LEVELS; i++)
		if (hwcaps_is_supported(i) && !hwcaps_is_masked(ld, i))
			add_hwcaps(ld, hwcaps_levels[i], strlen(hwcaps_levels[i]));
	ld->hwcaps[ld->nhwcaps++] = "";
}

void search_start(struct loader *ld)
{
	start_hwcaps(ld);
	size_t n = 0;
	while (system_directories[n])
		n++;
	ld->system_path = heap_alloc((n + 1) * sizeof(struct search_dir *));
	for (size_t i = 0; i < n; i++)
		ld->system_path[i] = directory(ld, system_directories[i], "system search path", NULL);
	const char *library_path = ld->options.library_path;
	if (library_path)
		ld->library_path = split(ld, ld->program, library_path, ":;", ld->options.library_path_source, NULL);
}

/* --- the search */

/* LD_DEBUG=libs: the directories a search goes through. */
static void show_path(struct loader *ld, struct search_dir **dirs)
{
	const struct search_dir *first = *dirs;
	debug_print(ld, " search path=");
	const char *colon = "";
	for (; *dirs && (*dirs)->what == first->what; dirs++)
		for (uint32_t i = 0; i < ld->nhwcaps; i++) {
			const struct search_dir *dir = *dirs;
			if (dir->absent[i])
				continue;
			char path[4096];
			size_t n = format_text(path, sizeof(path), "%s%s", dir->path, ld->hwcaps[i]);
			if (n >= sizeof(path))
				continue;
			path[n > 1 ? n - 1 : n] = 0;
			debug_print_on(ld, "%s%s", colon, path);
			colon = ":";
		}
	if (first->where)
		debug_print_on(ld, "\t\t(%s from file %s)\n", first->what, first->where);
	else
		debug_print_on(ld, "\t\t(%s)\n", first->what);
}

/* A RPATH or RUNPATH of which nothing is there is shown once only. */
static bool worth_showing(const struct loader *ld, struct search_dir *const *dirs)
{
	if (!dirs || !*dirs || !(*dirs)->where)
		return true;
	for (; *dirs; dirs++)
		for (uint32_t i = 0; i < ld->nhwcaps; i++)
			if (!(*dirs)->absent[i])
				return true;
	return false;
}

/* In a secure program a preloaded library must be marked by its set-user-ID bit. */
static bool allowed(const struct loader *ld, const struct opened *opened, unsigned flags)
{
	struct stat stat;
	return !ld->secure || !(flags & SEARCH_SECURE) || (!sys_fstat(opened->fd, &stat) && stat.st_mode & S_ISUID);
}

/* Finds out whether a directory is there at all, so that it is tried only once. */
static void note_absent(struct search_dir *dir, uint32_t i, char *path, size_t length)
{
	struct stat stat;
	if (path[0] != '/')
		return; /* the working directory may change */
	path[length - 1] = 0;
	dir->absent[i] = sys_stat(path, &stat) || !S_ISDIR(stat.st_mode);
}

static void tell(const struct loader *ld, const char *path, const struct found *found, enum open_result result,
		 int code)
{
	if (ld->watcher)
		ld->watcher->tried(ld->watcher->context, path, found->what, found->where, result, code);
}

/* Opens a path, or what an auditor wants in its place. */
static enum open_result try_file(struct loader *ld, const char *path, struct found *found, int *code)
{
	path = audit_search(ld, path, found->requester, found->origin);
	*code = ENOENT;
	return path ? image_open(ld, path, &found->opened, code) : OPEN_ABSENT;
}

/* found->what, found->where and found->origin say whose directories these are. */
static enum open_result try_directories(struct loader *ld, struct search_dir **dirs, const char *name, unsigned flags,
					struct found *found, int *code)
{
	enum open_result result = OPEN_ABSENT;
	const struct search_dir *shown = NULL;
	size_t name_length = strlen(name);
	bool show = debugging(ld, DEBUG_LIBS) && worth_showing(ld, dirs);
	for (; dirs && *dirs; dirs++) {
		struct search_dir *dir = *dirs;
		size_t length = strlen(dir->path);
		if (show && (!shown || shown->what != dir->what))
			show_path(ld, dirs);
		shown = dir;
		for (uint32_t i = 0; i < ld->nhwcaps; i++) {
			if (dir->absent[i]) {
				if (!*ld->hwcaps[i])
					tell(ld, dir->path, found, OPEN_ABSENT, ENOENT);
				continue;
			}
			size_t capability = strlen(ld->hwcaps[i]);
			char *path = heap_alloc(length + capability + name_length + 1);
			memcpy(path, dir->path, length);
			memcpy(path + length, ld->hwcaps[i], capability);
			memcpy(path + length + capability, name, name_length);
			if (debugging(ld, DEBUG_LIBS))
				debug_print(ld, "  trying file=%s\n", path);
			enum open_result now = try_file(ld, path, found, code);
			if (now == OPEN_OK && !allowed(ld, &found->opened, flags)) {
				sys_close(found->opened.fd);
				now = OPEN_ABSENT;
				*code = ENOENT;
			}
			tell(ld, path, found, now, *code);
			if (now == OPEN_OK)
				found->path = path;
			if (now == OPEN_OK || now == OPEN_BROKEN) {
				if (now == OPEN_BROKEN)
					heap_free(path);
				return now;
			}
			if (now == OPEN_OTHER_CLASS)
				result = now;
			if (now == OPEN_ABSENT)
				note_absent(dir, i, path, length + capability);
			heap_free(path);
		}
		if (*code && *code != ENOENT && *code != EACCES && *code != ENOTDIR)
			return OPEN_ABSENT;
	}
	return result;
}

static enum open_result try_cache(struct loader *ld, const char *name, struct object *requester,
				  struct found *found, int *code)
{
	const char *path = cache_lookup(ld, name);
	if (!path) {
		tell(ld, PATH_CACHE, found, OPEN_ABSENT, ENOENT);
		return OPEN_ABSENT;
	}
	if (requester && requester->flags_1 & DF_1_NODEFLIB)
		for (const char *const *dir = system_directories; *dir; dir++)
			if (text_begins(path, *dir))
				return OPEN_ABSENT;
	enum open_result result = try_file(ld, path, found, code);
	tell(ld, path, found, result, *code);
	if (result == OPEN_OK)
		found->path = heap_text(path);
	return result;
}

/* The search has ended when a file was opened or is broken. */
static bool ended(enum open_result now, bool *other_class)
{
	*other_class |= now == OPEN_OTHER_CLASS;
	return now == OPEN_OK || now == OPEN_BROKEN;
}

/* Whose word is followed from here on; `origin`: the same as LA_SER_ of <link.h>, for auditors. */
static void said_by(struct found *found, const char *what, const char *where, unsigned origin)
{
	found->what = what;
	found->where = where;
	found->origin = origin;
}

/* RPATHs: of the requester, of who needed that, and so on; then of the program. Not when there is a RUNPATH. */
static enum open_result try_rpaths(struct loader *ld, const char *name, struct object *requester, unsigned flags,
				   struct found *found, int *code, bool *other_class)
{
	enum open_result now = OPEN_ABSENT;
	bool did_program = false;
	for (struct object *object = requester; object; object = object->requester) {
		struct search_dir **dirs = search_rpath(ld, object);
		said_by(found, "RPATH", object_display_name(object), LA_SER_RUNPATH);
		if (dirs && ended(now = try_directories(ld, dirs, name, flags, found, code), other_class))
			return now;
		did_program |= object == ld->program;
	}
	said_by(found, "RPATH", ld->program ? object_display_name(ld->program) : NULL, LA_SER_RUNPATH);
	if (!did_program && ld->program)
		now = try_directories(ld, search_rpath(ld, ld->program), name, flags, found, code);
	return now;
}

static enum open_result search_everywhere(struct loader *ld, const char *name, struct object *requester, unsigned flags,
					  struct found *found, int *code)
{
	bool other_class = false;
	enum open_result now = OPEN_ABSENT;
	*code = 0;
	if (!requester || !requester->runpath)
		now = try_rpaths(ld, name, requester, flags, found, code, &other_class);
	if (!ended(now, &other_class)) {
		said_by(found, ld->options.library_path_source, NULL, LA_SER_LIBPATH);
		now = try_directories(ld, ld->library_path, name, flags, found, code);
	}
	if (!ended(now, &other_class) && requester) {
		said_by(found, "RUNPATH", object_display_name(requester), LA_SER_RUNPATH);
		now = try_directories(ld, search_runpath(ld, requester), name, flags, found, code);
	}
	if (!ended(now, &other_class) && !(ld->secure && flags & SEARCH_SECURE) && !ld->options.inhibit_cache) {
		said_by(found, "ld.so.cache", NULL, LA_SER_CONFIG);
		now = try_cache(ld, name, requester, found, code);
	}
	if (!ended(now, &other_class) && !(requester && requester->flags_1 & DF_1_NODEFLIB)) {
		said_by(found, "system search path", NULL, LA_SER_DEFAULT);
		now = try_directories(ld, ld->system_path, name, flags, found, code);
	}
	if (ended(now, &other_class))
		return now;
	return other_class ? OPEN_OTHER_CLASS : OPEN_ABSENT;
}

enum open_result search_file(struct loader *ld, const char *name, struct object *requester, unsigned flags,
			     struct found *found, int *code)
{
	found->requester = requester;
	said_by(found, NULL, NULL, LA_SER_ORIG);
	if (ld->watcher)
		ld->watcher->begin(ld->watcher->context, name, requester);
	if (!index(name, '/')) {
		if (debugging(ld, DEBUG_LIBS))
			debug_print(ld, "find library=%s [0]; searching\n", name);
		enum open_result result = search_everywhere(ld, name, requester, flags, found, code);
		if (debugging(ld, DEBUG_LIBS))
			debug_print(ld, "\n");
		return result;
	}
	found->path = requester ? tokens_expand(ld, requester, name) : heap_text(name);
	*code = ENOENT;
	enum open_result result = found->path ? image_open(ld, found->path, &found->opened, code) : OPEN_ABSENT;
	if (found->path)
		tell(ld, found->path, found, result, *code);
	if (result != OPEN_OK)
		heap_free(found->path);
	return result;
}
