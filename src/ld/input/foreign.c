#include "ld/input/foreign.h"

#include <elf.h>
#include <stdio.h>

#include "arch/arch.h"

enum { E_MACHINE = 18 }; /* its offset, in both classes (gABI, "ELF Header") */

bool is_foreign(const struct link *link, struct bytes bytes)
{
	if (elf_kind(bytes) == ELF_NOT)
		return false;
	return arch_of_file(bytes) != link->arch;
}

struct machine {
	uint16_t number;
	const char *name, *bfd_name; /* the architecture as GNU ld calls it; NULL: as `name` */
	const char *remedy;          /* how such a file comes about in a link for x86-64; NULL: a cross compiler */
};

static const struct machine machines[] = {
	{EM_386, "i386", NULL, "compile it without -m32, or link with -m32"},
	{EM_X86_64, "x86-64", "i386:x86-64", "compile it without -mx32"},
	{EM_AARCH64, "AArch64", "aarch64", NULL},
	{EM_ARM, "ARM", "arm", NULL},
	{EM_RISCV, "RISC-V", "riscv", NULL},
	{EM_PPC, "PowerPC", "powerpc:common", NULL},
	{EM_PPC64, "64-bit PowerPC", "powerpc:common64", NULL},
	{EM_S390, "S/390", "s390", NULL},
	{EM_MIPS, "MIPS", "mips", NULL},
	{EM_SPARC, "SPARC", "sparc", NULL},
	{EM_SPARCV9, "64-bit SPARC", "sparc:v9", NULL},
	{EM_68K, "Motorola 68000", "m68k", NULL},
	{EM_SH, "SuperH", "sh", NULL},
	{EM_IA_64, "Itanium", "ia64", NULL},
	{EM_LOONGARCH, "LoongArch", "loongarch", NULL},
	{EM_BPF, "BPF", "bpf", NULL},
	{EM_AMDGPU, "AMD GPU", "amdgcn", NULL},
	{EM_CUDA, "CUDA", "cuda", NULL},
};

static const struct machine *find_machine(uint16_t number)
{
	for (unsigned i = 0; i < COUNTOF(machines); i++)
		if (machines[i].number == number)
			return &machines[i];
	return NULL;
}

void foreign_report(struct link *link, uint64_t order, struct diag_about about, struct bytes bytes)
{
	const struct arch *arch = link->arch;
	bool has_header = bytes.size >= E_MACHINE + 2;
	bool big = has_header && bytes.data[EI_DATA] == ELFDATA2MSB;
	bool is_32 = has_header && bytes.data[EI_CLASS] == ELFCLASS32;
	const uint8_t *at = bytes.data + E_MACHINE;
	uint16_t number = !has_header ? EM_NONE : (uint16_t)(big ? at[0] << 8 | at[1] : at[1] << 8 | at[0]);
	const struct machine *machine = find_machine(number);
	char unknown[32], hint[160];
	snprintf(unknown, sizeof(unknown), "machine number %u", number);
	const char *name = machine ? machine->name : unknown;
	const char *remedy = machine ? machine->remedy : NULL;
	if (arch->machine == EM_386 && number == EM_X86_64 && !is_32)
		remedy = "compile it with -m32, or link without it";
	snprintf(hint, sizeof(hint), "this link is for %s: %s", arch->bfd_name,
		 remedy ? remedy : "use a file that was made for it, or the linker for the other");
	about.kind = "wrong-architecture";
	about.hint = hint;
	diag_report(link->diag, SEVERITY_ERROR, order, &about,
		    "is incompatible with %s: it is for %s (%s-bit, %s-endian)\n"
		    ">>> %s architecture of input file `%s' is incompatible with %s output",
		    arch->bfd_name, name, is_32 ? "32" : "64", big ? "big" : "little",
		    machine && machine->bfd_name ? machine->bfd_name : name, about.file, arch->bfd_arch);
}
