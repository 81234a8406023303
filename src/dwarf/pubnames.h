/* .debug_gnu_pubnames and .debug_gnu_pubtypes: the names of each unit, as gcc and clang write them with -ggnu-pubnames
 * (GDB manual, "Index Section Format"; the shape is that of DWARF 4 section 7.19, with a byte before each name).
 *
 *	struct dwarf_pubnames names = {.input = &input, .section = DWARF_GNU_PUBNAMES, .error = &error};
 *	while (dwarf_pubnames_next_set(&names))
 *		while (dwarf_pubnames_next(&names, &name))
 *			...
 */
#ifndef GILD_DWARF_PUBNAMES_H
#define GILD_DWARF_PUBNAMES_H

#include "dwarf/cursor.h"
#include "dwarf/entry.h"

struct dwarf_pubnames {
	const struct dwarf_input *input;
	enum dwarf_section section;
	struct dwarf_error *error;
	struct cursor set;
	uint64_t at;                  /* of the next set */
	struct dwarf_number unit;     /* of the current one: offset of the unit in .debug_info */
};

struct dwarf_pubname {
	struct str name;              /* with the names around it: "space::f" */
	uint8_t attributes;           /* the highest byte of an entry of a CU vector: kind and "is static" */
};

/* False: there is none, or error->what is set. */
bool dwarf_pubnames_next_set(struct dwarf_pubnames *names);
bool dwarf_pubnames_next(struct dwarf_pubnames *names, struct dwarf_pubname *name);

#endif
