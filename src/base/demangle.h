/* Names of C++ (Itanium ABI) and Rust as people write them. */
#ifndef GILD_BASE_DEMANGLE_H
#define GILD_BASE_DEMANGLE_H

/* The name in full, for free(); NULL: it is not mangled, or would be longer than 64 KiB. A mangled name may refer to its
 * parts: a few hundred characters stand for as many gigabytes as they like. `options`: of libiberty/demangle.h. Any
 * thread. */
char *demangle_name(const char *mangled, int options);

#endif
