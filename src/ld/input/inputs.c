#include "ld/input/inputs.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/glob.h"
#include "ld/input/archive_scan.h"
#include "ld/input/foreign.h"
#include "ld/input/library_hint.h"
#include "ld/input/ir.h"
#include "ld/input/made_object.h"
#include "ld/input/object.h"
#include "ld/input/scripts.h"
#include "ld/input/shared_object.h"
#include "ld/input/text_script.h"
#include "ld/script/parse.h"
#include "ld/report/trace.h"

/* The state that a file of the command line or of a script is opened with. */
struct request {
	const char *name;
	bool is_library, as_needed, whole_archive, prefer_static, lazy, binary, just_symbols;
	const char *from_script;  /* path of the script that names it, or NULL */
	const struct open_script *scripts; /* those that are being read, the one that names this file first */
	bool is_described;        /* an input section description names it, which says of what file sections are */
	uint32_t group;           /* as in struct input_step */
	const struct archive_scan *scan; /* of the archive that `name` is, if it was read ahead */
};

/* A text script whose files are being loaded. */
struct open_script {
	const struct open_script *outer; /* the one that names it, or NULL */
	dev_t dev;
	ino_t ino;
};

struct archive_seen {
	dev_t dev;
	ino_t ino;
	file_id first;            /* its members are files [first, first + n) */
	uint32_t n;
};

struct loader {
	struct link *link;
	ARRAY(const char *) script_dirs; /* SEARCH_DIR of text scripts */
	ARRAY(struct archive_seen) archives;
	struct io_file nested;           /* the archive that was last looked into for a thin archive's member */
	uint32_t script_groups;          /* GROUP commands of scripts */
	bool target_is_open;             /* neither an option nor an object of the command line says which it is */
};

enum opened { OPENED, MISSING, INCOMPATIBLE };

enum {
	MAX_SCRIPT_DEPTH = 16,
	SCRIPT_GROUPS = 1 << 30, /* numbers of groups above it are those of scripts */
};

static void load(struct loader *loader, const struct request *request);

__attribute__((format(printf, 4, 5))) static void report_input(struct link *link, const char *path, const char *kind,
								const char *format, ...)
{
	struct diag_about about = {.kind = kind, .file = path};
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	diag_report(link->diag, SEVERITY_ERROR, link->files.n, &about, "%s", text);
}

static file_id new_file(struct link *link, enum file_kind kind, const struct request *request, const char *path,
			struct bytes bytes)
{
	file_id id = link->files.n;
	struct file *file = array_push(&link->files);
	*file = (struct file){
		.kind = kind,
		.path = path,
		.bytes = bytes,
		.as_needed = request->as_needed,
		.by_search = request->is_library,
	};
	return id;
}

static void note_step(struct link *link, const struct request *request, file_id first, uint32_t n, bool is_archive)
{
	if (link->options->warn_backrefs)
		*array_push(&link->input_steps) =
			(struct input_step){first, n, request->group, is_archive, request->as_needed};
}

/* An object or a shared object on its own. */
static void add_elf(struct loader *loader, const struct request *request, const char *path, struct bytes bytes,
		    enum elf_kind kind)
{
	struct link *link = loader->link;
	if (kind == ELF_RELOCATABLE) {
		file_id id = new_file(link, FILE_OBJECT, request, path, bytes);
		file_of(link, id)->lazy = request->lazy;
		file_of(link, id)->live = !request->lazy;
		note_step(link, request, id, 1, request->lazy);
		return;
	}
	if (link->options->is_static || link->options->kind == OUTPUT_RELOCATABLE) {
		report_input(link, path, "static-link", "attempted static link of dynamic object");
		return;
	}
	file_id id = new_file(link, FILE_SHARED, request, path, bytes);
	if (!shared_object_parse(link, id, &link->arena)) {
		link->files.n--;
		return;
	}
	/* The same library reached by two ways counts once; it is needed if either way says so. */
	struct file *file = file_of(link, id);
	file->live = !file->as_needed;
	for (file_id other = 1; other < id; other++) {
		struct file *first = file_of(link, other);
		if (first->kind == FILE_SHARED && strcmp(first->soname, file->soname) == 0) {
			first->as_needed &= file->as_needed;
			first->live = !first->as_needed;
			link->files.n--;
			note_step(link, request, other, 1, false);
			return;
		}
	}
	note_step(link, request, id, 1, false);
}

/* -b binary, -R: an object is made from the file. */
static void add_made(struct loader *loader, const struct request *request, const char *path, struct bytes bytes)
{
	struct link *link = loader->link;
	struct elf_error error;
	struct bytes object;
	loader->target_is_open = false; /* what is made is for the default target */
	if (request->just_symbols && elf_kind(bytes) == ELF_NOT) {
		report_input(link, path, "unknown-format",
			     "is not an ELF file\n>>> -R takes addresses of symbols from it");
		return;
	}
	if (request->just_symbols && is_foreign(link, bytes)) {
		foreign_report(link, link->files.n, (struct diag_about){.file = path}, bytes);
		return;
	}
	if (request->binary) {
		object = made_object_from_data(link, request->name, bytes);
	} else if (!made_object_from_symbols(link, bytes, &object, &error)) {
		report_input(link, path, "malformed-file", "malformed file: %s %s (number %u, value 0x%llx)",
			     error.field, error.what, error.index, (unsigned long long)error.value);
		return;
	}
	struct file *file = file_of(link, new_file(link, FILE_OBJECT, request, path, object));
	file->live = true;
	file->just_symbols = request->just_symbols;
}

static void report_archive(struct link *link, const char *path, const struct elf_error *error)
{
	report_input(link, path, "malformed-file", "malformed archive: %s %s (0x%llx)", error->field, error->what,
		     (unsigned long long)error->value);
}

/* The member of a thin archive that is a member of another archive, the file `path`: "path(name)". */
static bool nested_bytes(struct link *link, const char *path, struct bytes bytes, struct archive_member *member)
{
	struct archive archive;
	struct archive_member inner;
	struct elf_error error;
	if (!archive_read(&archive, bytes, &error) || !archive_member_at(&archive, member->nested, &inner, &error)) {
		report_archive(link, path, &error);
		return false;
	}
	if (archive.thin) {
		diag_error(link->diag, link->files.n, "%s: a thin archive in a thin archive, which ar does not write",
			   path);
		return false;
	}
	const char *name = arena_printf(&link->arena, "%.*s(%.*s)", (int)member->name.len, member->name.at,
					(int)inner.name.len, inner.name.at);
	member->name = (struct str){name, (uint32_t)strlen(name)};
	member->data = inner.data;
	return true;
}

/* Gives a member its bytes. A thin archive's members are files of their own, named relative to the archive. */
static bool member_read(struct loader *loader, const char *archive_path, bool thin, struct archive_member *member)
{
	struct link *link = loader->link;
	if (!thin)
		return true;
	const char *slash = strrchr(archive_path, '/');
	int folder = slash && member->name.len && member->name.at[0] != '/' ? (int)(slash - archive_path + 1) : 0;
	const char *path =
		arena_printf(&link->arena, "%.*s%.*s", folder, archive_path, (int)member->name.len, member->name.at);
	if (member->nested && loader->nested.path && strcmp(loader->nested.path, path) == 0)
		return nested_bytes(link, path, loader->nested.bytes, member);
	const struct io_file *file = io_read(link->io, path);
	if (file->error) {
		report_input(link, archive_path, "cannot-open", "cannot open member %s of the thin archive: %s", path,
			     strerror(file->error));
		return false;
	}
	if (member->nested) {
		loader->nested = *file;
		return nested_bytes(link, path, file->bytes, member);
	}
	member->data = file->bytes;
	return true;
}

static struct file *add_member(struct loader *loader, const struct request *request, const char *path,
			       const struct archive_member *member)
{
	struct link *link = loader->link;
	struct file *file = file_of(link, new_file(link, FILE_OBJECT, request, path, member->data));
	file->member = member->name;
	file->lazy = !request->whole_archive;
	file->live = request->whole_archive;
	if (file->live)
		trace_member(link, file);
	return file;
}

static void add_members(struct loader *loader, const struct request *request, const char *path,
			const struct archive_scan *scan)
{
	for (uint32_t i = 0; i < scan->n; i++) {
		const struct scanned_member *scanned = &scan->members[i];
		struct archive_member member = scanned->member;
		if (!member_read(loader, path, scan->thin, &member))
			return;
		if (scan->thin && archive_kind(member.data) != ARCHIVE_NOT) { /* itself, for one */
			report_input(loader->link, path, "malformed-file",
				     "ar_name: member %.*s is an archive: ar adds its members instead",
				     (int)member.name.len, member.name.at);
			return;
		}
		/* Other things are kept in archives (documentation); only objects are ours, or would be. */
		if (!scanned->names && elf_kind(member.data) != ELF_RELOCATABLE && !ir_is_bitcode(member.data))
			continue;
		struct file *file = add_member(loader, request, path, &member);
		file->lazy_names = scanned->names;
		file->n_lazy = scanned->n_names;
	}
}

static void add_archive(struct loader *loader, const struct request *request, const struct io_file *opened)
{
	struct link *link = loader->link;
	const char *path = opened->path;
	for (uint32_t i = 0; i < loader->archives.n && !request->whole_archive; i++) {
		const struct archive_seen *seen = &loader->archives.at[i];
		if (seen->dev == opened->dev && seen->ino == opened->ino) {
			/* its members are candidates already, wherever it stands */
			note_step(link, request, seen->first, seen->n, true);
			return;
		}
	}
	file_id first = link->files.n;
	struct archive_scan now;
	const struct archive_scan *scan = request->scan;
	if (!scan) {
		archive_scan(&now, opened->bytes, request->whole_archive, &link->arena);
		scan = &now;
	}
	if (!scan->good) {
		report_archive(link, path, &scan->error);
		return;
	}
	add_members(loader, request, path, scan);
	uint32_t n = link->files.n - first;
	*array_push(&loader->archives) = (struct archive_seen){opened->dev, opened->ino, first, n};
	note_step(link, request, first, n, !request->whole_archive);
}

/* Of an archive; empty: it is thin, or there is none. */
static struct bytes first_member(struct bytes bytes)
{
	struct archive archive;
	struct archive_member member;
	struct elf_error error;
	if (!archive_read(&archive, bytes, &error) || archive.thin || archive.first >= bytes.size ||
	    !archive_member_at(&archive, archive.first, &member, &error))
		return (struct bytes){NULL, 0};
	return member.data;
}

/* "-lc" may find an archive for another machine, which is then skipped. */
static bool first_member_is_foreign(const struct link *link, struct bytes bytes)
{
	struct bytes member = first_member(bytes);
	return elf_kind(member) != ELF_NOT && is_foreign(link, member);
}

/* Which target a link is for, where it is open: the first file that is named says so, or a script by its format. What a
 * search finds has no say. */
static void decide_target(struct loader *loader, const struct arch *arch)
{
	if (!loader->target_is_open || !arch)
		return;
	loader->link->arch = arch;
	loader->target_is_open = false;
}

/* What INPUT and GROUP of a script name; `scripts`: it, and those around it; NULL: of -T. */
static void load_named(struct loader *loader, const struct request *request, const struct open_script *scripts,
		       const char *path, const struct script *script)
{
	uint32_t first_group = SCRIPT_GROUPS + loader->script_groups;
	loader->script_groups += script->groups;
	for (uint32_t i = 0; i < script->inputs.n; i++) {
		const struct script_input *input = &script->inputs.at[i];
		load(loader, &(struct request){
				     .name = input->name,
				     .is_library = input->is_library,
				     .as_needed = request->as_needed || input->as_needed,
				     .whole_archive = request->whole_archive,
				     .prefer_static = request->prefer_static,
				     .lazy = request->lazy,
				     .binary = input->binary,
				     .from_script = path,
				     .scripts = scripts,
				     .group = request->group || !input->group ? request->group
									      : first_group + input->group,
			     });
	}
}

/* Whether a script may be read, the innermost one of `scripts`; says why not. */
static bool may_read(struct link *link, const struct io_file *opened, const struct open_script *scripts)
{
	unsigned depth = 0;
	for (const struct open_script *outer = scripts->outer; outer; outer = outer->outer, depth++) {
		if (outer->dev == scripts->dev && outer->ino == scripts->ino) {
			report_input(link, opened->path, "script",
				     depth ? "the script names itself, by way of others" : "the script names itself");
			return false;
		}
	}
	if (depth >= MAX_SCRIPT_DEPTH) {
		report_input(link, opened->path, "script", "scripts that name scripts are nested too deeply");
		return false;
	}
	bool was_good = link->nested_scripts <= SCRIPT_NESTED_MAX;
	if (depth == 0 || script_may_nest(&link->nested_scripts, opened->bytes.size))
		return true;
	if (was_good) /* it is the first one that is too many */
		report_input(link, opened->path, "script", "scripts that name scripts: more than %d MiB of them",
			     SCRIPT_NESTED_MAX >> 20);
	return false;
}

/* Opens a text file given as input. The names in it are loaded in its place. */
static enum opened add_script(struct loader *loader, const struct request *request, const struct io_file *opened,
			      bool searching)
{
	struct link *link = loader->link;
	const char *path = opened->path;
	struct open_script scripts = {request->scripts, opened->dev, opened->ino};
	if (request->is_described) {
		report_input(link, path, "script", "a script cannot be what SECTIONS says of which file sections are");
		return OPENED;
	}
	if (!may_read(link, opened, &scripts))
		return OPENED;
	struct script script = {0};
	struct script_text *text = arena_new(&link->arena, struct script_text);
	*text = (struct script_text){path, opened->bytes};
	struct script_includer includer = scripts_includer(link);
	if (!script_parse(&script, text, &includer, &link->arena, link->diag)) {
		script_free(&script);
		return OPENED;
	}
	const char *format = script.output_format[0];
	if (format && !searching)
		decide_target(loader, arch_by_format(format));
	if (format && strcmp(format, link->arch->bfd_name) != 0) {
		enum opened result = OPENED;
		if (searching)
			result = INCOMPATIBLE;
		else
			report_input(link, path, "wrong-architecture",
				     "OUTPUT_FORMAT(%s) is not the format of this link (%s)", format,
				     link->arch->bfd_name);
		script_free(&script);
		return result;
	}
	for (uint32_t i = 0; i < script.search_dirs.n; i++)
		*array_push(&loader->script_dirs) = script.search_dirs.at[i];
	scripts_add(link, &script);
	load_named(loader, request, &scripts, path, &script);
	script_free(&script);
	return OPENED;
}

/* The file is not there, or not for us: what is looked for may be elsewhere. All else is a failing machine, on which
 * another file of the same name would quietly take the place of the one that is meant. */
static bool is_absence(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case EACCES:
	case EPERM:
	case ELOOP:
	case ENAMETOOLONG:
	case ENXIO: /* a socket */
		return true;
	default:
		return false;
	}
}

/* Opens `path` if it is there. `searching`: a file for another target is not an error, the search goes on. */
static enum opened open_input(struct loader *loader, const struct request *request, const char *path, bool searching,
			      int *error)
{
	struct link *link = loader->link;
	struct io_file opened = *io_read(link->io, path);
	path = opened.path;
	*error = opened.error;
	if (opened.error && is_absence(opened.error))
		return MISSING;
	if (opened.error) {
		diag_report(link->diag, SEVERITY_ERROR, link->files.n, &(struct diag_about){.kind = "cannot-open"},
			    "cannot open %s: %s", path, strerror(opened.error));
		return OPENED;
	}

	if (request->binary || request->just_symbols) {
		*array_push(&link->loaded) = path;
		trace_file(link, path);
		add_made(loader, request, path, opened.bytes);
		return OPENED;
	}
	if (opened.bytes.size == 0) { /* GNU ld takes it for an empty script; it is what a failed compilation leaves */
		report_input(link, path, "file-format", "file format not recognised: the file is empty");
		return OPENED;
	}
	enum elf_kind kind = elf_kind(opened.bytes);
	bool is_archive = archive_kind(opened.bytes) != ARCHIVE_NOT;
	if (loader->target_is_open && !searching)
		decide_target(loader, arch_of_file(is_archive ? first_member(opened.bytes) : opened.bytes));
	if (searching && is_archive && first_member_is_foreign(link, opened.bytes))
		return INCOMPATIBLE;
	if (kind != ELF_NOT && is_foreign(link, opened.bytes)) {
		if (searching)
			return INCOMPATIBLE;
		foreign_report(link, link->files.n, (struct diag_about){.file = path}, opened.bytes);
		return OPENED;
	}
	*array_push(&link->loaded) = path;
	trace_file(link, path);
	if (kind == ELF_RELOCATABLE || kind == ELF_SHARED)
		add_elf(loader, request, path, opened.bytes, kind);
	else if (kind != ELF_NOT)
		report_input(link, path, "file-format", "an ELF file of this type cannot be linked (e_type is %s)",
			     kind == ELF_EXECUTABLE ? "ET_EXEC" : "neither ET_REL nor ET_DYN");
	else if (is_archive)
		add_archive(loader, request, &opened);
	else if (text_script_plausible(opened.bytes))
		return add_script(loader, request, &opened, searching);
	else if (ir_is_bitcode(opened.bytes))
		report_input(link, path, "unsupported-input", "%s", ir_bitcode_words);
	else
		report_input(link, path, "file-format",
			     "file format not recognised: neither ELF, nor an archive, nor a script");
	return OPENED;
}

/* Tries DIR/libNAME.so and DIR/libNAME.a, or DIR/FILE for ":FILE". */
static bool search_in(struct loader *loader, const struct request *request, const char *dir)
{
	struct link *link = loader->link;
	static const char *const suffixes[] = {".so", ".a"};
	bool exact = request->name[0] == ':';
	bool shared_allowed = !request->prefer_static && !link->options->is_static;
	for (unsigned i = exact || shared_allowed ? 0 : 1; i < COUNTOF(suffixes); i++) {
		const char *path = exact ? arena_printf(&link->arena, "%s/%s", dir, request->name + 1)
					 : arena_printf(&link->arena, "%s/lib%s%s", dir, request->name, suffixes[i]);
		int error;
		switch (open_input(loader, request, path, true, &error)) {
		case OPENED:
			return true;
		case INCOMPATIBLE:
			diag_report(link->diag, SEVERITY_WARNING, link->files.n,
				    &(struct diag_about){.kind = "wrong-architecture"},
				    "skipping incompatible %s when searching for -l%s", path, request->name);
			break;
		case MISSING:
			break;
		}
		if (exact)
			break;
	}
	return false;
}

static bool search_library(struct loader *loader, const struct request *request)
{
	struct link *link = loader->link;
	const struct options *options = link->options;
	for (uint32_t i = 0; i < options->library_paths.n; i++)
		if (search_in(loader, request, options->library_paths.at[i]))
			return true;
	for (uint32_t i = 0; i < loader->script_dirs.n; i++)
		if (search_in(loader, request, loader->script_dirs.at[i]))
			return true;
	for (const char *const *dir = link->arch->search_dirs; *dir && !options->nostdlib; dir++)
		if (search_in(loader, request, arena_printf(&link->arena, "%s%s", options->sysroot, *dir)))
			return true;
	return false;
}

/* Does the file lie below the folder, whatever links and dots their names contain? */
static bool is_below(const char *path, const char *folder)
{
	char *real_path = realpath(path, NULL), *real_folder = realpath(folder, NULL);
	bool below = real_path && real_folder && strncmp(real_path, real_folder, strlen(real_folder)) == 0;
	free(real_path);
	free(real_folder);
	return below;
}

/* A path: as it is, or, in a script, below the sysroot (when the script is there, too) and along the search path. */
static bool load_path(struct loader *loader, const struct request *request, int *error)
{
	struct link *link = loader->link;
	static const char variable[] = "$SYSROOT";
	const char *sysroot = link->options->sysroot, *name = request->name;
	bool prefixed = name[0] == '=';
	if (prefixed)
		name = arena_printf(&link->arena, "%s%s", sysroot, name + 1);
	else if (request->from_script && (prefixed = strncmp(name, variable, sizeof(variable) - 1) == 0))
		name = arena_printf(&link->arena, "%s%s", sysroot, name + sizeof(variable) - 1);
	if (request->from_script && !prefixed && name[0] == '/' && *sysroot &&
	    is_below(request->from_script, sysroot) &&
	    open_input(loader, request, arena_printf(&link->arena, "%s%s", sysroot, name), false, error) == OPENED)
		return true;
	if (open_input(loader, request, name, false, error) == OPENED)
		return true;
	if (!request->from_script || name[0] == '/')
		return false;
	struct request along = *request;
	along.name = arena_printf(&link->arena, ":%s", name);
	const char *slash = strrchr(request->from_script, '/');
	const char *folder =
		slash ? arena_strndup(&link->arena, request->from_script, (size_t)(slash - request->from_script)) : ".";
	return search_in(loader, &along, folder) || search_library(loader, &along);
}

static void report_not_found(struct link *link, const struct request *request)
{
	bool only_static = request->prefer_static || link->options->is_static;
	struct diag_about about = {.kind = "cannot-open"};
	if (request->name[0] != ':')
		about.hint = library_hint(link, request->name, only_static);
	diag_report(link->diag, SEVERITY_ERROR, link->files.n, &about,
		    "unable to find library -l%s\n>>> cannot find -l%s in the directories given by -L and the default "
		    "ones%s%s",
		    request->name, request->name, request->from_script ? "\n>>> named by " : "",
		    request->from_script ? request->from_script : "");
}

static void load(struct loader *loader, const struct request *request)
{
	struct link *link = loader->link;
	int error = ENOENT;
	if (request->is_library) {
		if (!search_library(loader, request))
			report_not_found(link, request);
	} else if (!load_path(loader, request, &error)) {
		diag_report(link->diag, SEVERITY_ERROR, link->files.n, &(struct diag_about){.kind = "cannot-open"},
			    "cannot %s %s: %s%s%s", request->from_script ? "find" : "open", request->name,
			    strerror(error),
			    request->from_script ? "\n>>> named by " : "",
			    request->from_script ? request->from_script : "");
	}
}

/* What the command line names by path is opened, and archives among it are looked into, by all threads; then files are
 * numbered in order. */
struct reading_ahead {
	struct link *link;
	const struct input_request **inputs; /* of each file that was opened ahead */
	struct archive_scan *scans;          /* and what it offers, if it is an archive */
};

static void scan_range(void *context, size_t begin, size_t end, unsigned worker)
{
	struct reading_ahead *reading = context;
	struct link *link = reading->link;
	for (size_t i = begin; i < end; i++) {
		const struct io_file *file = &link->io->ahead.files[i];
		if (!file->error && archive_kind(file->bytes) != ARCHIVE_NOT)
			archive_scan(&reading->scans[i], file->bytes, reading->inputs[i]->whole_archive,
				     &link->worker_arenas[worker]);
	}
}

static void read_ahead(struct reading_ahead *reading)
{
	struct link *link = reading->link;
	uint32_t n = 0;
	const char **paths = arena_array(&link->arena, const char *, link->options->inputs.n);
	reading->inputs = arena_array(&link->arena, const struct input_request *, link->options->inputs.n);
	for (uint32_t i = 0; i < link->options->inputs.n; i++) {
		const struct input_request *input = &link->options->inputs.at[i];
		if (input->is_library || input->script || input->name[0] == '=')
			continue;
		paths[n] = input->name;
		reading->inputs[n++] = input;
	}
	io_open_ahead(link->io, link->pool, paths, n);
	reading->scans = arena_array(&link->arena, struct archive_scan, n);
	parallel_for(link->pool, n, 1, scan_range, reading);
}

/* The inputs that a script of -T names. */
static void load_option_script(struct loader *loader, const struct input_request *input)
{
	struct request request = {
		.as_needed = input->as_needed,
		.whole_archive = input->whole_archive,
		.prefer_static = input->prefer_static,
		.lazy = input->lazy,
		.group = input->group,
	};
	if (input->script == 1)
		loader->link->loaded_before_script = loader->link->loaded.n;
	load_named(loader, &request, NULL, input->name, &loader->link->option_scripts.at[input->script - 1]);
}

static bool is_loaded(const struct link *link, const char *name)
{
	for (uint32_t i = 0; i < link->loaded.n; i++)
		if (strcmp(link->loaded.at[i], name) == 0)
			return true;
	for (file_id id = 1; id < link->files.n; id++) {
		struct str member = file_of(link, id)->member;
		if (member.len && member.len == strlen(name) && memcmp(member.at, name, member.len) == 0)
			return true;
	}
	return false;
}

/* A file that an input section description names, and nobody else, is an input (GNU ld manual, "Input Section Basics"),
 * if it can be found. */
static void load_described(struct loader *loader, const struct statement *statement)
{
	for (; statement; statement = statement->next) {
		if (statement->kind == STATEMENT_SECTION)
			load_described(loader, statement->section->body);
		if (statement->kind == STATEMENT_OVERLAY)
			load_described(loader, statement->overlay->sections);
		if (statement->kind != STATEMENT_INPUT || statement->input->file.kind != FILE_PLAIN ||
		    !glob_is_literal(statement->input->file.file) ||
		    is_loaded(loader->link, statement->input->file.file.at))
			continue;
		int error;
		load_path(loader, &(struct request){.name = statement->input->file.file.at,
						    .from_script = statement->place.text->path,
						    .is_described = true}, &error);
	}
}

/* Without -m, the first file of the command line that is an object decides, if there is one. (Compilers always say
 * -m.) */
static void choose_target(struct loader *loader)
{
	const struct io *io = loader->link->io;
	loader->target_is_open = !loader->link->options->emulation;
	for (uint32_t i = 0; i < io->ahead.n && loader->target_is_open; i++)
		if (!io->ahead.files[i].error)
			decide_target(loader, arch_of_file(io->ahead.files[i].bytes));
}

void inputs_load(struct link *link)
{
	struct loader loader = {.link = link};
	struct reading_ahead ahead = {.link = link};
	for (uint32_t i = 0; i < link->option_scripts.n; i++) {
		const struct script *script = &link->option_scripts.at[i];
		for (uint32_t k = 0; k < script->search_dirs.n; k++)
			*array_push(&loader.script_dirs) = script->search_dirs.at[k];
	}
	read_ahead(&ahead);
	choose_target(&loader);
	for (uint32_t i = 0; i < link->options->inputs.n; i++) {
		const struct input_request *input = &link->options->inputs.at[i];
		uint32_t next = link->io->ahead.next;
		bool is_next = next < link->io->ahead.n && ahead.inputs[next] == input;
		bool is_archive = is_next && archive_kind(link->io->ahead.files[next].bytes) != ARCHIVE_NOT;
		if (input->script)
			load_option_script(&loader, input);
		else
			load(&loader, &(struct request){
				      .name = input->name,
				      .is_library = input->is_library,
				      .as_needed = input->as_needed,
				      .whole_archive = input->whole_archive,
				      .prefer_static = input->prefer_static,
				      .lazy = input->lazy,
				      .group = input->group,
				      .scan = is_archive ? &ahead.scans[next] : NULL,
				      .binary = input->binary,
				      .just_symbols = input->just_symbols,
			      });
	}
	load_described(&loader, link->script.statements);
	if (link->options->verify_output && !link->arch->can_verify)
		diag_error(link->diag, 0, "--verify-output checks outputs for x86-64 only, and this one is for %s",
			   link->arch->bfd_name);
	array_free(&loader.script_dirs);
	array_free(&loader.archives);
}
