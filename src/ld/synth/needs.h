/* What relocations need: GOT and PLT entries, copy relocations, TLS slots, dynamic relocations.
 *
 * Scanning a file is a pure function of the file and of resolution; its results are lists that belong to the file
 * (needs, sites). They are then combined in file order, which gives every slot its number, whatever thread scanned
 * what. */
#ifndef GILD_LD_SYNTH_NEEDS_H
#define GILD_LD_SYNTH_NEEDS_H

#include "ld/layout/layout.h"
#include "ld/resolve/symbols.h"
#include "ld/tables.h"

/* A symbol as a relocation sees it. */
struct ref {
	symbol_id symbol;         /* 0: local */
	uint16_t flags;           /* SYMBOL_* */
	bool is_discarded;        /* its section is not part of the link */
};

/* Scanning one file. */
struct scanner {
	struct link *link;
	struct file *file;
	file_id id;
	uint16_t *bits;           /* NEED_* by symbol of the file */
	uint32_t module_bits;
	ARRAY(struct need) needs;
	ARRAY(struct dynamic_site) sites;
	struct elf_relas relas;   /* of the section being scanned */
};

static inline struct ref local_ref(const struct link *link, const struct file *file, uint32_t index)
{
	const struct elf_sym *sym = &file->symtab.syms[index];
	struct ref ref = {0, SYMBOL_DEFINED, false};
	switch (elf_sym_type(sym)) {
	case STT_TLS:
		ref.flags |= SYMBOL_TLS;
		break;
	case STT_FUNC:
		ref.flags |= SYMBOL_FUNCTION;
		break;
	case STT_GNU_IFUNC:
		ref.flags |= SYMBOL_FUNCTION | SYMBOL_IFUNC;
		break;
	default:
		break;
	}
	if (elf_sym_is_special(&file->symtab, index)) {
		ref.flags |= SYMBOL_ABSOLUTE; /* also symbol 0: "no symbol", value 0 */
	} else {
		const struct section *section =
			section_of(link, file->first_section + elf_sym_section(&file->symtab, index));
		ref.is_discarded = !section->live || section->kind == SECTION_NONE;
		if (!ref.is_discarded && section->is_tls)
			ref.flags |= SYMBOL_TLS;
	}
	return ref;
}

/* The same, only whether it is discarded. */
static inline bool is_discarded_local(const struct link *link, const struct file *file, uint32_t index)
{
	if (elf_sym_is_special(&file->symtab, index))
		return false;
	const struct section *section = section_of(link, file->first_section + elf_sym_section(&file->symtab, index));
	return !section->live || section->kind == SECTION_NONE;
}

static inline struct ref ref_of(const struct link *link, const struct file *file, uint32_t index)
{
	if (index < file->symtab.first_global)
		return local_ref(link, file, index);
	symbol_id symbol = file->globals[index - file->symtab.first_global];
	return (struct ref){symbol, symbol_flags(&link->symbols[symbol]), false};
}

/* Most symbols are ordinary: defined here once and for all, at a place of the image that stays, not thread-local, and
 * not chosen by a resolver. A distance to one is just that. */
static inline bool is_ordinary(const struct link *link, const struct file *file, uint32_t index)
{
	const uint16_t asked = SYMBOL_DEFINED | SYMBOL_IMPORTED | SYMBOL_PREEMPTIBLE | SYMBOL_ABSOLUTE | SYMBOL_IFUNC |
			       SYMBOL_TLS | SYMBOL_UNDEFINED;
	if (index >= file->symtab.first_global) {
		symbol_id symbol = file->globals[index - file->symtab.first_global];
		return (symbol_flags(&link->symbols[symbol]) & asked) == SYMBOL_DEFINED;
	}
	const struct elf_sym *sym = &file->symtab.syms[index];
	if (sym->st_shndx == SHN_UNDEF || sym->st_shndx >= SHN_LORESERVE || elf_sym_type(sym) > STT_SECTION)
		return false;
	const struct section *section = section_of(link, file->first_section + sym->st_shndx);
	return section->live && section->kind != SECTION_NONE && !section->is_tls;
}

/* Scans every live object; link->undefined_references is what could not be found. */
void needs_scan(struct link *link);

/* Combines the results: link->aux, got, plt, plt_got, copies; symbols that need to be dynamic. */
void needs_number(struct link *link);

/* For targets: */
static inline void scanner_need(struct scanner *scanner, uint32_t symbol, uint16_t bits)
{
	scanner->bits[symbol] |= bits;
}
void scanner_site(struct scanner *scanner, section_id section, uint32_t rela, enum dynamic_site_kind kind);
/* Reports symbols that nobody defines, unless they may stay undefined. */
void scanner_check_undefined(struct scanner *scanner, section_id section, const struct elf_rela *rela, struct ref ref);
/* Reports a relocation for thread-local variables against something else, or the other way round. */
void scanner_tls_mismatch(struct scanner *scanner, section_id section, const struct elf_rela *rela, struct ref ref);
/* Reports that a variable or the address of a function would be moved here which its shared object protects. */
void scanner_check_protected(struct scanner *scanner, section_id section, const struct elf_rela *rela, struct ref ref);
__attribute__((format(printf, 4, 5))) void scanner_error(struct scanner *scanner, section_id section,
							 const struct elf_rela *rela, const char *format, ...);

/* The aux of entry `index` of a file's symbol table, or NULL. */
static inline const struct aux *aux_of(const struct link *link, const struct file *file, uint32_t index)
{
	uint32_t aux = 0;
	if (index >= file->symtab.first_global)
		aux = link->symbols[file->globals[index - file->symtab.first_global]].aux;
	else if (file->local_aux)
		aux = file->local_aux[index];
	return aux ? &link->aux.at[aux] : NULL;
}

/* In a position-dependent executable a copied variable and a function with a canonical PLT entry have addresses that
 * are known now: the loader need not be asked for them, wherever they are referenced. */
static inline bool site_is_settled(const struct link *link, const struct aux *aux)
{
	return !link->is_pic && aux && aux->needs & (NEED_COPY | NEED_CPLT);
}

/* The aux of a global symbol, made when there is none. */
struct aux *aux_make(struct link *link, symbol_id symbol);

#endif
