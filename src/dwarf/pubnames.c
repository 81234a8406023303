#include "dwarf/pubnames.h"

#include <string.h>

enum { PUBNAMES_VERSION = 2 };

static bool fail(struct dwarf_pubnames *names, const char *field, uint64_t value, const char *what)
{
	return dwarf_fail(names->error, names->section, names->set.at, field, value, what);
}

bool dwarf_pubnames_next_set(struct dwarf_pubnames *names)
{
	struct bytes section = names->input->sections[names->section];
	struct cursor all = {.data = section.data, .at = names->at, .end = section.size};
	if (names->error->what || names->at >= section.size)
		return false;
	if (!next_length(&all, &names->set))
		return dwarf_fail(names->error, names->section, names->at, "unit_length", section.size - names->at,
				  "does not fit into the section");
	names->at = all.at;
	uint64_t version = next_number(&names->set, 2);
	if (version != PUBNAMES_VERSION)
		return fail(names, "version", version, "is not 2");
	uint64_t place = names->set.at, offset = next_number(&names->set, offset_size(&names->set));
	take(&names->set, offset_size(&names->set)); /* debug_info_length */
	if (names->set.cut)
		return fail(names, "unit_length", 0, "leaves no room for the header");
	names->unit = dwarf_relocated(names->input, names->section, place, offset);
	return true;
}

bool dwarf_pubnames_next(struct dwarf_pubnames *names, struct dwarf_pubname *name)
{
	struct cursor *set = &names->set;
	if (set->at == set->end || next_number(set, offset_size(set)) == 0)
		return set->cut ? fail(names, "offset", 0, "is cut off by the end of its set") : false;
	name->attributes = next_byte(set);
	const char *text = (const char *)set->data + set->at;
	const char *nul = memchr(text, 0, set->end - set->at);
	if (!nul || nul - text > UINT32_MAX)
		return fail(names, "name", 0, "is cut off by the end of its set");
	name->name = (struct str){text, (uint32_t)(nul - text)};
	take(set, (uint64_t)name->name.len + 1);
	return true;
}
