#include "cache/config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cache/library.h"
#include "ldso/cache_file.h"

enum { DEEPEST_INCLUDE = 32, MOST_FILES = 1000 };

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* --- folders */

static struct folder *find_known(const struct folders *folders, const struct stat *stat_of)
{
	for (uint32_t i = 0; i < folders->at.n; i++)
		if (folders->at.at[i].inode == stat_of->st_ino && folders->at.at[i].device == stat_of->st_dev)
			return &folders->at.at[i];
	return NULL;
}

void folders_add_below(struct folders *folders, struct folder folder)
{
	struct stat stat_of;
	if (root_stat(folders->root, folder.path, &stat_of) || !S_ISDIR(stat_of.st_mode))
		return;
	struct folder *known = find_known(folders, &stat_of);
	if (known) {
		known->type = folder.type; /* the place is that of the first word, the type that of the last */
		return;
	}
	folder.device = stat_of.st_dev;
	folder.inode = stat_of.st_ino;
	*array_push(&folders->at) = folder;
}

/* The names of glibc-hwcaps subdirectories. A name with a colon could not be looked up. */
static void add_hwcaps(struct folders *folders, struct folder folder)
{
	const char *path = arena_printf(folders->arena, "%s/glibc-hwcaps", folder.path);
	int fd = root_file(folders->root, path, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return;
	ARRAY(const char *) names = {0};
	for (const struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.' && entry->d_type != DT_REG && !strchr(entry->d_name, ':'))
			*array_push(&names) = arena_strndup(folders->arena, entry->d_name, strlen(entry->d_name));
	closedir(dir);
	if (names.n)
		qsort(names.at, names.n, sizeof(*names.at), compare_names);
	for (uint32_t i = 0; i < names.n; i++) {
		folder.hwcaps = names.at[i];
		folder.path = arena_printf(folders->arena, "%s/%s", path, names.at[i]);
		folders_add_below(folders, folder);
	}
	array_free(&names);
}

/* "DIR=libc6": the kind of libraries that say nothing about it themselves. */
static int32_t take_type(const struct folders *folders, char *path)
{
	char *type = strchr(path, '=');
	if (!type)
		return 0;
	*type++ = 0;
	if (strcmp(type, "libc6") == 0 || strcmp(type, "glibc2") == 0)
		return CACHE_FLAGS_LIBC6;
	fprintf(stderr, "%s: %s: unknown type of libraries\n", folders->command, type);
	return 0;
}

void folders_add(struct folders *folders, const char *path, const char *from, unsigned line)
{
	char *clean = arena_strndup(folders->arena, path, strlen(path));
	int32_t type = take_type(folders, clean);
	size_t length = strlen(clean);
	while (length && (isspace((unsigned char)clean[length - 1]) || clean[length - 1] == '/'))
		clean[--length] = 0;
	if (!length)
		return;
	struct folder folder = {.path = clean, .from = from, .line = line, .type = type};
	uint32_t before = folders->at.n;
	errno = 0;
	folders_add_below(folders, folder);
	if (folders->at.n != before)
		add_hwcaps(folders, folder);
	else if (folders->verbose)
		fprintf(stderr, "%s: %s (%s:%u): %s\n", folders->command, clean, from, line,
			errno ? strerror(errno) : "named before, or not a folder");
}

/* --- files of configuration */

static void refuse_file(struct folders *folders, const char *path, const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", folders->command, path, what);
	folders->failed = true;
}

/* Reads all files that fit a pattern: `done` is the part of it that has no wildcard, or where they stand for something.
 * As glob(3), but in the root. */
static void include_all(struct folders *folders, const char *done, const char *pattern)
{
	struct arena *arena = folders->arena;
	size_t length = strcspn(pattern, "/");
	bool is_last = !pattern[length];
	const char *part = arena_strndup(arena, pattern, length), *rest = pattern + length + !is_last;
	if (!strpbrk(part, "*?[\\")) {
		const char *path = arena_printf(arena, "%s%s%s", done, part, is_last ? "" : "/");
		struct stat stat_of;
		if (!is_last)
			include_all(folders, path, rest);
		else if (!root_stat(folders->root, path, &stat_of))
			folders_read(folders, path);
		return;
	}
	int fd = root_file(folders->root, *done ? done : ".", O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return;
	ARRAY(const char *) names = {0};
	for (const struct dirent *entry; (entry = readdir(dir));)
		if (fnmatch(part, entry->d_name, FNM_PERIOD) == 0)
			*array_push(&names) = arena_strndup(arena, entry->d_name, strlen(entry->d_name));
	closedir(dir);
	if (names.n)
		qsort(names.at, names.n, sizeof(*names.at), compare_names);
	for (uint32_t i = 0; i < names.n; i++) {
		const char *path = arena_printf(arena, "%s%s%s", done, names.at[i], is_last ? "" : "/");
		if (is_last)
			folders_read(folders, path);
		else
			include_all(folders, path, rest);
	}
	array_free(&names);
}

/* The patterns of an include line; relative ones begin where the file is. */
static void include(struct folders *folders, const char *file, char *patterns)
{
	const char *slash = strrchr(file, '/');
	for (char *pattern; (pattern = strsep(&patterns, " \t"));) {
		if (!*pattern)
			continue;
		bool relative = *pattern != '/' && slash;
		int length = relative ? (int)(slash - file) + 1 : 0;
		if ((size_t)length + strlen(pattern) >= PATH_MAX) {
			refuse_file(folders, file, "the name of an included file is too long");
			continue;
		}
		include_all(folders, "", arena_printf(folders->arena, "%.*s%s", length, file, pattern));
	}
}

static void read_line(struct folders *folders, const char *file, unsigned number, char *line)
{
	line[strcspn(line, "#\n")] = 0;
	while (isspace((unsigned char)*line))
		line++;
	if (!*line)
		return;
	if (strncmp(line, "include", 7) == 0 && isblank((unsigned char)line[7]))
		include(folders, file, line + 8);
	else if (strncasecmp(line, "hwcap", 5) == 0 && isblank((unsigned char)line[5]))
		fprintf(stderr, "%s: %s:%u: hwcap lines have no effect\n", folders->command, file, number);
	else
		folders_add(folders, line, file, number);
}

/* What the command line names by a descriptor, `-f <(command)` or `-f /dev/stdin`, may be a pipe. */
static bool is_descriptor(const struct folders *folders, const char *path)
{
	return folders->depth == 0 && folders->root->fd < 0 &&
	       (strcmp(path, "/dev/stdin") == 0 || strncmp(path, "/dev/fd/", 8) == 0 ||
		strncmp(path, "/proc/self/fd/", 14) == 0);
}

/* Opens a file of configuration; a FIFO is not waited for. NULL: it was refused, or does not exist. */
static FILE *open_file(struct folders *folders, const char *path)
{
	bool may_wait = is_descriptor(folders, path);
	int fd = root_file(folders->root, path, O_RDONLY | (may_wait ? 0 : O_NONBLOCK));
	struct stat stat_of;
	if (fd < 0) {
		if (errno != ENOENT)
			refuse_file(folders, path, strerror(errno));
		return NULL;
	}
	bool known = fstat(fd, &stat_of) == 0;
	bool is_null = known && S_ISCHR(stat_of.st_mode) && stat_of.st_rdev == makedev(1, 3); /* /dev/null: empty */
	if (known && !S_ISREG(stat_of.st_mode) && !is_null && (!may_wait || S_ISDIR(stat_of.st_mode))) {
		close(fd);
		refuse_file(folders, path, S_ISDIR(stat_of.st_mode) ? strerror(EISDIR) : "not a regular file");
		return NULL;
	}
	FILE *from = known ? fdopen(fd, "r") : NULL;
	if (!from) {
		refuse_file(folders, path, strerror(errno));
		close(fd);
	}
	return from;
}

void folders_read(struct folders *folders, const char *path)
{
	if (folders->full)
		return;
	if (folders->depth == DEEPEST_INCLUDE || folders->n_files == MOST_FILES) {
		refuse_file(folders, path,
			    folders->depth == DEEPEST_INCLUDE ? "includes itself" : "too many files are included");
		folders->full = true;
		return;
	}
	FILE *from = open_file(folders, path);
	if (!from)
		return;
	folders->n_files++;
	folders->depth++;
	char *line = NULL;
	size_t room = 0;
	for (unsigned number = 1; !folders->full && getline(&line, &room, from) >= 0; number++)
		read_line(folders, path, number, line);
	if (ferror(from))
		refuse_file(folders, path, "cannot be read");
	free(line);
	fclose(from);
	folders->depth--;
}
