/* The first look at a file: most mistakes are a script, a program for another machine, or no program at all. */
#include "inspect/identify.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct machine {
	uint16_t number;
	const char *name;
} machines[] = {
	{EM_386, "i386"},       {EM_X86_64, "x86-64"},   {EM_ARM, "ARM"},      {EM_AARCH64, "AArch64"},
	{EM_RISCV, "RISC-V"},   {EM_PPC, "PowerPC"},     {EM_PPC64, "PPC64"},  {EM_S390, "S/390"},
	{EM_MIPS, "MIPS"},      {EM_SPARC, "SPARC"},     {EM_SPARCV9, "SPARC"}, {EM_68K, "m68k"},
	{258 /* EM_LOONGARCH */, "LoongArch"}, {EM_IA_64, "Itanium"}, {EM_ALPHA, "Alpha"}, {EM_BPF, "BPF"},
};

static const char *machine_name(struct arena *arena, uint16_t number)
{
	for (size_t i = 0; i < COUNTOF(machines); i++)
		if (machines[i].number == number)
			return machines[i].name;
	return arena_printf(arena, "machine number %u", number);
}

static const char *identify_elf(struct arena *arena, const Elf64_Ehdr *header)
{
	unsigned class = header->e_ident[EI_CLASS];
	bool little = header->e_ident[EI_DATA] == ELFDATA2LSB;
	/* e_machine has the same place in both classes. */
	uint16_t machine = little ? header->e_machine : (uint16_t)(header->e_machine << 8 | header->e_machine >> 8);
	uint16_t type = little ? header->e_type : (uint16_t)(header->e_type << 8 | header->e_type >> 8);
	if (class != ELFCLASS64 || !little || machine != EM_X86_64)
		return arena_printf(arena, "a %s-bit%s file for %s; only 64-bit x86-64 programs can be looked at",
				    class == ELFCLASS64 ? "64" : class == ELFCLASS32 ? "32" : "?",
				    little ? "" : " big-endian", machine_name(arena, machine));
	switch (type) {
	case ET_EXEC:
	case ET_DYN: return NULL;
	case ET_REL: return "an object file: no program before it is linked";
	case ET_CORE: return "a core dump, not a program";
	default: return arena_printf(arena, "an ELF file of type %u, neither a program nor a library", type);
	}
}

/* "#!/bin/sh -e" -> "a script; ... /bin/sh" */
static const char *identify_script(struct arena *arena, const char *text, size_t size)
{
	size_t from = 2;
	while (from < size && (text[from] == ' ' || text[from] == '\t'))
		from++;
	size_t to = from;
	while (to < size && text[to] > ' ')
		to++;
	return arena_printf(arena, "a script; what runs is its interpreter, %.*s", (int)(to - from), text + from);
}

const char *identify(struct arena *arena, const char *path)
{
	struct stat stat_of;
	if (stat(path, &stat_of))
		return strerror(errno);
	if (S_ISDIR(stat_of.st_mode))
		return "a directory";
	if (!S_ISREG(stat_of.st_mode))
		return "not a regular file";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return strerror(errno);
	union {
		Elf64_Ehdr header;
		char text[256];
	} start = {.text = ""};
	ssize_t got = read(fd, &start, sizeof(start));
	int code = errno;
	close(fd);
	if (got < 0)
		return strerror(code);
	if (got >= 2 && memcmp(start.text, "#!", 2) == 0)
		return identify_script(arena, start.text, (size_t)got);
	if (got >= 8 && memcmp(start.text, "!<arch>\n", 8) == 0)
		return "an archive of object files: no program before it is linked";
	if (got < SELFMAG || memcmp(start.text, ELFMAG, SELFMAG) != 0)
		return "not an ELF file";
	if ((size_t)got < sizeof(Elf64_Ehdr))
		return "an ELF file that ends in its header";
	return identify_elf(arena, &start.header);
}
