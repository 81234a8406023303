#include "ldso/self.h"

#include "ldso/export.h"
#include "ldso/sys.h"

enum { LEAST_PAGE = 4096 };

/* Made by the linker: hidden, so that they are reached relative to the program counter. */
extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));
extern const Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));
void _start(void);

const Elf64_Ehdr *self_header(void)
{
	return &__ehdr_start;
}

uint64_t self_entry(void)
{
	return (uint64_t)_start;
}

/* Everything is linked with -Bsymbolic and hidden visibility: relocations are R_X86_64_RELATIVE, or name a symbol of
 * the loader itself. No function may be called and no pointer from the data may be used before this is done. */
void self_relocate(void)
{
	uint64_t base = (uint64_t)&__ehdr_start, size = 0;
	const Elf64_Rela *rela = NULL;
	const Elf64_Sym *symbols = NULL;
	const Elf64_Phdr *phdr = (const Elf64_Phdr *)(base + __ehdr_start.e_phoff);
	for (const Elf64_Phdr *end = phdr + __ehdr_start.e_phnum; phdr < end; phdr++)
		if (phdr->p_type == PT_LOAD && phdr->p_flags & PF_W) {
			uint64_t start = (base + phdr->p_vaddr) & ~(uint64_t)(LEAST_PAGE - 1);
			sys_populate(start, base + phdr->p_vaddr + phdr->p_memsz - start);
		}
	for (const Elf64_Dyn *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == DT_RELA)
			rela = (const Elf64_Rela *)(base + entry->d_un.d_ptr);
		else if (entry->d_tag == DT_RELASZ)
			size = entry->d_un.d_val;
		else if (entry->d_tag == DT_SYMTAB)
			symbols = (const Elf64_Sym *)(base + entry->d_un.d_ptr);
	}
	for (uint64_t i = 0; i < size / sizeof(*rela); i++) {
		uint64_t *where = (uint64_t *)(base + rela[i].r_offset), value = base + (uint64_t)rela[i].r_addend;
		if (ELF64_R_TYPE(rela[i].r_info) != R_X86_64_RELATIVE)
			value += symbols[ELF64_R_SYM(rela[i].r_info)].st_value;
		*where = value;
	}
}

extern void *__libc_stack_end;
extern int __libc_enable_secure;
extern char **_dl_argv;

void self_publish(const struct loader *ld)
{
	__libc_stack_end = ld->stack;
	__libc_enable_secure = ld->secure;
	_dl_argv = ld->argv;
}
