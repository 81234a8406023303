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

/* The output's symbol table entry for a global symbol, without its name. The two tables differ in IFUNCs with a
 * canonical PLT entry: the loader sees a function there, debuggers see the resolver. */
struct elf_sym output_symbol(const struct link *link, symbol_id id, bool for_loader);

#endif
