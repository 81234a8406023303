/* .eh_frame: unwind records of functions that are part of the link, each CIE once; and .eh_frame_hdr, the table by which the
 * unwinder finds the record of an address (LSB Core, "Exception Frames"). */
#ifndef GILD_LD_SYNTH_EH_FRAME_H
#define GILD_LD_SYNTH_EH_FRAME_H

#include "ld/tables.h"

/* Splits every live .eh_frame into records, drops those of functions that are not live, merges equal CIEs. Section sizes are then those
 * of what remains; link->n_fdes is set. */
void eh_frame_read(struct link *link);

/* Writes what remains of one input section, relocated. */
void eh_frame_emit(struct link *link, section_id section, uint8_t *image);

uint64_t eh_frame_hdr_size(const struct link *link);
void eh_frame_hdr_emit(struct link *link, uint8_t *image);

#endif
