/* .dynsym, .dynstr and the two hash tables. */
#ifndef GILD_LD_SYNTH_DYNSYM_H
#define GILD_LD_SYNTH_DYNSYM_H

#include "ld/tables.h"

/* Chooses and orders the dynamic symbols: imports first, then what can be found by name, grouped by .gnu.hash bucket.
 * Every symbol's aux then knows its number. */
void dynsym_choose(struct link *link);

/* Adds a string to .dynstr; returns its offset. */
uint32_t dynstr_add(struct link *link, struct str text);

void dynsym_emit(struct link *link, uint8_t *image);
uint64_t gnu_hash_size(const struct link *link);
void gnu_hash_emit(struct link *link, uint8_t *image);
uint64_t sysv_hash_size(const struct link *link);
void sysv_hash_emit(struct link *link, uint8_t *image);

/* A symbol table entry and its SHT_SYMTAB_SHNDX entry: the number of the section that st_shndx has no room for, or 0
 * (gABI chapter 4, SHN_XINDEX). The loader asks only whether a symbol has a section, so .dynsym has no such table. */
struct output_symbol {
	struct elf_sym sym;
	uint32_t shndx;
};

/* Says which section of the output the symbol is in; 0: none, its value is no address. */
static inline void output_symbol_place(struct output_symbol *symbol, uint32_t section)
{
	symbol->shndx = section >= SHN_LORESERVE ? section : 0;
	symbol->sym.st_shndx = symbol->shndx ? SHN_XINDEX : section ? (uint16_t)section : SHN_ABS;
}

/* The output's symbol table entry for a global symbol, without its name. The two tables differ in IFUNCs with a
 * canonical PLT entry: the loader sees a function there, debuggers see the resolver. */
struct output_symbol output_symbol(const struct link *link, symbol_id id, bool for_loader);

#endif
