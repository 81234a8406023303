#include "ld/resolve/comdat.h"

#include <stdlib.h>
#include <string.h>

#include "ld/input/object.h"
#include "ld/resolve/symbols.h"

enum { FILE_GRAIN = 8 };

/* One group of a file. Signatures are names, and most are global symbols: the table of symbols is the table of
 * signatures. */
struct group {
	struct elf_group elf;
	file_id file;
	symbol_id signature;
};

struct groups {
	struct link *link;
	ARRAY(struct group) *per_file; /* indexed by file */
};

static struct str signature_name(const struct file *file, uint32_t symbol)
{
	const struct elf_sym *sym = &file->symtab.syms[symbol];
	if (elf_sym_type(sym) == STT_SECTION && !elf_sym_is_special(&file->symtab, symbol))
		return str_of(elf_section_name(&file->elf, elf_sym_section(&file->symtab, symbol)));
	return str_of(file->symtab.strtab + sym->st_name);
}

static void read_groups(void *context, size_t begin, size_t end, unsigned worker)
{
	struct groups *groups = context;
	struct link *link = groups->link;
	(void)worker;
	for (size_t f = begin; f < end; f++) {
		struct file *file = file_of(link, (file_id)f);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		for (uint32_t i = 1; i < file->elf.nshdr; i++) {
			if (file->elf.shdrs[i].sh_type != SHT_GROUP)
				continue;
			struct group group = {.file = (file_id)f};
			struct elf_error error;
			if (!elf_read_group(&group.elf, &file->elf, i, file->symtab.n, &error)) {
				object_report(link, (file_id)f, &error);
				return;
			}
			if (!group.elf.comdat)
				continue;
			group.signature = global_of(file, group.elf.signature);
			*array_push(&groups->per_file[f]) = group;
		}
	}
}

static void claim(void *context, size_t begin, size_t end, unsigned worker)
{
	struct groups *groups = context;
	(void)worker;
	for (size_t f = begin; f < end; f++)
		for (uint32_t i = 0; i < groups->per_file[f].n; i++) {
			_Atomic uint32_t *owner = &groups->link->comdat_owners[groups->per_file[f].at[i].signature];
			uint32_t old = atomic_load_explicit(owner, memory_order_relaxed);
			while (f < old && !atomic_compare_exchange_weak_explicit(
						  owner, &old, (uint32_t)f, memory_order_relaxed, memory_order_relaxed))
				;
		}
}

static void drop_losers(void *context, size_t begin, size_t end, unsigned worker)
{
	struct groups *groups = context;
	struct link *link = groups->link;
	(void)worker;
	for (size_t f = begin; f < end; f++) {
		uint32_t first_section = file_of(link, (file_id)f)->first_section;
		for (uint32_t i = 0; i < groups->per_file[f].n; i++) {
			const struct group *group = &groups->per_file[f].at[i];
			if (link->comdat_owners[group->signature] == f)
				continue;
			for (uint32_t m = 0; m < group->elf.nmembers; m++)
				section_of(link, first_section + read32(group->elf.members + 4 * (uint64_t)m))->live =
					false;
		}
	}
}

void comdat_eliminate(struct link *link)
{
	struct groups groups = {.link = link};
	uint32_t n = link->files.n;
	groups.per_file = calloc(n, sizeof(*groups.per_file));
	if (!groups.per_file)
		out_of_memory();
	parallel_for(link->pool, n, FILE_GRAIN, read_groups, &groups);
	/* The rare signature that is no global symbol is interned by its name. */
	for (uint32_t f = 0; f < n; f++)
		for (uint32_t i = 0; i < groups.per_file[f].n; i++) {
			struct group *group = &groups.per_file[f].at[i];
			if (!group->signature)
				group->signature = symbols_intern_one(
					link, signature_name(file_of(link, f), group->elf.signature));
		}
	link->comdat_owners = malloc(link->n_symbols * sizeof(*link->comdat_owners));
	if (!link->comdat_owners)
		out_of_memory();
	memset(link->comdat_owners, 0xff, link->n_symbols * sizeof(*link->comdat_owners));
	parallel_for(link->pool, n, FILE_GRAIN, claim, &groups);
	parallel_for(link->pool, n, FILE_GRAIN, drop_losers, &groups);
	for (uint32_t f = 0; f < n; f++)
		array_free(&groups.per_file[f]);
	free(groups.per_file);
	free(link->comdat_owners);
	link->comdat_owners = NULL;
}
