#include "ld/report/overflow.h"

#include <inttypes.h>

#include "arch/arch.h"
#include "ld/layout/layout.h"
#include "ld/layout/value.h"
#include "ld/report/describe.h"

enum { LARGE = 1 << 30, SIZE_SHIFT = 56 };

struct target {
	uint64_t address;
	section_id section;       /* input section; 0: none */
	bool absolute, missing, elsewhere;
};

static struct target find_target(const struct link *link, const struct file *file, const struct elf_rela *rela)
{
	uint32_t index = rela->r_sym;
	symbol_id id = index < file->symtab.first_global ? 0 : file->globals[index - file->symtab.first_global];
	struct target target = {0};
	if (id) {
		const struct symbol *symbol = &link->symbols[id];
		uint64_t owner = symbol_owner(symbol);
		target.address = symbol->address;
		target.missing = owner == OWNER_NONE;
		target.elsewhere = owner != OWNER_NONE && owner_rank(owner) == RANK_ELSEWHERE;
		target.absolute = symbol_flags(symbol) & SYMBOL_ABSOLUTE;
		if (target.missing || target.elsewhere)
			return target;
		file = file_of(link, owner_file(owner));
		index = owner_index(owner);
	} else {
		int64_t addend = rela->r_addend;
		target.address = local_value(link, file, index, &addend);
	}
	if (file->kind == FILE_OBJECT && !elf_sym_is_special(&file->symtab, index))
		target.section = file->first_section + elf_sym_section(&file->symtab, index);
	return target;
}

/* The largest loaded output section that [low, high) has a part of; nobody's, of size 0, when there is none. */
static const struct osec *largest_between(const struct layout *layout, uint64_t low, uint64_t high)
{
	const struct osec *largest = &layout->osecs.at[0];
	for (uint32_t o = 0; o < layout->n_order; o++) {
		const struct osec *osec = &layout->osecs.at[layout->order[o]];
		if (osec->flags & SHF_ALLOC && osec->addr < high && osec->addr + osec->size > low &&
		    osec->size > largest->size)
			largest = osec;
	}
	return largest;
}

static section_id largest_input(const struct link *link, const struct osec *osec)
{
	section_id largest = 0;
	for (section_id id = 1; id < link->sections.n; id++) {
		const struct section *section = section_of(link, id);
		if (section->live && section->run && osec_of_section(link->layout, section) == osec &&
		    (!largest || section->size > section_of(link, largest)->size))
			largest = id;
	}
	return largest;
}

static void say_large(const struct link *link, const struct osec *osec, struct diag_lines *lines)
{
	section_id id = largest_input(link, osec);
	const struct section *section = id ? section_of(link, id) : NULL;
	if (section && section->file != INTERNAL_FILE)
		diag_line(lines, "%s takes %" PRIu64 " bytes between them, %" PRIu64 " of them from " FILE_FORMAT,
			  osec->name, osec->size, section->size, FILE_ARGS(file_of(link, section->file)));
	else
		diag_line(lines, "%s takes %" PRIu64 " bytes between them", osec->name, osec->size);
	diag_hint(lines, "compile with -mcmodel=medium (large data) or -mcmodel=large, or allocate large arrays when "
			 "the program runs");
}

/* What is between the place and what it refers to? */
static void say_distance(const struct link *link, section_id section, const struct elf_rela *rela, unsigned size,
			 const struct target *target, struct diag_lines *lines)
{
	const struct layout *layout = link->layout;
	uint64_t place = section_address(layout, section_of(link, section)) + rela->r_offset;
	if (target->section)
		diag_line(lines, "what it refers to is at 0x%" PRIx64 ", in %s; the place is at 0x%" PRIx64 ", in %s",
			  target->address, osec_of_section(layout, section_of(link, target->section))->name, place,
			  osec_of_section(layout, section_of(link, section))->name);
	else
		diag_line(lines, "what it refers to is at 0x%" PRIx64 "; the place is at 0x%" PRIx64, target->address,
			  place);
	bool up = target->address > place;
	const struct osec *largest =
		largest_between(layout, up ? place : target->address, up ? target->address : place);
	if (target->absolute)
		diag_hint(lines, "an address that does not move with the program can be far away: use it through a "
				 "pointer, or compile with -mcmodel=large");
	else if (size < 4)
		diag_hint(lines, "the field has %u bits only: what it refers to must be nearer", 8 * size);
	else if (largest->size >= LARGE)
		say_large(link, largest, lines);
	else
		diag_hint(lines, "compile with -fPIC, or with -mcmodel=large if the program is that large; look at "
				 "-Ttext, --section-start and --image-base, too");
}

/* more->a: the section, more->b: number of the relocation, and above it the size of its field. */
static void overflow_lines(const struct diag_more *more, struct diag_lines *lines)
{
	const struct link *link = more->context;
	struct arena arena = {0};
	section_id section = (section_id)more->a;
	struct elf_relas relas = section_relas(link, section);
	if (relas.n == 0)
		return;
	const struct elf_rela *rela = &relas.at[more->b & (((uint64_t)1 << SIZE_SHIFT) - 1)];
	const struct file *file = file_of(link, section_of(link, section)->file);
	const char *prefix = describe_prefix(link, &arena, section, rela->r_offset, lines);
	const char *type = link->arch->relocation_name(rela->r_type);
	struct target target = find_target(link, file, rela);
	unsigned size = (unsigned)(more->b >> SIZE_SHIFT);
	diag_line(lines, "%srelocation truncated to fit: %s against `%s'", prefix, type,
		  describe_target(link, &arena, file, rela->r_sym));
	if (!(section_shdr(link, section)->sh_flags & SHF_ALLOC))
		diag_hint(lines, "debug information is too large for 32-bit offsets: compile with -gdwarf64, "
				 "-gsplit-dwarf or less of it");
	else if (target.missing)
		diag_hint(lines, "nobody defines it, and it is weak, so its address is 0, which is too far away: "
				 "compile with -fPIE or -fPIC");
	else if (!target.elsewhere)
		say_distance(link, section, rela, size, &target, lines);
	arena_free(&arena);
}

/* The number of the relocation in its section. For a copy, the mirrored one of a reversed section, that of its twin. */
static uint64_t number_of(struct elf_relas relas, const struct elf_rela *rela)
{
	uint64_t i = 0;
	if ((uintptr_t)rela >= (uintptr_t)relas.at && (uintptr_t)rela < (uintptr_t)(relas.at + relas.n))
		return (uint64_t)(rela - relas.at);
	while (i + 1 < relas.n && (relas.at[i].r_type != rela->r_type || relas.at[i].r_sym != rela->r_sym ||
				   relas.at[i].r_addend != rela->r_addend))
		i++;
	return i;
}

void overflow_report(struct link *link, section_id section, const struct elf_rela *rela, unsigned size, int64_t value,
		     int64_t lowest, int64_t highest)
{
	struct arena arena = {0};
	struct diag_about about = about_place(link, section, rela->r_offset, "relocation-overflow");
	const struct file *file = file_of(link, section_of(link, section)->file);
	about.symbol = target_name(file, rela->r_sym);
	uint64_t number = number_of(section_relas(link, section), rela);
	about.more = (struct diag_more){overflow_lines, link, section, number | (uint64_t)size << SIZE_SHIFT};
	diag_report(link->diag, SEVERITY_ERROR,
		    diag_order(section_of(link, section)->file, section_number(link, section)), &about,
		    "relocation %s out of range: %" PRId64 " (0x%" PRIx64 ") is not in [%" PRId64 ", %" PRId64
		    "]; references `%s'",
		    link->arch->relocation_name(rela->r_type), value, (uint64_t)value, lowest, highest,
		    describe_target(link, &arena, file, rela->r_sym));
	arena_free(&arena);
}
