/* Entries of a unit (DIEs) and their attributes (DWARF 5 sections 2.2, 7.5.2 to 7.5.6).
 *
 *	struct dwarf_walk walk = dwarf_walk_unit(&unit, &error);
 *	struct dwarf_entry entry;
 *	while (dwarf_walk_next(&walk, &entry))
 *		...
 *	if (error.what) ...
 *
 * A walk takes time in proportion to the unit, skipped children included; nothing is allocated. */
#ifndef GILD_DWARF_ENTRY_H
#define GILD_DWARF_ENTRY_H

#include "dwarf/unit.h"

struct dwarf_entry {
	const struct dwarf_abbrev *abbrev;
	uint64_t offset;              /* of the entry and of its attributes' values, in the unit's section */
	uint64_t values;
	uint64_t end;                 /* behind its values */
	uint32_t depth;               /* the unit's own entry has depth 0 */
};

struct dwarf_walk {
	const struct dwarf_unit *unit;
	struct dwarf_error *error;
	uint64_t at;
	uint32_t depth;               /* of the entry that comes next */
	bool ended;
};

struct dwarf_walk dwarf_walk_unit(const struct dwarf_unit *unit, struct dwarf_error *error);

/* The next entry, children before siblings. False: there is none, or error->what is set. */
bool dwarf_walk_next(struct dwarf_walk *walk, struct dwarf_entry *entry);

/* Goes on behind the children of the entry that came last. */
void dwarf_walk_skip_children(struct dwarf_walk *walk, const struct dwarf_entry *entry);

/* The entry at an offset of the section that somebody refers to, with depth 0. False when there is none, and then error
 * is set. Nothing can be known about an offset but that it is in the unit: what is read may be no entry at all. */
bool dwarf_entry_at(const struct dwarf_unit *unit, uint64_t offset, struct dwarf_entry *entry,
		    struct dwarf_error *error);

/* ---- values ----------------------------------------------------------------------------------------------- */

struct dwarf_value {
	uint16_t form;                /* of what is there: not DW_FORM_indirect */
	uint64_t place;               /* offset in the unit's section */
	uint64_t number;              /* as it stands there; signed ones as two's complement */
	struct bytes block;           /* blocks, expressions, DW_FORM_data16, and DW_FORM_string without its NUL */
};

/* The entry's attribute. False: it has none. */
bool dwarf_attribute(const struct dwarf_unit *unit, const struct dwarf_entry *entry, uint16_t attribute,
		     struct dwarf_value *value);

/* All attributes of an entry, one after the other: {.unit = unit, .entry = entry}. */
struct dwarf_attributes {
	const struct dwarf_unit *unit;
	const struct dwarf_entry *entry;
	uint64_t at;
	uint32_t index;               /* of the next one in entry->abbrev->specs */
};
bool dwarf_attributes_next(struct dwarf_attributes *attributes, uint16_t *attribute, struct dwarf_value *value);

static inline bool dwarf_has(const struct dwarf_entry *entry, uint16_t attribute)
{
	for (uint32_t i = 0; i < entry->abbrev->n_specs; i++)
		if (entry->abbrev->specs[i].attribute == attribute)
			return true;
	return false;
}

/* A flag: also 0 is false. */
bool dwarf_flag(const struct dwarf_unit *unit, const struct dwarf_entry *entry, uint16_t attribute);

/* What an attribute means, by the class of its form. False: it is of another class, or `error` is set. */
bool dwarf_constant(const struct dwarf_value *value, uint64_t *constant);
/* Takes time in proportion to the string. One in a supplementary file (dwz) is empty. */
bool dwarf_string(const struct dwarf_unit *unit, const struct dwarf_value *value, struct str *string,
		  struct dwarf_error *error);
bool dwarf_address(const struct dwarf_unit *unit, const struct dwarf_value *value, struct dwarf_number *address,
		   struct dwarf_error *error);
/* Address number `index` of .debug_addr. */
bool dwarf_indexed_address(const struct dwarf_unit *unit, uint64_t index, struct dwarf_number *address,
			   struct dwarf_error *error);
/* An offset in another section: DW_FORM_sec_offset, or what stands for it up to DWARF 3. */
bool dwarf_section_offset(const struct dwarf_unit *unit, const struct dwarf_value *value, struct dwarf_number *offset);

enum dwarf_reference_kind {
	DWARF_REF_UNIT,               /* `target`: offset in the unit's section, inside the unit */
	DWARF_REF_SECTION,            /* offset in .debug_info, not checked */
	DWARF_REF_SIGNATURE,          /* `target`: signature of a type unit */
	DWARF_REF_ELSEWHERE,          /* in a supplementary file */
};

struct dwarf_reference {
	enum dwarf_reference_kind kind;
	uint64_t target;
};

bool dwarf_reference(const struct dwarf_unit *unit, const struct dwarf_value *value, struct dwarf_reference *reference,
		     struct dwarf_error *error);

/* For readers of numbers that relocations may change: `place` is where `value` was read. */
struct dwarf_number dwarf_relocated(const struct dwarf_input *input, enum dwarf_section section, uint64_t place,
				    uint64_t value);

#endif
