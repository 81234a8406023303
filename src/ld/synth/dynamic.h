/* .dynamic: what the loader has to know (gABI chapter 5, "Dynamic Section"). */
#ifndef GILD_LD_SYNTH_DYNAMIC_H
#define GILD_LD_SYNTH_DYNAMIC_H

#include "ld/tables.h"

/* Puts its strings (needed libraries, soname, run path) into .dynstr. */
void dynamic_prepare(struct link *link);
/* Whether .dynamic refers to strings itself, be there symbols or not. After dynamic_prepare(). */
bool dynamic_has_names(const struct link *link);
/* Sets the size of .dynamic; after layout_gather(), which tells whether there are .init_array and its like. */
void dynamic_measure(struct link *link);
void dynamic_emit(struct link *link, uint8_t *image);

#endif
