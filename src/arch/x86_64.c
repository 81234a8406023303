/* x86-64: relocations (System V ABI, AMD64 Supplement, Table 4.9 and section 4.4.1), TLS ("ELF Handling For
 * Thread-Local Storage", and the psABI's relaxations, appendix B). One decision function serves scan and apply, so that
 * they cannot disagree. */
#include "arch/arch.h"

#include <string.h>

#include "arch/x86_64_decide.h"
#include "arch/x86_64_kept.h"
#include "arch/x86_64_names.h"
#include "arch/x86_64_plt.h"
#include "arch/x86_64_types.h"
#include "ld/layout/value.h"
#include "ld/prune/icf.h"
#include "ld/report/describe.h"
#include "ld/report/overflow.h"
#include "ld/resolve/resolve.h"

/* ---- scan ----------------------------------------------------------------------------------------------- */

static void scan_action(struct scanner *scanner, section_id section, uint32_t i, struct ref ref, enum action action)
{
	const struct elf_rela *rela = &scanner->relas.at[i];
	switch (action) {
	case DIRECT:
		if (ref.flags & SYMBOL_UNDEFINED && ref.flags & SYMBOL_PREEMPTIBLE)
			scanner_need(scanner, rela->r_sym, NEED_ZERO);
		break;
	case COPY:
		if (scanner->link->options->z.nocopyreloc)
			scanner_error(scanner, section, rela,
				      "needs a copy relocation, which -z nocopyreloc forbids; recompile with -fPIC");
		scanner_check_protected(scanner, section, rela, ref);
		scanner_need(scanner, rela->r_sym, NEED_COPY);
		break;
	case CANONICAL_PLT:
		scanner_check_protected(scanner, section, rela, ref);
		scanner_need(scanner, rela->r_sym, NEED_CPLT);
		break;
	case RELATIVE:
		scanner_site(scanner, section, i, SITE_RELATIVE);
		break;
	case SYMBOLIC:
		scanner_need(scanner, rela->r_sym, NEED_DYNSYM);
		scanner_site(scanner, section, i, SITE_SYMBOLIC);
		break;
	case IRELATIVE:
		scanner_need(scanner, rela->r_sym, NEED_PLT);
		scanner_site(scanner, section, i, SITE_IRELATIVE);
		break;
	case IMPOSSIBLE:
		scanner_error(scanner, section, rela,
				      "can not be used when making a %s; recompile with %s",
			      scanner->link->options->kind == OUTPUT_SHARED ? "shared object" : "PIE object",
			      scanner->link->options->kind == OUTPUT_SHARED ? "-fPIC" : "-fPIE");
		break;
	}
}

/* Scans the TLS relocation `i`; returns how many relocations it took. */
static uint32_t scan_tls(struct scanner *scanner, section_id section, uint32_t i, struct ref ref, struct bytes content)
{
	const struct link *link = scanner->link;
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
		if (model == TLS_LOCAL_EXEC && relax_ie_is_known(content, rela->r_offset))
			return 1;
		scanner_need(scanner, rela->r_sym, NEED_GOTTP);
		if (shared)
			scanner->module_bits |= NEED_STATIC_TLS;
		return 1;
	case R_X86_64_GOTPC32_TLSDESC:
		if (model == TLS_AS_WRITTEN || !relax_desc_is_known(content, rela->r_offset))
			scanner_need(scanner, rela->r_sym, NEED_TLSDESC);
		else if (model == TLS_INITIAL_EXEC)
			scanner_need(scanner, rela->r_sym, NEED_GOTTP);
		return 1;
	case R_X86_64_TPOFF32:
	case R_X86_64_TPOFF64:
		if (shared && rela->r_type == R_X86_64_TPOFF32)
			scanner_error(scanner, section, rela,
				      "can not be used when making a shared object; recompile with -fPIC");
		else if (ref.flags & SYMBOL_PREEMPTIBLE && !(ref.flags & SYMBOL_UNDEFINED))
			scanner_error(scanner, section, rela,
				      "addresses a thread-local variable of a shared object; recompile with -fPIC");
		return 1;
	default: /* DTPOFF, TLSDESC_CALL */
		return 1;
	}
}

/* A global symbol that is thread-local for its definition or for this relocation, but not for both. */
static bool mixes_tls(uint32_t type, struct ref ref)
{
	const uint64_t tls = 1ull << R_X86_64_TLSGD | 1ull << R_X86_64_TLSLD | 1ull << R_X86_64_DTPOFF32 |
			     1ull << R_X86_64_GOTTPOFF | 1ull << R_X86_64_TPOFF32 | 1ull << R_X86_64_TPOFF64 |
			     1ull << R_X86_64_DTPOFF64 | 1ull << R_X86_64_GOTPC32_TLSDESC |
			     1ull << R_X86_64_TLSDESC_CALL;
	const uint64_t either = 1ull << R_X86_64_SIZE32 | 1ull << R_X86_64_SIZE64;
	if (!ref.symbol || ref.flags & (SYMBOL_UNDEFINED | SYMBOL_ABSOLUTE) || type > R_X86_64_REX_GOTPCRELX)
		return false;
	bool is_tls = ref.flags & SYMBOL_TLS;
	return is_tls != (tls >> type & 1) && !(either >> type & 1);
}

static void scan(struct scanner *scanner, section_id section)
{
	struct link *link = scanner->link;
	const struct file *file = scanner->file;
	const struct elf_shdr *shdr = section_shdr(link, section);
	struct bytes content = elf_section_bytes(&file->elf, section_number(link, section));
	bool writable = shdr->sh_flags & SHF_WRITE;
	const char *name = elf_section_name(&file->elf, section_number(link, section));
	bool may_name_discarded = section_of(link, section)->kind == SECTION_EH_FRAME ||
				  strncmp(name, ".gcc_except_table", 17) == 0;
	for (uint32_t i = 0; i < scanner->relas.n; i++) {
		const struct elf_rela *rela = &scanner->relas.at[i];
		uint32_t type = rela->r_type;
		if (type == R_X86_64_NONE)
			continue;
		unsigned width = x86_64_width_of(type);
		if (width == 0) {
			scanner_error(scanner, section, rela, "is not a relocation that object files use (type %u)",
				      type);
			continue;
		}
		if (content.size < width || rela->r_offset > content.size - width) {
			scanner_error(scanner, section, rela, "lies outside its section (r_offset 0x%llx)",
				      (unsigned long long)rela->r_offset);
			continue;
		}
		struct ref ref = ref_of(link, file, rela->r_sym);
		if (ref.is_discarded) {
			if (!may_name_discarded)
				scanner_error(scanner, section, rela, "refers to a discarded section");
			continue;
		}
		if (ref.flags & SYMBOL_UNDEFINED)
			scanner_check_undefined(scanner, section, rela, ref);
		if (mixes_tls(type, ref)) {
			scanner_tls_mismatch(scanner, section, rela, ref);
			continue;
		}
		switch (type) {
		case R_X86_64_8:
		case R_X86_64_16:
		case R_X86_64_32:
		case R_X86_64_32S:
		case R_X86_64_64:
			if (ref.flags & SYMBOL_TLS && !(ref.flags & SYMBOL_ABSOLUTE)) {
				scanner_error(scanner, section, rela,
					      "addresses a thread-local variable as if it were not");
				break;
			}
			scan_action(scanner, section, i, ref, decide_absolute(link, ref, width, writable));
			break;
		case R_X86_64_PC8:
		case R_X86_64_PC16:
		case R_X86_64_PC32:
		case R_X86_64_PC64:
			scan_action(scanner, section, i, ref, decide_relative(link, ref));
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
		case R_X86_64_GOTPCREL64:
			scanner_need(scanner, rela->r_sym, NEED_GOT);
			scanner->module_bits |= NEED_GOT_BASE;
			break;
		case R_X86_64_GOTOFF64:
			scanner->module_bits |= NEED_GOT_BASE;
			if (ref.flags & SYMBOL_PREEMPTIBLE)
				scan_action(scanner, section, i, ref, decide_relative(link, ref));
			else if (ref.flags & SYMBOL_IFUNC)
				scanner_need(scanner, rela->r_sym, NEED_CPLT);
			break;
		case R_X86_64_GOTPC32:
		case R_X86_64_GOTPC64:
			scanner->module_bits |= NEED_GOT_BASE;
			break;
		case R_X86_64_SIZE32:
		case R_X86_64_SIZE64:
			break;
		default:
			i += scan_tls(scanner, section, i, ref, content) - 1;
			break;
		}
	}
}

/* ---- apply ---------------------------------------------------------------------------------------------- */

/* The section being relocated, and what all its relocations share. */
struct place {
	struct link *link;
	const struct layout *layout;
	const struct file *file;
	section_id section;
	bool alloc, writable;
	uint64_t start;          /* section offset of image[0] */
	uint64_t address;        /* of image[0] */
	uint8_t *image;
	uint64_t size;
	const struct elf_rela *relas_end;
};

/* `what`: the rest of the sentence "relocation TYPE against NAME ...", and further lines that begin with ">>> ". */
static void report(const struct place *place, const struct elf_rela *rela, const char *what)
{
	struct link *link = place->link;
	struct arena arena = {0};
	struct diag_about about = about_place(link, place->section, rela->r_offset, "relocation");
	about.symbol = target_name(place->file, rela->r_sym);
	diag_report(link->diag, SEVERITY_ERROR,
		    diag_order(section_of(link, place->section)->file, section_number(link, place->section)), &about,
		    "relocation %s against `%s' %s", link->arch->relocation_name(rela->r_type),
		    describe_target(link, &arena, place->file, rela->r_sym), what);
	arena_free(&arena);
}

static inline void put(uint8_t *at, unsigned size, uint64_t value)
{
	if (size == 4)
		write32(at, value);
	else if (size == 2)
		write16(at, value);
	else
		*at = (uint8_t)value;
}

static inline void put_signed(const struct place *place, const struct elf_rela *rela, uint8_t *at, unsigned size,
			      int64_t value)
{
	int64_t limit = (int64_t)1 << (8 * size - 1);
	if (value < -limit || value >= limit)
		overflow_report(place->link, place->section, rela, size, value, -limit, limit - 1);
	put(at, size, (uint64_t)value);
}

/* Absolute references narrower than an address: 8 and 16 bits hold either sign, R_X86_64_32 is zero-extended. */
static inline void put_absolute(const struct place *place, const struct elf_rela *rela, uint8_t *at, unsigned size,
				uint64_t value)
{
	int64_t lowest = rela->r_type == R_X86_64_32 ? 0 : -((int64_t)1 << (8 * size - 1));
	int64_t highest = ((int64_t)1 << (8 * size)) - 1, number = (int64_t)value;
	if (number < lowest || number > highest)
		overflow_report(place->link, place->section, rela, size, number, lowest, highest);
	put(at, size, value);
}

static inline uint64_t symbol_value(const struct place *place, uint32_t index, int64_t *addend)
{
	if (index < place->file->symtab.first_global) {
		const struct aux *aux = aux_of(place->link, place->file, index);
		if (aux && aux->needs & NEED_CPLT)
			return value_of_plt(place->link, aux);
		return local_value(place->link, place->file, index, addend);
	}
	return place->link->symbols[global_of(place->file, index)].address;
}

static inline uint64_t tp_offset(const struct layout *layout, uint64_t address)
{
	return address - align_up(layout->tls_addr + layout->tls_size, layout->tls_align ? layout->tls_align : 1);
}

static inline uint64_t got_base(const struct place *place)
{
	return synthetic_address(place->link, place->layout, SYN_GOT_PLT);
}

static inline uint64_t slot_address(const struct place *place, uint32_t slot)
{
	return got_address(place->link, place->layout, slot);
}

static uint64_t size_of_symbol(const struct place *place, uint32_t index)
{
	symbol_id symbol = global_of(place->file, index);
	if (symbol && symbol_owner(&place->link->symbols[symbol]) != OWNER_NONE)
		return symbol_definition(place->link, &place->link->symbols[symbol])->st_size;
	return place->file->symtab.syms[index].st_size;
}

/* Applies the TLS relocation at `rela`; returns how many relocations it took. */
static uint32_t apply_tls(const struct place *place, const struct elf_rela *rela, uint8_t *at, uint64_t p,
			  uint64_t s, int64_t a, struct ref ref)
{
	const struct link *link = place->link;
	const struct aux *aux = aux_of(link, place->file, rela->r_sym);
	enum tls_model model = tls_model(link, ref);
	struct bytes content = {place->image, place->size};
	uint64_t where = rela->r_offset - place->start;
	switch (rela->r_type) {
	case R_X86_64_TLSGD:
		model = general_dynamic_model(link, ref, rela, place->relas_end, content, where);
		if (model == TLS_AS_WRITTEN) {
			put_signed(place, rela, at, 4, (int64_t)(slot_address(place, aux->tlsgd) + (uint64_t)a - p));
			return 1;
		}
		if (model == TLS_INITIAL_EXEC) {
			relax_gd_to_ie(at);
			put_signed(place, rela, at + 8, 4,
				   (int64_t)(slot_address(place, aux->gottp) + (uint64_t)a - p - 8));
		} else {
			relax_gd_to_le(at);
			put_signed(place, rela, at + 8, 4, (int64_t)(tp_offset(place->layout, s) + (uint64_t)a + 4));
		}
		return 2;
	case R_X86_64_TLSLD:
		if (!local_dynamic_is_relaxed(link, rela, place->relas_end, content, where)) {
			put_signed(place, rela, at, 4,
				   (int64_t)(slot_address(place, link->tlsld_slot) + (uint64_t)a - p));
			return 1;
		}
		relax_ld_to_le(at, -tp_offset(place->layout, place->layout->tls_addr));
		return 2;
	case R_X86_64_DTPOFF32:
		put_signed(place, rela, at, 4, (int64_t)(s - place->layout->tls_addr + (uint64_t)a));
		return 1;
	case R_X86_64_DTPOFF64:
		write64(at, s - place->layout->tls_addr + (uint64_t)a);
		return 1;
	case R_X86_64_GOTTPOFF:
		if (model == TLS_LOCAL_EXEC && relax_ie_is_known(content, where)) {
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
			relax_desc_call(at);
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

/* Applies one relocation of a loaded section; returns how many it took (a relaxed TLS sequence takes its call). */
static inline uint32_t apply_one(const struct place *place, const struct elf_rela *rela)
{
	struct link *link = place->link;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a section that has relocations to count has a table */
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
		if (decide_absolute(link, ref, 8, place->writable) == SYMBOLIC &&
		    !site_is_settled(link, aux_of(link, place->file, rela->r_sym)))
			s = 0, a = 0;
		write64(at, s + (uint64_t)a);
		return 1;
	case R_X86_64_32:
		put_absolute(place, rela, at, 4, s + (uint64_t)a);
		return 1;
	case R_X86_64_32S:
		put_signed(place, rela, at, 4, (int64_t)(s + (uint64_t)a));
		return 1;
	case R_X86_64_16:
		put_absolute(place, rela, at, 2, s + (uint64_t)a);
		return 1;
	case R_X86_64_8:
		put_absolute(place, rela, at, 1, s + (uint64_t)a);
		return 1;
	case R_X86_64_PC32:
		put_signed(place, rela, at, 4, (int64_t)(s + (uint64_t)a - p));
		return 1;
	case R_X86_64_PC64:
		write64(at, s + (uint64_t)a - p);
		return 1;
	case R_X86_64_PC16: /* a jump of 16-bit code goes around within 64 KiB: either sign may be meant */
		if ((s + (uint64_t)a - p + 0x10000) >> 17)
			overflow_report(place->link, place->section, rela, 2, (int64_t)(s + (uint64_t)a - p), -0x10000,
					0xffff);
		write16(at, s + (uint64_t)a - p);
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
		if (got_is_superfluous(link, ref)) {
			bool rex = type == R_X86_64_REX_GOTPCRELX;
			struct bytes content = {place->image, place->size};
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
		put_signed(place, rela, at, 4, (int64_t)(slot_address(place, aux->got) + (uint64_t)a - p));
		return 1;
	case R_X86_64_GOTPCREL64:
		aux = aux_of(link, place->file, rela->r_sym);
		write64(at, slot_address(place, aux->got) + (uint64_t)a - p);
		return 1;
	case R_X86_64_GOT64:
		aux = aux_of(link, place->file, rela->r_sym);
		write64(at, slot_address(place, aux->got) - got_base(place) + (uint64_t)a);
		return 1;
	case R_X86_64_GOT32:
		aux = aux_of(link, place->file, rela->r_sym);
		put_signed(place, rela, at, 4,
			   (int64_t)(slot_address(place, aux->got) - got_base(place) + (uint64_t)a));
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
		put_absolute(place, rela, at, 4, size_of_symbol(place, rela->r_sym) + (uint64_t)rela->r_addend);
		return 1;
	case R_X86_64_SIZE64:
		write64(at, size_of_symbol(place, rela->r_sym) + (uint64_t)rela->r_addend);
		return 1;
	default:
		return apply_tls(place, rela, at, p, s, a, ref);
	}
}

/* What a section that is not loaded says of code that is not there: 0, or 1 in lists that a pair of zeros would end
 * (.debug_loc, .debug_ranges). */
struct tombstones {
	uint64_t value;
	bool for_replaced;       /* also for what another file's definition stands for, */
	bool for_folded;         /* ... or another section's code */
};

/* S + A for a section that is not loaded. */
static inline uint64_t unloaded_value(const struct place *place, const struct elf_rela *rela,
				      struct tombstones tombstones)
{
	struct link *link = place->link;
	int64_t a = rela->r_addend;
	uint64_t s = symbol_value(place, rela->r_sym, &a);
	struct ref ref = ref_of(link, place->file, rela->r_sym);
	if (ref.is_discarded ||
	    (tombstones.for_replaced && ref.symbol && !is_live_definition(link, place->file, rela->r_sym) &&
	     place->file->symtab.syms[rela->r_sym].st_shndx != SHN_UNDEF) ||
	    (tombstones.for_folded && icf_is_folded(link, place->file, rela->r_sym)))
		return tombstones.value;
	return s + (uint64_t)a;
}

/* A section that is not loaded, debug information mostly: nothing to decide, addresses as they are. */
static inline void apply_unloaded(const struct place *place, const struct elf_rela *rela, uint64_t value)
{
	unsigned width = x86_64_width_of(rela->r_type);
	if (rela->r_type == R_X86_64_NONE)
		return;
	if (width == 0 || place->size < width || rela->r_offset > place->size - width) {
		report(place, rela, width ? "lies outside its section" : "is not a relocation that object files use");
		return;
	}
	uint8_t *at = place->image + rela->r_offset;
	switch (rela->r_type) {
	case R_X86_64_64:
		write64(at, value);
		break;
	case R_X86_64_32:
	case R_X86_64_16:
	case R_X86_64_8:
		put_absolute(place, rela, at, width, value);
		break;
	case R_X86_64_32S:
		put_signed(place, rela, at, 4, (int64_t)value);
		break;
	case R_X86_64_PC32:
	case R_X86_64_PC64:
	case R_X86_64_PLT32:
		if (width == 8)
			write64(at, value - rela->r_offset);
		else
			put_signed(place, rela, at, 4, (int64_t)(value - rela->r_offset));
		break;
	case R_X86_64_DTPOFF32:
		put_absolute(place, rela, at, 4, value - place->layout->tls_addr);
		break;
	case R_X86_64_DTPOFF64:
		write64(at, value - place->layout->tls_addr);
		break;
	case R_X86_64_SIZE32:
		put_absolute(place, rela, at, 4, size_of_symbol(place, rela->r_sym) + (uint64_t)rela->r_addend);
		break;
	case R_X86_64_SIZE64:
		write64(at, size_of_symbol(place, rela->r_sym) + (uint64_t)rela->r_addend);
		break;
	default:
		report(place, rela, "makes no sense in a section that is not loaded");
		break;
	}
}

static struct place place_of(struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	const struct elf_shdr *shdr = section_shdr(link, id);
	return (struct place){
		.link = link,
		.layout = link->layout,
		.file = file_of(link, section->file),
		.section = id,
		.alloc = shdr->sh_flags & SHF_ALLOC,
		.writable = shdr->sh_flags & SHF_WRITE,
	};
}

static void apply_range(struct link *link, section_id section, uint32_t first, uint32_t n, uint64_t start,
			uint64_t address, uint8_t *image)
{
	struct place place = place_of(link, section);
	struct elf_relas relas = section_relas(link, section);
	place.start = start;
	place.address = address;
	place.image = image;
	place.size = section_shdr(link, section)->sh_size - start;
	for (uint32_t i = first; i < first + n;)
		i += apply_one(&place, &relas.at[i]);
}

/* Most relocations of debug information refer to its strings, by the symbol of their section. Those of a group get their
 * addresses together. */
static void apply_all_unloaded(const struct place *place, struct elf_relas relas, struct tombstones tombstones)
{
	struct {
		uint32_t symbol;
		const struct merge_section *section; /* NULL: none met */
		uint64_t start;
	} strings = {0}, met = {0};
	for (uint64_t first = 0; first < relas.n; first += MERGE_GROUP) {
		uint64_t end = min_u64(first + MERGE_GROUP, relas.n), addresses[MERGE_GROUP], *next = addresses;
		uint32_t n = 0;
		strings = met;
		for (uint64_t i = first; strings.section && i < end; i++)
			if (relas.at[i].r_sym == strings.symbol)
				addresses[n++] = strings.start + (uint64_t)relas.at[i].r_addend;
		if (n)
			merge_addresses(place->link, strings.section, addresses, n);
		for (uint64_t i = first; i < end; i++) {
			const struct elf_rela *rela = &relas.at[i];
			if (strings.section && rela->r_sym == strings.symbol) {
				apply_unloaded(place, rela, *next++);
				continue;
			}
			apply_unloaded(place, rela, unloaded_value(place, rela, tombstones));
			const struct merge_section *merged = local_merged(place->link, place->file, rela->r_sym);
			if (merged) {
				met.section = merged;
				met.symbol = rela->r_sym;
				met.start = place->file->symtab.syms[rela->r_sym].st_value;
			}
		}
	}
}

static void apply(struct link *link, section_id section, uint8_t *image)
{
	struct place place = place_of(link, section);
	struct elf_relas relas = section_relas(link, section);
	place.image = image;
	place.size = section_of(link, section)->size;
	place.relas_end = relas.at + relas.n;
	if (place.alloc) {
		place.address = section_address(link->layout, section_of(link, section));
		bool reversed = section_of(link, section)->reversed;
		for (uint64_t i = 0; i < relas.n;) {
			struct elf_rela mirrored;
			if (reversed) {
				mirrored = relas.at[i];
				mirrored.r_offset = place.size - 8 - mirrored.r_offset;
			}
			i += apply_one(&place, reversed ? &mirrored : &relas.at[i]);
		}
		return;
	}
	const char *name = elf_section_name(&place.file->elf, section_number(link, section));
	bool is_debug = strncmp(name, ".debug_", 7) == 0;
	/* One address has one function: of equal ones, debuggers shall find the one that stayed. But its code has the
	 * lines of all of them, so that breakpoints can be set. Other tables, such as .note.stapsdt, want the address
	 * of what stayed. */
	struct tombstones tombstones = {
		.value = strcmp(name, ".debug_loc") == 0 || strcmp(name, ".debug_ranges") == 0,
		.for_replaced = is_debug,
		.for_folded = link->folded.n && is_debug && strcmp(name, ".debug_line") != 0,
	};
	apply_all_unloaded(&place, relas, tombstones);
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

const struct arch arch_x86_64 = {
	.emulation = "elf_x86_64",
	.bfd_name = "elf64-x86-64",
	.bfd_arch = "i386:x86-64",
	.machine = EM_X86_64,
	.image_base = 0x400000,
	.dynamic_linker = "/lib64/ld-linux-x86-64.so.2",
	.search_dirs = search_dirs,
	.lib_tokens = lib_tokens,
	.section_types = section_types,
	.platform_tokens = platform_tokens,
	.code_fill = 0x90, /* nop */
	.r_relative = R_X86_64_RELATIVE,
	.r_symbolic = R_X86_64_64,
	.r_glob_dat = R_X86_64_GLOB_DAT,
	.r_jump_slot = R_X86_64_JUMP_SLOT,
	.r_copy = R_X86_64_COPY,
	.r_irelative = R_X86_64_IRELATIVE,
	.r_dtpmod = R_X86_64_DTPMOD64,
	.r_dtpoff = R_X86_64_DTPOFF64,
	.r_tpoff = R_X86_64_TPOFF64,
	.r_tlsdesc = R_X86_64_TLSDESC,
	.got_plt_header_slots = 3,
	.plt_cie = {x86_64_plt_cie, sizeof(x86_64_plt_cie)},
	.plt = &x86_64_plt,
	.ibt_plt = &x86_64_ibt_plt,
	.scan = scan,
	.apply = apply,
	.apply_range = apply_range,
	.tp_offset = arch_tp_offset,
	.use_of = x86_64_use_of,
	.relocation_name = x86_64_relocation_name,
	.relocation_width = x86_64_relocation_width,
	.applied_form = x86_64_applied_form,
};
