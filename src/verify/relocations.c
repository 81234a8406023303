/* What the loader will change (x86-64 psABI table 4.10; gABI chapter 5, "Relocation" and DT_RELR). */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/array.h"
#include "elf/mem.h"
#include "verify/subject.h"

#define ull(number) ((unsigned long long)(number))

struct place {
	uint64_t addr;
	uint32_t size;
};

struct places {
	ARRAY(struct place) list;
};

/* Bytes that a type changes; 0: it is none for a loader. */
static uint32_t size_of(uint32_t type)
{
	switch (type) {
	case R_X86_64_64:
	case R_X86_64_GLOB_DAT:
	case R_X86_64_JUMP_SLOT:
	case R_X86_64_RELATIVE:
	case R_X86_64_DTPMOD64:
	case R_X86_64_DTPOFF64:
	case R_X86_64_TPOFF64:
	case R_X86_64_IRELATIVE:
	case R_X86_64_PC64:
	case R_X86_64_SIZE64:
		return 8;
	case R_X86_64_TLSDESC:
		return 16;
	case R_X86_64_32:
	case R_X86_64_32S:
	case R_X86_64_PC32:
	case R_X86_64_SIZE32:
		return 4;
	case R_X86_64_COPY:
		return 1; /* the symbol's size, which is looked at */
	default:
		return 0;
	}
}

static bool wants_symbol(uint32_t type)
{
	return type == R_X86_64_GLOB_DAT || type == R_X86_64_JUMP_SLOT || type == R_X86_64_COPY;
}

/* An address in the file itself: in memory, or just behind a piece of it. */
static bool is_own_address(const struct subject *subject, uint64_t addr)
{
	for (uint32_t i = 0; i < subject->n_phdrs; i++) {
		const struct elf_phdr *phdr = &subject->phdrs[i];
		if (phdr->p_type == PT_LOAD && addr >= phdr->p_vaddr &&
		    addr - phdr->p_vaddr <= align_up(phdr->p_memsz, 4096))
			return true;
	}
	return false;
}

static void verify_copy(struct subject *subject, const struct elf_rela *rela)
{
	const struct elf_sym *sym = &subject->dynamic.dynsym.syms[rela->r_sym];
	const char *name = subject->dynamic.dynsym.strtab + sym->st_name;
	claim(subject, sym->st_shndx != SHN_UNDEF && sym->st_value == rela->r_offset,
	      "R_X86_64_COPY: %s is not defined where it is copied to", name);
	claim(subject, sym->st_size && subject_is_loaded(subject, rela->r_offset, sym->st_size, PF_W),
	      "R_X86_64_COPY: %s: no room for 0x%llx bytes", name, ull(sym->st_size));
}

static void verify_one(struct subject *subject, const struct elf_rela *rela, const char *table, bool is_plt,
		       struct places *places)
{
	uint32_t size = size_of(rela->r_type), n_symbols = subject->has_dynamic ? subject->dynamic.dynsym.n : 0;
	uint64_t addr = rela->r_offset;
	if (rela->r_type == R_X86_64_NONE)
		return;
	if (!claim(subject, size, "%s: relocation type %u at 0x%llx is none for a loader", table, rela->r_type,
		   ull(addr)) ||
	    !claim(subject, rela->r_sym == 0 || rela->r_sym < n_symbols, "%s: symbol %u at 0x%llx", table, rela->r_sym,
		   ull(addr)) ||
	    !claim(subject, subject_is_loaded(subject, addr, size, 0), "%s: 0x%llx is not in memory", table, ull(addr)))
		return;
	claim(subject, rela->r_sym || !wants_symbol(rela->r_type), "%s: relocation type %u at 0x%llx has no symbol",
	      table,
	      rela->r_type, ull(addr));
	claim(subject, is_plt ? rela->r_type == R_X86_64_JUMP_SLOT || rela->r_type == R_X86_64_IRELATIVE ||
				      rela->r_type == R_X86_64_TLSDESC
			    : rela->r_type != R_X86_64_JUMP_SLOT,
	      "%s: relocation type %u at 0x%llx belongs in the other table", table, rela->r_type, ull(addr));
	if (wants_symbol(rela->r_type))
		claim(subject, rela->r_addend == 0, "%s: relocation type %u at 0x%llx: an addend", table, rela->r_type,
		      ull(addr));
	/* What the place holds until then: nothing, or what the addend says. A lazy slot leads into the PLT. */
	const uint8_t *word = size == 8 ? subject_bytes(subject, addr, 8) : NULL;
	uint64_t value = rela->r_sym ? subject->dynamic.dynsym.syms[rela->r_sym].st_value : 0;
	if (word && rela->r_type != R_X86_64_JUMP_SLOT && !(is_plt && rela->r_type == R_X86_64_IRELATIVE))
		claim(subject, read64(word) == 0 || read64(word) == value + (uint64_t)rela->r_addend,
		      "%s: 0x%llx holds 0x%llx, neither 0 nor the addend", table, ull(addr), ull(read64(word)));
	if (rela->r_type == R_X86_64_RELATIVE) {
		claim(subject, rela->r_sym == 0, "%s: R_X86_64_RELATIVE at 0x%llx has a symbol", table, ull(addr));
		claim(subject, is_own_address(subject, (uint64_t)rela->r_addend),
		      "%s: 0x%llx, relative, leads to 0x%llx, outside of the file",
		      table, ull(addr), ull(rela->r_addend));
	}
	if (rela->r_type == R_X86_64_IRELATIVE)
		claim(subject, subject_is_loaded(subject, (uint64_t)rela->r_addend, 1, PF_X),
		      "%s: R_X86_64_IRELATIVE at 0x%llx: its resolver is no code", table, ull(addr));
	if (rela->r_type == R_X86_64_COPY && rela->r_sym)
		verify_copy(subject, rela);
	*array_push(&places->list) = (struct place){addr, size};
}

/* The relative ones come first, as many as DT_RELACOUNT says: the loader does not look at their types. */
static void verify_order(struct subject *subject, const struct elf_rela *relas, uint64_t n)
{
	uint64_t count = 0, first = 0;
	subject_dynamic(subject, DT_RELACOUNT, &count);
	while (first < n && relas[first].r_type == R_X86_64_RELATIVE)
		first++;
	claim(subject, count == first, "DT_RELACOUNT: %llu, but %llu relative relocations come first", ull(count),
	      ull(first));
}

static void verify_relr(struct subject *subject, struct bytes table, struct places *places)
{
	uint64_t next = 0;
	for (uint64_t at = 0; at + 8 <= table.size; at += 8) {
		uint64_t word = read64(table.data + at);
		if (!(word & 1)) {
			claim(subject, word % 8 == 0, ".relr.dyn: 0x%llx is not aligned", ull(word));
			*array_push(&places->list) = (struct place){word, 8};
			next = word + 8;
			continue;
		}
		if (!claim(subject, next, ".relr.dyn: begins with a bitmap"))
			return;
		for (unsigned bit = 0; bit < 63; bit++)
			if (word >> (bit + 1) & 1)
				*array_push(&places->list) = (struct place){next + 8 * bit, 8};
		next += 63 * 8;
	}
}

/* The word that DT_RELR adds the load address to is in the file. */
static void verify_relr_places(struct subject *subject, const struct places *places, uint32_t first)
{
	for (uint32_t i = first; i < places->list.n; i++) {
		uint64_t addr = places->list.at[i].addr;
		const uint8_t *word = subject_bytes(subject, addr, 8);
		if (claim(subject, word && subject_is_loaded(subject, addr, 8, PF_W),
			  ".relr.dyn: 0x%llx is not in writable memory",
			  ull(addr)))
			claim(subject, is_own_address(subject, read64(word)),
			      ".relr.dyn: 0x%llx leads to 0x%llx, outside of the file",
			      ull(addr), ull(read64(word)));
	}
}

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	return (x->addr > y->addr) - (x->addr < y->addr);
}

/* No byte is relocated twice. */
static void verify_apart(struct subject *subject, struct places *places)
{
	if (!places->list.n)
		return;
	qsort(places->list.at, places->list.n, sizeof(*places->list.at), compare_places);
	for (uint32_t i = 1; i < places->list.n; i++) {
		const struct place *place = &places->list.at[i];
		claim(subject, place[-1].addr + place[-1].size <= place->addr, "0x%llx is relocated twice",
		      ull(place->addr));
	}
}

/* .got and the arrays of an image that moves hold no address without a relocation. */
static void verify_covered(struct subject *subject, const struct places *places, const char *name)
{
	uint32_t section = subject_section_named(subject, name);
	if (!section || !subject->moves || subject_shdr(subject, section)->sh_type == SHT_NOBITS)
		return;
	struct bytes bytes = elf_section_bytes(&subject->elf, section);
	uint64_t addr = subject_shdr(subject, section)->sh_addr, pltgot = addr;
	uint32_t next = 0;
	subject_dynamic(subject, DT_PLTGOT, &pltgot);
	for (uint64_t at = 0; at + 8 <= bytes.size; at += 8) {
		while (next < places->list.n && places->list.at[next].addr + places->list.at[next].size <= addr + at)
			next++;
		bool covered = next < places->list.n && places->list.at[next].addr <= addr + at;
		uint64_t word = read64(bytes.data + at);
		claim(subject, covered || word < 4096 || !subject_is_loaded(subject, word, 1, 0) ||
			      ((at == 0 || addr + at == pltgot) && subject_section_of_type(subject, SHT_DYNAMIC) &&
			       word == subject_shdr(subject, subject_section_of_type(subject, SHT_DYNAMIC))->sh_addr),
		      "%s: the address at 0x%llx is not relocated", name, ull(addr + at));
	}
}

/* The loader learns of every relocation section. */
static void verify_named(struct subject *subject)
{
	struct bytes relr = subject_relr(subject);
	for (uint32_t i = 1; subject->has_dynamic && i < subject->elf.nshdr; i++) {
		const struct elf_shdr *shdr = subject_shdr(subject, i);
		struct rela_table table = {0};
		uint64_t start = shdr->sh_addr, end = start + shdr->sh_size, named = 0;
		if (!(shdr->sh_flags & SHF_ALLOC))
			continue;
		while (shdr->sh_type == SHT_RELA && subject_next_relas(subject, &table)) {
			uint64_t table_end = table.addr + table.relas.n * sizeof(struct elf_rela);
			if (table.addr < end && table_end > start)
				named += min_u64(table_end, end) - max_u64(table.addr, start);
		}
		if (shdr->sh_type == SHT_RELR)
			named = relr.size;
		claim(subject, (shdr->sh_type != SHT_RELA && shdr->sh_type != SHT_RELR) || named == shdr->sh_size,
		      "%s: the dynamic section names 0x%llx of its 0x%llx bytes", elf_section_name(&subject->elf, i),
		      ull(named), ull(shdr->sh_size));
	}
}

void verify_dynamic_relocations(struct subject *subject)
{
	static const char *const covered[] = {".got", ".init_array", ".fini_array", ".preinit_array"};
	struct places places = {0};
	struct rela_table table = {0};
	while (subject_next_relas(subject, &table)) {
		for (uint64_t r = 0; r < table.relas.n; r++)
			verify_one(subject, &table.relas.at[r], table.name, table.is_plt, &places);
		if (!table.is_plt)
			verify_order(subject, table.relas.at, table.relas.n);
	}
	uint32_t first = places.list.n;
	verify_relr(subject, subject_relr(subject), &places);
	verify_relr_places(subject, &places, first);
	verify_named(subject);
	verify_apart(subject, &places);
	for (unsigned i = 0; i < COUNTOF(covered); i++)
		verify_covered(subject, &places, covered[i]);
	array_free(&places.list);
}
