/* Units of .debug_info and .debug_types: compilation, partial, type, skeleton and split units of DWARF 2 to 5, in the
 * 32-bit and the 64-bit form (DWARF 5 section 7.5.1). */
#ifndef GILD_DWARF_UNIT_H
#define GILD_DWARF_UNIT_H

#include "dwarf/abbrev.h"
#include "dwarf/constants.h"
#include "dwarf/input.h"

/* Where a unit's parts of sections begin that it shares with others: zeros but in a .dwp file. */
struct dwarf_parts {
	uint64_t abbrev, line, str_offsets, rnglists;
};

/* What the unit that is linked says for the one that is not (-gsplit-dwarf: DWARF 5 section 3.1.2). */
struct dwarf_skeleton {
	uint64_t id;
	uint64_t addr_base, ranges_base;
	uint64_t line_table;
	struct dwarf_number base;
};

struct dwarf_unit {
	const struct dwarf_input *input;
	enum dwarf_section section;   /* DWARF_INFO or DWARF_TYPES */
	uint64_t offset, end;         /* of the unit in its section; the next one begins at `end` */
	uint64_t first;               /* offset of its first entry */
	uint16_t version;
	uint8_t type;                 /* DW_UT_*; up to DWARF 4: DW_UT_compile, or DW_UT_type in .debug_types */
	uint8_t address_size, offset_size;
	uint64_t abbrev_offset;
	uint64_t id;                  /* signature of a type unit; id of a skeleton or split unit: before DWARF 5, it
				       * is known when the unit is open */
	uint64_t type_offset;         /* DW_UT_type: offset of the type's entry from the beginning of the unit */

	/* From the first entry, by dwarf_unit_open(). */
	const struct dwarf_abbrevs *abbrevs;
	uint16_t tag;                 /* 0: the unit is empty */
	uint16_t language;            /* DW_LANG_*, 0: it does not say */
	bool is_skeleton;             /* the rest is in another file (-gsplit-dwarf), also before DWARF 5 */
	bool has_gnu_pubnames;        /* it says that .debug_gnu_pubnames and .debug_gnu_pubtypes have its names */
	struct dwarf_number base;     /* DW_AT_low_pc: what ranges count from */
	uint64_t str_offsets_base, addr_base, rnglists_base, ranges_base;
	uint64_t line_table;          /* DW_AT_stmt_list: offset in .debug_line; UINT64_MAX: it has none */
};

/* Reads the header of the unit at `offset`, which is inside the section. False: see `error`; where the next unit begins
 * is then unknown. */
bool dwarf_unit_read(struct dwarf_unit *unit, const struct dwarf_input *input, enum dwarf_section section,
		     uint64_t offset, struct dwarf_error *error);

/* Makes the entries of the unit readable: finds its abbreviations, reads its first entry. `parts` is NULL for a unit
 * that is not in a .dwp file. A split unit knows no addresses before it was joined with its skeleton. */
bool dwarf_unit_open(struct dwarf_unit *unit, struct dwarf_abbrev_cache *cache, const struct dwarf_parts *parts,
		     struct dwarf_error *error);

/* The two halves of a unit: what an open skeleton says, and the split unit that gets it. */
struct dwarf_skeleton dwarf_unit_skeleton(const struct dwarf_unit *unit);
void dwarf_unit_join(struct dwarf_unit *unit, const struct dwarf_skeleton *skeleton);

#endif
