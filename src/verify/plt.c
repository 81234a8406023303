/* Procedure linkage tables (x86-64 psABI, "Procedure Linkage Table", also with IBT): every entry jumps through a slot
 * that the loader fills, and a lazy entry pushes the number of its own relocation. */
#include <string.h>

#include "verify/subject.h"

#define ull(number) ((unsigned long long)(number))

enum { ENTRY = 16 };

/* Those whose numbers entries push: DT_JMPREL's; in a static program, which may have two tables, .rela.plt's. */
static struct elf_relas plt_relocations(const struct subject *subject)
{
	struct rela_table table = {0};
	struct elf_relas first = {NULL, 0};
	while (subject_next_relas(subject, &table)) {
		if (table.is_plt && (subject->has_dynamic || strcmp(table.name, ".rela.plt") == 0))
			return table.relas;
		if (table.is_plt && !first.n)
			first = table.relas;
	}
	return first;
}

/* A slot is in .got or .got.plt; or, when a script gave one of them no section of its own, among other data. */
static bool is_slot(const struct subject *subject, uint64_t addr)
{
	uint32_t section = subject_section_at(subject, addr, 8);
	const struct elf_shdr *shdr = subject_shdr(subject, section);
	const char *name = section ? elf_section_name(&subject->elf, section) : "";
	if (section && (strcmp(name, ".got") == 0 || strcmp(name, ".got.plt") == 0))
		return (addr - shdr->sh_addr) % 8 == 0;
	bool has_both = subject_section_named(subject, ".got") && subject_section_named(subject, ".got.plt");
	return section && !has_both && addr % 8 == 0 && shdr->sh_type == SHT_PROGBITS && shdr->sh_flags & SHF_WRITE;
}

/* The slot that "jmp *slot(%rip)" in [at, end) goes through; 0: there is no such jump. */
static uint64_t jump_slot(const uint8_t *code, uint64_t size, uint64_t addr)
{
	for (uint64_t i = 0; i + 6 <= size; i++)
		if (code[i] == 0xff && code[i + 1] == 0x25)
			return addr + i + 6 + (uint64_t)(int64_t)(int32_t)read32(code + i + 2);
	return 0;
}

/* ---- forms of entries --------------------------------------------------------------------------------------- */

enum { ANY = 256 };           /* a byte of a number */

#define NUMBER ANY, ANY, ANY, ANY

static const struct form {
	uint16_t size, bytes[ENTRY];
} forms[] = {
	{16, {0xff, 0x35, NUMBER, 0xff, 0x25, NUMBER, 0x0f, 0x1f, 0x40, 0x00}},       /* the first one */
	{16, {0xff, 0x35, NUMBER, 0xff, 0x25, NUMBER, 0x90, 0x90, 0x90, 0x90}},       /* gold's */
	{16, {0xff, 0x25, NUMBER, 0x68, NUMBER, 0xe9, NUMBER}},                       /* lazy */
	{16, {0xf3, 0x0f, 0x1e, 0xfa, 0x68, NUMBER, 0xe9, NUMBER, 0x66, 0x90}},       /* lazy, with IBT */
	/* The same with the prefix of MPX, as GNU ld 2.40 has them */
	{16, {0xff, 0x35, NUMBER, 0xf2, 0xff, 0x25, NUMBER, 0x0f, 0x1f, 0x00}},
	{16, {0xf3, 0x0f, 0x1e, 0xfa, 0x68, NUMBER, 0xf2, 0xe9, NUMBER, 0x90}},
	{16, {0xf3, 0x0f, 0x1e, 0xfa, 0xf2, 0xff, 0x25, NUMBER, 0x0f, 0x1f, 0x44, 0x00, 0x00}},
	{16, {0xf3, 0x0f, 0x1e, 0xfa, 0xff, 0x25, NUMBER, 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00}}, /* .plt.sec */
	{16, {0xf3, 0x0f, 0x1e, 0xfa, 0xff, 0x35, NUMBER, 0xff, 0x25, NUMBER}},       /* TLSDESC's */
	{8, {0xff, 0x25, NUMBER, 0x66, 0x90}},                                        /* .plt.got */
};

/* The form of what is there; NULL: none of the psABI's. */
static const struct form *form_of(const uint8_t *code, uint64_t size)
{
	for (unsigned f = 0; f < COUNTOF(forms); f++) {
		uint64_t i = 0;
		while (i < forms[f].size && i < size &&
		       (forms[f].bytes[i] == ANY || forms[f].bytes[i] == code[i]))
			i++;
		if (i == forms[f].size)
			return &forms[f];
	}
	return NULL;
}

/* push the loader's word, jump to its function (psABI figure 5.2) */
static bool is_first(const uint8_t *code, uint64_t size)
{
	const struct form *form = form_of(code, size);
	return form && form->bytes[0] == 0xff && form->bytes[1] == 0x35;
}

uint64_t subject_plt_slot(const struct subject *subject, uint64_t addr)
{
	uint32_t section = subject_section_at(subject, addr, 1);
	if (!section || !(subject_shdr(subject, section)->sh_flags & SHF_EXECINSTR))
		return 0;
	struct bytes code = elf_section_bytes(&subject->elf, section);
	uint64_t skip = addr - subject_shdr(subject, section)->sh_addr;
	const struct form *form = form_of(code.data + skip, code.size - skip);
	return form ? jump_slot(code.data + skip, form->size, addr) : 0;
}

/* Where a lazy entry goes on; 0: it does not. */
static uint64_t jump_target(const uint8_t *code, uint64_t addr)
{
	for (unsigned at = 9; at <= 11; at++)
		if (code[at] == 0xe9)
			return addr + at + 5 + (uint64_t)(int64_t)(int32_t)read32(code + at + 1);
	return 0;
}

/* The number a lazy entry pushes, or -1. */
static int64_t pushed_number(const uint8_t *code)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	if (memcmp(code, endbr64, sizeof(endbr64)) == 0 && code[4] == 0x68)
		return read32(code + 5);
	if (code[0] == 0xff && code[1] == 0x25 && code[6] == 0x68)
		return read32(code + 7);
	return -1;
}

/* The first lazy entry uses the loader's words. */
static void verify_first(struct subject *subject, const char *name, const uint8_t *code, uint64_t addr)
{
	uint32_t got = subject_section_named(subject, ".got.plt");
	uint64_t pltgot = got ? subject_shdr(subject, got)->sh_addr : 0;
	if (subject_dynamic(subject, DT_PLTGOT, &pltgot) || got)
		claim(subject, addr + 6 + (uint64_t)(int64_t)(int32_t)read32(code + 2) == pltgot + 8 &&
				     jump_slot(code + 6, ENTRY - 6, addr + 6) == pltgot + 16,
		      "%s: the first entry does not use the loader's words of .got.plt", name);
}

/* Eight bytes of filling, between an entry of .plt.got and one of another table that a script put behind it. */
static bool is_filling(const uint8_t *code, uint64_t size)
{
	const struct form *next = size > 8 ? form_of(code + 8, size - 8) : NULL;
	return next && next->size == ENTRY && memcmp(code, code + 1, 7) == 0;
}

static void verify_entries(struct subject *subject, const char *name, struct elf_relas relas)
{
	uint32_t section = subject_section_named(subject, name);
	if (!section || subject_shdr(subject, section)->sh_type != SHT_PROGBITS)
		return;
	struct bytes code = elf_section_bytes(&subject->elf, section);
	uint64_t addr = subject_shdr(subject, section)->sh_addr, size;
	for (uint64_t at = 0; at < code.size; at += size) {
		const uint8_t *entry = code.data + at;
		const struct form *form = form_of(entry, code.size - at);
		size = form ? form->size : at % ENTRY == 8 ? 8 : ENTRY;
		if (size == 8 && !form && is_filling(entry, code.size - at))
			continue;
		if (!claim(subject, form, "%s: the entry at 0x%llx has no form of the psABI's", name, ull(addr + at)))
			continue;
		if (is_first(entry, size))
			verify_first(subject, name, entry, addr + at);
		uint64_t slot = jump_slot(entry, size, addr + at);
		if (slot)
			claim(subject, is_slot(subject, slot),
			      "%s: the entry at 0x%llx jumps through 0x%llx, which is no GOT slot", name,
			      ull(addr + at), ull(slot));
		int64_t number = size == ENTRY ? pushed_number(entry) : -1;
		if (number < 0)
			continue;
		if (!claim(subject, (uint64_t)number < relas.n,
			   "%s: the entry at 0x%llx pushes %lld, there are %llu relocations",
			   name, ull(addr + at), (long long)number, ull(relas.n)))
			continue;
		const struct elf_rela *rela = &relas.at[number];
		if (slot)
			claim(subject, rela->r_offset == slot,
			      "%s: the entry at 0x%llx pushes the number of another slot", name,
			      ull(addr + at));
		uint64_t first = jump_target(entry, addr + at) - addr;
		claim(subject, first < code.size && is_first(code.data + first, code.size - first),
		      "%s: the entry at 0x%llx does not go on to the first one", name,
		      ull(addr + at));
		/* Not bound yet, the slot leads back to the push. */
		const uint8_t *word = subject_bytes(subject, rela->r_offset, 8);
		bool resolved = rela->r_type == R_X86_64_IRELATIVE;
		if (!word || (rela->r_type != R_X86_64_JUMP_SLOT && !resolved))
			continue;
		uint64_t target = read64(word);
		claim(subject, target == 0 || (resolved && target == (uint64_t)rela->r_addend) ||
		      (target == addr + at + (slot ? 6 : 0)),
		      "%s: the slot at 0x%llx leads to 0x%llx, not to its entry", name, ull(rela->r_offset),
		      ull(target));
	}
}

void verify_plt(struct subject *subject)
{
	static const char *const names[] = {".plt", ".plt.sec", ".plt.got"};
	struct elf_relas relas = plt_relocations(subject);
	for (unsigned i = 0; i < COUNTOF(names); i++)
		verify_entries(subject, names[i], relas);
	for (uint64_t i = 0; i < relas.n; i++)
		if (relas.at[i].r_type == R_X86_64_JUMP_SLOT)
			claim(subject, is_slot(subject, relas.at[i].r_offset),
			      "R_X86_64_JUMP_SLOT at 0x%llx is in no GOT",
			      ull(relas.at[i].r_offset));
	uint32_t section = subject_section_named(subject, ".got.plt"), dynamic = subject_section_of_type(subject,
													 SHT_DYNAMIC);
	uint64_t pltgot;
	if (!section || subject_shdr(subject, section)->sh_type != SHT_PROGBITS ||
	    (subject_dynamic(subject, DT_PLTGOT, &pltgot) && pltgot != subject_shdr(subject, section)->sh_addr))
		return;
	struct bytes bytes = elf_section_bytes(&subject->elf, section);
	if (claim(subject, bytes.size >= 24, ".got.plt: no room for the loader's three words"))
		claim(subject, read64(bytes.data) == (dynamic ? subject_shdr(subject, dynamic)->sh_addr : 0) &&
				     read64(bytes.data + 8) == 0 && read64(bytes.data + 16) == 0,
		      ".got.plt: its first words are not _DYNAMIC, 0, 0");
}
