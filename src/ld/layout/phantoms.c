/* Sections that the inputs of GNU ld have and ours do not: an empty .note.GNU-stack and COMMON in each file, and in the
 * first one the tables of a target that may have indirect functions, which are dropped when nothing needs them. They are
 * never written; but by a script's rules it depends on them, too, which output sections exist, what these are, and
 * where orphans go. */
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/layout/looks.h"
#include "ld/layout/orphans.h"
#include "ld/layout/rule_index.h"
#include "ld/resolve/symbols.h"

enum { WORD = UINT8_MAX }; /* the alignment of a word of the target */

/* In the order in which they are made. */
static const struct phantom_section {
	const char *name, *name32;
	uint32_t flags, type, type32;
	uint8_t p2align;
} sections[] = {
	{".note.GNU-stack", ".note.GNU-stack", HAS_CONTENTS | READONLY, SHT_PROGBITS, SHT_PROGBITS, 0},
	{"COMMON", "COMMON", ALLOC, SHT_NULL, SHT_NULL, 0},
	{".rela.got", ".rel.got", HAS_CONTENTS | ALLOC | LOAD | READONLY, SHT_RELA, SHT_REL, WORD},
	{".got", ".got", HAS_CONTENTS | ALLOC | LOAD, SHT_PROGBITS, SHT_PROGBITS, WORD},
	{".got.plt", ".got.plt", HAS_CONTENTS | ALLOC | LOAD, SHT_NULL, SHT_NULL, WORD},
	{".iplt", ".iplt", HAS_CONTENTS | ALLOC | LOAD | READONLY | CODE, SHT_NULL, SHT_NULL, 0},
	{".rela.iplt", ".rel.iplt", HAS_CONTENTS | ALLOC | LOAD | READONLY, SHT_RELA, SHT_REL, WORD},
	{".igot.plt", ".igot.plt", HAS_CONTENTS | ALLOC | LOAD, SHT_NULL, SHT_NULL, WORD},
};

enum { GNU_STACK, COMMON, FIRST_TABLE, GOT = FIRST_TABLE + 1 };

static bool is_wide(const struct link *link)
{
	return link->arch->dialect->word == 8;
}

const char *phantom_name(const struct link *link, const struct phantom *phantom)
{
	return is_wide(link) ? sections[phantom->which].name : sections[phantom->which].name32;
}

uint32_t phantom_flags(const struct phantom *phantom)
{
	return sections[phantom->which].flags;
}

uint32_t phantom_type(const struct link *link, const struct phantom *phantom)
{
	return is_wide(link) ? sections[phantom->which].type : sections[phantom->which].type32;
}

/* Compilers write it as one of the last. */
static section_id find_stack_section(const struct link *link, const struct file *file)
{
	section_id last = file->first_section + file->elf.nshdr - 1;
	for (section_id id = last; id > file->first_section; id--)
		if (section_of(link, id)->kind == SECTION_NONE &&
		    strcmp(layout_section_name(link, id), sections[GNU_STACK].name) == 0)
			return id;
	return last;
}

static void add(struct link *link, struct rule_finder *finder, file_id file, uint8_t which, uint8_t p2align)
{
	struct layout *layout = link->layout;
	const struct file *of = file_of(link, file);
	struct phantom phantom = {.file = file, .at = of->first_section + of->elf.nshdr - 1, .which = which,
				  .run = ORPHAN_RUN, .p2align = p2align, .is_common = which == COMMON};
	if (which == GNU_STACK)
		phantom.at = find_stack_section(link, of);
	uint64_t sh_flags = which == GOT ? SHF_ALLOC | SHF_WRITE : 0; /* known by its name; that of others is not */
	struct str name = str_of(phantom_name(link, &phantom));
	uint32_t rule = rule_finder_find(finder, name, sh_flags, 0);
	while (rule < layout->rules.n && layout->osecs.at[layout->runs.at[layout->rules.at[rule].run].osec].is_absent)
		rule = rule_finder_find(finder, name, sh_flags, rule + 1);
	if (rule < layout->rules.n)
		phantom.run = layout->rules.at[rule].run;
	*array_push(&layout->phantoms) = phantom;
}

/* With -r common symbols stay what they are: does the file define some? */
static bool has_common_symbols(const struct link *link, file_id f)
{
	const struct file *file = file_of(link, f);
	for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
		if (file->symtab.syms[i].st_shndx != SHN_COMMON)
			continue;
		uint64_t owner = symbol_owner(&link->symbols[global_of(file, i)]);
		if (owner != OWNER_NONE && owner_file(owner) == f)
			return true;
	}
	return false;
}

/* --gc-sections takes .note.GNU-stack and its like from files of which nothing else stays. */
static bool is_reached(const struct link *link, file_id f)
{
	const struct file *file = file_of(link, f);
	for (uint32_t i = 1; i < file->elf.nshdr; i++) {
		const struct section *section = section_of(link, file->first_section + i);
		const struct elf_shdr *shdr = section_shdr(link, file->first_section + i);
		if (section->live && section->kind != SECTION_NONE && shdr->sh_flags & SHF_ALLOC &&
		    shdr->sh_type != SHT_NOTE)
			return true;
	}
	return false;
}

void phantoms_classify(struct link *link)
{
	bool relocatable = link->options->kind == OUTPUT_RELOCATABLE;
	bool has_tables = !relocatable && (link->arch->machine == EM_X86_64 || link->arch->machine == EM_386);
	bool first = true;
	uint32_t next = 0;
	link->layout->phantoms.n = 0;
	struct rule_finder *finder = rule_finder_new(link->layout->rule_index);
	for (file_id f = 1; f < link->files.n; f++) {
		const struct file *file = file_of(link, f);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		bool is_member = file->member.len != 0;
		struct str path = str_of(file->path);
		rule_finder_file(finder, is_member ? file->member : path, is_member ? path : (struct str){"", 0},
				 is_member);
		if (file->stack != STACK_UNSAID && !relocatable &&
		    (!link->options->gc_sections || is_reached(link, f)))
			add(link, finder, f, GNU_STACK, 0);
		for (; next < link->common_areas.n && link->common_areas.at[next].file <= f; next++)
			if (link->common_areas.at[next].kind == COMMON_DATA)
				add(link, finder, f, COMMON, (uint8_t)link->common_areas.at[next].p2align);
		if (relocatable && link->common_areas.n == 0 && has_common_symbols(link, f))
			add(link, finder, f, COMMON, 0);
		for (unsigned i = FIRST_TABLE; first && has_tables && i < COUNTOF(sections); i++)
			add(link, finder, f, (uint8_t)i,
			    sections[i].p2align == WORD ? link->arch->dialect->p2word : sections[i].p2align);
		first = false;
	}
	rule_finder_free(finder);
}
