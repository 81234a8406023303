#include "ld/input/inputs.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "ld/input/foreign.h"
#include "ld/input/library_hint.h"
#include "ld/input/made_object.h"
#include "ld/input/object.h"
#include "ld/input/shared_object.h"
#include "ld/input/text_script.h"
#include "ld/report/trace.h"

/* The state that a file of the command line or of a script is opened with. */
struct request {
	const char *name;
	bool is_library, as_needed, whole_archive, prefer_static, lazy, binary, just_symbols;
	const char *from_script;  /* path of the script that names it, or NULL */
	unsigned depth;           /* scripts inside scripts */
};

struct archive_seen {
	dev_t dev;
	ino_t ino;
};

struct loader {
	struct link *link;
	ARRAY(const char *) script_dirs; /* SEARCH_DIR of text scripts */
	ARRAY(struct archive_seen) archives;
};

enum opened { OPENED, MISSING, INCOMPATIBLE };

enum { MAX_SCRIPT_DEPTH = 16 };

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

/* An object or a shared object on its own. */
static void add_elf(struct loader *loader, const struct request *request, const char *path, struct bytes bytes,
		    enum elf_kind kind)
{
	struct link *link = loader->link;
	if (kind == ELF_RELOCATABLE) {
		struct file *file = file_of(link, new_file(link, FILE_OBJECT, request, path, bytes));
		file->lazy = request->lazy;
		file->live = !request->lazy;
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
			return;
		}
	}
}

/* -b binary, -R: an object is made from the file. */
static void add_made(struct loader *loader, const struct request *request, const char *path, struct bytes bytes)
{
	struct link *link = loader->link;
	struct elf_error error;
	struct bytes object;
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

/* The bytes of a member; a thin archive's members are files of their own, named relative to the archive. */
static bool member_bytes(struct link *link, const char *archive_path, bool thin, const struct archive_member *member,
			 struct bytes *out)
{
	*out = member->data;
	if (!thin)
		return true;
	const char *slash = strrchr(archive_path, '/');
	int folder = slash && member->name.len && member->name.at[0] != '/' ? (int)(slash - archive_path + 1) : 0;
	const char *path =
		arena_printf(&link->arena, "%.*s%.*s", folder, archive_path, (int)member->name.len, member->name.at);
	const struct io_file *file = io_read(link->io, path);
	if (file->error) {
		report_input(link, archive_path, "cannot-open", "cannot open member %s of the thin archive: %s", path,
			     strerror(file->error));
		return false;
	}
	*out = file->bytes;
	return true;
}

static struct file *add_member(struct loader *loader, const struct request *request, const char *path,
			       const struct archive *archive, const struct archive_member *member)
{
	struct link *link = loader->link;
	struct bytes bytes;
	if (!member_bytes(link, path, archive->thin, member, &bytes))
		return NULL;
	struct file *file = file_of(link, new_file(link, FILE_OBJECT, request, path, bytes));
	file->member = member->name;
	file->lazy = !request->whole_archive;
	file->live = request->whole_archive;
	if (file->live)
		trace_member(link, file);
	return file;
}

/* Members of an archive with an index: those it names, in the order of their offsets, each with the slice of names that
 * are its. Indexes list members in file order, so that a member's names follow each other; where they do not, the
 * member gets its names from its symbol table like a member of an archive without an index. */
static bool add_indexed_members(struct loader *loader, const struct request *request, const char *path,
				const struct archive *archive)
{
	struct link *link = loader->link;
	struct archive_index index;
	struct elf_error error;
	if (!archive_read_index(archive, &index, &error)) {
		report_archive(link, path, &error);
		return true;
	}
	uint64_t last = 0;
	for (uint64_t i = 0; i < index.n; i++) {
		uint64_t offset = archive_index_offset(&index, i);
		if (offset < last)
			return false;
		last = offset;
	}
	const char *name = index.names;
	for (uint64_t i = 0, next; i < index.n; i = next) {
		uint64_t offset = archive_index_offset(&index, i);
		const char *names = name;
		for (next = i; next < index.n && archive_index_offset(&index, next) == offset; next++)
			name += strlen(name) + 1;
		struct archive_member member;
		if (!archive_member_at(archive, offset, &member, &error)) {
			report_archive(link, path, &error);
			return true;
		}
		struct file *file = add_member(loader, request, path, archive, &member);
		if (!file)
			return true;
		file->lazy_names = names;
		file->n_lazy = (uint32_t)(next - i);
	}
	return true;
}

static void add_all_members(struct loader *loader, const struct request *request, const char *path,
			    const struct archive *archive)
{
	struct link *link = loader->link;
	for (uint64_t at = archive->first; at < archive->bytes.size;) {
		struct archive_member member;
		struct elf_error error;
		if (!archive_member_at(archive, at, &member, &error)) {
			report_archive(link, path, &error);
			return;
		}
		at = member.next;
		struct bytes bytes;
		if (!member_bytes(link, path, archive->thin, &member, &bytes))
			return;
		/* Other things are kept in archives (documentation, bitcode's tables); only objects are ours. */
		if (elf_kind(bytes) == ELF_RELOCATABLE)
			add_member(loader, request, path, archive, &member);
	}
}

static void add_archive(struct loader *loader, const struct request *request, const struct io_file *opened)
{
	struct link *link = loader->link;
	const char *path = opened->path;
	if (!request->whole_archive) {
		for (uint32_t i = 0; i < loader->archives.n; i++)
			if (loader->archives.at[i].dev == opened->dev && loader->archives.at[i].ino == opened->ino)
				return; /* its members are candidates already, wherever it stands */
	}
	*array_push(&loader->archives) = (struct archive_seen){opened->dev, opened->ino};
	struct archive archive;
	struct elf_error error;
	if (!archive_read(&archive, opened->bytes, &error)) {
		report_archive(link, path, &error);
		return;
	}
	if (request->whole_archive || archive.index.size == 0 || !add_indexed_members(loader, request, path, &archive))
		add_all_members(loader, request, path, &archive);
}

/* "-lc" may find an archive for another machine, which is then skipped. */
static bool first_member_is_foreign(const struct link *link, struct bytes bytes)
{
	struct archive archive;
	struct archive_member member;
	struct elf_error error;
	if (!archive_read(&archive, bytes, &error) || archive.thin || archive.first >= bytes.size ||
	    !archive_member_at(&archive, archive.first, &member, &error))
		return false;
	return elf_kind(member.data) != ELF_NOT && is_foreign(link, member.data);
}

/* Opens a text file given as input. The names in it are loaded in its place. */
static enum opened add_script(struct loader *loader, const struct request *request, const char *path,
			      struct bytes bytes, bool searching)
{
	struct link *link = loader->link;
	struct text_script script = {0};
	if (request->depth >= MAX_SCRIPT_DEPTH) {
		report_input(link, path, "script", "scripts are nested too deeply (a script that names itself?)");
		return OPENED;
	}
	if (!text_script_parse(&script, path, bytes, &link->arena, link->diag)) {
		text_script_free(&script);
		return OPENED;
	}
	if (script.output_format && strcmp(script.output_format, link->arch->bfd_name) != 0) {
		enum opened result = OPENED;
		if (searching)
			result = INCOMPATIBLE;
		else
			report_input(link, path, "wrong-architecture",
				     "OUTPUT_FORMAT(%s) is not the format of this link (%s)", script.output_format,
				     link->arch->bfd_name);
		text_script_free(&script);
		return result;
	}
	for (uint32_t i = 0; i < script.search_dirs.n; i++)
		*array_push(&loader->script_dirs) = script.search_dirs.at[i];
	for (uint32_t i = 0; i < script.externs.n; i++)
		*array_push(&link->externs) = script.externs.at[i];
	if (script.entry && !link->script_entry)
		link->script_entry = script.entry;
	if (script.version.size)
		version_script_parse(&link->version_script, path, script.version, script.version_line, &link->arena,
				     link->diag);
	for (uint32_t i = 0; i < script.inputs.n; i++) {
		const struct text_script_input *input = &script.inputs.at[i];
		load(loader, &(struct request){
				     .name = input->name,
				     .is_library = input->is_library,
				     .as_needed = request->as_needed || input->as_needed,
				     .whole_archive = request->whole_archive,
				     .prefer_static = request->prefer_static,
				     .lazy = request->lazy,
				     .from_script = path,
				     .depth = request->depth + 1,
			     });
	}
	text_script_free(&script);
	return OPENED;
}

/* Opens `path` if it is there. `searching`: a file for another target is not an error, the search goes on. */
static enum opened open_input(struct loader *loader, const struct request *request, const char *path, bool searching,
			      int *error)
{
	struct link *link = loader->link;
	struct io_file opened = *io_read(link->io, path);
	path = opened.path;
	*error = opened.error;
	if (opened.error)
		return MISSING;

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
		return add_script(loader, request, path, opened.bytes, searching);
	else if (opened.bytes.size >= 4 && memcmp(opened.bytes.data, "BC\xc0\xde", 4) == 0)
		report_input(link, path, "unsupported-input",
			     "LLVM bitcode: link-time optimisation is not supported yet; compile with -fno-lto");
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
	const char *sysroot = link->options->sysroot, *name = request->name;
	if (name[0] == '=')
		return open_input(loader, request, arena_printf(&link->arena, "%s%s", sysroot, name + 1), false,
				  error) == OPENED;
	if (request->from_script && name[0] == '/' && *sysroot && is_below(request->from_script, sysroot) &&
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
			    "cannot open %s: %s%s%s", request->name, strerror(error),
			    request->from_script ? "\n>>> named by " : "",
			    request->from_script ? request->from_script : "");
	}
}

void inputs_load(struct link *link)
{
	struct loader loader = {.link = link};
	for (uint32_t i = 0; i < link->options->inputs.n; i++) {
		const struct input_request *input = &link->options->inputs.at[i];
		load(&loader, &(struct request){
				      .name = input->name,
				      .is_library = input->is_library,
				      .as_needed = input->as_needed,
				      .whole_archive = input->whole_archive,
				      .prefer_static = input->prefer_static,
				      .lazy = input->lazy,
				      .binary = input->binary,
				      .just_symbols = input->just_symbols,
			      });
	}
	array_free(&loader.script_dirs);
	array_free(&loader.archives);
}
