#include "ld/synth/copy.h"

#include "ld/input/object.h"
#include "ld/report/describe.h"
#include "ld/resolve/abi_check.h"
#include "ld/synth/needs.h"

/* Alignment of a variable in a shared object: what its address and its section say. */
static uint32_t alignment_of(const struct file *file, const struct elf_sym *sym)
{
	uint32_t p2align = sym->st_value ? (uint32_t)__builtin_ctzll(sym->st_value) : 12;
	if (sym->st_shndx < file->elf.nshdr && file->elf.shdrs[sym->st_shndx].sh_addralign > 0) {
		uint32_t section = (uint32_t)__builtin_ctzll(file->elf.shdrs[sym->st_shndx].sh_addralign);
		if (section < p2align)
			p2align = section;
	}
	return p2align < 12 ? p2align : 12;
}

/* Read-only in its module, or read-only once relocated. */
static bool is_read_only(const struct file *file, const struct elf_sym *sym)
{
	if (sym->st_shndx >= file->elf.nshdr)
		return false;
	if (!(file->elf.shdrs[sym->st_shndx].sh_flags & SHF_WRITE))
		return true;
	const struct elf_phdr *phdrs = file->elf.phdrs;
	for (uint32_t i = 0; i < file->elf.nphdr; i++)
		if (phdrs[i].p_type == PT_GNU_RELRO && sym->st_value - phdrs[i].p_vaddr < phdrs[i].p_memsz)
			return true;
	return false;
}

static void place(struct link *link, struct aux *aux, file_id id, const struct elf_sym *sym)
{
	const struct file *file = file_of(link, id);
	aux->copy_relro = link->options->z.relro && is_read_only(file, sym);
	uint64_t *size = aux->copy_relro ? &link->dynrelro_size : &link->dynbss_size;
	uint32_t *section_align = aux->copy_relro ? &link->dynrelro_p2align : &link->dynbss_p2align;
	uint32_t p2align = alignment_of(file, sym);
	if (p2align > *section_align)
		*section_align = p2align;
	*size = align_up(*size, 1ull << p2align);
	aux->copy = *size;
	enum { SIZE_BITS = 48 };
	if (sym->st_size >> SIZE_BITS) {
		uint32_t index = (uint32_t)(sym - file->symtab.syms);
		struct elf_error error;
		elf_fail(&error, "st_size", index, sym->st_size, "of a variable that is to be copied is absurdly large");
		object_report(link, id, &error);
		return;
	}
	*size += max_u64(sym->st_size, 1); /* it has an address, whatever its size */
}

static bool is_alias(const struct elf_sym *a, const struct elf_sym *b)
{
	return a->st_shndx == b->st_shndx && a->st_value == b->st_value && elf_sym_type(a) != STT_TLS;
}

/* A copy that is not what the library has: too short for another name of the variable, or not looked at. `larger`: the
 * largest alias, or NULL. */
static void check_copy(struct abi_report *report, symbol_id symbol, const struct elf_sym *larger)
{
	struct link *link = report->link;
	uint64_t owner = symbol_owner(&link->symbols[symbol]);
	const struct file *file = file_of(link, owner_file(owner));
	const struct elf_sym *sym = symbol_definition(link, &link->symbols[symbol]);
	struct arena arena = {0};
	const char *name = describe_symbol(link, &arena, symbol);
	struct diag_about about = about_file(file, NULL);
	about.symbol = target_name(file, owner_index(owner));
	uint64_t order = diag_order(owner_file(owner), owner_index(owner));
	if (sym->st_size == 0)
		abi_warn(report, order, about,
			 "dynamic variable `%s' is zero size\n>>> nothing is copied: the program's variable has no "
			 "bytes, and those of the library are not used; compile with -fPIE or give the symbol a size",
			 name);
	else if (larger)
		abi_warn(report, order, about,
			 "the program has a copy of `%s', %llu bytes, which the library also calls `%s' and takes for "
			 "%llu bytes\n>>> what it writes behind the copy overwrites other variables; compile with "
			 "-fPIE",
			 name, (unsigned long long)sym->st_size,
			 describe_name(link, &arena, file->symtab.strtab + larger->st_name),
			 (unsigned long long)larger->st_size);
	else if (abi_is_symbolic(file) && !is_read_only(file, sym) && !abi_looks_up(link, owner_file(owner),
										    owner_index(owner)))
		abi_warn(report, order, about,
			 "the program has a copy of `%s', which the library does not use: it was linked with -Bsymbolic"
			 "\n>>> each changes a variable of its own; compile with -fPIE or -mno-direct-extern-access",
			 name);
	arena_free(&arena);
}

/* The copied symbol and its aliases in the shared object share one place. */
static void copy_symbol(struct link *link, uint32_t id, struct abi_report *report)
{
	const struct elf_sym *larger = NULL;
	symbol_id symbol = link->aux.at[id].symbol;
	uint64_t owner = symbol_owner(&link->symbols[symbol]);
	const struct file *file = file_of(link, owner_file(owner));
	const struct elf_sym *sym = symbol_definition(link, &link->symbols[symbol]);
	place(link, &link->aux.at[id], owner_file(owner), sym);
	if (sym->st_size) /* else there is nothing to copy */
		*array_push(&link->copies) = id;
	for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
		symbol_id alias = global_of(file, i);
		if (!alias || !is_alias(&file->symtab.syms[i], sym) ||
		    symbol_owner(&link->symbols[alias]) != owner_key(RANK_ELSEWHERE, owner_file(owner), i))
			continue;
		struct aux *aux = aux_make(link, alias);
		aux->needs |= NEED_COPY | NEED_DYNSYM;
		aux->copy = link->aux.at[id].copy;
		aux->copy_relro = link->aux.at[id].copy_relro;
		symbol_set(&link->symbols[alias], SYMBOL_EXPORTED);
		if (file->symtab.syms[i].st_size > (larger ? larger->st_size : sym->st_size))
			larger = &file->symtab.syms[i];
	}
	if (report)
		check_copy(report, symbol, larger);
}

void copy_allocate(struct link *link)
{
	struct abi_report report;
	bool warn = abi_report_begin(&report, link, ABI_COPY_RELOCATION);
	for (uint32_t id = 1, n = link->aux.n; id < n; id++) {
		const struct aux *aux = &link->aux.at[id];
		if (aux->needs & NEED_COPY && !(symbol_flags(&link->symbols[aux->symbol]) & SYMBOL_EXPORTED))
			copy_symbol(link, id, warn ? &report : NULL);
	}
	abi_report_end(&report);
}
