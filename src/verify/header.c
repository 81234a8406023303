/* The ELF header (gABI chapter 4, "ELF Header"). */
#include <string.h>

#include "elf/mem.h"
#include "verify/subject.h"

/* Where a program starts: without a symbol for it, at .text, which may be empty and behind all else. */
static void verify_entry(struct subject *subject, const struct elf_ehdr *ehdr)
{
	if (ehdr->e_entry && ehdr->e_type != ET_REL)
		claim(subject, subject_is_loaded(subject, ehdr->e_entry, 0, 0), "e_entry: 0x%llx is not in memory",
		      (unsigned long long)ehdr->e_entry);
}

/* Where the program headers are, and what all checks rely on: each one's bytes are in the file, and its memory does not
 * wrap. */
static bool verify_program_headers(struct subject *subject, const struct elf_ehdr *ehdr)
{
	struct bytes file = subject->elf.bytes;
	if (!claim(subject, ehdr->e_phentsize == sizeof(struct elf_phdr), "e_phentsize: %u", ehdr->e_phentsize) ||
	    !claim(subject, mem_inside(ehdr->e_phoff, ehdr->e_phnum * sizeof(struct elf_phdr), file.size),
		   "e_phoff: the program headers end behind the file") ||
	    !claim(subject, ehdr->e_phoff % 8 == 0, "e_phoff: 0x%llx is not aligned",
		   (unsigned long long)ehdr->e_phoff))
		return false;
	subject->phdrs = (const struct elf_phdr *)(file.data + ehdr->e_phoff);
	subject->n_phdrs = ehdr->e_phnum;
	for (uint32_t i = 0; i < subject->n_phdrs; i++) {
		const struct elf_phdr *phdr = &subject->phdrs[i];
		if (!claim(subject, !phdr->p_filesz || mem_inside(phdr->p_offset, phdr->p_filesz, file.size),
			   "program header %u: p_offset + p_filesz is behind the end of the file", i) ||
		    !claim(subject, phdr->p_vaddr + phdr->p_memsz >= phdr->p_vaddr, "program header %u: p_memsz 0x%llx",
			   i, (unsigned long long)phdr->p_memsz))
			return false;
	}
	return true;
}

bool verify_header(struct subject *subject)
{
	struct bytes file = subject->elf.bytes;
	const struct elf_ehdr *ehdr = (const struct elf_ehdr *)file.data;
	if (!claim(subject, file.size >= sizeof(*ehdr), "the file is shorter than an ELF header") ||
	    !claim(subject, memcmp(ehdr->e_ident, ELFMAG, SELFMAG) == 0, "e_ident: this is not an ELF file") ||
	    !claim(subject, ehdr->e_ident[EI_CLASS] == ELFCLASS64 && ehdr->e_ident[EI_DATA] == ELFDATA2LSB &&
			  ehdr->e_machine == EM_X86_64,
		   "e_machine: only x86-64 files can be checked"))
		return false;
	claim(subject, ehdr->e_ident[EI_VERSION] == EV_CURRENT && ehdr->e_version == EV_CURRENT, "e_version: not 1");
	claim(subject, ehdr->e_ident[EI_OSABI] == ELFOSABI_NONE || ehdr->e_ident[EI_OSABI] == ELFOSABI_GNU,
	      "EI_OSABI: %u is neither System V nor GNU", ehdr->e_ident[EI_OSABI]);
	claim(subject, ehdr->e_flags == 0, "e_flags: x86-64 has none");
	claim(subject, ehdr->e_ehsize == sizeof(*ehdr), "e_ehsize: %u", ehdr->e_ehsize);
	subject->is_object = ehdr->e_type == ET_REL;
	subject->moves = ehdr->e_type == ET_DYN;
	if (!claim(subject, subject->is_object || subject->moves || ehdr->e_type == ET_EXEC, "e_type: %u",
		   ehdr->e_type))
		return false;
	if (ehdr->e_phnum && !verify_program_headers(subject, ehdr))
		return false;
	claim(subject, subject->is_object ? !ehdr->e_phnum : ehdr->e_phnum, "e_phnum: %u", ehdr->e_phnum);
	claim(subject, ehdr->e_shoff % 8 == 0, "e_shoff: 0x%llx is not aligned", (unsigned long long)ehdr->e_shoff);
	verify_entry(subject, ehdr);
	return true;
}
