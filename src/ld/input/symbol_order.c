#include "ld/input/symbol_order.h"

#include "elf/addrsig.h"
#include "ld/input/decompress.h"
#include "ld/input/object.h"

enum { CONTENT_ALIGN = 16 };

/* The first symbol that stands on the wrong side of sh_info, or n. */
static uint32_t first_stray(const struct elf_symtab *symtab)
{
	uint32_t i = 0;
	while (i < symtab->first_global && elf_sym_bind(&symtab->syms[i]) == STB_LOCAL)
		i++;
	if (i < symtab->first_global)
		return i;
	while (i < symtab->n && elf_sym_bind(&symtab->syms[i]) != STB_LOCAL)
		i++;
	return i;
}

static void warn(struct link *link, file_id id, uint32_t stray)
{
	const struct file *file = file_of(link, id);
	const struct elf_symtab *symtab = &file->symtab;
	bool is_local = elf_sym_bind(&symtab->syms[stray]) == STB_LOCAL;
	diag_warning(link->diag, diag_order(id, 0),
		     FILE_FORMAT ": the symbol table is out of order: symbol %u, `%s', is %s, but sh_info is %u\n"
				 ">>> local symbols have to come first; each is taken for what it says itself",
		     FILE_ARGS(file), stray, symtab->strtab + symtab->syms[stray].st_name,
		     is_local ? "local" : "not local", symtab->first_global);
}

/* Copies the symbols, locals first; places[i] is where symbol i went. */
static void sort_symbols(struct file *file, struct arena *arena, uint32_t *places)
{
	struct elf_symtab *symtab = &file->symtab;
	struct elf_sym *syms = (struct elf_sym *)arena_alloc(arena, symtab->n * sizeof(*syms), CONTENT_ALIGN);
	uint8_t *shndx = symtab->shndx ? arena_alloc(arena, 4 * (size_t)symtab->n, CONTENT_ALIGN) : NULL;
	uint32_t n = 0, n_locals = 0;
	for (int locals = 1; locals >= 0; locals--) {
		for (uint32_t i = 0; i < symtab->n; i++) {
			if ((elf_sym_bind(&symtab->syms[i]) == STB_LOCAL) != locals)
				continue;
			syms[n] = symtab->syms[i];
			if (shndx)
				write32(shndx + 4 * (uint64_t)n, read32(symtab->shndx + 4 * (uint64_t)i));
			places[i] = n++;
		}
		n_locals = locals ? n : n_locals;
	}
	symtab->syms = syms;
	symtab->shndx = shndx;
	symtab->first_global = n_locals;
}

/* Relocations as they are in the file, with the symbols' numbers changed. Those that name no symbol of the table stay:
 * they are reported when they are read. */
static const uint8_t *renumber_relas(struct bytes bytes, const uint32_t *places, uint32_t n, struct arena *arena)
{
	struct elf_rela *relas =
		(struct elf_rela *)arena_copy(arena, bytes.data, bytes.size, CONTENT_ALIGN);
	for (uint64_t i = 0; i < bytes.size / sizeof(*relas); i++)
		if (relas[i].r_sym < n)
			relas[i].r_sym = places[relas[i].r_sym];
	return (const uint8_t *)relas;
}

void symbol_order_restore(struct link *link, file_id id, uint32_t symtab, struct arena *arena)
{
	struct file *file = file_of(link, id);
	uint32_t n = file->symtab.n, stray = first_stray(&file->symtab);
	if (stray == n)
		return;
	warn(link, id, stray);
	uint32_t *places = arena_array(arena, uint32_t, n);
	sort_symbols(file, arena, places);
	struct elf_replacement *replaced = object_own_tables(&file->elf, arena);
	struct elf_shdr *shdrs = (struct elf_shdr *)(uintptr_t)file->elf.shdrs;
	for (uint32_t i = 1; i < file->elf.nshdr; i++) {
		if (shdrs[i].sh_type == SHT_CREL && !section_expand_relocations(link, id, i, arena))
			return;
		if (shdrs[i].sh_type == SHT_LLVM_ADDRSIG)
			shdrs[i].sh_type = SHT_NULL; /* without it, all addresses are significant */
		if (shdrs[i].sh_type == SHT_RELA || shdrs[i].sh_type == SHT_REL)
			replaced[i].content = renumber_relas(elf_section_bytes(&file->elf, i), places, n, arena);
		else if (shdrs[i].sh_type == SHT_GROUP && shdrs[i].sh_info < n)
			shdrs[i].sh_info = places[shdrs[i].sh_info];
	}
	replaced[symtab].content = (const uint8_t *)file->symtab.syms;
	shdrs[symtab].sh_info = file->symtab.first_global;
}
