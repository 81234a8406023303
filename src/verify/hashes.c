/* Hash tables of dynamic symbols (gABI chapter 5, "Hash Table"; DT_GNU_HASH as glibc's elf/dl-lookup.c reads it): every
 * definition is found, nothing else is, and no search runs in a circle. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "elf/hash.h"
#include "verify/subject.h"

static struct str name_of(const struct elf_symtab *symtab, uint32_t i)
{
	const char *name = symtab->strtab + symtab->syms[i].st_name;
	return (struct str){name, (uint32_t)strlen(name)};
}

static void verify_sysv(struct subject *subject, struct bytes table)
{
	const struct elf_symtab *symtab = &subject->dynamic.dynsym;
	if (!claim(subject, table.size >= 8, ".hash: too short"))
		return;
	uint32_t n_buckets = read32(table.data), n_chains = read32(table.data + 4);
	if (!claim(subject, n_buckets && table.size == 4 * (2ull + n_buckets + n_chains),
		   ".hash: nbucket %u, nchain %u",
		   n_buckets, n_chains) ||
	    !claim(subject, n_chains == symtab->n, ".hash: nchain %u, but there are %u symbols", n_chains, symtab->n))
		return;
	const uint8_t *buckets = table.data + 8, *chains = buckets + 4ull * n_buckets;
	uint64_t steps = 0, found = 0;
	for (uint32_t b = 0; b < n_buckets; b++)
		for (uint32_t i = read32(buckets + 4ull * b); i; i = read32(chains + 4ull * i)) {
			if (!claim(subject, i < n_chains && steps++ < n_chains, ".hash: bucket %u: a bad chain", b))
				return;
			claim(subject, elf_sysv_hash(name_of(symtab, i)) % n_buckets == b,
			      ".hash: symbol %s is in bucket %u",
			      name_of(symtab, i).at, b);
			found += i >= symtab->first_global && symtab->syms[i].st_shndx != SHN_UNDEF;
		}
	uint64_t defined = 0;
	for (uint32_t i = symtab->first_global; i < symtab->n; i++)
		defined += symtab->syms[i].st_shndx != SHN_UNDEF;
	claim(subject, found == defined, ".hash: %llu of %llu definitions are in it", (unsigned long long)found,
	      (unsigned long long)defined);
}

/* The filter has the bits of the symbols in [first, end), and no others: each more lets a search go on for nothing. */
static void verify_bloom(struct subject *subject, struct bytes table, uint32_t first, uint32_t end)
{
	uint32_t n_words = read32(table.data + 8), shift = read32(table.data + 12);
	uint64_t *words = calloc(n_words, sizeof(*words));
	if (!words)
		out_of_memory();
	claim(subject, shift < 32, ".gnu.hash: shift %u", shift);
	for (uint32_t i = first; i < end; i++) {
		uint32_t hash = elf_gnu_hash(name_of(&subject->dynamic.dynsym, i));
		words[hash / 64 & (n_words - 1)] |= 1ull << (hash & 63) | 1ull << (hash >> (shift & 31) & 63);
	}
	for (uint32_t i = 0; i < n_words; i++)
		claim(subject, read64(table.data + 16 + 8ull * i) == words[i], ".gnu.hash: word %u of the Bloom filter",
		      i);
	free(words);
}

static void verify_gnu(struct subject *subject, struct bytes table)
{
	const struct elf_symtab *symtab = &subject->dynamic.dynsym;
	if (!claim(subject, table.size >= 16, ".gnu.hash: too short"))
		return;
	uint32_t n_buckets = read32(table.data), first = read32(table.data + 4), n_words = read32(table.data + 8);
	uint64_t header = 16 + 8ull * n_words + 4ull * n_buckets;
	if (!claim(subject, n_buckets && is_power_of_two(n_words) && table.size >= header,
		   ".gnu.hash: nbuckets %u, bloom size %u", n_buckets, n_words))
		return;
	const uint8_t *buckets = table.data + 16 + 8ull * n_words, *chain = buckets + 4ull * n_buckets;
	uint64_t n_chain = (table.size - header) / 4;
	uint32_t next = first;    /* the symbol whose turn it is: buckets are in order */
	bool empty = true;
	for (uint32_t b = 0; b < n_buckets; b++) {
		uint32_t i = read32(buckets + 4ull * b);
		if (!i)
			continue;
		empty = false;
		if (!claim(subject, i == next, ".gnu.hash: bucket %u begins with symbol %u instead of %u", b, i, next))
			return;
		for (bool last = false; !last; i++) {
			if (!claim(subject, i < symtab->n && i - first < n_chain,
				   ".gnu.hash: bucket %u: a chain without end", b))
				return;
			uint32_t value = read32(chain + 4ull * (i - first)), hash = elf_gnu_hash(name_of(symtab, i));
			claim(subject, (value | 1) == (hash | 1), ".gnu.hash: symbol %s has another hash",
			      name_of(symtab, i).at);
			claim(subject, hash % n_buckets == b, ".gnu.hash: symbol %s is in bucket %u",
			      name_of(symtab, i).at, b);
			claim(subject, elf_gnu_hash_may_have(&elf_dialect_64, table, hash),
			      ".gnu.hash: the Bloom filter denies symbol %s",
			      name_of(symtab, i).at);
			last = value & 1;
		}
		next = i;
	}
	verify_bloom(subject, table, first, empty ? first : next);
	for (uint32_t i = symtab->first_global; i < symtab->n; i++)
		if (empty || i < first || i >= next)
			claim(subject, symtab->syms[i].st_shndx == SHN_UNDEF, ".gnu.hash: definition %s is not in it",
			      name_of(symtab, i).at);
}

static struct bytes table_of(const struct subject *subject, uint32_t type, int64_t tag)
{
	uint32_t section = subject_section_of_type(subject, type);
	return section ? elf_section_bytes(&subject->elf, section) : subject_table(subject, tag);
}

void verify_hashes(struct subject *subject)
{
	struct bytes sysv = table_of(subject, SHT_HASH, DT_HASH), gnu = table_of(subject, SHT_GNU_HASH, DT_GNU_HASH);
	if (sysv.data)
		verify_sysv(subject, sysv);
	if (gnu.data)
		verify_gnu(subject, gnu);
	bool defines = false;
	for (uint32_t i = subject->dynamic.dynsym.first_global; i < subject->dynamic.dynsym.n; i++)
		defines |= subject->dynamic.dynsym.syms[i].st_shndx != SHN_UNDEF;
	claim(subject, sysv.data || gnu.data || !defines || !subject->elf.nshdr,
	      "there is no hash table, so nobody finds what is defined");
}
