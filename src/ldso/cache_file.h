/* The file ld.so.cache as ldconfig writes it, format "glibc-ld.so.cache1.1": a header, entries sorted backwards by
 * name, a string table, and an optional directory of extensions. Offsets of strings count from the start of the header.
 * Older systems put all of it behind a cache of an older format ("ld.so-1.7.0").
 *
 * The file is untrusted input: every offset is checked. Nothing here has state. */
#ifndef GILD_LDSO_CACHE_FILE_H
#define GILD_LDSO_CACHE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CACHE_MAGIC "glibc-ld.so.cache1.1"
#define CACHE_OLD_MAGIC "ld.so-1.7.0"

struct cache_header {
	char magic[20];
	uint32_t nentries;
	uint32_t strings_size;
	uint8_t flags; /* low two bits: byte order; 0 unknown, 2 little, 3 big */
	uint8_t unused[3];
	uint32_t extensions; /* offset of a struct cache_extensions, 0: none */
	uint32_t unused2[3];
};

struct cache_entry {
	int32_t flags;       /* CACHE_FLAGS_*: for which processors */
	uint32_t name, path; /* offsets of strings */
	uint32_t os_version;
	uint64_t hwcap; /* or, with CACHE_HWCAP_EXTENSION, an index into the names of glibc-hwcaps subdirectories */
};

struct cache_section {
	uint32_t tag, flags, offset, size;
};

struct cache_extensions {
	uint32_t magic, count;
	struct cache_section sections[];
};

/* A cache of the older format that may come first. */
struct cache_old_header {
	char magic[11], unused;
	uint32_t nentries;
};

#define CACHE_EXTENSION_MAGIC UINT32_C(0xeaa42174)

enum {
	CACHE_LITTLE_ENDIAN = 2,
	CACHE_OLD_ENTRY = 12, /* bytes */
	CACHE_TAG_GENERATOR = 0, /* who wrote the file, not NUL-terminated */
	CACHE_TAG_HWCAPS = 1,    /* offsets of names */

	CACHE_TYPE_MASK = 0x00ff,
	CACHE_MACHINE_MASK = 0xff00,
	CACHE_FLAGS_LIBC6 = 0x0003, /* i386 */
	CACHE_FLAGS_X86_64 = 0x0303,
	CACHE_FLAGS_X32 = 0x0803,
};

#define CACHE_HWCAP_EXTENSION (UINT64_C(1) << 62)
#define CACHE_HWCAP_ISA_SHIFT 32
#define CACHE_HWCAP_ISA_MASK (((UINT64_C(1) << 10) - 1) << CACHE_HWCAP_ISA_SHIFT)

/* A cache in memory, which somebody else owns. */
struct cache_file {
	const struct cache_header *header;
	const struct cache_entry *entries;
	uint32_t nentries;
	const void *whole;  /* where the file begins: offsets of extensions and their sections count from there */
	size_t size;        /* of the whole file */
	size_t strings_end; /* the byte before it is NUL */
	const uint32_t *hwcaps; /* offsets of the names of glibc-hwcaps subdirectories */
	uint32_t nhwcaps;
};

/* Checks the parts and finds them. `data` is aligned to 8 bytes. Returns NULL or what is wrong, as static text. */
const char *cache_file_read(struct cache_file *file, const void *data, size_t size);

/* The string at an offset, or NULL. */
const char *cache_file_string(const struct cache_file *file, uint32_t offset);

/* The section of extensions with this tag: its bytes, or NULL. */
const void *cache_file_section(const struct cache_file *file, uint32_t tag, uint32_t *size);

/* Is the entry one of a glibc-hwcaps subdirectory? */
static inline bool cache_entry_is_extension(const struct cache_entry *entry)
{
	return (entry->hwcap >> 32 & ~(CACHE_HWCAP_ISA_MASK >> 32)) == CACHE_HWCAP_EXTENSION >> 32;
}

/* The name of that subdirectory ("x86-64-v3"), or NULL. */
const char *cache_file_hwcaps(const struct cache_file *file, const struct cache_entry *entry);

/* The order of names: numbers inside of them compare as numbers and come after other characters. */
int cache_compare(const char *a, const char *b);

#endif
