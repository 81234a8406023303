/* Which run of the layout program takes each input section. */
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/layout/layout.h"
#include "ld/layout/looks.h"
#include "ld/layout/orphans.h"
#include "ld/layout/rule_index.h"
#include "ld/report/describe.h"
#include "ld/resolve/symbols.h"
#include "ld/synth/eh_frame.h"

enum { FILE_GRAIN = 8 };

static const char *const synthetic_names[SYN_COUNT] = {
	[SYN_INTERP] = ".interp",
	[SYN_PROPERTY] = ".note.gnu.property",
	[SYN_BUILD_ID] = ".note.gnu.build-id",
	[SYN_PACKAGE] = ".note.package",
	[SYN_HASH] = ".hash",
	[SYN_GNU_HASH] = ".gnu.hash",
	[SYN_DYNSYM] = ".dynsym",
	[SYN_DYNSTR] = ".dynstr",
	[SYN_VERSYM] = ".gnu.version",
	[SYN_VERDEF] = ".gnu.version_d",
	[SYN_VERNEED] = ".gnu.version_r",
	[SYN_RELA_DYN] = ".rela.dyn",
	[SYN_RELA_PLT] = ".rela.plt",
	[SYN_RELR_DYN] = ".relr.dyn",
	[SYN_EH_FRAME_HDR] = ".eh_frame_hdr",
	[SYN_PLT] = ".plt",
	[SYN_PLT_GOT] = ".plt.got",
	[SYN_PLT_SEC] = ".plt.sec",
	[SYN_PLT_UNWIND] = ".eh_frame",
	[SYN_DYNAMIC] = ".dynamic",
	[SYN_GOT] = ".got",
	[SYN_GOT_PLT] = ".got.plt",
	[SYN_DYNRELRO] = ".bss.rel.ro",
	[SYN_DYNBSS] = ".dynbss",
	[SYN_RELRO_PADDING] = ".relro_padding",
	[SYN_COMMON] = "COMMON",
	[SYN_TLS_COMMON] = ".tcommon",
	[SYN_LARGE_COMMON] = "LARGE_COMMON",
	[SYN_GDB_INDEX] = ".gdb_index",
	[SYN_GILD_ABI] = ".gild.abi",
	[SYN_GNU_DEBUGLINK] = ".gnu_debuglink",
	[SYN_SHSTRTAB] = ".shstrtab",
	[SYN_GNU_STACK] = ".note.GNU-stack",
};

const char *layout_synthetic_name(const struct link *link, enum synthetic which)
{
	bool is_rel = !link->arch->dialect->is_rela;
	if (is_rel && which == SYN_RELA_DYN)
		return ".rel.dyn";
	if (is_rel && which == SYN_RELA_PLT)
		return ".rel.plt";
	return synthetic_names[which];
}

const char *layout_section_name(const struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	switch (section->kind) {
	case SECTION_SYNTHETIC:
		if (link->layout->scripted && section->extra == SYN_RELA_PLT && !link->is_dynamic)
			/* what a static program relocates itself has a place of its own in scripts */
			return link->arch->dialect->is_rela ? ".rela.iplt" : ".rel.iplt";
		if (link->layout->scripted && section->extra == SYN_DYNRELRO)
			return ".data.rel.ro";
		return layout_synthetic_name(link, (enum synthetic)section->extra);
	case SECTION_SYMTAB:
		return ".symtab";
	case SECTION_SYMTAB_SHNDX:
		return ".symtab_shndx";
	case SECTION_STRTAB:
		return ".strtab";
	case SECTION_POOL:
	case SECTION_RELA:
		return "";
	default:
		return elf_section_name(&file_of(link, section->file)->elf, section_number(link, id));
	}
}

/* An index that the linker makes takes the place of those of the inputs, and of the names that it is made from; so does
 * a link to the debug file. */
static bool is_superseded(const struct link *link, section_id id, const char *name)
{
	const struct options *options = link->options;
	if (section_of(link, id)->file == INTERNAL_FILE)
		return false;
	return (options->separate_debug && strcmp(name, ".gnu_debuglink") == 0) ||
	       (options->emit_abi && strcmp(name, ".gild.abi") == 0) ||
	       (options->gdb_index &&
		(strcmp(name, ".gdb_index") == 0 || strncmp(name, ".debug_gnu_pub", 14) == 0));
}

/* -s and -S leave debug information out. */
static bool is_stripped(const struct link *link, section_id id, const char *name)
{
	static const char *const debug[] = {".debug", ".zdebug", ".stab", ".line", ".gdb_index", ".gnu.linkonce.wi."};
	if (link->options->strip == STRIP_NONE || section_of(link, id)->file == INTERNAL_FILE ||
	    section_shdr(link, id)->sh_flags & SHF_ALLOC)
		return false;
	for (unsigned i = 0; i < COUNTOF(debug); i++)
		if (strncmp(name, debug[i], strlen(debug[i])) == 0)
			return true;
	return false;
}

/* One thread's, for one file at a time; keeps: NULL, or looks into keep_index. */
struct finders {
	struct rule_finder *rules, *keeps;
};

static uint64_t flags_of(const struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	if (link->layout->scripted && section->kind == SECTION_SYNTHETIC && section->extra == SYN_COMMON)
		return 0; /* COMMON is no section of ELF: INPUT_SECTION_FLAGS sees none */
	return section->file == INTERNAL_FILE ? layout_synthetic_flags(link, section)
					      : section_shdr(link, id)->sh_flags;
}

/* .symtab and the like: no rule of a script means them. */
static bool is_table(const struct section *section)
{
	return section->kind == SECTION_SYMTAB || section->kind == SECTION_SYMTAB_SHNDX ||
	       section->kind == SECTION_STRTAB ||
	       (section->kind == SECTION_SYNTHETIC && section->extra == SYN_SHSTRTAB);
}

static const struct osec *osec_of_rule(const struct layout *layout, uint32_t rule)
{
	return &layout->osecs.at[layout->runs.at[layout->rules.at[rule].run].osec];
}

/* The first rule that takes the section and whose output section exists. */
static uint32_t find_rule(const struct link *link, section_id id, struct rule_finder *finder)
{
	struct str name = str_of(layout_section_name(link, id));
	/* What is not from a file has no flags yet that INPUT_SECTION_FLAGS could see. */
	uint64_t flags = section_of(link, id)->file == INTERNAL_FILE ? 0 : flags_of(link, id);
	uint32_t rule = layout_stands_alone(link, id) ? NO_RULE : rule_finder_find(finder, name, flags, 0);
	while (rule != NO_RULE && osec_of_rule(link->layout, rule)->is_absent)
		rule = rule_finder_find(finder, name, flags, rule + 1);
	return rule;
}

static void classify(struct link *link, section_id id, struct finders finders)
{
	struct layout *layout = link->layout;
	struct section *section = section_of(link, id);
	const char *name = layout_section_name(link, id);
	if (layout->scripted && is_table(section)) {
		section->run = layout->osecs.at[layout_table(layout, name)].nodes.at[0].id;
		return;
	}
	uint32_t rule = find_rule(link, id, finders.rules);
	section->run = rule == NO_RULE ? ORPHAN_RUN : layout->rules.at[rule].run;
	if (finders.keeps)
		section->keep = rule_finder_find(finders.keeps, str_of(name), flags_of(link, id), 0) != NO_RULE;
	/* Names of tables that the linker writes about its own output are not for others' sections. */
	bool reserved = rule != NO_RULE && section->file != INTERNAL_FILE &&
			osec_of_rule(layout, rule)->rank == RANK_TABLES;
	if (reserved) {
		struct diag_about about = about_section(file_of(link, section->file), section_number(link, id),
							"reserved-section");
		diag_report(link->diag, SEVERITY_WARNING, diag_order(section->file, id), &about,
			    "section left out: the name is reserved");
	}
	if (reserved || is_stripped(link, id, name) || is_superseded(link, id, name)) {
		section->run = 0;
		section->live = false;
		return;
	}
	/* .ctors runs from the last pointer to the first; in .init_array it has to stand the other way round. */
	const struct osec *osec = rule == NO_RULE ? NULL : osec_of_rule(layout, rule);
	bool ctors = strncmp(name, ".ctors", 6) == 0, dtors = strncmp(name, ".dtors", 6) == 0;
	if (osec && (ctors || dtors) && section_shdr(link, id)->sh_flags & SHF_ALLOC &&
	    section->size % link->arch->dialect->word == 0)
		section->reversed = strcmp(osec->name, ctors ? ".init_array" : ".fini_array") == 0;
	if (osec && osec->rank == RANK_DISCARD) {
		section->run = 0;
		section->live = false;
	}
}

/* Common symbols that a script does not place are in .bss and its like. */
static const char *common_name(const struct section *section)
{
	if (section->kind == SECTION_SYNTHETIC && section->extra == SYN_COMMON)
		return ".bss";
	if (section->kind == SECTION_SYNTHETIC && section->extra == SYN_TLS_COMMON)
		return ".tbss";
	if (section->kind == SECTION_SYNTHETIC && section->extra == SYN_LARGE_COMMON)
		return ".lbss";
	return NULL;
}

void layout_finder_file(struct rule_finder *finder, const struct file *file)
{
	bool is_member = file->member.len != 0;
	struct str path = str_of(file->path);
	rule_finder_file(finder, is_member ? file->member : path, is_member ? path : (struct str){"", 0}, is_member);
}

/* The file whose common symbols the section has; 0: none, or all. */
static file_id file_of_common(const struct link *link, section_id id)
{
	for (uint32_t i = 0; i < link->common_areas.n; i++)
		if (link->common_areas.at[i].section == id)
			return link->common_areas.at[i].file;
	return 0;
}

void layout_classify_one(struct link *link, section_id id)
{
	struct section *section = section_of(link, id);
	struct rule_finder *finder = link->layout->own_finder;
	file_id file = file_of_common(link, id);
	if (file)
		layout_finder_file(finder, file_of(link, file));
	classify(link, id, (struct finders){finder, NULL});
	if (file)
		rule_finder_file(finder, (struct str){"", 0}, (struct str){"", 0}, false);
	if (section->run == 0 && file && section->size)
		diag_warning(link->diag, diag_order(file, 0),
			     FILE_FORMAT ": common symbols are discarded; where they are used, they are 0",
			     FILE_ARGS(file_of(link, file)));
	if (section->run != ORPHAN_RUN)
		return;
	const char *common = common_name(section);
	section->run = common && link->layout->scripted
			       ? orphan_place_common(link, common)
			       : orphan_place(link, common ? common : layout_section_name(link, id),
					      layout_synthetic_flags(link, section),
					      layout_synthetic_type(link, section), id, false);
}

struct classifying {
	struct link *link;
	struct finders *of_worker;
};

static struct finders begin_file(const struct layout *layout, struct finders *finders, const struct file *file)
{
	if (!finders->rules) {
		finders->rules = rule_finder_new(layout->rule_index);
		finders->keeps = layout->keep_index ? rule_finder_new(layout->keep_index) : NULL;
	}
	layout_finder_file(finders->rules, file);
	if (finders->keeps)
		layout_finder_file(finders->keeps, file);
	return *finders;
}

static void classify_files(void *context, size_t begin, size_t end, unsigned worker)
{
	const struct classifying *classifying = context;
	struct link *link = classifying->link;
	for (size_t f = begin; f < end; f++) {
		const struct file *file = file_of(link, (file_id)f);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		struct finders finders = begin_file(link->layout, &classifying->of_worker[worker], file);
		for (uint32_t i = 1; i < file->elf.nshdr; i++) {
			const struct section *section = section_of(link, file->first_section + i);
			if (section->kind != SECTION_NONE && section->live)
				classify(link, file->first_section + i, finders);
		}
	}
}

/* ---- ONLY_IF_RO, ONLY_IF_RW ------------------------------------------------------------------------------ */

static enum section_constraint constraint_of(const struct osec *osec)
{
	return osec->said ? osec->said->constraint : CONSTRAINT_NONE;
}

/* What the rules of an output section take. */
struct taken {
	uint32_t n, n_phantoms, n_writable;
};

static struct taken *count_taken(const struct link *link)
{
	const struct layout *layout = link->layout;
	struct taken *taken = calloc(layout->osecs.n, sizeof(*taken));
	if (!taken)
		out_of_memory();
	for (section_id id = 1; id < link->sections.n; id++) {
		const struct section *section = section_of(link, id);
		if (!section->run || section->run == ORPHAN_RUN || !section->live)
			continue;
		uint32_t osec = layout->runs.at[section->run].osec;
		if (constraint_of(&layout->osecs.at[osec]) == CONSTRAINT_NONE)
			continue;
		taken[osec].n++;
		taken[osec].n_writable += (flags_of(link, id) & SHF_WRITE) != 0;
	}
	for (uint32_t i = 0; i < layout->phantoms.n; i++) {
		const struct phantom *phantom = &layout->phantoms.at[i];
		if (phantom->run == ORPHAN_RUN)
			continue;
		uint32_t osec = layout->runs.at[phantom->run].osec;
		taken[osec].n_phantoms++;
		taken[osec].n_writable += !(phantom_flags(phantom) & READONLY);
	}
	return taken;
}

/* What the output section has goes to the rules behind its own. */
static void give_back(struct link *link, uint32_t osec)
{
	const struct layout *layout = link->layout;
	struct finders finders = {NULL, NULL};
	for (file_id f = 1; f < link->files.n; f++) {
		const struct file *file = file_of(link, f);
		bool begun = false;
		for (uint32_t i = 1; file->kind == FILE_OBJECT && file->live && i < file->elf.nshdr; i++) {
			const struct section *section = section_of(link, file->first_section + i);
			if (!section->run || section->run == ORPHAN_RUN || layout->runs.at[section->run].osec != osec)
				continue;
			if (!begun)
				begin_file(layout, &finders, file);
			begun = true;
			classify(link, file->first_section + i, finders);
		}
	}
	rule_finder_free(finders.rules);
	rule_finder_free(finders.keeps);
}

/* Decides in the order of the script, since what one output section does not take the next ones may. */
static void decide_constraints(struct link *link)
{
	struct layout *layout = link->layout;
	struct taken *taken = NULL;
	for (uint32_t osec = 1; osec < layout->osecs.n; osec++) {
		enum section_constraint constraint = constraint_of(&layout->osecs.at[osec]);
		if (constraint != CONSTRAINT_ONLY_IF_RO && constraint != CONSTRAINT_ONLY_IF_RW)
			continue;
		if (!taken)
			taken = count_taken(link);
		bool read_only = taken[osec].n_writable == 0;
		if (read_only == (constraint == CONSTRAINT_ONLY_IF_RO))
			continue;
		layout->osecs.at[osec].is_absent = true;
		if (taken[osec].n_phantoms)
			phantoms_classify(link);
		if (taken[osec].n)
			give_back(link, osec);
		if (!taken[osec].n_phantoms && !taken[osec].n)
			continue;
		free(taken);
		taken = NULL;
	}
	free(taken);
}

void layout_classify(struct link *link)
{
	unsigned workers = pool_threads(link->pool);
	struct classifying classifying = {.link = link, .of_worker = calloc(workers, sizeof(struct finders))};
	if (!classifying.of_worker)
		out_of_memory();
	parallel_for(link->pool, link->files.n, FILE_GRAIN, classify_files, &classifying);
	for (unsigned i = 0; i < workers; i++) {
		rule_finder_free(classifying.of_worker[i].rules);
		rule_finder_free(classifying.of_worker[i].keeps);
	}
	free(classifying.of_worker);
	if (link->layout->scripted)
		return;
	decide_constraints(link);
	orphans_place(link);
}

/* KEEP() also keeps an output section of empty sections that an earlier description took. */
static void keep_empty(struct link *link)
{
	struct layout *layout = link->layout;
	bool any = false;
	for (uint32_t r = 1; r < layout->runs.n; r++)
		any |= layout->runs.at[r].keep && layout->osecs.at[layout->runs.at[r].osec].rank < RANK_TABLES;
	if (!any)
		return;
	struct rule_index *index = rule_index_new(layout, true);
	struct rule_finder *finder = rule_finder_new(index);
	file_id last = 0;
	for (section_id id = 1; id < link->sections.n; id++) {
		struct section *section = section_of(link, id);
		if (section->size || !section->live || section->kind == SECTION_NONE || section->file == INTERNAL_FILE)
			continue;
		if (section->file != last)
			layout_finder_file(finder, file_of(link, section->file));
		last = section->file;
		section->keep |= rule_finder_find(finder, str_of(layout_section_name(link, id)), flags_of(link, id),
						  0) != NO_RULE;
	}
	rule_finder_free(finder);
	rule_index_free(index);
}

/* (NOLOAD): relocations and unwind records would be about content that is not there. */
static void drop_relocations(struct link *link)
{
	const struct layout *layout = link->layout;
	bool any = false;
	for (uint32_t i = 1; i < layout->osecs.n; i++)
		any |= layout->osecs.at[i].said && layout->osecs.at[i].said->type == SECTION_TYPE_NOLOAD;
	for (section_id id = 1; any && id < link->sections.n; id++) {
		struct section *section = section_of(link, id);
		bool unwinds = section->kind == SECTION_EH_FRAME;
		if ((!section->rela && !unwinds) || !section->live || !section->run)
			continue;
		const struct osec *osec = osec_of_section(layout, section);
		if (!osec->said || osec->said->type != SECTION_TYPE_NOLOAD || !(flags_of(link, id) & SHF_ALLOC))
			continue;
		section->rela = 0;
		if (unwinds)
			eh_frame_forget(link, id);
	}
}

void layout_place_orphans(struct link *link)
{
	if (!link->layout->scripted)
		return;
	keep_empty(link);
	phantoms_classify(link);
	decide_constraints(link);
	orphans_place(link);
	if (link->options->kind != OUTPUT_RELOCATABLE)
		drop_relocations(link);
}
