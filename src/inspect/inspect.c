#include "inspect/inspect.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/hosted.h"
#include "inspect/identify.h"
#include "ldso/check.h"
#include "ldso/cpu.h"
#include "ldso/heap.h"
#include "ldso/needed.h"
#include "ldso/preload.h"
#include "ldso/scope.h"
#include "ldso/search.h"
#include "ldso/sys.h"
#include "ldso/versions.h"

static const char *keep(struct inspection *in, const char *text)
{
	return text ? arena_strndup(&in->arena, text, strlen(text)) : NULL;
}

const char *inspect_name(const struct inspection *in, const struct object *object)
{
	return object == in->ld->program ? in->path : object->name;
}

bool inspect_is_preload(const struct inspection *in, const struct object *object)
{
	for (uint32_t i = 0; i < in->preloads.n; i++)
		if (in->preloads.at[i] == object)
			return true;
	return false;
}

/* --- what the search tells */

enum { MOST_STEPS = 100000 }; /* that are kept: nobody reads more */

static void search_begins(void *context, const char *name, const struct object *requester)
{
	struct inspection *in = context;
	*array_push(&in->records) =
		(struct search_record){.name = keep(in, name), .requester = requester, .from = in->steps.n};
}

static void search_tried(void *context, const char *path, const char *what, const char *where, enum open_result result,
			 int code)
{
	struct inspection *in = context;
	if (!in->records.n || in->steps.n == MOST_STEPS)
		return;
	struct search_step step = {keep(in, path), keep(in, what), keep(in, where), result, code};
	*array_push(&in->steps) = step;
	in->records.at[in->records.n - 1].n++;
}

const struct search_record *inspect_search(const struct inspection *in, const char *name,
					   const struct object *requester)
{
	for (uint32_t i = 0; i < in->records.n; i++)
		if (in->records.at[i].requester == requester && strcmp(in->records.at[i].name, name) == 0)
			return &in->records.at[i];
	return NULL;
}

/* --- the program */

/* A name without a slash that is no file here is looked for as the shell does. */
static const char *find_program(struct inspection *in, const char *path)
{
	const char *list = getenv("PATH");
	if (strchr(path, '/') || !access(path, F_OK) || !list || !*path)
		return path;
	for (;;) {
		size_t length = strcspn(list, ":");
		const char *try = arena_printf(&in->arena, "%.*s%s%s", (int)length, list, length ? "/" : "", path);
		struct stat stat_of;
		if (!access(try, X_OK) && !stat(try, &stat_of) && S_ISREG(stat_of.st_mode))
			return try;
		if (!list[length])
			return path;
		list += length + 1;
	}
}

static void say(const struct inspection *in, const char *command, const char *text)
{
	if (command)
		fprintf(stderr, "%s: %s: %s\n", command, in->path, text);
}

/* What fail() was told. */
static const char *failure_text(struct inspection *in)
{
	const struct failure *failure = &in->ld->failure;
	bool about_other = *failure->object && strcmp(failure->object, in->path) != 0;
	return arena_printf(&in->arena, "%s%s%s%s%s", about_other ? failure->object : "", about_other ? ": " : "",
			    failure->text, failure->code ? ": " : "", failure->code ? strerror(failure->code) : "");
}

/* $ORIGIN is the folder of the file that the kernel runs: links are followed. */
static void set_origin(struct inspection *in, struct object *program)
{
	char *real = realpath(in->path, NULL);
	char *slash = real ? strrchr(real, '/') : NULL;
	if (slash) {
		slash[slash == real] = 0;
		program->origin = heap_text(real);
	}
	free(real);
}

static bool open_program(struct inspection *in, const char *command)
{
	struct loader *ld = in->ld;
	const char *what = identify(&in->arena, in->path);
	if (what) {
		say(in, command, what);
		return false;
	}
	struct opened opened;
	int code = 0;
	if (image_open(ld, in->path, &opened, &code) == OPEN_OK)
		ld->program = image_map(ld, &opened, in->path, in->path, OBJECT_PROGRAM);
	if (!ld->program) {
		say(in, command, ld->failed ? failure_text(in) : strerror(code));
		return false;
	}
	set_origin(in, ld->program);
	return true;
}

/* --- the loader that would be started */

static void add_problem(struct inspection *in, enum problem_kind kind, const char *object, const char *text,
			const char *needed_by)
{
	struct problem problem = {.kind = kind, .object = keep(in, object), .text = keep(in, text),
				  .needed_by = keep(in, needed_by), .fatal = true};
	*array_push(&in->problems) = problem;
}

/* Maps the interpreter as the object that everybody shares. One that can't be read is there in name only. */
static void open_interpreter(struct inspection *in)
{
	static const char usual[] = "/lib64/" LOADER_SONAME;
	struct loader *ld = in->ld;
	const char *path = in->interpreter ? in->interpreter : usual;
	struct opened opened;
	int code = ENOENT;
	enum open_result result = image_open(ld, path, &opened, &code);
	struct object *self = result == OPEN_OK ? image_map(ld, &opened, path, path, OBJECT_STARTUP) : NULL;
	if (self && !check_symbols(ld, self)) {
		image_unmap(self);
		self = NULL;
	}
	if (!self) {
		const char *why = ld->failed ? failure_text(in) : strerror(result == OPEN_OTHER_CLASS ? ENOEXEC : code);
		if (in->interpreter)
			add_problem(in, PROBLEM_FILE, path, arena_printf(&in->arena, "the interpreter: %s", why),
				    in->path);
		fail_clear(ld);
		self = heap_alloc(sizeof(*self));
		self->name = heap_text(path);
		self->missing = true;
		self->missing_text = "the interpreter cannot be read";
	}
	in->foreign_loader = self->soname && strcmp(self->soname, LOADER_SONAME) != 0;
	self->is_self = true;
	object_add_name(self, path);
	object_add_name(self, LOADER_SONAME);
	object_read_versions(ld, self);
	ld->self = self;
}

/* --- the rest */

static void set_options(struct inspection *in, const struct inspect_options *options)
{
	struct options *to = &in->ld->options;
	struct stat stat_of;
	bool owner_runs = !stat(in->path, &stat_of) && ((stat_of.st_mode & S_ISUID && stat_of.st_uid != geteuid()) ||
							(stat_of.st_mode & S_ISGID && stat_of.st_gid != getegid()));
	in->secure = in->ld->secure = owner_runs;
	const char *variable = getenv("LD_LIBRARY_PATH");
	to->library_path = owner_runs || !variable || !*variable ? NULL : variable;
	to->library_path_source = "LD_LIBRARY_PATH";
	if (options->library_path) {
		to->library_path = options->library_path;
		to->library_path_source = "--library-path";
	}
	to->preload_variable = getenv("LD_PRELOAD");
	to->preload_option = options->preload;
	to->dynamic_weak = !owner_runs && getenv("LD_DYNAMIC_WEAK");
	to->inhibit_cache = options->inhibit_cache;
	to->inhibit_rpath = options->inhibit_rpath;
	to->hwcaps_prepend = options->hwcaps_prepend;
	to->hwcaps_mask = options->hwcaps_mask;
}

static void report_version(struct loader *ld, const char *object, const char *text, enum version_problem problem)
{
	struct inspection *in = ld->watcher->context;
	add_problem(in, PROBLEM_VERSION, object, text, NULL);
	in->problems.at[in->problems.n - 1].fatal = problem != VERSION_WARNING;
}

static bool has_needs(const struct object *program)
{
	for (const Elf64_Dyn *entry = program->dynamic; entry && entry->d_tag != DT_NULL; entry++)
		if (entry->d_tag == DT_NEEDED)
			return true;
	return false;
}

static void note_missing(struct inspection *in)
{
	for (const struct object *object = in->ld->first; object; object = object->next) {
		if (!object->missing || object->is_self)
			continue;
		const char *why = arena_printf(&in->arena, "%s%s%s", object->missing_text,
					       object->missing_code ? ": " : "",
					       object->missing_code ? strerror(object->missing_code) : "");
		add_problem(in, PROBLEM_LIBRARY, object->name, why,
			    object->requester ? inspect_name(in, object->requester) : NULL);
	}
}

/* Two files with one soname: each has its own variables, and only the first one's symbols are found. */
static void note_duplicates(struct inspection *in)
{
	const struct object_list *search = &in->ld->program->search;
	for (uint32_t i = 1; i < search->n; i++)
		for (uint32_t j = 1; j < i; j++) {
			const char *soname = search->at[i]->soname, *other = search->at[j]->soname;
			if (!soname || !other || strcmp(soname, other) != 0)
				continue;
			const char *text = arena_printf(&in->arena, "has the soname %s, as %s, which is loaded too",
							soname, search->at[j]->name);
			add_problem(in, PROBLEM_FILE, search->at[i]->name, text, NULL);
			in->problems.at[in->problems.n - 1].fatal = false;
		}
}

/* An object whose tables lead astray keeps its place but has no symbols. */
static void check_object(struct inspection *in, struct object *object)
{
	if (check_symbols(in->ld, object))
		return;
	add_problem(in, PROBLEM_FILE, inspect_name(in, object), in->ld->failure.text, NULL);
	fail_clear(in->ld);
	object->table.nbuckets = 0;
	object->table.bloom = NULL;
	object->nrela = object->nplt_rela = object->nrelr = 0;
}

bool inspect_open(struct inspection *in, const struct inspect_options *options, const char *path, const char *command)
{
	*in = (struct inspection){.ld = &the_loader};
	in->watcher = (struct search_watcher){.context = in, .begin = search_begins, .tried = search_tried};
	struct loader *ld = in->ld;
	ld->options.mode = MODE_INSPECT;
	ld->watcher = &in->watcher;
	ld->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	unsigned long platform = getauxval(AT_PLATFORM);
	ld->platform = platform ? (const char *)platform : "";
	in->path = find_program(in, path);
	ld->argc = 1;
	ld->argv = arena_array(&in->arena, char *, 2);
	ld->argv[0] = arena_strndup(&in->arena, in->path, strlen(in->path));
	set_options(in, options);
	if (!open_program(in, command))
		return false;
	struct object *program = ld->program;
	in->interpreter = program->interpreter;
	bool is_pie = program->flags_1 & DF_1_PIE;
	in->is_static = !program->dynamic || (is_pie && !in->interpreter && !has_needs(program));
	in->is_library = !in->is_static && !in->interpreter && !is_pie;
	open_interpreter(in);

	cpu_start(&ld->platform);
	object_link(ld, program);
	scope_start(ld, program);
	search_start(ld);
	if (!in->is_static)
		in->preloads = preload_all(ld);
	bool loaded = load_needed(ld, program, in->preloads.at, in->preloads.n, LOAD_MISSING | LOAD_BROKEN);
	cache_close();
	if (!loaded) {
		say(in, command, failure_text(in));
		return false;
	}
	scope_add_global(ld, program);
	note_missing(in);
	note_duplicates(in);
	for (uint32_t i = 0; i < program->search.n; i++) {
		check_object(in, program->search.at[i]);
		object_read_versions(ld, program->search.at[i]);
	}
	for (uint32_t i = 0; i < program->search.n; i++)
		if (!program->search.at[i]->is_self)
			versions_check(ld, program->search.at[i], true, report_version);
	return true;
}

static void forget_object(struct object *object)
{
	unique_forget(object);
	if (object->start)
		image_unmap(object);
}

void inspect_free(struct inspection *in)
{
	struct loader *ld = in->ld;
	for (struct object *object = ld->first; object; object = object->next)
		forget_object(object);
	if (ld->self)
		forget_object(ld->self);
	hosted_forget();
	array_free(&in->steps);
	array_free(&in->records);
	array_free(&in->problems);
	arena_free(&in->arena);
}

bool inspect_is_incomplete(const struct inspection *in)
{
	for (uint32_t i = 0; i < in->problems.n; i++)
		if (in->problems.at[i].fatal)
			return true;
	return false;
}
