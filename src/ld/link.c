/* The story of a link: every pass, in order, with what holds from there on. */
#include "ld/link.h"

#include <stdio.h>

#include "base/io_watch.h"
#include "ld/checks.h"
#include "ld/input/inputs.h"
#include "ld/input/scripts.h"
#include "ld/layout/layout.h"
#include "ld/layout/link_order.h"
#include "ld/layout/script.h"
#include "ld/layout/value.h"
#include "ld/output/compress.h"
#include "ld/output/headers.h"
#include "ld/output/write.h"
#include "ld/prune/gc.h"
#include "ld/prune/icf.h"
#include "ld/prune/merge.h"
#include "ld/prune/why_live.h"
#include "ld/report/describe.h"
#include "ld/report/report.h"
#include "ld/report/trace.h"
#include "ld/report/undefined.h"
#include "ld/resolve/abi_check.h"
#include "ld/resolve/backrefs.h"
#include "ld/resolve/closure.h"
#include "ld/resolve/comdat.h"
#include "ld/resolve/exports.h"
#include "ld/resolve/internal.h"
#include "ld/resolve/resolve.h"
#include "ld/resolve/versions.h"
#include "ld/resolve/warning_symbols.h"
#include "ld/synth/abi_section.h"
#include "ld/synth/dynamic.h"
#include "ld/synth/eh_frame.h"
#include "ld/synth/gdb_index.h"
#include "ld/synth/groups.h"
#include "ld/synth/needs.h"
#include "ld/synth/rela_dyn.h"
#include "ld/synth/relocs.h"
#include "ld/synth/relr.h"
#include "ld/synth/symtab.h"
#include "ld/synth/synth.h"

/* Ends a pass: its time is taken and its messages are printed. false: there was an error, the link stops here. */
static bool done(struct link *link, const char *pass)
{
	stats_mark(&link->stats, pass);
	diag_flush(link->diag);
	return link->diag->errors == link->excused_errors;
}

/* The same for a pass whose errors leave the tables whole: the link goes on to find what else is wrong, up to the next
 * done() without excuse. */
static bool done_or_excused(struct link *link, const char *pass)
{
	done(link, pass);
	link->excused_errors = link->diag->errors;
	return true;
}

/* What the user named: files in command-line order, archives as lazy members. The layout is a program; it knows nothing
 * about inputs yet, but which symbols it defines. */
static bool read_inputs(struct link *link)
{
	check_supported(link);
	scripts_read(link);
	if (!done(link, "options"))
		return false;
	internal_init(link);
	inputs_load(link);
	versions_read(link);
	symtab_read_retained(link);
	decide_output(link);
	layout_make(link);
	if (link->options->verbose)
		layout_print(link);
	return done(link, "open inputs");
}

/* Names become symbols; references extract archive members. */
static bool resolve(struct link *link)
{
	resolve_files(link);
	if (!done(link, "resolve files"))
		return false;
	/* The set of objects is fixed, and so are section ids. One COMDAT group of each signature survives. */
	comdat_eliminate(link);
	if (!done(link, "COMDAT"))
		return false;
	/* We know which definitions count. */
	resolve_owners(link);
	trace_symbols(link);
	resolve_report_duplicates(link);
	common_warn(link);
	internal_check(link);
	stats_mark(&link->stats, "resolve owners");
	return true;
}

/* What the output defines, imports and exports. */
static bool decide_symbols(struct link *link)
{
	warning_symbols_report(link);
	/* The linker defines what is left to it, and libraries that turn out not to be needed stop being owners. */
	internal_provide(link);
	versions_assign(link);
	exports_decide(link);
	/* No owner changes any more. */
	if (link->options->warn_backrefs)
		backrefs_warn(link);
	check_entry(link);
	check_required(link);
	common_allocate(link);
	abi_check(link);
	/* Two definitions, or an unknown version, do not keep us from seeing what is undefined. */
	return done_or_excused(link, "exports");
}

/* Every section gets its place in the program; what nobody reaches is dropped, what is equal becomes one. */
static bool choose_sections(struct link *link)
{
	layout_classify(link);
	stats_mark(&link->stats, "classify");
	eh_frame_read(link);
	if (!done(link, "read unwind records"))
		return false;
	if (link->options->gc_sections)
		gc_sections(link);
	link_order_drop(link);
	layout_place_orphans(link);
	if (link->options->gc_sections && link->options->print_gc_sections)
		gc_report(link);
	if (link->options->gc_sections && link->options->why_live.n)
		why_live(link);
	stats_mark(&link->stats, "live sections");
	/* We know which sections are live. */
	merge_sections(link);
	stats_mark(&link->stats, "merge");
	eh_frame_merge_cies(link);
	if (link->options->icf != ICF_NONE)
		icf_fold(link);
	stats_mark(&link->stats, "fold");
	eh_frame_prune(link);
	return done(link, "prune unwind records");
}

/* What do relocations need? Slots are numbered when nothing is missing; then all sizes are known, and the linker's own
 * sections are made. */
static bool find_needs(struct link *link)
{
	decide_stack(link);
	needs_scan(link);
	closure_check(link); /* what nobody in the link defines may be in a library behind those of the link */
	describe_undefined(link);
	link->excused_errors = 0;
	if (!done(link, "scan relocations"))
		return false;
	needs_number(link);
	check_text_relocations(link);
	if (keeps_relocations(link->options))
		relocs_prepare(link);
	synth_create(link);
	return done(link, "synthetic sections");
}

/* Sections in order, then addresses. */
static bool lay_out(struct link *link)
{
	layout_gather(link);
	dynamic_measure(link);
	check_sections(link);
	if (link->options->plan_in)
		plan_read(link);
	if (!done(link, "gather"))
		return false;
	link_order_sort(link);
	layout_segments(link);
	headers_prepare(link);
	do
		layout_assign_addresses(link);
	while (relr_grow(link));
	icf_place(link);
	layout_check(link);
	bool good = done(link, "addresses");
	if (!good && !link->layout->diverges) { /* a map shows what has no room */
		layout_finish_symbols(link);
		values_compute(link);
	}
	if (!good)
		return false;
	/* Every loaded byte of the output has its place. */
	check_segments(link);
	if (link->options->plan_out)
		plan_write(link);
	layout_finish_symbols(link);
	values_compute(link);
	stats_mark(&link->stats, "symbol values");
	rela_dyn_make(link);
	if (link->options->flat)
		layout_flatten(link);
	return done(link, "dynamic relocations");
}

/* The bytes, in parallel and in any order. */
static bool write_output(struct link *link)
{
	if (link->synthetic[SYN_GDB_INDEX]) {
		gdb_index_build(link);
		if (!done(link, "gdb index"))
			return false;
	}
	if (link->synthetic[SYN_GILD_ABI]) {
		abi_section_build(link);
		if (!done(link, "abi"))
			return false;
	}
	/* Only now can debugging information be written down to compress it; what is not loaded moves together. */
	if (link->options->compress_debug != COMPRESS_NONE && !link->options->flat)
		compress_debug_sections(link);
	/* What the user wants to read about the link comes before the output: if it cannot be written, none is. */
	report_write(link);
	if (!done(link, "reports"))
		return false;
	output_write_all(link);
	return done(link, "write");
}

/* A program or a shared object: all of the story above. */
static bool link_module(struct link *link)
{
	return read_inputs(link) && resolve(link) && decide_symbols(link) && choose_sections(link) &&
	       find_needs(link) && lay_out(link) && write_output(link);
}

/* -r, an object that is linked again. Symbols stay as open as they are: nothing is imported, provided or checked. */
static bool decide_object_symbols(struct link *link)
{
	internal_describe(link);
	exports_decide(link);
	if (link->options->warn_backrefs)
		backrefs_warn(link);
	check_required(link);
	if (link->options->define_common)
		common_allocate(link);
	else
		common_measure(link);
	abi_check(link);
	return done(link, "symbols");
}

/* Relocations are not applied but kept, and so are groups; all sizes are known then. */
static bool keep_relocations(struct link *link)
{
	relocs_prepare(link);
	groups_prepare(link);
	if (!done(link, "relocations"))
		return false;
	synth_create_relocatable(link);
	return done(link, "synthetic sections");
}

/* Sections lie in the file one after the other; addresses count from the beginning of each. */
static bool lay_out_object(struct link *link)
{
	layout_gather(link);
	layout_without_segments(link);
	headers_prepare(link);
	layout_assign_addresses(link);
	layout_check(link);
	layout_finish_symbols(link);
	values_compute(link);
	return done(link, "layout");
}

static bool link_object(struct link *link)
{
	return read_inputs(link) && resolve(link) && decide_object_symbols(link) && choose_sections(link) &&
	       keep_relocations(link) && lay_out_object(link) && write_output(link);
}

/* --time-trace: the file is opened before the link begins, so that nothing is linked if it cannot be. */
static bool trace_begin(struct link *link, FILE **trace)
{
	const struct options *options = link->options;
	*trace = NULL;
	if (!options->time_trace)
		return true;
	const char *path = *options->time_trace
				   ? options->time_trace
				   : arena_printf(&link->arena, "%s.time-trace", options->output);
	*trace = fopen(path, "we");
	if (!*trace) {
		diag_error(link->diag, 0, "cannot write the time trace %s: %m", path);
		return done(link, "options");
	}
	pool_set_record(link->pool, &link->stats.record);
	return true;
}

bool link_run(const struct options *options, struct diag *diag)
{
	struct link link;
	struct io io = {0};
	FILE *trace;
	diag->kind = "link";
	link_begin(&link, options, diag, &io);
	io_watch(&io);
	stats_begin(&link.stats, options->stats || options->time_trace);
	bool good = trace_begin(&link, &trace) &&
		    (options->kind == OUTPUT_RELOCATABLE ? link_object(&link) : link_module(&link));
	if (!good)
		report_write_failed(&link);
	link.stats.threads = pool_started(link.pool);
	struct stats stats = link.stats;
	io_watch_end();
	link_end(&link);
	io_free(&io);
	stats_mark(&stats, "release");
	if (options->stats)
		stats_print(&stats);
	if (trace) {
		bool written = stats_trace(&stats, trace, options->time_trace_granularity);
		if (fclose(trace) != 0 || !written)
			diag_warning(diag, UINT64_MAX, "cannot write the time trace: %m");
	}
	diag_flush(diag);
	stats_free(&stats);
	return good;
}
