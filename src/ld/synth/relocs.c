#include "ld/synth/relocs.h"

#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/layout/value.h"
#include "ld/report/describe.h"
#include "ld/resolve/resolve.h"
#include "ld/synth/eh_frame.h"

enum { FILE_GRAIN = 1 };

static bool is_relocatable(const struct link *link)
{
	return link->options->kind == OUTPUT_RELOCATABLE;
}

/* ---- which relocations stay ----------------------------------------------------------------------------- */

static bool is_in_output(const struct section *section)
{
	return section->live && section->kind != SECTION_NONE && section->run;
}

/* A symbol whose definition is left out: there is nothing that the relocation could name. What is not loaded describes
 * its own file: there a definition that gave way to another file's counts as left out. */
static bool is_left_out(const struct link *link, const struct file *file, uint32_t index, bool loaded)
{
	const struct elf_sym *sym = &file->symtab.syms[index];
	symbol_id symbol = global_of(file, index);
	if (!symbol)
		return !elf_sym_is_special(&file->symtab, index) &&
		       !is_in_output(section_of(link, file->first_section + elf_sym_section(&file->symtab, index)));
	if (!loaded && sym->st_shndx != SHN_UNDEF && !is_live_definition(link, file, index))
		return true;
	uint64_t owner = symbol_owner(&link->symbols[symbol]);
	return owner != OWNER_NONE && owner_rank(owner) != RANK_ELSEWHERE &&
	       !is_live_definition(link, file_of(link, owner_file(owner)), owner_index(owner));
}

/* A walk over the relocations of one section. */
struct cursor {
	const struct link *link;
	const struct file *file;
	section_id section;
	struct elf_relas relas;
	uint64_t at;                 /* the next one */
	uint32_t entry, entries_end; /* .eh_frame: records that may hold it */
	bool loaded, unwind;
};

static struct cursor cursor_of(const struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	struct cursor cursor = {
		.link = link,
		.file = file_of(link, section->file),
		.section = id,
		.relas = section_relas(link, id),
		.loaded = section_shdr(link, id)->sh_flags & SHF_ALLOC,
		.unwind = section->kind == SECTION_EH_FRAME,
	};
	if (cursor.unwind) {
		cursor.entry = section->extra;
		cursor.entries_end = eh_frame_section_end(link, cursor.file, section_number(link, id));
	}
	return cursor;
}

/* How far a relocation of an unwind record moves with it; false: the record is left out. */
static bool move_with_record(struct cursor *cursor, uint64_t number, struct elf_rela *rela)
{
	const struct eh_entry *entries = cursor->file->eh_entries;
	while (cursor->entry < cursor->entries_end &&
	       entries[cursor->entry].first_rela + entries[cursor->entry].nrelas <= number)
		cursor->entry++;
	if (cursor->entry == cursor->entries_end)
		return false;
	const struct eh_entry *entry = &entries[cursor->entry];
	if (number < entry->first_rela || entry->output == NO_SLOT)
		return false;
	rela->r_offset = rela->r_offset - entry->offset + entry->output;
	return true;
}

/* The next relocation that stays: as in the input, but for what applying it changed and for its place in what the
 * output has of the section. */
static bool next_kept(struct cursor *cursor, struct elf_rela *rela)
{
	const struct link *link = cursor->link;
	while (cursor->at < cursor->relas.n) {
		uint64_t number = cursor->at++;
		*rela = cursor->relas.at[number];
		if (is_left_out(link, cursor->file, rela->r_sym, cursor->loaded))
			continue;
		if (!is_relocatable(link) && cursor->loaded) {
			cursor->at = number + link->arch->applied_form(link, cursor->section, number, rela);
			if (rela->r_type == 0) /* R_*_NONE: nothing is left to be done */
				continue;
		}
		if (cursor->unwind && !move_with_record(cursor, number, rela))
			continue;
		if (section_of(link, cursor->section)->reversed)
			rela->r_offset = section_of(link, cursor->section)->size - link->arch->dialect->word -
					 rela->r_offset;
		return true;
	}
	return false;
}

/* ---- what the symbol table must have ------------------------------------------------------------------------ */

void relocs_need_symbol(struct link *link, file_id id, uint32_t index)
{
	struct file *file = file_of(link, id);
	if (index < file->symtab.first_global) {
		file->needed_locals[index] = true;
		return;
	}
	symbol_id symbol = global_of(file, index);
	uint64_t key = (uint64_t)id << 32 | index;
	uint64_t old = atomic_load_explicit(&link->mentions[symbol], memory_order_relaxed);
	while (symbol && key < old &&
	       !atomic_compare_exchange_weak_explicit(&link->mentions[symbol], &old, key, memory_order_relaxed,
						      memory_order_relaxed))
		;
}

/* Loaded sections may not count on what is left out: the next link could not say what they mean. */
static void report_left_out(struct link *link, section_id id)
{
	const struct file *file = file_of(link, section_of(link, id)->file);
	struct elf_relas relas = section_relas(link, id);
	const char *name = elf_section_name(&file->elf, section_number(link, id));
	if (!(section_shdr(link, id)->sh_flags & SHF_ALLOC) || section_of(link, id)->kind == SECTION_EH_FRAME ||
	    strncmp(name, ".gcc_except_table", 17) == 0)
		return;
	for (uint64_t i = 0; i < relas.n; i++) {
		const struct elf_rela *rela = &relas.at[i];
		if (!is_left_out(link, file, rela->r_sym, true))
			continue;
		struct arena arena = {0};
		diag_error(link->diag, diag_order(section_of(link, id)->file, section_number(link, id)),
			   "%s: relocation %s against `%s' refers to a discarded section",
			   describe_place(link, &arena, id, rela->r_offset), link->arch->relocation_name(rela->r_type),
			   describe_target(link, &arena, file, rela->r_sym));
		arena_free(&arena);
	}
}

/* Relocations must lie in their section, for the next reader's sake. */
static bool lies_inside(struct link *link, section_id id, const struct elf_rela *rela)
{
	unsigned width = link->arch->relocation_width(rela->r_type);
	uint64_t size = section_shdr(link, id)->sh_size;
	if (width <= size && rela->r_offset <= size - width)
		return true;
	struct arena arena = {0};
	diag_error(link->diag, diag_order(section_of(link, id)->file, section_number(link, id)),
		   "%s: relocation %s lies outside its section (r_offset 0x%llx)",
		   describe_place(link, &arena, id, rela->r_offset), link->arch->relocation_name(rela->r_type),
		   (unsigned long long)rela->r_offset);
	arena_free(&arena);
	return false;
}

struct survey {
	struct link *link;
	uint64_t *counts;            /* relocations that stay, by section */
};

static void survey_section(struct survey *survey, section_id id)
{
	struct link *link = survey->link;
	const struct file *file = file_of(link, section_of(link, id)->file);
	struct cursor cursor = cursor_of(link, id);
	if (is_relocatable(link)) {
		for (uint64_t i = 0; i < cursor.relas.n; i++)
			if (!lies_inside(link, id, &cursor.relas.at[i]))
				return;
		report_left_out(link, id);
	}
	for (struct elf_rela rela; next_kept(&cursor, &rela); survey->counts[id]++)
		if (rela.r_sym && elf_sym_type(&file->symtab.syms[rela.r_sym]) != STT_SECTION)
			relocs_need_symbol(link, section_of(link, id)->file, rela.r_sym);
}

static void survey_files(void *context, size_t begin, size_t end, unsigned worker)
{
	struct survey *survey = context;
	struct link *link = survey->link;
	for (size_t f = begin; f < end; f++) {
		struct file *file = file_of(link, (file_id)f);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		file->needed_locals = arena_array(&link->worker_arenas[worker], bool, file->symtab.first_global);
		file->local_indices = arena_array(&link->worker_arenas[worker], uint32_t, file->symtab.first_global);
		for (uint32_t i = 1; i < file->elf.nshdr; i++) {
			const struct section *section = section_of(link, file->first_section + i);
			if (section->rela && is_in_output(section))
				survey_section(survey, file->first_section + i);
		}
		/* An object goes on asking for what its parts ask for, whether or not any code does. */
		for (uint32_t i = file->symtab.first_global; is_relocatable(link) && i < file->symtab.n; i++)
			if (file->symtab.syms[i].st_shndx == SHN_UNDEF)
				relocs_need_symbol(link, (file_id)f, i);
	}
}

/* ---- sections ------------------------------------------------------------------------------------------------ */

static uint32_t rela_run_of(struct layout *layout, const char *prefix, uint32_t relocated)
{
	uint32_t id = layout->osecs.at[relocated].rela;
	if (!id) {
		id = layout_osec(layout, arena_printf(&layout->arena, "%s%s", prefix, layout->osecs.at[relocated].name),
				 RANK_TABLES);
		layout->osecs.at[relocated].rela = id;
		layout->osecs.at[id].relocates = relocated;
		layout_run(layout, id, "", SORT_NONE);
	}
	return layout->osecs.at[id].nodes.at[0].id;
}

static void make_sections(struct link *link, const uint64_t *counts)
{
	struct layout *layout = link->layout;
	const struct elf_dialect *dialect = link->arch->dialect;
	uint32_t n = link->sections.n;
	for (section_id id = 1; id < n; id++) {
		if (!counts[id])
			continue;
		uint32_t run = rela_run_of(layout, dialect->is_rela ? ".rela" : ".rel",
					   layout->runs.at[section_of(link, id)->run].osec);
		*array_push(&link->sections) = (struct section){
			.kind = SECTION_RELA, .file = INTERNAL_FILE, .extra = id, .run = run, .live = true,
			.size = counts[id] * dialect->rela, .p2align = dialect->p2word};
	}
}

void relocs_prepare(struct link *link)
{
	struct survey survey = {.link = link};
	survey.counts = calloc(link->sections.n, sizeof(*survey.counts));
	if (!survey.counts)
		out_of_memory();
	link->mentions = arena_array(&link->arena, _Atomic uint64_t, link->n_symbols);
	memset((void *)(uintptr_t)link->mentions, 0xff, link->n_symbols * sizeof(*link->mentions));
	link->global_indices = arena_array(&link->arena, uint32_t, link->n_symbols);
	/* What options ask for by name. */
	const struct file *own = file_of(link, INTERNAL_FILE);
	for (uint32_t i = own->symtab.first_global; is_relocatable(link) && i < own->symtab.n; i++)
		if (own->symtab.syms[i].st_shndx == SHN_UNDEF)
			relocs_need_symbol(link, INTERNAL_FILE, i);
	parallel_for(link->pool, link->files.n, FILE_GRAIN, survey_files, &survey);
	make_sections(link, survey.counts);
	free(survey.counts);
}

/* ---- writing ---------------------------------------------------------------------------------------------- */

uint32_t relocs_symbol_index(const struct link *link, const struct file *file, uint32_t index)
{
	symbol_id symbol = global_of(file, index);
	if (index < file->symtab.first_global)
		return file->local_indices[index];
	uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
	if (owner != OWNER_NONE && owner_rank(owner) != RANK_ELSEWHERE) /* "foo@V" may be who defines "foo@@V" */
		symbol = global_of(file_of(link, owner_file(owner)), owner_index(owner));
	return link->global_indices[symbol];
}

/* Names the symbol of .symtab. Section symbols of the input become those of output sections, and the addend says where
 * in the section; in merged ones that is where the piece went. */
static void rename_symbol(const struct link *link, const struct file *file, struct elf_rela *rela)
{
	const struct elf_sym *sym = &file->symtab.syms[rela->r_sym];
	if (rela->r_sym >= file->symtab.first_global || elf_sym_type(sym) != STT_SECTION ||
	    elf_sym_is_special(&file->symtab, rela->r_sym)) {
		rela->r_sym = relocs_symbol_index(link, file, rela->r_sym);
		return;
	}
	section_id target = file->first_section + elf_sym_section(&file->symtab, rela->r_sym);
	const struct osec *osec = osec_of_section(link->layout, section_of(link, target));
	int64_t addend = rela->r_addend;
	uint64_t value = section_value(link, target, sym->st_value, true, &addend);
	rela->r_addend = (int64_t)(value - osec->addr + (uint64_t)addend);
	rela->r_sym = osec->symbol;
}

void relocs_emit(const struct link *link, section_id id, uint8_t *image)
{
	section_id relocated = section_of(link, id)->extra;
	uint64_t address = section_address(link->layout, section_of(link, relocated));
	struct cursor cursor = cursor_of(link, relocated);
	const struct elf_dialect *dialect = link->arch->dialect;
	for (struct elf_rela rela; next_kept(&cursor, &rela); image += dialect->rela) {
		rela.r_offset += address;
		rename_symbol(link, cursor.file, &rela);
		elf_put_rela(dialect, image, &rela);
	}
}

void relocs_put_addends(const struct link *link, section_id id, uint8_t *image)
{
	struct cursor cursor = cursor_of(link, id);
	if (link->arch->dialect->is_rela)
		return;
	for (struct elf_rela rela; next_kept(&cursor, &rela);) {
		uint64_t place = rela.r_offset;
		rename_symbol(link, cursor.file, &rela);
		link->arch->put_implicit_addend(rela.r_type, image + place, rela.r_addend);
	}
}

void relocs_settle(const struct link *link, section_id id, uint8_t *image)
{
	const struct file *file = file_of(link, section_of(link, id)->file);
	const char *name = elf_section_name(&file->elf, section_number(link, id));
	/* Two zeros would end the list. */
	if (strcmp(name, ".debug_loc") != 0 && strcmp(name, ".debug_ranges") != 0)
		return;
	struct elf_relas relas = section_relas(link, id);
	for (uint64_t i = 0; i < relas.n; i++) {
		const struct elf_rela *rela = &relas.at[i];
		if (!is_left_out(link, file, rela->r_sym, false))
			continue;
		if (link->arch->relocation_width(rela->r_type) == 8)
			write64(image + rela->r_offset, 1);
		else if (link->arch->relocation_width(rela->r_type) == 4)
			write32(image + rela->r_offset, 1);
	}
}
