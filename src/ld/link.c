/* The story of a link: every pass, in order, with what holds from there on. */
#include "ld/link.h"

#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/input/inputs.h"
#include "ld/layout/layout.h"
#include "ld/layout/value.h"
#include "ld/output/headers.h"
#include "ld/output/write.h"
#include "ld/prune/gc.h"
#include "ld/prune/merge.h"
#include "ld/resolve/comdat.h"
#include "ld/resolve/exports.h"
#include "ld/resolve/internal.h"
#include "ld/resolve/resolve.h"
#include "ld/resolve/symbols.h"
#include "ld/resolve/versions.h"
#include "ld/synth/dynamic.h"
#include "ld/synth/eh_frame.h"
#include "ld/synth/needs.h"
#include "ld/synth/relr.h"
#include "ld/synth/synth.h"

static void begin(struct link *link, const struct options *options, struct diag *diag, struct io *io)
{
	*link = (struct link){.options = options, .diag = diag, .io = io, .arch = &arch_x86_64};
	link->pool = pool_new(options->threads ? options->threads : pool_default_threads());
	link->worker_arenas = calloc(pool_threads(link->pool), sizeof(*link->worker_arenas));
	if (!link->worker_arenas)
		out_of_memory();
	link->is_pic = options->kind != OUTPUT_EXECUTABLE;
	link->packs_relative = options->z.pack_relative_relocs && link->is_pic;
}

static void end(struct link *link)
{
	layout_free(link);
	symbols_free(link);
	for (uint32_t i = 0; i < link->pool_shards.n; i++)
		free(link->pool_shards.at[i].entries);
	array_free(&link->files);
	array_free(&link->sections);
	array_free(&link->aux);
	array_free(&link->internal_syms);
	array_free(&link->internal_globals);
	array_free(&link->internal_shndx);
	array_free(&link->merge_sections);
	array_free(&link->merge_pools);
	array_free(&link->pool_shards);
	array_free(&link->undefined_references);
	array_free(&link->got);
	array_free(&link->plt);
	array_free(&link->plt_got);
	array_free(&link->dynsyms);
	array_free(&link->copies);
	array_free(&link->dynstr);
	array_free(&link->externs);
	array_free(&link->needed_versions);
	version_script_free(&link->version_script);
	version_script_free(&link->dynamic_list);
	for (unsigned i = 0; i < pool_threads(link->pool); i++)
		arena_free(&link->worker_arenas[i]);
	free(link->worker_arenas);
	arena_free(&link->arena);
	pool_free(link->pool);
}

/* An output is dynamic when the loader has something to do: it is position-independent, or it uses a shared object. */
static bool needs_dynamic_section(const struct link *link)
{
	if (link->is_pic)
		return true;
	for (file_id id = 1; id < link->files.n; id++)
		if (file_of(link, id)->kind == FILE_SHARED)
			return true;
	return link->options->export_dynamic && !link->options->is_static;
}

static void check_entry(struct link *link)
{
	symbol_id symbol = link->entry ? symbols_find(link, str_of(link->entry)) : 0;
	if (!link->entry || (symbol && symbol_flags(&link->symbols[symbol]) & SYMBOL_DEFINED))
		return;
	char *rest;
	strtoull(link->entry, &rest, 0);
	if (*rest)
		diag_warning(link->diag, 0,
			     "cannot find entry symbol %s\n>>> the program starts at the beginning of .text",
			     link->entry);
}

static void check_required(struct link *link)
{
	for (uint32_t i = 0; i < link->options->require_defined.n; i++) {
		const char *name = link->options->require_defined.at[i];
		symbol_id symbol = symbols_find(link, str_of(name));
		if (!symbol || !(symbol_flags(&link->symbols[symbol]) & SYMBOL_DEFINED))
			diag_error(link->diag, 0,
				   "required symbol `%s' not defined\n>>> asked for by --require-defined", name);
	}
}

/* An executable stack is asked for by option or by an input; an object that says nothing does not ask. */
static void decide_stack(struct link *link)
{
	const struct options *options = link->options;
	link->layout->exec_stack = options->z.execstack;
	for (file_id id = 1; id < link->files.n && !options->z.execstack && !options->z.noexecstack; id++) {
		const struct file *file = file_of(link, id);
		if (file->kind != FILE_OBJECT || !file->live || file->stack != STACK_EXEC)
			continue;
		link->layout->exec_stack = true;
		diag_warning(link->diag, id,
			     FILE_FORMAT
			     ": requires executable stack (because the .note.GNU-stack section is executable)",
			     FILE_ARGS(file));
	}
}

/* Options that are understood but not built yet are refused before anything else: never ignored. */
static bool supported(struct link *link)
{
	const struct options *options = link->options;
	if (options->as_relocatable)
		diag_error(link->diag, 0, "option -r is not supported yet");
	if (options->emit_relocs)
		diag_error(link->diag, 0, "option --emit-relocs is not supported yet");
	if (options->map_file && *options->map_file)
		diag_error(link->diag, 0, "option -Map is not supported yet");
	if (options->script)
		diag_error(link->diag, 0, "option -T is not supported yet: gild has no SECTIONS scripts");
	if (options->dependency_file)
		diag_error(link->diag, 0, "option --dependency-file is not supported yet");
	if (options->stats)
		diag_error(link->diag, 0, "option --stats is not supported yet");
	if (options->trace_symbols.n)
		diag_error(link->diag, 0, "option -y is not supported yet");
	if (options->emulation && strcmp(options->emulation, link->arch->emulation) != 0)
		diag_error(link->diag, 0, "unrecognised emulation mode: %s\n>>> supported emulations: %s",
			   options->emulation, link->arch->emulation);
	return !diag_flush(link->diag);
}

static void run(struct link *link)
{
	const struct options *options = link->options;
	if (!supported(link))
		return;

	/* What the user named: files in command-line order, archives as lazy members. */
	internal_init(link);
	inputs_load(link);
	versions_read(link);
	if (diag_flush(link->diag))
		return;
	if (link->files.n == 1) {
		diag_error(link->diag, 0, "no input files");
		return;
	}
	link->is_dynamic = needs_dynamic_section(link);
	link->entry = options->entry ? options->entry : link->script_entry;
	if (!link->entry && options->kind != OUTPUT_SHARED)
		link->entry = "_start";

	/* The layout is a program; it knows nothing about inputs yet, but which symbols it defines. */
	layout_default(link);
	if (options->verbose)
		layout_print(link);

	/* Names become symbols; references extract archive members. From here on the set of objects is fixed, and so
	 * are section ids. */
	resolve_files(link);
	if (diag_flush(link->diag))
		return;

	/* One COMDAT group of each signature survives. From here on we know which definitions count. */
	comdat_eliminate(link);
	resolve_owners(link);
	resolve_report_duplicates(link);

	/* The linker defines what is left to it; from here on no owner changes. */
	internal_provide(link);
	versions_assign(link);
	exports_decide(link);
	check_entry(link);
	check_required(link);
	common_allocate(link);
	if (diag_flush(link->diag))
		return;

	/* Every section gets its place in the program; equal strings and constants become one. */
	layout_classify(link);
	eh_frame_read(link);
	decide_stack(link);
	if (diag_flush(link->diag))
		return;
	if (options->gc_sections)
		gc_sections(link);
	/* From here on we know which sections are live. */
	eh_frame_prune(link);
	merge_sections(link);

	/* What do relocations need? Slots are numbered here; all sizes are known when the linker's own sections are
	 * made. */
	needs_scan(link);
	if (diag_flush(link->diag))
		return;
	synth_create(link);

	/* Sections in order, then addresses. From here on every byte of the output has its place. */
	layout_gather(link);
	dynamic_measure(link);
	uint32_t preinit = layout_find(link->layout, ".preinit_array");
	if (options->kind == OUTPUT_SHARED && link->layout->osecs.at[preinit].has_members)
		diag_error(link->diag, 0,
			   "PREINIT_ARRAY section is not allowed in a shared object\n>>> only programs have "
			   ".preinit_array");
	if (options->plan_in)
		plan_read(link);
	if (diag_flush(link->diag))
		return;
	layout_segments(link);
	headers_prepare(link);
	do
		layout_assign_addresses(link);
	while (relr_grow(link));
	layout_check_overlaps(link);
	if (diag_flush(link->diag))
		return;
	if (options->plan_out)
		plan_write(link);
	layout_finish_symbols(link);
	values_compute(link);

	/* The bytes, in parallel and in any order. */
	output_write_all(link);
	diag_flush(link->diag);
}

bool link_run(const struct options *options, struct diag *diag)
{
	struct link link;
	struct io io = {0};
	begin(&link, options, diag, &io);
	run(&link);
	bool good = !diag_flush(diag);
	end(&link);
	io_free(&io);
	return good;
}
