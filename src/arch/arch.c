#include "arch/arch.h"

#include <string.h>

const struct arch *const archs[] = {&arch_x86_64, &arch_i386, &arch_x32, NULL};

const struct arch *arch_by_emulation(const char *emulation)
{
	for (unsigned i = 0; archs[i]; i++)
		if (strcmp(archs[i]->emulation, emulation) == 0)
			return archs[i];
	return NULL;
}

const struct arch *arch_by_format(const char *bfd_name)
{
	for (unsigned i = 0; archs[i]; i++)
		if (strcmp(archs[i]->bfd_name, bfd_name) == 0)
			return archs[i];
	return NULL;
}

const struct arch *arch_of_file(struct bytes file)
{
	enum elf_kind kind = elf_kind(file);
	if (kind == ELF_NOT || kind == ELF_OTHER_CLASS)
		return NULL;
	const struct elf_ehdr *ehdr = (const struct elf_ehdr *)file.data; /* e_machine is where it is in both classes */
	if (file.size < sizeof(struct elf32_ehdr))
		return NULL;
	for (unsigned i = 0; archs[i]; i++)
		if (archs[i]->machine == ehdr->e_machine && archs[i]->dialect->class_id == elf_class(file))
			return archs[i];
	return NULL;
}
