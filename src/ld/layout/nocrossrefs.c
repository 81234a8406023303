/* NOCROSSREFS and NOCROSSREFS_TO: output sections that must not refer to each other, because they are not in memory at
 * the same time (GNU ld manual, "Miscellaneous Commands"). */
#include <string.h>

#include "ld/layout/layout.h"
#include "ld/prune/target.h"
#include "ld/report/describe.h"

static bool lists(const struct name_list *list, const char *name)
{
	for (; list; list = list->next)
		if (strcmp(list->name, name) == 0)
			return true;
	return false;
}

/* May a section of output section `from` refer to `to`? */
static bool is_forbidden(const struct nocrossrefs *rule, const char *from, const char *to)
{
	if (strcmp(from, to) == 0)
		return false;
	if (rule->to)
		return strcmp(rule->sections->name, to) == 0 && lists(rule->sections->next, from);
	return lists(rule->sections, from) && lists(rule->sections, to);
}

static const char *output_name(const struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	if (!id || !section->live || !section->run || section->kind == SECTION_NONE)
		return NULL;
	return osec_of_section(link->layout, section)->name;
}

static void check_relocation(struct link *link, section_id id, const char *from, const struct elf_rela *rela,
			     const struct nocrossrefs *rules)
{
	const struct file *file = file_of(link, section_of(link, id)->file);
	section_id target = defining_section(link, file, rela->r_sym);
	const char *to = output_name(link, target);
	for (const struct nocrossrefs *rule = rules; to && rule; rule = rule->next) {
		if (!is_forbidden(rule, from, to))
			continue;
		struct arena arena = {0};
		symbol_id symbol = rela->r_sym >= file->symtab.first_global ? global_of(file, rela->r_sym) : 0;
		diag_error(link->diag, diag_order(section_of(link, id)->file, section_number(link, id)),
			   "%s: prohibited cross reference from %s to `%s' in %s",
			   describe_place(link, &arena, id, rela->r_offset), from,
			   symbol ? describe_symbol(link, &arena, symbol) : layout_section_name(link, target), to);
		arena_free(&arena);
		return;
	}
}

static bool is_concerned(const struct nocrossrefs *rules, const char *name)
{
	for (; rules; rules = rules->next)
		if (lists(rules->sections, name))
			return true;
	return false;
}

void nocrossrefs_check(struct link *link)
{
	const struct nocrossrefs *rules = link->layout->nocrossrefs;
	for (section_id id = 1; rules && id < link->sections.n; id++) {
		const char *from = section_of(link, id)->file == INTERNAL_FILE ? NULL : output_name(link, id);
		if (!from || !is_concerned(rules, from))
			continue;
		struct elf_relas relas = section_relas(link, id);
		for (uint64_t i = 0; i < relas.n; i++)
			check_relocation(link, id, from, &relas.at[i], rules);
	}
}
