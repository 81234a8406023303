#include "ld/resolve/backrefs.h"

#include <string.h>

#include "base/glob.h"
#include "base/hash.h"
#include "ld/input/object.h"
#include "ld/report/describe.h"
#include "ld/resolve/resolve.h"
#include "ld/resolve/symbols.h"

#define NOBODY UINT32_MAX

/* What GNU ld would know of a name. It has names that the link has not: those of members only GNU ld extracts. */
struct name {
	struct str text;
	uint64_t hash;
	uint32_t next;                /* in its bucket */
	enum symbol_rank rank;        /* 0: not defined yet */
	file_id definer;
	uint32_t index;               /* in its symbol table */
	file_id asker;                /* who mentioned it first as undefined and not weak, or NOBODY */
	bool mentioned, asked_by_object, asked_by_shared;
	bool reported;
	file_id comdat;               /* whose COMDAT group of this signature is kept, or NOBODY */
};

struct reading {
	struct link *link;
	struct arena arena;
	ARRAY(struct name) names;     /* [0] is none */
	uint32_t *buckets, n_buckets; /* a power of two */
	bool *loaded;                 /* by file */
	uint32_t *extracted_for;      /* by file: the name that made GNU ld extract or need it, or 0 */
	uint32_t questions;           /* how often a name came to be undefined, or common before anybody mentioned it */
};

/* ---- names ------------------------------------------------------------------------------------------------ */

static uint32_t find_name(const struct reading *reading, struct str text, uint64_t hash)
{
	uint32_t id = reading->buckets[hash & (reading->n_buckets - 1)];
	while (id) {
		const struct name *name = &reading->names.at[id];
		if (name->hash == hash && name->text.len == text.len && memcmp(name->text.at, text.at, text.len) == 0)
			break;
		id = name->next;
	}
	return id;
}

static void grow_buckets(struct reading *reading)
{
	reading->n_buckets = reading->n_buckets ? reading->n_buckets * 2 : 1024;
	reading->buckets = arena_array(&reading->arena, uint32_t, reading->n_buckets);
	for (uint32_t id = 1; id < reading->names.n; id++) {
		uint32_t *bucket = &reading->buckets[reading->names.at[id].hash & (reading->n_buckets - 1)];
		reading->names.at[id].next = *bucket;
		*bucket = id;
	}
}

static struct name *name_of(struct reading *reading, struct str text)
{
	uint64_t hash = hash_bytes(text.at, text.len);
	uint32_t id = find_name(reading, text, hash);
	if (!id) {
		if (reading->names.n >= reading->n_buckets)
			grow_buckets(reading);
		id = reading->names.n;
		uint32_t *bucket = &reading->buckets[hash & (reading->n_buckets - 1)];
		*array_push(&reading->names) = (struct name){
			.text = text, .hash = hash, .next = *bucket, .asker = NOBODY, .comdat = NOBODY};
		*bucket = id;
	}
	return &reading->names.at[id];
}

static bool has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The name that entry `index` of a file's symbol table has for the link; empty: none. Members that nobody extracted
 * have no interned names: --wrap and "foo@@V" are done here as resolve_files() does them. */
static struct str name_in(struct reading *reading, const struct file *file, uint32_t index)
{
	const struct link *link = reading->link;
	if (!file->lazy) {
		symbol_id id = global_of(file, index);
		return id ? symbol_name(link, id) : (struct str){"", 0};
	}
	const struct elf_sym *sym = &file->symtab.syms[index];
	const char *text = file->symtab.strtab + sym->st_name;
	for (uint32_t i = 0; sym->st_shndx == SHN_UNDEF && i < link->options->wraps.n; i++) {
		const char *wrapped = link->options->wraps.at[i];
		if (strcmp(text, wrapped) == 0)
			return str_of(arena_printf(&reading->arena, "__wrap_%s", wrapped));
		if (has_prefix(text, "__real_") && strcmp(text + strlen("__real_"), wrapped) == 0)
			return str_of(wrapped);
	}
	const char *version = strstr(text, "@@");
	return version && version != text ? (struct str){text, (uint32_t)(version - text)} : str_of(text);
}

static void ask(struct reading *reading, struct str text, file_id asker)
{
	struct name *name = name_of(reading, text);
	name->mentioned = true;
	if (name->asker == NOBODY) {
		name->asker = asker;
		reading->questions += !name->rank;
	}
	if (asker == INTERNAL_FILE)
		return;
	if (file_of(reading->link, asker)->kind == FILE_SHARED)
		name->asked_by_shared = true;
	else
		name->asked_by_object = true;
}

static void define(struct reading *reading, struct str text, enum symbol_rank rank, file_id file, uint32_t index)
{
	struct name *name = name_of(reading, text);
	reading->questions += rank == RANK_COMMON && !name->rank && !name->mentioned;
	name->mentioned = true;
	if (name->rank && name->rank <= rank)
		return;
	name->rank = rank;
	name->definer = file;
	name->index = index;
}

/* ---- reading inputs as GNU ld does ------------------------------------------------------------------------ */

/* The sections of an object that are in COMDAT groups already kept of another file. */
static bool *dropped_sections(struct reading *reading, file_id id)
{
	const struct file *file = file_of(reading->link, id);
	bool *dropped = arena_array(&reading->arena, bool, file->elf.nshdr);
	for (uint32_t i = 1; i < file->elf.nshdr; i++) {
		struct elf_group group;
		struct elf_error error;
		if (file->elf.shdrs[i].sh_type != SHT_GROUP ||
		    !elf_read_group(&group, &file->elf, i, file->symtab.n, &error) || !group.comdat)
			continue;
		const struct elf_sym *sym = &file->symtab.syms[group.signature];
		struct str text = str_of(file->symtab.strtab + sym->st_name);
		if (elf_sym_type(sym) == STT_SECTION && !elf_sym_is_special(&file->symtab, group.signature))
			text = str_of(elf_section_name(&file->elf, elf_sym_section(&file->symtab, group.signature)));
		struct name *signature = name_of(reading, text);
		if (signature->comdat == NOBODY)
			signature->comdat = id;
		for (uint32_t m = 0; signature->comdat != id && m < group.nmembers; m++)
			dropped[read32(group.members + (size_t)m * 4)] = true;
	}
	return dropped;
}

static enum symbol_rank rank_in(const struct file *file, const struct elf_sym *sym)
{
	if (file->kind == FILE_SHARED)
		return RANK_ELSEWHERE;
	if (sym->st_shndx == SHN_COMMON)
		return RANK_COMMON;
	return elf_sym_bind(sym) == STB_WEAK ? RANK_WEAK : RANK_STRONG;
}

static bool is_parsed(struct link *link, file_id id)
{
	const struct file *file = file_of(link, id);
	return !file->lazy || file->symtab.n || object_parse(link, id, &link->arena);
}

static void load(struct reading *reading, file_id id, uint32_t extracted_for)
{
	struct link *link = reading->link;
	if (reading->loaded[id] || !is_parsed(link, id))
		return;
	const struct file *file = file_of(link, id);
	reading->loaded[id] = true;
	reading->extracted_for[id] = extracted_for;
	const bool *dropped = file->kind == FILE_OBJECT ? dropped_sections(reading, id) : NULL;
	for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
		const struct elf_sym *sym = &file->symtab.syms[i];
		struct str text = name_in(reading, file, i);
		if (!text.len)
			continue;
		if (sym->st_shndx != SHN_UNDEF) {
			if (!dropped || elf_sym_is_special(&file->symtab, i) ||
			    !dropped[elf_sym_section(&file->symtab, i)])
				define(reading, text, rank_in(file, sym), id, i);
		} else if (elf_sym_bind(sym) != STB_WEAK) {
			ask(reading, text, id);
		} else {
			name_of(reading, text)->mentioned = true;
		}
	}
}

static bool is_on_needed_list(const struct reading *reading, const char *soname)
{
	for (file_id id = 1; id < reading->link->files.n; id++) {
		const struct file *file = file_of(reading->link, id);
		for (uint64_t i = 0; file->kind == FILE_SHARED && reading->loaded[id] && i < file->n_dynamic; i++) {
			const struct elf_dyn *dyn = &file->dynamic[i];
			if (dyn->d_tag == DT_NEEDED && dyn->d_val < file->symtab.strtab_size &&
			    strcmp(file->symtab.strtab + dyn->d_val, soname) == 0)
				return true;
		}
	}
	return false;
}

/* --as-needed: a name that is undefined at this moment and that the library defines, or 0. */
static uint32_t needed_name(struct reading *reading, const struct file *file)
{
	for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
		struct str text = name_in(reading, file, i);
		if (file->symtab.syms[i].st_shndx == SHN_UNDEF || !text.len)
			continue;
		uint32_t id = find_name(reading, text, hash_bytes(text.at, text.len));
		const struct name *name = &reading->names.at[id];
		if (!name->rank && (name->asked_by_object ||
				    (name->asked_by_shared && !is_on_needed_list(reading, file->soname))))
			return id;
	}
	return 0;
}

/* Only a definition is worth a common symbol's while, not another common symbol. */
static bool defines(struct reading *reading, file_id id, struct str text)
{
	const struct file *file = file_of(reading->link, id);
	for (uint32_t i = file->symtab.first_global; is_parsed(reading->link, id) && i < file->symtab.n; i++) {
		struct str other = name_in(reading, file, i);
		if (other.len == text.len && memcmp(other.at, text.at, text.len) == 0)
			return resolve_replaces_common(&file->symtab.syms[i]);
	}
	return false;
}

/* The name that makes GNU ld extract the member at this moment, or 0. */
static uint32_t wanted_name(struct reading *reading, file_id id)
{
	const char *text = file_of(reading->link, id)->lazy_names;
	for (uint32_t i = 0; i < file_of(reading->link, id)->n_lazy; i++) {
		struct str name = str_of(text);
		uint32_t found = find_name(reading, name, hash_bytes(name.at, name.len));
		text += name.len + 1;
		if (found &&
		    (reading->names.at[found].rank ? reading->names.at[found].rank == RANK_COMMON &&
							     defines(reading, id, name)
						   : reading->names.at[found].asker != NOBODY))
			return found;
	}
	return 0;
}

/* Its members in order, again and again as long as that brings new questions (bfd/elflink.c,
 * elf_link_add_archive_symbols, with undefs_tail). */
static void search_archive(struct reading *reading, const struct input_step *step)
{
	for (uint32_t before = UINT32_MAX; before != reading->questions;) {
		before = reading->questions;
		for (file_id id = step->first; id < step->first + step->n; id++) {
			uint32_t wanted = reading->loaded[id] ? 0 : wanted_name(reading, id);
			if (wanted)
				load(reading, id, wanted);
		}
	}
}

static void read_step(struct reading *reading, const struct input_step *step)
{
	if (step->is_archive) {
		search_archive(reading, step);
		return;
	}
	for (file_id id = step->first; id < step->first + step->n; id++) {
		const struct file *file = file_of(reading->link, id);
		bool conditional = file->kind == FILE_SHARED && step->as_needed;
		uint32_t needed = conditional ? needed_name(reading, file) : 0;
		if (!conditional || needed)
			load(reading, id, needed);
	}
}

static void read_all(struct reading *reading)
{
	const struct link *link = reading->link;
	for (uint32_t i = 0; i < link->input_steps.n;) {
		const struct input_step *steps = link->input_steps.at;
		uint32_t end = i + 1;
		while (steps[i].group && end < link->input_steps.n && steps[end].group == steps[i].group)
			end++;
		for (uint32_t before = UINT32_MAX; before != reading->questions;) {
			before = reading->questions;
			for (uint32_t s = i; s < end; s++)
				read_step(reading, &steps[s]);
			if (!steps[i].group)
				break;
		}
		i = end;
	}
}

/* What options ask for and define. GNU ld does not extract members for the entry point. */
static void read_options(struct reading *reading)
{
	const struct link *link = reading->link;
	const struct options *options = link->options;
	for (uint32_t i = 0; i < link->internal_globals.n; i++)
		if (link->internal_globals.at[i] && link->internal_syms.at[i].st_shndx != SHN_UNDEF)
			define(reading, symbol_name(link, link->internal_globals.at[i]), RANK_STRONG, INTERNAL_FILE, i);
	for (uint32_t i = 0; i < options->undefined.n; i++)
		ask(reading, str_of(options->undefined.at[i]), INTERNAL_FILE);
	for (uint32_t i = 0; i < options->require_defined.n; i++)
		ask(reading, str_of(options->require_defined.at[i]), INTERNAL_FILE);
	for (uint32_t i = 0; i < link->externs.n; i++)
		ask(reading, str_of(link->externs.at[i]), INTERNAL_FILE);
}

/* ---- comparing -------------------------------------------------------------------------------------------- */

static bool is_excluded(const struct link *link, file_id id)
{
	struct arena arena = {0};
	bool excluded = false;
	if (id != NOBODY && id != INTERNAL_FILE) {
		const struct file *file = file_of(link, id);
		struct str path = str_of(file->path);
		struct str whole = str_of(arena_printf(&arena, FILE_FORMAT, FILE_ARGS(file)));
		for (uint32_t i = 0; i < link->options->backrefs_excluded.n && !excluded; i++) {
			struct str glob = str_of(link->options->backrefs_excluded.at[i]);
			excluded = glob_match(glob, path) || glob_match(glob, whole);
		}
	}
	arena_free(&arena);
	return excluded;
}

static const char *file_words(struct arena *arena, const struct link *link, file_id id)
{
	return id == INTERNAL_FILE ? "an option" : arena_printf(arena, FILE_FORMAT, FILE_ARGS(file_of(link, id)));
}

/* `mine`: the file gild takes the symbol from, `other`: the one that GNU ld deals with in another way; NOBODY: none. */
static void warn(struct reading *reading, struct name *name, file_id mine, file_id other, const char *what)
{
	struct link *link = reading->link;
	if (name->reported || is_excluded(link, mine) || is_excluded(link, other))
		return;
	struct arena arena = {0};
	symbol_id symbol = symbols_find(link, name->text);
	const char *text = symbol ? describe_symbol(link, &arena, symbol)
				  : arena_strndup(&arena, name->text.at, name->text.len);
	const char *refers = mine == NOBODY ? ""
					    : arena_printf(&arena, " %s %s",
							   name->asker == NOBODY ? "is defined by" : "refers to",
							   file_words(&arena, link, mine));
	const char *asker = name->asker == NOBODY ? ""
						  : arena_printf(&arena, " in %s",
								 file_words(&arena, link, name->asker));
	name->reported = true;
	diag_warning(link->diag, diag_order(name->asker == NOBODY ? mine : name->asker, 0),
		     "backward reference detected: %s%s%s\n>>> GNU ld, which reads inputs in order, %s%s", text, asker,
		     refers, what, other == NOBODY ? "" : file_words(&arena, link, other));
	arena_free(&arena);
}

/* An archive that is also named under --whole-archive gives each of its members twice. */
static bool is_same_file(const struct link *link, file_id a, file_id b)
{
	if (a == b || a == INTERNAL_FILE || b == INTERNAL_FILE)
		return a == b;
	const struct file *x = file_of(link, a), *y = file_of(link, b);
	return x->bytes.size == y->bytes.size && strcmp(x->path, y->path) == 0 &&
	       memcmp(x->bytes.data, y->bytes.data, x->bytes.size) == 0;
}

static bool is_live_elsewhere(const struct link *link, file_id id)
{
	for (file_id other = 1; other < link->files.n; other++)
		if (file_of(link, other)->live && is_same_file(link, id, other))
			return true;
	return false;
}

static bool is_in_group(const struct link *link, file_id id, uint32_t index)
{
	const struct file *file = file_of(link, id);
	return file->kind == FILE_OBJECT && !elf_sym_is_special(&file->symtab, index) &&
	       file->elf.shdrs[elf_sym_section(&file->symtab, index)].sh_flags & SHF_GROUP;
}

static void compare_name(struct reading *reading, uint32_t id)
{
	struct link *link = reading->link;
	struct name *name = &reading->names.at[id];
	symbol_id symbol = symbols_find(link, name->text);
	uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
	if (owner == OWNER_NONE || owner_file(owner) == INTERNAL_FILE)
		return; /* what the linker defines is not among the inputs; what GNU ld alone has, has another cause */
	file_id mine = owner_file(owner);
	if (!name->rank && name->asker != NOBODY)
		warn(reading, name, mine, NOBODY, "would leave it undefined");
	else if (name->rank && !is_same_file(link, name->definer, mine) &&
		 !(name->rank == RANK_COMMON && owner_rank(owner) == RANK_COMMON) &&
		 !(is_in_group(link, mine, owner_index(owner)) && is_in_group(link, name->definer, name->index)))
		warn(reading, name, mine, name->definer, "would take it from ");
}

/* The first file of each chain of members and libraries that only one of the two linkers has. Why only gild needs a
 * library has been said: it defines something. */
static void compare_file(struct reading *reading, file_id id)
{
	struct link *link = reading->link;
	const struct file *file = file_of(link, id);
	if (reading->loaded[id] == file->live || (file->live && file->kind == FILE_SHARED))
		return;
	if (file->live) {
		bool asker_is_common_to_both = file->asked_by == INTERNAL_FILE || reading->loaded[file->asked_by];
		if (file->asked_for && asker_is_common_to_both)
			warn(reading, name_of(reading, symbol_name(link, file->asked_for)), id, NOBODY,
			     "would not extract it");
		return;
	}
	struct name *name = &reading->names.at[reading->extracted_for[id]];
	if (is_live_elsewhere(link, id))
		return;
	if (name->asker != NOBODY && (name->asker == INTERNAL_FILE || file_of(link, name->asker)->live))
		warn(reading, name, NOBODY, id, file->kind == FILE_SHARED ? "would need " : "would extract ");
}

void backrefs_warn(struct link *link)
{
	struct reading reading = {.link = link};
	reading.loaded = arena_array(&reading.arena, bool, link->files.n);
	reading.extracted_for = arena_array(&reading.arena, uint32_t, link->files.n);
	*array_push(&reading.names) = (struct name){.asker = NOBODY, .comdat = NOBODY};
	grow_buckets(&reading);
	read_options(&reading);
	read_all(&reading);
	for (uint32_t i = 1; i < reading.names.n; i++)
		compare_name(&reading, i);
	for (file_id id = 1; id < link->files.n; id++)
		compare_file(&reading, id);
	array_free(&reading.names);
	arena_free(&reading.arena);
}
