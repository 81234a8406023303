#include "ld/checks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arch/arch.h"
#include "ld/layout/layout.h"
#include "ld/report/describe.h"
#include "ld/resolve/symbols.h"

/* "-" is standard output. */
static bool can_be_regular(const char *path)
{
	struct stat file;
	return strcmp(path, "-") != 0 && (stat(path, &file) != 0 || S_ISREG(file.st_mode));
}

void check_supported(struct link *link)
{
	const struct options *options = link->options;
	bool regular = !options->separate_debug || can_be_regular(options->output);
	if (!regular || (options->separate_debug && !can_be_regular(options->debug_file)))
		diag_error(link->diag, 0, "option --separate-debug-file: %s is not a regular file",
			   regular ? options->debug_file : options->output);
	if (options->separate_debug && strcmp(options->output, options->debug_file) == 0)
		diag_error(link->diag, 0, "option --separate-debug-file: %s is the output itself", options->output);
	if (options->why_live.n && !options->gc_sections)
		diag_warning(link->diag, 0, "--why-live has no effect without --gc-sections");
	if (options->emulation && !arch_by_emulation(options->emulation)) {
		const char *names = "";
		for (unsigned i = 0; archs[i]; i++)
			names = arena_printf(&link->arena, "%s %s", names, archs[i]->emulation);
		diag_error(link->diag, 0, "unrecognised emulation mode: %s\n>>> supported emulations:%s",
			   options->emulation, names);
	}
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

/* The output would take an input's place. GNU ld's words (ldlang.c). */
static void check_output_is_no_input(struct link *link)
{
	struct stat output;
	if (stat(link->options->output, &output) != 0 || !S_ISREG(output.st_mode))
		return;
	for (uint32_t i = 0; i < link->io->files.n; i++) {
		const struct io_file *file = &link->io->files.at[i];
		if (!file->error && file->ino == output.st_ino && file->dev == output.st_dev) {
			diag_error(link->diag, 0, "input file '%s' is the same as output file", file->path);
			return;
		}
	}
}

void decide_output(struct link *link)
{
	const struct options *options = link->options;
	check_output_is_no_input(link);
	if (link->files.n == 1 && link->diag->errors == 0)
		diag_error(link->diag, 0, "no input files");
	bool relocatable = options->kind == OUTPUT_RELOCATABLE;
	link->is_dynamic = !relocatable && needs_dynamic_section(link);
	link->entry = options->entry ? options->entry : link->script_entry;
	if (!link->entry && options->kind != OUTPUT_SHARED && !relocatable)
		link->entry = "_start";
}

void check_entry(struct link *link)
{
	const struct options *options = link->options;
	symbol_id symbol = link->entry ? symbols_find(link, str_of(link->entry)) : 0;
	if (!link->entry || (symbol && symbol_flags(&link->symbols[symbol]) & SYMBOL_DEFINED))
		return;
	char *rest;
	strtoull(link->entry, &rest, 0);
	bool said = options->entry || link->script_entry || !link->has_script;
	if (!said) /* a script that does not say where the program starts: GNU ld's default is another one then */
		link->entry = "start";
	else if (*rest && (options->kind != OUTPUT_SHARED || options->entry))
		diag_warning(link->diag, 0,
			     "cannot find entry symbol %s\n>>> the program starts at the beginning of .text",
			     link->entry);
}

void check_required(struct link *link)
{
	for (uint32_t i = 0; i < link->options->require_defined.n; i++) {
		const char *name = link->options->require_defined.at[i];
		symbol_id symbol = symbols_find(link, str_of(name));
		if (!symbol || !(symbol_flags(&link->symbols[symbol]) & SYMBOL_DEFINED))
			diag_report(link->diag, SEVERITY_ERROR, 0,
				    &(struct diag_about){.kind = "undefined-symbol", .symbol = name},
				    "required symbol `%s' not defined\n"
				    ">>> undefined symbol: %s, asked for by --require-defined",
				    name, name);
	}
}

void decide_stack(struct link *link)
{
	const struct options *options = link->options;
	link->layout->exec_stack = options->z.execstack;
	if (options->z.execstack && options->error_execstack)
		diag_error(link->diag, 0, "creating an executable stack because of -z execstack command line option");
	else if (options->z.execstack && options->warn_execstack == WARN_EXECSTACK_ALWAYS)
		diag_warning(link->diag, 0,
			     "enabling an executable stack because of -z execstack command line option");
	enum severity severity = options->error_execstack ? SEVERITY_ERROR : SEVERITY_WARNING;
	for (file_id id = 1; id < link->files.n && !options->z.execstack && !options->z.noexecstack; id++) {
		const struct file *file = file_of(link, id);
		if (file->kind != FILE_OBJECT || !file->live || file->stack != STACK_EXEC)
			continue;
		link->layout->exec_stack = true;
		struct diag_about about = about_file(file, "executable-stack");
		if (options->warn_execstack != WARN_EXECSTACK_NEVER || options->error_execstack)
			diag_report(link->diag, severity, id, &about,
				    "requires executable stack (because the .note.GNU-stack section is executable)");
	}
}

void check_segments(struct link *link)
{
	const struct options *options = link->options;
	if (options->no_warn_rwx_segments && !options->error_rwx_segments)
		return;
	enum severity severity = options->error_rwx_segments ? SEVERITY_ERROR : SEVERITY_WARNING;
	for (uint32_t i = 0; i < link->layout->segments.n; i++) {
		const struct segment *segment = &link->layout->segments.at[i];
		if (segment->type == PT_LOAD && (segment->flags & (PF_R | PF_W | PF_X)) == (PF_R | PF_W | PF_X))
			diag_report(link->diag, severity, 0, &(struct diag_about){.kind = "writable-code"},
				    "%s has a LOAD segment with RWX permissions",
				    options->output);
		if (segment->type == PT_TLS && segment->flags & PF_X)
			diag_report(link->diag, severity, 0, &(struct diag_about){.kind = "writable-code"},
				    "%s has a TLS segment with execute permission",
				    options->output);
	}
}

void check_text_relocations(struct link *link)
{
	if (link->module_needs & NEED_TEXTREL && link->options->warn_shared_textrel && !link->options->z.notext)
		diag_warning(link->diag, 0,
			     "creating DT_TEXTREL in a %s\n>>> code without -fPIC has to be changed when it is loaded; "
			     "recompile it",
			     link->options->kind == OUTPUT_SHARED ? "shared object" : "PIE");
}

void check_sections(struct link *link)
{
	uint32_t preinit = layout_find(link->layout, ".preinit_array");
	if (link->options->kind == OUTPUT_SHARED && link->layout->osecs.at[preinit].has_members)
		diag_error(link->diag, 0,
			   "PREINIT_ARRAY section is not allowed in a shared object\n>>> only programs have "
			   ".preinit_array");
}
