/* .relr.dyn: relative relocations as addresses and bit maps; the addend is in the place itself (gABI, "SHT_RELR").
 *
 * What it lists is known when relocations have been scanned; how many words that takes depends on the distances, so the
 * section grows while addresses are assigned. It never shrinks: the assignment ends. */
#ifndef GILD_LD_SYNTH_RELR_H
#define GILD_LD_SYNTH_RELR_H

#include "ld/tables.h"

/* Are relative relocations at this offset of the section listed here rather than in .rela.dyn? Not those of read-only
 * memory (DT_TEXTREL). */
bool relr_takes(const struct link *link, section_id section, uint64_t offset);

/* Makes room for n places, and adds one; an offset counts from the start of the section's content in the output. */
void relr_reserve(struct link *link, uint64_t n);
void relr_add(struct link *link, section_id section, uint64_t offset);

/* Gives the section the size that the last assignment of addresses asks for. true: it has grown, and addresses must be
 * assigned again. */
bool relr_grow(struct link *link);
void relr_emit(struct link *link, uint8_t *image);

#endif
