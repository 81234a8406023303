#include "ld/input/scripts.h"

#include <errno.h>
#include <string.h>

#include "arch/arch.h"

const struct io_file *scripts_find(struct link *link, const char *name)
{
	uint32_t first = io_open(link->io, name), found = first;
	for (uint32_t i = 0; i < link->options->library_paths.n && link->io->files.at[found].error; i++) {
		if (*name == '/' || link->io->files.at[first].error != ENOENT)
			break;
		found = io_open(link->io,
				arena_printf(&link->arena, "%s/%s", link->options->library_paths.at[i], name));
	}
	return &link->io->files.at[link->io->files.at[found].error ? first : found];
}

static const struct script_text *include(void *context, const char *name)
{
	struct link *link = context;
	const struct io_file *file = scripts_find(link, name);
	if (file->error)
		return NULL;
	struct script_text *text = arena_new(&link->arena, struct script_text);
	*text = (struct script_text){file->path, file->bytes};
	return text;
}

struct script_includer scripts_includer(struct link *link)
{
	return (struct script_includer){include, link, &link->nested_scripts};
}

/* ---- adding ---------------------------------------------------------------------------------------------- */

/* Appends one list of things that have a `next` to another. */
#define append_list(first, more)               \
	do {                                   \
		__typeof__(first) *end_ = &(first); \
		while (*end_)                  \
			end_ = &(*end_)->next; \
		*end_ = (more);                \
		(more) = NULL;                 \
	} while (0)

void scripts_add(struct link *link, struct script *script)
{
	struct script *all = &link->script;
	if (script->statements)
		script->statements->begins_script = true;
	append_list(all->statements, script->statements);
	append_list(all->overwrites, script->overwrites);
	append_list(all->regions, script->regions);
	append_list(all->aliases, script->aliases);
	append_list(all->phdrs, script->phdrs);
	append_list(all->nocrossrefs, script->nocrossrefs);
	all->has_sections |= script->has_sections;
	all->has_phdrs |= script->has_phdrs;
	all->sane_expr |= script->sane_expr;
	all->gild_layout |= script->gild_layout;
	all->force_common |= script->force_common;
	all->inhibit_common |= script->inhibit_common;
	all->force_group_allocation |= script->force_group_allocation;
	if (script->output)
		all->output = script->output;
	if (script->map_file)
		all->map_file = script->map_file;
	if (!all->output_format[0])
		memcpy(all->output_format, script->output_format, sizeof(all->output_format));
	if (script->output_arch)
		all->output_arch = script->output_arch;
	if (script->entry)
		link->script_entry = script->entry;
	for (uint32_t i = 0; i < script->externs.n; i++)
		*array_push(&link->externs) = script->externs.at[i];
	for (uint32_t i = 0; i < script->versions.n; i++)
		version_script_parse(&link->version_script, script->versions.at[i], &link->arena, link->diag);
}

/* ---- the scripts of options ------------------------------------------------------------------------------ */

/* OUTPUT_FORMAT of -T: this link's target, which it chooses where no -m does, or one of the forms without sections. */
static void check_format(struct link *link, const char *path, const struct script *script)
{
	const char *format = script->output_format[0];
	if (!format || strcmp(format, link->arch->bfd_name) == 0 || strcmp(format, "binary") == 0)
		return;
	const struct arch *arch = link->options->emulation ? NULL : arch_by_format(format);
	if (arch) {
		link->arch = arch;
		return;
	}
	diag_report(link->diag, SEVERITY_ERROR, 0, &(struct diag_about){.kind = "wrong-architecture", .file = path},
		    "OUTPUT_FORMAT(%s) is not the format of this link (%s)", format, link->arch->bfd_name);
}

/* What scripts say that options can say: the options that the rest of the link sees. */
static void change_options(struct link *link)
{
	const struct script *script = &link->script;
	struct options *mine = arena_new(&link->arena, struct options);
	*mine = *link->options;
	if (script->output && !mine->output_given)
		mine->output = script->output;
	if (script->map_file && mine->map_file[0] == '\0')
		mine->map_file = script->map_file;
	if (script->output_format[0] && strcmp(script->output_format[0], "binary") == 0)
		mine->flat = true;
	if (script->output_format[0] && !mine->flat && !mine->emulation)
		mine->emulation = link->arch->emulation; /* inputs have no say in it */
	mine->define_common |= script->force_common;
	mine->force_group_allocation |= script->force_group_allocation;
	link->options = mine;
}

/* The text of an option's script; NULL: there is none, which is reported. */
static const struct script_text *open_text(struct link *link, const char *path)
{
	const struct io_file *file = scripts_find(link, path);
	if (file->error) {
		diag_report(link->diag, SEVERITY_ERROR, 0, &(struct diag_about){.kind = "cannot-open"},
			    "cannot open linker script file %s: %s", path, strerror(file->error));
		return NULL;
	}
	struct script_text *text = arena_new(&link->arena, struct script_text);
	*text = (struct script_text){file->path, file->bytes};
	return text;
}

static void read_one(struct link *link, const struct script_option *option)
{
	struct script *script = array_push(&link->option_scripts);
	*script = (struct script){.inputs = {0}};
	const struct script_text *text = open_text(link, option->path);
	struct script_includer includer = scripts_includer(link);
	if (!text || !(option->is_mri ? script_parse_mri : script_parse)(script, text, &includer, &link->arena,
									  link->diag))
		return;
	check_format(link, text->path, script);
	link->has_script = true;
	scripts_add(link, script);
}

void scripts_read(struct link *link)
{
	const struct options *options = link->options;
	bool given = false;
	for (uint32_t i = 0; i < options->scripts.n; i++)
		given |= !options->scripts.at[i].is_default;
	for (uint32_t i = 0; i < options->scripts.n; i++) {
		bool ignored = given && options->scripts.at[i].is_default; /* -dT stands back */
		if (ignored)
			*array_push(&link->option_scripts) = (struct script){.inputs = {0}};
		else
			read_one(link, &options->scripts.at[i]);
	}
	for (uint32_t i = 0; i < options->ordering_files.n; i++) {
		const struct script_text *text = open_text(link, options->ordering_files.at[i]);
		if (text)
			script_parse_ordering(&link->script, text, &link->arena, link->diag);
	}
	if (link->has_script)
		change_options(link);
}
