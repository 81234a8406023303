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

/* nbuckets, symoffset, number of words in the filter, each an address wide, shift; then the words. */
bool elf_gnu_hash_may_have(const struct elf_dialect *dialect, struct bytes section, uint32_t hash)
{
	enum { HEADER = 16 };
	const uint32_t word_bits = 8 * dialect->word;
	if (section.size < HEADER)
		return true;
	uint32_t words = read32(section.data + 8), shift = read32(section.data + 12) % 32;
	if (words == 0 || words > (section.size - HEADER) / dialect->word)
		return true;
	uint64_t at = HEADER + (uint64_t)dialect->word * (hash / word_bits % words);
	uint64_t word = elf_get_word(dialect, section.data + at);
	return word >> hash % word_bits & word >> (hash >> shift) % word_bits & 1;
}
