/* Reads the input as ld.so.cache, as gild cache and the loader do: every entry, and a search for each name in it. And as
 * a shared object of which ldconfig wants the soname. */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cache/file.h"
#include "cache/library.h"
#include "inspect/hosted.h"
#include "ldso/cache_file.h"
#include "ldso/search.h"

static void touch_cache(const uint8_t *data, size_t size)
{
	struct cache_contents contents;
	const char *what = cache_contents_parse(&contents, data, size);
	if (what)
		touch_name(what);
	for (uint32_t i = 0; i < contents.entries.n; i++) {
		const struct entry *entry = &contents.entries.at[i];
		touch_name(entry->name);
		touch_name(entry->path);
		if (entry->hwcaps)
			touch_name(entry->hwcaps);
		hold(entry_compare(entry, entry) == 0);
	}
	touch_bytes(contents.generator);
	static const char *levels[] = {"glibc-hwcaps/x86-64-v3/", "glibc-hwcaps/x86-64-v2/", ""};
	const struct loader ld = {.hwcaps = levels, .nhwcaps = COUNTOF(levels)};
	struct cache_file file;
	if (!what && !cache_file_read(&file, contents.data, size))
		for (uint32_t i = 0; i < contents.entries.n && i < 200; i++) {
			const char *path = cache_find(&ld, &file, contents.entries.at[i].name);
			if (path)
				touch_name(path);
		}
	cache_contents_free(&contents);
}

static void touch_library(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
		perror("memfd_create");
		abort();
	}
	struct arena arena = {0};
	struct library library;
	const char *what = library_read(&library, &arena, fd);
	if (what)
		touch_name(what);
	else if (library.soname)
		touch_name(library.soname);
	arena_free(&arena);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	touch_cache(data, size);
	touch_library(data, size);
	return 0;
}
