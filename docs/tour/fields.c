/* Shows structures of an ELF64 file field by field: where each field is, its bytes, its name in <elf.h>, what it says.
 *
 *   fields FILE ehdr            the ELF header
 *   fields FILE shdr NAME       the section header of section NAME
 *   fields FILE sym NAME        the symbol table entry of symbol NAME
 *   fields FILE rela NAME N     relocation N (from 0) of section NAME
 *
 * For docs/tour.md: it trusts its input, which a linker must not do (see src/elf/object.c). */
#include <elf.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What docs/tour.md says in words. */
_Static_assert(offsetof(Elf64_Shdr, sh_offset) == 24, "entry + 24 is sh_offset");
_Static_assert(sizeof(Elf64_Shdr) == 0x40, "0x40 * i skips i section headers");

static unsigned char *file;

static Elf64_Ehdr *ehdr(void)
{
	return (Elf64_Ehdr *)file;
}

/* Section header number i begins e_shoff + i * e_shentsize bytes into the file. */
static Elf64_Shdr *shdr(unsigned i)
{
	return (Elf64_Shdr *)(file + ehdr()->e_shoff + i * (size_t)ehdr()->e_shentsize);
}

static const char *section_name(unsigned i)
{
	return (const char *)file + shdr(ehdr()->e_shstrndx)->sh_offset + shdr(i)->sh_name;
}

static Elf64_Shdr *find_section(const char *name)
{
	for (unsigned i = 0; i < ehdr()->e_shnum; i++)
		if (strcmp(section_name(i), name) == 0)
			return shdr(i);
	fprintf(stderr, "fields: no section %s\n", name);
	exit(1);
}

static const char *symbol_name(const Elf64_Sym *sym)
{
	if (ELF64_ST_TYPE(sym->st_info) == STT_SECTION)
		return section_name(sym->st_shndx);
	return (const char *)file + shdr(find_section(".symtab")->sh_link)->sh_offset + sym->st_name;
}

static Elf64_Sym *find_symbol(const char *name)
{
	Elf64_Shdr *symtab = find_section(".symtab");
	Elf64_Sym *syms = (Elf64_Sym *)(file + symtab->sh_offset);
	for (size_t i = 0; i < symtab->sh_size / sizeof(*syms); i++)
		if (strcmp(symbol_name(&syms[i]), name) == 0)
			return &syms[i];
	fprintf(stderr, "fields: no symbol %s\n", name);
	exit(1);
}

static void show(const void *base, const char *field, size_t at, size_t size, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

static void show(const void *base, const char *field, size_t at, size_t size, const char *format, ...)
{
	const unsigned char *bytes = (const unsigned char *)base + at;
	char hex[3 * 16 + 1];
	for (size_t i = 0; i < size; i++)
		sprintf(hex + 3 * i, "%02x ", bytes[i]);
	printf("0x%04tx  %3zu  %-12s  %-*s ", bytes - file, at, field, size > 8 ? 48 : 24, hex);
	va_list args;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

#define SHOW(pointer, field, ...) \
	show(pointer, #field, offsetof(__typeof__(*(pointer)), field), sizeof((pointer)->field), __VA_ARGS__)

#define NAME(value, constant) (value) == (constant) ? #constant

static void show_ehdr(const Elf64_Ehdr *h)
{
	SHOW(h, e_ident, "\"\\177ELF\", 64-bit, little-endian");
	SHOW(h, e_type, "%s", NAME(h->e_type, ET_REL) : NAME(h->e_type, ET_DYN) : "?");
	SHOW(h, e_machine, "%s", NAME(h->e_machine, EM_X86_64) : "?");
	SHOW(h, e_version, "%u", h->e_version);
	SHOW(h, e_entry, h->e_entry ? "the program starts at address 0x%lx" : "%lu: an object cannot be started", h->e_entry);
	SHOW(h, e_phoff, h->e_phoff ? "program headers begin at byte 0x%lx" : "%lu: no program headers", h->e_phoff);
	SHOW(h, e_shoff, "section headers begin at byte 0x%lx", h->e_shoff);
	SHOW(h, e_flags, "%u", h->e_flags);
	SHOW(h, e_ehsize, "this header has %u bytes", h->e_ehsize);
	SHOW(h, e_phentsize, h->e_phnum ? "a program header has %u bytes" : "%u", h->e_phentsize);
	SHOW(h, e_phnum, "there are %u program headers", h->e_phnum);
	SHOW(h, e_shentsize, "a section header has %u bytes", h->e_shentsize);
	SHOW(h, e_shnum, "there are %u section headers (number 0 is empty)", h->e_shnum);
	SHOW(h, e_shstrndx, "section %u holds their names: %s", h->e_shstrndx, section_name(h->e_shstrndx));
}

static void show_shdr(const Elf64_Shdr *h)
{
	SHOW(h, sh_name, "offset in .shstrtab: \"%s\"", section_name((unsigned)(h - shdr(0))));
	SHOW(h, sh_type, "%s", NAME(h->sh_type, SHT_PROGBITS) : NAME(h->sh_type, SHT_RELA) : NAME(h->sh_type, SHT_SYMTAB) : "?");
	SHOW(h, sh_flags, "%s%s%s", h->sh_flags & SHF_ALLOC ? "SHF_ALLOC" : "none", h->sh_flags & SHF_WRITE ? " + SHF_WRITE" : "",
	     h->sh_flags & SHF_EXECINSTR ? " + SHF_EXECINSTR" : "");
	SHOW(h, sh_addr, h->sh_addr ? "its address is 0x%lx" : "%lu: an object has no addresses yet", h->sh_addr);
	SHOW(h, sh_offset, "its bytes begin at byte 0x%lx of the file", h->sh_offset);
	SHOW(h, sh_size, "there are 0x%lx of them", h->sh_size);
	SHOW(h, sh_link, "%u", h->sh_link);
	SHOW(h, sh_info, "%u", h->sh_info);
	SHOW(h, sh_addralign, "its address must be a multiple of %lu", h->sh_addralign);
	SHOW(h, sh_entsize, h->sh_entsize ? "a table of entries of %lu bytes" : "%lu: not a table", h->sh_entsize);
}

static void show_sym(const Elf64_Sym *s)
{
	unsigned bind = ELF64_ST_BIND(s->st_info), type = ELF64_ST_TYPE(s->st_info), visibility = ELF64_ST_VISIBILITY(s->st_other);
	SHOW(s, st_name, "offset in .strtab: \"%s\"", symbol_name(s));
	SHOW(s, st_info, "%s, %s", NAME(bind, STB_LOCAL) : NAME(bind, STB_GLOBAL) : NAME(bind, STB_WEAK) : "?",
	     NAME(type, STT_NOTYPE) : NAME(type, STT_OBJECT) : NAME(type, STT_FUNC) : "?");
	SHOW(s, st_other, "%s", NAME(visibility, STV_DEFAULT) : NAME(visibility, STV_HIDDEN) : "?");
	if (s->st_shndx == SHN_UNDEF)
		SHOW(s, st_shndx, "SHN_UNDEF: it is not in this file");
	else
		SHOW(s, st_shndx, "it is in section %u: %s", s->st_shndx, section_name(s->st_shndx));
	SHOW(s, st_value, "0x%lx bytes behind the section's beginning", s->st_value);
	SHOW(s, st_size, "it has %lu bytes", s->st_size);
}

static void show_rela(const Elf64_Rela *r)
{
	unsigned long symbol = ELF64_R_SYM(r->r_info), type = ELF64_R_TYPE(r->r_info);
	const Elf64_Sym *syms = (const Elf64_Sym *)(file + find_section(".symtab")->sh_offset);
	SHOW(r, r_offset, "the hole is 0x%lx bytes behind the section's beginning", r->r_offset);
	SHOW(r, r_info, "high half: symbol %lu (%s); low half: type %lu (%s)", symbol, symbol_name(&syms[symbol]), type,
	     NAME(type, R_X86_64_64) : NAME(type, R_X86_64_PC32) : NAME(type, R_X86_64_PLT32) : "?");
	SHOW(r, r_addend, "add %ld", r->r_addend);
}

int main(int argc, char **argv)
{
	FILE *in = argc > 2 ? fopen(argv[1], "rb") : NULL;
	if (!in)
		return fprintf(stderr, "usage: fields FILE ehdr|shdr|sym|rela ...\n"), 2;
	fseek(in, 0, SEEK_END);
	size_t size = (size_t)ftell(in);
	rewind(in);
	file = malloc(size);
	if (!file || fread(file, 1, size, in) != size)
		return perror(argv[1]), 1;
	fclose(in);
	const char *what = argv[2], *name = argc > 3 ? argv[3] : "";
	printf("  byte   +n  field         bytes                    what it says\n");
	if (strcmp(what, "ehdr") == 0)
		show_ehdr(ehdr());
	else if (strcmp(what, "shdr") == 0)
		show_shdr(find_section(name));
	else if (strcmp(what, "sym") == 0)
		show_sym(find_symbol(name));
	else if (strcmp(what, "rela") == 0)
		show_rela((const Elf64_Rela *)(file + find_section(name)->sh_offset) + (argc > 4 ? atoi(argv[4]) : 0));
	free(file);
	return 0;
}
