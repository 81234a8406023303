#include "ld/layout/value.h"

#include "arch/arch.h"

enum { SYMBOL_GRAIN = 1 << 13 };

uint64_t value_of_plt(const struct link *link, const struct aux *aux)
{
	const struct plt_style *style = link->plt_style;
	if (aux->pltgot != NO_SLOT)
		return synthetic_address(link, link->layout, SYN_PLT_GOT) +
		       (uint64_t)aux->pltgot * plt_code_size(style->got_entry);
	if (style->sec_entry)
		return synthetic_address(link, link->layout, SYN_PLT_SEC) + (uint64_t)aux->plt * plt_code_size(style->sec_entry);
	return synthetic_address(link, link->layout, SYN_PLT) + plt_code_size(style->header) +
	       (uint64_t)aux->plt * plt_code_size(style->entry);
}

static uint64_t value_of(const struct link *link, symbol_id id)
{
	const struct symbol *symbol = &link->symbols[id];
	const struct aux *aux = symbol->aux ? &link->aux.at[symbol->aux] : NULL;
	if (aux && aux->needs & NEED_COPY)
		return synthetic_address(link, link->layout, aux->copy_relro ? SYN_DYNRELRO : SYN_DYNBSS) + aux->copy;
	if (aux && aux->needs & NEED_CPLT)
		return value_of_plt(link, aux);
	uint64_t owner = symbol_owner(symbol);
	if (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE)
		return 0;
	const struct file *file = file_of(link, owner_file(owner));
	uint32_t index = owner_index(owner);
	const struct elf_sym *sym = &file->symtab.syms[index];
	if (file->kind == FILE_INTERNAL)
		return sym->st_value;
	if (elf_sym_is_common(sym) && !common_section(link, id))
		return link->common_symbols[id].offset; /* it stays common: its alignment */
	if (elf_sym_is_common(sym))
		return section_address(link->layout, section_of(link, common_section(link, id))) +
		       link->common_symbols[id].offset;
	int64_t addend = 0;
	return local_value(link, file, index, &addend);
}

/* Definitions lie anywhere in their files: fetches the file of a symbol some places behind `id`, the definition of a
 * nearer one, and the section of a still nearer one. `end`: where the loop over all symbols ends. */
static inline void fetch_definitions(const struct link *link, size_t id, size_t end)
{
	enum { FARTHEST = 24, FAR = 16, NEAR = 8 };
	if (id + FARTHEST >= end)
		return;
	uint64_t farthest = symbol_owner(&link->symbols[id + FARTHEST]);
	if (farthest != OWNER_NONE)
		__builtin_prefetch(&file_of(link, owner_file(farthest))->symtab);
	const struct symbol *far = &link->symbols[id + FAR], *near = &link->symbols[id + NEAR];
	uint64_t owner = symbol_owner(near);
	if (symbol_owner(far) != OWNER_NONE)
		__builtin_prefetch(symbol_definition(link, far));
	if (owner == OWNER_NONE)
		return;
	uint32_t shndx = symbol_definition(link, near)->st_shndx;
	if (shndx < SHN_LORESERVE)
		__builtin_prefetch(&link->sections.at[file_of(link, owner_file(owner))->first_section + shndx]);
}

static void compute_range(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	(void)worker;
	for (size_t id = begin; id < end; id++) {
		fetch_definitions(link, id, end);
		link->symbols[id].address = value_of(link, (symbol_id)id);
	}
}

void values_compute(struct link *link)
{
	link->has_addresses = true;
	parallel_for(link->pool, link->n_symbols, SYMBOL_GRAIN, compute_range, link);
}
