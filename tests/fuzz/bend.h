/* Damage that knows the format: takes a file that is valid, or was, and gives fields of it values that are wrong in a
 * way that a reader has to notice, or right in a way it may not expect: numbers of other sections and symbols, sizes
 * around those of the file, limits of their types. What random bytes rarely meet. */
#ifndef GILD_FUZZ_BEND_H
#define GILD_FUZZ_BEND_H

#include "fuzz/choices.h"

/* Changes one field of an ELF file of either class, of an archive, or of a member of one: of a header, a section
 * header, a program header, or an entry of a table that sections hold (symbols, relocations, groups, dynamic entries,
 * notes, versions, hash tables, headers of compressed sections, unwind records, names). false: `data` is neither, and
 * is as it was. */
bool bend(uint8_t *data, uint64_t size, struct choices *choices);

#endif
