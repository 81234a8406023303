#include "arch/i386_kept.h"

#include "arch/i386_decide.h"
#include "arch/i386_types.h"
#include "elf/object.h"

unsigned i386_relocation_width(uint32_t type)
{
	return i386_width_of(type);
}

/* The GOT's slots are not asked any more. */
static void got_load_form(enum got_load load, struct elf_rela *rela)
{
	switch (load) {
	case KEEP_LOAD:
		break;
	case LOAD_TO_LEA:
		rela->r_type = R_386_GOTOFF;
		break;
	case LOAD_TO_CALL:
		rela->r_type = R_386_PC32;
		rela->r_addend = -4;
		break;
	case LOAD_TO_JMP:
		rela->r_type = R_386_PC32;
		rela->r_addend = -4;
		rela->r_offset--;
		break;
	case LOAD_TO_MOV:
	case LOAD_TO_TEST:
	case LOAD_TO_BINOP:
		rela->r_type = R_386_32;
		break;
	}
}

static unsigned tls_form(const struct link *link, const struct file *file, struct elf_relas relas, uint64_t number,
			 struct bytes content, struct elf_rela *rela)
{
	const struct elf_rela *at = &relas.at[number], *end = relas.at + relas.n;
	uint64_t where = rela->r_offset; /* `rela` is a copy of `at` as yet */
	struct ref ref = ref_of(link, file, rela->r_sym);
	const struct aux *aux = aux_of(link, file, rela->r_sym);
	enum tls_model model = tls_model(link, ref);
	struct gd_sequence sequence;
	switch (rela->r_type) {
	case R_386_TLS_GD:
		model = general_dynamic_model(link, ref, at, end, content, where, &sequence);
		if (model == TLS_AS_WRITTEN)
			return 1;
		rela->r_offset += 8 - sequence.before; /* the second instruction has the field */
		rela->r_type = model == TLS_INITIAL_EXEC ? R_386_TLS_GOTIE : R_386_TLS_LE_32;
		return 2;
	case R_386_TLS_LDM:
		if (!local_dynamic_is_relaxed(link, at, end, content, where))
			return 1;
		rela->r_type = R_386_NONE; /* a number: the size of the module's block */
		return 2;
	case R_386_TLS_IE:
	case R_386_TLS_GOTIE:
	case R_386_TLS_IE_32:
		if (initial_exec_is_relaxed(link, ref, rela->r_type, content, where))
			rela->r_type = rela->r_type == R_386_TLS_IE_32 ? R_386_TLS_LE_32 : R_386_TLS_LE;
		return 1;
	case R_386_TLS_GOTDESC:
		if (aux && aux->tlsdesc != NO_SLOT)
			return 1;
		rela->r_type = model == TLS_INITIAL_EXEC ? R_386_TLS_GOTIE : R_386_TLS_LE;
		return 1;
	case R_386_TLS_DESC_CALL:
		if (!aux || aux->tlsdesc == NO_SLOT)
			rela->r_type = R_386_NONE;
		return 1;
	default:
		return 1;
	}
}

unsigned i386_applied_form(const struct link *link, section_id section, uint64_t number, struct elf_rela *rela)
{
	const struct file *file = file_of(link, section_of(link, section)->file);
	struct elf_relas relas = section_relas(link, section);
	struct bytes content = code_of(link, section);
	switch (rela->r_type) {
	case R_386_GOT32X:
		got_load_form(decide_got_load(link, ref_of(link, file, rela->r_sym), rela, content, rela->r_offset),
			      rela);
		return 1;
	case R_386_TLS_GD:
	case R_386_TLS_LDM:
	case R_386_TLS_IE:
	case R_386_TLS_GOTIE:
	case R_386_TLS_IE_32:
	case R_386_TLS_GOTDESC:
	case R_386_TLS_DESC_CALL:
		return tls_form(link, file, relas, number, content, rela);
	default:
		return 1;
	}
}
