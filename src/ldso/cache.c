/* Reading /etc/ld.so.cache, the index that ldconfig makes: names sorted, with the path of each (format
 * "glibc-ld.so.cache1.1": a header, entries, an optional extension directory, and a string table that offsets from the
 * start of the header point into). The file is untrusted input: every offset is checked. */
#include <fcntl.h>
#include <sys/mman.h>

#include "ldso/search.h"
#include "ldso/sys.h"
#include "ldso/text.h"

struct cache_header {
	char magic[20]; /* "glibc-ld.so.cache1.1" */
	uint32_t nentries;
	uint32_t strings_size;
	uint8_t flags; /* low two bits: byte order; 0 unknown, 2 little */
	uint8_t unused[3];
	uint32_t extensions; /* offset, 0: none */
	uint32_t unused2[3];
};

struct cache_entry {
	int32_t flags;
	uint32_t name, path; /* offsets of strings */
	uint32_t os_version;
	uint64_t hwcap; /* or index into the glibc-hwcaps names, marked by HWCAP_EXTENSION */
};

struct cache_section {
	uint32_t tag, flags, offset, size;
};

enum {
	FLAGS_X86_64_LIBC6 = 0x0303,
	EXTENSION_MAGIC = 0xeaa42174,
	TAG_HWCAPS = 1,
};
#define HWCAP_EXTENSION (UINT64_C(1) << 62)
#define HWCAP_PLATFORM_BITS (UINT64_C(15) << 48)
#define HWCAP_ISA_MASK (((UINT64_C(1) << 10) - 1) << 32)

/* The mapped file; static because it is a mere copy of what is on disk, open during one load. */
static const uint8_t *cache;
static size_t cache_size, strings_end;
static bool cache_absent;

static bool open_cache(void)
{
	static const char magic[] = "glibc-ld.so.cache1.1";
	int fd = sys_open(PATH_CACHE, O_RDONLY | O_CLOEXEC, 0);
	if (sys_failed(fd))
		return false;
	struct stat stat;
	long at = -1;
	if (!sys_fstat(fd, &stat) && stat.st_size > (int64_t)sizeof(struct cache_header))
		at = sys_mmap(0, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	sys_close(fd);
	if (sys_failed(at))
		return false;
	cache = (const uint8_t *)at;
	cache_size = (size_t)stat.st_size;
	const struct cache_header *header = (const void *)cache;
	unsigned order = header->flags & 3;
	strings_end = sizeof(*header) + header->nentries * sizeof(struct cache_entry) + header->strings_size;
	if (memcmp(header->magic, magic, sizeof(header->magic)) == 0 && (order == 0 || order == 2) &&
	    strings_end <= cache_size && header->strings_size && cache[strings_end - 1] == 0)
		return true;
	cache_close();
	return false;
}

void cache_close(void)
{
	if (cache)
		sys_munmap((uint64_t)cache, cache_size);
	cache = NULL;
}

/* The string at an offset. The last byte of the string table is NUL, so every string ends inside. */
static const char *string_at(uint32_t offset)
{
	return offset < strings_end ? (const char *)cache + offset : NULL;
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The order of the file: numbers inside of names compare as numbers and come after other characters. */
static int compare(const char *a, const char *b)
{
	while (*a) {
		if (digit(*a) && digit(*b)) {
			int x = 0, y = 0;
			while (digit(*a))
				x = (int)((unsigned)x * 10 + (unsigned)(*a++ - '0'));
			while (digit(*b))
				y = (int)((unsigned)y * 10 + (unsigned)(*b++ - '0'));
			if (x != y)
				return x < y ? -1 : 1;
		} else if (digit(*a)) {
			return 1;
		} else if (digit(*b)) {
			return -1;
		} else if (*a != *b) {
			return *a - *b;
		} else {
			a++, b++;
		}
	}
	return *a - *b;
}

/* The place of a named subdirectory in ld->hwcaps plus 1, 0: not for this processor. */
static uint32_t hwcap_priority(const struct loader *ld, uint64_t hwcap)
{
	const struct cache_header *header = (const void *)cache;
	uint32_t number = (uint32_t)hwcap, at = header->extensions;
	if (!at || at % 4 || cache_size < 8 || at > cache_size - 8)
		return 0;
	const uint32_t *directory = (const void *)(cache + at);
	if (directory[0] != EXTENSION_MAGIC || directory[1] > (cache_size - at - 8) / sizeof(struct cache_section))
		return 0;
	const struct cache_section *section = (const void *)(directory + 2);
	for (uint32_t i = 0; i < directory[1]; i++, section++) {
		if (section->tag != TAG_HWCAPS || section->offset % 4 || section->offset > cache_size ||
		    section->size > cache_size - section->offset || number >= section->size / 4)
			continue;
		const char *name = string_at(((const uint32_t *)(const void *)(cache + section->offset))[number]);
		size_t length = name ? strlen(name) : 0;
		for (uint32_t j = 0; name && j + 1 < ld->nhwcaps; j++) {
			const char *mine = ld->hwcaps[j] + sizeof("glibc-hwcaps/") - 1;
			if (text_begins(mine, name) && mine[length] == '/' && !mine[length + 1])
				return j + 1;
		}
	}
	return 0;
}

const char *cache_lookup(struct loader *ld, const char *name)
{
	if (debugging(ld, DEBUG_LIBS))
		debug_print(ld, " search cache=%s\n", PATH_CACHE);
	if (cache_absent || (!cache && !open_cache())) {
		cache_absent = true;
		return NULL;
	}
	const struct cache_header *header = (const void *)cache;
	const struct cache_entry *entries = (const void *)(header + 1);

	/* The file is sorted backwards: the greatest name comes first. Find the first entry of the name. */
	uint32_t low = 0, high = header->nentries;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const char *key = string_at(entries[middle].name);
		if (!key)
			return NULL;
		if (compare(name, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	const char *best = NULL;
	uint32_t best_priority = UINT32_MAX;
	for (uint32_t i = low; i < header->nentries; i++) {
		const struct cache_entry *entry = &entries[i];
		const char *key = string_at(entry->name), *path = string_at(entry->path);
		if (!key || compare(name, key) != 0)
			break;
		if (entry->flags != FLAGS_X86_64_LIBC6 || !path)
			continue;
		uint32_t priority = UINT32_MAX - 1;
		if ((entry->hwcap >> 32 & ~(HWCAP_ISA_MASK >> 32)) == HWCAP_EXTENSION >> 32) {
			priority = hwcap_priority(ld, entry->hwcap);
			if (!priority)
				continue;
		} else if (entry->hwcap & HWCAP_PLATFORM_BITS || (entry->hwcap & ~(UINT64_C(1) << 63)) != 0) {
			continue; /* subdirectories of old: tls, haswell */
		}
		if (priority < best_priority) {
			best = path;
			best_priority = priority;
		}
	}
	if (best && debugging(ld, DEBUG_LIBS))
		debug_print(ld, "  trying file=%s\n", best);
	return best;
}
