/* The ELF header (gABI chapter 4, "ELF Header"). */
#include <string.h>

#include "elf/mem.h"
#include "verify/image.h"

/* Where a program starts. */
static void verify_entry(struct image *image, const struct elf_ehdr *ehdr)
{
	if (ehdr->e_entry && ehdr->e_type != ET_REL)
		claim(image, image_is_loaded(image, ehdr->e_entry, 1, 0), "e_entry: 0x%llx is not in memory",
		      (unsigned long long)ehdr->e_entry);
}

bool verify_header(struct image *image)
{
	struct bytes file = image->elf.bytes;
	const struct elf_ehdr *ehdr = (const struct elf_ehdr *)file.data;
	if (!claim(image, file.size >= sizeof(*ehdr), "the file is shorter than an ELF header") ||
	    !claim(image, memcmp(ehdr->e_ident, ELFMAG, SELFMAG) == 0, "e_ident: this is not an ELF file") ||
	    !claim(image, ehdr->e_ident[EI_CLASS] == ELFCLASS64 && ehdr->e_ident[EI_DATA] == ELFDATA2LSB &&
			  ehdr->e_machine == EM_X86_64,
		   "e_machine: only x86-64 files can be checked"))
		return false;
	claim(image, ehdr->e_ident[EI_VERSION] == EV_CURRENT && ehdr->e_version == EV_CURRENT, "e_version: not 1");
	claim(image, ehdr->e_ident[EI_OSABI] == ELFOSABI_NONE || ehdr->e_ident[EI_OSABI] == ELFOSABI_GNU,
	      "EI_OSABI: %u is neither System V nor GNU", ehdr->e_ident[EI_OSABI]);
	claim(image, ehdr->e_flags == 0, "e_flags: x86-64 has none");
	claim(image, ehdr->e_ehsize == sizeof(*ehdr), "e_ehsize: %u", ehdr->e_ehsize);
	image->is_object = ehdr->e_type == ET_REL;
	image->moves = ehdr->e_type == ET_DYN;
	if (!claim(image, image->is_object || image->moves || ehdr->e_type == ET_EXEC, "e_type: %u", ehdr->e_type))
		return false;
	if (ehdr->e_phnum) {
		if (!claim(image, ehdr->e_phentsize == sizeof(struct elf_phdr), "e_phentsize: %u", ehdr->e_phentsize) ||
		    !claim(image, mem_inside(ehdr->e_phoff, ehdr->e_phnum * sizeof(struct elf_phdr), file.size),
			   "e_phoff: the program headers end behind the file"))
			return false;
		claim(image, ehdr->e_phoff % 8 == 0, "e_phoff: 0x%llx is not aligned",
		      (unsigned long long)ehdr->e_phoff);
		image->phdrs = (const struct elf_phdr *)(file.data + ehdr->e_phoff);
		image->n_phdrs = ehdr->e_phnum;
	}
	claim(image, image->is_object ? !ehdr->e_phnum : ehdr->e_phnum, "e_phnum: %u", ehdr->e_phnum);
	claim(image, ehdr->e_shoff % 8 == 0, "e_shoff: 0x%llx is not aligned", (unsigned long long)ehdr->e_shoff);
	verify_entry(image, ehdr);
	return true;
}
