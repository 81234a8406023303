/* .dwp files, to which .dwo files were packed: one string table for all, and each unit has parts of the other sections
 * (.debug_cu_index and .debug_tu_index: DWARF 5 section 7.3.5; their version 2, for DWARF 4, in gcc's wiki,
 * DebugFissionDWP). */
#ifndef GILD_DWARF_PACKAGE_H
#define GILD_DWARF_PACKAGE_H

#include "base/array.h"
#include "dwarf/unit.h"

/* Where the parts of a unit begin, in bytes. */
struct dwarf_contribution {
	enum dwarf_section section;   /* the unit itself: DWARF_INFO or DWARF_TYPES, */
	uint64_t offset, size;        /* and its part of that */
	struct dwarf_parts parts;
};

struct dwarf_package {
	ARRAY(struct dwarf_contribution) at; /* by section and offset */
};

/* Reads both indexes; a file without them gives an empty package. False: see `error`. dwarf_package_free() in any case.
 * Takes time in proportion to the indexes, times the logarithm of it. */
bool dwarf_package_read(struct dwarf_package *package, const struct dwarf_input *input, struct dwarf_error *error);
void dwarf_package_free(struct dwarf_package *package);

/* The parts of the unit at an offset. NULL: the indexes do not have it. */
const struct dwarf_parts *dwarf_package_find(const struct dwarf_package *package, enum dwarf_section section,
					     uint64_t offset);

#endif
