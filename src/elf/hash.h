/* The two hash functions of the gABI and of GNU for dynamic symbol names. */
#ifndef GILD_ELF_HASH_H
#define GILD_ELF_HASH_H

#include "base/types.h"

/* gABI chapter 5, "Hash Table": for DT_HASH and version names. */
uint32_t elf_sysv_hash(struct str name);

/* DT_GNU_HASH: h = h * 33 + c, from 5381. */
uint32_t elf_gnu_hash(struct str name);

#endif
