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
	if (site->kind == SITE_RELATIVE || site->kind == SITE_TPOFF)
		return site->kind;
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
	if (kind == SITE_SYMBOLIC)
		return (struct elf_rela){place, arch->dynamic_type(rela->r_type), aux->dynsym, addend};
	symbol_id symbol = global_of(file, rela->r_sym);
	uint64_t value = symbol ? link->symbols[symbol].address : local_value(link, file, rela->r_sym, &addend);
	if (kind == SITE_RELATIVE && !symbol && aux && aux->needs & NEED_CPLT)
		value = value_of_plt(link, aux);
	if (kind == SITE_TPOFF)
		return (struct elf_rela){place, arch->dynamic_type(rela->r_type), 0,
					 (int64_t)(value - link->layout->tls_addr + (uint64_t)addend)};
	uint32_t type = kind == SITE_RELATIVE ? arch->r_relative : arch->r_irelative;
	return (struct elf_rela){place, type, 0, (int64_t)(value + (uint64_t)addend)};
}

/* Neighbours among the sites of a section that are relative. */
struct relative_group {
	uint64_t address;         /* of the first */
	uint64_t entry;           /* its number in .rela.dyn */
	section_id section;
	uint32_t first, n;        /* of the file's sites */
};

/* How a file's sites are divided. With `groups` and `others` they are written down. */
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
			groups[share.groups] = (struct relative_group){
				.address = walk->address + site_offset(walk, site), .section = site->section, .first = i};
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

/* ---- making the entries ------------------------------------------------------------------------------------ */

/* The relative ones are most, so that they are not sorted themselves: only groups are, none of which reaches into
 * another. Then the files' entries are made, in parallel, where they belong. */
struct making {
	struct link *link;
	struct relative_group *groups;  /* by file */
	struct elf_rela *slots;         /* relative ones of the GOT, by address */
	struct elf_rela *others;
	uint8_t *image;
};

static void put(const struct making *making, uint64_t entry, const struct elf_rela *rela)
{
	const struct elf_dialect *dialect = making->link->arch->dialect;
	elf_put_rela(dialect, making->image + entry * dialect->rela, rela);
}

static void list_sites(void *context, size_t begin, size_t end, unsigned worker)
{
	struct making *making = context;
	struct link *link = making->link;
	(void)worker;
	for (size_t id = begin; id < end; id++) {
		struct walk walk = {.link = link, .file = file_of(link, (file_id)id)};
		const struct dynamic_share *share = &link->dynamic_shares[id];
		divide(&walk, making->groups + share->groups, making->others + share->others);
	}
}

static void list_slots(struct making *making)
{
	struct link *link = making->link;
	struct elf_rela *relative = making->slots, *other = making->others;
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

/* By address, the GOT's slots between two groups. */
static void number_relative(struct making *making)
{
	const struct link *link = making->link;
	const struct elf_rela *slot = making->slots, *end = slot + link->n_relative_slots;
	uint64_t n = link->n_relative_groups, entry = 0;
	struct sort_item *order = memory_zeroed(n, sizeof(*order));
	for (uint64_t i = 0; i < n; i++)
		order[i] = (struct sort_item){making->groups[i].address, i};
	sort_by_key(order, n);
	for (uint64_t i = 0; i < n; i++) {
		struct relative_group *group = &making->groups[order[i].value];
		for (; slot < end && slot->r_offset < group->address; slot++)
			put(making, entry++, slot);
		group->entry = entry;
		entry += group->n;
	}
	for (; slot < end; slot++)
		put(making, entry++, slot);
	free(order);
}

static void make_relative(void *context, size_t begin, size_t end, unsigned worker)
{
	struct making *making = context;
	struct link *link = making->link;
	(void)worker;
	for (size_t id = begin; id < end; id++) {
		const struct file *file = file_of(link, (file_id)id);
		struct walk walk = {.link = link, .file = file};
		const struct relative_group *group = making->groups + link->dynamic_shares[id].groups;
		const struct relative_group *last = making->groups + (id + 1 < link->files.n
									      ? link->dynamic_shares[id + 1].groups
									      : link->n_relative_groups);
		for (; group < last; group++) {
			walk_to(&walk, group->section);
			for (uint32_t i = 0; i < group->n; i++) {
				struct elf_rela rela =
					relocation_of(&walk, &file->sites[group->first + i], SITE_RELATIVE);
				put(making, group->entry + i, &rela);
			}
		}
	}
}

/* By symbol, because the loader caches its last look-up, and by address; then IFUNCs. */
static uint64_t rank_of(const struct link *link, const struct elf_rela *rela)
{
	return rela->r_type == link->arch->r_irelative ? UINT32_MAX : rela->r_sym;
}

static void make_others(const struct making *making)
{
	const struct link *link = making->link;
	uint64_t n = link->n_dynamic_relas - link->n_relative;
	struct sort_item *order = memory_zeroed(n, sizeof(*order));
	for (uint64_t i = 0; i < n; i++)
		order[i] = (struct sort_item){making->others[i].r_offset, i};
	sort_by_key(order, n);
	for (uint64_t i = 0; i < n; i++)
		order[i].key = rank_of(link, &making->others[order[i].value]);
	sort_by_key(order, n);
	for (uint64_t i = 0; i < n; i++)
		put(making, link->n_relative + i, &making->others[order[i].value]);
	free(order);
}

void rela_dyn_make(struct link *link)
{
	if (!link->n_dynamic_relas)
		return;
	uint64_t size = link->n_dynamic_relas * link->arch->dialect->rela;
	struct making making = {
		.link = link,
		.groups = memory_zeroed(link->n_relative_groups, sizeof(struct relative_group)),
		.slots = memory_zeroed(link->n_relative_slots, sizeof(struct elf_rela)),
		.others = memory_zeroed(link->n_dynamic_relas - link->n_relative, sizeof(struct elf_rela)),
		.image = memory_zeroed(size, 1),
	};
	link->made[SYN_RELA_DYN] = (struct bytes){making.image, size};
	parallel_for(link->pool, link->files.n, FILE_GRAIN, list_sites, &making);
	list_slots(&making);
	number_relative(&making);
	parallel_for(link->pool, link->files.n, FILE_GRAIN, make_relative, &making);
	make_others(&making);
	free(making.others);
	free(making.slots);
	free(making.groups);
}
