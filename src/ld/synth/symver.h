/* .gnu.version, .gnu.version_d and .gnu.version_r (LSB Core, "Symbol Versioning"). */
#ifndef GILD_LD_SYNTH_SYMVER_H
#define GILD_LD_SYNTH_SYMVER_H

#include "ld/tables.h"

/* Numbers the versions we need from shared objects; adds all names to .dynstr. After dynsym_choose(). */
void symver_prepare(struct link *link);

uint64_t verdef_size(const struct link *link);
uint32_t verdef_count(const struct link *link);
uint64_t verneed_size(const struct link *link);
uint32_t verneed_count(const struct link *link);
void versym_emit(struct link *link, uint8_t *image);
void verdef_emit(struct link *link, uint8_t *image);
void verneed_emit(struct link *link, uint8_t *image);

#endif
