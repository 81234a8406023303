/* Small sections with fixed content: .interp, .note.gnu.property, .note.gnu.build-id, .note.package. */
#ifndef GILD_LD_SYNTH_NOTES_H
#define GILD_LD_SYNTH_NOTES_H

#include "ld/tables.h"

/* PT_INTERP's path, or NULL when the output names none. */
const char *interp_path(const struct link *link);

/* Combines the objects' properties and what options ask for. 0 size: no note. */
void property_prepare(struct link *link);
uint32_t property_features(const struct link *link); /* GNU_PROPERTY_X86_FEATURE_1_*, once prepared */
uint64_t property_size(const struct link *link);
/* log2 of the alignment of the note. */
uint8_t property_p2align(const struct link *link);
void property_emit(const struct link *link, uint8_t *image);

uint64_t build_id_size(const struct link *link);
/* The note with an identifier of zeros; output/write.c fills it in when all other bytes are known. */
void build_id_emit(const struct link *link, uint8_t *image);
enum { BUILD_ID_OFFSET = 16 }; /* of the identifier in the note */

/* --package-metadata (https://systemd.io/ELF_PACKAGE_METADATA). */
uint64_t package_size(const struct link *link);
void package_emit(const struct link *link, uint8_t *image);

#endif
