/* Which run of the layout program takes each input section. */
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/layout/layout.h"
#include "ld/layout/orphans.h"
#include "ld/layout/rule_index.h"
#include "ld/report/describe.h"
#include "ld/resolve/symbols.h"

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

static bool ends_with(struct str text, const char *suffix)
{
	size_t len = strlen(suffix);
	return text.len >= len && memcmp(text.at + text.len - len, suffix, len) == 0;
}

/* *crtbegin.o *crtbegin?.o *crtend.o *crtend?.o */
static bool is_crt_file(const struct file *file)
{
	struct str name = file->member.len ? file->member : str_of(file->path);
	if (!ends_with(name, ".o"))
		return false;
	for (uint32_t variant = 0; variant < 2; variant++) {
		struct str stem = {name.at, name.len - 2 - (variant && name.len > 2 ? 1 : 0)};
		if (ends_with(stem, "crtbegin") || ends_with(stem, "crtend"))
			return true;
	}
	return false;
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

static void classify(struct link *link, section_id id, bool is_crt)
{
	struct layout *layout = link->layout;
	struct section *section = section_of(link, id);
	const char *name = layout_section_name(link, id);
	uint32_t rule = layout_stands_alone(link, id) ? NO_RULE : rule_index_find(layout, str_of(name), is_crt);
	section->run = rule == NO_RULE ? ORPHAN_RUN : layout->rules.at[rule].run;
	/* Names of tables that the linker writes about its own output are not for others' sections. */
	bool reserved = rule != NO_RULE && section->file != INTERNAL_FILE &&
			layout->osecs.at[layout->runs.at[section->run].osec].rank == RANK_TABLES;
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
	if (rule != NO_RULE && (strncmp(name, ".ctors", 6) == 0 || strncmp(name, ".dtors", 6) == 0) &&
	    section->size % 8 == 0)
		section->reversed = layout->osecs.at[layout->runs.at[section->run].osec].name[1] != name[1];
	if (section->run == layout->discard_run) {
		section->run = 0;
		section->live = false;
	}
}

void layout_classify_one(struct link *link, section_id id)
{
	classify(link, id, false);
}

static void classify_files(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	(void)worker;
	for (size_t f = begin; f < end; f++) {
		const struct file *file = file_of(link, (file_id)f);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		bool is_crt = is_crt_file(file);
		for (uint32_t i = 1; i < file->elf.nshdr; i++) {
			const struct section *section = section_of(link, file->first_section + i);
			if (section->kind != SECTION_NONE && section->live)
				classify(link, file->first_section + i, is_crt);
		}
	}
}

void layout_classify(struct link *link)
{
	parallel_for(link->pool, link->files.n, FILE_GRAIN, classify_files, link);
	orphans_place(link);
}
