/* From names to loaded objects, and their lists: what an object needs, the breadth-first search list of a root, and the
 * order in which constructors run. */
#ifndef GILD_LDSO_NEEDED_H
#define GILD_LDSO_NEEDED_H

#include "ldso/loader.h"

enum load_flags {
	LOAD_SECURE = 1 << 0,  /* a preload in a secure program: see search.h */
	LOAD_OPENED = 1 << 1,  /* by dlopen */
	LOAD_ONLY_IF_LOADED = 1 << 2,
	LOAD_MISSING = 1 << 3, /* a library that is not found becomes an object marked `missing` */
	LOAD_BROKEN = 1 << 5,  /* so does a file that can't be loaded */
	LOAD_BY_CALL = 1 << 4, /* named in a call of dlopen: `requester` only lends its RPATH */
};

/* The object of a namespace for a name: a loaded one, or the file that is found. NULL after fail(), or with
 * LOAD_ONLY_IF_LOADED when it is not loaded. */
struct object *load_object(struct loader *ld, const char *name, struct object *requester, uint32_t ns, unsigned flags);

/* Loads what `root` needs, and what that needs, and so on; sets root->search and root->order. The preloads come right
 * behind the root. */
bool load_needed(struct loader *ld, struct object *root, struct object *const *preloads, uint32_t npreloads,
		 unsigned flags);

enum sort_flags {
	SORT_BINDINGS = 1 << 0,    /* objects that relocations were bound to count as dependencies */
	SORT_FIRST_STAYS = 1 << 1, /* the first object comes first even when others of a circle depend on it */
};

/* Sorts objects so that each comes before what it depends on, where there are no circles. */
void sort_by_dependency(struct loader *ld, struct object **objects, uint32_t n, unsigned flags);

#endif
