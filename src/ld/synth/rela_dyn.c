#include "ld/synth/rela_dyn.h"

#include <stdlib.h>

#include "arch/arch.h"
#include "base/memory.h"
#include "base/sort.h"
#include "ld/layout/value.h"
#include "ld/synth/got_plt.h"
#include "ld/synth/relr.h"

enum { FILE_GRAIN = 8 };

static const struct elf_rela *site_rela(const struct link *link, const struct dynamic_site *site)
{
	return &section_relas(link, site->section).at[site->rela];
}

/* What became of a site once all needs were known: an IFUNC reference is relative, after all, when the symbol has a
 * canonical PLT entry. */
static enum dynamic_site_kind kind_of(const struct link *link, const struct file *file, const struct dynamic_site *site)
{
	if (site->kind == SITE_RELATIVE || site->kind == SITE_TPOFF)
		return site->kind;
	const struct aux *aux = aux_of(link, file, site_rela(link, site)->r_sym);
	if (site->kind == SITE_SYMBOLIC)
		return site_is_settled(link, aux) ? SITE_NONE : SITE_SYMBOLIC;
	return aux && aux->needs & NEED_CPLT ? SITE_RELATIVE : SITE_IRELATIVE;
}

/* Where the site is in what the output has of its section. */
static uint64_t site_offset(const struct link *link, const struct dynamic_site *site)
{
	const struct section *section = section_of(link, site->section);
	uint64_t offset = site_rela(link, site)->r_offset;
	return section->reversed ? section->size - link->arch->dialect->word - offset : offset;
}

/* A relative relocation of .relr.dyn instead of .rela.dyn? */
static bool site_is_packed(const struct link *link, const struct dynamic_site *site, enum dynamic_site_kind kind)
{
	return kind == SITE_RELATIVE && relr_takes(link, site->section, site_offset(link, site));
}

static bool slot_is_packed(const struct link *link, uint32_t slot, const struct slot_reloc *reloc)
{
	return reloc->type == link->arch->r_relative &&
	       relr_takes(link, link->synthetic[SYN_GOT], (uint64_t)link->arch->slot * slot);
}

static void pack_relative(struct link *link)
{
	uint64_t most = 2ull * link->got.n;
	for (file_id id = 1; id < link->files.n; id++)
		most += file_of(link, id)->n_sites;
	relr_reserve(link, most);
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		for (uint32_t i = 0; i < file->n_sites; i++) {
			const struct dynamic_site *site = &file->sites[i];
			if (site_is_packed(link, site, kind_of(link, file, site)))
				relr_add(link, site->section, site_offset(link, site));
		}
	}
	for (uint32_t i = 0; i < link->got.n; i++) {
		struct slot_reloc relocs[2];
		uint64_t values[2];
		got_entry_resolve(link, &link->got.at[i], relocs, values);
		for (uint32_t k = 0; k < 2; k++)
			if (slot_is_packed(link, link->got.at[i].slot + k, &relocs[k]))
				relr_add(link, link->synthetic[SYN_GOT],
					 (uint64_t)link->arch->slot * (link->got.at[i].slot + k));
	}
}

/* Counts of what a file, or the GOT, has in .rela.dyn and .relr.dyn. */
struct counts {
	uint64_t all, relative;
};

static void count_files(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	(void)worker;
	for (size_t id = begin; id < end; id++) {
		const struct file *file = file_of(link, (file_id)id);
		struct counts counts = {0};
		uint64_t packed = 0;
		for (uint32_t i = 0; i < file->n_sites; i++) {
			enum dynamic_site_kind kind = kind_of(link, file, &file->sites[i]);
			counts.all += kind != SITE_NONE;
			counts.relative += kind == SITE_RELATIVE;
			packed += site_is_packed(link, &file->sites[i], kind);
		}
		link->file_relas[id] = counts.all - packed;
		atomic_fetch_add_explicit(&link->n_dynamic_relas, counts.all, memory_order_relaxed);
		atomic_fetch_add_explicit(&link->n_relative, counts.relative, memory_order_relaxed);
	}
}

void rela_dyn_count(struct link *link)
{
	if (link->packs_relative)
		pack_relative(link);
	link->file_relas = arena_array(&link->arena, uint64_t, link->files.n);
	parallel_for(link->pool, link->files.n, FILE_GRAIN, count_files, link);
	struct counts slots = {.all = link->copies.n};
	for (uint32_t i = 0; i < link->got.n; i++) {
		struct slot_reloc relocs[2];
		uint64_t values[2];
		got_entry_resolve(link, &link->got.at[i], relocs, values);
		for (int k = 0; k < 2; k++) {
			slots.all += relocs[k].type != 0;
			slots.relative += relocs[k].type == link->arch->r_relative;
		}
	}
	link->n_relative += slots.relative - link->n_relr;
	link->n_dynamic_relas += slots.all - link->n_relr;
}

static struct elf_rela relocation_of(const struct link *link, const struct file *file, const struct dynamic_site *site,
				     enum dynamic_site_kind kind)
{
	const struct arch *arch = link->arch;
	const struct elf_rela *rela = site_rela(link, site);
	const struct aux *aux = aux_of(link, file, rela->r_sym);
	uint64_t place = section_address(link->layout, section_of(link, site->section)) + site_offset(link, site);
	int64_t addend = rela->r_addend;
	if (kind == SITE_SYMBOLIC)
		return (struct elf_rela){place, arch->dynamic_type(rela->r_type), aux->dynsym, addend};
	symbol_id symbol = global_of(file, rela->r_sym);
	uint64_t value = symbol ? link->symbols[symbol].address : local_value(link, file, rela->r_sym, &addend);
	if (kind == SITE_RELATIVE && !symbol && aux && aux->needs & NEED_CPLT)
		value = value_of_plt(link, aux);
	if (kind == SITE_TPOFF)
		return (struct elf_rela){place, arch->dynamic_type(rela->r_type), 0,
					 (int64_t)(value - link->layout->tls_addr) + addend};
	uint32_t type = kind == SITE_RELATIVE ? arch->r_relative : arch->r_irelative;
	return (struct elf_rela){place, type, 0, (int64_t)value + addend};
}

static void collect_sites(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	(void)worker;
	for (size_t id = begin; id < end; id++) {
		const struct file *file = file_of(link, (file_id)id);
		struct elf_rela *to = link->dynamic_relas + link->file_relas[id];
		for (uint32_t i = 0; i < file->n_sites; i++) {
			const struct dynamic_site *site = &file->sites[i];
			enum dynamic_site_kind kind = kind_of(link, file, site);
			if (kind != SITE_NONE && !site_is_packed(link, site, kind))
				*to++ = relocation_of(link, file, site, kind);
		}
	}
}

static void collect_slots(struct link *link, struct elf_rela *to)
{
	for (uint32_t i = 0; i < link->got.n; i++) {
		struct slot_reloc relocs[2];
		uint64_t values[2];
		const struct got_entry *entry = &link->got.at[i];
		got_entry_resolve(link, entry, relocs, values);
		for (uint32_t k = 0; k < 2; k++)
			if (relocs[k].type && !slot_is_packed(link, entry->slot + k, &relocs[k]))
				*to++ = (struct elf_rela){got_address(link, link->layout, entry->slot + k),
							     relocs[k].type, relocs[k].dynsym,
							     (int64_t)relocs[k].addend};
	}
	for (uint32_t i = 0; i < link->copies.n; i++) {
		const struct aux *aux = &link->aux.at[link->copies.at[i]];
		*to++ = (struct elf_rela){link->symbols[aux->symbol].address, link->arch->r_copy, aux->dynsym, 0};
	}
}

void rela_dyn_collect(struct link *link)
{
	uint64_t sum = 0;
	for (file_id id = 0; id < link->files.n; id++) {
		uint64_t n = link->file_relas[id];
		link->file_relas[id] = sum;
		sum += n;
	}
	link->dynamic_relas = arena_array(&link->arena, struct elf_rela, link->n_dynamic_relas);
	parallel_for(link->pool, link->files.n, FILE_GRAIN, collect_sites, link);
	collect_slots(link, link->dynamic_relas + sum);
}

/* Relative relocations by address, then by symbol (the loader caches its last look-up) and address, then IFUNCs. */
static uint64_t group_of(const struct link *link, const struct elf_rela *rela)
{
	return rela->r_type == link->arch->r_relative	 ? 0
	       : rela->r_type == link->arch->r_irelative ? UINT32_MAX
							 : 1 + (uint64_t)rela->r_sym;
}

void rela_dyn_emit(const struct link *link, uint8_t *image)
{
	uint64_t n = link->n_dynamic_relas;
	const struct elf_rela *relas = link->dynamic_relas;
	struct sort_item *order = memory_zeroed(n, sizeof(*order));
	for (uint64_t i = 0; i < n; i++)
		order[i] = (struct sort_item){relas[i].r_offset, i};
	sort_by_key(order, n);
	for (uint64_t i = 0; i < n; i++)
		order[i].key = group_of(link, &relas[order[i].value]);
	sort_by_key(order, n);
	const struct elf_dialect *dialect = link->arch->dialect;
	for (uint64_t i = 0; i < n; i++)
		elf_put_rela(dialect, image + i * dialect->rela, &relas[order[i].value]);
	free(order);
}
