#include "ld/prune/icf.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ld/layout/layout.h"
#include "ld/prune/address_significance.h"
#include "ld/prune/icf_partition.h"
#include "ld/prune/target.h"

#ifndef SHF_GNU_RETAIN
enum { SHF_GNU_RETAIN = 1 << 21 };
#endif

enum { FILE_GRAIN = 4 };

struct search {
	struct link *link;
	const _Atomic bool *significant; /* by section */
	uint32_t *vertices;              /* by section: not 0 if it may be folded */
};

/* ---- what may be folded ----------------------------------------------------------------------------------- */

static bool is_named(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);
	return strncmp(name, prefix, len) == 0 && (name[len] == '\0' || name[len] == '.');
}

/* Nobody but the unwinder reads these, each for one function. */
static bool is_exception_table(const char *name)
{
	return is_named(name, ".gcc_except_table");
}

/* Who walks from __start_X to __stop_X sees each section; so does who walks through a table that is kept in order. */
static bool may_be_folded(const struct search *search, section_id id)
{
	const struct link *link = search->link;
	const struct section *section = section_of(link, id);
	const struct elf_shdr *shdr = section_shdr(link, id);
	if (section->kind != SECTION_REGULAR || !section->live || !section->run || !section->size ||
	    shdr->sh_type != SHT_PROGBITS || !(shdr->sh_flags & SHF_ALLOC) ||
	    shdr->sh_flags & (SHF_TLS | SHF_GNU_RETAIN))
		return false;
	const struct run *run = &link->layout->runs.at[section->run];
	const char *name = layout_section_name(link, id);
	if (run->keep || run->fixed || name[0] != '.')
		return false;
	bool significant = atomic_load_explicit(&search->significant[id], memory_order_relaxed);
	if (shdr->sh_flags & SHF_EXECINSTR)
		return !(shdr->sh_flags & (SHF_WRITE | SHF_LINK_ORDER)) &&
		       (!significant || link->options->icf == ICF_ALL);
	if (is_exception_table(name))
		return !(shdr->sh_flags & SHF_WRITE);
	return !(shdr->sh_flags & SHF_LINK_ORDER) &&
	       (!(shdr->sh_flags & SHF_WRITE) || is_named(name, ".data.rel.ro")) &&
	       (!significant || link->options->ignore_data_address_equality);
}

/* Sections that belong to another one (SHF_LINK_ORDER) count it as theirs: it stays as it is. Exception tables are
 * compared with their functions. */
static void keep_linked(const struct search *search, const struct file *file, uint32_t number)
{
	const struct elf_shdr *shdr = &file->elf.shdrs[number];
	if (shdr->sh_flags & SHF_LINK_ORDER && shdr->sh_flags & SHF_ALLOC && shdr->sh_link &&
	    !is_exception_table(elf_section_name(&file->elf, number)) &&
	    section_of(search->link, file->first_section + number)->live)
		search->vertices[file->first_section + shdr->sh_link] = 0;
}

static void search_files(void *context, size_t begin, size_t end, unsigned worker)
{
	const struct search *search = context;
	(void)worker;
	for (size_t id = begin; id < end; id++) {
		const struct file *file = file_of(search->link, (file_id)id);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		for (uint32_t i = 1; i < file->elf.nshdr; i++)
			search->vertices[file->first_section + i] = may_be_folded(search, file->first_section + i);
		for (uint32_t i = 1; i < file->elf.nshdr; i++)
			keep_linked(search, file, i);
	}
}

static void keep_unique(const struct search *search)
{
	const struct link *link = search->link;
	for (uint32_t i = 0; i < link->options->keep_uniques.n; i++) {
		const char *name = link->options->keep_uniques.at[i];
		symbol_id symbol = symbols_find(link, str_of(name));
		uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
		if (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE)
			diag_warning(link->diag, 0, "--keep-unique: nothing in this link defines %s", name);
		else if (owner_file(owner) != INTERNAL_FILE)
			search->vertices[defining_section(link, file_of(link, owner_file(owner)), owner_index(owner))] =
				0;
	}
}

/* ---- folding ---------------------------------------------------------------------------------------------- */

static void fold(struct link *link, section_id id, section_id into)
{
	struct section *section = section_of(link, id), *survivor = section_of(link, into);
	section->kind = SECTION_FOLDED;
	section->extra = into;
	section->run = survivor->run;
	if (section->p2align > survivor->p2align)
		survivor->p2align = section->p2align;
	*array_push(&link->folded) = id;
}

void icf_fold(struct link *link)
{
	_Atomic bool *significant = memory_zeroed(link->sections.n, sizeof(*significant));
	uint32_t *vertices = memory_zeroed(link->sections.n, sizeof(*vertices));
	address_significance(link, link->options->icf == ICF_SAFE, significant);
	struct search search = {.link = link, .significant = significant, .vertices = vertices};
	parallel_for(link->pool, link->files.n, FILE_GRAIN, search_files, &search);
	keep_unique(&search);
	struct icf_graph graph;
	icf_graph_init(&graph, link, vertices);
	uint32_t *classes = memory_zeroed((size_t)graph.n + 1, sizeof(*classes));
	icf_partition(&graph, classes);
	for (uint32_t v = 1; v <= graph.n; v++)
		if (classes[v] != v)
			fold(link, graph.sections[v], graph.sections[classes[v]]);
	free(classes);
	icf_graph_free(&graph);
	free(vertices);
	free(significant);
}

void icf_place(struct link *link)
{
	for (uint32_t i = 0; i < link->folded.n; i++) {
		struct section *section = section_of(link, link->folded.at[i]);
		section->offset = section_of(link, section->extra)->offset;
	}
}
