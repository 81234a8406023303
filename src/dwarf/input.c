#include "dwarf/input.h"

#include <string.h>

static const char *const names[DWARF_N_SECTIONS] = {
	[DWARF_INFO] = ".debug_info",
	[DWARF_TYPES] = ".debug_types",
	[DWARF_ABBREV] = ".debug_abbrev",
	[DWARF_STR] = ".debug_str",
	[DWARF_LINE_STR] = ".debug_line_str",
	[DWARF_STR_OFFSETS] = ".debug_str_offsets",
	[DWARF_ADDR] = ".debug_addr",
	[DWARF_RANGES] = ".debug_ranges",
	[DWARF_RNGLISTS] = ".debug_rnglists",
	[DWARF_GNU_PUBNAMES] = ".debug_gnu_pubnames",
	[DWARF_GNU_PUBTYPES] = ".debug_gnu_pubtypes",
	[DWARF_CU_INDEX] = ".debug_cu_index",
	[DWARF_TU_INDEX] = ".debug_tu_index",
};

const char *dwarf_section_name(enum dwarf_section section)
{
	return names[section];
}

enum dwarf_section dwarf_section_of_name(const char *name)
{
	enum dwarf_section section = 0;
	while (section < DWARF_N_SECTIONS && strcmp(names[section], name) != 0)
		section++;
	return section;
}
