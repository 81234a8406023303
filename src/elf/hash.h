/* The two hash functions of the gABI and of GNU for dynamic symbol names. */
#ifndef GILD_ELF_HASH_H
#define GILD_ELF_HASH_H

#include "elf/dialect.h"

/* gABI chapter 5, "Hash Table": for DT_HASH and version names. */
uint32_t elf_sysv_hash(struct str name);

/* DT_GNU_HASH: h = h * 33 + c, from 5381. */
uint32_t elf_gnu_hash(struct str name);

/* Whether the Bloom filter of a .gnu.hash section lets a name with this elf_gnu_hash() pass. false: the name is
 * not among the hashed symbols. true as well when the section is malformed. */
bool elf_gnu_hash_may_have(const struct elf_dialect *dialect, struct bytes section, uint32_t hash);

#endif
