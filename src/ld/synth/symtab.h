/* .symtab and .strtab of the output, for debuggers and tools: local symbols of each file, then its global ones. */
#ifndef GILD_LD_SYNTH_SYMTAB_H
#define GILD_LD_SYNTH_SYMTAB_H

#include "ld/tables.h"

/* Counts symbols and name bytes of each file in parallel and makes the parts of .symtab and .strtab (sections of file
 * 0, runs of files each); with section numbers beyond 16 bits also those of .symtab_shndx. Nothing with --strip-all. */
void symtab_prepare(struct link *link);

void symtab_emit(struct link *link, uint32_t part, uint8_t *image);
void symtab_shndx_emit(struct link *link, uint32_t part, uint8_t *image);
void strtab_emit(struct link *link, uint32_t part, uint8_t *image);

/* Reads --retain-symbols-file. Before anything else here. */
void symtab_read_retained(struct link *link);

#endif
