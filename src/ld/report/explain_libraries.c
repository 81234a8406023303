/* Libraries that define undefined symbols, but are no part of the link: what -lNAME would find is looked into, until
 * MOST_NAMES have been read. (A limit of time would say something else on a busy machine.) */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arch/arch.h"
#include "elf/hash.h"
#include "ld/input/foreign.h"
#include "ld/input/text_script.h"
#include "ld/script/parse.h"
#include "ld/report/explain.h"

enum {
	MAX_SCRIPT_INPUTS = 8,
	MOST_NAMES = 4 << 20, /* well below a second's work */
	FILE_NAMES = 1 << 10, /* to open a file takes as long as so many names */
};

/* A library of the search path. */
struct library {
	const char *path;
	struct str name;          /* NAME of -lNAME */
	bool shared;
	off_t size;
	const char *other;        /* a file of the link with the same name in another folder; NULL: none */
	uint64_t has;             /* bit i: it defines unexplained symbol i */
};

struct search {
	struct explanation *explanation;
	struct io io;             /* of its own: these files are no inputs */
	struct arena arena;
	ARRAY(struct library) libraries;
	uint64_t n_names;         /* read */
	uint64_t wanted;          /* bit i: symbol i is looked for */
	uint32_t gnu_hashes[MAX_EXPLAINED];
};

_Static_assert(MAX_EXPLAINED <= 64, "symbols are bits of a uint64_t");

/* ---- what there is ----------------------------------------------------------------------------------------- */

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);
	return len > n && strcmp(name + len - n, end) == 0;
}

/* By name, and "libx.so" before "libx.a". */
static int compare_names(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	bool x_shared = ends_with(x, ".so"), y_shared = ends_with(y, ".so");
	return x_shared != y_shared ? (int)y_shared - (int)x_shared : strcmp(x, y);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* -lNAME takes the first folder that has the name, and there .so before .a. */
static bool is_hidden(const struct search *search, const struct library *library)
{
	for (uint32_t i = 0; i < search->libraries.n; i++) {
		const struct library *other = &search->libraries.at[i];
		if (!other->other && other->name.len == library->name.len &&
		    memcmp(other->name.at, library->name.at, library->name.len) == 0)
			return true;
	}
	return false;
}

static void add_library(struct search *search, const char *dir, const char *name, bool shared)
{
	const struct link *link = search->explanation->link;
	struct library library = {.path = arena_printf(&search->arena, "%s/%s", dir, name), .shared = shared};
	const char *stem = base_name(library.path) + strlen("lib");
	library.name = (struct str){stem, (uint32_t)(strlen(stem) - strlen(shared ? ".so" : ".a"))};
	for (uint32_t i = 0; i < link->loaded.n; i++)
		if (strcmp(base_name(link->loaded.at[i]), name) == 0)
			library.other = link->loaded.at[i];
	if ((library.other && strcmp(library.other, library.path) == 0) || is_hidden(search, &library))
		return;
	*array_push(&search->libraries) = library;
}

static void add_folder(struct search *search, const char *dir)
{
	ARRAY(const char *) names = {0};
	DIR *folder = opendir(dir);
	if (!folder)
		return;
	for (struct dirent *entry; (entry = readdir(folder));) {
		bool library = ends_with(entry->d_name, ".a") || ends_with(entry->d_name, ".so");
		if (library && strncmp(entry->d_name, "lib", 3) == 0)
			*array_push(&names) = arena_strndup(&search->arena, entry->d_name, strlen(entry->d_name));
	}
	closedir(folder);
	if (names.n)
		qsort(names.at, names.n, sizeof(*names.at), compare_names);
	for (uint32_t i = 0; i < names.n; i++) {
		bool shared = ends_with(names.at[i], ".so");
		if (!shared || !search->explanation->link->options->is_static)
			add_library(search, dir, names.at[i], shared);
	}
	array_free(&names);
}

static void add_folders(struct search *search)
{
	const struct link *link = search->explanation->link;
	const struct options *options = link->options;
	for (uint32_t i = 0; i < options->library_paths.n; i++)
		add_folder(search, options->library_paths.at[i]);
	for (const char *const *dir = link->arch->search_dirs; *dir && !options->nostdlib; dir++)
		add_folder(search, arena_printf(&search->arena, "%s%s", options->sysroot, *dir));
}

/* ---- what is in them --------------------------------------------------------------------------------------- */

static uint64_t bit_of(struct search *search, const char *name, size_t len)
{
	const struct unexplained *symbol = explain_find(search->explanation, name, len);
	return symbol ? search->wanted & (uint64_t)1 << (symbol - search->explanation->at) : 0;
}

/* The hash table says at the price of a page or two what most libraries do not define. */
static bool may_define_any(struct search *search, struct bytes bytes)
{
	const struct explanation *explanation = search->explanation;
	struct elf_file file;
	struct elf_error error;
	struct elf_room room = room_in(&search->arena);
	if (!elf_read_file_in(&file, bytes, &room, &error))
		return false;
	for (uint32_t s = 1; s < file.nshdr; s++) {
		if (file.shdrs[s].sh_type != SHT_GNU_HASH)
			continue;
		struct bytes table = elf_section_bytes(&file, s);
		for (uint32_t i = 0; i < explanation->n; i++)
			if (search->wanted >> i & 1 &&
			    elf_gnu_hash_may_have(file.dialect, table, search->gnu_hashes[i]))
				return true;
		return false;
	}
	return true;
}

static uint64_t search_shared(struct search *search, struct bytes bytes)
{
	struct elf_shared shared;
	struct elf_error error;
	uint64_t has = 0;
	struct elf_room room = room_in(&search->arena);
	if (!may_define_any(search, bytes) || !elf_read_shared_in(&shared, bytes, &room, &error))
		return 0;
	search->n_names += shared.dynsym.n;
	for (uint32_t i = shared.dynsym.first_global; i < shared.dynsym.n; i++) {
		const struct elf_sym *sym = &shared.dynsym.syms[i];
		bool hidden = shared.versym && read16(shared.versym + 2 * (uint64_t)i) & VERSYM_HIDDEN;
		const char *name = shared.dynsym.strtab + sym->st_name;
		if (sym->st_shndx != SHN_UNDEF && !hidden && elf_sym_visibility(sym) != STV_HIDDEN)
			has |= bit_of(search, name, strlen(name));
	}
	return has;
}

static bool is_for_this_link(const struct link *link, const struct archive *archive, uint64_t offset)
{
	struct archive_member member;
	struct elf_error error;
	return archive->thin || (archive_member_at(archive, offset, &member, &error) && !is_foreign(link, member.data));
}

static uint64_t search_archive(struct search *search, struct bytes bytes)
{
	struct archive archive;
	struct archive_index index;
	struct elf_error error;
	uint64_t has = 0;
	if (!archive_read(&archive, bytes, &error) || archive.index.size == 0 ||
	    !archive_read_index(&archive, &index, &error))
		return 0;
	const char *name = index.names;
	search->n_names += index.n;
	for (uint64_t i = 0; i < index.n; i++) {
		size_t len = strlen(name);
		uint64_t bit = bit_of(search, name, len);
		if (bit && is_for_this_link(search->explanation->link, &archive, archive_index_offset(&index, i)))
			has |= bit;
		name += len + 1;
	}
	return has;
}

static uint64_t search_file(struct search *search, const char *path, bool in_script);

/* "libm.so" may be a script that names the files. Those it would search for are passed over. */
static uint64_t search_script(struct search *search, const char *path, struct bytes bytes)
{
	struct script script = {0};
	struct script_text text = {path, bytes};
	struct diag quiet;
	uint64_t has = 0;
	diag_init(&quiet);
	if (script_parse(&script, &text, NULL, &search->arena, &quiet))
		for (uint32_t i = 0; i < script.inputs.n && i < MAX_SCRIPT_INPUTS; i++)
			if (!script.inputs.at[i].is_library && script.inputs.at[i].name[0] == '/')
				has |= search_file(search, script.inputs.at[i].name, true);
	script_free(&script);
	diag_free(&quiet);
	return has;
}

/* What a file of the link defines is not undefined, unless it does not count: such files are passed over. */
static bool is_loaded(const struct search *search, const struct io_file *file)
{
	const struct io *io = search->explanation->link->io;
	for (uint32_t i = 0; i < io->files.n; i++)
		if (!io->files.at[i].error && io->files.at[i].dev == file->dev && io->files.at[i].ino == file->ino)
			return true;
	return false;
}

static uint64_t search_file(struct search *search, const char *path, bool in_script)
{
	struct stat status;
	if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) /* to open a pipe can take forever */
		return 0;
	const struct io_file *file = io_read(&search->io, path);
	struct bytes bytes = file->bytes;
	if (file->error || bytes.size == 0 || is_loaded(search, file))
		return 0;
	if (elf_kind(bytes) == ELF_SHARED)
		return is_foreign(search->explanation->link, bytes) ? 0 : search_shared(search, bytes);
	if (archive_kind(bytes) != ARCHIVE_NOT)
		return search_archive(search, bytes);
	return !in_script && text_script_plausible(bytes) ? search_script(search, path, bytes) : 0;
}

/* ---- saying it --------------------------------------------------------------------------------------------- */

/* What to write instead of -lNAME, where compilers have a word for it. */
static const struct {
	const char *name, *instead;
} compilers[] = {
	{"stdc++", "link with g++, or add -lstdc++"},
	{"c++", "link with clang++ -stdlib=libc++, or add -lc++"},
	{"gfortran", "link with gfortran, or add -lgfortran"},
	{"gomp", "compile and link with -fopenmp, or add -lgomp"},
	{"gcov", "link with --coverage"},
};

static const char *remedy(struct search *search, const struct library *library)
{
	for (unsigned i = 0; i < COUNTOF(compilers); i++)
		if (strlen(compilers[i].name) == library->name.len &&
		    memcmp(compilers[i].name, library->name.at, library->name.len) == 0)
			return compilers[i].instead;
	if (library->other)
		return arena_printf(&search->arena, "the link has %s, which lacks it: is that another version?",
				    library->other);
	return arena_printf(&search->arena, "add -l%.*s", (int)library->name.len, library->name.at);
}

/* The library that defines most of what is left; of several such ones that with the shortest name, then the first. */
static const struct library *best_library(const struct search *search, uint64_t left)
{
	const struct library *best = NULL;
	int most = 0;
	for (uint32_t i = 0; i < search->libraries.n; i++) {
		const struct library *library = &search->libraries.at[i];
		int n = __builtin_popcountll(library->has & left);
		bool better = n > most || (n == most && n && library->name.len < best->name.len);
		if (better) {
			best = library;
			most = n;
		}
	}
	return best;
}

static void say(struct search *search)
{
	struct explanation *explanation = search->explanation;
	uint64_t left = search->wanted;
	for (const struct library *library; (library = best_library(search, left)); left &= ~library->has) {
		uint64_t has = library->has & left;
		struct unexplained *first = &explanation->at[__builtin_ctzll(has)];
		int others = __builtin_popcountll(has) - 1;
		if (others)
			explain_hint(explanation, first, "%s defines it, and %d more of the undefined symbols: %s",
				     library->path, others, remedy(search, library));
		else
			explain_hint(explanation, first, "%s defines it: %s", library->path, remedy(search, library));
		for (uint32_t i = 0; i < explanation->n; i++)
			explanation->at[i].found |= has >> i & 1;
	}
}

static int compare_sizes(const void *a, const void *b)
{
	const struct library *x = *(const struct library *const *)a, *y = *(const struct library *const *)b;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Small files first: most is found before it is enough. Returns how many libraries were read. */
static uint32_t search_all(struct search *search)
{
	uint32_t n = search->libraries.n, searched = 0;
	struct library **order = arena_array(&search->arena, struct library *, n);
	for (uint32_t i = 0; i < n; i++) {
		struct stat status;
		order[i] = &search->libraries.at[i];
		order[i]->size = stat(order[i]->path, &status) == 0 ? status.st_size : 0;
	}
	if (n)
		qsort(order, n, sizeof(struct library *), compare_sizes);
	for (; searched < n && search->n_names < MOST_NAMES; searched++) {
		search->n_names += FILE_NAMES;
		order[searched]->has = search_file(search, order[searched]->path, false);
	}
	return searched;
}

/* A search that gave up says so once, where it found nothing. */
static void say_given_up(struct explanation *explanation, uint32_t searched, uint32_t n)
{
	for (uint32_t i = 0; i < explanation->n; i++) {
		if (explanation->at[i].found)
			continue;
		explain_hint(explanation, &explanation->at[i],
			     "the search for a library that defines it was given up: %u of %u files were read", searched,
			     n);
		return;
	}
}

void explain_libraries(struct explanation *explanation)
{
	struct search search = {.explanation = explanation};
	for (uint32_t i = 0; i < explanation->n; i++) {
		const struct unexplained *symbol = &explanation->at[i];
		search.wanted |= (uint64_t)!symbol->found << i;
		search.gnu_hashes[i] = elf_gnu_hash(symbol->name);
	}
	if (search.wanted)
		add_folders(&search);
	uint32_t searched = search_all(&search);
	say(&search);
	if (searched < search.libraries.n)
		say_given_up(explanation, searched, search.libraries.n);
	array_free(&search.libraries);
	arena_free(&search.arena);
	io_free(&search.io);
}
