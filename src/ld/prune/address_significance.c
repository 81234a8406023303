#include "ld/prune/address_significance.h"

#include <stdlib.h>

#include "arch/arch.h"
#include "base/memory.h"
#include "elf/addrsig.h"
#include "ld/input/object.h"
#include "ld/prune/target.h"

enum { FILE_GRAIN = 4, SYMBOL_GRAIN = 1 << 14 };

struct search {
	struct link *link;
	_Atomic bool *significant;
	bool functions;
	uint32_t *lists;         /* by file: the section that lists its significant symbols, 0: none */
	_Atomic bool any_list;
};

static bool is_code(const struct link *link, section_id id)
{
	return section_shdr(link, id)->sh_flags & SHF_EXECINSTR;
}

static void mark(const struct search *search, section_id id)
{
	if (id && !atomic_load_explicit(&search->significant[id], memory_order_relaxed))
		atomic_store_explicit(&search->significant[id], true, memory_order_relaxed);
}

static void mark_symbol(const struct search *search, symbol_id symbol)
{
	const struct link *link = search->link;
	uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
	if (owner != OWNER_NONE && owner_rank(owner) != RANK_ELSEWHERE && owner_file(owner) != INTERNAL_FILE)
		mark(search, defining_section(link, file_of(link, owner_file(owner)), owner_index(owner)));
}

/* The section that lists significant symbols; 0: there is none that can be trusted. Tools that rewrite symbol tables
 * (strip, objcopy, ld -r) leave lists behind that are no longer right, and without a symbol table in sh_link. */
static uint32_t find_list(const struct file *file)
{
	for (uint32_t i = 1; i < file->elf.nshdr; i++) {
		const struct elf_shdr *shdr = &file->elf.shdrs[i];
		if (shdr->sh_type == SHT_LLVM_ADDRSIG && shdr->sh_link < file->elf.nshdr &&
		    file->elf.shdrs[shdr->sh_link].sh_type == SHT_SYMTAB)
			return i;
	}
	return 0;
}

static bool read_list(const struct search *search, const struct file *file, uint32_t section, struct elf_error *error)
{
	struct bytes list = elf_section_bytes(&file->elf, section);
	for (uint64_t at = 0; at < list.size;) {
		uint32_t symbol;
		if (!elf_addrsig_next(list, &at, file->symtab.n, &symbol, error)) {
			error->index = section;
			return false;
		}
		mark(search, defining_section(search->link, file, symbol));
	}
	return true;
}

/* Code that is referred to in another way than by a call. */
static void mark_functions(const struct search *search, const struct file *file)
{
	const struct link *link = search->link;
	for (uint32_t i = 1; i < file->elf.nshdr; i++) {
		section_id id = file->first_section + i;
		const struct section *section = section_of(link, id);
		if (!section->live || section->kind != SECTION_REGULAR || !section->rela ||
		    !(file->elf.shdrs[i].sh_flags & SHF_ALLOC))
			continue;
		struct elf_relas relas = section_relas(link, id);
		bool calls = is_code(link, id); /* tables of distances look like calls as well */
		for (uint64_t r = 0; r < relas.n; r++) {
			if (calls && link->arch->use_of(relas.at[r].r_type) == USE_CALL)
				continue;
			section_id target = defining_section(link, file, relas.at[r].r_sym);
			if (target && is_code(link, target))
				mark(search, target);
		}
	}
}

static void guess(const struct search *search, const struct file *file)
{
	const struct link *link = search->link;
	for (uint32_t i = 1; i < file->elf.nshdr; i++)
		if (!(file->elf.shdrs[i].sh_flags & SHF_EXECINSTR))
			mark(search, file->first_section + i);
	/* It may address data of files with a list. */
	for (uint32_t i = file->symtab.first_global; i < file->symtab.n && search->any_list; i++) {
		section_id target = defining_section(link, file, i);
		if (target && !is_code(link, target))
			mark(search, target);
	}
	if (search->functions)
		mark_functions(search, file);
}

static void find_lists(void *context, size_t begin, size_t end, unsigned worker)
{
	struct search *search = context;
	(void)worker;
	for (size_t id = begin; id < end; id++) {
		const struct file *file = file_of(search->link, (file_id)id);
		search->lists[id] = file->kind == FILE_OBJECT && file->live ? find_list(file) : 0;
		if (search->lists[id])
			atomic_store_explicit(&search->any_list, true, memory_order_relaxed);
	}
}

static void search_files(void *context, size_t begin, size_t end, unsigned worker)
{
	const struct search *search = context;
	(void)worker;
	for (size_t id = begin; id < end; id++) {
		struct file *file = file_of(search->link, (file_id)id);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		struct elf_error error;
		if (!search->lists[id])
			guess(search, file);
		else if (!read_list(search, file, search->lists[id], &error))
			object_report(search->link, (file_id)id, &error);
	}
}

static void search_exports(void *context, size_t begin, size_t end, unsigned worker)
{
	const struct search *search = context;
	(void)worker;
	for (size_t id = begin; id < end; id++)
		if (symbol_flags(&search->link->symbols[id]) & SYMBOL_EXPORTED)
			mark_symbol(search, (symbol_id)id);
}

void address_significance(struct link *link, bool functions, _Atomic bool *significant)
{
	struct search search = {.link = link, .significant = significant, .functions = functions};
	const struct options *options = link->options;
	search.lists = memory_zeroed(link->files.n, sizeof(*search.lists));
	parallel_for(link->pool, link->files.n, FILE_GRAIN, find_lists, &search);
	parallel_for(link->pool, link->files.n, FILE_GRAIN, search_files, &search);
	free(search.lists);
	parallel_for(link->pool, link->n_symbols, SYMBOL_GRAIN, search_exports, &search);
	if (link->entry)
		mark_symbol(&search, symbols_find(link, str_of(link->entry)));
	mark_symbol(&search, symbols_find(link, str_of(options->init ? options->init : "_init")));
	mark_symbol(&search, symbols_find(link, str_of(options->fini ? options->fini : "_fini")));
}
