#include "elf/widen.h"

#include "elf/mem.h"

static bool widen_section_headers(struct elf_file *file, const struct elf32_ehdr *ehdr, const struct elf_room *room,
				  struct elf_error *error)
{
	uint64_t size = file->bytes.size;
	if (ehdr->e_shentsize != sizeof(struct elf32_shdr))
		return elf_fail(error, "e_shentsize", 0, ehdr->e_shentsize,
				"is not the size of a section header (40 in class 32)");
	if (!mem_inside(ehdr->e_shoff, sizeof(struct elf32_shdr), size))
		return elf_fail(error, "e_shoff", 0, ehdr->e_shoff, "is beyond the end of the file");
	const struct elf32_shdr *from = (const struct elf32_shdr *)(file->bytes.data + ehdr->e_shoff);
	bool extended = ehdr->e_shnum == 0;
	uint32_t n = extended ? from->sh_size : ehdr->e_shnum;
	if (n > (size - ehdr->e_shoff) / sizeof(*from))
		return elf_fail(error, extended ? "sh_size" : "e_shnum", 0, n,
				"makes the section header table end beyond the end of the file");
	struct elf_shdr *shdrs = room->allocate(room->context, n * sizeof(*shdrs));
	for (uint32_t i = 0; i < n; i++)
		shdrs[i] = (struct elf_shdr){
			.sh_name = from[i].sh_name,
			.sh_type = from[i].sh_type,
			.sh_flags = from[i].sh_flags,
			.sh_addr = from[i].sh_addr,
			.sh_offset = from[i].sh_offset,
			.sh_size = from[i].sh_size,
			.sh_link = from[i].sh_link,
			.sh_info = from[i].sh_info,
			.sh_addralign = from[i].sh_addralign,
			.sh_entsize = from[i].sh_entsize,
		};
	file->shdrs = shdrs;
	file->nshdr = n;
	return true;
}

static void widen_program_headers(struct elf_file *file, const struct elf32_ehdr *ehdr, const struct elf_room *room)
{
	uint32_t n = ehdr->e_phnum;
	if (n == 0 || n == PN_XNUM || ehdr->e_phentsize != sizeof(struct elf32_phdr) ||
	    !mem_inside(ehdr->e_phoff, n * sizeof(struct elf32_phdr), file->bytes.size))
		return;
	const struct elf32_phdr *from = (const struct elf32_phdr *)(file->bytes.data + ehdr->e_phoff);
	struct elf_phdr *phdrs = room->allocate(room->context, n * sizeof(*phdrs));
	for (uint32_t i = 0; i < n; i++)
		phdrs[i] = (struct elf_phdr){
			.p_type = from[i].p_type,
			.p_flags = from[i].p_flags,
			.p_offset = from[i].p_offset,
			.p_vaddr = from[i].p_vaddr,
			.p_paddr = from[i].p_paddr,
			.p_filesz = from[i].p_filesz,
			.p_memsz = from[i].p_memsz,
			.p_align = from[i].p_align,
		};
	file->phdrs = phdrs;
	file->nphdr = n;
}

bool elf_widen_headers(struct elf_file *file, const struct elf_room *room, struct elf_error *error)
{
	const struct elf32_ehdr *from = (const struct elf32_ehdr *)file->bytes.data;
	struct elf_ehdr *ehdr = room->allocate(room->context, sizeof(*ehdr));
	*ehdr = (struct elf_ehdr){
		.e_type = from->e_type,
		.e_machine = from->e_machine,
		.e_version = from->e_version,
		.e_entry = from->e_entry,
		.e_phoff = from->e_phoff,
		.e_shoff = from->e_shoff,
		.e_flags = from->e_flags,
		.e_ehsize = from->e_ehsize,
		.e_phentsize = from->e_phentsize,
		.e_phnum = from->e_phnum,
		.e_shentsize = from->e_shentsize,
		.e_shnum = from->e_shnum,
		.e_shstrndx = from->e_shstrndx,
	};
	__builtin_memcpy(ehdr->e_ident, from->e_ident, EI_NIDENT);
	file->ehdr = ehdr;
	widen_program_headers(file, from, room);
	return from->e_shoff == 0 || widen_section_headers(file, from, room, error);
}

const struct elf_sym *elf_widen_symbols(const uint8_t *at, uint64_t n, const struct elf_room *room)
{
	const struct elf32_sym *from = (const struct elf32_sym *)at;
	struct elf_sym *syms = room->allocate(room->context, n * sizeof(*syms));
	for (uint64_t i = 0; i < n; i++)
		syms[i] = (struct elf_sym){
			.st_name = from[i].st_name,
			.st_info = from[i].st_info,
			.st_other = from[i].st_other,
			.st_shndx = from[i].st_shndx,
			.st_value = from[i].st_value,
			.st_size = from[i].st_size,
		};
	return syms;
}

const struct elf_dyn *elf_widen_dynamic(const uint8_t *at, uint64_t n, const struct elf_room *room)
{
	const struct elf32_dyn *from = (const struct elf32_dyn *)at;
	struct elf_dyn *entries = room->allocate(room->context, n * sizeof(*entries));
	for (uint64_t i = 0; i < n; i++)
		entries[i] = (struct elf_dyn){from[i].d_tag, from[i].d_val};
	return entries;
}

static const struct elf_rela *widen_rel(const uint8_t *at, uint64_t n, const struct elf_room *room)
{
	const struct elf32_rel *from = (const struct elf32_rel *)at;
	struct elf_rela *relas = room->allocate(room->context, n * sizeof(*relas));
	for (uint64_t i = 0; i < n; i++)
		relas[i] = (struct elf_rela){from[i].r_offset, from[i].r_info & 0xff, from[i].r_info >> 8, 0};
	return relas;
}

static const struct elf_rela *widen_rela(const uint8_t *at, uint64_t n, const struct elf_room *room)
{
	const struct elf32_rela *from = (const struct elf32_rela *)at;
	struct elf_rela *relas = room->allocate(room->context, n * sizeof(*relas));
	for (uint64_t i = 0; i < n; i++)
		relas[i] = (struct elf_rela){from[i].r_offset, from[i].r_info & 0xff, from[i].r_info >> 8,
					     from[i].r_addend};
	return relas;
}

/* Sizes of an entry before and after; 0: the section's content is the same in both classes, or nobody reads it. */
struct sizes {
	uint32_t narrow, wide;
};

static struct sizes sizes_of(const struct elf_file *file, uint32_t type)
{
	bool is_object = file->ehdr->e_type == ET_REL;
	switch (type) {
	case SHT_SYMTAB:
	case SHT_DYNSYM:
		return (struct sizes){sizeof(struct elf32_sym), sizeof(struct elf_sym)};
	case SHT_DYNAMIC:
		return (struct sizes){sizeof(struct elf32_dyn), sizeof(struct elf_dyn)};
	case SHT_REL:
		return (struct sizes){is_object ? sizeof(struct elf32_rel) : 0, sizeof(struct elf_rela)};
	case SHT_RELA:
		return (struct sizes){is_object ? sizeof(struct elf32_rela) : 0, sizeof(struct elf_rela)};
	default:
		return (struct sizes){0, 0};
	}
}

static const void *widen(uint32_t type, const uint8_t *at, uint64_t n, const struct elf_room *room)
{
	switch (type) {
	case SHT_DYNAMIC:
		return elf_widen_dynamic(at, n, room);
	case SHT_REL:
		return widen_rel(at, n, room);
	case SHT_RELA:
		return widen_rela(at, n, room);
	default:
		return elf_widen_symbols(at, n, room);
	}
}

bool elf_widen_tables(struct elf_file *file, const struct elf_room *room, struct elf_error *error)
{
	struct elf_shdr *shdrs = (struct elf_shdr *)(uintptr_t)file->shdrs; /* elf_widen_headers()'s */
	uint64_t total = 0;
	struct elf_replacement *replaced = room->allocate(room->context, file->nshdr * sizeof(*replaced));
	for (uint32_t i = 0; i < file->nshdr; i++) {
		struct elf_shdr *shdr = &shdrs[i];
		struct sizes sizes = sizes_of(file, shdr->sh_type);
		replaced[i] = (struct elf_replacement){NULL, NULL};
		if (!sizes.narrow)
			continue;
		if (shdr->sh_entsize != sizes.narrow)
			return elf_fail(error, "sh_entsize", i, shdr->sh_entsize,
					"is not the size of an entry (symbols: 16, relocations: 8 or 12, .dynamic: 8)");
		if (shdr->sh_size % sizes.narrow != 0)
			return elf_fail(error, "sh_size", i, shdr->sh_size, "is not a multiple of sh_entsize");
		total += shdr->sh_size;
		if (total > file->bytes.size)
			return elf_fail(error, "sh_size", i, shdr->sh_size,
					"makes the tables of the file larger than the file: they overlap");
		uint64_t n = shdr->sh_size / sizes.narrow;
		replaced[i].content = widen(shdr->sh_type, file->bytes.data + shdr->sh_offset, n, room);
		shdr->sh_size = n * sizes.wide;
		shdr->sh_entsize = sizes.wide;
	}
	file->replaced = replaced;
	return true;
}
