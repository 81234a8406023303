/* x86-64: relocations (System V ABI, AMD64 Supplement, Table 4.9 and section 4.4.1), TLS ("ELF Handling For
 * Thread-Local Storage", and the psABI's relaxations, appendix B). One decision function serves scan and apply, so that
 * they cannot disagree. */
#include "arch/arch.h"

#include "arch/place.h"
#include "arch/scan.h"
#include "arch/x86_64_decide.h"
#include "arch/x86_64_kept.h"
#include "arch/x86_64_names.h"
#include "arch/x86_64_nops.h"
#include "arch/x86_64_plt.h"
#include "arch/x86_64_types.h"

/* ---- scan ----------------------------------------------------------------------------------------------- */

/* Scans the TLS relocation `i`; returns how many relocations it took. */
static uint32_t scan_tls(const struct scanned *scanned, uint32_t i, struct ref ref)
{
	struct scanner *scanner = scanned->scanner;
	const struct link *link = scanner->link;
	struct bytes content = scanned->code;
	const struct elf_rela *rela = &scanner->relas.at[i], *end = scanner->relas.at + scanner->relas.n;
	enum tls_model model = tls_model(link, ref);
	bool shared = link->options->kind == OUTPUT_SHARED;
	switch (rela->r_type) {
	case R_X86_64_TLSGD:
		model = general_dynamic_model(link, ref, rela, end, content, rela->r_offset);
		if (model == TLS_AS_WRITTEN)
			scanner_need(scanner, rela->r_sym, NEED_TLSGD);
		else if (model == TLS_INITIAL_EXEC)
			scanner_need(scanner, rela->r_sym, NEED_GOTTP);
		return model == TLS_AS_WRITTEN ? 1 : 2;
	case R_X86_64_TLSLD:
		if (local_dynamic_is_relaxed(link, rela, end, content, rela->r_offset))
			return 2;
		scanner->module_bits |= NEED_TLSLD;
		return 1;
	case R_X86_64_GOTTPOFF:
		if (model == TLS_LOCAL_EXEC && relax_ie_is_known(content, rela->r_offset, is_x32(link)))
			return 1;
		scanner_need(scanner, rela->r_sym, NEED_GOTTP);
		if (shared)
			scanner->module_bits |= NEED_STATIC_TLS;
		return 1;
	case R_X86_64_GOTPC32_TLSDESC:
		if (model == TLS_AS_WRITTEN || !relax_desc_is_known(content, rela->r_offset, is_x32(link)))
			scanner_need(scanner, rela->r_sym, NEED_TLSDESC);
		else if (model == TLS_INITIAL_EXEC)
			scanner_need(scanner, rela->r_sym, NEED_GOTTP);
		return 1;
	case R_X86_64_TPOFF32:
	case R_X86_64_TPOFF64:
		scan_tp_offset(scanned, i, ref, shared ? IMPOSSIBLE : decide_tp_offset(link, ref));
		return 1;
	default: /* DTPOFF, TLSDESC_CALL */
		return 1;
	}
}

static const struct tls_types tls_types = {
	.tls = 1ull << R_X86_64_TLSGD | 1ull << R_X86_64_TLSLD | 1ull << R_X86_64_DTPOFF32 | 1ull << R_X86_64_GOTTPOFF |
	       1ull << R_X86_64_TPOFF32 | 1ull << R_X86_64_TPOFF64 | 1ull << R_X86_64_DTPOFF64 |
	       1ull << R_X86_64_GOTPC32_TLSDESC | 1ull << R_X86_64_TLSDESC_CALL,
	.either = 1ull << R_X86_64_SIZE32 | 1ull << R_X86_64_SIZE64,
	.distances = 1ull << R_X86_64_PC32 | 1ull << R_X86_64_PLT32,
};

static inline uint32_t scan_one_relocation(const struct scanned *scanned, uint32_t i, struct ref ref)
{
	struct scanner *scanner = scanned->scanner;
	struct link *link = scanner->link;
	const struct elf_rela *rela = &scanner->relas.at[i];
	uint32_t type = rela->r_type;
	struct bytes content = scanned->code;
	switch (type) {
	case R_X86_64_8:
	case R_X86_64_16:
	case R_X86_64_32:
	case R_X86_64_32S:
	case R_X86_64_64:
		scan_absolute(scanned, i, ref, type == R_X86_64_64 || (type == R_X86_64_32 && is_x32(link)));
		break;
	case R_X86_64_PC8:
	case R_X86_64_PC16:
	case R_X86_64_PC32:
	case R_X86_64_PC64:
		scan_action(scanned, i, ref, decide_relative(link, ref));
		break;
	case R_X86_64_PLT32:
		if (calls_through_plt(ref))
			scanner_need(scanner, rela->r_sym, NEED_PLT);
		break;
	case R_X86_64_PLTOFF64:
		if (calls_through_plt(ref))
			scanner_need(scanner, rela->r_sym, NEED_PLT);
		scanner->module_bits |= NEED_GOT_BASE;
		break;
	case R_X86_64_GOTPCRELX:
	case R_X86_64_REX_GOTPCRELX:
		if (got_is_superfluous(link, ref) &&
		    relax_got_load(content, rela->r_offset, type == R_X86_64_REX_GOTPCRELX, rela->r_addend,
				   link->is_pic) != KEEP_LOAD &&
		    !link->may_be_far)
			break;
		scanner_need(scanner, rela->r_sym, NEED_GOT);
		break;
	case R_X86_64_GOTPCREL:
		scanner_need(scanner, rela->r_sym, NEED_GOT);
		break;
	case R_X86_64_GOT32:
	case R_X86_64_GOT64:
	case R_X86_64_GOTPLT64:
	case R_X86_64_GOTPCREL64:
		scanner_need(scanner, rela->r_sym, NEED_GOT);
		scanner->module_bits |= NEED_GOT_BASE;
		break;
	case R_X86_64_GOTOFF64:
		scanner->module_bits |= NEED_GOT_BASE;
		if (ref.flags & SYMBOL_PREEMPTIBLE)
			scan_action(scanned, i, ref, decide_from_got(link, ref));
		else if (ref.flags & SYMBOL_IFUNC)
			scanner_need(scanner, rela->r_sym, NEED_CPLT);
		break;
	case R_X86_64_GOTPC32:
	case R_X86_64_GOTPC64:
		scanner->module_bits |= NEED_GOT_BASE;
		break;
	case R_X86_64_SIZE32:
	case R_X86_64_SIZE64:
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
	scan_each(scanner, section, x86_64_width_of, tls_types, scan_one_relocation);
}

/* ---- apply ---------------------------------------------------------------------------------------------- */

/* Applies the TLS relocation at `rela`; returns how many relocations it took. */
static uint32_t apply_tls(const struct place *place, const struct elf_rela *rela, uint8_t *at, uint64_t p,
			  uint64_t s, int64_t a, struct ref ref)
{
	const struct link *link = place->link;
	const struct aux *aux = aux_of(link, place->file, rela->r_sym);
	enum tls_model model = tls_model(link, ref);
	struct bytes content = place->code;
	uint64_t where = rela->r_offset - place->start;
	switch (rela->r_type) {
	case R_X86_64_TLSGD:
		model = general_dynamic_model(link, ref, rela, place->relas_end, content, where);
		if (model == TLS_AS_WRITTEN) {
			put_signed(place, rela, at, 4, (int64_t)(slot_address(place, aux->tlsgd) + (uint64_t)a - p));
			return 1;
		}
		if (model == TLS_INITIAL_EXEC) {
			relax_gd_to_ie(at, is_x32(link));
			put_signed(place, rela, at + 8, 4,
				   (int64_t)(slot_address(place, aux->gottp) + (uint64_t)a - p - 8));
		} else {
			relax_gd_to_le(at, is_x32(link));
			put_signed(place, rela, at + 8, 4, (int64_t)(tp_offset(place->layout, s) + (uint64_t)a + 4));
		}
		return 2;
	case R_X86_64_TLSLD:
		if (!local_dynamic_is_relaxed(link, rela, place->relas_end, content, where)) {
			put_signed(place, rela, at, 4,
				   (int64_t)(slot_address(place, link->tlsld_slot) + (uint64_t)a - p));
			return 1;
		}
		relax_ld_to_le(at, -tp_offset(place->layout, place->layout->tls_addr), is_x32(link));
		return 2;
	case R_X86_64_DTPOFF32:
		put_signed(place, rela, at, 4, (int64_t)(s - place->layout->tls_addr + (uint64_t)a));
		return 1;
	case R_X86_64_DTPOFF64:
		write64(at, s - place->layout->tls_addr + (uint64_t)a);
		return 1;
	case R_X86_64_GOTTPOFF:
		if (model == TLS_LOCAL_EXEC && relax_ie_is_known(content, where, is_x32(link))) {
			relax_ie_to_le(at);
			put_signed(place, rela, at, 4, (int64_t)(tp_offset(place->layout, s) + (uint64_t)a + 4));
		} else {
			put_signed(place, rela, at, 4, (int64_t)(slot_address(place, aux->gottp) + (uint64_t)a - p));
		}
		return 1;
	case R_X86_64_GOTPC32_TLSDESC:
		if (aux && aux->tlsdesc != NO_SLOT) {
			put_signed(place, rela, at, 4, (int64_t)(slot_address(place, aux->tlsdesc) + (uint64_t)a - p));
		} else if (model == TLS_INITIAL_EXEC) {
			relax_desc_to_ie(at);
			/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): scan gave it a slot */
			put_signed(place, rela, at, 4, (int64_t)(slot_address(place, aux->gottp) + (uint64_t)a - p));
		} else {
			relax_desc_to_le(at);
			put_signed(place, rela, at, 4, (int64_t)(tp_offset(place->layout, s) + (uint64_t)a + 4));
		}
		return 1;
	case R_X86_64_TLSDESC_CALL:
		if (!aux || aux->tlsdesc == NO_SLOT)
			relax_desc_call(at, place->size - where);
		return 1;
	case R_X86_64_TPOFF32:
		put_signed(place, rela, at, 4, (int64_t)(tp_offset(place->layout, s) + (uint64_t)a));
		return 1;
	case R_X86_64_TPOFF64:
		write64(at, tp_offset(place->layout, s) + (uint64_t)a);
		return 1;
	default:
		return 1;
	}
}

/* Applies a relocation that is not of the most usual kind; see apply_one(). */
static uint32_t apply_unusual(const struct place *place, const struct elf_rela *rela)
{
	struct link *link = place->link;
	uint32_t type = rela->r_type;
	if (type == R_X86_64_NONE)
		return 1;
	struct ref ref = ref_of(link, place->file, rela->r_sym);
	uint64_t where = rela->r_offset - place->start;
	uint8_t *at = place->image + where;
	uint64_t p = place->address + where;
	int64_t a = rela->r_addend;
	uint64_t s = symbol_value(place, rela->r_sym, &a);
	const struct aux *aux;
	if (ref.is_discarded)
		return 1;
	switch (type) {
	case R_X86_64_64:
		/* Also where the loader will write: RELA's addend is in the table, the place is a prelinked image's. */
		if (is_left_to_loader(place, rela, decide_absolute(link, ref, true, place->writable)))
			s = 0, a = 0;
		write64(at, s + (uint64_t)a);
		return 1;
	case R_X86_64_32:
		if (is_x32(link) &&
		    is_left_to_loader(place, rela, decide_absolute(link, ref, true, place->writable)))
			s = 0, a = 0;
		put_absolute(place, rela, at, 4, s + (uint64_t)a, !is_x32(link));
		return 1;
	case R_X86_64_32S:
		put_signed(place, rela, at, 4, (int64_t)(s + (uint64_t)a));
		return 1;
	case R_X86_64_16:
		put_absolute(place, rela, at, 2, s + (uint64_t)a, false);
		return 1;
	case R_X86_64_8:
		put_absolute(place, rela, at, 1, s + (uint64_t)a, false);
		return 1;
	case R_X86_64_PC32:
		put_signed(place, rela, at, 4, (int64_t)(s + (uint64_t)a - p));
		return 1;
	case R_X86_64_PC64:
		write64(at, s + (uint64_t)a - p);
		return 1;
	case R_X86_64_PC16:
		put_relative16(place, rela, at, s + (uint64_t)a - p);
		return 1;
	case R_X86_64_PC8:
		put_signed(place, rela, at, 1, (int64_t)(s + (uint64_t)a - p));
		return 1;
	case R_X86_64_PLT32:
		if (calls_through_plt(ref))
			s = value_of_plt(link, aux_of(link, place->file, rela->r_sym));
		put_signed(place, rela, at, 4, (int64_t)(s + (uint64_t)a - p));
		return 1;
	case R_X86_64_PLTOFF64:
		if (calls_through_plt(ref))
			s = value_of_plt(link, aux_of(link, place->file, rela->r_sym));
		write64(at, s + (uint64_t)a - got_base(place));
		return 1;
	case R_X86_64_GOTPCRELX:
	case R_X86_64_REX_GOTPCRELX:
		if (a != rela->r_addend) /* a piece of a merged section: the addend is not the slot's */
			s = symbol_value(place, rela->r_sym, &(int64_t){0});
		a = rela->r_addend;
		if (got_is_superfluous(link, ref)) {
			bool rex = type == R_X86_64_REX_GOTPCRELX;
			struct bytes content = place->code;
			enum got_load load = relax_got_load(content, where, rex, a, link->is_pic);
			int64_t value = got_load_value(load, s, (uint64_t)a, p);
			if (load != KEEP_LOAD && (!link->may_be_far || value == (int32_t)value)) {
				put_signed(place, rela, rewrite_got_load(at, load), 4, value);
				return 1;
			}
		}
		__attribute__((fallthrough));
	case R_X86_64_GOTPCREL:
		aux = aux_of(link, place->file, rela->r_sym);
		put_signed(place, rela, at, 4,
			   (int64_t)(slot_address(place, aux->got) + (uint64_t)rela->r_addend - p));
		return 1;
	case R_X86_64_GOTPCREL64:
		aux = aux_of(link, place->file, rela->r_sym);
		write64(at, slot_address(place, aux->got) + (uint64_t)rela->r_addend - p);
		return 1;
	case R_X86_64_GOT64:
	case R_X86_64_GOTPLT64: /* also a slot's place; which one is the linker's choice */
		aux = aux_of(link, place->file, rela->r_sym);
		write64(at, slot_address(place, aux->got) - got_base(place) + (uint64_t)rela->r_addend);
		return 1;
	case R_X86_64_GOT32:
		aux = aux_of(link, place->file, rela->r_sym);
		put_signed(place, rela, at, 4,
			   (int64_t)(slot_address(place, aux->got) - got_base(place) + (uint64_t)rela->r_addend));
		return 1;
	case R_X86_64_GOTOFF64:
		write64(at, s + (uint64_t)a - got_base(place));
		return 1;
	case R_X86_64_GOTPC32:
		put_signed(place, rela, at, 4, (int64_t)(got_base(place) + (uint64_t)a - p));
		return 1;
	case R_X86_64_GOTPC64:
		write64(at, got_base(place) + (uint64_t)a - p);
		return 1;
	case R_X86_64_SIZE32:
	case R_X86_64_SIZE64:
		s = place_size_of_symbol(place, rela->r_sym) + (uint64_t)rela->r_addend;
		if (is_left_to_loader(place, rela, decide_size(link, ref)))
			s = 0;
		if (type == R_X86_64_SIZE64)
			write64(at, s);
		else
			put_absolute(place, rela, at, 4, s, false);
		return 1;
	default:
		return apply_tls(place, rela, at, p, s, a, ref);
	}
}

/* Applies one relocation of a loaded section; returns how many it took (a relaxed TLS sequence takes its call). */
static inline __attribute__((always_inline)) uint32_t apply_one(const struct place *place, const struct elf_rela *rela)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a section that has relocations to count has a table */
	uint32_t type = rela->r_type;
	uint64_t where = rela->r_offset - place->start, s;
	if ((type != R_X86_64_PC32 && type != R_X86_64_PLT32) || !ordinary_value(place, rela->r_sym, &s))
		return apply_unusual(place, rela);
	s += (uint64_t)rela->r_addend - place->address - where;
	put_signed(place, rela, place->image + where, 4, (int64_t)s);
	return 1;
}

/* A section that is not loaded, debug information mostly: nothing to decide, addresses as they are. */
static inline void apply_unloaded(const struct place *place, const struct elf_rela *rela, uint64_t value)
{
	unsigned width = x86_64_width_of(rela->r_type);
	if (rela->r_type == R_X86_64_NONE || !place_holds(place, rela, width))
		return;
	uint8_t *at = place->image + rela->r_offset;
	switch (rela->r_type) {
	case R_X86_64_64:
		write64(at, value);
		break;
	case R_X86_64_32:
	case R_X86_64_16:
	case R_X86_64_8:
		put_absolute(place, rela, at, width, value, rela->r_type == R_X86_64_32);
		break;
	case R_X86_64_32S:
		put_signed(place, rela, at, 4, (int64_t)value);
		break;
	case R_X86_64_PC32:
	case R_X86_64_PC64:
	case R_X86_64_PLT32:
	case R_X86_64_PC16:
	case R_X86_64_PC8:
		if (width == 8)
			write64(at, value - place_unloaded_address(place, rela));
		else
			put_signed(place, rela, at, width, (int64_t)(value - place_unloaded_address(place, rela)));
		break;
	case R_X86_64_DTPOFF32:
		put_absolute(place, rela, at, 4, value - place->layout->tls_addr, false);
		break;
	case R_X86_64_DTPOFF64:
		write64(at, value - place->layout->tls_addr);
		break;
	case R_X86_64_SIZE32:
		put_absolute(place, rela, at, 4, place_size_of_symbol(place, rela->r_sym) + (uint64_t)rela->r_addend,
			     false);
		break;
	case R_X86_64_SIZE64:
		write64(at, place_size_of_symbol(place, rela->r_sym) + (uint64_t)rela->r_addend);
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

static uint32_t x86_64_dynamic_type(uint32_t type)
{
	return type;
}

/* The loader writes words. */
static uint32_t x32_dynamic_type(uint32_t type)
{
	switch (type) {
	case R_X86_64_64:
		return R_X86_64_32;
	case R_X86_64_SIZE64:
		return R_X86_64_SIZE32;
	default:
		return type;
	}
}

static uint64_t arch_tp_offset(const struct layout *layout, uint64_t address)
{
	return tp_offset(layout, address);
}

static const char *const search_dirs[] = {
	"/usr/local/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu",
	"/usr/lib/x86_64-linux-gnu64", "/usr/local/lib64", "/lib64", "/usr/lib64", "/usr/local/lib", "/lib", "/usr/lib",
	"/usr/x86_64-linux-gnu/lib64", "/usr/x86_64-linux-gnu/lib", NULL,
};

/* glibc as Debian, Fedora and upstream build it; AT_PLATFORM, and names of glibc before 2.37 for newer processors. */
static const char *const lib_tokens[] = {"lib/x86_64-linux-gnu", "lib64", "lib", NULL};
static const char *const platform_tokens[] = {"x86_64", "haswell", "xeon_phi", NULL};

static const uint32_t section_types[] = {SHT_X86_64_UNWIND, 0};

static const char *const search_dirs_x32[] = {
	"/usr/local/lib/x86_64-linux-gnux32", "/lib/x86_64-linux-gnux32", "/usr/lib/x86_64-linux-gnux32",
	"/usr/local/libx32", "/libx32", "/usr/libx32", "/usr/local/lib", "/lib", "/usr/lib",
	"/usr/x86_64-linux-gnu/libx32", "/usr/x86_64-linux-gnu/lib", NULL,
};

static const char *const lib_tokens_x32[] = {"lib/x86_64-linux-gnux32", "libx32", NULL};

/* What the two ABIs share. */
#define X86_64_COMMON \
	.code_fill = 0x90, /* nop */                                           \
	.fill_code = x86_64_fill_code,                                         \
	.r_relative = R_X86_64_RELATIVE,                                       \
	.r_glob_dat = R_X86_64_GLOB_DAT,                                       \
	.r_jump_slot = R_X86_64_JUMP_SLOT,                                     \
	.r_copy = R_X86_64_COPY,                                               \
	.r_irelative = R_X86_64_IRELATIVE,                                     \
	.r_dtpmod = R_X86_64_DTPMOD64,                                         \
	.r_dtpoff = R_X86_64_DTPOFF64,                                         \
	.r_tpoff = R_X86_64_TPOFF64,                                           \
	.r_tlsdesc = R_X86_64_TLSDESC,                                         \
	.got_plt_header_slots = 3,                                             \
	.plt_cie = {x86_64_plt_cie, sizeof(x86_64_plt_cie)},                   \
	.plt = {{&x86_64_plt, &x86_64_ibt_plt}, {&x86_64_plt, &x86_64_ibt_plt}},\
	.scan = scan,                                                          \
	.apply = apply,                                                        \
	.apply_range = apply_range,                                            \
	.tp_offset = arch_tp_offset,                                           \
	.use_of = x86_64_use_of,                                               \
	.relocation_name = x86_64_relocation_name,                             \
	.relocation_width = x86_64_relocation_width,                           \
	.applied_form = x86_64_applied_form,

const struct arch arch_x86_64 = {
	.emulation = "elf_x86_64",
	.bfd_name = "elf64-x86-64",
	.bfd_arch = "i386:x86-64",
	.machine = EM_X86_64,
	.dialect = &elf_dialect_64,
	.slot = 8,
	.can_verify = true,
	.image_base = 0x400000,
	.dynamic_linker = "/lib64/ld-linux-x86-64.so.2",
	.search_dirs = search_dirs,
	.lib_tokens = lib_tokens,
	.section_types = section_types,
	.platform_tokens = platform_tokens,
	.dynamic_type = x86_64_dynamic_type,
	X86_64_COMMON
};

/* Addresses of 32 bits; the slots of the GOT, which instructions load, have 64. What the loader relocates are words, so
 * that a place of 64 bits keeps its upper half, 0. */
const struct arch arch_x32 = {
	.emulation = "elf32_x86_64",
	.bfd_name = "elf32-x86-64",
	.bfd_arch = "i386:x64-32",
	.machine = EM_X86_64,
	.dialect = &elf_dialect_32_rela,
	.slot = 8,
	.image_base = 0x400000,
	.dynamic_linker = "/libx32/ld-linux-x32.so.2",
	.search_dirs = search_dirs_x32,
	.lib_tokens = lib_tokens_x32,
	.section_types = section_types,
	.platform_tokens = platform_tokens,
	.dynamic_type = x32_dynamic_type,
	X86_64_COMMON
};
