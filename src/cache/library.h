/* What the index of libraries must know of a library: its soname and for which processors it is. */
#ifndef GILD_CACHE_LIBRARY_H
#define GILD_CACHE_LIBRARY_H

#include "base/arena.h"

struct library {
	const char *soname;  /* in the arena; NULL: none */
	int32_t flags;       /* CACHE_FLAGS_*, or CACHE_FLAGS_ELF */
	uint32_t isa_level;  /* of x86-64 that its property note asks for: 0 baseline, 1 x86-64-v2, ... */
};

/* A library for i386 that does not name the C library. */
enum { CACHE_FLAGS_ELF = 0x0001 };

/* Reads it from an open file; all offsets of the file are checked. Returns NULL, or why it is no library, as static
 * text; "" when that is not worth a word (linker scripts, Python files beside libraries). Little-endian ELF of both
 * classes (gABI chapters 4 and 5; property notes: x86-64 psABI, "Program Property"). */
const char *library_read(struct library *library, struct arena *arena, int fd);

#endif
