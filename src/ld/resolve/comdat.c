#include "ld/resolve/comdat.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ld/input/object.h"
#include "ld/resolve/symbols.h"

enum { FILE_GRAIN = 8 };

/* One group of a file. Signatures are names, and most are global symbols: the table of symbols is the table of
 * signatures. */
struct group {
	const uint8_t *members; /* n_members section numbers, as in struct elf_group */
	uint32_t n_members;
	uint32_t section;       /* its number in the file */
	symbol_id signature;
};

struct file_groups {
	struct group *at;
	uint32_t n;
};

/* What a worker reads groups with. */
struct group_reader {
	struct arena arena;     /* of the groups */
	ARRAY(struct group) found; /* in the file being read */
};

struct groups {
	struct link *link;
	struct file_groups *per_file; /* indexed by file */
	struct group_reader *readers; /* of the workers */
};

static struct str signature_name(const struct file *file, const struct group *group)
{
	uint32_t symbol = file->elf.shdrs[group->section].sh_info;
	const struct elf_sym *sym = &file->symtab.syms[symbol];
	if (elf_sym_type(sym) == STT_SECTION && !elf_sym_is_special(&file->symtab, symbol))
		return str_of(elf_section_name(&file->elf, elf_sym_section(&file->symtab, symbol)));
	return str_of(file->symtab.strtab + sym->st_name);
}

static void read_groups(void *context, size_t begin, size_t end, unsigned worker)
{
	struct groups *groups = context;
	struct link *link = groups->link;
	struct group_reader *reader = &groups->readers[worker];
	for (size_t f = begin; f < end; f++) {
		struct file *file = file_of(link, (file_id)f);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		reader->found.n = 0;
		uint32_t left = file->n_groups; /* they tend to be in front */
		for (uint32_t i = 1; left && i < file->elf.nshdr; i++) {
			if (file->elf.shdrs[i].sh_type != SHT_GROUP)
				continue;
			left--;
			struct elf_group group;
			struct elf_error error;
			if (!elf_read_group(&group, &file->elf, i, file->symtab.n, &error)) {
				object_report(link, (file_id)f, &error);
				return;
			}
			if (group.comdat)
				*array_push(&reader->found) = (struct group){group.members, group.nmembers, i,
									     global_of(file, group.signature)};
		}
		groups->per_file[f] = (struct file_groups){
			arena_dup(&reader->arena, struct group, reader->found.at, reader->found.n), reader->found.n};
	}
}

static void claim(void *context, size_t begin, size_t end, unsigned worker)
{
	struct groups *groups = context;
	(void)worker;
	for (size_t f = begin; f < end; f++)
		for (uint32_t i = 0; i < groups->per_file[f].n; i++) {
			_Atomic uint32_t *owner = &groups->link->comdat_owners[groups->per_file[f].at[i].signature];
			uint32_t old = atomic_load_explicit(owner, memory_order_relaxed);
			while (f < old && !atomic_compare_exchange_weak_explicit(
						  owner, &old, (uint32_t)f, memory_order_relaxed, memory_order_relaxed))
				;
		}
}

static void drop_losers(void *context, size_t begin, size_t end, unsigned worker)
{
	struct groups *groups = context;
	struct link *link = groups->link;
	(void)worker;
	for (size_t f = begin; f < end; f++) {
		uint32_t first_section = file_of(link, (file_id)f)->first_section;
		for (uint32_t i = 0; i < groups->per_file[f].n; i++) {
			const struct group *group = &groups->per_file[f].at[i];
			if (link->comdat_owners[group->signature] == f)
				continue;
			section_of(link, first_section + group->section)->live = false;
			for (uint32_t m = 0; m < group->n_members; m++)
				section_of(link, first_section + read32(group->members + 4 * (uint64_t)m))->live =
					false;
		}
	}
}

/* ---- .gnu.linkonce: what was there before groups ------------------------------------------------------------- */

/* ".gnu.linkonce.t.foo": of all sections of that name the first one stays. It also stands against a COMDAT group of
 * signature "foo", when that has one section which defines the same symbols (GNU ld,
 * _bfd_elf_section_already_linked). */
struct linkonce {
	file_id file;
	uint32_t section;       /* number in the file */
	const char *name;
	symbol_id key;          /* "foo" */
	bool dropped;
};

struct linkonces {
	ARRAY(struct linkonce) list; /* in input order */
};

static void find_linkonce(struct link *link, struct linkonces *found)
{
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		for (uint32_t i = 1; file->live && file->has_linkonce && i < file->elf.nshdr; i++) {
			const char *name = elf_section_name(&file->elf, i);
			const struct section *section = section_of(link, file->first_section + i);
			if (strncmp(name, ".gnu.linkonce.", 14) != 0 || section->kind == SECTION_NONE ||
			    file->elf.shdrs[i].sh_flags & SHF_GROUP)
				continue;
			const char *dot = strchr(name + 14, '.');
			symbol_id key = symbols_intern_one(link, str_of(dot ? dot + 1 : name + 14));
			*array_push(&found->list) = (struct linkonce){id, i, name, key, false};
		}
	}
}

/* The only section of the group that wins for a signature, 0: there is no such group or it has several. */
static section_id only_member(const struct groups *groups, symbol_id signature)
{
	const struct link *link = groups->link;
	uint32_t owner = link->comdat_owners[signature];
	section_id only = 0;
	if (owner == UINT32_MAX)
		return 0;
	const struct file *file = file_of(link, owner);
	for (uint32_t g = 0; g < groups->per_file[owner].n; g++) {
		const struct group *group = &groups->per_file[owner].at[g];
		if (group->signature != signature)
			continue;
		for (uint32_t m = 0; m < group->n_members; m++) {
			uint32_t number = read32(group->members + 4 * (uint64_t)m);
			uint32_t type = file->elf.shdrs[number].sh_type;
			if (type == SHT_RELA || type == SHT_REL)
				continue;
			if (only)
				return 0;
			only = file->first_section + number;
		}
		break;
	}
	return only;
}

static bool is_in_section(const struct file *file, uint32_t index, section_id section)
{
	return !elf_sym_is_special(&file->symtab, index) && file->symtab.syms[index].st_shndx != SHN_UNDEF &&
	       file->first_section + elf_sym_section(&file->symtab, index) == section;
}

/* Every global symbol of section a is also one of section b. */
static bool defines_all_of(const struct link *link, section_id a, section_id b)
{
	const struct file *x = file_of(link, section_of(link, a)->file), *y = file_of(link, section_of(link, b)->file);
	bool any = false;
	for (uint32_t i = x->symtab.first_global; i < x->symtab.n; i++) {
		if (!is_in_section(x, i, a))
			continue;
		bool found = false;
		for (uint32_t j = y->symtab.first_global; j < y->symtab.n && !found; j++)
			found = global_of(y, j) == global_of(x, i) && is_in_section(y, j, b);
		if (!found)
			return false;
		any = true;
	}
	return any;
}

/* Does an earlier section stay for which this one is left out? */
static bool stands_earlier(const struct linkonces *once, uint32_t n)
{
	const struct linkonce *this = &once->list.at[n];
	bool is_rodata = strncmp(this->name, ".gnu.linkonce.r.", 16) == 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct linkonce *other = &once->list.at[i];
		if (other->key != this->key || other->dropped || other->file == this->file)
			continue;
		/* the constants of a function go with it */
		if (strcmp(other->name, this->name) == 0 ||
		    (is_rodata && strncmp(other->name, ".gnu.linkonce.t.", 16) == 0))
			return true;
	}
	return false;
}

static void drop_linkonce(struct groups *groups, struct linkonces *once)
{
	struct link *link = groups->link;
	for (uint32_t i = 0; i < once->list.n; i++) {
		struct linkonce *this = &once->list.at[i];
		section_id id = file_of(link, this->file)->first_section + this->section;
		section_id member = only_member(groups, this->key);
		bool same = member && defines_all_of(link, id, member) && defines_all_of(link, member, id);
		bool group_first = same && section_of(link, member)->file <= this->file;
		this->dropped = group_first || stands_earlier(once, i);
		if (this->dropped)
			section_of(link, id)->live = false;
		else if (same)
			section_of(link, member)->live = false;
	}
}

static void eliminate(struct groups *groups, struct linkonces *once)
{
	struct link *link = groups->link;
	link->comdat_owners = memory_zeroed(link->n_symbols, sizeof(*link->comdat_owners));
	memset(link->comdat_owners, 0xff, link->n_symbols * sizeof(*link->comdat_owners));
	parallel_for(link->pool, link->files.n, FILE_GRAIN, claim, groups);
	parallel_for(link->pool, link->files.n, FILE_GRAIN, drop_losers, groups);
	drop_linkonce(groups, once);
	free(link->comdat_owners);
	link->comdat_owners = NULL;
}

void comdat_eliminate(struct link *link)
{
	uint32_t n = link->files.n;
	unsigned workers = pool_threads(link->pool);
	struct groups groups = {.link = link,
				.per_file = memory_zeroed(n, sizeof(*groups.per_file)),
				.readers = memory_zeroed(workers, sizeof(*groups.readers))};
	parallel_for(link->pool, n, FILE_GRAIN, read_groups, &groups);
	/* The rare signature that is no global symbol is interned by its name. */
	bool any = false;
	for (uint32_t f = 0; f < n; f++)
		for (uint32_t i = 0; i < groups.per_file[f].n; i++) {
			struct group *group = &groups.per_file[f].at[i];
			any = true;
			if (!group->signature)
				group->signature = symbols_intern_one(link, signature_name(file_of(link, f), group));
		}
	struct linkonces once = {0};
	find_linkonce(link, &once);
	if (any || once.list.n)
		eliminate(&groups, &once);
	array_free(&once.list);
	for (unsigned i = 0; i < workers; i++) {
		arena_free(&groups.readers[i].arena);
		array_free(&groups.readers[i].found);
	}
	free(groups.readers);
	free(groups.per_file);
}
