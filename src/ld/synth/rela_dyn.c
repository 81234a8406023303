#include "ld/synth/rela_dyn.h"

#include <stdlib.h>

#include "arch/arch.h"
#include "base/memory.h"
#include "base/sort.h"
#include "ld/layout/value.h"
#include "ld/synth/got_plt.h"
#include "ld/synth/relr.h"

enum { FILE_GRAIN = 8 };

/* The section whose sites are being walked: what all of them share. */
struct walk {
	const struct link *link;
	const struct file *file;
	section_id section;
	struct elf_relas relas;
	uint64_t mirror;          /* of a section written last to first: where the place at offset 0 comes to lie */
	bool reversed;
	uint64_t address;
};

static void walk_to(struct walk *walk, section_id id)
{
	if (walk->section == id)
		return;
	const struct link *link = walk->link;
	const struct section *section = section_of(link, id);
	walk->section = id;
	walk->relas = section_relas(link, id);
	walk->reversed = section->reversed;
	walk->mirror = section->size - link->arch->dialect->word;
	walk->address = section_address(link->layout, section);
}

/* Where the site is in what the output has of its section. */
static uint64_t site_offset(const struct walk *walk, const struct dynamic_site *site)
{
	uint64_t offset = walk->relas.at[site->rela].r_offset;
	return walk->reversed ? walk->mirror - offset : offset;
}

/* What became of a site once all needs were known: an IFUNC reference is relative, after all, when the symbol has a
 * canonical PLT entry. */
static enum dynamic_site_kind kind_of(const struct walk *walk, const struct dynamic_site *site)
{
	if (site->kind == SITE_RELATIVE)
		return SITE_RELATIVE;
	const struct aux *aux = aux_of(walk->link, walk->file, walk->relas.at[site->rela].r_sym);
	if (site->kind == SITE_SYMBOLIC)
		return site_is_settled(walk->link, aux) ? SITE_NONE : SITE_SYMBOLIC;
	return aux && aux->needs & NEED_CPLT ? SITE_RELATIVE : SITE_IRELATIVE;
}

/* A relative relocation of .relr.dyn instead of .rela.dyn? */
static bool site_is_packed(const struct walk *walk, const struct dynamic_site *site, enum dynamic_site_kind kind)
{
	return walk->link->packs_relative && kind == SITE_RELATIVE &&
	       relr_takes(walk->link, site->section, site_offset(walk, site));
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
		struct walk walk = {.link = link, .file = file};
		for (uint32_t i = 0; i < file->n_sites; i++) {
			const struct dynamic_site *site = &file->sites[i];
			walk_to(&walk, site->section);
			if (site_is_packed(&walk, site, kind_of(&walk, site)))
				relr_add(link, site->section, site_offset(&walk, site));
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

/* Sites of a section come by address; they stand in the order of its relocations, which almost always is the same. */
static void order_sites(const struct walk *walk, struct dynamic_site *sites, uint32_t n)
{
	uint64_t last = 0;
	bool ordered = true;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t offset = site_offset(walk, &sites[i]);
		ordered = ordered && offset >= last;
		last = offset;
	}
	if (ordered)
		return;
	struct sort_item *order = memory_zeroed(n, sizeof(*order));
	struct dynamic_site *copy = memory_zeroed(n, sizeof(*copy));
	for (uint32_t i = 0; i < n; i++) {
		order[i] = (struct sort_item){site_offset(walk, &sites[i]), i};
		copy[i] = sites[i];
	}
	sort_by_key(order, n);
	for (uint32_t i = 0; i < n; i++)
		sites[i] = copy[order[i].value];
	free(copy);
	free(order);
}

static struct elf_rela relocation_of(const struct walk *walk, const struct dynamic_site *site,
				     enum dynamic_site_kind kind)
{
	const struct link *link = walk->link;
	const struct file *file = walk->file;
	const struct arch *arch = link->arch;
	const struct elf_rela *rela = &walk->relas.at[site->rela];
	const struct aux *aux = aux_of(link, file, rela->r_sym);
	uint64_t place = walk->address + site_offset(walk, site);
	int64_t addend = rela->r_addend;
	if (kind == SITE_SYMBOLIC) {
		bool relative = arch->r_symbolic_relative && rela->r_type == arch->r_symbolic_relative;
		uint32_t type = relative ? arch->r_symbolic_relative : arch->r_symbolic;
		return (struct elf_rela){place, type, aux->dynsym, addend};
	}
	symbol_id symbol = global_of(file, rela->r_sym);
	uint64_t value = symbol ? link->symbols[symbol].address : local_value(link, file, rela->r_sym, &addend);
	if (kind == SITE_RELATIVE && !symbol && aux && aux->needs & NEED_CPLT)
		value = value_of_plt(link, aux);
	uint32_t type = kind == SITE_RELATIVE ? arch->r_relative : arch->r_irelative;
	return (struct elf_rela){place, type, 0, (int64_t)value + addend};
}

/* How a file's sites are divided: neighbours of one section that are relative make a group. With `groups` and `others`
 * they are written down. */
static struct dynamic_share divide(struct walk *walk, struct relative_group *groups, struct elf_rela *others)
{
	const struct file *file = walk->file;
	struct dynamic_share share = {0};
	bool open = false;
	for (uint32_t i = 0; i < file->n_sites; i++) {
		const struct dynamic_site *site = &file->sites[i];
		if (site->section != walk->section)
			open = false;
		walk_to(walk, site->section);
		enum dynamic_site_kind kind = kind_of(walk, site);
		if (kind == SITE_NONE || site_is_packed(walk, site, kind))
			continue;
		if (kind != SITE_RELATIVE) {
			if (others)
				others[share.others] = relocation_of(walk, site, kind);
			share.others++;
			open = false;
			continue;
		}
		share.relative++;
		if (!open && groups)
			groups[share.groups] = (struct relative_group){site->section, i, 0};
		share.groups += !open;
		open = true;
		if (groups)
			groups[share.groups - 1].n++;
	}
	return share;
}

static void count_files(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	(void)worker;
	for (size_t id = begin; id < end; id++) {
		struct file *file = file_of(link, (file_id)id);
		struct walk walk = {.link = link, .file = file};
		for (uint32_t i = 0, first = 0; i < file->n_sites; i++)
			if (i + 1 == file->n_sites || file->sites[i + 1].section != file->sites[i].section) {
				walk_to(&walk, file->sites[i].section);
				order_sites(&walk, file->sites + first, i + 1 - first);
				first = i + 1;
			}
		link->dynamic_shares[id] = divide(&walk, NULL, NULL);
	}
}

void rela_dyn_count(struct link *link)
{
	if (link->packs_relative)
		pack_relative(link);
	link->dynamic_shares = arena_array(&link->arena, struct dynamic_share, link->files.n);
	parallel_for(link->pool, link->files.n, FILE_GRAIN, count_files, link);
	struct dynamic_share sum = {.others = link->copies.n};
	for (uint32_t i = 0; i < link->got.n; i++) {
		struct slot_reloc relocs[2];
		uint64_t values[2];
		got_entry_resolve(link, &link->got.at[i], relocs, values);
		for (uint32_t k = 0; k < 2; k++) {
			bool relative = relocs[k].type == link->arch->r_relative;
			sum.relative += relative && !slot_is_packed(link, link->got.at[i].slot + k, &relocs[k]);
			sum.others += relocs[k].type != 0 && !relative;
		}
	}
	link->n_relative_slots = sum.relative;
	/* From here on a share says where the file's part begins. */
	for (file_id id = 0; id < link->files.n; id++) {
		struct dynamic_share share = link->dynamic_shares[id];
		link->dynamic_shares[id] = sum;
		sum.groups += share.groups;
		sum.others += share.others;
		sum.relative += share.relative;
	}
	link->n_relative_groups = sum.groups;
	link->n_relative = sum.relative;
	link->n_dynamic_relas = sum.relative + sum.others;
}

static void collect_sites(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	(void)worker;
	for (size_t id = begin; id < end; id++) {
		struct walk walk = {.link = link, .file = file_of(link, (file_id)id)};
		const struct dynamic_share *share = &link->dynamic_shares[id];
		divide(&walk, link->relative_groups + share->groups, link->other_relas + share->others);
	}
}

static void collect_slots(struct link *link)
{
	struct elf_rela *relative = link->relative_slots, *other = link->other_relas;
	for (uint32_t i = 0; i < link->got.n; i++) {
		struct slot_reloc relocs[2];
		uint64_t values[2];
		const struct got_entry *entry = &link->got.at[i];
		got_entry_resolve(link, entry, relocs, values);
		for (uint32_t k = 0; k < 2; k++) {
			if (!relocs[k].type || slot_is_packed(link, entry->slot + k, &relocs[k]))
				continue;
			struct elf_rela rela = {got_address(link, link->layout, entry->slot + k), relocs[k].type,
						relocs[k].dynsym, (int64_t)relocs[k].addend};
			if (rela.r_type == link->arch->r_relative)
				*relative++ = rela;
			else
				*other++ = rela;
		}
	}
	for (uint32_t i = 0; i < link->copies.n; i++) {
		const struct aux *aux = &link->aux.at[link->copies.at[i]];
		*other++ = (struct elf_rela){link->symbols[aux->symbol].address, link->arch->r_copy, aux->dynsym, 0};
	}
}

void rela_dyn_collect(struct link *link)
{
	link->relative_groups = arena_array(&link->arena, struct relative_group, link->n_relative_groups);
	link->relative_slots = arena_array(&link->arena, struct elf_rela, link->n_relative_slots);
	link->other_relas = arena_array(&link->arena, struct elf_rela, link->n_dynamic_relas - link->n_relative);
	parallel_for(link->pool, link->files.n, FILE_GRAIN, collect_sites, link);
	collect_slots(link);
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

struct writer {
	const struct elf_dialect *dialect;
	uint8_t *at;
};

static void put(struct writer *writer, const struct elf_rela *rela)
{
	elf_put_rela(writer->dialect, writer->at, rela);
	writer->at += writer->dialect->rela;
}

static uint64_t address_of_group(const struct link *link, const struct relative_group *group)
{
	const struct file *file = file_of(link, section_of(link, group->section)->file);
	struct walk walk = {.link = link, .file = file};
	walk_to(&walk, group->section);
	return walk.address + site_offset(&walk, &file->sites[group->first]);
}

static void put_group(struct writer *writer, const struct link *link, const struct relative_group *group)
{
	const struct file *file = file_of(link, section_of(link, group->section)->file);
	struct walk walk = {.link = link, .file = file};
	walk_to(&walk, group->section);
	for (uint32_t i = group->first; i < group->first + group->n; i++) {
		struct elf_rela rela = relocation_of(&walk, &file->sites[i], SITE_RELATIVE);
		put(writer, &rela);
	}
}

/* By address: the groups, none of which reaches into another, and the slots of the GOT between two of them. */
static void put_relative(struct writer *writer, const struct link *link)
{
	const struct elf_rela *slot = link->relative_slots, *end = slot + link->n_relative_slots;
	uint64_t n = link->n_relative_groups;
	struct sort_item *order = memory_zeroed(n, sizeof(*order));
	for (uint64_t i = 0; i < n; i++)
		order[i] = (struct sort_item){address_of_group(link, &link->relative_groups[i]), i};
	sort_by_key(order, n);
	for (uint64_t i = 0; i < n; i++) {
		for (; slot < end && slot->r_offset < order[i].key; slot++)
			put(writer, slot);
		put_group(writer, link, &link->relative_groups[order[i].value]);
	}
	for (; slot < end; slot++)
		put(writer, slot);
	free(order);
}

/* By symbol, because the loader caches its last look-up, and by address; then IFUNCs. */
static uint64_t rank_of(const struct link *link, const struct elf_rela *rela)
{
	return rela->r_type == link->arch->r_irelative ? UINT32_MAX : rela->r_sym;
}

static void put_others(struct writer *writer, const struct link *link)
{
	const struct elf_rela *relas = link->other_relas;
	uint64_t n = link->n_dynamic_relas - link->n_relative;
	struct sort_item *order = memory_zeroed(n, sizeof(*order));
	for (uint64_t i = 0; i < n; i++)
		order[i] = (struct sort_item){relas[i].r_offset, i};
	sort_by_key(order, n);
	for (uint64_t i = 0; i < n; i++)
		order[i].key = rank_of(link, &relas[order[i].value]);
	sort_by_key(order, n);
	for (uint64_t i = 0; i < n; i++)
		put(writer, &relas[order[i].value]);
	free(order);
}

void rela_dyn_emit(const struct link *link, uint8_t *image)
{
	struct writer writer = {link->arch->dialect, image};
	put_relative(&writer, link);
	put_others(&writer, link);
}
