/* What symbol tables alone tell about files that disagree: kinds and sizes of symbols, class layouts, replacements of
 * library functions that do not reach all calls, archive members that would clash. Warnings, each of a class that
 * --no-warn-abi=CLASS turns off (docs/abi-checks.md has them all).
 *
 * A link without such disagreement pays a few instructions a symbol: passes that look at all symbols anyway note what
 * is out of the ordinary, and abi_check() looks closer at what was noted. */
#ifndef GILD_LD_RESOLVE_ABI_CHECK_H
#define GILD_LD_RESOLVE_ABI_CHECK_H

#include "ld/tables.h"

/* What a symbol table says a symbol is. Types that say nothing (STT_NOTYPE) are no kind. */
enum { KIND_FUNCTION = 1 << 0, KIND_VARIABLE = 1 << 1, KIND_TLS = 1 << 2 };

static inline uint8_t symbol_kind(const struct elf_sym *sym)
{
	static const uint8_t kinds[16] = {
		[STT_FUNC] = KIND_FUNCTION, [STT_GNU_IFUNC] = KIND_FUNCTION,
		[STT_OBJECT] = KIND_VARIABLE, [STT_COMMON] = KIND_VARIABLE,
		[STT_TLS] = KIND_TLS,
	};
	return kinds[elf_sym_type(sym)];
}

/* Entry `index` of file `id` defines a variable that another file's definition stands for: notes it when the two have
 * different sizes. `id` may be the owner itself. Any thread; owners are final. */
void abi_note_size(struct link *link, symbol_id symbol, file_id id, uint32_t index);

/* A live file mentions a symbol in entry `index`. Any thread. */
static inline void abi_note_mention(struct link *link, symbol_id symbol, file_id id, uint32_t index, uint64_t owner)
{
	const struct elf_sym *sym = &file_of(link, id)->symtab.syms[index];
	uint8_t kind = symbol_kind(sym);
	if (kind == 0)
		return;
	_Atomic uint8_t *kinds = &link->symbols[symbol].kinds;
	if (!(atomic_load_explicit(kinds, memory_order_relaxed) & kind))
		atomic_fetch_or_explicit(kinds, kind, memory_order_relaxed);
	/* common symbols are compared by synth/common.c, which looks at nothing else */
	if (kind != KIND_FUNCTION && sym->st_shndx != SHN_UNDEF && owner_file(owner) != id && !elf_sym_is_common(sym))
		abi_note_size(link, symbol, id, index);
}

/* All mentions of a symbol are known. Any thread. */
static inline void abi_note_kinds(struct link *link, symbol_id id)
{
	uint8_t kinds = atomic_load_explicit(&link->symbols[id].kinds, memory_order_relaxed);
	if ((kinds & (kinds - 1)) == 0)
		return;
	pthread_mutex_lock(&link->abi.lock);
	*array_push(&link->abi.mixed) = id;
	pthread_mutex_unlock(&link->abi.lock);
}

/* An object defines the symbol, and whether that is exported is known. Any thread. */
static inline void abi_note_definition(struct link *link, symbol_id id)
{
	const struct symbol *symbol = &link->symbols[id];
	uint16_t replaces = SYMBOL_DEFINED_SHARED | SYMBOL_EXPORTED;
	if ((symbol_flags(symbol) & replaces) != replaces || owner_rank(symbol_owner(symbol)) != RANK_STRONG)
		return;
	pthread_mutex_lock(&link->abi.lock);
	*array_push(&link->abi.interposers) = id;
	pthread_mutex_unlock(&link->abi.lock);
}

/* Looks closer at what was noted, and at archive members that stayed where they were; warns. After exports are decided;
 * no symbol changes. */
void abi_check(struct link *link);

/* ---- for the checks themselves, each in a file of its own ------------------------------------------------------ */

/* Warnings of one class: the first ones are printed, the others counted. Main thread. */
struct abi_report {
	struct link *link;
	enum abi_class class;
	unsigned printed, held_back;
};

/* False when the class is turned off. */
bool abi_report_begin(struct abi_report *report, struct link *link, enum abi_class class);
/* A warning, unless the limit is reached; `about` gets its kind and hint here. */
__attribute__((format(printf, 4, 5))) void abi_warn(struct abi_report *report, uint64_t order, struct diag_about about,
						    const char *format, ...);
/* Says how many were held back. */
void abi_report_end(const struct abi_report *report);

/* Does the shared object find the symbol in entry `index` of its table by a dynamic relocation, so that another
 * module's definition may take its place? Main thread; reads a file's relocations once. */
bool abi_looks_up(struct link *link, file_id library, uint32_t index);

/* May the definition that counts take the place of the library's, in entry `index` of its symbol table? Not when the
 * two have different versions (Linux Standard Base, "Symbol Versioning": references of the library name its version). */
bool abi_takes_place(const struct link *link, symbol_id symbol, file_id library, uint32_t index);

/* Was the shared object linked with -Bsymbolic (DT_SYMBOLIC, DF_SYMBOLIC)? */
bool abi_is_symbolic(const struct file *file);

void abi_check_interposition(struct link *link); /* abi_interposition.c */
void abi_check_archives(struct link *link);      /* abi_archives.c */

#endif
