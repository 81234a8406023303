/* Which run of the layout program takes each input section; a place for those that none takes. */
#include <stdlib.h>
#include <string.h>

#include "ld/layout/layout.h"
#include "ld/layout/rule_index.h"
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
	[SYN_DYNAMIC] = ".dynamic",
	[SYN_GOT] = ".got",
	[SYN_GOT_PLT] = ".got.plt",
	[SYN_DYNRELRO] = ".bss.rel.ro",
	[SYN_DYNBSS] = ".dynbss",
	[SYN_RELRO_PADDING] = ".relro_padding",
	[SYN_COMMON] = "COMMON",
	[SYN_SHSTRTAB] = ".shstrtab",
};

const char *layout_section_name(const struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	switch (section->kind) {
	case SECTION_SYNTHETIC:
		return synthetic_names[section->extra];
	case SECTION_SYMTAB:
		return ".symtab";
	case SECTION_SYMTAB_SHNDX:
		return ".symtab_shndx";
	case SECTION_STRTAB:
		return ".strtab";
	case SECTION_POOL:
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
	uint32_t rule = rule_index_find(layout, str_of(name), is_crt);
	section->run = rule == NO_RULE ? ORPHAN_RUN : layout->rules.at[rule].run;
	if (is_stripped(link, id, name)) {
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

/* ---- orphans ------------------------------------------------------------------------------------------- */

static enum osec_rank rank_by_flags(uint64_t flags, uint32_t type)
{
	if (!(flags & SHF_ALLOC))
		return RANK_NOT_LOADED;
	if (flags & SHF_TLS)
		return RANK_TLS;
	if (flags & SHF_EXECINSTR)
		return RANK_TEXT;
	if (flags & SHF_WRITE)
		return type == SHT_NOBITS ? RANK_BSS : RANK_DATA;
	return type == SHT_NOTE ? RANK_HEADERS : RANK_RODATA;
}

/* The run for orphans of that name and rank; made when there is none yet. */
static uint32_t orphan_run(struct layout *layout, const char *name, enum osec_rank rank)
{
	uint32_t id = layout_find_of_rank(layout, name, rank);
	const struct osec *osec = &layout->osecs.at[id];
	for (uint32_t n = osec->nodes.n; n-- > 0;)
		if (osec->nodes.at[n].kind == NODE_RUN)
			return osec->nodes.at[n].id;
	return layout_run(layout, layout_osec(layout, name, rank), "", SORT_NONE);
}

/* Where orphans of each rank go: right behind the last section of that rank or, when there is none, of a lower one. */
struct places {
	const struct layout *layout;
	uint32_t behind[RANK_DISCARD + 1];
};

static void find_places(struct places *places, uint32_t n_nodes)
{
	const struct layout *layout = places->layout;
	bool found[RANK_DISCARD + 1] = {false};
	for (uint32_t i = 0; i < n_nodes; i++) {
		if (layout->nodes.at[i].kind != NODE_SECTION)
			continue;
		enum osec_rank of_node = layout->osecs.at[layout->nodes.at[i].id].rank;
		for (uint32_t rank = of_node; rank <= RANK_DISCARD; rank++)
			if (rank == of_node || !found[rank])
				places->behind[rank] = i + 1;
		found[of_node] = true;
	}
}

/* By place and rank, then in the order of their names' first mention. Among notes, the more aligned come first: a PT_NOTE
 * holds notes of one alignment. */
static int compare_orphans(const void *a, const void *b, void *context)
{
	const struct places *places = context;
	const struct node *m = a, *n = b;
	const struct osec *x = &places->layout->osecs.at[m->id], *y = &places->layout->osecs.at[n->id];
	if (places->behind[x->rank] != places->behind[y->rank])
		return places->behind[x->rank] < places->behind[y->rank] ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->rank == RANK_HEADERS && x->p2align != y->p2align)
		return x->p2align > y->p2align ? -1 : 1;
	return m->id < n->id ? -1 : m->id > n->id;
}

/* Moves the statements from `first` on, new output sections, to their places. Symbols that mark the end of what stands
 * before (_edata, _end) stay behind them. */
static void insert_orphans(struct layout *layout, uint32_t first)
{
	struct places places = {.layout = layout};
	uint32_t n = layout->nodes.n - first;
	if (n == 0)
		return;
	find_places(&places, first);
	struct node *orphans = malloc(n * sizeof(*orphans));
	if (!orphans)
		out_of_memory();
	memcpy(orphans, layout->nodes.at + first, n * sizeof(*orphans));
	qsort_r(orphans, n, sizeof(*orphans), compare_orphans, &places);
	/* From the back, so that every statement moves once. */
	for (uint32_t from = first; n > 0; n--) {
		uint32_t place = places.behind[layout->osecs.at[orphans[n - 1].id].rank];
		while (from > place) {
			from--;
			layout->nodes.at[from + n] = layout->nodes.at[from];
		}
		layout->nodes.at[from + n - 1] = orphans[n - 1];
	}
	free(orphans);
}

static void place_orphans(struct link *link)
{
	struct layout *layout = link->layout;
	const char *last_name = NULL;
	enum osec_rank last_rank = RANK_DISCARD;
	uint32_t last_run = 0, first = layout->nodes.n;
	for (section_id id = 1; id < link->sections.n; id++) {
		struct section *section = section_of(link, id);
		if (section->run != ORPHAN_RUN)
			continue;
		const struct elf_shdr *shdr = section_shdr(link, id);
		const char *name = layout_section_name(link, id);
		enum osec_rank rank = rank_by_flags(shdr->sh_flags, shdr->sh_type);
		if (!last_name || rank != last_rank || strcmp(name, last_name) != 0) {
			last_run = orphan_run(layout, name, rank);
			last_name = name;
			last_rank = rank;
		}
		section->run = last_run;
		struct osec *osec = osec_of_section(layout, section);
		if (section->p2align > osec->p2align)
			osec->p2align = section->p2align;
		/* Whoever walks such a section from __start_ to __stop_ may count on the order of the command line. */
		if (name[0] != '.')
			layout->runs.at[last_run].fixed = true;
	}
	insert_orphans(layout, first);
}

void layout_classify(struct link *link)
{
	parallel_for(link->pool, link->files.n, FILE_GRAIN, classify_files, link);
	place_orphans(link);
}
