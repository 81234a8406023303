#include "ld/prune/groups.h"

#include <stdlib.h>

#include "ld/prune/gc.h"

enum { FILE_GRAIN = 8 };

struct rings {
	const struct link *link;
	section_id *next;
};

static void make_ring(const struct rings *rings, const struct file *file, const struct elf_group *group)
{
	section_id first = 0, last = 0;
	for (uint32_t m = 0; m < group->nmembers; m++) {
		section_id id = file->first_section + read32(group->members + 4 * (uint64_t)m);
		if (!gc_is_candidate(rings->link, id))
			continue;
		if (last)
			rings->next[last] = id;
		else
			first = id;
		last = id;
	}
	if (last != first)
		rings->next[last] = first;
}

static void read_rings(void *context, size_t begin, size_t end, unsigned worker)
{
	struct rings *rings = context;
	(void)worker;
	for (size_t f = begin; f < end; f++) {
		const struct file *file = file_of(rings->link, (file_id)f);
		for (uint32_t i = 1; file->kind == FILE_OBJECT && file->live && i < file->elf.nshdr; i++) {
			struct elf_group group;
			struct elf_error error;
			/* comdat_eliminate() has reported what is wrong with a group. */
			if (file->elf.shdrs[i].sh_type == SHT_GROUP &&
			    elf_read_group(&group, &file->elf, i, file->symtab.n, &error))
				make_ring(rings, file, &group);
		}
	}
}

section_id *group_rings(const struct link *link)
{
	struct rings rings = {link, calloc(link->sections.n, sizeof(*rings.next))};
	if (!rings.next)
		out_of_memory();
	parallel_for(link->pool, link->files.n, FILE_GRAIN, read_rings, &rings);
	return rings.next;
}
