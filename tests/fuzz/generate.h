/* Valid objects and archives made of decisions: sections of all the kinds that compilers and assemblers write, of
 * x86-64 (RELA) or i386 (REL), with symbols, relocations in the code they belong to, section groups, unwind records,
 * mergeable strings, notes, compressed sections. Files of one link refer to each other by a small set of names. */
#ifndef GILD_FUZZ_GENERATE_H
#define GILD_FUZZ_GENERATE_H

#include "base/array.h"
#include "fuzz/choices.h"

/* Bytes that are put together; image_free() ends it. */
struct image {
	ARRAY(uint8_t) bytes;
};

void image_add(struct image *image, const void *data, uint64_t size);
void image_free(struct image *image);

struct object_kind {
	unsigned number, n_files; /* of the objects of a link: it defines those names whose turn it is */
	bool is_narrow;           /* i386 */
	bool is_pic;              /* its code can be part of a shared object */
	bool has_versions;        /* some names are NAME@@V1 */
};

/* Adds an object to `out`. */
void generate_object(struct image *out, struct choices *choices, struct object_kind kind);

/* Begins an archive, regular or thin; then come its members, the index first. */
void archive_begin(struct image *out, bool is_thin);
/* A member; `name` ends with '/', or is "/", "//" or "/OFFSET" of a long name. A thin archive has the bytes of "/" and
 * "//" only, and `size` is that of the file. */
void archive_add(struct image *out, const char *name, const void *data, uint64_t size, bool has_bytes);

#endif
