/* What the readers of src/dwarf work on: the debug sections of a linked file, or those of an object, whose relocations
 * are applied while they are read. Nothing is copied.
 *
 * The file is hostile: every offset, length, count and index is checked before it is used, nothing recurses, and each
 * reader says how its time is bounded. What is wrong is data (struct dwarf_error), the first thing found; the layer
 * above makes one message of it. Readers are safe from any thread, each with error and scratch memory of its own. */
#ifndef GILD_DWARF_INPUT_H
#define GILD_DWARF_INPUT_H

#include "base/types.h"

enum dwarf_section {
	DWARF_INFO,
	DWARF_TYPES,          /* type units of DWARF 4 */
	DWARF_ABBREV,
	DWARF_STR,
	DWARF_LINE_STR,
	DWARF_STR_OFFSETS,
	DWARF_ADDR,
	DWARF_RANGES,         /* up to DWARF 4 */
	DWARF_RNGLISTS,       /* DWARF 5 */
	DWARF_GNU_PUBNAMES,
	DWARF_GNU_PUBTYPES,
	DWARF_CU_INDEX,       /* of a .dwp file */
	DWARF_TU_INDEX,
	DWARF_N_SECTIONS,
	DWARF_NO_SECTION = DWARF_N_SECTIONS,
};

/* ".debug_info" */
const char *dwarf_section_name(enum dwarf_section section);
/* The other way round; DWARF_NO_SECTION when nothing here reads such a section. */
enum dwarf_section dwarf_section_of_name(const char *name);

/* An address or an offset, as relocations make it. */
struct dwarf_number {
	uint64_t value;
	uint32_t target;      /* for the caller: which section of the object it is an offset in; 0: it does not say */
	bool is_relocated;
	bool is_dropped;      /* it refers to something that is not part of the link */
};

struct dwarf_input {
	/* It is the half of -gsplit-dwarf that is not linked: a .dwo file or a .dwp file, whose sections have ".dwo"
	 * at the end of their names. DWARF_ADDR and DWARF_RANGES are those of the other half. */
	bool is_split;
	struct bytes sections[DWARF_N_SECTIONS]; /* those that the file lacks are empty */
	/* Changes `number` (in: what the section has at offset `place`, relocated or not) to what a relocation of that
	 * place makes of it. An offset is to come out as one in the section of this input, an address as the user of
	 * the reader wants it. NULL: there are no relocations. */
	void (*relocate)(void *context, enum dwarf_section section, uint64_t place, struct dwarf_number *number);
	void *context;
};

/* What is wrong and where: "SECTION: offset 0xOFFSET: FIELD WHAT (value 0x..)". */
struct dwarf_error {
	enum dwarf_section section;
	uint64_t offset;      /* in the section */
	const char *field;    /* the standard's name, static text */
	const char *what;     /* static text; NULL: nothing is wrong */
	uint64_t value;
};

/* Always false. The first error stays. */
static inline bool dwarf_fail(struct dwarf_error *error, enum dwarf_section section, uint64_t offset, const char *field,
			      uint64_t value, const char *what)
{
	if (!error->what)
		*error = (struct dwarf_error){section, offset, field, what, value};
	return false;
}

#endif
