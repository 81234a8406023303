/* Looking up names in /etc/ld.so.cache, the index that ldconfig makes (cache_file.h). */
#include <fcntl.h>
#include <sys/mman.h>

#include "ldso/cache_file.h"
#include "ldso/search.h"
#include "ldso/sys.h"
#include "ldso/text.h"

#define HWCAP_PLATFORM_BITS (UINT64_C(15) << 48)

/* The mapped file; static because it is a mere copy of what is on disk, open during one load. */
static const void *mapped;
static size_t mapped_size;
static struct cache_file cache;
static bool cache_absent;

static bool open_cache(void)
{
	int fd = sys_open(PATH_CACHE, O_RDONLY | O_CLOEXEC, 0);
	if (sys_failed(fd))
		return false;
	struct stat stat;
	long at = -1;
	if (!sys_fstat(fd, &stat) && stat.st_size > 0)
		at = sys_mmap(0, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	sys_close(fd);
	if (sys_failed(at))
		return false;
	mapped = (const void *)at;
	mapped_size = (size_t)stat.st_size;
	if (!cache_file_read(&cache, mapped, mapped_size))
		return true;
	cache_close();
	return false;
}

void cache_close(void)
{
	if (mapped)
		sys_munmap((uint64_t)mapped, mapped_size);
	mapped = NULL;
}

/* The place of a named subdirectory in ld->hwcaps plus 1, 0: not for this processor. */
static uint32_t hwcap_priority(const struct loader *ld, const struct cache_file *file, const struct cache_entry *entry)
{
	const char *name = cache_file_hwcaps(file, entry);
	size_t length = name ? strlen(name) : 0;
	for (uint32_t j = 0; name && j + 1 < ld->nhwcaps; j++) {
		const char *mine = ld->hwcaps[j] + sizeof("glibc-hwcaps/") - 1;
		if (text_begins(mine, name) && mine[length] == '/' && !mine[length + 1])
			return j + 1;
	}
	return 0;
}

const char *cache_find(const struct loader *ld, const struct cache_file *file, const char *name)
{
	/* The file is sorted backwards: the greatest name comes first. Find the first entry of the name. */
	uint32_t low = 0, high = file->nentries;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const char *key = cache_file_string(file, file->entries[middle].name);
		if (!key)
			return NULL;
		if (cache_compare(name, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	const char *best = NULL;
	uint32_t best_priority = UINT32_MAX;
	for (uint32_t i = low; i < file->nentries; i++) {
		const struct cache_entry *entry = &file->entries[i];
		const char *key = cache_file_string(file, entry->name), *path = cache_file_string(file, entry->path);
		if (!key || cache_compare(name, key) != 0)
			break;
		if (entry->flags != CACHE_FLAGS_X86_64 || !path)
			continue;
		uint32_t priority = UINT32_MAX - 1;
		if (cache_entry_is_extension(entry)) {
			priority = hwcap_priority(ld, file, entry);
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
	return best;
}

const char *cache_lookup(struct loader *ld, const char *name)
{
	if (debugging(ld, DEBUG_LIBS))
		debug_print(ld, " search cache=%s\n", PATH_CACHE);
	if (cache_absent || (!mapped && !open_cache())) {
		cache_absent = true;
		return NULL;
	}
	const char *best = cache_find(ld, &cache, name);
	if (best && debugging(ld, DEBUG_LIBS))
		debug_print(ld, "  trying file=%s\n", best);
	return best;
}
