/* Names of C++ (Itanium ABI) and Rust as people write them. */
#ifndef GILD_BASE_DEMANGLE_H
#define GILD_BASE_DEMANGLE_H

#include <stdint.h>

/* A mangled name may refer to its parts: a few hundred characters stand for as many gigabytes as they like. */
enum {
	DEMANGLE_TO_SHOW = 1 << 16,  /* as long as a person may want to read */
	DEMANGLE_TO_MATCH = 1 << 24, /* above what templates of real programs make: patterns decide what is exported */
};

/* The name in full, for free(); NULL: it is not mangled, or would be longer than `longest`, in bytes. `options`: of
 * libiberty/demangle.h. Any thread. */
char *demangle_name(const char *mangled, int options, uint32_t longest);

#endif
