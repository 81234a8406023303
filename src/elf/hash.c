#include "elf/hash.h"

#include "elf/types.h"

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

/* nbuckets, symoffset, number of 64-bit words in the filter, shift; then the words. */
bool elf_gnu_hash_may_have(struct bytes section, uint32_t hash)
{
	enum { HEADER = 16, WORD_BITS = 64 };
	if (section.size < HEADER)
		return true;
	uint32_t words = read32(section.data + 8), shift = read32(section.data + 12) % 32;
	if (words == 0 || words > (section.size - HEADER) / 8)
		return true;
	uint64_t word = read64(section.data + HEADER + 8 * (uint64_t)(hash / WORD_BITS % words));
	return word >> hash % WORD_BITS & word >> (hash >> shift) % WORD_BITS & 1;
}
