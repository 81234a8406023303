/* Scanning a section's relocations: what all targets do with each. */
#ifndef GILD_ARCH_SCAN_H
#define GILD_ARCH_SCAN_H

#include "arch/decide.h"

/* The section being scanned. */
struct scanned {
	struct scanner *scanner;
	section_id section;
	struct bytes content, code; /* code: code_of() */
	bool writable;
};

/* Relocation types, below 64, that are for thread-local variables, and that are for any; distances of at most 8 bytes
 * that need nothing when the symbol is ordinary. */
struct tls_types {
	uint64_t tls, either, distances;
};

/* Notes what relocation `i` needs, as decided. */
void scan_need(const struct scanned *scanned, uint32_t i, struct ref ref, enum action action);

static inline void scan_action(const struct scanned *scanned, uint32_t i, struct ref ref, enum action action)
{
	if (action != DIRECT || ref.flags & SYMBOL_UNDEFINED) /* most need nothing */
		scan_need(scanned, i, ref, action);
}

/* Reports that a relocation is of a type that is not for objects (width 0), or lies outside its section. */
void scan_misplaced(const struct scanned *scanned, const struct elf_rela *rela, unsigned width);
/* The section is written last word to first: reports relocations that are not in one word each; false: there are. */
bool scan_can_reverse(const struct scanned *scanned, unsigned (*width_of)(uint32_t type));
/* Reports a reference to a section that was dropped, unless the section is one that may have such. */
void scan_discarded(const struct scanned *scanned, const struct elf_rela *rela);
/* Reports a thread-local variable whose plain address is taken. */
void scan_tls_as_plain(const struct scanned *scanned, const struct elf_rela *rela);

/* A global symbol that is thread-local for its definition or for this relocation, but not for both. */
static inline bool mixes_tls(uint32_t type, struct tls_types types, struct ref ref)
{
	if (!ref.symbol || ref.flags & (SYMBOL_UNDEFINED | SYMBOL_ABSOLUTE) || type >= 64)
		return false;
	bool is_tls = ref.flags & SYMBOL_TLS;
	return is_tls != (types.tls >> type & 1) && !(types.either >> type & 1);
}

/* What a relocation is before its type is looked at; false: there is nothing to do for it, or it was reported. */
static inline bool scan_begins(const struct scanned *scanned, const struct elf_rela *rela, unsigned width,
			       struct tls_types types, struct ref *ref)
{
	struct scanner *scanner = scanned->scanner;
	if (width == 0 || scanned->content.size < width || rela->r_offset > scanned->content.size - width) {
		scan_misplaced(scanned, rela, width);
		return false;
	}
	*ref = ref_of(scanner->link, scanner->file, rela->r_sym);
	if (ref->is_discarded) {
		scan_discarded(scanned, rela);
		return false;
	}
	if (ref->flags & SYMBOL_UNDEFINED)
		scanner_check_undefined(scanner, scanned->section, rela, *ref);
	if (mixes_tls(rela->r_type, types, *ref)) {
		scanner_tls_mismatch(scanner, scanned->section, rela, *ref);
		return false;
	}
	return true;
}

/* A relocation for a plain address, `wide` enough for one or not. */
static inline void scan_absolute(const struct scanned *scanned, uint32_t i, struct ref ref, bool wide)
{
	if (ref.flags & SYMBOL_TLS && !(ref.flags & SYMBOL_ABSOLUTE))
		scan_tls_as_plain(scanned, &scanned->scanner->relas.at[i]);
	else
		scan_action(scanned, i, ref, decide_absolute(scanned->scanner->link, ref, wide, scanned->writable));
}

/* A relocation for an offset from the thread pointer, as decided. Variables of this module that the loader writes such
 * offsets of must be there when the program starts. */
void scan_tp_offset(const struct scanned *scanned, uint32_t i, struct ref ref, enum action action);

/* Most relocations: nothing to do, and quickly seen. */
static inline bool needs_nothing(const struct scanned *scanned, const struct elf_rela *rela, struct tls_types types)
{
	return rela->r_type < 64 && types.distances >> rela->r_type & 1 && scanned->content.size >= 8 &&
	       rela->r_offset <= scanned->content.size - 8 &&
	       is_ordinary(scanned->scanner->link, scanned->scanner->file, rela->r_sym);
}

/* A target's part: looks at relocation `i`; returns how many relocations it took. */
typedef uint32_t scan_one(const struct scanned *scanned, uint32_t i, struct ref ref);

/* The loop, with the target's parts in it. Type 0 is R_*_NONE. */
static inline __attribute__((always_inline)) void scan_each(struct scanner *scanner, section_id section,
							    unsigned (*width_of)(uint32_t type),
							    struct tls_types types, scan_one *one)
{
	const struct scanned scanned = {
		.scanner = scanner,
		.section = section,
		.content = elf_section_bytes(&scanner->file->elf, section - scanner->file->first_section),
		.code = code_of(scanner->link, section),
		.writable = scanner->file->elf.shdrs[section - scanner->file->first_section].sh_flags & SHF_WRITE,
	};
	if (section_of(scanner->link, section)->reversed && !scan_can_reverse(&scanned, width_of))
		return;
	for (uint32_t i = 0; i < scanner->relas.n;) {
		const struct elf_rela *rela = &scanner->relas.at[i];
		struct ref ref;
		if (rela->r_type == 0 || needs_nothing(&scanned, rela, types) ||
		    !scan_begins(&scanned, rela, width_of(rela->r_type), types, &ref))
			i++;
		else
			i += one(&scanned, i, ref);
	}
}

#endif
