#include "ld/prune/icf_graph.h"

#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "base/hash.h"
#include "base/memory.h"
#include "ld/layout/layout.h"
#include "ld/prune/merge.h"
#include "ld/prune/target.h"
#include "ld/synth/eh_frame.h"

enum { FILE_GRAIN = 4 };

/* ---- references ------------------------------------------------------------------------------------------ */

static void push(struct references *references, struct reference reference)
{
	*array_push(&references->list) = reference;
}

/* A place in a section of an object: `value` and then `addend` behind its beginning. */
static void refer_to_section(const struct icf_graph *graph, section_id id, uint64_t value, int64_t addend,
			     bool is_section_symbol, struct reference reference, struct references *out)
{
	const struct link *link = graph->link;
	const struct section *section = section_of(link, id);
	uint32_t vertex = graph->vertices[id];
	reference.offset = value + (uint64_t)addend;
	if (vertex) {
		reference.kind = REFERENCE_VERTEX;
		*array_push(&out->vertices) = vertex;
	} else if (section->kind == SECTION_MERGE && section->live) {
		const struct merge_section *merged = &link->merge_sections.at[section->extra];
		uint64_t place = is_section_symbol ? reference.offset : value;
		uint32_t piece = merge_piece(merged, place);
		reference.kind = REFERENCE_PIECE;
		reference.target = (uint64_t)merged->pool << 32 | merged->pieces[piece].ref;
		reference.offset -= merged->pieces[piece].start;
	} else {
		reference.kind = REFERENCE_PLACE;
		reference.target = id;
	}
	push(out, reference);
}

/* Not what its definition says, but what becomes of it: somebody else may supply it, or what it leads to is no place in
 * a section of an object. */
static bool is_opaque(const struct link *link, symbol_id id)
{
	const struct symbol *symbol = &link->symbols[id];
	uint64_t owner = symbol_owner(symbol);
	if (symbol_flags(symbol) & (SYMBOL_PREEMPTIBLE | SYMBOL_IMPORTED | SYMBOL_UNDEFINED | SYMBOL_IFUNC))
		return true;
	if (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE || owner_file(owner) == INTERNAL_FILE)
		return true;
	return elf_sym_is_special(&file_of(link, owner_file(owner))->symtab, owner_index(owner)) &&
	       symbol_definition(link, symbol)->st_shndx != SHN_ABS;
}

static void refer(const struct icf_graph *graph, file_id file_number, const struct elf_rela *rela, uint64_t at,
		  struct references *out)
{
	const struct link *link = graph->link;
	const struct file *file = file_of(link, file_number);
	uint32_t index = rela->r_sym;
	symbol_id symbol = global_of(file, index);
	bool of_size = link->arch->use_of(rela->r_type) == USE_SIZE;
	struct reference reference = {.at = at, .type = rela->r_type};
	if (symbol) {
		if (of_size || is_opaque(link, symbol)) {
			reference.kind = REFERENCE_SYMBOL;
			reference.target = symbol;
			reference.offset = (uint64_t)rela->r_addend;
			push(out, reference);
			return;
		}
		uint64_t owner = symbol_owner(&link->symbols[symbol]);
		file_number = owner_file(owner);
		file = file_of(link, file_number);
		index = owner_index(owner);
	}
	const struct elf_sym *sym = &file->symtab.syms[index];
	if (!symbol && (of_size || elf_sym_type(sym) == STT_GNU_IFUNC)) {
		reference.kind = REFERENCE_LOCAL;
		reference.target = (uint64_t)file_number << 32 | index;
		reference.offset = (uint64_t)rela->r_addend;
		push(out, reference);
	} else if (elf_sym_is_special(&file->symtab, index)) {
		reference.kind = REFERENCE_NUMBER;
		reference.offset = sym->st_value + (uint64_t)rela->r_addend;
		push(out, reference);
	} else {
		refer_to_section(graph, file->first_section + elf_sym_section(&file->symtab, index), sym->st_value,
				 rela->r_addend, elf_sym_type(sym) == STT_SECTION, reference, out);
	}
}

/* ---- unwind records -------------------------------------------------------------------------------------- */

/* What an FDE says behind its CIE pointer, without the padding at its end: DW_CFA_nop is 0. Operands that are 0 go with
 * it; between two well-formed records that makes no difference. */
static struct bytes record_content(const struct link *link, const struct unwind_record *record)
{
	const struct file *file = file_of(link, section_of(link, record->section)->file);
	const struct eh_entry *fde = &file->eh_entries[record->entry];
	struct bytes content = elf_section_bytes(&file->elf, record->section - file->first_section);
	const uint8_t *at = content.data + fde->offset;
	uint32_t begin = read32(at) == UINT32_MAX ? 20 : 8, end = fde->size;
	while (end > begin && at[end - 1] == 0)
		end--;
	return (struct bytes){at + begin, end > begin ? end - begin : 0};
}

static const struct unwind_record *first_record(const struct icf_graph *graph, uint32_t vertex)
{
	uint32_t first = graph->records[vertex];
	file_id file = section_of(graph->link, graph->sections[vertex])->file;
	return first ? &graph->file_records[file][first - 1] : NULL;
}

static const struct unwind_record *next_record(const struct icf_graph *graph, const struct unwind_record *record)
{
	file_id file = section_of(graph->link, record->section)->file;
	return record->next ? &graph->file_records[file][record->next - 1] : NULL;
}

/* Its CIE, its bytes, and its relocations: the first leads to the function itself. */
static void refer_to_unwind(const struct icf_graph *graph, const struct unwind_record *record, struct references *out)
{
	const struct link *link = graph->link;
	file_id id = section_of(link, record->section)->file;
	const struct file *file = file_of(link, id);
	const struct eh_entry *fde = &file->eh_entries[record->entry], *cie = &file->eh_entries[fde->cie];
	struct bytes content = record_content(link, record);
	push(out, (struct reference){
			  .at = hash_bytes(content.data, content.size), .type = fde->nrelas, .kind = REFERENCE_UNWIND,
			  .target = (uint64_t)cie->cie_file << 32 | cie->cie, .offset = content.size});
	struct elf_relas relas = section_relas(link, record->section);
	for (uint32_t r = 0; r < fde->nrelas; r++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): nrelas counts relocations that were there */
		const struct elf_rela *rela = &relas.at[fde->first_rela + r];
		uint64_t at = rela->r_offset - fde->offset;
		if (r == 0)
			push(out, (struct reference){.at = at, .type = rela->r_type, .kind = REFERENCE_SELF,
						     .offset = file->symtab.syms[rela->r_sym].st_value +
							       (uint64_t)rela->r_addend});
		else
			refer(graph, id, rela, at, out);
	}
}

bool icf_unwind_equal(const struct icf_graph *graph, uint32_t a, uint32_t b)
{
	const struct unwind_record *x = first_record(graph, a), *y = first_record(graph, b);
	for (; x && y; x = next_record(graph, x), y = next_record(graph, y)) {
		struct bytes p = record_content(graph->link, x), q = record_content(graph->link, y);
		if (p.size != q.size || (p.size && memcmp(p.data, q.data, p.size) != 0))
			return false;
	}
	return !x && !y;
}

/* ---- vertices --------------------------------------------------------------------------------------------- */

struct bytes icf_content(const struct icf_graph *graph, uint32_t vertex)
{
	section_id id = graph->sections[vertex];
	return elf_section_bytes(&file_of(graph->link, section_of(graph->link, id)->file)->elf,
				 section_number(graph->link, id));
}

void icf_collect(const struct icf_graph *graph, uint32_t vertex, struct references *references)
{
	const struct link *link = graph->link;
	section_id id = graph->sections[vertex];
	const struct section *section = section_of(link, id);
	const struct elf_shdr *shdr = section_shdr(link, id);
	const struct file *file = file_of(link, section->file);
	struct elf_relas relas = section_relas(link, id);
	references->list.n = references->vertices.n = 0;
	push(references, (struct reference){.at = section->size,
					    .kind = REFERENCE_SECTION,
					    .target = link->layout->runs.at[section->run].osec,
					    .offset = shdr->sh_flags & ~(uint64_t)SHF_GROUP});
	for (uint64_t i = 0; i < relas.n; i++)
		refer(graph, section->file, &relas.at[i], relas.at[i].r_offset, references);
	if (shdr->sh_flags & SHF_LINK_ORDER && shdr->sh_link)
		refer_to_section(graph, file->first_section + shdr->sh_link, 0, 0, true, (struct reference){0},
				 references);
	for (const struct unwind_record *r = first_record(graph, vertex); r; r = next_record(graph, r))
		refer_to_unwind(graph, r, references);
}

void icf_references_free(struct references *references)
{
	array_free(&references->list);
	array_free(&references->vertices);
}

/* ---- making the graph ------------------------------------------------------------------------------------- */

/* The vertex that an FDE describes; 0: none. */
static uint32_t described_vertex(const struct icf_graph *graph, const struct file *file, const struct eh_entry *fde,
				 struct elf_relas relas)
{
	if (fde->is_cie || fde->cie_file == 0 || fde->nrelas == 0)
		return 0;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): nrelas counts relocations that were there */
	uint32_t symbol = relas.at[fde->first_rela].r_sym;
	if (elf_sym_is_special(&file->symtab, symbol))
		return 0;
	return graph->vertices[file->first_section + elf_sym_section(&file->symtab, symbol)];
}

/* Records are chained in their order, so they are met from the last to the first. */
static void list_records(struct icf_graph *graph, file_id id, struct arena *arena)
{
	const struct link *link = graph->link;
	const struct file *file = file_of(link, id);
	struct unwind_record *records = arena_array(arena, struct unwind_record, file->n_eh_entries);
	graph->file_records[id] = records;
	for (uint32_t i = file->elf.nshdr; i-- > 1;) {
		const struct section *section = section_of(link, file->first_section + i);
		if (section->kind != SECTION_EH_FRAME || !section->live)
			continue;
		struct elf_relas relas = section_relas(link, file->first_section + i);
		for (uint32_t e = eh_frame_section_end(link, file, i); e-- > section->extra;) {
			uint32_t vertex = described_vertex(graph, file, &file->eh_entries[e], relas);
			if (!vertex)
				continue;
			records[e] = (struct unwind_record){
				.section = file->first_section + i, .entry = e, .next = graph->records[vertex]};
			graph->records[vertex] = e + 1;
		}
	}
}

static void list_records_of(void *context, size_t begin, size_t end, unsigned worker)
{
	struct icf_graph *graph = context;
	for (size_t id = begin; id < end; id++)
		if (file_of(graph->link, (file_id)id)->n_eh_entries)
			list_records(graph, (file_id)id, &graph->link->worker_arenas[worker]);
}

void icf_graph_init(struct icf_graph *graph, struct link *link, uint32_t *vertices)
{
	*graph = (struct icf_graph){.link = link, .vertices = vertices};
	ARRAY(section_id) sections = {0};
	*array_push(&sections) = 0;
	for (section_id id = 1; id < link->sections.n; id++) {
		if (!vertices[id])
			continue;
		vertices[id] = sections.n;
		*array_push(&sections) = id;
	}
	graph->sections = sections.at;
	graph->n = sections.n - 1;
	graph->records = memory_zeroed((size_t)graph->n + 1, sizeof(*graph->records));
	graph->file_records = arena_array(&link->arena, struct unwind_record *, link->files.n);
	parallel_for(link->pool, link->files.n, FILE_GRAIN, list_records_of, graph);
}

void icf_graph_free(struct icf_graph *graph)
{
	free(graph->sections);
	free(graph->records);
}
