#include "arch/x86_64_kept.h"

#include "arch/x86_64_decide.h"
#include "arch/x86_64_types.h"
#include "elf/object.h"
#include "ld/layout/value.h"

unsigned x86_64_relocation_width(uint32_t type)
{
	return x86_64_width_of(type);
}

/* The GOT is not asked any more (psABI appendix B.2). */
static void got_load_form(enum got_load load, struct elf_rela *rela)
{
	switch (load) {
	case KEEP_LOAD:
		break;
	case LOAD_TO_LEA:
	case LOAD_TO_CALL:
		rela->r_type = R_X86_64_PC32;
		break;
	case LOAD_TO_JMP:
		rela->r_type = R_X86_64_PC32;
		rela->r_offset--;
		break;
	case LOAD_TO_TEST:
	case LOAD_TO_BINOP:
		rela->r_type = R_X86_64_32S;
		rela->r_addend = 0;
		break;
	}
}

/* Does the relaxed form reach? As apply decides, once there are addresses. */
static bool relaxed_load_reaches(const struct link *link, const struct file *file, section_id section,
				 const struct elf_rela *rela, enum got_load load)
{
	if (!link->may_be_far || !link->has_addresses || load == KEEP_LOAD)
		return true;
	int64_t addend = rela->r_addend;
	symbol_id symbol = global_of(file, rela->r_sym);
	uint64_t value = symbol ? link->symbols[symbol].address : local_value(link, file, rela->r_sym, &addend);
	uint64_t place = section_address(link->layout, section_of(link, section)) + rela->r_offset;
	int64_t field = got_load_value(load, value, (uint64_t)addend, place);
	return field == (int32_t)field;
}

/* The field holds the offset from the thread pointer; it was relative to the next instruction's address. */
static void to_tpoff(struct elf_rela *rela)
{
	rela->r_type = R_X86_64_TPOFF32;
	rela->r_addend += 4;
}

static unsigned tls_form(const struct link *link, const struct file *file, struct elf_relas relas, uint64_t number,
			 struct bytes content, struct elf_rela *rela)
{
	const struct elf_rela *at = &relas.at[number], *end = relas.at + relas.n;
	uint64_t where = rela->r_offset; /* `rela` is a copy of `at` as yet */
	struct ref ref = ref_of(link, file, rela->r_sym);
	const struct aux *aux = aux_of(link, file, rela->r_sym);
	enum tls_model model = tls_model(link, ref);
	switch (rela->r_type) {
	case R_X86_64_TLSGD:
		model = general_dynamic_model(link, ref, at, end, content, where);
		if (model == TLS_AS_WRITTEN)
			return 1;
		rela->r_offset += 8; /* the second instruction has the field */
		if (model == TLS_INITIAL_EXEC)
			rela->r_type = R_X86_64_GOTTPOFF;
		else
			to_tpoff(rela);
		return 2;
	case R_X86_64_TLSLD:
		if (!local_dynamic_is_relaxed(link, at, end, content, where))
			return 1;
		rela->r_type = R_X86_64_NONE; /* a number: the size of the module's block */
		return 2;
	case R_X86_64_GOTTPOFF:
		if (model == TLS_LOCAL_EXEC && relax_ie_is_known(content, where, is_x32(link)))
			to_tpoff(rela);
		return 1;
	case R_X86_64_GOTPC32_TLSDESC:
		if (aux && aux->tlsdesc != NO_SLOT)
			return 1;
		if (model == TLS_INITIAL_EXEC)
			rela->r_type = R_X86_64_GOTTPOFF;
		else
			to_tpoff(rela);
		return 1;
	case R_X86_64_TLSDESC_CALL:
		if (!aux || aux->tlsdesc == NO_SLOT)
			rela->r_type = R_X86_64_NONE;
		return 1;
	default:
		return 1;
	}
}

unsigned x86_64_applied_form(const struct link *link, section_id section, uint64_t number, struct elf_rela *rela)
{
	const struct file *file = file_of(link, section_of(link, section)->file);
	struct elf_relas relas = section_relas(link, section);
	struct bytes content = code_of(link, section);
	switch (rela->r_type) {
	case R_X86_64_GOTPCRELX:
	case R_X86_64_REX_GOTPCRELX:
		if (got_is_superfluous(link, ref_of(link, file, rela->r_sym))) {
			bool rex = rela->r_type == R_X86_64_REX_GOTPCRELX;
			enum got_load load =
				relax_got_load(content, rela->r_offset, rex, rela->r_addend, link->is_pic);
			if (relaxed_load_reaches(link, file, section, rela, load))
				got_load_form(load, rela);
		}
		return 1;
	case R_X86_64_TLSGD:
	case R_X86_64_TLSLD:
	case R_X86_64_GOTTPOFF:
	case R_X86_64_GOTPC32_TLSDESC:
	case R_X86_64_TLSDESC_CALL:
		return tls_form(link, file, relas, number, content, rela);
	default:
		return 1;
	}
}
