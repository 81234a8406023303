#include "ld/synth/got_plt.h"

#include <string.h>

#include "arch/arch.h"
#include "ld/layout/value.h"

static uint16_t flags_of(const struct link *link, const struct aux *aux)
{
	return aux->symbol ? symbol_flags(&link->symbols[aux->symbol])
			   : local_ref(link, file_of(link, aux->file), aux->index).flags;
}

/* Address of a symbol's definition, not of its PLT entry: for an IFUNC, its resolver. */
static uint64_t definition_address(const struct link *link, const struct aux *aux)
{
	int64_t addend = 0;
	if (!aux->symbol)
		return local_value(link, file_of(link, aux->file), aux->index, &addend);
	if (!(aux->needs & NEED_CPLT))
		return link->symbols[aux->symbol].address;
	uint64_t owner = symbol_owner(&link->symbols[aux->symbol]);
	if (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE)
		return 0;
	return local_value(link, file_of(link, owner_file(owner)), owner_index(owner), &addend);
}

/* An indirect function whose resolver the loader calls for this module. */
static bool is_own_ifunc(const struct link *link, const struct aux *aux)
{
	uint16_t flags = flags_of(link, aux);
	return flags & SYMBOL_IFUNC && !(flags & SYMBOL_PREEMPTIBLE);
}

static void resolve_address(const struct link *link, const struct aux *aux, struct slot_reloc *out, uint64_t *value)
{
	uint16_t flags = flags_of(link, aux);
	if (flags & SYMBOL_PREEMPTIBLE) {
		out->type = link->arch->r_glob_dat;
		out->dynsym = aux->dynsym;
		return;
	}
	if (flags & SYMBOL_IFUNC && !(aux->needs & NEED_CPLT)) {
		out->type = link->arch->r_irelative;
		if (link->has_addresses)
			out->addend = definition_address(link, aux);
		return;
	}
	bool moves = link->is_pic && !(flags & (SYMBOL_ABSOLUTE | SYMBOL_UNDEFINED));
	out->type = moves ? link->arch->r_relative : 0;
	if (!link->has_addresses)
		return;
	*value = aux->needs & NEED_CPLT ? value_of_plt(link, aux) : definition_address(link, aux);
	out->addend = *value;
}

static void resolve_tls(const struct link *link, const struct got_entry *entry, const struct aux *aux,
			struct slot_reloc out[2], uint64_t values[2])
{
	const struct arch *arch = link->arch;
	bool shared = link->options->kind == OUTPUT_SHARED;
	bool preemptible = flags_of(link, aux) & SYMBOL_PREEMPTIBLE;
	uint64_t address = link->has_addresses ? definition_address(link, aux) : 0;
	uint64_t block_offset = address - link->layout->tls_addr;
	switch (entry->kind) {
	case GOT_TLSGD:
		if (shared || preemptible) {
			out[0] = (struct slot_reloc){arch->r_dtpmod, preemptible ? aux->dynsym : 0, 0};
			if (preemptible)
				out[1] = (struct slot_reloc){arch->r_dtpoff, aux->dynsym, 0};
			else
				values[1] = block_offset;
		} else {
			values[0] = 1; /* the executable is module 1 */
			values[1] = block_offset;
		}
		break;
	case GOT_TLSDESC:
		out[0] = (struct slot_reloc){arch->r_tlsdesc, preemptible ? aux->dynsym : 0,
					     preemptible ? 0 : block_offset};
		break;
	default: { /* GOT_TPOFF, GOT_TPOFF_NEGATED */
		bool negated = entry->kind == GOT_TPOFF_NEGATED;
		uint32_t type = negated ? arch->r_tpoff_negated : arch->r_tpoff;
		uint64_t value = shared ? block_offset : arch->tp_offset(link->layout, address);
		value = negated ? -value : value;
		if (preemptible)
			out[0] = (struct slot_reloc){type, aux->dynsym, 0};
		else if (shared)
			out[0] = (struct slot_reloc){type, 0, value};
		else
			values[0] = value;
		break;
	}
	}
}

void got_entry_resolve(const struct link *link, const struct got_entry *entry, struct slot_reloc out[2],
		       uint64_t values[2])
{
	memset(out, 0, 2 * sizeof(*out));
	values[0] = values[1] = 0;
	if (entry->kind == GOT_TLSLD) {
		if (link->options->kind == OUTPUT_SHARED)
			out[0].type = link->arch->r_dtpmod;
		else
			values[0] = 1;
	} else if (entry->kind == GOT_ADDRESS) {
		resolve_address(link, &link->aux.at[entry->aux], &out[0], &values[0]);
	} else {
		resolve_tls(link, entry, &link->aux.at[entry->aux], out, values);
	}
}

static bool is_pair(enum got_kind kind)
{
	return kind == GOT_TLSGD || kind == GOT_TLSLD || kind == GOT_TLSDESC;
}

/* A slot may be wider than an address: an offset from the thread pointer has its sign in all of it. */
static void put_slot(const struct link *link, uint8_t *at, uint64_t value)
{
	if (link->arch->slot == 8)
		write64(at, value);
	else
		write32(at, value);
}

/* Without room in the relocation, the addend is what the slot holds. */
static void addends_to_places(const struct link *link, const struct got_entry *entry,
			      const struct slot_reloc relocs[2], uint64_t values[2])
{
	for (unsigned k = 0; k < 2; k++)
		if (relocs[k].type) {
			bool other = entry->kind == GOT_TLSDESC && link->arch->tlsdesc_addend_last;
			values[other ? 1 : k] = relocs[k].addend;
		}
}

void got_emit(struct link *link, uint8_t *image)
{
	const struct elf_dialect *dialect = link->arch->dialect;
	const uint64_t slot = link->arch->slot;
	memset(image, 0, slot * link->got_slots);
	for (uint32_t i = 0; i < link->got.n; i++) {
		struct slot_reloc relocs[2];
		uint64_t values[2];
		const struct got_entry *entry = &link->got.at[i];
		got_entry_resolve(link, entry, relocs, values);
		if (!dialect->is_rela)
			addends_to_places(link, entry, relocs, values);
		put_slot(link, image + slot * entry->slot, values[0]);
		if (is_pair(entry->kind))
			put_slot(link, image + slot * (entry->slot + 1), values[1]);
	}
}

void got_plt_emit(struct link *link, uint8_t *image)
{
	const struct plt_style *style = link->plt_style;
	const struct elf_dialect *dialect = link->arch->dialect;
	const uint64_t slot = link->arch->slot;
	memset(image, 0, slot * (link->arch->got_plt_header_slots + link->plt.n));
	if (link->synthetic[SYN_DYNAMIC])
		put_slot(link, image, synthetic_address(link, link->layout, SYN_DYNAMIC));
	if (!link->plt.n)
		return;
	const uint32_t entry_size = plt_code_size(style->entry);
	uint64_t entry = synthetic_address(link, link->layout, SYN_PLT) + plt_code_size(style->header);
	for (uint32_t i = 0; i < link->plt.n; i++, entry += entry_size) {
		const struct aux *aux = &link->aux.at[link->plt.at[i]];
		bool resolver = !dialect->is_rela && is_own_ifunc(link, aux);
		put_slot(link, image + slot * aux->gotplt,
			 resolver ? definition_address(link, aux) : entry + style->lazy_start);
	}
}

/* What all entries of a table share. */
static struct plt_entry entries_of(const struct link *link, enum synthetic table)
{
	return (struct plt_entry){
		.address = synthetic_address(link, link->layout, table),
		.plt = synthetic_address(link, link->layout, SYN_PLT),
		.got_plt = synthetic_address(link, link->layout, SYN_GOT_PLT),
		.slot_size = link->arch->slot,
	};
}

/* The psABI's resolvers are handed the index of a relocation with addend, and the offset of one without. */
static uint32_t number_of(const struct link *link, uint32_t index)
{
	const struct elf_dialect *dialect = link->arch->dialect;
	return dialect->is_rela ? index : index * (uint32_t)dialect->rela;
}

/* The entries of .plt and .plt.sec. */
static void emit_jumps(const struct link *link, uint8_t *image, const struct plt_code *code, struct plt_entry entry)
{
	for (uint32_t i = 0; i < link->plt.n; i++) {
		entry.slot = entry.got_plt + (uint64_t)entry.slot_size * link->aux.at[link->plt.at[i]].gotplt;
		entry.number = number_of(link, i);
		uint32_t size = plt_write(image, code, &entry);
		image += size;
		entry.address += size;
	}
}

void plt_emit(struct link *link, uint8_t *image)
{
	struct plt_entry entry = entries_of(link, SYN_PLT);
	uint32_t header = plt_write(image, link->plt_style->header, &entry);
	entry.address += header;
	emit_jumps(link, image + header, link->plt_style->entry, entry);
}

void plt_sec_emit(struct link *link, uint8_t *image)
{
	emit_jumps(link, image, link->plt_style->sec_entry, entries_of(link, SYN_PLT_SEC));
}

void plt_got_emit(struct link *link, uint8_t *image)
{
	struct plt_entry entry = entries_of(link, SYN_PLT_GOT);
	for (uint32_t i = 0; i < link->plt_got.n; i++) {
		entry.slot = got_address(link, link->layout, link->aux.at[link->plt_got.at[i]].got);
		uint32_t size = plt_write(image, link->plt_style->got_entry, &entry);
		image += size;
		entry.address += size;
	}
}

void rela_plt_emit(struct link *link, uint8_t *image)
{
	const struct arch *arch = link->arch;
	const struct elf_dialect *dialect = arch->dialect;
	uint64_t got_plt = synthetic_address(link, link->layout, SYN_GOT_PLT);
	for (uint32_t i = 0; i < link->plt.n; i++) {
		const struct aux *aux = &link->aux.at[link->plt.at[i]];
		bool ifunc = is_own_ifunc(link, aux);
		struct elf_rela rela = {
			.r_offset = got_plt + (uint64_t)arch->slot * aux->gotplt,
			.r_type = ifunc ? arch->r_irelative : arch->r_jump_slot,
			.r_sym = ifunc ? 0 : aux->dynsym,
			.r_addend = ifunc ? (int64_t)definition_address(link, aux) : 0,
		};
		elf_put_rela(dialect, image + (uint64_t)i * dialect->rela, &rela);
	}
}
