/* corrupt SEED FILE NEW: copies an ELF64 file with one bit changed, at a random place of a section (or of the ELF
 * header or the program headers) in which every bit means something, and says where. What means nothing, or what only
 * its maker knows, stays: notes, names, padding, st_size, debugging information. */
#include <elf.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const sections[] = {".text",     ".rodata",      ".data",          ".data.rel.ro",   ".got",
				       ".got.plt",
				       ".rela.dyn", ".rela.plt",    ".gnu.hash",      ".gnu.version",   ".gnu.version_r", ".dynamic",
				       ".plt",      ".init_array",  ".fini_array",    ".eh_frame_hdr",  ".dynsym",        ".tdata",
				       ".relr.dyn", ".gcc_except_table", ".hash",     ".gnu.version_d"};

static unsigned long long state;
static unsigned next_random(void)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(state >> 33);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	state = strtoull(argv[1], NULL, 0) * 0x9e3779b97f4a7c15ull + 1;
	FILE *from = fopen(argv[2], "rb");
	if (!from || fseek(from, 0, SEEK_END) != 0)
		return 2;
	long size = ftell(from);
	unsigned char *file = malloc((size_t)size);
	rewind(from);
	if (!file || fread(file, 1, (size_t)size, from) != (size_t)size)
		return 2;
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)file;
	const Elf64_Shdr *shdrs = (const Elf64_Shdr *)(file + ehdr->e_shoff);
	const char *names = (const char *)file + shdrs[ehdr->e_shstrndx].sh_offset;
	for (;;) {
		unsigned choice = next_random() % (sizeof(sections) / sizeof(*sections) + 2);
		unsigned long at, n;
		const char *name = "program headers";
		if (choice >= sizeof(sections) / sizeof(*sections)) {
			/* p_type to p_memsz of one; p_paddr nobody reads */
			at = ehdr->e_phoff + sizeof(Elf64_Phdr) * (next_random() % ehdr->e_phnum);
			const Elf64_Phdr *phdr = (const Elf64_Phdr *)(file + at);
			if (phdr->p_type == PT_GNU_STACK || phdr->p_type == PT_NOTE)
				continue;
			static const unsigned fields[] = {offsetof(Elf64_Phdr, p_offset), offsetof(Elf64_Phdr, p_vaddr),
							  offsetof(Elf64_Phdr, p_filesz), offsetof(Elf64_Phdr,
												   p_memsz)};
			at += fields[next_random() % 4];
			n = 8;
		} else {
			name = sections[choice];
			unsigned i = 1;
			while (i < ehdr->e_shnum && strcmp(names + shdrs[i].sh_name, name) != 0)
				i++;
			if (i == ehdr->e_shnum || !shdrs[i].sh_size)
				continue;
			at = shdrs[i].sh_offset;
			n = shdrs[i].sh_size;
		}
		at += next_random() % n;
		unsigned bit = next_random() % 8;
		file[at] ^= (unsigned char)(1u << bit);
		printf("%s: bit %u of byte 0x%lx\n", name, bit, at);
		break;
	}
	FILE *to = fopen(argv[3], "wb");
	return !to || fwrite(file, 1, (size_t)size, to) != (size_t)size || fclose(to) != 0;
}
