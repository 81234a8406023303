#include "ld/resolve/resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ld/input/object.h"
#include "ld/input/shared_object.h"
#include "ld/report/describe.h"
#include "ld/report/trace.h"
#include "ld/resolve/abi_check.h"
#include "ld/resolve/exports.h"
#include "ld/resolve/internal.h"
#include "ld/resolve/symbols.h"

enum { FILE_GRAIN = 8, MAX_LISTS = 32 };

/* Mentions of names: what defines a symbol (or has it in common), or is a shared object's; and what asks for it. */
enum { MENTIONS_DEFINE = 1 << 0, MENTIONS_ASK = 1 << 1 };

/* A batch of files that are read, named or looked at together. */
struct batch {
	struct link *link;
	const file_id *files;
	uint32_t n;
	struct intern_batch *names;
	uint8_t mentions;         /* MENTIONS_*: what is named */
	uint32_t *cuts;           /* list i of names is of files[cuts[i] .. cuts[i + 1]) */
	bool extracted;           /* the set of live files is final */
	bool elsewhere;           /* own_definitions: of shared objects and lazy members, rather than of objects */
};

static uint32_t globals_in(const struct file *file)
{
	return file->symtab.n - file->symtab.first_global;
}

static void parse_files(void *context, size_t begin, size_t end, unsigned worker)
{
	struct batch *batch = context;
	for (size_t i = begin; i < end; i++)
		if (file_of(batch->link, batch->files[i])->kind == FILE_OBJECT)
			object_parse(batch->link, batch->files[i], &batch->link->worker_arenas[worker]);
}

/* The name a symbol is looked up by: --wrap renames references, "foo@@V" defines foo. */
static struct str lookup_name(struct link *link, file_id id, uint32_t index, struct arena *arena,
			      uint32_t *versioned_capacity)
{
	struct file *file = file_of(link, id);
	const struct elf_sym *sym = &file->symtab.syms[index];
	struct str name = str_of(file->symtab.strtab + sym->st_name);
	if (sym->st_shndx == SHN_UNDEF) {
		for (uint32_t i = 0; i < link->options->wraps.n; i++) {
			const char *wrapped = link->options->wraps.at[i];
			if (strcmp(name.at, wrapped) == 0)
				return str_of(arena_printf(arena, "__wrap_%s", wrapped));
			if (strncmp(name.at, "__real_", 7) == 0 && strcmp(name.at + 7, wrapped) == 0)
				return str_of(wrapped);
		}
	}
	const char *at = file->has_at ? memchr(name.at, '@', name.len) : NULL;
	if (!at || at == name.at)
		return name;
	bool is_default = at[1] == '@';
	const char *version = at + 1 + strspn(at + 1, "@");
	if (file->n_versioned == *versioned_capacity) {
		struct versioned_symbol *grown =
			arena_array(arena, struct versioned_symbol, *versioned_capacity * 2 + 8);
		if (file->n_versioned)
			memcpy(grown, file->versioned, file->n_versioned * sizeof(*grown));
		file->versioned = grown;
		*versioned_capacity = *versioned_capacity * 2 + 8;
	}
	file->versioned[file->n_versioned++] = (struct versioned_symbol){index, is_default, str_of(version)};
	if (is_default && sym->st_shndx != SHN_UNDEF)
		return (struct str){name.at, (uint32_t)(at - name.at)};
	if (is_default) /* "foo@@V" undefined means the same as "foo@V" */
		return str_of(arena_printf(arena, "%.*s@%s", (int)(at - name.at), name.at, version));
	return name;
}

static void name_globals(struct batch *batch, file_id id, uint32_t list, unsigned worker)
{
	struct link *link = batch->link;
	struct file *file = file_of(link, id);
	uint32_t versioned_capacity = file->n_versioned;
	for (uint32_t i = 0; i < globals_in(file); i++) {
		uint32_t index = file->symtab.first_global + i;
		bool asks = file->kind == FILE_OBJECT && file->symtab.syms[index].st_shndx == SHN_UNDEF;
		if (!(batch->mentions & (asks ? MENTIONS_ASK : MENTIONS_DEFINE)))
			continue;
		struct str name = lookup_name(link, id, index, &link->worker_arenas[worker], &versioned_capacity);
		bool hidden = false;
		if (file->kind == FILE_SHARED && shared_object_version(file, index, &hidden) == VER_NDX_LOCAL &&
		    file->symtab.syms[index].st_shndx != SHN_UNDEF)
			hidden = true;
		/* Not the default version: known as name@VERSION only, see bind_versioned(). Like what has no name it
		 * is symbol 0. */
		if (!name.len && file->kind == FILE_OBJECT)
			object_report(link, id,
				      &(struct elf_error){"st_name", "is empty, but the symbol is global", index, 0});
		if (!hidden && name.len)
			symbols_add(batch->names, link, list, name, &file->globals[i], worker);
	}
}

static void name_files(void *context, size_t begin, size_t end, unsigned worker)
{
	struct batch *batch = context;
	for (size_t list = begin; list < end; list++)
		for (uint32_t i = batch->cuts[list]; i < batch->cuts[list + 1]; i++) {
			struct file *file = file_of(batch->link, batch->files[i]);
			if (file->kind == FILE_INTERNAL)
				continue; /* interns its names itself */
			if (file->kind == FILE_SHARED && !(batch->mentions & MENTIONS_DEFINE))
				continue; /* all at once */
			if (!file->lazy) {
				name_globals(batch, batch->files[i], (uint32_t)list, worker);
				continue;
			}
			const char *name = file->lazy_names;
			for (uint32_t n = 0; batch->mentions & MENTIONS_DEFINE && n < file->n_lazy; n++) {
				struct str text = str_of(name);
				if (text.len)
					symbols_add(batch->names, batch->link, (uint32_t)list, text,
						    &file->lazy_symbols[n], worker);
				name += text.len + 1;
			}
		}
}

static uint32_t names_in(const struct file *file, uint8_t mentions)
{
	bool defined = mentions & MENTIONS_DEFINE, asked = mentions & MENTIONS_ASK;
	if (file->kind == FILE_INTERNAL)
		return 0;
	if (file->lazy)
		return defined ? file->n_lazy : 0;
	if (file->kind == FILE_SHARED)
		return defined ? globals_in(file) : 0;
	return (defined ? file->symtab.n_defined : 0) + (asked ? globals_in(file) - file->symtab.n_defined : 0);
}

/* Cuts the first of the batch's files that are left into lists of about equally many names; returns the number of
 * lists. `share`: names of a list, at least. */
static uint32_t cut_names(struct batch *batch, uint64_t share)
{
	uint32_t n = 0, file = batch->cuts[0];
	while (file < batch->n && n < MAX_LISTS) {
		uint64_t sum = 0;
		while (file < batch->n && sum < share)
			sum += names_in(file_of(batch->link, batch->files[file++]), batch->mentions);
		batch->cuts[++n] = file;
	}
	return n;
}

/* In rounds, so that not all names are on their way at the same time. */
static void intern_mentions(struct link *link, struct batch *batch, uint8_t mentions, uint64_t total)
{
	enum { LEAST = 1 << 12, MOST = 1 << 14 }; /* names of a list, but for files that have more */
	batch->mentions = mentions;
	batch->cuts[0] = 0;
	while (batch->cuts[0] < batch->n) {
		uint32_t lists = cut_names(batch, max_u64(LEAST, min_u64(MOST, total / MAX_LISTS)));
		intern_batch_begin(batch->names, lists);
		parallel_for(link->pool, lists, 1, name_files, batch);
		symbols_run(link, batch->names);
		batch->cuts[0] = batch->cuts[lists];
	}
}

/* The first time what is defined comes first: see symbols.h. Later, what comes are members whose definitions the indices
 * of their archives have named. */
static void intern_files(struct link *link, struct intern_batch **names, const file_id *files, uint32_t n)
{
	uint32_t cuts[MAX_LISTS + 1] = {0};
	struct batch batch = {.link = link, .files = files, .n = n, .cuts = cuts, .names = *names};
	uint64_t total = 0, strong = 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct file *file = file_of(link, files[i]);
		total += names_in(file, MENTIONS_DEFINE | MENTIONS_ASK);
		strong += file->kind == FILE_OBJECT && !file->lazy ? file->symtab.n_strong : 0;
	}
	if (*names) {
		intern_mentions(link, &batch, MENTIONS_DEFINE | MENTIONS_ASK, total);
		return;
	}
	symbols_init(link, total, strong);
	internal_begin(link);
	batch.names = *names = intern_batch_new(&link->names, link->pool);
	intern_mentions(link, &batch, MENTIONS_DEFINE, total);
	intern_mentions(link, &batch, MENTIONS_ASK, total);
}

static void own(struct link *link, symbol_id id, uint64_t key)
{
	_Atomic uint64_t *owner = &link->symbols[id].owner;
	uint64_t old = atomic_load_explicit(owner, memory_order_relaxed);
	while (key < old &&
	       !atomic_compare_exchange_weak_explicit(owner, &old, key, memory_order_relaxed, memory_order_relaxed))
		;
}

bool is_live_definition(const struct link *link, const struct file *file, uint32_t index)
{
	if (file->symtab.syms[index].st_shndx == SHN_UNDEF)
		return false;
	if (file->kind != FILE_OBJECT || elf_sym_is_special(&file->symtab, index) || file->first_section == 0)
		return true;
	return section_of(link, file->first_section + elf_sym_section(&file->symtab, index))->live;
}

/* Before archive members are chosen a common symbol ranks last: a member that defines the name is preferred to it. */
enum { RANK_COMMON_BEFORE_EXTRACTION = 5 };

static enum symbol_rank rank_of(const struct file *file, const struct elf_sym *sym)
{
	if (file->kind == FILE_SHARED)
		return RANK_ELSEWHERE;
	if (elf_sym_is_common(sym))
		return RANK_COMMON;
	return elf_sym_bind(sym) == STB_WEAK ? RANK_WEAK : RANK_STRONG;
}

/* The most constraining visibility wins: internal, hidden, protected, default (gABI, "Symbol Visibility"). Default, which
 * most mentions have, constrains nothing: then the symbol is not even read. */
static void constrain_visibility(struct symbol *symbol, uint8_t visibility)
{
	if (visibility == STV_DEFAULT)
		return;
	uint8_t old = atomic_load_explicit(&symbol->visibility, memory_order_relaxed);
	while ((old == STV_DEFAULT || visibility < old) &&
	       !atomic_compare_exchange_weak_explicit(&symbol->visibility, &old, visibility, memory_order_relaxed,
						      memory_order_relaxed))
		;
}

static void own_range(void *context, size_t begin, size_t end, unsigned worker)
{
	struct batch *batch = context;
	struct link *link = batch->link;
	(void)worker;
	for (size_t f = begin; f < end; f++) {
		file_id id = batch->files[f];
		struct file *file = file_of(link, id);
		if ((file->lazy || file->kind == FILE_SHARED) != batch->elsewhere)
			continue;
		for (uint32_t i = 0; file->lazy && i < file->n_lazy; i++)
			own(link, file->lazy_symbols[i], owner_key(RANK_ELSEWHERE, id, i));
		for (uint32_t i = 0; !file->lazy && i < globals_in(file); i++) {
			uint32_t index = file->symtab.first_global + i;
			const struct elf_sym *sym = &file->symtab.syms[index];
			if (!file->globals[i])
				continue;
			struct symbol *symbol = &link->symbols[file->globals[i]];
			if (file->kind == FILE_SHARED &&
			    atomic_load_explicit(&symbol->visibility, memory_order_relaxed) != STV_DEFAULT)
				continue; /* the references are to something inside the output */
			if (sym->st_shndx == SHN_UNDEF && !batch->elsewhere)
				constrain_visibility(symbol, elf_sym_visibility(sym));
			file->has_common |= elf_sym_is_common(sym);
			if (!is_live_definition(link, file, index))
				continue;
			enum symbol_rank rank = rank_of(file, sym);
			if (rank == RANK_COMMON && !batch->extracted) {
				symbol_set(symbol, SYMBOL_COMMON);
				rank = (enum symbol_rank)RANK_COMMON_BEFORE_EXTRACTION;
			}
			own(link, file->globals[i], owner_key(rank, id, index));
		}
	}
}

/* Objects first: their references say whether a shared object can be the owner at all. */
static void own_definitions(struct batch *batch)
{
	batch->elsewhere = false;
	parallel_for(batch->link->pool, batch->n, FILE_GRAIN, own_range, batch);
	batch->elsewhere = true;
	parallel_for(batch->link->pool, batch->n, FILE_GRAIN, own_range, batch);
}

/* ---- extracting archive members ----------------------------------------------------------------------- */

/* A lazy member without index entry: its names come from its symbol table, which is then read again if it is
 * extracted. */
static void name_unindexed_members(struct link *link, const file_id *files, uint32_t n)
{
	for (uint32_t f = 0; f < n; f++) {
		struct file *file = file_of(link, files[f]);
		if (!file->lazy || file->lazy_names || !object_parse(link, files[f], &link->arena))
			continue;
		uint64_t size = 0;
		for (int pass = 0; pass < 2; pass++) {
			char *names = pass ? arena_alloc(&link->arena, size + 1, 1) : NULL;
			if (pass)
				file->lazy_names = names;
			for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
				const struct elf_sym *sym = &file->symtab.syms[i];
				if (sym->st_shndx == SHN_UNDEF || elf_sym_is_common(sym))
					continue;
				size_t len = strlen(file->symtab.strtab + sym->st_name) + 1;
				if (pass) {
					memcpy(names, file->symtab.strtab + sym->st_name, len);
					names += len;
				} else {
					size += len;
					file->n_lazy++;
				}
			}
		}
	}
}

struct wave {
	struct link *link;
	ARRAY(file_id) next;
};

bool resolve_replaces_common(const struct elf_sym *sym)
{
	bool is_global = elf_sym_bind(sym) == STB_GLOBAL || elf_sym_bind(sym) >= STB_LOOS;
	return is_global && elf_sym_type(sym) != STT_FUNC && elf_sym_type(sym) != STT_GNU_IFUNC &&
	       sym->st_shndx != SHN_UNDEF && !elf_sym_is_common(sym);
}

/* Does a member define the name, rather than having a common symbol of it, too? Only then it is worth a common symbol's
 * while. */
static bool member_defines(struct link *link, file_id id, struct str name)
{
	struct file *member = file_of(link, id);
	if (!member->symtab.n && !object_parse(link, id, &link->arena))
		return false;
	for (uint32_t i = member->symtab.first_global; i < member->symtab.n; i++) {
		const struct elf_sym *sym = &member->symtab.syms[i];
		const char *other = member->symtab.strtab + sym->st_name;
		if (strncmp(other, name.at, name.len) == 0 && other[name.len] == '\0')
			return resolve_replaces_common(sym);
	}
	return false;
}

/* Notes the lazy member that the references of `file` ask for. Shared objects ask, too: the program may have to supply
 * what they lack. */
static void extract_for(struct wave *wave, const struct file *file)
{
	struct link *link = wave->link;
	symbols_fetch(link, file);
	for (uint32_t i = 0; i < globals_in(file); i++) {
		const struct elf_sym *sym = &file->symtab.syms[file->symtab.first_global + i];
		bool asks =
			(sym->st_shndx == SHN_UNDEF && elf_sym_bind(sym) != STB_WEAK) || elf_sym_is_common(sym);
		if (!asks || !file->globals[i])
			continue;
		const struct symbol *symbol = &link->symbols[file->globals[i]];
		uint64_t owner = symbol_owner(symbol);
		if (owner == OWNER_NONE || owner_rank(owner) != RANK_ELSEWHERE)
			continue;
		struct file *member = file_of(link, owner_file(owner));
		if (member->asks || (!member->lazy && (file->kind == FILE_SHARED || sym->st_shndx != SHN_UNDEF)))
			continue; /* what only a shared object needs of another is between the two */
		if (symbol_flags(symbol) & SYMBOL_COMMON &&
		    !member_defines(link, owner_file(owner), symbol_name(link, file->globals[i])))
			continue;
		member->asks = true;
		if (member->lazy) {
			member->live = true;
			member->asked_by = (file_id)(file - link->files.at);
			member->asked_for = file->globals[i];
		}
		*array_push(&wave->next) = owner_file(owner);
	}
}

static int compare_ids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static void extract_members(struct link *link, struct intern_batch *names, const file_id *roots, uint32_t n)
{
	struct wave wave = {.link = link};
	bool any_elsewhere = false;
	for (uint32_t i = 0; i < n && !any_elsewhere; i++)
		any_elsewhere = file_of(link, roots[i])->lazy || file_of(link, roots[i])->kind == FILE_SHARED;
	if (!any_elsewhere)
		return;
	for (uint32_t i = 0; i < n; i++)
		if (!file_of(link, roots[i])->lazy && file_of(link, roots[i])->live)
			file_of(link, roots[i])->asks = true;
	for (uint32_t i = 0; i < n; i++)
		if (file_of(link, roots[i])->asks)
			extract_for(&wave, file_of(link, roots[i]));
	while (wave.next.n) {
		/* In input order, whatever order the questions came in. Of shared objects only the undefined symbols
		 * are of interest. */
		struct wave next = {.link = link};
		struct batch batch = {.link = link, .files = wave.next.at};
		qsort(wave.next.at, wave.next.n, sizeof(file_id), compare_ids);
		for (uint32_t i = 0; i < wave.next.n; i++) {
			struct file *file = file_of(link, wave.next.at[i]);
			if (!file->lazy) {
				extract_for(&next, file);
				continue;
			}
			wave.next.at[batch.n++] = wave.next.at[i];
			file->lazy = false;
			trace_member(link, file);
		}
		parallel_for(link->pool, batch.n, FILE_GRAIN, parse_files, &batch);
		if (link->diag->errors) {
			array_free(&next.next);
			break;
		}
		intern_files(link, &names, batch.files, batch.n);
		for (uint32_t i = 0; i < batch.n; i++)
			extract_for(&next, file_of(link, batch.files[i]));
		array_free(&wave.next);
		wave = next;
	}
	array_free(&wave.next);
}

/* ---- sections ----------------------------------------------------------------------------------------- */

static void read_sections(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	for (size_t id = begin; id < end; id++)
		if (file_of(link, (file_id)id)->kind == FILE_OBJECT && file_of(link, (file_id)id)->live)
			object_read_sections(link, (file_id)id, &link->worker_arenas[worker]);
}

static void give_section_ids(struct link *link)
{
	uint32_t own = 4096 + link->files.n * 4; /* room for the linker's, so that the table need not move for them */
	uint64_t n = link->sections.n;
	for (file_id id = 0; id < link->files.n; id++) {
		struct file *file = file_of(link, id);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		file->first_section = (section_id)n;
		n += file->elf.nshdr;
		if (n > UINT32_MAX / 2) {
			diag_error(link->diag, id, "more than %u sections in all inputs", UINT32_MAX / 2);
			return;
		}
	}
	uint32_t more = (uint32_t)n - link->sections.n;
	/* One table for all of them, zeroed as it comes from the system. */
	struct section *table = memory_zeroed((size_t)link->sections.n + more + own, sizeof(*table));
	memcpy(table, link->sections.at, link->sections.n * sizeof(*table));
	free(link->sections.at);
	link->sections.at = table;
	link->sections.cap = link->sections.n + more + own;
	link->sections.n += more;
	parallel_for(link->pool, link->files.n, FILE_GRAIN, read_sections, link);
}

void resolve_files(struct link *link)
{
	uint32_t n = link->files.n;
	file_id *all = malloc(n * sizeof(*all));
	if (!all)
		out_of_memory();
	uint32_t live = 0;
	for (file_id id = 0; id < n; id++)
		if (!file_of(link, id)->lazy && file_of(link, id)->kind == FILE_OBJECT)
			all[live++] = id;
	struct batch objects = {.link = link, .files = all, .n = live};
	parallel_for(link->pool, live, FILE_GRAIN, parse_files, &objects);
	for (file_id id = 0; id < n; id++)
		all[id] = id;
	name_unindexed_members(link, all, n);
	for (file_id id = 0; id < n; id++) {
		struct file *file = file_of(link, id);
		if (file->lazy)
			file->lazy_symbols = arena_array(&link->arena, symbol_id, file->n_lazy);
	}
	if (!diag_flush(link->diag)) {
		struct intern_batch *names = NULL;
		intern_files(link, &names, all, n);
		struct batch batch = {.link = link, .files = all, .n = n};
		own_definitions(&batch);
		internal_reference_globs(link);
		extract_members(link, names, all, n);
		intern_batch_free(names);
		if (!diag_flush(link->diag))
			give_section_ids(link);
	}
	free(all);
}

/* ---- owners ------------------------------------------------------------------------------------------- */

/* Two names of one definition (.symver makes several) are no duplicates. */
static bool same_place(const struct link *link, uint64_t a, uint64_t b)
{
	const struct file *file = file_of(link, owner_file(a));
	if (owner_file(a) != owner_file(b))
		return false;
	const struct elf_sym *x = &file->symtab.syms[owner_index(a)], *y = &file->symtab.syms[owner_index(b)];
	return x->st_shndx == y->st_shndx && x->st_value == y->st_value;
}

/* An object may ask for a version by name, "foo@V": then what shared objects define is known by that name, too. */
static void bind_versioned(struct link *link)
{
	bool any = false;
	for (file_id id = 0; id < link->files.n && !any; id++)
		any = file_of(link, id)->live && file_of(link, id)->n_versioned;
	for (file_id id = 0; any && id < link->files.n; id++) {
		struct file *file = file_of(link, id);
		if (file->kind != FILE_SHARED || !file->versym)
			continue;
		for (uint32_t i = 0; i < globals_in(file); i++) {
			uint32_t index = file->symtab.first_global + i;
			bool hidden;
			uint16_t version = shared_object_version(file, index, &hidden);
			if (file->symtab.syms[index].st_shndx == SHN_UNDEF || version >= file->n_versions ||
			    !file->versions[version])
				continue;
			char name[512];
			int len = snprintf(name, sizeof(name), "%s@%s",
					   file->symtab.strtab + file->symtab.syms[index].st_name,
					   file->versions[version]);
			if (len < 0 || len >= (int)sizeof(name))
				continue;
			symbol_id symbol = symbols_find(link, (struct str){name, (uint32_t)len});
			if (!symbol)
				continue;
			own(link, symbol, owner_key(RANK_ELSEWHERE, id, index));
			if (hidden)
				file->globals[i] = symbol;
		}
	}
	/* Within the link, "foo@V" also means the definition "foo@@V". */
	for (file_id id = 0; any && id < link->files.n; id++) {
		struct file *file = file_of(link, id);
		for (uint32_t i = 0; file->live && i < file->n_versioned; i++) {
			struct versioned_symbol *versioned = &file->versioned[i];
			const struct elf_sym *sym = &file->symtab.syms[versioned->symbol];
			if (!versioned->is_default || sym->st_shndx == SHN_UNDEF)
				continue;
			struct str base = symbol_base_name(link, global_of(file, versioned->symbol));
			char *name = arena_printf(&link->arena, "%.*s@%.*s", (int)base.len, base.at,
						  (int)versioned->version.len, versioned->version.at);
			symbol_id symbol = symbols_find(link, str_of(name));
			if (!symbol)
				continue;
			uint64_t owner = symbol_owner(&link->symbols[symbol]);
			bool twice = owner != OWNER_NONE && owner_rank(owner) == RANK_STRONG &&
				     rank_of(file, sym) == RANK_STRONG &&
				     is_live_definition(link, file, versioned->symbol);
			if (twice && !same_place(link, owner, owner_key(RANK_STRONG, id, versioned->symbol)))
				describe_duplicate(link, symbol, id, versioned->symbol);
			own(link, symbol, owner_key(rank_of(file, sym), id, versioned->symbol));
		}
	}
}

static void forget_owners(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	(void)worker;
	for (size_t i = begin; i < end; i++)
		link->symbols[i].owner = OWNER_NONE;
}

/* How objects mention their symbols; marks the shared objects they need. */
static void survey_objects(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	(void)worker;
	for (size_t f = begin; f < end; f++) {
		struct file *file = file_of(link, (file_id)f);
		if (file->kind == FILE_SHARED || !file->live)
			continue;
		symbols_fetch(link, file);
		for (uint32_t i = 0; i < globals_in(file); i++) {
			uint32_t index = file->symtab.first_global + i;
			const struct elf_sym *sym = &file->symtab.syms[index];
			if (!file->globals[i])
				continue;
			struct symbol *symbol = &link->symbols[file->globals[i]];
			bool undefined = sym->st_shndx == SHN_UNDEF, weak = undefined && elf_sym_bind(sym) == STB_WEAK;
			bool defines = !undefined && is_live_definition(link, file, index);
			symbol_set(symbol, weak ? SYMBOL_USED : SYMBOL_USED | SYMBOL_USED_STRONGLY);
			if (undefined || defines)
				constrain_visibility(symbol, elf_sym_visibility(sym));
			uint64_t owner = symbol_owner(symbol);
			if (owner_file(owner) == f && owner_index(owner) == index)
				exports_note_definition(link, symbol, sym);
			file->has_rivals |= defines && owner_file(owner) != f && rank_of(file, sym) == RANK_STRONG;
			abi_note_mention(link, file->globals[i], (file_id)f, index, owner);
			if (undefined && !weak && owner != OWNER_NONE && owner_rank(owner) == RANK_ELSEWHERE)
				file_of(link, owner_file(owner))->live = true;
		}
	}
}

/* Does a needed library say itself, by DT_NEEDED, that it needs `soname`? */
static bool on_needed_list(const struct link *link, const char *soname)
{
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		for (uint64_t i = 0; file->kind == FILE_SHARED && file->live && i < file->n_dynamic; i++) {
			const struct elf_dyn *dyn = &file->dynamic[i];
			if (dyn->d_tag == DT_NEEDED && dyn->d_val < file->symtab.strtab_size &&
			    strcmp(file->symtab.strtab + dyn->d_val, soname) == 0)
				return true;
		}
	}
	return false;
}

/* --as-needed: a library is needed, too, when it has what a needed library asks for but does not say where to find
 * (GNU ld manual, "--as-needed"). */
static void need_for_shared(struct link *link)
{
	bool any_left_out = false;
	for (file_id id = 1; id < link->files.n; id++)
		any_left_out |= file_of(link, id)->kind == FILE_SHARED && !file_of(link, id)->live;
	for (bool changed = any_left_out; changed;) {
		changed = false;
		for (file_id id = 1; id < link->files.n; id++) {
			const struct file *file = file_of(link, id);
			if (file->kind != FILE_SHARED || !file->live)
				continue;
			for (uint32_t i = 0; i < globals_in(file); i++) {
				const struct elf_sym *sym = &file->symtab.syms[file->symtab.first_global + i];
				if (sym->st_shndx != SHN_UNDEF || elf_sym_bind(sym) == STB_WEAK || !file->globals[i])
					continue;
				uint64_t owner = symbol_owner(&link->symbols[file->globals[i]]);
				if (owner == OWNER_NONE || owner_rank(owner) != RANK_ELSEWHERE)
					continue;
				struct file *definer = file_of(link, owner_file(owner));
				if (definer->live || on_needed_list(link, definer->soname))
					continue;
				definer->live = true;
				changed = true;
			}
		}
	}
	/* The loader will load these, too, for others: what they use of us counts. */
	for (file_id id = 1; any_left_out && id < link->files.n; id++) {
		struct file *file = file_of(link, id);
		file->indirect = file->kind == FILE_SHARED && !file->live && on_needed_list(link, file->soname);
	}
}

static void survey_shared(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	(void)worker;
	for (size_t f = begin; f < end; f++) {
		struct file *file = file_of(link, (file_id)f);
		if (file->kind != FILE_SHARED || !(file->live || file->indirect))
			continue;
		for (uint32_t i = 0; i < globals_in(file); i++) {
			uint32_t index = file->symtab.first_global + i;
			if (!file->globals[i])
				continue;
			struct symbol *symbol = &link->symbols[file->globals[i]];
			bool undefined = file->symtab.syms[index].st_shndx == SHN_UNDEF;
			symbol_set(symbol, undefined ? SYMBOL_USED_SHARED : SYMBOL_DEFINED_SHARED);
			abi_note_mention(link, file->globals[i], (file_id)f, index, symbol_owner(symbol));
		}
	}
}

void resolve_owners(struct link *link)
{
	enum { SYMBOL_GRAIN = 1 << 16 };
	uint32_t n = 0;
	file_id *live = malloc(link->files.n * sizeof(*live));
	if (!live)
		out_of_memory();
	for (file_id id = 0; id < link->files.n; id++)
		if (file_of(link, id)->kind == FILE_SHARED || file_of(link, id)->live)
			live[n++] = id;
	parallel_for(link->pool, link->n_symbols, SYMBOL_GRAIN, forget_owners, link);
	struct batch batch = {.link = link, .files = live, .n = n, .extracted = true};
	own_definitions(&batch);
	bind_versioned(link);
	parallel_for(link->pool, link->files.n, FILE_GRAIN, survey_objects, link);
	need_for_shared(link);
	parallel_for(link->pool, link->files.n, FILE_GRAIN, survey_shared, link);
	free(live);
}

static void report_duplicates(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	(void)worker;
	for (size_t f = begin; f < end; f++) {
		struct file *file = file_of(link, (file_id)f);
		if (file->kind != FILE_OBJECT || !file->live || !file->has_rivals)
			continue;
		for (uint32_t i = 0; i < globals_in(file); i++) {
			uint32_t index = file->symtab.first_global + i;
			const struct elf_sym *sym = &file->symtab.syms[index];
			if (!file->globals[i] || sym->st_shndx == SHN_UNDEF || rank_of(file, sym) != RANK_STRONG)
				continue;
			uint64_t owner = symbol_owner(&link->symbols[file->globals[i]]);
			if (owner_file(owner) != f && owner_file(owner) != INTERNAL_FILE &&
			    is_live_definition(link, file, index) && !file->just_symbols &&
			    !file_of(link, owner_file(owner))->just_symbols)
				describe_duplicate(link, file->globals[i], (file_id)f, index);
		}
	}
}

void resolve_report_duplicates(struct link *link)
{
	if (!link->options->allow_multiple_definition && !link->options->z.muldefs)
		parallel_for(link->pool, link->files.n, FILE_GRAIN, report_duplicates, link);
}
