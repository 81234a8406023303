/* Procedure linkage tables (x86-64 psABI, "Procedure Linkage Table", also with IBT): every entry jumps through a slot
 * that the loader fills, and a lazy entry pushes the number of its own relocation. */
#include <string.h>

#include "verify/subject.h"

#define ull(number) ((unsigned long long)(number))

enum { ENTRY = 16 };

static struct elf_relas plt_relocations(const struct subject *subject)
{
	uint64_t address = 0, size = 0;
	if (!subject_dynamic(subject, DT_JMPREL, &address) || !subject_dynamic(subject, DT_PLTRELSZ, &size)) {
		uint32_t section = subject_section_named(subject, ".rela.plt");
		if (!section)
			return (struct elf_relas){NULL, 0};
		address = subject_shdr(subject, section)->sh_addr;
		size = subject_shdr(subject, section)->sh_size;
	}
	const uint8_t *bytes = subject_bytes(subject, address, size);
	return (struct elf_relas){(const struct elf_rela *)bytes, bytes ? size / sizeof(struct elf_rela) : 0};
}

/* Does a relocation, or the file, put something there? */
static bool is_slot(const struct subject *subject, uint64_t addr)
{
	for (uint32_t i = 1; i < subject->elf.nshdr; i++) {
		const struct elf_shdr *shdr = subject_shdr(subject, i);
		const char *name = elf_section_name(&subject->elf, i);
		bool is_got = strcmp(name, ".got") == 0 || strcmp(name, ".got.plt") == 0;
		if (is_got && addr >= shdr->sh_addr && addr + 8 <= shdr->sh_addr + shdr->sh_size)
			return (addr - shdr->sh_addr) % 8 == 0;
	}
	return false;
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

/* Is it one of the psABI's forms? */
static bool has_form(const uint8_t *code, uint64_t size)
{
	for (unsigned f = 0; f < COUNTOF(forms); f++) {
		uint64_t i = 0;
		while (i < size && forms[f].size == size &&
		       (forms[f].bytes[i] == ANY || forms[f].bytes[i] == code[i]))
			i++;
		if (i == size)
			return true;
	}
	return false;
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

/* The first lazy entry: push the loader's word, jump to its function (psABI figure 5.2). */
static void verify_first(struct subject *subject)
{
	uint32_t plt = subject_section_named(subject, ".plt");
	uint32_t got = subject_section_named(subject, ".got.plt");
	uint64_t pltgot = got ? subject_shdr(subject, got)->sh_addr : 0;
	if (!plt || (!subject_dynamic(subject, DT_PLTGOT, &pltgot) && !got) ||
	    subject_shdr(subject, plt)->sh_type != SHT_PROGBITS)
		return;
	struct bytes code = elf_section_bytes(&subject->elf, plt);
	uint64_t addr = subject_shdr(subject, plt)->sh_addr;
	if (code.size < ENTRY || code.data[0] != 0xff || code.data[1] != 0x35)
		return; /* there are entries without laziness only */
	claim(subject, addr + 6 + (uint64_t)(int64_t)(int32_t)read32(code.data + 2) == pltgot + 8 &&
		      jump_slot(code.data + 6, ENTRY - 6, addr + 6) == pltgot + 16,
	      ".plt: the first entry does not use the loader's words of .got.plt");
}

static void verify_entries(struct subject *subject, const char *name, uint64_t entry_size, struct elf_relas relas)
{
	uint32_t section = subject_section_named(subject, name);
	if (!section || subject_shdr(subject, section)->sh_type != SHT_PROGBITS)
		return;
	struct bytes code = elf_section_bytes(&subject->elf, section);
	uint64_t addr = subject_shdr(subject, section)->sh_addr;
	for (uint64_t at = 0; at + entry_size <= code.size; at += entry_size) {
		const uint8_t *entry = code.data + at;
		uint64_t slot = jump_slot(entry, entry_size, addr + at);
		claim(subject, has_form(entry, entry_size), "%s: the entry at 0x%llx has no form of the psABI's", name,
		      ull(addr + at));
		if (slot)
			claim(subject, is_slot(subject, slot),
			      "%s: the entry at 0x%llx jumps through 0x%llx, which is no GOT slot", name,
			      ull(addr + at), ull(slot));
		int64_t number = entry_size == ENTRY ? pushed_number(entry) : -1;
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
		claim(subject, jump_target(entry, addr + at) == addr,
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
	struct elf_relas relas = plt_relocations(subject);
	verify_first(subject);
	verify_entries(subject, ".plt", ENTRY, relas);
	verify_entries(subject, ".plt.sec", ENTRY, relas);
	uint32_t got = subject_section_named(subject, ".plt.got");
	if (got) {
		struct bytes code = elf_section_bytes(&subject->elf, got);
		static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
		bool ibt = code.size >= ENTRY && memcmp(code.data, endbr64, sizeof(endbr64)) == 0;
		verify_entries(subject, ".plt.got", ibt ? ENTRY : 8, relas);
	}
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
