/* Makes many object files at once, for links of any size.
 *
 *   make-objects FOLDER FILES SYMBOLS
 *
 * Each of the FILES files f0.o, f1.o, ... defines SYMBOLS functions, each in a section of its own (as -ffunction-sections
 * does), of 16 bytes; function i of a file calls another one, picked by a fixed rule from all files. The first function of the
 * first file is _start, which ends the process with status 0. */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FUNCTION_SIZE = 16, CALL_AT = 5 };

static unsigned long files, symbols;

static void die(const char *what)
{
	fprintf(stderr, "make-objects: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *allocate(size_t size)
{
	void *memory = calloc(size ? size : 1, 1);
	if (!memory)
		die("no memory");
	return memory;
}

static int name_of(char *to, size_t size, unsigned long file, unsigned long function)
{
	if (file == 0 && function == 0)
		return snprintf(to, size, "_start");
	return snprintf(to, size, "a_function_of_file_%lu_number_%lu", file, function);
}

/* Where function `function` of `file` calls to: somewhere else, without end or order. */
static unsigned long callee(unsigned long file, unsigned long function)
{
	unsigned long long at = (unsigned long long)file * symbols + function;
	return (unsigned long)((at * 2654435761ull + 12345) % ((unsigned long long)files * symbols));
}

/* Layout of a file: header, code, relocations, symbol table, names, section names, section headers. Sections: 0, then for
 * function i section 1 + 2 * i and its relocations, then .symtab, .strtab, .shstrtab. */
static void make(const char *folder, unsigned long file)
{
	static const unsigned char code[FUNCTION_SIZE] = {0x0f, 0x1f, 0x40, 0x00, 0xe8, 0, 0, 0, 0, 0xc3};
	/* mov $60, %eax; xor %edi, %edi; syscall; call is never reached */
	static const unsigned char end[FUNCTION_SIZE] = {0x31, 0xff, 0x90, 0x90, 0x90, 0xb8, 60, 0, 0, 0, 0x0f, 0x05};
	unsigned long n_sections = 2 * symbols + 4, n_symbols = 2 * symbols + 1;
	size_t code_at = sizeof(Elf64_Ehdr), rela_at = code_at + symbols * FUNCTION_SIZE;
	size_t symtab_at = rela_at + symbols * sizeof(Elf64_Rela), strtab_at = symtab_at + n_symbols * sizeof(Elf64_Sym);
	size_t strtab_max = n_symbols * 64 + 1;
	char *strtab = allocate(strtab_max), shstrtab[] = "\0.text.f\0.rela.text.f\0.symtab\0.strtab\0.shstrtab";
	Elf64_Sym *syms = allocate(n_symbols * sizeof(*syms));
	Elf64_Rela *relas = allocate(symbols * sizeof(*relas));
	unsigned char *text = allocate(symbols * FUNCTION_SIZE);
	size_t strtab_size = 1;
	for (unsigned long i = 0; i < symbols; i++) {
		int first = file == 0 && i == 0;
		memcpy(text + i * FUNCTION_SIZE, first ? end : code, FUNCTION_SIZE);
		unsigned long other = callee(file, i);
		syms[1 + i] = (Elf64_Sym){.st_name = (Elf64_Word)strtab_size,
					  .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
					  .st_shndx = (Elf64_Section)(1 + 2 * i), .st_size = FUNCTION_SIZE};
		strtab_size += (size_t)name_of(strtab + strtab_size, 64, file, i) + 1;
		syms[1 + symbols + i] = (Elf64_Sym){.st_name = (Elf64_Word)strtab_size, .st_info = ELF64_ST_INFO(STB_GLOBAL, 0)};
		strtab_size += (size_t)name_of(strtab + strtab_size, 64, other / symbols, other % symbols) + 1;
		relas[i] = (Elf64_Rela){first ? 12 : CALL_AT, ELF64_R_INFO(1 + symbols + i, first ? R_X86_64_PC32 : R_X86_64_PLT32), -4};
	}
	size_t shstrtab_at = strtab_at + strtab_size, shdrs_at = (shstrtab_at + sizeof(shstrtab) + 7) & ~(size_t)7;
	Elf64_Shdr *shdrs = allocate(n_sections * sizeof(*shdrs));
	for (unsigned long i = 0; i < symbols; i++) {
		shdrs[1 + 2 * i] = (Elf64_Shdr){.sh_name = 1, .sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
						.sh_offset = code_at + i * FUNCTION_SIZE, .sh_size = FUNCTION_SIZE, .sh_addralign = 16};
		shdrs[2 + 2 * i] = (Elf64_Shdr){.sh_name = 9, .sh_type = SHT_RELA, .sh_flags = SHF_INFO_LINK,
						.sh_offset = rela_at + i * sizeof(*relas), .sh_size = sizeof(*relas),
						.sh_link = (Elf64_Word)(2 * symbols + 1), .sh_info = (Elf64_Word)(1 + 2 * i),
						.sh_addralign = 8, .sh_entsize = sizeof(*relas)};
	}
	Elf64_Shdr *last = &shdrs[2 * symbols + 1];
	last[0] = (Elf64_Shdr){.sh_name = 22, .sh_type = SHT_SYMTAB, .sh_offset = symtab_at, .sh_size = n_symbols * sizeof(*syms),
			       .sh_link = (Elf64_Word)(2 * symbols + 2), .sh_info = 1, .sh_addralign = 8, .sh_entsize = sizeof(*syms)};
	last[1] = (Elf64_Shdr){.sh_name = 30, .sh_type = SHT_STRTAB, .sh_offset = strtab_at, .sh_size = strtab_size, .sh_addralign = 1};
	last[2] = (Elf64_Shdr){.sh_name = 38, .sh_type = SHT_STRTAB, .sh_offset = shstrtab_at, .sh_size = sizeof(shstrtab), .sh_addralign = 1};
	Elf64_Ehdr ehdr = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			   .e_type = ET_REL, .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_shoff = shdrs_at,
			   .e_ehsize = sizeof(Elf64_Ehdr), .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = (Elf64_Half)n_sections,
			   .e_shstrndx = (Elf64_Half)(2 * symbols + 3)};
	char path[4096];
	snprintf(path, sizeof(path), "%s/f%lu.o", folder, file);
	FILE *out = fopen(path, "wb");
	static const char padding[8];
	if (!out || fwrite(&ehdr, sizeof(ehdr), 1, out) != 1 || fwrite(text, FUNCTION_SIZE, symbols, out) != symbols ||
	    fwrite(relas, sizeof(*relas), symbols, out) != symbols || fwrite(syms, sizeof(*syms), n_symbols, out) != n_symbols ||
	    fwrite(strtab, 1, strtab_size, out) != strtab_size || fwrite(shstrtab, sizeof(shstrtab), 1, out) != 1 ||
	    fwrite(padding, 1, shdrs_at - shstrtab_at - sizeof(shstrtab), out) != shdrs_at - shstrtab_at - sizeof(shstrtab) ||
	    fwrite(shdrs, sizeof(*shdrs), n_sections, out) != n_sections || fclose(out))
		die(path);
	free(strtab);
	free(syms);
	free(relas);
	free(text);
	free(shdrs);
}

int main(int argc, char **argv)
{
	if (argc != 4 || !(files = strtoul(argv[2], NULL, 10)) || !(symbols = strtoul(argv[3], NULL, 10)) || symbols > 30000) {
		fprintf(stderr, "usage: make-objects FOLDER FILES SYMBOLS (at most 30000 a file)\n");
		return 2;
	}
	for (unsigned long file = 0; file < files; file++)
		make(argv[1], file);
	return 0;
}
