#include "cache/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/library.h"
#include "ldso/cache_file.h"

/* Subdirectories that glibc before 2.37 searched, by bits of the processor: the bit is also in the entry. */
static const struct old_folder {
	const char *name;
	unsigned bit;
	bool entered; /* ldconfig goes into it by itself */
} old_folders[] = {
	{"tls", 63, true},   {"xeon_phi", 51, true}, {"haswell", 50, true},  {"i686", 49, true},
	{"i586", 48, true},  {"avx512_1", 2, true},  {"x86_64", 1, true},    {"sse2", 0, false},
};

static const struct old_folder *find_old_folder(const char *name, size_t length)
{
	for (size_t i = 0; i < COUNTOF(old_folders); i++)
		if (strlen(old_folders[i].name) == length && strncmp(old_folders[i].name, name, length) == 0)
			return &old_folders[i];
	return NULL;
}

/* The bits of all such names at the end of a path. */
static uint64_t old_hwcap(const char *path)
{
	uint64_t bits = 0;
	size_t end = strlen(path);
	for (;;) {
		size_t begin = end;
		while (begin && path[begin - 1] != '/')
			begin--;
		const struct old_folder *old = find_old_folder(path + begin, end - begin);
		if (!begin || !old)
			return bits;
		bits += UINT64_C(1) << old->bit;
		end = begin - 1;
	}
}

/* --- one file */

/* The best file of a soname in a folder. */
struct candidate {
	const char *file, *soname;
	bool is_link; /* by the name of its soname, or of the library's development link */
	struct library library;
};

typedef ARRAY(struct candidate) candidate_array;

struct walk {
	struct folders *folders;
	struct folder folder;
	enum scan_links links;
	int fd; /* of the folder */
	candidate_array found;
};

static bool begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool looks_like_library(const char *name)
{
	return ((begins(name, "lib") || begins(name, "ld-")) && strstr(name, ".so")) || begins(name, "ld.so.") ||
	       begins(name, "ld64.so.");
}

/* Files that prelink leaves for a moment. */
static bool is_temporary(const char *name)
{
	static const char mark[] = ".#prelink#";
	size_t length = strlen(name), n = sizeof(mark) - 1;
	return (length >= n && strcmp(name + length - n, mark) == 0) ||
	       (length >= n + 7 && strncmp(name + length - n - 7, ".#prelink#.", n + 1) == 0);
}

static void complain(const struct walk *walk, const char *name, const char *what)
{
	fprintf(stderr, "%s: %s/%s: %s\n", walk->folders->command, walk->folder.path, name, what);
}

/* A link counts as one when its name is the soname, or the soname's beginning up to ".so"; another is as good as the
 * file it leads to. */
static bool stays_link(const char *name, const char *soname)
{
	size_t length = strlen(name);
	if (strcmp(name, soname) == 0)
		return true;
	return length >= 3 && strcmp(name + length - 3, ".so") == 0 && strncmp(name, soname, length) == 0;
}

/* Files are better than links, then the later name is the newer library. */
static void add_candidate(struct walk *walk, const struct candidate *candidate)
{
	for (uint32_t i = 0; i < walk->found.n; i++) {
		struct candidate *other = &walk->found.at[i];
		if (strcmp(other->soname, candidate->soname) != 0)
			continue;
		bool better = candidate->is_link == other->is_link ?
				      cache_compare(other->file, candidate->file) < 0 :
				      other->is_link;
		if (!better)
			return;
		if (other->library.flags != candidate->library.flags)
			complain(walk, candidate->file, "has the soname of a library of another type in this folder");
		/* The type of the first one stays. */
		int32_t flags = other->library.flags;
		*other = *candidate;
		other->library.flags = flags;
		return;
	}
	*array_push(&walk->found) = *candidate;
}

static void look_at_file(struct walk *walk, const char *name, bool is_link)
{
	struct arena *arena = walk->folders->arena;
	const char *path = arena_printf(arena, "%s/%s", walk->folder.path, name);
	int fd = root_file(walk->folders->root, path, O_RDONLY | O_NONBLOCK);
	if (fd < 0) {
		complain(walk, name, strerror(errno));
		return;
	}
	struct candidate candidate = {.file = arena_strndup(arena, name, strlen(name)), .is_link = is_link};
	const char *what = library_read(&candidate.library, arena, fd);
	close(fd);
	if (what) {
		bool foreign = strcmp(what, "for another machine") == 0;
		if (*what && (!foreign || walk->folders->verbose))
			complain(walk, name, what);
		return;
	}
	candidate.soname = candidate.library.soname ? candidate.library.soname : candidate.file;
	candidate.is_link = is_link && stays_link(name, candidate.soname);
	if (candidate.is_link)
		candidate.soname = candidate.file;
	if (candidate.library.flags == CACHE_FLAGS_ELF && walk->folder.type)
		candidate.library.flags = walk->folder.type;
	add_candidate(walk, &candidate);
}

static void look_at(struct walk *walk, const char *name, unsigned char type)
{
	const struct old_folder *old = find_old_folder(name, strlen(name));
	bool is_old_folder = !walk->folder.hwcaps && old && old->entered;
	struct stat stat_of;
	if (type == DT_UNKNOWN && !fstatat(walk->fd, name, &stat_of, AT_SYMLINK_NOFOLLOW))
		type = (unsigned char)IFTODT(stat_of.st_mode);
	bool is_link = type == DT_LNK;
	if (type != DT_LNK && type != DT_REG && type != DT_DIR)
		return;
	if (!looks_like_library(name) && (type == DT_REG || (!walk->folder.hwcaps && !is_old_folder)))
		return;
	if (is_temporary(name))
		return;
	const char *path = arena_printf(walk->folders->arena, "%s/%s", walk->folder.path, name);
	if (is_link && root_stat(walk->folders->root, path, &stat_of)) {
		if (walk->folders->verbose)
			complain(walk, name, "a link that leads nowhere");
		if (walk->links == LINKS_MAKE && strstr(name, ".so.") && unlinkat(walk->fd, name, 0))
			complain(walk, name, strerror(errno));
		return;
	}
	bool is_folder = type == DT_DIR || (is_link && S_ISDIR(stat_of.st_mode));
	if (is_folder && is_old_folder) {
		struct folder below = walk->folder;
		below.path = path;
		folders_add_below(walk->folders, below);
	} else if (!is_folder) {
		look_at_file(walk, name, is_link);
	}
}

/* --- links */

/* The name that programs ask for leads to the file. The dynamic linker's own name is never changed. */
static void make_link(struct walk *walk, const struct candidate *candidate)
{
	struct arena *arena = walk->folders->arena;
	const struct root *root = walk->folders->root;
	const char *soname = candidate->soname, *file = candidate->file;
	struct stat library, now;
	bool there = !root_stat(root, arena_printf(arena, "%s/%s", walk->folder.path, soname), &now);
	bool good = there && !root_stat(root, arena_printf(arena, "%s/%s", walk->folder.path, file), &library) &&
		    library.st_dev == now.st_dev && library.st_ino == now.st_ino;
	if (good || begins(soname, "ld-linux"))
		return;
	if (walk->links != LINKS_MAKE) {
		if (walk->folders->verbose)
			complain(walk, soname, there ? "leads to another file" : "does not exist (--links makes it)");
		return;
	}
	if (strchr(soname, '/')) {
		complain(walk, file, "its soname is a path: no link is made");
		return;
	}
	bool exists = !fstatat(walk->fd, soname, &now, AT_SYMLINK_NOFOLLOW);
	if (exists && !S_ISLNK(now.st_mode))
		complain(walk, soname, "is no symbolic link");
	else if ((exists && unlinkat(walk->fd, soname, 0)) || symlinkat(file, walk->fd, soname))
		complain(walk, soname, strerror(errno));
	else if (walk->folders->verbose)
		printf("%s/%s -> %s\n", walk->folder.path, soname, file);
}

/* --- folders */

struct name {
	const char *text;
	unsigned char type; /* DT_* */
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

/* Names in alphabetical order: the result does not depend on the file system. */
static void look_into(struct walk *walk, DIR *dir)
{
	ARRAY(struct name) names = {0};
	for (const struct dirent *entry; (entry = readdir(dir));) {
		const char *text = arena_strndup(walk->folders->arena, entry->d_name, strlen(entry->d_name));
		*array_push(&names) = (struct name){text, entry->d_type};
	}
	if (names.n)
		qsort(names.at, names.n, sizeof(*names.at), compare_names);
	for (uint32_t i = 0; i < names.n; i++)
		look_at(walk, names.at[i].text, names.at[i].type);
	array_free(&names);
}

static void add_entries(struct walk *walk, entry_array *entries)
{
	struct arena *arena = walk->folders->arena;
	const struct folder *folder = &walk->folder;
	for (uint32_t i = 0; i < walk->found.n; i++) {
		const struct candidate *candidate = &walk->found.at[i];
		if (!folder->hwcaps && !candidate->is_link)
			make_link(walk, candidate);
		/* Of usual folders the soname's link counts, so that a new file behind it needs no new cache. */
		const char *file = folder->hwcaps ? candidate->file : candidate->soname;
		*array_push(entries) = (struct entry){
			.name = candidate->soname,
			.path = arena_printf(arena, "%s/%s", folder->path, file),
			.flags = candidate->library.flags,
			.hwcaps = folder->hwcaps,
			.isa_level = folder->hwcaps ? candidate->library.isa_level : 0,
			.hwcap = folder->hwcaps ? 0 : old_hwcap(folder->path),
			.from = folder->from,
			.line = folder->line,
		};
	}
}

static void scan_folder(struct folders *folders, struct folder folder, enum scan_links links, entry_array *entries)
{
	struct walk walk = {.folders = folders, .folder = folder, .links = links};
	walk.fd = root_file(folders->root, folder.path, O_RDONLY | O_DIRECTORY);
	int copy = walk.fd < 0 ? -1 : dup(walk.fd);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	if (dir) {
		look_into(&walk, dir);
		add_entries(&walk, entries);
		closedir(dir);
	} else {
		fprintf(stderr, "%s: %s: %s\n", folders->command, folder.path, strerror(errno));
	}
	if (walk.fd >= 0)
		close(walk.fd);
	array_free(&walk.found);
}

/* --- the order of a cache */

static int descending(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

int entry_compare(const struct entry *a, const struct entry *b)
{
	int order = cache_compare(b->name, a->name);
	if (!order && a->flags != b->flags)
		order = a->flags < b->flags ? 1 : -1;
	if (!order && !a->hwcaps != !b->hwcaps)
		order = a->hwcaps ? -1 : 1;
	if (!order && a->hwcaps)
		order = strcmp(a->hwcaps, b->hwcaps);
	if (!order)
		order = descending((uint64_t)__builtin_popcountll(a->hwcap), (uint64_t)__builtin_popcountll(b->hwcap));
	return order ? order : descending(a->hwcap, b->hwcap);
}

/* Merge sort: entries that only differ in their path keep the order of the folders. */
static void sort_entries(struct entry *at, struct entry *spare, uint32_t n)
{
	if (n < 2)
		return;
	uint32_t half = n / 2, left = 0, right = half;
	sort_entries(at, spare, half);
	sort_entries(at + half, spare, n - half);
	memcpy(spare, at, n * sizeof(*at));
	for (uint32_t i = 0; i < n; i++) {
		bool from_left = left < half && (right == n || entry_compare(&spare[left], &spare[right]) <= 0);
		at[i] = spare[from_left ? left++ : right++];
	}
}

void scan(struct folders *folders, enum scan_links links, entry_array *entries)
{
	for (uint32_t i = 0; i < folders->at.n; i++) /* it grows */
		scan_folder(folders, folders->at.at[i], links, entries);
	struct entry *spare = entries->n ? malloc(entries->n * sizeof(*spare)) : NULL;
	if (!entries->n)
		return;
	if (!spare)
		out_of_memory();
	sort_entries(entries->at, spare, entries->n);
	free(spare);
}
