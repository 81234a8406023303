#include "ld/synth/rela_dyn.h"

#include <stdlib.h>

#include "arch/arch.h"
#include "ld/layout/value.h"
#include "ld/synth/got_plt.h"
#include "ld/synth/relr.h"

static const struct elf_rela *site_rela(const struct link *link, const struct dynamic_site *site)
{
	const struct section *section = section_of(link, site->section);
	struct bytes relas = elf_section_bytes(&file_of(link, section->file)->elf, section->rela);
	return &((const struct elf_rela *)relas.data)[site->rela];
}

/* What became of a site once all needs were known: an IFUNC reference is relative, after all, when the symbol has a
 * canonical PLT entry. */
static enum dynamic_site_kind kind_of(const struct link *link, const struct file *file, const struct dynamic_site *site)
{
	if (site->kind == SITE_RELATIVE)
		return SITE_RELATIVE;
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
	return section->reversed ? section->size - 8 - offset : offset;
}

/* A relative relocation of .relr.dyn instead of .rela.dyn? */
static bool site_is_packed(const struct link *link, const struct dynamic_site *site, enum dynamic_site_kind kind)
{
	return kind == SITE_RELATIVE && relr_takes(link, site->section, site_offset(link, site));
}

static bool slot_is_packed(const struct link *link, uint32_t slot, const struct slot_reloc *reloc)
{
	return reloc->type == link->arch->r_relative && relr_takes(link, link->synthetic[SYN_GOT], 8ull * slot);
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
				relr_add(link, link->synthetic[SYN_GOT], 8ull * (link->got.at[i].slot + k));
	}
}

void rela_dyn_count(struct link *link)
{
	uint64_t relative = 0, all = link->copies.n;
	if (link->packs_relative)
		pack_relative(link);
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		for (uint32_t i = 0; i < file->n_sites; i++) {
			enum dynamic_site_kind kind = kind_of(link, file, &file->sites[i]);
			all += kind != SITE_NONE;
			relative += kind == SITE_RELATIVE;
		}
	}
	for (uint32_t i = 0; i < link->got.n; i++) {
		struct slot_reloc relocs[2];
		uint64_t values[2];
		got_entry_resolve(link, &link->got.at[i], relocs, values);
		for (int k = 0; k < 2; k++) {
			all += relocs[k].type != 0;
			relative += relocs[k].type == link->arch->r_relative;
		}
	}
	link->n_relative = relative - link->n_relr;
	link->n_dynamic_relas = all - link->n_relr;
}

/* Order: relative by address, then by symbol (the loader caches its last look-up), then IFUNCs. */
static int class_of(const struct arch *arch, uint32_t type)
{
	return type == arch->r_relative ? 0 : type == arch->r_irelative ? 2 : 1;
}

struct sortable {
	uint64_t key, offset;
	uint32_t index;
};

static int compare(const void *a, const void *b)
{
	const struct sortable *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static uint64_t collect_sites(const struct link *link, struct elf_rela *out, uint64_t n)
{
	const struct arch *arch = link->arch;
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		for (uint32_t i = 0; i < file->n_sites; i++) {
			const struct dynamic_site *site = &file->sites[i];
			const struct elf_rela *rela = site_rela(link, site);
			const struct section *section = section_of(link, site->section);
			const struct aux *aux = aux_of(link, file, rela->r_sym);
			int64_t addend = rela->r_addend;
			enum dynamic_site_kind kind = kind_of(link, file, site);
			if (kind == SITE_NONE || site_is_packed(link, site, kind))
				continue;
			struct elf_rela *to = &out[n++];
			to->r_offset = section_address(link->layout, section) + site_offset(link, site);
			switch (kind) {
			case SITE_NONE:
				break;
			case SITE_SYMBOLIC:
				*to = (struct elf_rela){to->r_offset, arch->r_symbolic, aux->dynsym, addend};
				break;
			case SITE_RELATIVE: {
				symbol_id symbol = global_of(file, rela->r_sym);
				uint64_t value = symbol ? link->addresses[symbol]
							: local_value(link, file, rela->r_sym, &addend);
				if (!symbol && aux && aux->needs & NEED_CPLT)
					value = value_of_plt(link, aux);
				*to = (struct elf_rela){to->r_offset, arch->r_relative, 0, (int64_t)value + addend};
				break;
			}
			case SITE_IRELATIVE: {
				symbol_id symbol = global_of(file, rela->r_sym);
				uint64_t value = symbol ? link->addresses[symbol]
							: local_value(link, file, rela->r_sym, &addend);
				*to = (struct elf_rela){to->r_offset, arch->r_irelative, 0, (int64_t)value + addend};
				break;
			}
			}
		}
	}
	return n;
}

static uint64_t collect_slots(const struct link *link, struct elf_rela *out, uint64_t n)
{
	for (uint32_t i = 0; i < link->got.n; i++) {
		struct slot_reloc relocs[2];
		uint64_t values[2];
		const struct got_entry *entry = &link->got.at[i];
		got_entry_resolve(link, entry, relocs, values);
		for (uint32_t k = 0; k < 2; k++)
			if (relocs[k].type && !slot_is_packed(link, entry->slot + k, &relocs[k]))
				out[n++] = (struct elf_rela){got_address(link, link->layout, entry->slot + k),
							     relocs[k].type, relocs[k].dynsym,
							     (int64_t)relocs[k].addend};
	}
	for (uint32_t i = 0; i < link->copies.n; i++) {
		const struct aux *aux = &link->aux.at[link->copies.at[i]];
		out[n++] = (struct elf_rela){link->addresses[aux->symbol], link->arch->r_copy, aux->dynsym, 0};
	}
	return n;
}

void rela_dyn_emit(struct link *link, uint8_t *image)
{
	uint64_t n = link->n_dynamic_relas;
	struct elf_rela *relas = calloc(max_u64(n, 1), sizeof(*relas));
	struct sortable *order = malloc(max_u64(n, 1) * sizeof(*order));
	if (!relas || !order)
		out_of_memory();
	collect_slots(link, relas, collect_sites(link, relas, 0));
	for (uint64_t i = 0; i < n; i++)
		order[i] = (struct sortable){(uint64_t)class_of(link->arch, relas[i].r_type) << 32 | relas[i].r_sym,
					     relas[i].r_offset, (uint32_t)i};
	qsort(order, n, sizeof(*order), compare);
	struct elf_rela *out = (struct elf_rela *)image;
	for (uint64_t i = 0; i < n; i++)
		out[i] = relas[order[i].index];
	free(order);
	free(relas);
}
