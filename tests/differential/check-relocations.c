/* check-relocations PROGRAM: the relocations that --emit-relocs left in an x86-64 program or shared object must say
 * what its bytes say. Each one is computed once more from the file alone (symbol table, dynamic relocations, program
 * headers) and compared. Prints what differs, and how many relocations there were; exit code 1 when one differs or there is
 * none. */
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t *file;
static const Elf64_Ehdr *ehdr;
static const Elf64_Shdr *shdrs;
static const char *section_names;
static uint64_t tls_start, tls_end, n_checked, n_wrong;

static const char *name_of(const Elf64_Shdr *shdr)
{
	return section_names + shdr->sh_name;
}

static uint64_t number_of_sections(void)
{
	return ehdr->e_shnum ? ehdr->e_shnum : shdrs[0].sh_size;
}

/* The loaded section at an address, or NULL. */
static const Elf64_Shdr *section_at(uint64_t address)
{
	for (uint64_t i = 1; i < number_of_sections(); i++)
		if (shdrs[i].sh_flags & SHF_ALLOC && !(shdrs[i].sh_flags & SHF_TLS && shdrs[i].sh_type == SHT_NOBITS) &&
		    address >= shdrs[i].sh_addr && address < shdrs[i].sh_addr + shdrs[i].sh_size)
			return &shdrs[i];
	return NULL;
}

static uint64_t word_at(uint64_t address)
{
	const Elf64_Shdr *shdr = section_at(address);
	uint64_t word = 0;
	if (shdr && shdr->sh_type != SHT_NOBITS)
		memcpy(&word, file + shdr->sh_offset + (address - shdr->sh_addr), sizeof(word));
	return word;
}

static int is_in(uint64_t address, const char *prefix)
{
	const Elf64_Shdr *shdr = section_at(address);
	return shdr && strncmp(name_of(shdr), prefix, strlen(prefix)) == 0;
}

/* The dynamic relocation of a place, or NULL. */
static const Elf64_Rela *dynamic_at(uint64_t address)
{
	for (uint64_t i = 1; i < number_of_sections(); i++) {
		if (shdrs[i].sh_type != SHT_RELA || !(shdrs[i].sh_flags & SHF_ALLOC))
			continue;
		const Elf64_Rela *relas = (const Elf64_Rela *)(file + shdrs[i].sh_offset);
		for (uint64_t r = 0; r < shdrs[i].sh_size / sizeof(*relas); r++)
			if (relas[r].r_offset == address)
				return &relas[r];
	}
	return NULL;
}

/* One relocation, with what it is made of: S, A, P of the psABI, T the offset in the thread-local block. */
struct reference {
	const Elf64_Shdr *section;
	const Elf64_Sym *sym;
	const char *name;
	uint32_t type;
	uint64_t s, a, p, t, got;
	const uint8_t *field;
};

static uint64_t read_field(const struct reference *ref, unsigned size)
{
	uint64_t value = 0;
	memcpy(&value, ref->field, size);
	return value;
}

static int holds(const struct reference *ref, unsigned size, uint64_t value)
{
	uint64_t mask = size == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * size)) - 1;
	return read_field(ref, size) == (value & mask);
}

/* Does the loader, or the linker, put the value at this address? */
static int word_becomes(uint64_t address, uint64_t value)
{
	const Elf64_Rela *dynamic = dynamic_at(address);
	if (!dynamic)
		return word_at(address) == value;
	if (ELF64_R_TYPE(dynamic->r_info) == R_X86_64_RELATIVE)
		return (uint64_t)dynamic->r_addend == value;
	return 1; /* by name, or what a function returns */
}

/* Where a field that is relative to its own place leads. */
static uint64_t target_of(const struct reference *ref)
{
	return ref->p - ref->a + (uint64_t)(int64_t)(int32_t)read_field(ref, 4);
}

/* An indirect function's address is that of its PLT entry. */
static int is_ifunc_entry(const struct reference *ref)
{
	return ELF64_ST_TYPE(ref->sym->st_info) == STT_GNU_IFUNC && is_in(target_of(ref), ".plt");
}

static int slot_is_right(const struct reference *ref)
{
	uint64_t slot = target_of(ref);
	return is_in(slot, ".got") && word_becomes(slot, ref->s);
}

static int tls_slot_is_right(const struct reference *ref)
{
	uint64_t slot = target_of(ref);
	if (!is_in(slot, ".got"))
		return 0;
	return ref->type != R_X86_64_GOTTPOFF || dynamic_at(slot) || word_at(slot) == ref->t - tls_end;
}

static int is_right(const struct reference *ref)
{
	uint64_t value = ref->s + ref->a;
	switch (ref->type) {
	case R_X86_64_NONE:
		return 1;
	case R_X86_64_64:
		return ref->section->sh_flags & SHF_ALLOC ? word_becomes(ref->p, value) : holds(ref, 8, value);
	case R_X86_64_32:
	case R_X86_64_32S:
		return holds(ref, 4, value);
	case R_X86_64_16:
		return holds(ref, 2, value);
	case R_X86_64_8:
		return holds(ref, 1, value);
	case R_X86_64_PC64:
		return holds(ref, 8, value - ref->p);
	case R_X86_64_PC32:
		return holds(ref, 4, value - ref->p) || is_ifunc_entry(ref);
	case R_X86_64_PC16:
		return holds(ref, 2, value - ref->p);
	case R_X86_64_PC8:
		return holds(ref, 1, value - ref->p);
	case R_X86_64_PLT32:
		return holds(ref, 4, value - ref->p) ||
		       is_in(target_of(ref), ".plt");
	case R_X86_64_GOTPCREL:
	case R_X86_64_GOTPCRELX:
	case R_X86_64_REX_GOTPCRELX:
		return slot_is_right(ref);
	case R_X86_64_GOTPC32:
		return holds(ref, 4, ref->got + ref->a - ref->p);
	case R_X86_64_GOTPC64:
		return holds(ref, 8, ref->got + ref->a - ref->p);
	case R_X86_64_GOTOFF64:
		return holds(ref, 8, value - ref->got);
	case R_X86_64_GOTTPOFF:
	case R_X86_64_TLSGD:
	case R_X86_64_TLSLD:
	case R_X86_64_GOTPC32_TLSDESC:
		return tls_slot_is_right(ref);
	case R_X86_64_TLSDESC_CALL:
		return holds(ref, 2, 0x10ff); /* call *(%rax) */
	case R_X86_64_TPOFF32:
		return holds(ref, 4, ref->t + ref->a - tls_end);
	case R_X86_64_TPOFF64:
		return holds(ref, 8, ref->t + ref->a - tls_end);
	case R_X86_64_DTPOFF32:
		return holds(ref, 4, ref->t + ref->a);
	case R_X86_64_DTPOFF64:
		return holds(ref, 8, ref->t + ref->a);
	case R_X86_64_SIZE32:
		return holds(ref, 4, ref->sym->st_size + ref->a);
	case R_X86_64_SIZE64:
		return holds(ref, 8, ref->sym->st_size + ref->a);
	default:
		return 0;
	}
}

static void check_section(const Elf64_Shdr *rela_section)
{
	const Elf64_Shdr *section = &shdrs[rela_section->sh_info], *symtab = &shdrs[rela_section->sh_link];
	const Elf64_Rela *relas = (const Elf64_Rela *)(file + rela_section->sh_offset);
	const Elf64_Sym *syms = (const Elf64_Sym *)(file + symtab->sh_offset);
	const char *names = (const char *)file + shdrs[symtab->sh_link].sh_offset;
	uint64_t got = 0;
	for (uint64_t i = 0; i < symtab->sh_size / sizeof(*syms); i++)
		if (strcmp(names + syms[i].st_name, "_GLOBAL_OFFSET_TABLE_") == 0)
			got = syms[i].st_value;
	for (uint64_t i = 0; i < rela_section->sh_size / sizeof(*relas); i++) {
		const Elf64_Rela *rela = &relas[i];
		struct reference ref = {.section = section, .type = (uint32_t)ELF64_R_TYPE(rela->r_info), .got = got};
		uint64_t symbol = ELF64_R_SYM(rela->r_info);
		const char *what = NULL;
		if (symbol >= symtab->sh_size / sizeof(*syms))
			what = "symbol index out of range";
		else if (rela->r_offset < section->sh_addr || rela->r_offset >= section->sh_addr + section->sh_size)
			what = "outside its section";
		n_checked++;
		if (!what) {
			ref.sym = &syms[symbol];
			ref.name = names + ref.sym->st_name;
			if (ELF64_ST_TYPE(ref.sym->st_info) == STT_SECTION)
				ref.name = name_of(&shdrs[ref.sym->st_shndx]);
			ref.s = ref.sym->st_value;
			ref.a = (uint64_t)rela->r_addend;
			ref.p = rela->r_offset;
			ref.t = ELF64_ST_TYPE(ref.sym->st_info) == STT_TLS ? ref.s : ref.s - tls_start;
			ref.field = file + section->sh_offset + (rela->r_offset - section->sh_addr);
			if (!is_right(&ref))
				what = "differs";
		}
		if (!what)
			continue;
		printf("%s: 0x%llx: type %u, %s + 0x%llx: %s\n", name_of(rela_section),
		       (unsigned long long)rela->r_offset, ref.type, ref.name ? ref.name : "?",
		       (unsigned long long)rela->r_addend, what);
		n_wrong++;
	}
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	struct stat status;
	if (fd < 0 || fstat(fd, &status) != 0)
		return fprintf(stderr, "usage: check-relocations PROGRAM\n"), 2;
	file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file == MAP_FAILED)
		return perror(argv[1]), 2;
	ehdr = (const Elf64_Ehdr *)file;
	shdrs = (const Elf64_Shdr *)(file + ehdr->e_shoff);
	uint32_t names = ehdr->e_shstrndx == SHN_XINDEX ? shdrs[0].sh_link : ehdr->e_shstrndx;
	section_names = (const char *)file + shdrs[names].sh_offset;
	const Elf64_Phdr *phdrs = (const Elf64_Phdr *)(file + ehdr->e_phoff);
	for (unsigned i = 0; i < ehdr->e_phnum; i++)
		if (phdrs[i].p_type == PT_TLS) {
			uint64_t align = phdrs[i].p_align ? phdrs[i].p_align : 1;
			tls_start = phdrs[i].p_vaddr;
			uint64_t skew = tls_start % align;
			tls_end = (phdrs[i].p_memsz + skew + align - 1) / align * align - skew;
		}
	for (uint64_t i = 1; i < number_of_sections(); i++)
		if (shdrs[i].sh_type == SHT_RELA && !(shdrs[i].sh_flags & SHF_ALLOC))
			check_section(&shdrs[i]);
	printf("%llu relocations, %llu wrong\n", (unsigned long long)n_checked, (unsigned long long)n_wrong);
	return n_wrong || !n_checked;
}
