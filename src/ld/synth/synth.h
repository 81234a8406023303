/* The sections that the linker makes itself. Each has a size() and an emit() that read only tables (design, R15); they
 * are sections of file 0, placed by the layout program like any other. */
#ifndef GILD_LD_SYNTH_SYNTH_H
#define GILD_LD_SYNTH_SYNTH_H

#include "ld/tables.h"

/* Makes the sections this output needs (link->synthetic) and gives them their runs; needs have been scanned. Sizes are
 * final. */
void synth_create(struct link *link);

/* The same for an object (-r): what it says about itself, and its tables. relocs_prepare() has been called. */
void synth_create_relocatable(struct link *link);

/* Writes the content of section `id` of file 0, or of a group. Any thread. */
void synth_emit(struct link *link, section_id id, uint8_t *image);

/* --warn-common: says where a common symbol meets another one or a definition. Before common_allocate(). */
void common_warn(struct link *link);

/* Common symbols: finds how large each has to be and, in `offset` of link->common_symbols, how aligned. They stay
 * common. */
void common_measure(struct link *link);

/* Common symbols: gives each its place in the section COMMON. Before scanning (their addresses count as defined). */
void common_allocate(struct link *link);

#endif
