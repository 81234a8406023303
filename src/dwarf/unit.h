/* Units of .debug_info and .debug_types: compilation, partial, type, skeleton and split units of DWARF 2 to 5, in the
 * 32-bit and the 64-bit form (DWARF 5 section 7.5.1). */
#ifndef GILD_DWARF_UNIT_H
#define GILD_DWARF_UNIT_H

#include "dwarf/abbrev.h"
#include "dwarf/constants.h"
#include "dwarf/input.h"

struct dwarf_unit {
	const struct dwarf_input *input;
	enum dwarf_section section;   /* DWARF_INFO or DWARF_TYPES */
	uint64_t offset, end;         /* of the unit in its section; the next one begins at `end` */
	uint64_t first;               /* offset of its first entry */
	uint16_t version;
	uint8_t type;                 /* DW_UT_*; up to DWARF 4: DW_UT_compile, or DW_UT_type in .debug_types */
	uint8_t address_size, offset_size;
	uint64_t abbrev_offset;
	uint64_t id;                  /* signature of a type unit, id of a skeleton or split unit */
	uint64_t type_offset;         /* DW_UT_type: offset of the type's entry from the beginning of the unit */

	/* From the first entry, by dwarf_unit_open(). */
	const struct dwarf_abbrevs *abbrevs;
	uint16_t tag;                 /* 0: the unit is empty */
	uint16_t language;            /* DW_LANG_*, 0: it does not say */
	bool is_skeleton;             /* the rest is in another file (-gsplit-dwarf), also before DWARF 5 */
	bool has_gnu_pubnames;        /* it says that .debug_gnu_pubnames and .debug_gnu_pubtypes have its names */
	struct dwarf_number base;     /* DW_AT_low_pc: what ranges count from */
	uint64_t str_offsets_base, addr_base, rnglists_base, ranges_base;
};

/* Reads the header of the unit at `offset`, which is inside the section. False: see `error`; where the next unit begins
 * is then unknown. */
bool dwarf_unit_read(struct dwarf_unit *unit, const struct dwarf_input *input, enum dwarf_section section,
		     uint64_t offset, struct dwarf_error *error);

/* Makes the entries of the unit readable: finds its abbreviations, reads its first entry. */
bool dwarf_unit_open(struct dwarf_unit *unit, struct dwarf_abbrev_cache *cache, struct dwarf_error *error);

#endif
