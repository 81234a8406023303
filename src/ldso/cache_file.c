#include "ldso/cache_file.h"

#include "ldso/text.h"

/* Where the header begins: at the start, or behind a cache of the older format. */
static size_t find_header(const void *data, size_t size)
{
	const struct cache_old_header *old = data;
	if (size < sizeof(*old) || memcmp(old->magic, CACHE_OLD_MAGIC, sizeof(old->magic)) != 0)
		return 0;
	uint64_t end = sizeof(*old) + (uint64_t)old->nentries * CACHE_OLD_ENTRY;
	return (end + 7) / 8 * 8;
}

const char *cache_file_read(struct cache_file *file, const void *data, size_t size)
{
	size_t begin = find_header(data, size);
	if (size < sizeof(struct cache_header) || begin > size - sizeof(struct cache_header))
		return begin ? "only a cache of the format before glibc 2.2" : "too short for a cache";
	const struct cache_header *header = (const void *)((const char *)data + begin);
	if (memcmp(header->magic, CACHE_MAGIC, sizeof(header->magic)) != 0)
		return begin ? "only a cache of the format before glibc 2.2" : "not a cache";
	unsigned order = header->flags & 3;
	if (order != 0 && order != CACHE_LITTLE_ENDIAN)
		return "a cache of another byte order";
	file->header = header;
	file->whole = data;
	file->size = size;
	file->nentries = header->nentries;
	file->entries = (const void *)(header + 1);
	uint64_t strings = sizeof(*header) + (uint64_t)header->nentries * sizeof(struct cache_entry);
	uint64_t end = strings + header->strings_size;
	if (end > size - begin)
		return "its entries and strings go beyond its end";
	if (header->nentries && (!header->strings_size || ((const char *)header)[end - 1]))
		return "its strings do not end with a NUL";
	file->strings_end = end;
	uint32_t bytes = 0;
	const void *names = cache_file_section(file, CACHE_TAG_HWCAPS, &bytes);
	file->hwcaps = names;
	file->nhwcaps = names && (uintptr_t)names % 4 == 0 ? bytes / 4 : 0;
	return NULL;
}

/* The last byte of the string table is NUL, so every string ends inside. */
const char *cache_file_string(const struct cache_file *file, uint32_t offset)
{
	return offset < file->strings_end ? (const char *)file->header + offset : NULL;
}

const void *cache_file_section(const struct cache_file *file, uint32_t tag, uint32_t *size)
{
	uint64_t at = file->header->extensions;
	if (!at || at % 4 || at + sizeof(struct cache_extensions) > file->size)
		return NULL;
	const struct cache_extensions *extensions = (const void *)((const char *)file->whole + at);
	uint64_t room = (file->size - at - sizeof(*extensions)) / sizeof(struct cache_section);
	if (extensions->magic != CACHE_EXTENSION_MAGIC || extensions->count > room)
		return NULL;
	for (uint32_t i = 0; i < extensions->count; i++) {
		const struct cache_section *section = &extensions->sections[i];
		if (section->tag != tag || section->offset > file->size || section->size > file->size - section->offset)
			continue;
		*size = section->size;
		return (const char *)file->whole + section->offset;
	}
	return NULL;
}

const char *cache_file_hwcaps(const struct cache_file *file, const struct cache_entry *entry)
{
	uint32_t number = (uint32_t)entry->hwcap;
	return number < file->nhwcaps ? cache_file_string(file, file->hwcaps[number]) : NULL;
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

int cache_compare(const char *a, const char *b)
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
