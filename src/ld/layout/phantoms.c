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

/* What has them: any output; dynamic ones; dynamic programs; dynamic ones that ask for the table; those that have their
 * addresses already, or not yet; dynamic ones of 64 bits. */
enum condition { ANY, DYNAMIC, PROGRAM, SYSV_TABLE, GNU_TABLE, FIXED, INDEPENDENT,
		 DYNAMIC_WIDE };

enum {
	DATA = HAS_CONTENTS | ALLOC | LOAD,
	RODATA = DATA | READONLY,
	TEXT = RODATA | CODE,
};

/* In the order in which they are made. */
static const struct phantom_section {
	const char *name, *name32;
	uint32_t flags, type, type32;
	uint8_t p2align;
	enum condition condition;
	uint64_t sh_flags;         /* what INPUT_SECTION_FLAGS sees: known by the name, or unknown */
} sections[] = {
	{".note.GNU-stack", ".note.GNU-stack", HAS_CONTENTS | READONLY, SHT_PROGBITS, SHT_PROGBITS, 0, ANY, 0},
	{".interp", ".interp", RODATA, SHT_PROGBITS, SHT_PROGBITS, 0, PROGRAM, 0},
	{".gnu.version_d", ".gnu.version_d", RODATA, SHT_GNU_verdef, SHT_GNU_verdef, WORD, DYNAMIC, 0},
	{".gnu.version", ".gnu.version", RODATA, SHT_GNU_versym, SHT_GNU_versym, 1, DYNAMIC, 0},
	{".gnu.version_r", ".gnu.version_r", RODATA, SHT_GNU_verneed, SHT_GNU_verneed, WORD, DYNAMIC, 0},
	{".dynsym", ".dynsym", RODATA, SHT_DYNSYM, SHT_DYNSYM, WORD, DYNAMIC, SHF_ALLOC},
	{".dynstr", ".dynstr", RODATA, SHT_STRTAB, SHT_STRTAB, 0, DYNAMIC, SHF_ALLOC},
	{".dynamic", ".dynamic", DATA, SHT_DYNAMIC, SHT_DYNAMIC, WORD, DYNAMIC, SHF_ALLOC},
	{".hash", ".hash", RODATA, SHT_HASH, SHT_HASH, WORD, SYSV_TABLE, SHF_ALLOC},
	{".gnu.hash", ".gnu.hash", RODATA, SHT_GNU_HASH, SHT_GNU_HASH, WORD, GNU_TABLE, SHF_ALLOC},
	{".plt", ".plt", TEXT, SHT_PROGBITS, SHT_PROGBITS, 4, DYNAMIC, SHF_ALLOC | SHF_EXECINSTR},
	{".rela.plt", ".rel.plt", RODATA, SHT_RELA, SHT_REL, WORD, DYNAMIC, 0},
	{".rela.got", ".rel.got", RODATA, SHT_RELA, SHT_REL, WORD, DYNAMIC, 0},
	{".got", ".got", DATA, SHT_PROGBITS, SHT_PROGBITS, WORD, DYNAMIC, SHF_ALLOC | SHF_WRITE},
	{".got.plt", ".got.plt", DATA, SHT_NULL, SHT_NULL, WORD, DYNAMIC, 0},
	{".dynbss", ".dynbss", ALLOC, SHT_NULL, SHT_NULL, 0, DYNAMIC, 0},
	{".data.rel.ro", ".data.rel.ro", DATA, SHT_PROGBITS, SHT_PROGBITS, 0, DYNAMIC, SHF_ALLOC | SHF_WRITE},
	{".rela.bss", ".rel.bss", RODATA, SHT_RELA, SHT_REL, WORD, PROGRAM, 0},
	{".rela.data.rel.ro", ".rel.data.rel.ro", RODATA, SHT_RELA, SHT_REL, WORD, PROGRAM, 0},
	{"COMMON", "COMMON", ALLOC, SHT_NULL, SHT_NULL, 0, ANY, 0},
	{".rela.got", ".rel.got", RODATA, SHT_RELA, SHT_REL, WORD, ANY, 0},
	{".got", ".got", DATA, SHT_PROGBITS, SHT_PROGBITS, WORD, ANY, SHF_ALLOC | SHF_WRITE},
	{".got.plt", ".got.plt", DATA, SHT_NULL, SHT_NULL, WORD, ANY, 0},
	{".iplt", ".iplt", TEXT, SHT_NULL, SHT_NULL, 0, FIXED, 0},
	{".rela.iplt", ".rel.iplt", RODATA, SHT_RELA, SHT_REL, WORD, FIXED, 0},
	{".igot.plt", ".igot.plt", DATA, SHT_NULL, SHT_NULL, WORD, FIXED, 0},
	{".rela.ifunc", ".rel.ifunc", RODATA, SHT_RELA, SHT_REL, WORD, INDEPENDENT, 0},
	{".plt.got", ".plt.got", TEXT, SHT_NULL, SHT_NULL, 3, DYNAMIC, 0},
	{".eh_frame", ".eh_frame", RODATA, SHT_NULL, SHT_NULL, WORD, DYNAMIC, 0},
	{".sframe", ".sframe", RODATA, SHT_NULL, SHT_NULL, WORD, DYNAMIC_WIDE, 0},
};

enum { GNU_STACK, FIRST_DYNAMIC, COMMON = 19, FIRST_TABLE };

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

/* Finders of rules for the file that is the current one. */
struct finders {
	struct rule_finder *rules, *keeps;
};

static void add(struct link *link, const struct finders *finders, file_id file, uint8_t which, uint8_t p2align)
{
	struct rule_finder *finder = finders->rules;
	struct layout *layout = link->layout;
	const struct file *of = file_of(link, file);
	struct phantom phantom = {.file = file, .at = of->first_section + of->elf.nshdr - 1, .which = which,
				  .run = ORPHAN_RUN, .p2align = p2align, .is_common = which == COMMON};
	if (which == GNU_STACK)
		phantom.at = find_stack_section(link, of);
	uint64_t sh_flags = sections[which].sh_flags;
	struct str name = str_of(phantom_name(link, &phantom));
	uint32_t rule = rule_finder_find(finder, name, sh_flags, 0);
	while (rule < layout->rules.n && layout->osecs.at[layout->runs.at[layout->rules.at[rule].run].osec].is_absent)
		rule = rule_finder_find(finder, name, sh_flags, rule + 1);
	if (rule < layout->rules.n)
		phantom.run = layout->rules.at[rule].run;
	bool is_taken = phantom.run != ORPHAN_RUN &&
			layout->osecs.at[layout->runs.at[phantom.run].osec].rank != RANK_DISCARD;
	phantom.keep = is_taken && finders->keeps &&
		       rule_finder_find(finders->keeps, name, sh_flags, 0) < layout->rules.n;
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

static bool is_made(const struct link *link, enum condition condition, bool again)
{
	const struct options *options = link->options;
	switch (condition) {
	case ANY:
		return !(again && link->is_dynamic);
	case DYNAMIC:
		return link->is_dynamic;
	case PROGRAM:
		return link->is_dynamic && options->kind != OUTPUT_SHARED;
	case SYSV_TABLE:
		return link->is_dynamic && options->hash_sysv;
	case GNU_TABLE:
		return link->is_dynamic && options->hash_gnu;
	case FIXED:
		return !link->is_pic;
	case INDEPENDENT:
		return link->is_pic;
	case DYNAMIC_WIDE:
		return link->is_dynamic && is_wide(link);
	}
	return false;
}

/* What the linker makes, from `first` on: sections [first, end). */
static void add_made(struct link *link, const struct finders *finders, file_id file, unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++)
		if (is_made(link, sections[i].condition, i >= FIRST_TABLE))
			add(link, finders, file, (uint8_t)i,
			    sections[i].p2align == WORD ? link->arch->dialect->p2word : sections[i].p2align);
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

static bool has_keeps(const struct layout *layout)
{
	for (uint32_t r = 1; r < layout->runs.n; r++)
		if (layout->runs.at[r].keep && layout->osecs.at[layout->runs.at[r].osec].rank < RANK_TABLES)
			return true;
	return false;
}

void phantoms_classify(struct link *link)
{
	bool relocatable = link->options->kind == OUTPUT_RELOCATABLE;
	bool has_tables = !relocatable && (link->arch->machine == EM_X86_64 || link->arch->machine == EM_386);
	bool first = true;
	uint32_t next = 0;
	link->layout->phantoms.n = 0;
	struct rule_index *keep_index = has_keeps(link->layout) ? rule_index_new(link->layout, true) : NULL;
	struct finders finders = {.rules = rule_finder_new(link->layout->rule_index),
				  .keeps = keep_index ? rule_finder_new(keep_index) : NULL};
	for (file_id f = 1; f < link->files.n; f++) {
		const struct file *file = file_of(link, f);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		layout_finder_file(finders.rules, file);
		if (finders.keeps)
			layout_finder_file(finders.keeps, file);
		if (file->stack != STACK_UNSAID && !relocatable &&
		    (!link->options->gc_sections || is_reached(link, f)))
			add(link, &finders, f, GNU_STACK, 0);
		if (first && has_tables)
			add_made(link, &finders, f, FIRST_DYNAMIC, COMMON);
		for (; next < link->common_areas.n && link->common_areas.at[next].file <= f; next++)
			if (link->common_areas.at[next].kind == COMMON_DATA)
				add(link, &finders, f, COMMON, (uint8_t)link->common_areas.at[next].p2align);
		if (relocatable && link->common_areas.n == 0 && has_common_symbols(link, f))
			add(link, &finders, f, COMMON, 0);
		if (first && has_tables)
			add_made(link, &finders, f, FIRST_TABLE, COUNTOF(sections));
		first = false;
	}
	rule_finder_free(finders.rules);
	rule_finder_free(finders.keeps);
	rule_index_free(keep_index);
}
