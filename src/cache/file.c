#include "cache/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ld/version.h"
#include "ldso/cache_file.h"

enum { LARGEST_CACHE = 256 << 20 };

/* --- reading */

/* Is it text that names something? */
static bool is_name(const char *text)
{
	return text && strnlen(text, PATH_MAX) < PATH_MAX;
}

static const char *parse(struct cache_contents *contents)
{
	struct cache_file file;
	const char *what = cache_file_read(&file, contents->data, contents->size);
	if (what)
		return what;
	for (uint32_t i = 0; i < file.nentries; i++) {
		const struct cache_entry *from = &file.entries[i];
		struct entry entry = {.name = cache_file_string(&file, from->name),
				      .path = cache_file_string(&file, from->path), .flags = from->flags};
		if (cache_entry_is_extension(from)) {
			entry.hwcaps = cache_file_hwcaps(&file, from);
			entry.isa_level = (uint32_t)((from->hwcap & CACHE_HWCAP_ISA_MASK) >> CACHE_HWCAP_ISA_SHIFT);
		} else {
			entry.hwcap = from->hwcap;
		}
		if (!is_name(entry.name) || !is_name(entry.path) ||
		    (cache_entry_is_extension(from) && !is_name(entry.hwcaps)))
			contents->nbroken++;
		else
			*array_push(&contents->entries) = entry;
	}
	uint32_t size;
	const void *generator = cache_file_section(&file, CACHE_TAG_GENERATOR, &size);
	if (generator)
		contents->generator = (struct bytes){generator, size};
	return NULL;
}

const char *cache_contents_parse(struct cache_contents *contents, const void *data, size_t size)
{
	*contents = (struct cache_contents){.size = size};
	contents->data = malloc(size ? size : 1);
	if (!contents->data)
		out_of_memory();
	memcpy(contents->data, data, size);
	return parse(contents);
}

const char *cache_contents_read(struct cache_contents *contents, const struct root *root, const char *path)
{
	*contents = (struct cache_contents){.data = NULL};
	int fd = root_file(root, path, O_RDONLY | O_NONBLOCK);
	struct stat stat_of;
	if (fd < 0)
		return strerror(errno);
	const char *what = NULL;
	if (fstat(fd, &stat_of))
		what = strerror(errno);
	else if (!S_ISREG(stat_of.st_mode))
		what = "not a regular file";
	else if (stat_of.st_size > LARGEST_CACHE)
		what = "too large for a cache";
	if (!what) {
		contents->size = (size_t)stat_of.st_size;
		contents->data = malloc(contents->size + 1);
		if (!contents->data)
			out_of_memory();
		if (pread(fd, contents->data, contents->size, 0) != (ssize_t)contents->size)
			what = "cannot be read";
	}
	close(fd);
	return what ? what : parse(contents);
}

void cache_contents_free(struct cache_contents *contents)
{
	array_free(&contents->entries);
	free(contents->data);
	contents->data = NULL;
}

/* --- putting one together */

typedef ARRAY(char) text_array;

static uint32_t put(text_array *to, const void *data, size_t size)
{
	uint32_t at = to->n;
	to->at = array_reserve(to->at, to->n, &to->cap, 1, (uint32_t)size);
	if (size)
		memcpy(to->at + to->n, data, size);
	to->n += (uint32_t)size;
	return at;
}

/* Offsets in the string table. A name that is the end of its path is a part of it. */
static uint32_t put_name(text_array *strings, const struct entry *entry, uint32_t path)
{
	size_t name = strlen(entry->name), whole = strlen(entry->path);
	if (name <= whole && strcmp(entry->path + whole - name, entry->name) == 0)
		return path + (uint32_t)(whole - name);
	return put(strings, entry->name, name + 1);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

typedef ARRAY(const char *) name_array;

/* The names of glibc-hwcaps subdirectories, sorted, each once. */
static void collect_hwcaps(name_array *names, const entry_array *entries)
{
	for (uint32_t i = 0; i < entries->n; i++)
		if (entries->at[i].hwcaps)
			*array_push(names) = entries->at[i].hwcaps;
	if (!names->n)
		return;
	qsort(names->at, names->n, sizeof(*names->at), compare_texts);
	uint32_t n = 1;
	for (uint32_t i = 1; i < names->n; i++)
		if (strcmp(names->at[i], names->at[n - 1]) != 0)
			names->at[n++] = names->at[i];
	names->n = n;
}

static uint64_t hwcap_of(const struct entry *entry, const name_array *names)
{
	if (!entry->hwcaps)
		return entry->hwcap;
	const char *const *at = bsearch(&entry->hwcaps, names->at, names->n, sizeof(*names->at), compare_texts);
	return CACHE_HWCAP_EXTENSION | (uint64_t)entry->isa_level << CACHE_HWCAP_ISA_SHIFT |
	       (uint64_t)(at - (const char *const *)names->at);
}

static void pad(text_array *to)
{
	while (to->n % 4)
		put(to, "", 1);
}

/* The directory of extensions: who wrote the file, and the names that entries refer to by number. */
static void put_extensions(text_array *file, const name_array *names, const uint32_t *offsets)
{
	static const char generator[] = "gild cache (gild " GILD_VERSION ")";
	uint32_t count = names->n ? 2 : 1;
	uint32_t head[2] = {CACHE_EXTENSION_MAGIC, count};
	uint32_t behind = file->n + (uint32_t)(sizeof(head) + count * sizeof(struct cache_section));
	uint32_t size = names->n * (uint32_t)sizeof(*offsets);
	struct cache_section sections[2] = {
		{.tag = CACHE_TAG_GENERATOR, .offset = behind + size, .size = sizeof(generator) - 1},
		{.tag = CACHE_TAG_HWCAPS, .offset = behind, .size = size},
	};
	put(file, head, sizeof(head));
	put(file, sections, count * sizeof(*sections));
	put(file, offsets, size);
	put(file, generator, sizeof(generator) - 1);
}

static void make_file(text_array *file, const entry_array *entries)
{
	name_array names = {0};
	text_array strings = {0};
	collect_hwcaps(&names, entries);
	uint32_t base = (uint32_t)(sizeof(struct cache_header) + entries->n * sizeof(struct cache_entry));
	struct cache_header header = {.magic = CACHE_MAGIC, .nentries = entries->n, .flags = CACHE_LITTLE_ENDIAN};
	put(file, &header, sizeof(header));
	for (uint32_t i = 0; i < entries->n; i++) {
		const struct entry *entry = &entries->at[i];
		uint32_t path = put(&strings, entry->path, strlen(entry->path) + 1);
		struct cache_entry to = {.flags = entry->flags, .path = base + path,
					 .name = base + put_name(&strings, entry, path),
					 .hwcap = hwcap_of(entry, &names)};
		put(file, &to, sizeof(to));
	}
	uint32_t *offsets = calloc(names.n + 1, sizeof(*offsets));
	if (!offsets)
		out_of_memory();
	for (uint32_t i = 0; i < names.n; i++)
		offsets[i] = base + put(&strings, names.at[i], strlen(names.at[i]) + 1);
	put(file, strings.at, strings.n);
	pad(file);
	header.strings_size = strings.n;
	header.extensions = file->n;
	put_extensions(file, &names, offsets);
	memcpy(file->at, &header, sizeof(header));
	free(offsets);
	array_free(&strings);
	array_free(&names);
}

/* --- writing */

static bool write_all(int fd, const char *from, size_t size)
{
	while (size) {
		ssize_t done = write(fd, from, size);
		if (done < 0 && errno != EINTR)
			return false;
		if (done > 0) {
			from += done;
			size -= (size_t)done;
		}
	}
	return true;
}

/* The folder of the file is opened once, so that the new file and the old name are in the same one. */
static bool write_in(int folder, const char *name, const text_array *file)
{
	char temporary[300];
	if ((size_t)snprintf(temporary, sizeof(temporary), ".%s.%ld", name, (long)getpid()) >= sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return false;
	}
	int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	bool good = write_all(fd, file->at, file->n) && !fchmod(fd, 0644) && !fsync(fd);
	int code = errno;
	if (close(fd) && good) {
		good = false;
		code = errno;
	}
	if (good && renameat(folder, temporary, folder, name)) {
		good = false;
		code = errno;
	}
	if (!good)
		unlinkat(folder, temporary, 0);
	errno = code;
	return good;
}

bool cache_write(const struct root *root, const char *path, const entry_array *entries)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char folder[4096];
	size_t length = slash ? (size_t)(slash - path) + 1 : 0;
	if (!*name || length >= sizeof(folder)) {
		errno = *name ? ENAMETOOLONG : EISDIR;
		return false;
	}
	memcpy(folder, path, length);
	folder[length] = 0;
	int fd = root_file(root, length ? folder : ".", O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return false;
	text_array file = {0};
	make_file(&file, entries);
	bool good = write_in(fd, name, &file);
	int code = errno;
	array_free(&file);
	close(fd);
	errno = code;
	return good;
}
