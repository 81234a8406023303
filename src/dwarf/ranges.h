/* Which code a unit or an entry covers: DW_AT_low_pc and DW_AT_high_pc, .debug_ranges, .debug_rnglists (DWARF 5
 * sections 2.17, 7.25; DWARF 4 section 2.17.3). */
#ifndef GILD_DWARF_RANGES_H
#define GILD_DWARF_RANGES_H

#include "dwarf/entry.h"

struct dwarf_range {
	uint64_t begin, end;          /* begin < end */
};

/* A list being read, or the pair of DW_AT_low_pc and DW_AT_high_pc. */
struct dwarf_ranges {
	const struct dwarf_unit *unit;
	struct dwarf_error *error;
	enum dwarf_section section;   /* DWARF_NO_SECTION: `pair` is all there is */
	uint64_t at;                  /* in the section */
	struct dwarf_number base;
	struct dwarf_number pair[2];
	uint64_t length;              /* bytes of the list that have been read */
	bool ended;
};

/* The ranges of an entry. False: it says nothing about addresses, or `error` is set. */
bool dwarf_ranges_of(struct dwarf_ranges *ranges, const struct dwarf_unit *unit, const struct dwarf_entry *entry,
		     struct dwarf_error *error);

/* The next range that is not empty and not of code that was dropped. False: there is none, or error->what is set. Lists
 * of several entries may be one: who reads many sums up `length`. */
bool dwarf_ranges_next(struct dwarf_ranges *ranges, struct dwarf_range *range);

#endif
