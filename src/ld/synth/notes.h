/* Small sections with fixed content: .interp, .note.gnu.property, .note.gnu.build-id. */
#ifndef GILD_LD_SYNTH_NOTES_H
#define GILD_LD_SYNTH_NOTES_H

#include "ld/tables.h"

/* PT_INTERP's path, or NULL when the output names none. */
const char *interp_path(const struct link *link);

/* The bits all inputs agree on (GNU_PROPERTY_X86_FEATURE_1_AND) and those any of them needs. 0 size: no note. */
uint32_t property_features(const struct link *link); /* GNU_PROPERTY_X86_FEATURE_1_* */
uint64_t property_size(const struct link *link);
void property_emit(const struct link *link, uint8_t *image);

uint64_t build_id_size(const struct link *link);
/* The note with an identifier of zeros; output/write.c fills it in when all other bytes are known. */
void build_id_emit(const struct link *link, uint8_t *image);
enum { BUILD_ID_OFFSET = 16 }; /* of the identifier in the note */

#endif
