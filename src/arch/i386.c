/* i386: relocations (System V ABI, Intel386 Supplement 1.1, section 4.2), TLS ("ELF Handling For Thread-Local
 * Storage"). One decision function serves scan and apply, so that they cannot disagree.
 *
 * Addresses have 32 bits and go around: a field of 32 bits holds every value, and narrower ones are looked at as signed
 * numbers of 32 bits. */
#include "arch/arch.h"

#include "arch/i386_decide.h"
#include "arch/i386_kept.h"
#include "arch/i386_names.h"
#include "arch/i386_plt.h"
#include "arch/i386_types.h"
#include "arch/place.h"
#include "arch/x86_64_nops.h"
#include "arch/scan.h"

static inline bool is_code(const struct link *link, section_id section)
{
	return section_shdr(link, section)->sh_flags & SHF_EXECINSTR;
}

/* ---- scan ----------------------------------------------------------------------------------------------- */

/* An initial-exec access that stays one. R_386_TLS_IE has the slot's address, which moves with the image. */
static void scan_initial_exec(const struct scanned *scanned, uint32_t i, uint32_t type)
{
	struct scanner *scanner = scanned->scanner;
	const struct link *link = scanner->link;
	uint32_t symbol = scanner->relas.at[i].r_sym;
	scanner_need(scanner, symbol, type == R_386_TLS_IE_32 ? NEED_GOTTP_NEGATED : NEED_GOTTP);
	if (type != R_386_TLS_IE)
		scanner->module_bits |= NEED_GOT_BASE;
	else if (link->is_pic)
		scanner_site(scanner, scanned->section, i, SITE_RELATIVE);
	if (link->options->kind == OUTPUT_SHARED)
		scanner->module_bits |= NEED_STATIC_TLS;
}

/* Scans the TLS relocation `i`; returns how many relocations it took. */
static uint32_t scan_tls(const struct scanned *scanned, uint32_t i, struct ref ref)
{
	struct scanner *scanner = scanned->scanner;
	const struct link *link = scanner->link;
	struct bytes content = scanned->code;
	const struct elf_rela *rela = &scanner->relas.at[i], *end = scanner->relas.at + scanner->relas.n;
	enum tls_model model = tls_model(link, ref);
	struct gd_sequence sequence;
	switch (rela->r_type) {
	case R_386_TLS_GD:
		model = general_dynamic_model(link, ref, rela, end, content, rela->r_offset, &sequence);
		if (model == TLS_AS_WRITTEN)
			scanner_need(scanner, rela->r_sym, NEED_TLSGD);
		else if (model == TLS_INITIAL_EXEC)
			scanner_need(scanner, rela->r_sym, NEED_GOTTP);
		scanner->module_bits |= NEED_GOT_BASE;
		return model == TLS_AS_WRITTEN ? 1 : 2;
	case R_386_TLS_LDM:
		scanner->module_bits |= NEED_GOT_BASE;
		if (local_dynamic_is_relaxed(link, rela, end, content, rela->r_offset))
			return 2;
		scanner->module_bits |= NEED_TLSLD;
		return 1;
	case R_386_TLS_IE:
	case R_386_TLS_GOTIE:
	case R_386_TLS_IE_32:
		if (!initial_exec_is_relaxed(link, ref, rela->r_type, content, rela->r_offset))
			scan_initial_exec(scanned, i, rela->r_type);
		return 1;
	case R_386_TLS_GOTDESC:
		scanner->module_bits |= NEED_GOT_BASE;
		if (model == TLS_AS_WRITTEN || !relax_desc_is_known(content, rela->r_offset))
			scanner_need(scanner, rela->r_sym, NEED_TLSDESC);
		else if (model == TLS_INITIAL_EXEC)
			scanner_need(scanner, rela->r_sym, NEED_GOTTP);
		return 1;
	case R_386_TLS_LE:
	case R_386_TLS_LE_32:
		scan_tp_offset(scanned, i, ref, decide_tp_offset(link, ref));
		return 1;
	default: /* LDO_32, DESC_CALL */
		return 1;
	}
}

static const struct tls_types tls_types = {
	.tls = 1ull << R_386_TLS_IE | 1ull << R_386_TLS_GOTIE | 1ull << R_386_TLS_LE | 1ull << R_386_TLS_GD |
	       1ull << R_386_TLS_LDM | 1ull << R_386_TLS_LDO_32 | 1ull << R_386_TLS_IE_32 | 1ull << R_386_TLS_LE_32 |
	       1ull << R_386_TLS_GOTDESC | 1ull << R_386_TLS_DESC_CALL,
	.either = 1ull << R_386_SIZE32,
};

static void scan_got(const struct scanned *scanned, const struct elf_rela *rela, struct ref ref)
{
	struct scanner *scanner = scanned->scanner;
	struct link *link = scanner->link;
	enum got_load load = decide_got_load(link, ref, rela, scanned->code, rela->r_offset);
	if (load == LOAD_TO_LEA)
		scanner->module_bits |= NEED_GOT_BASE;
	if (load != KEEP_LOAD)
		return;
	scanner_need(scanner, rela->r_sym, NEED_GOT);
	if (!got_load_is_baseless(scanned->code, rela->r_offset))
		scanner->module_bits |= NEED_GOT_BASE;
	else if (link->is_pic)
		scanner_error(scanner, scanned->section, rela,
			      "without base register can not be used when making a %s; recompile with -fPIC",
			      link->options->kind == OUTPUT_SHARED ? "shared object" : "PIE object");
}

static inline uint32_t scan_one_relocation(const struct scanned *scanned, uint32_t i, struct ref ref)
{
	struct scanner *scanner = scanned->scanner;
	const struct link *link = scanner->link;
	const struct elf_rela *rela = &scanner->relas.at[i];
	switch (rela->r_type) {
	case R_386_8:
	case R_386_16:
	case R_386_32:
		scan_absolute(scanned, i, ref, rela->r_type == R_386_32);
		break;
	case R_386_PC8:
	case R_386_PC16:
		scan_action(scanned, i, ref, decide_distance(link, ref));
		break;
	case R_386_PC32:
		if (is_plain_call(link, ref, is_code(link, scanned->section)))
			scanner_need(scanner, rela->r_sym, NEED_PLT);
		else
			scan_action(scanned, i, ref, decide_relative32(link, ref));
		break;
	case R_386_PLT32:
		if (calls_through_plt(ref)) {
			scanner_need(scanner, rela->r_sym, NEED_PLT);
			if (link->is_pic) /* %ebx */
				scanner->module_bits |= NEED_GOT_BASE;
		}
		break;
	case R_386_GOT32:
	case R_386_GOT32X:
		scan_got(scanned, rela, ref);
		break;
	case R_386_GOTOFF:
		scanner->module_bits |= NEED_GOT_BASE;
		if (ref.flags & SYMBOL_PREEMPTIBLE)
			scan_action(scanned, i, ref, decide_distance(link, ref));
		else if (ref.flags & SYMBOL_IFUNC)
			scanner_need(scanner, rela->r_sym, NEED_CPLT);
		break;
	case R_386_GOTPC:
		scanner->module_bits |= NEED_GOT_BASE;
		break;
	case R_386_SIZE32:
		if (decide_size(link, ref) == SYMBOLIC)
			scan_need(scanned, i, ref, SYMBOLIC);
		break;
	default:
		return scan_tls(scanned, i, ref);
	}
	return 1;
}

static void scan(struct scanner *scanner, section_id section)
{
	scan_each(scanner, section, i386_width_of, tls_types, scan_one_relocation);
}

/* ---- apply ---------------------------------------------------------------------------------------------- */

/* A number of 32 bits that goes around. */
static inline int64_t wrap(uint64_t value)
{
	return (int32_t)(uint32_t)value;
}

/* Applies the TLS relocation at `rela`; returns how many relocations it took. */
static uint32_t apply_tls(const struct place *place, const struct elf_rela *rela, uint8_t *at, uint64_t s, uint64_t a,
			  struct ref ref)
{
	const struct link *link = place->link;
	const struct aux *aux = aux_of(link, place->file, rela->r_sym);
	enum tls_model model = tls_model(link, ref);
	struct bytes content = place->code;
	uint64_t where = rela->r_offset - place->start;
	uint64_t tp = tp_offset(place->layout, s);
	struct gd_sequence sequence;
	switch (rela->r_type) {
	case R_386_TLS_GD:
		model = general_dynamic_model(link, ref, rela, place->relas_end, content, where, &sequence);
		if (model == TLS_AS_WRITTEN) {
			write32(at, slot_address(place, aux->tlsgd) + a - got_base(place));
			return 1;
		}
		if (model == TLS_INITIAL_EXEC)
			write32(relax_gd_to_ie(at, sequence), slot_address(place, aux->gottp) + a - got_base(place));
		else
			write32(relax_gd_to_le(at, sequence), -(tp + a));
		return 2;
	case R_386_TLS_LDM:
		if (!local_dynamic_is_relaxed(link, rela, place->relas_end, content, where)) {
			write32(at, slot_address(place, link->tlsld_slot) + a - got_base(place));
			return 1;
		}
		relax_ldm_to_le(at, -tp_offset(place->layout, place->layout->tls_addr));
		return 2;
	case R_386_TLS_LDO_32:
		write32(at, s + a - place->layout->tls_addr);
		return 1;
	case R_386_TLS_IE:
	case R_386_TLS_GOTIE:
	case R_386_TLS_IE_32:
		if (initial_exec_is_relaxed(link, ref, rela->r_type, content, where)) {
			if (rela->r_type == R_386_TLS_IE)
				relax_ie_to_le(at);
			else
				relax_gotie_to_le(at);
			write32(at, rela->r_type == R_386_TLS_IE_32 ? a - tp : tp + a);
		} else if (rela->r_type == R_386_TLS_IE_32) {
			write32(at, slot_address(place, aux->gottp_negated) + a - got_base(place));
		} else {
			write32(at, slot_address(place, aux->gottp) + a -
					    (rela->r_type == R_386_TLS_IE ? 0 : got_base(place)));
		}
		return 1;
	case R_386_TLS_GOTDESC:
		if (aux && aux->tlsdesc != NO_SLOT) {
			write32(at, slot_address(place, aux->tlsdesc) + a - got_base(place));
		} else if (model == TLS_INITIAL_EXEC) {
			relax_desc_to_ie(at);
			/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): scan gave it a slot */
			write32(at, slot_address(place, aux->gottp) + a - got_base(place));
		} else {
			relax_desc_to_le(at);
			write32(at, tp + a);
		}
		return 1;
	case R_386_TLS_DESC_CALL:
		if (!aux || aux->tlsdesc == NO_SLOT)
			relax_desc_call(at);
		return 1;
	case R_386_TLS_LE:
	case R_386_TLS_LE_32:
		switch (decide_tp_offset(link, ref)) {
		case SYMBOLIC: /* the loader adds to what it finds */
			tp = 0;
			break;
		case TPOFF:
			tp = s - place->layout->tls_addr;
			break;
		default:
			break;
		}
		write32(at, rela->r_type == R_386_TLS_LE ? tp + a : a - tp);
		return 1;
	default:
		return 1;
	}
}

static void apply_got(const struct place *place, const struct elf_rela *rela, uint8_t *at, uint64_t p, uint64_t s,
		      struct ref ref)
{
	struct link *link = place->link;
	struct bytes content = place->code;
	uint64_t where = rela->r_offset - place->start;
	enum got_load load = decide_got_load(link, ref, rela, content, where);
	if (load != KEEP_LOAD) {
		uint64_t value = got_load_value(load, s, got_base(place), p);
		write32(rewrite_got_load(at, load), value);
		return;
	}
	const struct aux *aux = aux_of(link, place->file, rela->r_sym);
	uint64_t slot = slot_address(place, aux->got) + (uint64_t)rela->r_addend;
	write32(at, got_load_is_baseless(content, where) ? slot : slot - got_base(place));
}

/* Applies one relocation of a loaded section; returns how many it took (a relaxed TLS sequence takes its call). */
static inline uint32_t apply_one(const struct place *place, const struct elf_rela *rela)
{
	struct link *link = place->link;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a section that has relocations to count has a table */
	uint32_t type = rela->r_type;
	if (type == R_386_NONE)
		return 1;
	struct ref ref = ref_of(link, place->file, rela->r_sym);
	uint64_t where = rela->r_offset - place->start;
	uint8_t *at = place->image + where;
	uint64_t p = place->address + where;
	int64_t addend = rela->r_addend;
	uint64_t s = symbol_value(place, rela->r_sym, &addend), a = (uint64_t)addend;
	if (ref.is_discarded) {
		i386_put_implicit_addend(type, at, 0); /* what was there is an addend to nothing */
		return 1;
	}
	switch (type) {
	case R_386_32:
		/* The loader adds to what it finds: the address of the image, or the symbol's. */
		if (is_left_to_loader(place, rela, decide_absolute(link, ref, true, place->writable)))
			s = 0;
		write32(at, s + a);
		return 1;
	case R_386_16:
		put_absolute(place, rela, at, 2, (uint64_t)wrap(s + a), false);
		return 1;
	case R_386_8:
		put_absolute(place, rela, at, 1, (uint64_t)wrap(s + a), false);
		return 1;
	case R_386_PC32:
		if (is_plain_call(link, ref, is_code(link, place->section)))
			s = value_of_plt(link, aux_of(link, place->file, rela->r_sym));
		else if (decide_relative32(link, ref) == SYMBOLIC) /* the loader adds the distance */
			s = p;
		write32(at, s + a - p);
		return 1;
	case R_386_PC16:
		put_relative16(place, rela, at, (uint64_t)wrap(s + a - p));
		return 1;
	case R_386_PC8:
		put_signed(place, rela, at, 1, wrap(s + a - p));
		return 1;
	case R_386_PLT32:
		if (calls_through_plt(ref))
			s = value_of_plt(link, aux_of(link, place->file, rela->r_sym));
		write32(at, s + a - p);
		return 1;
	case R_386_GOT32:
	case R_386_GOT32X:
		apply_got(place, rela, at, p, s, ref);
		return 1;
	case R_386_GOTOFF:
		write32(at, s + a - got_base(place));
		return 1;
	case R_386_GOTPC:
		write32(at, got_base(place) + a - p);
		return 1;
	case R_386_SIZE32:
		s = is_left_to_loader(place, rela, decide_size(link, ref)) ? 0 : place_size_of_symbol(place, rela->r_sym);
		write32(at, s + (uint64_t)rela->r_addend);
		return 1;
	default:
		return apply_tls(place, rela, at, s, a, ref);
	}
}

/* A section that is not loaded, debug information mostly: nothing to decide, addresses as they are. */
static inline void apply_unloaded(const struct place *place, const struct elf_rela *rela, uint64_t value)
{
	unsigned width = i386_width_of(rela->r_type);
	if (rela->r_type == R_386_NONE || !place_holds(place, rela, width))
		return;
	uint8_t *at = place->image + rela->r_offset;
	switch (rela->r_type) {
	case R_386_32:
		write32(at, value);
		break;
	case R_386_16:
	case R_386_8:
		put_absolute(place, rela, at, width, (uint64_t)wrap(value), false);
		break;
	case R_386_PC32:
	case R_386_PLT32:
		write32(at, value - place_unloaded_address(place, rela));
		break;
	case R_386_PC16:
		write16(at, value - place_unloaded_address(place, rela));
		break;
	case R_386_PC8:
		put_signed(place, rela, at, 1, wrap(value - place_unloaded_address(place, rela)));
		break;
	case R_386_GOTOFF:
		write32(at, value - got_base(place));
		break;
	case R_386_TLS_LDO_32:
		write32(at, value - place->layout->tls_addr);
		break;
	case R_386_SIZE32:
		write32(at, place_size_of_symbol(place, rela->r_sym) + (uint64_t)rela->r_addend);
		break;
	default:
		place_report(place, rela, "makes no sense in a section that is not loaded");
		break;
	}
}

static void apply_range(struct link *link, section_id section, uint32_t first, uint32_t n, uint64_t start,
			uint64_t address, uint8_t *image)
{
	place_apply_range(link, section, first, n, start, address, image, apply_one);
}

static void apply(struct link *link, section_id section, uint8_t *image)
{
	place_apply(link, section, image, apply_one, apply_unloaded);
}

static uint32_t i386_dynamic_type(uint32_t type)
{
	switch (type) {
	case R_386_TLS_LE:
		return R_386_TLS_TPOFF;
	case R_386_TLS_LE_32:
		return R_386_TLS_TPOFF32;
	default: /* 32, PC32, SIZE32 */
		return type;
	}
}

static uint64_t arch_tp_offset(const struct layout *layout, uint64_t address)
{
	return tp_offset(layout, address);
}

static const char *const search_dirs[] = {
	"/usr/local/lib/i386-linux-gnu", "/lib/i386-linux-gnu", "/usr/lib/i386-linux-gnu",
	"/usr/lib/x86_64-linux-gnu32", "/usr/local/lib32", "/lib32", "/usr/lib32", "/usr/local/lib", "/lib", "/usr/lib",
	"/usr/i386-linux-gnu/lib32", "/usr/x86_64-linux-gnu/lib32", "/usr/i386-linux-gnu/lib", NULL,
};

static const char *const lib_tokens[] = {"lib/i386-linux-gnu", "lib", "lib32", NULL};
static const char *const platform_tokens[] = {"i686", "i586", "i486", "i386", NULL};

static const uint32_t section_types[] = {0};

const struct arch arch_i386 = {
	.emulation = "elf_i386",
	.bfd_name = "elf32-i386",
	.bfd_arch = "i386",
	.machine = EM_386,
	.dialect = &elf_dialect_32_rel,
	.slot = 4,
	.tlsdesc_addend_last = true,
	.image_base = 0x08048000,
	.dynamic_linker = "/lib/ld-linux.so.2",
	.search_dirs = search_dirs,
	.lib_tokens = lib_tokens,
	.section_types = section_types,
	.platform_tokens = platform_tokens,
	.code_fill = 0x90, /* nop */
	.fill_code = i386_fill_code,
	.r_relative = R_386_RELATIVE,
	.r_glob_dat = R_386_GLOB_DAT,
	.r_jump_slot = R_386_JMP_SLOT,
	.r_copy = R_386_COPY,
	.r_irelative = R_386_IRELATIVE,
	.r_dtpmod = R_386_TLS_DTPMOD32,
	.r_dtpoff = R_386_TLS_DTPOFF32,
	.r_tpoff = R_386_TLS_TPOFF,
	.r_tpoff_negated = R_386_TLS_TPOFF32,
	.r_tlsdesc = R_386_TLS_DESC,
	.got_plt_header_slots = 3,
	.plt_cie = {i386_plt_cie, sizeof(i386_plt_cie)},
	.plt = {{&i386_plt, &i386_ibt_plt}, {&i386_pic_plt, &i386_pic_ibt_plt}},
	.scan = scan,
	.apply = apply,
	.apply_range = apply_range,
	.implicit_addend = i386_implicit_addend,
	.put_implicit_addend = i386_put_implicit_addend,
	.tp_offset = arch_tp_offset,
	.dynamic_type = i386_dynamic_type,
	.use_of = i386_use_of,
	.relocation_name = i386_relocation_name,
	.relocation_width = i386_relocation_width,
	.applied_form = i386_applied_form,
};
