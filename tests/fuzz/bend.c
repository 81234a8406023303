#include "fuzz/bend.h"

#include <ar.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "elf/types.h"

struct field {
	uint16_t at, width; /* bytes */
};

#define FIELD(type, name)                                                                                              \
	{                                                                                                              \
		offsetof(struct type, name), sizeof(((struct type *)NULL)->name)                                       \
	}

static const struct field ehdr64[] = {
	{EI_CLASS, 1},
	{EI_DATA, 1},
	{EI_OSABI, 1},
	FIELD(elf_ehdr, e_type),
	FIELD(elf_ehdr, e_machine),
	FIELD(elf_ehdr, e_version),
	FIELD(elf_ehdr, e_phoff),
	FIELD(elf_ehdr, e_shoff),
	FIELD(elf_ehdr, e_flags),
	FIELD(elf_ehdr, e_ehsize),
	FIELD(elf_ehdr, e_phentsize),
	FIELD(elf_ehdr, e_phnum),
	FIELD(elf_ehdr, e_shentsize),
	FIELD(elf_ehdr, e_shnum),
	FIELD(elf_ehdr, e_shstrndx),
};
static const struct field ehdr32[] = {
	{EI_CLASS, 1},
	{EI_DATA, 1},
	{EI_OSABI, 1},
	FIELD(elf32_ehdr, e_type),
	FIELD(elf32_ehdr, e_machine),
	FIELD(elf32_ehdr, e_version),
	FIELD(elf32_ehdr, e_phoff),
	FIELD(elf32_ehdr, e_shoff),
	FIELD(elf32_ehdr, e_flags),
	FIELD(elf32_ehdr, e_ehsize),
	FIELD(elf32_ehdr, e_phentsize),
	FIELD(elf32_ehdr, e_phnum),
	FIELD(elf32_ehdr, e_shentsize),
	FIELD(elf32_ehdr, e_shnum),
	FIELD(elf32_ehdr, e_shstrndx),
};
static const struct field shdr64[] = {
	FIELD(elf_shdr, sh_name),      FIELD(elf_shdr, sh_type),    FIELD(elf_shdr, sh_flags), FIELD(elf_shdr, sh_addr),
	FIELD(elf_shdr, sh_offset),    FIELD(elf_shdr, sh_size),    FIELD(elf_shdr, sh_link),  FIELD(elf_shdr, sh_info),
	FIELD(elf_shdr, sh_addralign), FIELD(elf_shdr, sh_entsize),
};
static const struct field shdr32[] = {
	FIELD(elf32_shdr, sh_name),    FIELD(elf32_shdr, sh_type),   FIELD(elf32_shdr, sh_flags),
	FIELD(elf32_shdr, sh_addr),    FIELD(elf32_shdr, sh_offset), FIELD(elf32_shdr, sh_size),
	FIELD(elf32_shdr, sh_link),    FIELD(elf32_shdr, sh_info),   FIELD(elf32_shdr, sh_addralign),
	FIELD(elf32_shdr, sh_entsize),
};
static const struct field phdr64[] = {
	FIELD(elf_phdr, p_type),   FIELD(elf_phdr, p_offset), FIELD(elf_phdr, p_vaddr),
	FIELD(elf_phdr, p_filesz), FIELD(elf_phdr, p_memsz),  FIELD(elf_phdr, p_align),
};
static const struct field phdr32[] = {
	FIELD(elf32_phdr, p_type),   FIELD(elf32_phdr, p_offset), FIELD(elf32_phdr, p_vaddr),
	FIELD(elf32_phdr, p_filesz), FIELD(elf32_phdr, p_memsz),  FIELD(elf32_phdr, p_align),
};
static const struct field sym64[] = {
	FIELD(elf_sym, st_name),  FIELD(elf_sym, st_info),  FIELD(elf_sym, st_other),
	FIELD(elf_sym, st_shndx), FIELD(elf_sym, st_value), FIELD(elf_sym, st_size),
};
static const struct field sym32[] = {{0, 4}, {4, 4}, {8, 4}, {12, 1}, {13, 1}, {14, 2}};
static const struct field rela64[] = {
	FIELD(elf_rela, r_offset),
	FIELD(elf_rela, r_type),
	FIELD(elf_rela, r_sym),
	FIELD(elf_rela, r_addend),
};
static const struct field rel32[] = {{0, 4}, {4, 1}, {5, 2}, {4, 4}};
static const struct field pair64[] = {{0, 8}, {8, 8}}, pair32[] = {{0, 4}, {4, 4}};
static const struct field chdr64[] = {{0, 4}, {8, 8}, {16, 8}}, chdr32[] = {{0, 4}, {4, 4}, {8, 4}};
static const struct field words[] = {{0, 4}}, halves[] = {{0, 2}}, bytes[] = {{0, 1}};

/* What is bent: the file, and how much there is of what numbers count. */
struct bending {
	uint8_t *data;
	uint64_t size;
	struct choices *choices;
	bool is_wide; /* ELFCLASS64 */
	uint64_t n_sections, sections, shdr_size;
	uint64_t n_segments, segments, phdr_size;
};

static uint64_t read_field(const uint8_t *at, unsigned width)
{
	uint64_t value = 0;
	memcpy(&value, at, width); /* little-endian, as all of gild */
	return value;
}

static uint64_t header_field(const struct bending *b, unsigned at64, unsigned at32, unsigned width64, unsigned width32)
{
	return b->is_wide ? read_field(b->data + at64, width64) : read_field(b->data + at32, width32);
}

#define EHDR_FIELD(b, name)                                                                                            \
	header_field(b, offsetof(struct elf_ehdr, name), offsetof(struct elf32_ehdr, name),                            \
		     sizeof(((struct elf_ehdr *)NULL)->name), sizeof(((struct elf32_ehdr *)NULL)->name))

static uint64_t shdr_field(const struct bending *b, uint64_t section, unsigned which)
{
	const struct field *field = b->is_wide ? &shdr64[which] : &shdr32[which];
	return read_field(b->data + b->sections + section * b->shdr_size + field->at, field->width);
}

enum { SH_TYPE = 1, SH_FLAGS = 2, SH_OFFSET = 4, SH_SIZE = 5 };

/* A value to put in the place of `old`. */
static uint64_t wrong_value(struct bending *b, uint64_t old)
{
	static const uint64_t limits[] = {
		0,
		1,
		2,
		3,
		7,
		8,
		16,
		24,
		0x7f,
		0x80,
		0xff,
		0x7fff,
		0x8000,
		0xfeff,
		0xff00,
		0xff02,
		0xfff1,
		0xfff2,
		0xffff,
		0x7fffffff,
		0x80000000,
		0xfffffff0,
		0xffffffff,
		0x100000000,
		1ull << 40,
		(1ull << 47) - 1,
		1ull << 47,
		1ull << 48,
		0x7fffffffffffffff,
		0x8000000000000000,
		0xffffffffffffff00,
		0xffffffffffffffff,
	};
	struct choices *choices = b->choices;
	uint64_t section = b->n_sections ? choose(choices, b->n_sections) : 0;
	switch (choose(choices, 8)) {
	case 0:
		return limits[choose(choices, COUNTOF(limits))];
	case 1:
		return old + choose(choices, 17) - 8;
	case 2:
		return 1ull << choose(choices, 64);
	case 3: /* a section's number, and the one behind the last */
		return choose(choices, b->n_sections + 2);
	case 4:
		return b->n_sections ? shdr_field(b, section, SH_OFFSET) : b->size;
	case 5:
		return b->n_sections ? shdr_field(b, section, SH_SIZE) + choose(choices, 3) - 1 : b->size;
	case 6:
		return b->size + choose(choices, 17) - 8;
	default:
		return old ^ 1ull << choose(choices, 64);
	}
}

/* Changes a field of entry `entry` of a table, if there is room for it. */
static bool change(struct bending *b, uint64_t table, uint64_t entry_size, uint64_t entry, const struct field *fields,
		   unsigned n)
{
	const struct field *field = &fields[choose(b->choices, n)];
	uint64_t at = table + entry * entry_size + field->at;
	if (at > b->size || field->width > b->size - at)
		return false;
	uint64_t value = wrong_value(b, read_field(b->data + at, field->width));
	memcpy(b->data + at, &value, field->width);
	return true;
}

#define CHANGE(b, table, size, entry, wide, narrow)                                                                    \
	((b)->is_wide ? change(b, table, size, entry, wide, COUNTOF(wide))                                             \
		      : change(b, table, size, entry, narrow, COUNTOF(narrow)))

static bool change_one_of(struct bending *b, uint64_t table, uint64_t table_size, uint64_t entry_size,
			  const struct field *fields, unsigned n)
{
	uint64_t entries = table_size / entry_size;
	return entries && change(b, table, entry_size, choose(b->choices, entries), fields, n);
}

#define CHANGE_ONE_OF(b, table, size, size64, size32, wide, narrow)                                                    \
	((b)->is_wide ? change_one_of(b, table, size, size64, wide, COUNTOF(wide))                                     \
		      : change_one_of(b, table, size, size32, narrow, COUNTOF(narrow)))

/* What a section holds. */
static bool bend_content(struct bending *b, uint64_t section)
{
	uint64_t at = shdr_field(b, section, SH_OFFSET), size = shdr_field(b, section, SH_SIZE);
	uint64_t type = shdr_field(b, section, SH_TYPE);
	if (type == SHT_NOBITS || type == SHT_NULL || at > b->size || size > b->size - at)
		return false;
	if (shdr_field(b, section, SH_FLAGS) & SHF_COMPRESSED && one_in(b->choices, 2))
		return CHANGE(b, at, 0, 0, chdr64, chdr32);
	switch (type) {
	case SHT_SYMTAB:
	case SHT_DYNSYM:
		return CHANGE_ONE_OF(b, at, size, sizeof(struct elf_sym), 16, sym64, sym32);
	case SHT_RELA:
		return CHANGE_ONE_OF(b, at, size, sizeof(struct elf_rela), 12, rela64, rel32);
	case SHT_REL:
		return CHANGE_ONE_OF(b, at, size, 16, 8, pair64, rel32);
	case SHT_DYNAMIC:
		return CHANGE_ONE_OF(b, at, size, 16, 8, pair64, pair32);
	case SHT_GNU_versym:
		return change_one_of(b, at, size, 2, halves, COUNTOF(halves));
	case SHT_GNU_verdef:
	case SHT_GNU_verneed:
		if (one_in(b->choices, 2))
			return change_one_of(b, at, size, 2, halves, COUNTOF(halves));
		return change_one_of(b, at, size, 4, words, COUNTOF(words));
	case SHT_STRTAB:
		return change_one_of(b, at, size, 1, bytes, COUNTOF(bytes));
	case SHT_PROGBITS:
		if (one_in(b->choices, 2))
			return change_one_of(b, at, size, 1, bytes, COUNTOF(bytes));
		break;
	}
	return change_one_of(b, at, size, 4, words, COUNTOF(words)); /* groups, notes, hash tables, unwind records */
}

/* One section lies where another one does, or is the same as another one. */
static bool bend_overlap(struct bending *b)
{
	uint64_t from = choose(b->choices, b->n_sections), to = choose(b->choices, b->n_sections);
	uint8_t *source = b->data + b->sections + from * b->shdr_size,
		*target = b->data + b->sections + to * b->shdr_size;
	const struct field *offset = b->is_wide ? &shdr64[SH_OFFSET] : &shdr32[SH_OFFSET];
	if (one_in(b->choices, 2))
		memmove(target + offset->at, source + offset->at, offset->width);
	else
		memmove(target, source, b->shdr_size);
	return true;
}

static bool bend_elf(struct bending *b)
{
	b->is_wide = b->data[EI_CLASS] != ELFCLASS32;
	if (b->size < sizeof(struct elf_ehdr))
		return false;
	b->shdr_size = b->is_wide ? sizeof(struct elf_shdr) : sizeof(struct elf32_shdr);
	b->phdr_size = b->is_wide ? sizeof(struct elf_phdr) : sizeof(struct elf32_phdr);
	b->sections = EHDR_FIELD(b, e_shoff);
	b->n_sections = EHDR_FIELD(b, e_shnum);
	b->segments = EHDR_FIELD(b, e_phoff);
	b->n_segments = EHDR_FIELD(b, e_phnum);
	if (b->sections > b->size || b->n_sections > (b->size - b->sections) / b->shdr_size)
		b->n_sections = 0;
	if (b->segments > b->size || b->n_segments > (b->size - b->segments) / b->phdr_size)
		b->n_segments = 0;
	uint64_t what = choose(b->choices, 16);
	if (what == 0 || !b->n_sections)
		return CHANGE(b, 0, 0, 0, ehdr64, ehdr32);
	if (what < 4 && b->n_segments)
		return CHANGE(b, b->segments, b->phdr_size, choose(b->choices, b->n_segments), phdr64, phdr32);
	if (what < 8)
		return CHANGE(b, b->sections, b->shdr_size, choose(b->choices, b->n_sections), shdr64, shdr32);
	if (what < 9)
		return bend_overlap(b);
	for (unsigned i = 0; i < 8; i++)
		if (bend_content(b, choose(b->choices, b->n_sections)))
			return true;
	return CHANGE(b, 0, 0, 0, ehdr64, ehdr32);
}

/* ---- archives ------------------------------------------------------------------------------------------------- */

static void put_decimal(char *field, unsigned width, uint64_t value)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%-*" PRIu64, (int)width, value);
	memcpy(field, text, (unsigned)n < width ? (unsigned)n : width);
}

static bool bend_member(struct bending *b, uint64_t at)
{
	struct ar_hdr *header = (struct ar_hdr *)(b->data + at);
	uint64_t body = at + sizeof(*header);
	switch (choose(b->choices, 6)) {
	case 0:
		put_decimal(header->ar_size, sizeof(header->ar_size), wrong_value(b, b->size - body));
		return true;
	case 1:
		header->ar_name[choose(b->choices, sizeof(header->ar_name))] = "/ 0129#!\n\xff"[choose(b->choices, 10)];
		return true;
	case 2: /* another long name */
		header->ar_name[0] = '/';
		put_decimal(header->ar_name + 1, sizeof(header->ar_name) - 1, wrong_value(b, 0));
		return true;
	case 3:
		header->ar_fmag[choose(b->choices, 2)] ^= 1;
		return true;
	}
	/* what it holds: an object; else, in the index, words with the most significant byte first */
	if (bend(b->data + body, b->size - body, b->choices))
		return true;
	if (b->size - body < 4)
		return false;
	uint64_t place = body + choose(b->choices, min_u64((b->size - body) / 4, 32)) * 4;
	uint32_t value = __builtin_bswap32((uint32_t)wrong_value(b, 0));
	memcpy(b->data + place, &value, sizeof(value));
	return true;
}

static bool bend_archive(struct bending *b)
{
	uint64_t members[64], n = 0;
	for (uint64_t at = SARMAG; n < COUNTOF(members) && at + sizeof(struct ar_hdr) <= b->size; n++) {
		char size[11] = "";
		memcpy(size, ((struct ar_hdr *)(b->data + at))->ar_size, 10);
		uint64_t bytes_of = 0;
		members[n] = at;
		if (sscanf(size, "%" SCNu64, &bytes_of) != 1 || bytes_of > b->size)
			return n ? bend_member(b, members[choose(b->choices, n)]) : false;
		bool has_body = b->data[SARMAG - 2] == '>' || ((struct ar_hdr *)(b->data + at))->ar_name[0] == '/';
		at += sizeof(struct ar_hdr) +
		      (memcmp(b->data, "!<thin>", 7) != 0 || has_body ? bytes_of + bytes_of % 2 : 0);
	}
	return n && bend_member(b, members[choose(b->choices, n)]);
}

bool bend(uint8_t *data, uint64_t size, struct choices *choices)
{
	struct bending b = {.data = data, .size = size, .choices = choices};
	if (size > SARMAG && (memcmp(data, ARMAG, SARMAG) == 0 || memcmp(data, "!<thin>\n", SARMAG) == 0))
		return bend_archive(&b);
	return size > EI_NIDENT && memcmp(data, ELFMAG, SELFMAG) == 0 && bend_elf(&b);
}
