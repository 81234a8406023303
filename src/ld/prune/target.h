/* Where references lead. */
#ifndef GILD_LD_PRUNE_TARGET_H
#define GILD_LD_PRUNE_TARGET_H

#include "ld/resolve/symbols.h"

/* The section in which a symbol of a file is defined, wherever that is; 0: none, or not by an object. Any thread. */
static inline section_id defining_section(const struct link *link, const struct file *file, uint32_t index)
{
	symbol_id symbol = global_of(file, index);
	if (symbol) {
		uint64_t owner = symbol_owner(&link->symbols[symbol]);
		if (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE || owner_file(owner) == INTERNAL_FILE)
			return 0;
		file = file_of(link, owner_file(owner));
		index = owner_index(owner);
	}
	return elf_sym_is_special(&file->symtab, index) ? 0
							: file->first_section + elf_sym_section(&file->symtab, index);
}

#endif
