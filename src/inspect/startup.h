/* What a loader does with an object before main: counted from its tables. */
#ifndef GILD_INSPECT_STARTUP_H
#define GILD_INSPECT_STARTUP_H

#include "inspect/inspect.h"

struct startup {
	uint64_t relative; /* pointers into the object itself, DT_RELR's too */
	uint64_t packed;   /* of them in DT_RELR */
	uint64_t addresses, calls, copies, thread_local_, indirect; /* relocations by kind */
	bool lazy;         /* calls are bound when they first happen */
	uint64_t relro;    /* bytes made read-only after relocation */
	uint64_t tls;      /* bytes of thread-local variables in each thread */
	uint64_t constructors, destructors; /* functions */
};

struct startup startup_of(const struct inspection *in, const struct object *object);

/* The objects in the order in which their constructors run: the program last. malloc()ed; *n: how many. */
struct object **startup_order(const struct inspection *in, uint32_t *n);

#endif
