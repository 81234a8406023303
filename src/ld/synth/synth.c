#include "ld/synth/synth.h"

#include <string.h>

#include "arch/arch.h"
#include "ld/layout/layout.h"
#include "ld/output/separate.h"
#include "ld/prune/merge.h"
#include "ld/resolve/versions.h"
#include "ld/synth/abi_section.h"
#include "ld/synth/dynamic.h"
#include "ld/synth/dynsym.h"
#include "ld/synth/eh_frame.h"
#include "ld/synth/gdb_index.h"
#include "ld/synth/got_plt.h"
#include "ld/synth/groups.h"
#include "ld/synth/notes.h"
#include "ld/synth/plt_unwind.h"
#include "ld/synth/rela_dyn.h"
#include "ld/synth/relocs.h"
#include "ld/synth/relr.h"
#include "ld/synth/symtab.h"
#include "ld/synth/symver.h"

static void make(struct link *link, enum synthetic which, uint64_t size, uint8_t p2align)
{
	section_id id = link->sections.n;
	*array_push(&link->sections) = (struct section){
		.kind = SECTION_SYNTHETIC, .file = INTERNAL_FILE, .extra = which,
		.size = size, .p2align = p2align, .live = true};
	link->synthetic[which] = id;
	layout_classify_one(link, id);
}

static bool any_eh_frame(const struct link *link)
{
	for (file_id id = 1; id < link->files.n; id++)
		if (file_of(link, id)->has_eh_frame && file_of(link, id)->live)
			return true;
	return false;
}

static bool any_relro(const struct link *link)
{
	for (section_id id = 1; id < link->sections.n; id++) {
		const struct section *section = section_of(link, id);
		if (section->live && section->run && section->kind != SECTION_NONE &&
		    osec_of_section(link->layout, section)->relro)
			return true;
	}
	return false;
}

static void make_dynamic_tables(struct link *link)
{
	const struct options *options = link->options;
	const struct elf_dialect *dialect = link->arch->dialect;
	dynsym_choose(link);
	symver_prepare(link);
	dynamic_prepare(link);
	if (link->dynstr.n == 0)
		dynstr_add(link, (struct str){"", 0});
	if (options->hash_sysv)
		make(link, SYN_HASH, sysv_hash_size(link), dialect->p2word);
	if (options->hash_gnu)
		make(link, SYN_GNU_HASH, gnu_hash_size(link), dialect->p2word);
	make(link, SYN_DYNSYM, (uint64_t)link->dynsyms.n * dialect->sym, dialect->p2word);
	make(link, SYN_DYNSTR, link->dynstr.n, 0);
	if (verdef_size(link))
		make(link, SYN_VERDEF, verdef_size(link), dialect->p2word);
	if (verneed_size(link))
		make(link, SYN_VERNEED, verneed_size(link), dialect->p2word);
	if (verdef_size(link) || verneed_size(link))
		make(link, SYN_VERSYM, 2ull * link->dynsyms.n, 1);
}

static void make_common(struct link *link)
{
	for (uint32_t i = 0; i < link->common_areas.n; i++) {
		struct common_area *area = &link->common_areas.at[i];
		enum synthetic which = (enum synthetic)(SYN_COMMON + area->kind);
		if (!area->size)
			continue;
		area->section = link->sections.n; /* the next one */
		make(link, which, area->size, (uint8_t)area->p2align);
	}
}

static bool is_discarded(const struct link *link, enum synthetic which)
{
	return link->synthetic[which] && !synthetic_is_placed(link, which);
}

static void check_discarded_code(struct link *link)
{
	static const struct {
		enum synthetic which;
		const char *user;
	} used[] = {
		{SYN_PLT, "calls go"},
		{SYN_PLT_SEC, "calls go"},
		{SYN_PLT_GOT, "calls go"},
		{SYN_GOT, "code reads addresses"},
		{SYN_GOT_PLT, "the PLT reads addresses"},
		{SYN_DYNRELRO, "variables are copied"},
		{SYN_DYNBSS, "variables are copied"},
	};
	for (unsigned i = 0; i < COUNTOF(used); i++) {
		bool is_empty = used[i].which == SYN_GOT_PLT && !link->plt.n;
		if (is_discarded(link, used[i].which) && !is_empty)
			diag_error(link->diag, used[i].which, "the linker script discards `%s', where %s",
				   layout_section_name(link, link->synthetic[used[i].which]), used[i].user);
	}
}

/* Without .dynstr, .dynamic does without the other tables of symbols as well (dynamic.c), if it needs no names. */
static void check_discarded_tables(struct link *link)
{
	static const enum synthetic tables[] = {SYN_HASH, SYN_GNU_HASH, SYN_DYNSYM, SYN_VERSYM, SYN_VERDEF, SYN_VERNEED};
	if (!synthetic_is_placed(link, SYN_DYNAMIC))
		return;
	if (is_discarded(link, SYN_DYNSTR)) {
		if (dynamic_has_names(link))
			diag_error(link->diag, SYN_DYNSTR,
				   "the linker script discards `%s', but not the .dynamic section, which has names in it", layout_section_name(link, link->synthetic[SYN_DYNSTR]));
		return;
	}
	for (unsigned i = 0; i < COUNTOF(tables); i++)
		if (is_discarded(link, tables[i]))
			diag_error(link->diag, tables[i],
				   "the linker script discards `%s', but not the .dynamic section that names it",
				   layout_section_name(link, link->synthetic[tables[i]]));
}

static void check_discarded_relocations(struct link *link)
{
	static const enum synthetic relocations[] = {SYN_RELA_DYN, SYN_RELR_DYN, SYN_RELA_PLT};
	for (unsigned i = 0; i < COUNTOF(relocations); i++)
		if (is_discarded(link, relocations[i]))
			diag_warning(link->diag, relocations[i],
				     "the linker script discards `%s': addresses that a loader would have to correct stay as "
				     "they are",
				     layout_section_name(link, link->synthetic[relocations[i]]));
}

/* A script may drop what stands alone, and the dynamic section with all of its tables, as kernels' do; not what other
 * parts of the output use. GNU ld refuses most of that ("discarded output section: `.got.plt'", "could not find section
 * .gnu.hash"), and lets lost relocations pass without a word. */
static void check_discarded(struct link *link)
{
	check_discarded_code(link);
	check_discarded_tables(link);
	check_discarded_relocations(link);
}

void synth_create(struct link *link)
{
	const struct options *options = link->options;
	const struct arch *arch = link->arch;
	const struct elf_dialect *dialect = arch->dialect;
	uint8_t p2slot = (uint8_t)__builtin_ctz(arch->slot);
	property_prepare(link);
	/* Code that promises endbr64 wherever it may be jumped to must not be let down by the linker's own. */
	bool ibt = options->z.ibt || options->z.ibtplt || property_features(link) & GNU_PROPERTY_X86_FEATURE_1_IBT;
	link->plt_style = arch->plt[link->is_pic][ibt];
	const struct plt_style *style = link->plt_style;
	const char *interp = interp_path(link);
	if (interp)
		make(link, SYN_INTERP, strlen(interp) + 1, 0);
	if (property_size(link))
		make(link, SYN_PROPERTY, property_size(link), property_p2align(link));
	if (options->build_id != BUILD_ID_NONE)
		make(link, SYN_BUILD_ID, BUILD_ID_OFFSET + build_id_size(link), 2);
	if (options->package_metadata)
		make(link, SYN_PACKAGE, package_size(link), 2);
	if (link->is_dynamic)
		make_dynamic_tables(link);
	if (link->got_slots)
		make(link, SYN_GOT, (uint64_t)arch->slot * link->got_slots, p2slot);
	rela_dyn_count(link);
	if (link->n_dynamic_relas)
		make(link, SYN_RELA_DYN, link->n_dynamic_relas * dialect->rela, dialect->p2word);
	if (link->n_relr)
		make(link, SYN_RELR_DYN, 0, dialect->p2word); /* its size is known when addresses are */
	if (link->plt.n) {
		make(link, SYN_RELA_PLT, (uint64_t)link->plt.n * dialect->rela, dialect->p2word);
		make(link, SYN_PLT, plt_code_size(style->header) + (uint64_t)link->plt.n * plt_code_size(style->entry), 4);
		if (style->sec_entry)
			make(link, SYN_PLT_SEC, (uint64_t)link->plt.n * plt_code_size(style->sec_entry), 4);
	}
	if (link->plt_got.n)
		make(link, SYN_PLT_GOT, (uint64_t)link->plt_got.n * plt_code_size(style->got_entry), 3);
	if (link->plt.n || link->module_needs & NEED_GOT_BASE)
		make(link, SYN_GOT_PLT, (uint64_t)arch->slot * (arch->got_plt_header_slots + link->plt.n), p2slot);
	if (options->plt_unwind && any_eh_frame(link)) {
		struct plt_record records[PLT_RECORDS_MAX];
		uint64_t size;
		uint32_t n = plt_unwind_records(link, records, &size);
		if (n)
			make(link, SYN_PLT_UNWIND, size, dialect->p2word);
		link->n_fdes += n;
	}
	if (options->eh_frame_hdr && any_eh_frame(link))
		make(link, SYN_EH_FRAME_HDR, eh_frame_hdr_size(link), 2);
	if (link->dynrelro_size)
		make(link, SYN_DYNRELRO, link->dynrelro_size, (uint8_t)link->dynrelro_p2align);
	if (link->dynbss_size)
		make(link, SYN_DYNBSS, link->dynbss_size, (uint8_t)link->dynbss_p2align);
	make_common(link);
	if (link->is_dynamic)
		make(link, SYN_DYNAMIC, 0, dialect->p2word); /* dynamic_measure() */
	if (options->z.relro && any_relro(link))
		make(link, SYN_RELRO_PADDING, 0, 0);
	if (gdb_index_wanted(link))
		make(link, SYN_GDB_INDEX, 0, 2); /* gdb_index_build() */
	if (abi_section_wanted(link))
		make(link, SYN_GILD_ABI, 0, 0); /* abi_section_build() */
	if (separate_path(link))
		make(link, SYN_GNU_DEBUGLINK, debuglink_size(link), 2);
	check_discarded(link);
	symtab_prepare(link);
	make(link, SYN_SHSTRTAB, 0, 0); /* its size is known when the section headers are */
}

/* An object says whether its code needs an executable stack, if any of its parts or an option does. */
static void make_stack_note(struct link *link)
{
	const struct options *options = link->options;
	bool said = options->z.execstack || options->z.noexecstack, needed = options->z.execstack;
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		said |= file->stack != STACK_UNSAID;
		needed |= file->stack == STACK_EXEC && !options->z.noexecstack;
	}
	link->layout->exec_stack = needed;
	if (said)
		make(link, SYN_GNU_STACK, 0, 0);
}

void synth_create_relocatable(struct link *link)
{
	const struct options *options = link->options;
	property_prepare(link);
	if (property_size(link))
		make(link, SYN_PROPERTY, property_size(link), property_p2align(link));
	if (options->build_id != BUILD_ID_NONE)
		make(link, SYN_BUILD_ID, BUILD_ID_OFFSET + build_id_size(link), 2);
	if (options->package_metadata)
		make(link, SYN_PACKAGE, package_size(link), 2);
	make_common(link);
	make_stack_note(link);
	symtab_prepare(link);
	make(link, SYN_SHSTRTAB, 0, 0);
}

static void emit_synthetic(struct link *link, enum synthetic which, uint8_t *image)
{
	switch (which) {
	case SYN_INTERP:
		memcpy(image, interp_path(link), strlen(interp_path(link)) + 1);
		break;
	case SYN_PROPERTY:
		property_emit(link, image);
		break;
	case SYN_BUILD_ID:
		build_id_emit(link, image);
		break;
	case SYN_PACKAGE:
		package_emit(link, image);
		break;
	case SYN_HASH:
		sysv_hash_emit(link, image);
		break;
	case SYN_GNU_HASH:
		gnu_hash_emit(link, image);
		break;
	case SYN_DYNSYM:
		dynsym_emit(link, image);
		break;
	case SYN_DYNSTR:
		memcpy(image, link->dynstr.at, link->dynstr.n);
		break;
	case SYN_VERSYM:
		versym_emit(link, image);
		break;
	case SYN_VERDEF:
		verdef_emit(link, image);
		break;
	case SYN_VERNEED:
		verneed_emit(link, image);
		break;
	case SYN_RELA_PLT:
		rela_plt_emit(link, image);
		break;
	case SYN_RELR_DYN:
		relr_emit(link, image);
		break;
	case SYN_EH_FRAME_HDR:
		eh_frame_hdr_emit(link, image);
		break;
	case SYN_PLT:
		plt_emit(link, image);
		break;
	case SYN_PLT_SEC:
		plt_sec_emit(link, image);
		break;
	case SYN_PLT_GOT:
		plt_got_emit(link, image);
		break;
	case SYN_PLT_UNWIND:
		plt_unwind_emit(link, image);
		break;
	case SYN_DYNAMIC:
		dynamic_emit(link, image);
		break;
	case SYN_GOT:
		got_emit(link, image);
		break;
	case SYN_GOT_PLT:
		got_plt_emit(link, image);
		break;
	case SYN_RELA_DYN:
	case SYN_GILD_ABI:
	case SYN_GDB_INDEX:
		memcpy(image, link->made[which].data, link->made[which].size);
		break;
	case SYN_GNU_DEBUGLINK:
		debuglink_emit(link, image);
		break;
	case SYN_SHSTRTAB:
		memcpy(image, link->layout->shstrtab.data, link->layout->shstrtab.size);
		break;
	case SYN_NONE:
	case SYN_DYNRELRO:
	case SYN_DYNBSS:
	case SYN_RELRO_PADDING:
	case SYN_COMMON:
	case SYN_TLS_COMMON:
	case SYN_LARGE_COMMON:
	case SYN_GNU_STACK:
	case SYN_COUNT:
		break; /* no bytes in the file */
	}
}

void synth_emit(struct link *link, section_id id, uint8_t *image)
{
	const struct section *section = section_of(link, id);
	switch (section->kind) {
	case SECTION_SYNTHETIC:
		emit_synthetic(link, (enum synthetic)section->extra, image);
		break;
	case SECTION_POOL:
		merge_emit(link, section, image);
		break;
	case SECTION_SYMTAB:
		symtab_emit(link, section->extra, image);
		break;
	case SECTION_SYMTAB_SHNDX:
		symtab_shndx_emit(link, section->extra, image);
		break;
	case SECTION_STRTAB:
		strtab_emit(link, section->extra, image);
		break;
	case SECTION_RELA:
		relocs_emit(link, id, image);
		break;
	case SECTION_GROUP:
		group_emit(link, id, image);
		break;
	default:
		break;
	}
}
