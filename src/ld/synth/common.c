/* Common symbols: C's tentative definitions (gABI, SHN_COMMON). Of all files that mention one, the largest size and the
 * strictest alignment count; the linker allocates them in the section COMMON, thread-local ones in .tcommon, those of
 * the large code model in LARGE_COMMON. */
#include "ld/layout/layout.h"
#include "ld/report/describe.h"
#include "ld/resolve/abi_check.h"
#include "ld/resolve/resolve.h"
#include "ld/resolve/symbols.h"
#include "ld/synth/synth.h"

static bool is_common(const struct link *link, symbol_id id)
{
	uint64_t owner = symbol_owner(&link->symbols[id]);
	return owner != OWNER_NONE && owner_rank(owner) == RANK_COMMON;
}

/* What a name meant when the objects were read up to some file. */
struct meaning {
	enum { NOTHING, COMMON, DEFINITION } kind;
	file_id file;
	uint64_t size;
};

static const char *file_text(struct link *link, file_id id)
{
	return arena_printf(&link->arena, FILE_FORMAT, FILE_ARGS(file_of(link, id)));
}

/* One more file says what a name is; the words are GNU ld's (ldmain.c, multiple_common). */
static void note_meaning(struct link *link, struct meaning *known, symbol_id id, struct meaning now, uint32_t index)
{
	uint64_t order = diag_order(now.file, index);
	if (known->kind == COMMON || (known->kind == DEFINITION && now.kind == COMMON)) {
		const char *name = describe_symbol(link, &link->arena, id);
		const char *file = file_text(link, now.file), *other = file_text(link, known->file);
		if (now.kind == DEFINITION)
			diag_warning(link->diag, order, "%s: definition of `%s' overriding common from %s", file, name,
				     other);
		else if (known->kind == DEFINITION)
			diag_warning(link->diag, order, "%s: common of `%s' overridden by definition from %s", file,
				     name, other);
		else if (now.size == known->size)
			diag_warning(link->diag, order,
				     "multiple common symbols: %s\n>>> %s and %s: warning: multiple common of `%s'",
				     name, file, other, name);
		else
			diag_warning(link->diag, order, "%s: common of `%s' %s common from %s", file, name,
				     now.size > known->size ? "overriding smaller" : "overridden by larger", other);
	}
	if (known->kind == NOTHING || now.kind > known->kind || (now.kind == known->kind && now.size > known->size))
		*known = now;
}

void common_warn(struct link *link)
{
	if (!link->options->warn_common)
		return;
	struct meaning *known = arena_array(&link->arena, struct meaning, link->n_symbols);
	for (file_id f = 1; f < link->files.n; f++) {
		const struct file *file = file_of(link, f);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
			const struct elf_sym *sym = &file->symtab.syms[i];
			symbol_id id = global_of(file, i);
			bool common = elf_sym_is_common(sym);
			if (!id || !is_live_definition(link, file, i) ||
			    (!common && elf_sym_bind(sym) == STB_WEAK))
				continue;
			note_meaning(link, &known[id], id,
				     (struct meaning){common ? COMMON : DEFINITION, f, sym->st_size}, i);
		}
	}
}

/* Any mention of an ordinary common symbol takes it out of the large ones (GNU ld does the same). */
static enum common_kind kind_of(const struct elf_sym *sym)
{
	if (elf_sym_type(sym) == STT_TLS)
		return COMMON_TLS;
	return sym->st_shndx == SHN_X86_64_LCOMMON ? COMMON_LARGE : COMMON_DATA;
}

/* One live file's demand. Until places are given, `offset` is the alignment. */
static void demand(struct link *link, const struct elf_sym *sym, symbol_id id)
{
	if (!link->common_symbols)
		link->common_symbols = arena_array(&link->arena, struct common, link->n_symbols);
	struct common *common = &link->common_symbols[id];
	enum common_kind kind = kind_of(sym);
	if (!common->offset || kind < common->kind)
		common->kind = kind;
	common->size = max_u64(common->size, sym->st_size);
	common->offset = max_u64(common->offset, max_u64(sym->st_value, 1));
}

/* The area of that kind, of the file or of all files. Files come one after the other. */
static uint32_t area_of(struct link *link, enum common_kind kind, file_id file)
{
	for (uint32_t i = link->common_areas.n; i-- > 0 && link->common_areas.at[i].file == file;)
		if (link->common_areas.at[i].kind == kind)
			return i;
	*array_push(&link->common_areas) = (struct common_area){.kind = kind, .file = file};
	return link->common_areas.n - 1;
}

static void place(struct link *link, struct common *common, file_id file)
{
	common->area = area_of(link, common->kind, link->layout->scripted ? file : 0);
	struct common_area *area = &link->common_areas.at[common->area];
	uint32_t p2align = (uint32_t)__builtin_ctzll(common->offset);
	common->offset = align_up(area->size, common->offset);
	area->size = common->offset + common->size;
	if (area->size >> 60) { /* each is smaller than 2^48 bytes */
		diag_error(link->diag, 0, "common symbols would have more than 2^60 bytes");
		area->size = 0;
	}
	if (p2align > area->p2align)
		area->p2align = p2align;
}

void common_measure(struct link *link)
{
	/* Demands of every live file, in file order: places follow the order of first mention. */
	for (file_id f = 1; f < link->files.n; f++) {
		const struct file *file = file_of(link, f);
		if (file->kind != FILE_OBJECT || !file->live || !file->has_common)
			continue;
		for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
			const struct elf_sym *sym = &file->symtab.syms[i];
			symbol_id id = global_of(file, i);
			if (!elf_sym_is_common(sym) || !id)
				continue;
			if (is_common(link, id))
				demand(link, sym, id);
			else
				abi_note_size(link, id, f, i);
		}
	}
}

void common_allocate(struct link *link)
{
	common_measure(link);
	for (file_id f = 1; f < link->files.n && link->common_symbols; f++) {
		const struct file *file = file_of(link, f);
		if (file->kind != FILE_OBJECT || !file->live || !file->has_common)
			continue;
		for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
			symbol_id id = global_of(file, i);
			if (elf_sym_is_common(&file->symtab.syms[i]) && id &&
			    symbol_owner(&link->symbols[id]) == owner_key(RANK_COMMON, f, i))
				place(link, &link->common_symbols[id], f);
		}
	}
}
