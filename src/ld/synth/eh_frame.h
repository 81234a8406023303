/* .eh_frame: unwind records of functions that are part of the link, each CIE once; and .eh_frame_hdr, the table by
 * which the unwinder finds the record of an address (LSB Core, "Exception Frames"). */
#ifndef GILD_LD_SYNTH_EH_FRAME_H
#define GILD_LD_SYNTH_EH_FRAME_H

#include "ld/tables.h"

/* Splits every live .eh_frame into records. */
void eh_frame_read(struct link *link);

/* The records of a section that is not loaded with its content are content like any other. */
void eh_frame_forget(struct link *link, section_id section);

/* Chooses one CIE of each kind, for all records that were read. */
void eh_frame_merge_cies(struct link *link);

/* Drops the records of functions that are not live or are folded. Section sizes are then those of what remains;
 * link->n_fdes is set. */
void eh_frame_prune(struct link *link);

/* The records of section number `number` of a file end before this one; they begin at section->extra. */
uint32_t eh_frame_section_end(const struct link *link, const struct file *file, uint32_t number);
/* Is the function that an FDE describes part of the link? */
bool eh_frame_is_live(const struct link *link, const struct file *file, section_id section, const struct eh_entry *fde);

/* Writes what remains of one input section, relocated. */
void eh_frame_emit(struct link *link, section_id section, uint8_t *image);

uint64_t eh_frame_hdr_size(const struct link *link);
void eh_frame_hdr_emit(struct link *link, uint8_t *image);

#endif
