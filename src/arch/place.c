#include "arch/place.h"

#include <string.h>

#include "ld/report/describe.h"

void place_report(const struct place *place, const struct elf_rela *rela, const char *what)
{
	struct link *link = place->link;
	struct arena arena = {0};
	struct diag_about about = about_place(link, place->section, rela->r_offset, "relocation");
	about.symbol = target_name(place->file, rela->r_sym);
	diag_report(link->diag, SEVERITY_ERROR,
		    diag_order(section_of(link, place->section)->file, section_number(link, place->section)), &about,
		    "relocation %s against `%s' %s", link->arch->relocation_name(rela->r_type),
		    describe_target(link, &arena, place->file, rela->r_sym), what);
	arena_free(&arena);
}

uint64_t place_size_of_symbol(const struct place *place, uint32_t index)
{
	symbol_id symbol = global_of(place->file, index);
	if (symbol && symbol_owner(&place->link->symbols[symbol]) != OWNER_NONE)
		return symbol_definition(place->link, &place->link->symbols[symbol])->st_size;
	return place->file->symtab.syms[index].st_size;
}

void place_misplaced(const struct place *place, const struct elf_rela *rela, unsigned width)
{
	place_report(place, rela, width ? "lies outside its section" : "is not a relocation that object files use");
}

/* One address has one function: of equal ones, debuggers shall find the one that stayed. But its code has the lines of
 * all of them, so that breakpoints can be set. Other tables, such as .note.stapsdt, want the address of what stayed. */
struct tombstones place_tombstones(const struct place *place)
{
	const char *name = elf_section_name(&place->file->elf, section_number(place->link, place->section));
	bool is_debug = strncmp(name, ".debug_", 7) == 0;
	return (struct tombstones){
		.value = strcmp(name, ".debug_loc") == 0 || strcmp(name, ".debug_ranges") == 0,
		.for_replaced = is_debug,
		.for_folded = place->link->folded.n && is_debug && strcmp(name, ".debug_line") != 0,
	};
}
