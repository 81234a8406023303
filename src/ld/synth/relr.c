#include "ld/synth/relr.h"

#include <stdlib.h>

#include "arch/arch.h"
#include "base/memory.h"
#include "base/sort.h"
#include "ld/layout/layout.h"

/* An even word is the address of a place, and the next word of the image is where the bit map that may follow begins:
 * an odd word, whose bit 1 + i stands for the word i behind that. */
#define EMPTY_MAP 1ull

bool relr_takes(const struct link *link, section_id id, uint64_t offset)
{
	const struct section *section = section_of(link, id);
	const struct file *file = file_of(link, section->file);
	if (!link->packs_relative || section->p2align == 0 || offset % 2 != 0)
		return false;
	return section->file == INTERNAL_FILE || file->elf.shdrs[id - file->first_section].sh_flags & SHF_WRITE;
}

void relr_reserve(struct link *link, uint64_t n)
{
	link->relr = arena_array(&link->arena, struct relr_place, n);
}

void relr_add(struct link *link, section_id section, uint64_t offset)
{
	link->relr[link->n_relr++] = (struct relr_place){section, offset};
}

static uint64_t address_of(const struct link *link, const struct relr_place *place)
{
	return section_address(link->layout, section_of(link, place->section)) + place->offset;
}

/* By address. Places keep their order however sections move: once is enough. */
static void sort(struct link *link)
{
	uint64_t n = link->n_relr;
	struct sort_item *order = memory_zeroed(n, sizeof(*order));
	struct relr_place *sorted = arena_array(&link->arena, struct relr_place, n);
	for (uint64_t i = 0; i < n; i++)
		order[i] = (struct sort_item){address_of(link, &link->relr[i]), i};
	sort_by_key(order, n);
	for (uint64_t i = 0; i < n; i++)
		sorted[i] = link->relr[order[i].value];
	link->relr = sorted;
	free(order);
}

/* Writes the words, or with `out` NULL only counts them. */
static uint64_t encode(const struct link *link, uint8_t *out)
{
	const struct elf_dialect *dialect = link->arch->dialect;
	const uint64_t word = dialect->word, map_bits = 8 * word - 1;
	uint64_t n = 0;
	for (uint64_t i = 0; i < link->n_relr;) {
		uint64_t address = address_of(link, &link->relr[i++]);
		if (out)
			elf_put_word(dialect, out + word * n, address);
		n++;
		while (i < link->n_relr && address_of(link, &link->relr[i]) == address)
			i++; /* relocated twice: it is moved once */
		for (uint64_t base = address + word;; base += map_bits * word) {
			uint64_t map = 0;
			for (; i < link->n_relr; i++) {
				uint64_t distance = address_of(link, &link->relr[i]) - base;
				if (distance >= map_bits * word || distance % word)
					break;
				map |= 2ull << (distance / word);
			}
			if (!map)
				break;
			if (out)
				elf_put_word(dialect, out + word * n, map | 1);
			n++;
		}
	}
	return n;
}

bool relr_grow(struct link *link)
{
	if (!link->synthetic[SYN_RELR_DYN])
		return false;
	struct section *section = section_of(link, link->synthetic[SYN_RELR_DYN]);
	if (section->size == 0)
		sort(link);
	uint64_t size = encode(link, NULL) * link->arch->dialect->word;
	if (size <= section->size)
		return false;
	section->size = size;
	link->layout->runs.at[section->run].planned = false;
	return true;
}

void relr_emit(struct link *link, uint8_t *image)
{
	const struct section *section = section_of(link, link->synthetic[SYN_RELR_DYN]);
	const struct elf_dialect *dialect = link->arch->dialect;
	for (uint64_t at = dialect->word * encode(link, image); at < section->size; at += dialect->word)
		elf_put_word(dialect, image + at, EMPTY_MAP);
}
