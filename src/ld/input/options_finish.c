#include "ld/input/options_finish.h"

#include <stdlib.h>
#include <string.h>

/* "=dir" and "$SYSROOT/dir" (GNU ld manual, -L). */
static const char *under_sysroot(struct option_context *context, const char *path)
{
	static const char variable[] = "$SYSROOT";
	const char *sysroot = context->options->sysroot;
	if (path[0] == '=')
		return arena_printf(context->arena, "%s%s", sysroot, path + 1);
	if (strncmp(path, variable, sizeof(variable) - 1) == 0)
		return arena_printf(context->arena, "%s%s", sysroot, path + sizeof(variable) - 1);
	return path;
}

/* -r is a kind of output, and excludes the others. */
static void finish_relocatable(struct option_context *context)
{
	struct options *options = context->options;
	struct diag *diag = context->diag;
	if (!options->as_relocatable) {
		if (options->unique_sections.n)
			diag_error(diag, 0, "option --unique is supported with -r only");
		if (options->force_group_allocation || options->fold_section_names)
			diag_error(diag, 0, "option %s needs -r", options->fold_section_names
							      ? "--relocatable-merge-sections"
							      : "--force-group-allocation");
		return;
	}
	if (options->kind != OUTPUT_EXECUTABLE)
		diag_error(diag, 0, "-r and %s may not be used together",
			   options->kind == OUTPUT_SHARED ? "-shared" : "-pie");
	if (options->plan_in || options->plan_out)
		diag_error(diag, 0, "-r and --plan-%s may not be used together", options->plan_in ? "in" : "out");
	if (options->section_starts.n)
		diag_error(diag, 0, "-r: section %s cannot be given an address, objects have none",
			   options->section_starts.at[0].name);
	if (options->z.nosectionheader)
		diag_error(diag, 0, "-r and -z nosectionheader may not be used together");
	bool has_root = options->entry || options->undefined.n || options->require_defined.n;
	if (options->gc_sections && !has_root)
		diag_error(diag, 0, "-r --gc-sections requires a defined symbol root specified by -e or -u");
	if (options->flat)
		diag_error(diag, 0, "-r and --oformat=binary may not be used together");
	if (options->gdb_index || options->separate_debug || options->emit_abi)
		diag_error(diag, 0, "-r and %s may not be used together",
			   options->gdb_index ? "--gdb-index"
			   : options->emit_abi ? "--emit-abi" : "--separate-debug-file");
	options->kind = OUTPUT_RELOCATABLE;
}

/* What depends on several options, wherever they stood. */
void options_finish(struct option_context *context, bool common_page_size_given)
{
	struct options *options = context->options;
	for (uint32_t i = 0; i < options->library_paths.n; i++)
		options->library_paths.at[i] = under_sysroot(context, options->library_paths.at[i]);
	const char *run_path = getenv("LD_RUN_PATH");
	if (options->rpaths.n == 0 && run_path && run_path[0] != '\0') {
		*array_push(&options->rpaths) = run_path;
		options->rpath_is_run_path = true;
	}
	const char *target = getenv("GNUTARGET");
	if (target && !option_value_is_one_of(target, "elf|default|elf64-x86-64"))
		diag_error(context->diag, 0, "GNUTARGET=%s: inputs of this format are not supported", target);
	options->show_version |= options->show_emulations;
	options->warn_unresolved |= options->noinhibit_exec;
	finish_relocatable(context);
	if (options->emit_relocs && options->z.nosectionheader)
		diag_error(context->diag, 0, "--emit-relocs and -z nosectionheader may not be used together");
	if (options->separate_debug && (options->flat || options->emit_relocs)) /* relocations name .symtab's entries */
		diag_error(context->diag, 0, "%s and --separate-debug-file may not be used together",
			   options->flat ? "--oformat=binary" : "--emit-relocs");
	if (options->icf != ICF_NONE && (options->emit_relocs || options->as_relocatable))
		diag_error(context->diag, 0, "%s and --icf may not be used together",
			   options->as_relocatable ? "-r" : "--emit-relocs");
	if (!options->allow_shlib_undefined_given)
		options->allow_shlib_undefined = options->kind == OUTPUT_SHARED;
	if (options->auxiliary.n > 0 && options->kind != OUTPUT_SHARED)
		diag_error(context->diag, 0, "option -f %s: -f or --auxiliary may not be used without -shared",
			   options->auxiliary.at[0]);
	if (options->filter.n > 0 && options->kind != OUTPUT_SHARED)
		diag_error(context->diag, 0, "option -F %s: -F or --filter may not be used without -shared",
			   options->filter.at[0]);
	if (options->separate_debug && !options->debug_file) {
		/* Beside the file itself, where debuggers look, if the output's name is a symbolic link to it. */
		char *real = realpath(options->output, NULL);
		options->debug_file = arena_printf(context->arena, "%s.dbg", real ? real : options->output);
		free(real);
	}
	if (options->unpaged)
		options->z.relro = false; /* no page can be made read-only */
	if (options->z.common_page_size > options->z.max_page_size) {
		if (common_page_size_given)
			diag_error(context->diag, 0, "common page size (0x%llx) > maximum page size (0x%llx)",
				   (unsigned long long)options->z.common_page_size,
				   (unsigned long long)options->z.max_page_size);
		options->z.common_page_size = options->z.max_page_size;
	}
}
