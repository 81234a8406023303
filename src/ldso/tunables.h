/* GLIBC_TUNABLES=NAME=VALUE:NAME=VALUE: settings that the C library asks the loader for by number.
 *
 * The numbers belong to one build of the library: the table comes from its abi (glibc/abi.h). The text is parsed
 * without changing it. */
#ifndef GILD_LDSO_TUNABLES_H
#define GILD_LDSO_TUNABLES_H

#include <stdbool.h>
#include <stdint.h>

struct loader;

enum tunable_type { TUNABLE_INT_32, TUNABLE_UINT_64, TUNABLE_SIZE_T, TUNABLE_STRING };

/* One tunable of a build of glibc; the index in its table is the number. */
struct tunable {
	const char *name; /* "glibc.malloc.tcache_count" */
	uint8_t type;     /* enum tunable_type */
	uint64_t value, minimum, maximum; /* signed for TUNABLE_INT_32 */
};

/* Remembers the text; the_loader's environment is known. */
void tunables_start(const struct loader *ld);

/* The text the user gave, up to a colon or its end; NULL: none. */
const char *tunable_text(const char *name);

/* The number the user gave, or `fallback`. */
uint64_t tunable_number(const char *name, uint64_t fallback);

/* `--list-tunables`. */
void tunables_print(const struct tunable *table, unsigned n);

#endif
