/* Every relocation of every object: did it become what it had to (x86-64 psABI tables 4.9 and 4.10, sections
 * "Optimize GOTPCRELX Relocations" and "Linker Optimization" of TLS)? And was the rest copied? */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/sort.h"
#include "elf/mem.h"
#include "verify/names.h"

#define ull(number) ((unsigned long long)(number))

struct check {
	const struct verify_inputs *inputs;
	const struct names *names;
	struct verify_sites *parts;  /* one per object */
	const struct subject *subject;
	uint64_t thread_pointer;     /* the address that offsets of thread-local variables count from */
};

/* One relocation. */
struct site {
	struct check *check;
	struct subject *subject;         /* where to report */
	const struct verify_object *object;
	const struct verify_section *place;
	uint32_t section;            /* in the object */
	const struct elf_rela *rela;
	struct target target;
	const uint8_t *in, *out;     /* its bytes */
	uint64_t in_before, in_after; /* bytes of the section around it */
	uint64_t addr;
	bool is_loaded;
};

/* Bytes in front of the field and from it on that a relocation may change. */
static void reach_of(uint32_t type, uint64_t *before, uint64_t *after)
{
	*before = 0;
	*after = 4;
	switch (type) {
	case R_X86_64_NONE:
		*after = 0;
		break;
	case R_X86_64_8:
	case R_X86_64_PC8:
		*after = 1;
		break;
	case R_X86_64_16:
	case R_X86_64_PC16:
	case R_X86_64_TLSDESC_CALL:
		*after = 2;
		break;
	case R_X86_64_64:
	case R_X86_64_PC64:
	case R_X86_64_DTPOFF64:
	case R_X86_64_TPOFF64:
	case R_X86_64_GOTOFF64:
	case R_X86_64_GOTPC64:
	case R_X86_64_GOT64:
	case R_X86_64_GOTPCREL64:
	case R_X86_64_PLTOFF64:
	case R_X86_64_SIZE64:
		*after = 8;
		break;
	case R_X86_64_GOTPCRELX:
		*before = 2;
		break;
	case R_X86_64_REX_GOTPCRELX:
	case R_X86_64_GOTTPOFF:
	case R_X86_64_GOTPC32_TLSDESC:
		*before = 3;
		break;
	case R_X86_64_TLSGD:
	case R_X86_64_TLSLD:
		*before = 4;
		*after = 19; /* with the call that follows, also that of the large model */
		break;
	default:
		break;
	}
}

enum verdict { RIGHT, WRONG, SKIPPED };

static uint64_t signed32(const uint8_t *at)
{
	return (uint64_t)(int64_t)(int32_t)read32(at);
}

static enum verdict wrong(struct site *site, const char *what, uint64_t value)
{
	const char *section = elf_section_name(site->object->elf, site->section);
	const struct str *member = &site->object->member;
	violation(site->subject, "0x%llx: %s%s%.*s%s:(%s+0x%llx), relocation type %u against %s: %s (0x%llx)",
		  ull(site->addr),
		  site->object->path, member->len ? "(" : "", (int)member->len, member->len ? member->at : "",
		  member->len ? ")" : "", section, ull(site->rela->r_offset), site->rela->r_type,
		  *site->target.name ? site->target.name : "a local symbol", what, ull(value));
	return WRONG;
}

static enum verdict require(struct site *site, bool holds, const char *what, uint64_t value)
{
	return holds ? RIGHT : wrong(site, what, value);
}

/* ---- values ------------------------------------------------------------------------------------------------- */

static bool is_for(const struct site *site, const struct dynamic_place *place)
{
	const struct elf_symtab *dynsym = &site->subject->dynamic.dynsym;
	if (!place || !place->symbol)
		return false;
	const char *name = dynsym->strtab + dynsym->syms[place->symbol].st_name;
	return strlen(name) == site->target.name_size && memcmp(name, site->target.name, site->target.name_size) == 0;
}

/* Is `addr` a PLT entry of the target? */
static bool is_plt_of_target(const struct site *site, uint64_t addr)
{
	const struct dynamic_place *slot = names_plt(site->check->names, addr);
	if (slot && slot->type == R_X86_64_IRELATIVE)
		return site->target.is_ifunc && (uint64_t)slot->addend == site->target.address;
	return is_for(site, slot);
}

/* Where offset `offset` of a merged section is. */
static uint64_t piece_address(const struct verify_section *merged, uint64_t offset)
{
	uint32_t low = 0, high = merged->n_pieces;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (merged->pieces[middle].start <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	const struct verify_piece *piece = &merged->pieces[low ? low - 1 : 0];
	return piece->address + (offset - piece->start);
}

static const char bound_here[] = "bound here, although another module's definition may come first";

/* `value` is what the site leads to: S + A. `calls`: a PLT entry is as good where the target is elsewhere. */
static enum verdict leads_to(struct site *site, uint64_t value, uint64_t addend, bool calls)
{
	const struct target *target = &site->target;
	switch (target->meaning) {
	case MEANS_ADDRESS:
		if (calls && site->check->inputs->symbolic && is_plt_of_target(site, value - addend))
			return RIGHT;
		if (calls && (target->preemptible || target->is_ifunc))
			return require(site, is_plt_of_target(site, value - addend), "not its PLT entry",
				       value - addend);
		if (target->is_ifunc && is_plt_of_target(site, value - addend))
			return RIGHT;
		if (target->preemptible && site->is_loaded)
			return wrong(site, bound_here, value);
		return require(site, value == target->address + addend, "does not lead to its target", value);
	case MEANS_PIECE: {
		/* The addend of a section symbol says which piece; that of another one is from its piece on. */
		uint64_t wanted = target->is_section ? piece_address(target->merged, target->address + addend)
						     : piece_address(target->merged, target->address) + addend;
		return require(site, value == wanted, "leads to another piece", value);
	}
	case MEANS_IMPORT:
		if (calls)
			return require(site, is_plt_of_target(site, value - addend), "not its PLT entry",
				       value - addend);
		return wrong(site, "leads somewhere, but the target is in another module", value);
	case MEANS_NOTHING:
	case MEANS_UNKNOWN:
		break;
	}
	return SKIPPED;
}

/* The code of a program may take what nobody defines for 0, although the loader may find it for others to use. */
static bool is_settled_as_zero(const struct site *site)
{
	return site->target.meaning == MEANS_IMPORT && !site->check->inputs->is_shared &&
	       !(site->object->elf->shdrs[site->section].sh_flags & SHF_WRITE);
}

/* An address in memory, as data: constant, or changed by the loader. */
static enum verdict holds_address(struct site *site)
{
	uint64_t addend = (uint64_t)site->rela->r_addend, value = read64(site->out);
	const struct dynamic_place *place = names_place(site->check->names, site->addr);
	const struct target *target = &site->target;
	/* Debugging information says 0 or 1 of what is not there, or described elsewhere. */
	if (!site->is_loaded && value <= 1 && target->elsewhere)
		return SKIPPED;
	/* Nobody changes it when the file is loaded: what another module has is at 0. */
	if (!site->is_loaded && target->meaning == MEANS_IMPORT)
		return require(site, value == addend, "leads somewhere, but the target is in another module", value);
	if (!site->is_loaded)
		return leads_to(site, value, addend, false);
	if (!place) {
		bool is_own = target->meaning == MEANS_PIECE ||
			      (target->meaning == MEANS_ADDRESS && !target->is_absolute && target->address);
		if (is_settled_as_zero(site))
			return require(site, value == addend, "nothing is imported there", value);
		if (target->meaning == MEANS_IMPORT)
			return wrong(site, "nothing is imported there", value);
		if (site->subject->moves && is_own)
			return wrong(site, target->preemptible ? bound_here : "not relocated when the file moves",
				     value);
		return leads_to(site, value, addend, false);
	}
	if (place->type == R_X86_64_RELATIVE)
		return leads_to(site, (uint64_t)place->addend, addend, false);
	if (place->type == R_X86_64_IRELATIVE && target->meaning == MEANS_UNKNOWN)
		return SKIPPED;
	if (place->type == R_X86_64_IRELATIVE)
		return require(site, target->is_ifunc && (uint64_t)place->addend == target->address, "another resolver",
			       (uint64_t)place->addend);
	if (place->type != R_X86_64_64)
		return wrong(site, "the loader's relocation is of another type", place->type);
	if (target->meaning == MEANS_ADDRESS && !target->preemptible && !*target->name)
		return wrong(site, "a dynamic symbol is asked for, where an address would do", value);
	return require(site, is_for(site, place) && (uint64_t)place->addend == addend,
		       "the loader's relocation has another symbol or addend", (uint64_t)place->addend);
}

/* ---- the global offset table -------------------------------------------------------------------------------- */

/* The word at `slot` will be the target's address. */
static enum verdict is_got_of_target(struct site *site, uint64_t slot)
{
	const struct dynamic_place *place = names_place(site->check->names, slot);
	const uint8_t *word = subject_bytes(site->subject, slot, 8);
	const struct target *target = &site->target;
	if (!word)
		return wrong(site, "leads to no GOT slot", slot);
	if (target->meaning == MEANS_UNKNOWN)
		return SKIPPED;
	if (target->meaning == MEANS_NOTHING && *target->name)
		return require(site, read64(word) == 0 && !place, "the GOT slot of an undefined symbol is not 0",
			       read64(word));
	if (target->meaning == MEANS_NOTHING)
		return SKIPPED;
	if (place && (place->type == R_X86_64_GLOB_DAT || place->type == R_X86_64_JUMP_SLOT ||
		      place->type == R_X86_64_64)) {
		if (target->meaning == MEANS_ADDRESS && !site->check->inputs->is_shared &&
		    !site->check->inputs->symbolic &&
		    is_for(site, place) && site->subject->dynamic.dynsym.syms[place->symbol].st_shndx == SHN_UNDEF)
			return RIGHT; /* imported, with a PLT entry as its address for others */
		return require(site, is_for(site, place), "the GOT slot is another symbol's", slot);
	}
	if (place && place->type == R_X86_64_IRELATIVE)
		return require(site, target->is_ifunc && (uint64_t)place->addend == target->address,
			       "the GOT slot is another resolver's", slot);
	uint64_t value = place && place->type == R_X86_64_RELATIVE ? (uint64_t)place->addend : read64(word);
	return leads_to(site, value, 0, false);
}

/* The bytes in front of the field that a relaxation would have changed. */
static bool is_same_instruction(const struct site *site)
{
	uint64_t before, after;
	reach_of(site->rela->r_type, &before, &after);
	before = min_u64(before, site->in_before);
	return memcmp(site->in - before, site->out - before, before) == 0;
}

/* GOTPCREL, and what may have been made of it. The addend is -4 minus what follows the field. */
static enum verdict check_gotpcrel(struct site *site, bool may_relax)
{
	uint64_t addend = (uint64_t)site->rela->r_addend, leads = site->addr + signed32(site->out) - addend;
	bool has_rex = site->rela->r_type == R_X86_64_REX_GOTPCRELX && site->in_before >= 3;
	if (site->in_before < 2 || !may_relax || memcmp(site->in - 2, site->out - 2, 2) == 0)
		return is_same_instruction(site) ? is_got_of_target(site, leads) : wrong(site, "unknown instruction",
											 site->out[-1]);
	uint8_t was = site->in[-2], now = site->out[-2], modrm = site->in[-1];
	struct target *target = &site->target;
	if (target->meaning == MEANS_UNKNOWN || target->meaning == MEANS_NOTHING)
		return SKIPPED;
	if (was == 0x8b && now == 0x8d && has_rex && site->in[-3] != site->out[-3])
		return wrong(site, "another prefix", site->out[-3]);
	if (was == 0x8b && now == 0x8d && modrm != site->out[-1])
		return wrong(site, "another register", site->out[-1]);
	if (was == 0x8b && now == 0x8d)          /* mov slot(%rip), r -> lea target(%rip), r */
		return target->is_section ? SKIPPED : leads_to(site, leads, 0, false);
	if (was == 0xff && modrm == 0x15 && now == 0x67 && site->out[-1] == 0xe8) /* call -> addr32 call */
		return leads_to(site, leads, 0, target->is_ifunc);
	if (was == 0xff && modrm == 0x25 && now == 0xe9)  /* jmp -> jmp; nop */
		return leads_to(site, leads - 1 + signed32(site->out - 1) - signed32(site->out), 0, target->is_ifunc);
	if (now == 0xc7 || now == 0xf7 || now == 0x81)    /* an immediate: no longer relative */
		return leads_to(site, signed32(site->out), 0, false);
	return wrong(site, "unknown instruction", now);
}

/* ---- thread-local storage ----------------------------------------------------------------------------------- */

static enum verdict has_tp_offset(struct site *site, uint64_t value, uint64_t addend)
{
	if (site->target.meaning != MEANS_ADDRESS)
		return SKIPPED;
	uint64_t wanted = site->target.address + addend - site->check->thread_pointer;
	return require(site, value == wanted, "another offset from the thread pointer", value);
}

/* A slot with the offset from the thread pointer. */
static enum verdict is_tp_slot(struct site *site, uint64_t slot)
{
	const struct dynamic_place *place = names_place(site->check->names, slot);
	const uint8_t *word = subject_bytes(site->subject, slot, 8);
	if (!word)
		return wrong(site, "leads to no GOT slot", slot);
	if (!place)
		return has_tp_offset(site, read64(word), 0);
	if (place->type != R_X86_64_TPOFF64)
		return wrong(site, "the GOT slot is not for the thread pointer's offset", slot);
	if (place->symbol)
		return require(site, is_for(site, place) && place->addend == 0, "the GOT slot is another symbol's",
			       slot);
	const struct elf_phdr *tls = subject_segment(site->subject, PT_TLS);
	if (site->target.meaning != MEANS_ADDRESS || !tls)
		return SKIPPED;
	return require(site, (uint64_t)place->addend == site->target.address - tls->p_vaddr,
		       "another offset in the TLS block",
		       (uint64_t)place->addend);
}

/* A pair of slots: module, offset in its TLS block. */
static enum verdict is_tls_pair(struct site *site, uint64_t slot, bool whole_module)
{
	const struct dynamic_place *module = names_place(site->check->names, slot);
	const struct dynamic_place *offset = names_place(site->check->names, slot + 8);
	const uint8_t *words = subject_bytes(site->subject, slot, 16);
	const struct elf_phdr *tls = subject_segment(site->subject, PT_TLS);
	if (!words)
		return wrong(site, "leads to no GOT slots", slot);
	if (module ? module->type != R_X86_64_DTPMOD64 : read64(words) != 1)
		return wrong(site, "the first GOT slot is not for a module", slot);
	if (whole_module)
		return require(site, read64(words + 8) == 0 && !offset, "the second GOT slot is not 0", slot);
	if (offset)
		return require(site, offset->type == R_X86_64_DTPOFF64 && is_for(site, offset) && offset->addend == 0,
			       "the GOT slots are another symbol's",
			       slot);
	if (module && module->symbol)
		return SKIPPED;
	if (site->target.meaning != MEANS_ADDRESS || !tls)
		return SKIPPED;
	return require(site, read64(words + 8) == site->target.address - tls->p_vaddr,
		       "another offset in the TLS block",
		       read64(words + 8));
}

static const uint8_t fs_zero[] = {0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0}; /* mov %fs:0, %rax */

/* `follows`: the call of __tls_get_addr that the next relocation is about has gone. */
static enum verdict check_tlsgd(struct site *site, bool *follows)
{
	uint64_t slot = site->addr + signed32(site->out) - (uint64_t)site->rela->r_addend;
	if (site->in_before < 4 || site->in_after < 12 || memcmp(site->in - 4, site->out - 4, 4) == 0)
		return is_tls_pair(site, slot, false);
	*follows = true;
	if (memcmp(site->out - 4, fs_zero, sizeof(fs_zero)) != 0)
		return SKIPPED; /* the large model's form */
	const uint8_t *code = site->out + 5;
	if (code[0] == 0x48 && code[1] == 0x8d && code[2] == 0x80) /* lea offset(%rax), %rax */
		return has_tp_offset(site, signed32(code + 3), 0);
	if (code[0] == 0x48 && code[1] == 0x03 && code[2] == 0x05) /* add slot(%rip), %rax */
		return is_tp_slot(site, site->addr + 12 + signed32(code + 3));
	return wrong(site, "unknown instruction", code[0]);
}

static enum verdict check_tlsld(struct site *site, bool *follows)
{
	static const uint8_t padding[] = {0x66, 0x66, 0x66};
	uint64_t slot = site->addr + signed32(site->out) - (uint64_t)site->rela->r_addend;
	if (site->in_before < 3 || site->in_after < 9 || memcmp(site->in - 3, site->out - 3, 3) == 0)
		return is_tls_pair(site, slot, true);
	*follows = true;
	if (memcmp(site->out - 3, padding, sizeof(padding)) != 0)
		return SKIPPED;
	return require(site, memcmp(site->out, fs_zero, sizeof(fs_zero)) == 0, "unknown instruction", site->out[0]);
}

/* mov or add slot(%rip), r: the same, or an immediate or lea with the offset itself. */
static enum verdict check_gottpoff(struct site *site)
{
	if (site->in_before < 3 || memcmp(site->in - 3, site->out - 3, 3) == 0)
		return is_tp_slot(site, site->addr + signed32(site->out) - (uint64_t)site->rela->r_addend);
	uint8_t op = site->out[-2];
	if (op != 0xc7 && op != 0x81 && op != 0x8d)
		return wrong(site, "unknown instruction", op);
	return has_tp_offset(site, signed32(site->out), 0);
}

static enum verdict check_tlsdesc(struct site *site)
{
	uint64_t slot = site->addr + signed32(site->out) - (uint64_t)site->rela->r_addend;
	if (site->in_before < 3)
		return SKIPPED;
	if (memcmp(site->in - 3, site->out - 3, 3) != 0) {
		if (site->out[-2] == 0xc7)
			return has_tp_offset(site, signed32(site->out), 0);
		return site->out[-2] == 0x8b ? is_tp_slot(site, slot) : wrong(site, "unknown instruction",
									      site->out[-2]);
	}
	const struct dynamic_place *place = names_place(site->check->names, slot);
	if (!place || place->type != R_X86_64_TLSDESC)
		return wrong(site, "leads to no TLS descriptor", slot);
	if (place->symbol)
		return require(site, is_for(site, place) && place->addend == 0, "the descriptor is another symbol's",
			       slot);
	const struct elf_phdr *tls = subject_segment(site->subject, PT_TLS);
	if (site->target.meaning != MEANS_ADDRESS || !tls)
		return SKIPPED;
	return require(site, (uint64_t)place->addend == site->target.address - tls->p_vaddr,
		       "another offset in the TLS block",
		       (uint64_t)place->addend);
}

/* An offset in the TLS block; from the thread pointer, if the call that gives the block's address has gone. */
static enum verdict check_dtpoff(struct site *site, uint64_t value)
{
	const struct elf_phdr *tls = subject_segment(site->subject, PT_TLS);
	uint64_t addend = (uint64_t)site->rela->r_addend;
	if (site->target.meaning != MEANS_ADDRESS || !tls)
		return SKIPPED;
	if (site->is_loaded && !site->check->inputs->is_shared &&
	    value == site->target.address + addend - site->check->thread_pointer)
		return RIGHT;
	return require(site, value == site->target.address + addend - tls->p_vaddr, "another offset in the TLS block",
		       value);
}

/* ---- one relocation ----------------------------------------------------------------------------------------- */

static bool fits_32(const struct site *site, uint64_t *value)
{
	*value = site->rela->r_type == R_X86_64_32 ? read32(site->out) : signed32(site->out);
	return true;
}

static enum verdict check_site(struct site *site, bool *follows)
{
	uint64_t addend = (uint64_t)site->rela->r_addend, value;
	const struct dynamic_place *place;
	switch (site->rela->r_type) {
	case R_X86_64_64:
		return holds_address(site);
	case R_X86_64_32:
	case R_X86_64_32S:
		place = site->is_loaded ? names_place(site->check->names, site->addr) : NULL;
		if (place)
			return require(site, is_for(site, place), "the loader's relocation has another symbol",
				       place->symbol);
		fits_32(site, &value);
		if (is_settled_as_zero(site))
			return require(site, value == addend, "leads somewhere, but the target is in another module",
				       value);
		return leads_to(site, value, addend, false);
	case R_X86_64_PC32:
	case R_X86_64_PLT32:
	case R_X86_64_PC64:
		if (site->is_loaded && names_place(site->check->names, site->addr))
			return SKIPPED; /* a text relocation */
		value = site->rela->r_type == R_X86_64_PC64 ? read64(site->out) : signed32(site->out);
		value += site->addr;
		if (!site->is_loaded)
			return SKIPPED;
		/* Old objects call with PC32, too: then the target may be a PLT entry */
		if (site->target.meaning == MEANS_IMPORT)
			return leads_to(site, value, addend, true);
		return leads_to(site, value, addend, site->rela->r_type == R_X86_64_PLT32);
	case R_X86_64_GOTPCREL:
		return check_gotpcrel(site, false);
	case R_X86_64_GOTPCRELX:
	case R_X86_64_REX_GOTPCRELX:
		return check_gotpcrel(site, true);
	case R_X86_64_TLSGD:
		return check_tlsgd(site, follows);
	case R_X86_64_TLSLD:
		return check_tlsld(site, follows);
	case R_X86_64_GOTTPOFF:
		return check_gottpoff(site);
	case R_X86_64_GOTPC32_TLSDESC:
		return check_tlsdesc(site);
	case R_X86_64_TPOFF32:
		return has_tp_offset(site, signed32(site->out), addend);
	case R_X86_64_TPOFF64:
		return names_place(site->check->names, site->addr) ? SKIPPED : has_tp_offset(site, read64(site->out),
											     addend);
	case R_X86_64_DTPOFF32:
		return check_dtpoff(site, signed32(site->out));
	case R_X86_64_DTPOFF64:
		return check_dtpoff(site, read64(site->out));
	case R_X86_64_SIZE32:
	case R_X86_64_SIZE64:
		value = site->rela->r_type == R_X86_64_SIZE64 ? read64(site->out) : read32(site->out);
		place = names_place(site->check->names, site->addr);
		if (place)
			return require(site, place->type == site->rela->r_type && is_for(site, place) &&
				       (uint64_t)place->addend == addend, "the loader asks for another size",
				       (uint64_t)place->addend);
		if (site->target.meaning != MEANS_ADDRESS)
			return SKIPPED;
		return require(site, value == site->target.size + addend ||
			       (uint32_t)value == (uint32_t)(site->target.size + addend),
			       "another size", value);
	default:
		return SKIPPED;
	}
}

static int compare_relas(const void *a, const void *b)
{
	const struct elf_rela *x = a, *y = b;
	return (x->r_offset > y->r_offset) - (x->r_offset < y->r_offset);
}

/* ---- one section -------------------------------------------------------------------------------------------- */

static void compare_bytes(struct site *site, struct bytes in, const uint8_t *out, uint64_t from, uint64_t to)
{
	if (from >= to || to > in.size)
		return;
	const char *section = elf_section_name(site->object->elf, site->section);
	claim(site->subject, memcmp(in.data + from, out + from, to - from) == 0,
	      "%s:(%s+0x%llx): not the same %llu bytes in the output, at 0x%llx", site->object->path, section,
	      ull(from), ull(to - from), ull(site->place->address + from));
}

static void check_section(struct site *site, struct elf_relas relas, struct verify_sites *part)
{
	const struct elf_file *elf = site->object->elf;
	struct bytes in = elf_section_bytes(elf, site->section);
	bool reversed = site->place->fate == FATE_REVERSED, compares = !reversed;
	if (!in.size || !mem_inside(site->place->fileoff, in.size, site->subject->elf.bytes.size))
		return;
	const uint8_t *out = site->subject->elf.bytes.data + site->place->fileoff;
	uint64_t clean = 0;
	bool follows = false;
	for (uint64_t r = 0; r < relas.n; r++) {
		const struct elf_rela *rela = &relas.at[r];
		uint64_t before, after, offset = rela->r_offset;
		reach_of(rela->r_type, &before, &after);
		if (!mem_inside(offset, rela->r_type == R_X86_64_64 ? 8 : after ? 1 : 0, in.size))
			continue;
		if (offset > before && compares)
			compare_bytes(site, in, out, clean, offset - before);
		clean = max_u64(clean, offset + after);
		if (rela->r_type == R_X86_64_NONE || follows) {
			follows = false;
			continue;
		}
		uint64_t moved = reversed ? in.size - 8 - offset : offset;
		if (!mem_inside(offset, min_u64(after, 8), in.size))
			continue;
		site->rela = rela;
		site->in = in.data + offset;
		site->out = out + moved;
		site->in_before = offset;
		site->in_after = in.size - offset;
		site->addr = site->place->address + moved;
		site->target = names_target(site->check->names, (uint32_t)(site->object - site->check->inputs->objects),
					    rela->r_sym);
		site->subject->sum.facts++;
		enum verdict verdict = check_site(site, &follows);
		part->checked += verdict != SKIPPED;
		part->skipped += verdict == SKIPPED;
	}
	if (compares)
		compare_bytes(site, in, out, clean, in.size);
}

/* Each piece of a merged section is somewhere. */
static void check_pieces(struct site *site)
{
	const struct verify_section *place = site->place;
	struct bytes in = elf_section_bytes(site->object->elf, site->section), out = site->subject->elf.bytes;
	for (uint32_t i = 0; i < place->n_pieces; i++) {
		const struct verify_piece *piece = &place->pieces[i];
		uint64_t end = i + 1 < place->n_pieces ? piece[1].start : in.size;
		bool inside = piece->start <= end && end <= in.size && mem_inside(piece->fileoff, end - piece->start,
										  out.size);
		claim(site->subject, inside && memcmp(in.data + piece->start, out.data + piece->fileoff,
						    end - piece->start) == 0,
		      "%s:(%s+0x%x): the merged piece at 0x%llx is not the same", site->object->path,
		      elf_section_name(site->object->elf, site->section), piece->start, ull(piece->address));
	}
}

static void check_object(struct check *check, uint32_t o)
{
	const struct verify_object *object = &check->inputs->objects[o];
	const struct elf_file *elf = object->elf;
	struct subject subject = *check->subject;
	subject.sum = (struct verify_summary){0};
	uint32_t *rela_of = calloc(elf->nshdr + 1ull, sizeof(*rela_of));
	if (!rela_of)
		out_of_memory();
	for (uint32_t s = 1; s < elf->nshdr; s++)
		if (elf->shdrs[s].sh_type == SHT_RELA && elf->shdrs[s].sh_info < elf->nshdr)
			rela_of[elf->shdrs[s].sh_info] = s;
	for (uint32_t s = 1; s < elf->nshdr; s++) {
		const struct verify_section *place = &object->sections[s];
		struct site site = {.check = check, .subject = &subject, .object = object, .place = place, .section = s,
				    .is_loaded = elf->shdrs[s].sh_flags & SHF_ALLOC};
		if (place->fate == FATE_PIECES)
			check_pieces(&site);
		if ((place->fate != FATE_COPIED && place->fate != FATE_REVERSED) || elf->shdrs[s].sh_type == SHT_NOBITS)
			continue;
		struct elf_relas relas = {NULL, 0};
		struct elf_error error;
		if (rela_of[s] && !elf_read_relas(&relas, elf, rela_of[s], object->symtab->n, &error))
			continue;
		struct elf_rela *sorted = NULL;
		for (uint64_t r = 1; r < relas.n && !sorted; r++)
			if (relas.at[r].r_offset < relas.at[r - 1].r_offset) {
				sorted = malloc(relas.n * sizeof(*sorted));
				if (!sorted)
					out_of_memory();
				memcpy(sorted, relas.at, relas.n * sizeof(*sorted));
				qsort(sorted, relas.n, sizeof(*sorted), compare_relas);
				relas.at = sorted;
			}
		check_section(&site, relas, &check->parts[o]);
		free(sorted);
	}
	free(rela_of);
	check->parts[o].sum = subject.sum;
}

static void check_objects(void *context, size_t begin, size_t end, unsigned worker)
{
	(void)worker;
	for (size_t o = begin; o < end; o++)
		check_object(context, (uint32_t)o);
}

/* What the output imports, an object asks for; and not weakly, if one does so strongly. */
static void check_imports(struct check *check, struct subject *subject)
{
	if (!subject->has_dynamic)
		return;
	const struct elf_symtab *dynsym = &subject->dynamic.dynsym;
	for (uint32_t i = dynsym->first_global; i < dynsym->n; i++) {
		const struct elf_sym *sym = &dynsym->syms[i];
		const char *name = dynsym->strtab + sym->st_name;
		enum asked asked = names_asked(check->names, name);
		if (sym->st_shndx != SHN_UNDEF || names_is_renamed(check->names, name))
			continue;
		claim(subject, sym->st_size == 0, ".dynsym: import %s: st_size 0x%llx", name, ull(sym->st_size));
		claim(subject, asked != ASKED_NOT, ".dynsym: %s is imported, but nobody asks for it", name);
		claim(subject, asked == ASKED_NOT || asked == ASKED_BY_VERSION ||
				       (asked == ASKED_WEAKLY) == (elf_sym_bind(sym) == STB_WEAK),
		      ".dynsym: import %s: weak, or not?", name);
	}
}

/* DT_NEEDED names the libraries of the link. */
static void check_needed(struct check *check, struct subject *subject)
{
	const struct verify_inputs *inputs = check->inputs;
	uint32_t n = 0;
	for (uint64_t i = 0; subject->has_dynamic && i < subject->dynamic.ndynamic; i++) {
		const struct elf_dyn *dyn = (const struct elf_dyn *)(subject->dynamic.dynamic + i * sizeof(*dyn));
		const char *name = dyn->d_tag == DT_NEEDED ? elf_dynamic_string(&subject->dynamic, i) : NULL;
		if (!name)
			continue;
		uint32_t at = 0;
		while (at < inputs->n_needed && strcmp(inputs->needed[at], name) != 0)
			at++;
		claim(subject, at < inputs->n_needed, "DT_NEEDED: %s is no library of the link", name);
		n++;
	}
	uint32_t section = subject_section_of_type(subject, SHT_DYNAMIC);
	struct bytes bytes = elf_section_bytes(&subject->elf, section);
	for (uint64_t at = subject->dynamic.ndynamic * sizeof(struct elf_dyn); section && at < bytes.size; at++)
		claim(subject, bytes.data[at] == 0, ".dynamic: not 0 behind DT_NULL, at offset 0x%llx", ull(at));
	claim(subject, n == inputs->n_needed, "DT_NEEDED: %u libraries instead of %u", n, inputs->n_needed);
}

/* ---- between sections --------------------------------------------------------------------------------------- */

static const uint64_t IS_PIECE = 1ull << 63;

/* Everything that the link says is somewhere in the file: where it begins, and its size (with IS_PIECE, one of a merged
 * section); in order. Free with free(). */
static struct sort_item *collect_extents(const struct verify_inputs *inputs, uint64_t *n)
{
	uint64_t max = inputs->n_made;
	for (uint32_t o = 0; o < inputs->n; o++)
		for (uint32_t s = 1; s < inputs->objects[o].elf->nshdr; s++)
			max += 1 + inputs->objects[o].sections[s].n_pieces;
	struct sort_item *extents = calloc(max + 1, sizeof(*extents));
	if (!extents)
		out_of_memory();
	*n = 0;
	for (uint32_t i = 0; i < inputs->n_made; i++)
		extents[(*n)++] = (struct sort_item){inputs->made[i].fileoff, inputs->made[i].size};
	for (uint32_t o = 0; o < inputs->n; o++)
		for (uint32_t s = 1; s < inputs->objects[o].elf->nshdr; s++) {
			const struct verify_section *place = &inputs->objects[o].sections[s];
			uint64_t size = inputs->objects[o].elf->shdrs[s].sh_size;
			bool whole = place->fate == FATE_COPIED || place->fate == FATE_REVERSED;
			if (whole && inputs->objects[o].elf->shdrs[s].sh_type != SHT_NOBITS)
				extents[(*n)++] = (struct sort_item){place->fileoff, size};
			for (uint32_t i = 0; i < place->n_pieces; i++)
				extents[(*n)++] = (struct sort_item){
					place->pieces[i].fileoff,
					((i + 1 < place->n_pieces ? place->pieces[i + 1].start : size) -
					 place->pieces[i].start) | IS_PIECE};
		}
	sort_by_key(extents, *n);
	return extents;
}

/* What is between the sections of an output section is zero, or one byte of code again and again. Merged constants and
 * strings are aligned with zeros, even among code. */
static void check_gaps(struct check *check, struct subject *subject)
{
	enum { LOOKED_AT = 1 << 26 }; /* of a gap; a file need not have memory for all of it */
	uint64_t n, next = 0;
	bool after_piece = false;
	struct sort_item *extents = collect_extents(check->inputs, &n);
	for (uint64_t i = 0; i <= n; i++) {
		uint64_t start = i < n ? extents[i].key : 0;
		uint32_t section = i < n && start > next && next ? subject_section_of_offset(subject,
											     next) : NO_SECTION;
		/* A gap that begins and ends in one section */
		if (section && subject_section_of_offset(subject, start) == section) {
			bool is_code = subject_shdr(subject, section)->sh_flags & SHF_EXECINSTR;
			const uint8_t *bytes = subject->elf.bytes.data;
			uint8_t fill = is_code ? check->inputs->code_fill : 0;
			bool between_pieces = after_piece && extents[i].value & IS_PIECE;
			uint64_t end = start - next > LOOKED_AT ? next + LOOKED_AT : start;
			for (uint64_t at = next; at < end; at++)
				if (!claim(subject, bytes[at] == fill || (between_pieces && bytes[at] == 0),
					   "%s: byte 0x%llx of the file is 0x%x, between two inputs",
					   elf_section_name(&subject->elf, section), ull(at), bytes[at]))
					break;
		}
		if (i < n && start + (extents[i].value & ~IS_PIECE) >= next) {
			next = start + (extents[i].value & ~IS_PIECE);
			after_piece = extents[i].value & IS_PIECE;
		}
	}
	free(extents);
}

struct verify_sites verify_inputs(const char *path, struct bytes bytes, const struct verify_inputs *inputs,
				  struct pool *pool, struct diag *diag)
{
	struct verify_sites total = {0};
	struct subject subject;
	if (!subject_open(&subject, path, bytes, diag)) {
		total.sum = subject.sum;
		return total;
	}
	struct check check = {.inputs = inputs, .subject = &subject};
	check.names = names_new(&subject, inputs);
	check.parts = calloc(inputs->n + 1ull, sizeof(*check.parts));
	if (!check.parts)
		out_of_memory();
	const struct elf_phdr *tls = subject_segment(&subject, PT_TLS);
	if (tls)
		check.thread_pointer = align_up(tls->p_vaddr + tls->p_memsz, tls->p_align ? tls->p_align : 1);
	parallel_for(pool, inputs->n, 1, check_objects, &check);
	for (uint32_t o = 0; o < inputs->n; o++) {
		total.sum.facts += check.parts[o].sum.facts;
		total.sum.violations += check.parts[o].sum.violations;
		total.checked += check.parts[o].checked;
		total.skipped += check.parts[o].skipped;
	}
	check_imports(&check, &subject);
	check_needed(&check, &subject);
	if (inputs->plain_gaps)
		check_gaps(&check, &subject);
	total.sum.facts += subject.sum.facts;
	total.sum.violations += subject.sum.violations;
	names_free((struct names *)(uintptr_t)check.names);
	free(check.parts);
	return total;
}
