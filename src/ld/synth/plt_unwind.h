/* Unwind records for the PLT (--ld-generated-unwind-info): exceptions do not pass there, but debuggers, profilers and
 * signal handlers look at a stack whose top is in a PLT entry. They go to the beginning of .eh_frame: what objects have
 * ends with a terminator. Format: LSB Core, "Exception Frames". */
#ifndef GILD_LD_SYNTH_PLT_UNWIND_H
#define GILD_LD_SYNTH_PLT_UNWIND_H

#include "ld/tables.h"

/* The tables that have a record, in order, with the record's place in the section. */
struct plt_record {
	section_id section;
	uint32_t offset;
};

enum { PLT_RECORDS_MAX = 3 };

/* Fills in the records; returns how many there are: one for each PLT section that was made. `size`: of all, with their
 * common CIE; may be NULL. */
uint32_t plt_unwind_records(const struct link *link, struct plt_record out[PLT_RECORDS_MAX], uint64_t *size);

void plt_unwind_emit(const struct link *link, uint8_t *image);

#endif
