#include "elf/dialect.h"

const struct elf_dialect elf_dialect_64 = {
	.class_id = ELFCLASS64,
	.is_rela = true,
	.word = 8,
	.p2word = 3,
	.ehdr = sizeof(struct elf_ehdr),
	.shdr = sizeof(struct elf_shdr),
	.phdr = sizeof(struct elf_phdr),
	.chdr = sizeof(struct elf_chdr),
	.sym = sizeof(struct elf_sym),
	.rela = sizeof(struct elf_rela),
	.dyn = sizeof(struct elf_dyn),
	.property_align = 8,
};

#define DIALECT_32(is_rela_, rela_)                        \
	{                                                  \
		.class_id = ELFCLASS32,                    \
		.is_rela = (is_rela_),                     \
		.word = 4,                                 \
		.p2word = 2,                               \
		.ehdr = sizeof(struct elf32_ehdr),         \
		.shdr = sizeof(struct elf32_shdr),         \
		.phdr = sizeof(struct elf32_phdr),         \
		.chdr = sizeof(struct elf32_chdr),         \
		.sym = sizeof(struct elf32_sym),           \
		.rela = sizeof(rela_),                     \
		.dyn = sizeof(struct elf32_dyn),           \
		.property_align = 4,                       \
	}

const struct elf_dialect elf_dialect_32_rel = DIALECT_32(false, struct elf32_rel);
const struct elf_dialect elf_dialect_32_rela = DIALECT_32(true, struct elf32_rela);

static bool is_64(const struct elf_dialect *dialect)
{
	return dialect->class_id == ELFCLASS64;
}

void elf_put_ehdr(const struct elf_dialect *dialect, uint8_t *at, const struct elf_ehdr *ehdr)
{
	struct elf32_ehdr narrow = {
		.e_type = ehdr->e_type,
		.e_machine = ehdr->e_machine,
		.e_version = ehdr->e_version,
		.e_entry = (uint32_t)ehdr->e_entry,
		.e_phoff = (uint32_t)ehdr->e_phoff,
		.e_shoff = (uint32_t)ehdr->e_shoff,
		.e_flags = ehdr->e_flags,
		.e_ehsize = ehdr->e_ehsize,
		.e_phentsize = ehdr->e_phentsize,
		.e_phnum = ehdr->e_phnum,
		.e_shentsize = ehdr->e_shentsize,
		.e_shnum = ehdr->e_shnum,
		.e_shstrndx = ehdr->e_shstrndx,
	};
	__builtin_memcpy(narrow.e_ident, ehdr->e_ident, EI_NIDENT);
	if (is_64(dialect))
		__builtin_memcpy(at, ehdr, sizeof(*ehdr));
	else
		__builtin_memcpy(at, &narrow, sizeof(narrow));
}

void elf_put_shdr(const struct elf_dialect *dialect, uint8_t *at, const struct elf_shdr *shdr)
{
	struct elf32_shdr narrow = {
		.sh_name = shdr->sh_name,
		.sh_type = shdr->sh_type,
		.sh_flags = (uint32_t)shdr->sh_flags,
		.sh_addr = (uint32_t)shdr->sh_addr,
		.sh_offset = (uint32_t)shdr->sh_offset,
		.sh_size = (uint32_t)shdr->sh_size,
		.sh_link = shdr->sh_link,
		.sh_info = shdr->sh_info,
		.sh_addralign = (uint32_t)shdr->sh_addralign,
		.sh_entsize = (uint32_t)shdr->sh_entsize,
	};
	if (is_64(dialect))
		__builtin_memcpy(at, shdr, sizeof(*shdr));
	else
		__builtin_memcpy(at, &narrow, sizeof(narrow));
}

void elf_put_phdr(const struct elf_dialect *dialect, uint8_t *at, const struct elf_phdr *phdr)
{
	struct elf32_phdr narrow = {
		.p_type = phdr->p_type,
		.p_offset = (uint32_t)phdr->p_offset,
		.p_vaddr = (uint32_t)phdr->p_vaddr,
		.p_paddr = (uint32_t)phdr->p_paddr,
		.p_filesz = (uint32_t)phdr->p_filesz,
		.p_memsz = (uint32_t)phdr->p_memsz,
		.p_flags = phdr->p_flags,
		.p_align = (uint32_t)phdr->p_align,
	};
	if (is_64(dialect))
		__builtin_memcpy(at, phdr, sizeof(*phdr));
	else
		__builtin_memcpy(at, &narrow, sizeof(narrow));
}

void elf_put_chdr(const struct elf_dialect *dialect, uint8_t *at, const struct elf_chdr *chdr)
{
	struct elf32_chdr narrow = {chdr->ch_type, (uint32_t)chdr->ch_size, (uint32_t)chdr->ch_addralign};
	if (is_64(dialect))
		__builtin_memcpy(at, chdr, sizeof(*chdr));
	else
		__builtin_memcpy(at, &narrow, sizeof(narrow));
}

void elf_get_chdr(const struct elf_dialect *dialect, const uint8_t *at, struct elf_chdr *chdr)
{
	const struct elf32_chdr *narrow = (const struct elf32_chdr *)at;
	if (is_64(dialect))
		__builtin_memcpy(chdr, at, sizeof(*chdr));
	else
		*chdr = (struct elf_chdr){narrow->ch_type, 0, narrow->ch_size, narrow->ch_addralign};
}

void elf_put_dyn(const struct elf_dialect *dialect, uint8_t *at, const struct elf_dyn *dyn)
{
	struct elf32_dyn narrow = {(int32_t)dyn->d_tag, (uint32_t)dyn->d_val};
	if (is_64(dialect))
		__builtin_memcpy(at, dyn, sizeof(*dyn));
	else
		__builtin_memcpy(at, &narrow, sizeof(narrow));
}

void elf_put_narrow_sym(uint8_t *at, const struct elf_sym *sym)
{
	struct elf32_sym narrow = {
		.st_name = sym->st_name,
		.st_value = (uint32_t)sym->st_value,
		.st_size = (uint32_t)sym->st_size,
		.st_info = sym->st_info,
		.st_other = sym->st_other,
		.st_shndx = sym->st_shndx,
	};
	__builtin_memcpy(at, &narrow, sizeof(narrow));
}

void elf_put_narrow_rela(const struct elf_dialect *dialect, uint8_t *at, const struct elf_rela *rela)
{
	uint32_t info = rela->r_sym << 8 | (rela->r_type & 0xff);
	struct elf32_rela narrow = {(uint32_t)rela->r_offset, info, (int32_t)rela->r_addend};
	__builtin_memcpy(at, &narrow, dialect->rela);
}
