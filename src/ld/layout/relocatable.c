/* The program of -r: an object's sections keep their names, and stand in the order in which the inputs mention them. So
 * there are rules only for what the linker itself makes; everything else is an orphan. */
#include <string.h>

#include "base/glob.h"
#include "arch/arch.h"
#include "ld/layout/layout.h"
#include "ld/resolve/symbols.h"

static uint32_t section(struct layout *layout, const char *name, enum osec_rank rank)
{
	uint32_t osec = layout_osec(layout, name, rank);
	layout_run(layout, osec, name, SORT_NONE);
	return osec;
}

/* Sections that run or are walked without anybody referring to them. */
static void kept_sections(struct layout *layout)
{
	static const char *const names[] = {".init", ".fini", ".ctors", ".dtors"};
	for (unsigned i = 0; i < COUNTOF(names); i++) {
		section(layout, names[i], RANK_TEXT);
		layout->runs.at[layout->runs.n - 1].keep = true;
	}
}

/* --relocatable-merge-sections: names are folded as in other links. */
static void folded_sections(struct layout *layout)
{
	static const char *const names[][2] = {
		{".text", ".text .text.*"},
		{".rodata", ".rodata .rodata.*"},
		{".gcc_except_table", ".gcc_except_table .gcc_except_table.*"},
		{".tdata", ".tdata .tdata.*"},
		{".tbss", ".tbss .tbss.*"},
		{".data.rel.ro", ".data.rel.ro .data.rel.ro.*"},
		{".data", ".data .data.*"},
	};
	for (unsigned i = 0; i < COUNTOF(names); i++)
		layout_run(layout, layout_osec(layout, names[i][0], RANK_DATA), names[i][1], SORT_NONE);
}

void layout_relocatable_fill(struct link *link)
{
	const struct options *options = link->options;
	struct layout *layout = link->layout;
	section(layout, ".note.gnu.property", RANK_HEADERS);
	section(layout, ".note.gnu.build-id", RANK_HEADERS);
	section(layout, ".note.package", RANK_HEADERS);
	kept_sections(layout);
	if (options->fold_section_names)
		folded_sections(layout);
	if (options->define_common || options->fold_section_names) {
		uint32_t bss = section(layout, ".bss", RANK_DATA);
		if (options->fold_section_names)
			layout_run(layout, bss, ".bss.*", SORT_NONE);
		layout_run(layout, bss, "COMMON", SORT_NONE);
	}
	section(layout, ".note.GNU-stack", RANK_NOT_LOADED);
}

void layout_relocatable(struct link *link)
{
	layout_new(link);
	layout_relocatable_fill(link);
	layout_builtins(link);
	layout_compile_rules(link->layout);
}

void layout_without_segments(struct link *link)
{
	if (link->layout->scripted)
		layout_script_segments(link);
	else
		layout_choose_sections(link);
	link->layout->headers_size = link->arch->dialect->ehdr;
}

bool layout_stands_alone(const struct link *link, section_id id)
{
	const struct options *options = link->options;
	const struct section *section = section_of(link, id);
	/* Unwind records of different files refer to each other: they stay together. */
	if (options->kind != OUTPUT_RELOCATABLE || section->file == INTERNAL_FILE || section->kind == SECTION_EH_FRAME)
		return false;
	if (section->kind == SECTION_GROUP)
		return true;
	if (section_shdr(link, id)->sh_flags & SHF_GROUP && !options->force_group_allocation)
		return true;
	for (uint32_t i = 0; i < options->unique_sections.n; i++)
		if (glob_match(str_of(options->unique_sections.at[i]), str_of(layout_section_name(link, id))))
			return true;
	return false;
}
