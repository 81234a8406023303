/* set-field FILE NEW TABLE ENTRY FIELD VALUE: a copy of an ELF64 object in which one field has another value.
 *
 *   TABLE ENTRY            ehdr 0; shdr NAME-OR-NUMBER; sym NUMBER; rela NUMBER (of the first SHT_RELA section);
 *                          group NUMBER (a word of the first SHT_GROUP section); chdr NAME; dyn NUMBER
 *   FIELD                  as in <elf.h>; "word" of a group */
#include <elf.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct field {
	const char *table, *name;
	size_t at, size;
};
#define FIELD(table, type, name) {table, #name, offsetof(type, name), sizeof(((type *)NULL)->name)}
static const struct field fields[] = {
	{"ehdr", "EI_CLASS", EI_CLASS, 1}, {"ehdr", "EI_DATA", EI_DATA, 1}, {"ehdr", "EI_VERSION", EI_VERSION, 1},
	FIELD("ehdr", Elf64_Ehdr, e_type), FIELD("ehdr", Elf64_Ehdr, e_machine), FIELD("ehdr", Elf64_Ehdr, e_version),
	FIELD("ehdr", Elf64_Ehdr, e_shoff), FIELD("ehdr", Elf64_Ehdr, e_shentsize), FIELD("ehdr", Elf64_Ehdr, e_shnum),
	FIELD("ehdr", Elf64_Ehdr, e_shstrndx),
	FIELD("shdr", Elf64_Shdr, sh_name), FIELD("shdr", Elf64_Shdr, sh_type), FIELD("shdr", Elf64_Shdr, sh_flags),
	FIELD("shdr", Elf64_Shdr, sh_offset), FIELD("shdr", Elf64_Shdr, sh_size), FIELD("shdr", Elf64_Shdr, sh_link),
	FIELD("shdr", Elf64_Shdr, sh_info), FIELD("shdr", Elf64_Shdr, sh_addralign),
	FIELD("shdr", Elf64_Shdr, sh_entsize),
	FIELD("sym", Elf64_Sym, st_name), FIELD("sym", Elf64_Sym, st_info), FIELD("sym", Elf64_Sym, st_shndx),
	FIELD("sym", Elf64_Sym, st_value), FIELD("sym", Elf64_Sym, st_size),
	FIELD("rela", Elf64_Rela, r_offset), {"rela", "r_type", 8, 4}, {"rela", "r_sym", 12, 4},
	{"group", "word", 0, 4},
	FIELD("chdr", Elf64_Chdr, ch_type), FIELD("chdr", Elf64_Chdr, ch_size), FIELD("chdr", Elf64_Chdr, ch_addralign),
	FIELD("dyn", Elf64_Dyn, d_tag), {"dyn", "d_val", 8, 8},
};

static unsigned char *file;
static const Elf64_Shdr *shdrs;
static unsigned n_sections;

static const Elf64_Shdr *of_type(unsigned type)
{
	for (unsigned i = 1; i < n_sections; i++)
		if (shdrs[i].sh_type == type)
			return &shdrs[i];
	fprintf(stderr, "set-field: no section of type %u\n", type);
	exit(2);
}

static unsigned number_of(const char *section)
{
	const char *names = (const char *)file + shdrs[((const Elf64_Ehdr *)file)->e_shstrndx].sh_offset;
	for (unsigned i = 0; i < n_sections; i++)
		if (strcmp(names + shdrs[i].sh_name, section) == 0 && *section)
			return i;
	return (unsigned)strtoul(section, NULL, 0);
}

static size_t place_of(const char *table, const char *entry)
{
	size_t n = strtoul(entry, NULL, 0);
	if (strcmp(table, "shdr") == 0)
		return ((const Elf64_Ehdr *)file)->e_shoff + sizeof(Elf64_Shdr) * number_of(entry);
	if (strcmp(table, "sym") == 0)
		return of_type(SHT_SYMTAB)->sh_offset + sizeof(Elf64_Sym) * n;
	if (strcmp(table, "rela") == 0)
		return of_type(SHT_RELA)->sh_offset + sizeof(Elf64_Rela) * n;
	if (strcmp(table, "group") == 0)
		return of_type(SHT_GROUP)->sh_offset + 4 * n;
	if (strcmp(table, "dyn") == 0)
		return of_type(SHT_DYNAMIC)->sh_offset + sizeof(Elf64_Dyn) * n;
	if (strcmp(table, "chdr") == 0)
		return shdrs[number_of(entry)].sh_offset;
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 7)
		return 2;
	FILE *from = fopen(argv[1], "rb");
	file = malloc(1 << 20);
	size_t size = from && file ? fread(file, 1, 1 << 20, from) : 0;
	if (size < sizeof(Elf64_Ehdr))
		return 2;
	shdrs = (const Elf64_Shdr *)(file + ((const Elf64_Ehdr *)file)->e_shoff);
	n_sections = ((const Elf64_Ehdr *)file)->e_shnum;
	for (unsigned i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (strcmp(fields[i].table, argv[3]) != 0 || strcmp(fields[i].name, argv[5]) != 0)
			continue;
		unsigned long long value = strtoull(argv[6], NULL, 0);
		memcpy(file + place_of(argv[3], argv[4]) + fields[i].at, &value, fields[i].size);
		FILE *to = fopen(argv[2], "wb");
		return !to || fwrite(file, 1, size, to) != size || fclose(to) != 0;
	}
	fprintf(stderr, "set-field: no field %s of %s\n", argv[5], argv[3]);
	return 2;
}
