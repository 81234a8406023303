/* From a file to an image in memory: checking the ELF header, mapping the segments, reading program headers and the
 * dynamic section. */
#ifndef GILD_LDSO_IMAGE_H
#define GILD_LDSO_IMAGE_H

#include "ldso/loader.h"

/* A file that was opened and looks like something to load. */
struct opened {
	int fd;
	uint8_t start[1024]; /* of the file: the program headers of most */
	size_t size;        /* of what is in start */
	uint64_t device, inode, file_size;
};

enum open_result {
	OPEN_OK,
	OPEN_ABSENT,      /* `code` says why: ENOENT, EACCES, ... */
	OPEN_OTHER_CLASS, /* ELF, but for another class of machines; passed over */
	OPEN_BROKEN,      /* fail() was called */
};

/* Opens a file and checks its ELF header (gABI chapter 4). With OPEN_OK the caller owns opened->fd. */
enum open_result image_open(struct loader *ld, const char *path, struct opened *opened, int *code);

/* Maps an opened file (and closes it): an object that is not in the list yet, or NULL after fail(). `path` becomes the
 * object's name; errors call it `asked`, what somebody asked for. */
struct object *image_map(struct loader *ld, struct opened *opened, const char *path, const char *asked,
			 enum object_kind kind);

/* LD_DEBUG=files: where an object is. */
void image_show(struct loader *ld, const struct object *object);

/* Records what is mapped already: the program by the kernel, the vDSO, the loader. object->phdr, phnum and base are
 * set. */
bool image_read(struct loader *ld, struct object *object);

/* Reads the dynamic section; part of the two above. */
bool dynamic_read(struct loader *ld, struct object *object);

void image_unmap(struct object *object);

/* Sets PT_GNU_RELRO's pages read-only. */
bool image_protect_relro(struct loader *ld, struct object *object);

#endif
