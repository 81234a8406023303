/* Common symbols: C's tentative definitions (gABI, SHN_COMMON). Of all files that mention one, the largest size and the
 * strictest alignment count; the linker allocates them in the section COMMON. */
#include "ld/resolve/symbols.h"
#include "ld/synth/synth.h"

static bool is_common(const struct link *link, symbol_id id)
{
	uint64_t owner = symbol_owner(&link->symbols[id]);
	return owner != OWNER_NONE && owner_rank(owner) == RANK_COMMON;
}

void common_allocate(struct link *link)
{
	/* Demands of every live file, in file order: places follow the order of first mention. */
	for (file_id f = 1; f < link->files.n; f++) {
		const struct file *file = file_of(link, f);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
			const struct elf_sym *sym = &file->symtab.syms[i];
			symbol_id id = global_of(file, i);
			if (sym->st_shndx != SHN_COMMON || !id || !is_common(link, id))
				continue;
			if (!link->common_sizes) {
				link->common_sizes = arena_array(&link->arena, uint64_t, link->n_symbols);
				link->common_offsets = arena_array(&link->arena, uint64_t, link->n_symbols);
			}
			link->common_sizes[id] = max_u64(link->common_sizes[id], sym->st_size);
			/* until places are given: the alignment */
			link->common_offsets[id] = max_u64(link->common_offsets[id], max_u64(sym->st_value, 1));
		}
	}
	if (!link->common_sizes)
		return;
	uint64_t at = 0;
	for (file_id f = 1; f < link->files.n; f++) {
		const struct file *file = file_of(link, f);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
			symbol_id id = global_of(file, i);
			if (file->symtab.syms[i].st_shndx != SHN_COMMON || !id ||
			    symbol_owner(&link->symbols[id]) != owner_key(RANK_COMMON, f, i))
				continue;
			uint64_t align = link->common_offsets[id];
			at = align_up(at, align);
			link->common_offsets[id] = at;
			at += link->common_sizes[id];
			uint32_t p2align = (uint32_t)__builtin_ctzll(align);
			if (p2align > link->common_p2align)
				link->common_p2align = p2align;
		}
	}
	link->common_size = at;
}
