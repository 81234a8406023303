/* Applying relocations: the section at work, what all targets ask of it, and the loops. */
#ifndef GILD_ARCH_PLACE_H
#define GILD_ARCH_PLACE_H

#include "arch/arch.h"
#include "arch/decide.h"
#include "ld/layout/value.h"
#include "ld/prune/icf.h"
#include "ld/report/overflow.h"
#include "ld/resolve/resolve.h"

/* The section being relocated, and what all its relocations share. */
struct place {
	struct link *link;
	const struct layout *layout;
	const struct file *file;
	section_id section;
	bool alloc, writable;
	uint64_t start;          /* section offset of image[0] */
	uint64_t address;        /* of image[0] */
	uint8_t *image;
	uint64_t size;
	struct bytes code;       /* code_of() */
	const struct elf_rela *relas_end;
};

/* `what`: the rest of the sentence "relocation TYPE against NAME ...", and further lines that begin with ">>> ". */
void place_report(const struct place *place, const struct elf_rela *rela, const char *what);

static inline void put(uint8_t *at, unsigned size, uint64_t value)
{
	if (size == 4)
		write32(at, value);
	else if (size == 2)
		write16(at, value);
	else
		*at = (uint8_t)value;
}

static inline void put_signed(const struct place *place, const struct elf_rela *rela, uint8_t *at, unsigned size,
			      int64_t value)
{
	int64_t limit = (int64_t)1 << (8 * size - 1);
	if (value < -limit || value >= limit)
		overflow_report(place->link, place->section, rela, size, value, -limit, limit - 1);
	put(at, size, (uint64_t)value);
}

/* Absolute references narrower than an address hold either sign, unless they are extended with zeros. */
static inline void put_absolute(const struct place *place, const struct elf_rela *rela, uint8_t *at, unsigned size,
				uint64_t value, bool zero_extended)
{
	int64_t lowest = zero_extended ? 0 : -((int64_t)1 << (8 * size - 1));
	int64_t highest = ((int64_t)1 << (8 * size)) - 1, number = (int64_t)value;
	if (number < lowest || number > highest)
		overflow_report(place->link, place->section, rela, size, number, lowest, highest);
	put(at, size, value);
}

/* A jump of 16-bit code goes around within 64 KiB: either sign may be meant. */
static inline void put_relative16(const struct place *place, const struct elf_rela *rela, uint8_t *at, uint64_t value)
{
	if ((value + 0x10000) >> 17)
		overflow_report(place->link, place->section, rela, 2, (int64_t)value, -0x10000, 0xffff);
	write16(at, value);
}

static inline uint64_t symbol_value(const struct place *place, uint32_t index, int64_t *addend)
{
	if (index < place->file->symtab.first_global) {
		const struct aux *aux = aux_of(place->link, place->file, index);
		if (aux && aux->needs & NEED_CPLT)
			return value_of_plt(place->link, aux);
		return local_value(place->link, place->file, index, addend);
	}
	return place->link->symbols[global_of(place->file, index)].address;
}

/* A reference of which the loader gets to know the symbol: what the image holds is not the value. */
static inline bool is_left_to_loader(const struct place *place, const struct elf_rela *rela, enum action action)
{
	return action == SYMBOLIC && !site_is_settled(place->link, aux_of(place->link, place->file, rela->r_sym));
}

/* S of an ordinary symbol, see is_ordinary(), that does not stand for merged pieces; false: it is none. */
static inline bool ordinary_value(const struct place *place, uint32_t index, uint64_t *value)
{
	const struct link *link = place->link;
	const struct file *file = place->file;
	if (!is_ordinary(link, file, index))
		return false;
	if (index >= file->symtab.first_global) {
		*value = link->symbols[file->globals[index - file->symtab.first_global]].address;
		return true;
	}
	const struct elf_sym *sym = &file->symtab.syms[index];
	const struct section *section = section_of(link, file->first_section + sym->st_shndx);
	*value = section_address(place->layout, section) + sym->st_value;
	return section->kind != SECTION_MERGE;
}

static inline uint64_t tp_offset(const struct layout *layout, uint64_t address)
{
	return address - align_up(layout->tls_addr + layout->tls_size, layout->tls_align ? layout->tls_align : 1);
}

static inline uint64_t got_base(const struct place *place)
{
	return synthetic_address(place->link, place->layout, SYN_GOT_PLT);
}

static inline uint64_t slot_address(const struct place *place, uint32_t slot)
{
	return got_address(place->link, place->layout, slot);
}

uint64_t place_size_of_symbol(const struct place *place, uint32_t index);

/* What a section that is not loaded says of code that is not there: 0, or 1 in lists that a pair of zeros would end
 * (.debug_loc, .debug_ranges). */
struct tombstones {
	uint64_t value;
	bool for_replaced;       /* also for what another file's definition stands for, */
	bool for_folded;         /* ... or another section's code */
};

/* S + A in a section that is not loaded, or what stands for it. */
static inline uint64_t place_unloaded_value(const struct place *place, const struct elf_rela *rela,
					    struct tombstones tombstones)
{
	struct link *link = place->link;
	const struct file *file = place->file;
	int64_t a = rela->r_addend;
	uint64_t s = symbol_value(place, rela->r_sym, &a);
	bool is_gone = rela->r_sym < file->symtab.first_global
			       ? is_discarded_local(link, file, rela->r_sym)
			       : tombstones.for_replaced && file->symtab.syms[rela->r_sym].st_shndx != SHN_UNDEF &&
					 !is_live_definition(link, file, rela->r_sym);
	if (is_gone || (tombstones.for_folded && icf_is_folded(link, file, rela->r_sym)))
		return tombstones.value;
	return s + (uint64_t)a;
}

/* P in a section that is not loaded: scripts give such sections addresses, too; else they begin at 0. */
static inline uint64_t place_unloaded_address(const struct place *place, const struct elf_rela *rela)
{
	const struct section *section = section_of(place->link, place->section);
	return rela->r_offset + (place->layout->scripted ? section_address(place->layout, section) : 0);
}

/* Reports a relocation of an unloaded section that lies outside it, or is of a type that is not for objects (width 0). */
void place_misplaced(const struct place *place, const struct elf_rela *rela, unsigned width);

/* Does the relocation lie inside the unloaded section? Otherwise it is reported. */
static inline bool place_holds(const struct place *place, const struct elf_rela *rela, unsigned width)
{
	bool inside = width != 0 && place->size >= width && rela->r_offset <= place->size - width;
	if (!inside)
		place_misplaced(place, rela, width);
	return inside;
}

static inline struct place place_of(struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	const struct elf_shdr *shdr = section_shdr(link, id);
	return (struct place){
		.link = link,
		.layout = link->layout,
		.file = file_of(link, section->file),
		.section = id,
		.alloc = shdr->sh_flags & SHF_ALLOC,
		.writable = shdr->sh_flags & SHF_WRITE,
		.code = code_of(link, id),
	};
}

struct tombstones place_tombstones(const struct place *place);

/* A target's parts: apply a relocation of a loaded section, and return how many relocations that took; apply one of a
 * section that is not loaded, with its S + A. */
typedef uint32_t apply_one_fn(const struct place *place, const struct elf_rela *rela);
typedef void apply_unloaded_fn(const struct place *place, const struct elf_rela *rela, uint64_t value);

/* The bodies of a target's `apply` and `apply_range`, with the target's parts in them. */
static inline __attribute__((always_inline)) void place_apply_range(struct link *link, section_id section,
								    uint32_t first, uint32_t n, uint64_t start,
								    uint64_t address, uint8_t *image,
								    apply_one_fn *one)
{
	struct place place = place_of(link, section);
	struct elf_relas relas = section_relas(link, section);
	place.start = start;
	place.address = address;
	place.image = image;
	place.size = section_shdr(link, section)->sh_size - start;
	for (uint32_t i = first; i < first + n;)
		i += one(&place, &relas.at[i]);
}

/* Most relocations of debug information refer to its strings, by the symbol of their section. Those of a group get
 * their addresses together. */
static inline __attribute__((always_inline)) void place_apply_unloaded(const struct place *place,
								       struct elf_relas relas,
								       struct tombstones tombstones,
								       apply_unloaded_fn *unloaded)
{
	struct {
		uint32_t symbol;
		const struct merge_section *section; /* NULL: none met */
		uint64_t start;
	} strings = {0}, met = {0};
	for (uint64_t first = 0; first < relas.n; first += MERGE_GROUP) {
		uint64_t end = min_u64(first + MERGE_GROUP, relas.n), addresses[MERGE_GROUP], *next = addresses;
		uint32_t n = 0;
		strings = met;
		for (uint64_t i = first; strings.section && i < end; i++)
			if (relas.at[i].r_sym == strings.symbol)
				addresses[n++] = strings.start + (uint64_t)relas.at[i].r_addend;
		if (n)
			merge_addresses(place->link, strings.section, addresses, n);
		for (uint64_t i = first; i < end; i++) {
			const struct elf_rela *rela = &relas.at[i];
			if (strings.section && rela->r_sym == strings.symbol) {
				unloaded(place, rela, *next++);
				continue;
			}
			unloaded(place, rela, place_unloaded_value(place, rela, tombstones));
			const struct merge_section *merged = local_merged(place->link, place->file, rela->r_sym);
			if (merged) {
				met.section = merged;
				met.symbol = rela->r_sym;
				met.start = place->file->symtab.syms[rela->r_sym].st_value;
			}
		}
	}
}

static inline __attribute__((always_inline)) void place_apply(struct link *link, section_id section, uint8_t *image,
							      apply_one_fn *one, apply_unloaded_fn *unloaded)
{
	struct place place = place_of(link, section);
	struct elf_relas relas = section_relas(link, section);
	place.image = image;
	place.size = section_of(link, section)->size;
	place.relas_end = relas.at + relas.n;
	if (place.alloc) {
		place.address = section_address(link->layout, section_of(link, section));
		bool reversed = section_of(link, section)->reversed;
		for (uint64_t i = 0; i < relas.n;) {
			struct elf_rela mirrored;
			if (reversed) {
				mirrored = relas.at[i];
				mirrored.r_offset = place.size - link->arch->dialect->word - mirrored.r_offset;
			}
			i += one(&place, reversed ? &mirrored : &relas.at[i]);
		}
		return;
	}
	struct tombstones tombstones = place_tombstones(&place);
	place_apply_unloaded(&place, relas, tombstones, unloaded);
}

#endif
