#include "ld/synth/eh_frame.h"

#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/sort.h"
#include "elf/eh_frame.h"
#include "ld/input/object.h"
#include "ld/layout/value.h"
#include "ld/resolve/resolve.h"
#include "ld/synth/plt_unwind.h"

enum { FILE_GRAIN = 4, HDR_HEADER_SIZE = 12, HDR_ENTRY_SIZE = 8 };

static struct bytes content_of(const struct link *link, section_id id)
{
	return elf_section_bytes(&file_of(link, section_of(link, id)->file)->elf, section_number(link, id));
}

static bool is_fde(const struct eh_entry *entry)
{
	return !entry->is_cie && entry->cie_file != 0;
}

/* Where an FDE's CIE pointer is, from the beginning of the record. The address of the function follows behind its 4
 * bytes. As the input has it: what relocations make of the length counts for nobody. */
static uint32_t pointer_offset(struct bytes content, const struct eh_entry *fde)
{
	return read32(content.data + fde->offset) == UINT32_MAX ? 12 : 4;
}

/* ---- reading -------------------------------------------------------------------------------------------- */

/* Is a relocation of an FDE that of the function's address? Behind the CIE pointer: see pointer_offset(). */
static bool is_of_code(const struct eh_entry *fde, const struct elf_rela *rela)
{
	uint64_t at = rela->r_offset - fde->offset;
	return at == 8 || at == 16;
}

/* An FDE's first relocation points at the function. */
bool eh_frame_is_live(const struct link *link, const struct file *file, section_id section, const struct eh_entry *fde)
{
	if (fde->nrelas == 0)
		return true; /* crtbegin's or hand-written tables with absolute addresses */
	struct elf_relas relas = section_relas(link, section);
	const struct elf_rela *rela = &relas.at[fde->first_rela];
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): nrelas counts relocations that were there */
	if (!is_of_code(fde, rela))
		return true;
	if (elf_sym_is_special(&file->symtab, rela->r_sym))
		return file->symtab.syms[rela->r_sym].st_shndx != SHN_UNDEF || rela->r_sym != 0;
	const struct section *function =
		section_of(link, file->first_section + elf_sym_section(&file->symtab, rela->r_sym));
	return function->live && function->kind != SECTION_FOLDED;
}

struct entries {
	ARRAY(struct eh_entry) list;
};

/* Takes the relocations of the record [entry->offset, end), from *next on. false: one reaches behind its end, or they
 * are more than any record has; reported. */
static bool take_relocations(struct link *link, file_id id, section_id sid, struct elf_relas relas, uint64_t end,
			     uint32_t *next, struct eh_entry *entry)
{
	enum { WIDEST = 8 };
	while (*next < relas.n && relas.at[*next].r_offset < entry->offset)
		++*next;
	entry->first_rela = *next;
	for (; *next < relas.n && relas.at[*next].r_offset < end; ++*next, entry->nrelas++) {
		const struct elf_rela *rela = &relas.at[*next];
		uint64_t room = end - rela->r_offset;
		bool crosses = room < WIDEST && room < link->arch->relocation_width(rela->r_type);
		if (!crosses && entry->nrelas < UINT16_MAX)
			continue;
		struct elf_error error;
		elf_fail(&error, "r_offset", section_number(link, sid), rela->r_offset,
			 crosses ? "is of a place that the unwind record ends in" : "is that of too many in one unwind record");
		object_report(link, id, &error);
		return false;
	}
	return true;
}

/* The entry of the record at an offset of the section whose entries begin with `first`, in the order of their places (with
 * -r of GNU ld, a section has the CIEs of 1,000 objects); the number of entries: there is none. */
static uint32_t entry_at(const struct entries *entries, uint32_t first, uint64_t offset)
{
	uint32_t end = entries->list.n;
	for (uint32_t low = first; low < end;) {
		uint32_t middle = low + (end - low) / 2;
		if (entries->list.at[middle].offset == offset)
			return middle;
		if (entries->list.at[middle].offset < offset)
			low = middle + 1;
		else
			end = middle;
	}
	return entries->list.n;
}

/* Reads one section; appends its records, but for those of code that is left out already (another file's copy stays).
 * false: reported. */
static bool read_section(struct link *link, file_id id, section_id sid, struct entries *entries)
{
	struct section *section = section_of(link, sid);
	struct bytes content = content_of(link, sid);
	struct elf_relas relas = section_relas(link, sid);
	uint32_t first = entries->list.n, next_rela = 0, cie = first;
	struct elf_error error;
	section->extra = first;
	if (content.size > UINT32_MAX)
		return elf_fail(&error, "sh_size", section_number(link, sid), content.size,
				"is too large for .eh_frame"),
		       object_report(link, id, &error), false;
	for (uint64_t at = 0; at < content.size;) {
		struct eh_record record;
		if (!eh_frame_record(content, at, &record, &error)) {
			object_report(link, id, &error);
			return false;
		}
		struct eh_entry entry = {.offset = (uint32_t)at,
					 .size = (uint32_t)record.size,
					 .output = NO_SLOT,
					 .is_cie = record.is_cie};
		at += record.size;
		if (record.is_terminator)
			entry.nrelas = 0;
		if (!take_relocations(link, id, sid, relas, at, &next_rela, &entry))
			return false;
		if (record.is_cie) {
			if (!eh_cie_pointer_encoding(content, &record, &entry.encoding, &error)) {
				object_report(link, id, &error);
				return false;
			}
		} else if (!record.is_terminator) {
			if (cie >= entries->list.n || entries->list.at[cie].offset != record.cie_offset)
				cie = entry_at(entries, first, record.cie_offset);
			if (cie == entries->list.n || !entries->list.at[cie].is_cie) {
				elf_fail(&error, "CIE pointer", section_number(link, sid), entry.offset,
					 "does not lead to a CIE");
				object_report(link, id, &error);
				return false;
			}
			entry.cie_file = id;
			entry.cie = cie;
			entry.encoding = entries->list.at[cie].encoding;
			if (!eh_frame_is_live(link, file_of(link, id), sid, &entry))
				continue;
		}
		*array_push(&entries->list) = entry;
	}
	return true;
}

static void read_range(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	struct entries entries = {0};
	for (size_t id = begin; id < end; id++) {
		struct file *file = file_of(link, (file_id)id);
		if (file->kind != FILE_OBJECT || !file->live || !file->has_eh_frame)
			continue;
		bool good = true;
		entries.list.n = 0;
		for (uint32_t i = 1; i < file->elf.nshdr && good; i++) {
			const struct section *section = section_of(link, file->first_section + i);
			if (section->kind == SECTION_EH_FRAME && section->live)
				good = read_section(link, (file_id)id, file->first_section + i, &entries);
		}
		file->n_eh_entries = entries.list.n;
		file->eh_entries =
			arena_dup(&link->worker_arenas[worker], struct eh_entry, entries.list.at, entries.list.n);
	}
	array_free(&entries.list);
}

void eh_frame_forget(struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	const struct file *file = file_of(link, section->file);
	uint32_t end = eh_frame_section_end(link, file, section_number(link, id));
	for (uint32_t e = section->extra; file->n_eh_entries && e < end; e++) {
		struct eh_entry *entry = &file->eh_entries[e];
		*entry = (struct eh_entry){.offset = entry->offset, .size = entry->size, .output = NO_SLOT};
	}
}

/* ---- merging CIEs ---------------------------------------------------------------------------------------- */

/* Sections' records in order: [section->extra, end). */
uint32_t eh_frame_section_end(const struct link *link, const struct file *file, uint32_t number)
{
	for (uint32_t i = number + 1; i < file->elf.nshdr; i++) {
		const struct section *section = section_of(link, file->first_section + i);
		if (section->kind == SECTION_EH_FRAME && section->live)
			return section->extra;
	}
	return file->n_eh_entries;
}

struct cie_ref {
	file_id file;
	uint32_t entry;
	section_id section;
	uint64_t hash;
};

/* CIEs are equal when their bytes are and their relocations lead to the same place (the personality routine). */
static bool same_cie(const struct link *link, const struct cie_ref *a, const struct cie_ref *b)
{
	const struct file *fa = file_of(link, a->file), *fb = file_of(link, b->file);
	const struct eh_entry *ea = &fa->eh_entries[a->entry], *eb = &fb->eh_entries[b->entry];
	if (a->hash != b->hash || ea->size != eb->size || ea->nrelas != eb->nrelas ||
	    memcmp(content_of(link, a->section).data + ea->offset, content_of(link, b->section).data + eb->offset,
		   ea->size) != 0)
		return false;
	struct elf_relas ra = section_relas(link, a->section), rb = section_relas(link, b->section);
	for (uint32_t i = 0; i < ea->nrelas; i++) {
		const struct elf_rela *x = &ra.at[ea->first_rela + i], *y = &rb.at[eb->first_rela + i];
		symbol_id sx = global_of(fa, x->r_sym), sy = global_of(fb, y->r_sym);
		if (x->r_offset - ea->offset != y->r_offset - eb->offset || x->r_type != y->r_type ||
		    x->r_addend != y->r_addend)
			return false;
		if (sx != sy || (!sx && (a->file != b->file || x->r_sym != y->r_sym)))
			return false;
	}
	return true;
}

/* Chooses one CIE of each kind: a handful in a whole program. */
void eh_frame_merge_cies(struct link *link)
{
	ARRAY(struct cie_ref) kept = {0};
	for (file_id id = 1; id < link->files.n; id++) {
		struct file *file = file_of(link, id);
		for (uint32_t i = 1; file->n_eh_entries && i < file->elf.nshdr; i++) {
			const struct section *section = section_of(link, file->first_section + i);
			if (section->kind != SECTION_EH_FRAME || !section->live)
				continue;
			struct bytes content = content_of(link, file->first_section + i);
			for (uint32_t e = section->extra, end = eh_frame_section_end(link, file, i); e < end; e++) {
				struct eh_entry *entry = &file->eh_entries[e];
				if (!entry->is_cie)
					continue;
				struct cie_ref ref = {id, e, file->first_section + i,
						      hash_bytes(content.data + entry->offset, entry->size)};
				uint32_t k = 0;
				while (k < kept.n && !same_cie(link, &kept.at[k], &ref))
					k++;
				if (k == kept.n)
					*array_push(&kept) = ref;
				entry->cie_file = kept.at[k].file;
				entry->cie = kept.at[k].entry;
			}
		}
	}
	array_free(&kept);
}

/* Offsets of the records that stay: all FDEs and terminators that were read, CIEs that stand for themselves and are
 * used. */
static void place_range(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	(void)worker;
	for (size_t id = begin; id < end; id++) {
		struct file *file = file_of(link, (file_id)id);
		for (uint32_t i = 1; file->n_eh_entries && i < file->elf.nshdr; i++) {
			struct section *section = section_of(link, file->first_section + i);
			if (section->kind != SECTION_EH_FRAME || !section->live)
				continue;
			uint64_t at = 0;
			for (uint32_t e = section->extra, last = eh_frame_section_end(link, file, i); e < last; e++) {
				struct eh_entry *entry = &file->eh_entries[e];
				if (entry->is_cie ? entry->cie_file != id || entry->cie != e
						  : is_fde(entry) && !eh_frame_is_live(link, file,
										       file->first_section + i, entry))
					continue;
				entry->output = (uint32_t)at;
				at += entry->size;
			}
			section->size = at;
			/* a gap would read as a terminator; the output section is aligned as a whole */
			section->p2align = 0;
		}
	}
}

void eh_frame_read(struct link *link)
{
	parallel_for(link->pool, link->files.n, FILE_GRAIN, read_range, link);
}

void eh_frame_prune(struct link *link)
{
	parallel_for(link->pool, link->files.n, FILE_GRAIN, place_range, link);
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		for (uint32_t e = 0; e < file->n_eh_entries; e++)
			link->n_fdes += is_fde(&file->eh_entries[e]) && file->eh_entries[e].output != NO_SLOT;
	}
}

/* ---- writing --------------------------------------------------------------------------------------------- */

/* The section that holds an entry of a file. Most files have one .eh_frame. */
static section_id section_of_entry(const struct link *link, const struct file *file, uint32_t entry)
{
	section_id found = 0;
	for (uint32_t i = 1; i < file->elf.nshdr; i++) {
		const struct section *section = section_of(link, file->first_section + i);
		if (section->kind == SECTION_EH_FRAME && section->live && section->extra <= entry &&
		    entry < eh_frame_section_end(link, file, i))
			found = file->first_section + i;
	}
	return found;
}

static uint64_t entry_address(const struct link *link, const struct file *file, uint32_t entry)
{
	section_id section = section_of_entry(link, file, entry);
	return section_address(link->layout, section_of(link, section)) + file->eh_entries[entry].output;
}

/* The addresses of CIEs that the records of a section use: a few, in turns. */
struct cie_addresses {
	struct cie_address {
		file_id file;
		uint32_t cie;
		uint64_t address;
	} at[8];
};

static uint64_t cie_address(const struct link *link, struct cie_addresses *known, const struct eh_entry *cie)
{
	struct cie_address *found = &known->at[(cie->cie_file + cie->cie) % COUNTOF(known->at)];
	if (found->file != cie->cie_file || found->cie != cie->cie)
		*found = (struct cie_address){cie->cie_file, cie->cie,
					      entry_address(link, file_of(link, cie->cie_file), cie->cie)};
	return found->address;
}

void eh_frame_emit(struct link *link, section_id id, uint8_t *image)
{
	const struct section *section = section_of(link, id);
	const struct file *file = file_of(link, section->file);
	struct bytes content = content_of(link, id);
	uint64_t address = section_address(link->layout, section);
	struct cie_addresses known = {0};
	for (uint32_t e = section->extra, end = eh_frame_section_end(link, file, section_number(link, id)); e < end;
	     e++) {
		const struct eh_entry *entry = &file->eh_entries[e];
		if (entry->output == NO_SLOT)
			continue;
		uint8_t *at = image + entry->output;
		memcpy(at, content.data + entry->offset, entry->size);
		if (section->rela && link->options->kind != OUTPUT_RELOCATABLE)
			link->arch->apply_range(link, id, entry->first_rela, entry->nrelas, entry->offset,
						address + entry->output, at);
		if (!is_fde(entry))
			continue;
		/* An FDE says how far before its own CIE pointer the CIE begins. */
		uint32_t field = pointer_offset(content, entry);
		write32(at + field, address + entry->output + field -
					    cie_address(link, &known, &file->eh_entries[entry->cie]));
	}
}

/* ---- .eh_frame_hdr ----------------------------------------------------------------------------------------- */

uint64_t eh_frame_hdr_size(const struct link *link)
{
	return HDR_HEADER_SIZE + (uint64_t)HDR_ENTRY_SIZE * link->n_fdes;
}

/* Address of the code an FDE describes, from the relocation of its first field, if there is one. */
static uint64_t code_address(const struct link *link, const struct file *file, section_id section,
			     const struct eh_entry *fde, const struct elf_relas *relas)
{
	const struct elf_rela *rela = fde->nrelas ? &relas->at[fde->first_rela] : NULL;
	if (!rela || !is_of_code(fde, rela)) {
		struct bytes content = content_of(link, section);
		uint64_t at = pointer_offset(content, fde) + 4;
		uint64_t field = section_address(link->layout, section_of(link, section)) + fde->output + at;
		int32_t value = (int32_t)read32(content.data + fde->offset + at);
		return fde->encoding & DW_EH_PE_pcrel ? field + (uint64_t)(int64_t)value : (uint64_t)(int64_t)value;
	}
	int64_t addend = rela->r_addend;
	symbol_id symbol = global_of(file, rela->r_sym);
	uint64_t value = symbol ? link->symbols[symbol].address : local_value(link, file, rela->r_sym, &addend);
	return value + (uint64_t)addend;
}

/* Entries for the linker's own records. */
static uint32_t add_plt_records(const struct link *link, struct sort_item *table)
{
	struct plt_record records[PLT_RECORDS_MAX];
	if (!link->synthetic[SYN_PLT_UNWIND])
		return 0;
	uint64_t address = synthetic_address(link, link->layout, SYN_PLT_UNWIND);
	uint32_t n = plt_unwind_records(link, records, NULL);
	for (uint32_t i = 0; i < n; i++)
		table[i] = (struct sort_item){section_address(link->layout, section_of(link, records[i].section)),
					      address + records[i].offset};
	return n;
}

void eh_frame_hdr_emit(struct link *link, uint8_t *image)
{
	uint64_t hdr = synthetic_address(link, link->layout, SYN_EH_FRAME_HDR);
	uint64_t first = UINT64_MAX;
	if (link->synthetic[SYN_PLT_UNWIND])
		first = synthetic_address(link, link->layout, SYN_PLT_UNWIND);
	struct sort_item *table = memory_zeroed(link->n_fdes, sizeof(*table));
	uint32_t n = add_plt_records(link, table);
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		for (uint32_t i = 1; file->n_eh_entries && i < file->elf.nshdr; i++) {
			const struct section *section = section_of(link, file->first_section + i);
			if (section->kind != SECTION_EH_FRAME || !section->live)
				continue;
			uint64_t base = section_address(link->layout, section);
			first = min_u64(first, base);
			struct elf_relas relas = section_relas(link, file->first_section + i);
			for (uint32_t e = section->extra, end = eh_frame_section_end(link, file, i); e < end; e++) {
				const struct eh_entry *entry = &file->eh_entries[e];
				if (!is_fde(entry) || entry->output == NO_SLOT)
					continue;
				uint64_t code = code_address(link, file, file->first_section + i, entry, &relas);
				table[n++] = (struct sort_item){code, base + entry->output};
			}
		}
	}
	sort_by_key(table, n);
	image[0] = 1; /* version */
	image[1] = DW_EH_PE_pcrel | DW_EH_PE_sdata4;   /* pointer to .eh_frame */
	image[2] = DW_EH_PE_udata4;                    /* number of entries */
	image[3] = DW_EH_PE_datarel | DW_EH_PE_sdata4; /* the table, relative to this section */
	write32(image + 4, first - (hdr + 4));
	write32(image + 8, n);
	for (uint32_t i = 0; i < n; i++) {
		write32(image + HDR_HEADER_SIZE + HDR_ENTRY_SIZE * i, table[i].key - hdr);
		write32(image + HDR_HEADER_SIZE + HDR_ENTRY_SIZE * i + 4, table[i].value - hdr);
	}
	free(table);
}
