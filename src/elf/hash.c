#include "elf/hash.h"

uint32_t elf_sysv_hash(struct str name)
{
	uint32_t hash = 0;
	for (uint32_t i = 0; i < name.len; i++) {
		hash = (hash << 4) + (uint8_t)name.at[i];
		hash ^= (hash >> 24) & 0xf0;
		hash &= 0x0fffffff;
	}
	return hash;
}

uint32_t elf_gnu_hash(struct str name)
{
	uint32_t hash = 5381;
	for (uint32_t i = 0; i < name.len; i++)
		hash = hash * 33 + (uint8_t)name.at[i];
	return hash;
}
