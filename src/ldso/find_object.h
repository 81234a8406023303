/* _dl_find_object: which object holds a program counter, and where its unwind table is. Unwinders call it for every
 * frame, also in signal handlers: it takes no lock. */
#ifndef GILD_LDSO_FIND_OBJECT_H
#define GILD_LDSO_FIND_OBJECT_H

#include "ldso/loader.h"

/* struct dl_find_object of <dlfcn.h>, glibc 2.35 and later, x86-64. */
struct found_object {
	uint64_t flags;
	void *map_start, *map_end;
	void *link_map;
	void *eh_frame;
	uint64_t reserved[7];
};

/* 0 when an object was found, -1 otherwise. */
int find_object(void *address, struct found_object *result);

/* After any change of the list of objects; the load lock is held. Objects marked `removed` are left out. */
void find_object_update(struct loader *ld);

#endif
