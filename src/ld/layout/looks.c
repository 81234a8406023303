/* What output sections are by a script's rules: the type and the flags come from the statement or the input section that
 * makes the section, and from all that are in it, in their order (GNU ld manual, "Output Section Type"; what that leaves
 * open, as GNU ld and its BFD do it: map_input_to_output_sections, lang_add_section, elf_fake_sections). */
#include "ld/layout/looks.h"

#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/layout/expr.h"
#include "ld/layout/interpret.h"
#include "ld/layout/sort_run.h"
#include "ld/resolve/symbols.h"

/* What a section is by its name: gABI chapter 4, "Special Sections"; with a suffix: the name goes on with anything, or
 * with a dot. */
static const struct special {
	const char *name;
	enum { WHOLE_NAME, ANY_SUFFIX, DOT_SUFFIX } match;
	uint32_t type;
	uint64_t flags;
} specials[] = {
	{".bss", DOT_SUFFIX, SHT_NOBITS, SHF_ALLOC | SHF_WRITE},
	{".comment", WHOLE_NAME, SHT_PROGBITS, 0},
	{".data", DOT_SUFFIX, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE},
	{".data1", WHOLE_NAME, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE},
	{".debug", WHOLE_NAME, SHT_PROGBITS, 0},
	{".debug_line", WHOLE_NAME, SHT_PROGBITS, 0},
	{".debug_info", WHOLE_NAME, SHT_PROGBITS, 0},
	{".debug_abbrev", WHOLE_NAME, SHT_PROGBITS, 0},
	{".debug_aranges", WHOLE_NAME, SHT_PROGBITS, 0},
	{".fini", WHOLE_NAME, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR},
	{".fini_array", DOT_SUFFIX, SHT_FINI_ARRAY, SHF_ALLOC | SHF_WRITE},
	{".gnu.linkonce.b", DOT_SUFFIX, SHT_NOBITS, SHF_ALLOC | SHF_WRITE},
	{".got", WHOLE_NAME, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE},
	{".init", WHOLE_NAME, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR},
	{".init_array", DOT_SUFFIX, SHT_INIT_ARRAY, SHF_ALLOC | SHF_WRITE},
	{".interp", WHOLE_NAME, SHT_PROGBITS, 0},
	{".line", WHOLE_NAME, SHT_PROGBITS, 0},
	{".noinit", DOT_SUFFIX, SHT_NOBITS, SHF_ALLOC | SHF_WRITE},
	{".note.GNU-stack", WHOLE_NAME, SHT_PROGBITS, 0},
	{".note", ANY_SUFFIX, SHT_NOTE, 0},
	{".persistent.bss", WHOLE_NAME, SHT_NOBITS, SHF_ALLOC | SHF_WRITE},
	{".persistent", DOT_SUFFIX, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE},
	{".preinit_array", DOT_SUFFIX, SHT_PREINIT_ARRAY, SHF_ALLOC | SHF_WRITE},
	{".plt", WHOLE_NAME, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR},
	{".rodata", DOT_SUFFIX, SHT_PROGBITS, SHF_ALLOC},
	{".rodata1", WHOLE_NAME, SHT_PROGBITS, SHF_ALLOC},
	{".text", DOT_SUFFIX, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR},
	{".tbss", DOT_SUFFIX, SHT_NOBITS, SHF_ALLOC | SHF_WRITE | SHF_TLS},
	{".tdata", DOT_SUFFIX, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE | SHF_TLS},
};

static const struct special *special_of(const char *name)
{
	for (unsigned i = 0; i < COUNTOF(specials); i++) {
		size_t len = strlen(specials[i].name);
		if (strncmp(name, specials[i].name, len) != 0)
			continue;
		if (!name[len] || specials[i].match == ANY_SUFFIX ||
		    (specials[i].match == DOT_SUFFIX && name[len] == '.'))
			return &specials[i];
	}
	return NULL;
}

uint32_t look_flags(uint64_t sh_flags, uint32_t type, const char *name)
{
	static const char *const debug[] = {".debug", ".zdebug",	   ".stab",
					    ".line",  ".gnu.linkonce.wi.", ".gnu.debuglto_"};
	bool nobits = type == SHT_NOBITS || type == SHT_NULL;
	uint32_t flags = nobits ? 0 : HAS_CONTENTS;
	if (sh_flags & SHF_ALLOC)
		flags |= ALLOC | (nobits ? 0 : LOAD);
	flags |= (sh_flags & SHF_WRITE ? 0 : READONLY) | (sh_flags & SHF_TLS ? THREAD_LOCAL : 0);
	flags |= sh_flags & SHF_EXECINSTR ? CODE : flags & LOAD ? HAS_DATA : 0;
	for (unsigned i = 0; !(sh_flags & SHF_ALLOC) && i < COUNTOF(debug); i++)
		if (strncmp(name, debug[i], strlen(debug[i])) == 0)
			flags |= DEBUGGING;
	return flags;
}

static enum section_type said_type(const struct osec *osec)
{
	return osec->said ? osec->said->type : SECTION_TYPE_UNSAID;
}

static void unlink_made(struct layout *layout, uint32_t id)
{
	const struct osec *osec = &layout->osecs.at[id];
	*(osec->made_before ? &layout->osecs.at[osec->made_before].made_next : &layout->made_first) = osec->made_next;
	*(osec->made_next ? &layout->osecs.at[osec->made_next].made_before : &layout->made_last) = osec->made_before;
}

static void link_made(struct layout *layout, uint32_t id, uint32_t behind)
{
	struct osec *osec = &layout->osecs.at[id];
	osec->made_before = behind;
	osec->made_next = behind ? layout->osecs.at[behind].made_next : layout->made_first;
	*(behind ? &layout->osecs.at[behind].made_next : &layout->made_first) = id;
	*(osec->made_next ? &layout->osecs.at[osec->made_next].made_before : &layout->made_last) = id;
	osec->is_made = true;
}

void looks_move(struct layout *layout, uint32_t osec, uint32_t behind)
{
	if (behind == osec)
		return;
	unlink_made(layout, osec);
	link_made(layout, osec, behind);
}

static void look_make(struct layout *layout, uint32_t id, uint32_t flags);

/* Sections whose address an expression asks for exist. */
static void make_mentioned(struct layout *layout, const struct expr *expr)
{
	if (!expr)
		return;
	bool mentions = expr->kind == EXPR_ADDR || expr->kind == EXPR_LOADADDR;
	uint32_t osec = mentions ? layout_find_present(layout, expr->name) : 0;
	if (osec && !layout->osecs.at[osec].look.exists)
		look_make(layout, osec, 0);
	make_mentioned(layout, expr->a);
	make_mentioned(layout, expr->b);
	make_mentioned(layout, expr->c);
}

static void look_make(struct layout *layout, uint32_t id, uint32_t flags)
{
	struct osec *osec = &layout->osecs.at[id];
	const struct special *special = special_of(osec->name);
	if (osec->look.exists)
		return;
	osec->look = (struct look){.exists = true, .flags = flags, .type = special ? special->type : SHT_NULL,
				   .sh_flags = special ? special->flags : 0};
	const struct expr *align = osec->said ? osec->said->align : NULL;
	if (align && align->kind == EXPR_NUMBER && osec->p2align_made < log2_up(align->number))
		osec->p2align_made = log2_up(align->number);
	if (!osec->is_made) {
		link_made(layout, id, layout->made_last);
		osec->made_number = ++layout->n_made;
	}
	if (osec->said) {
		make_mentioned(layout, osec->said->address);
		make_mentioned(layout, osec->said->at);
	}
}

void look_add(struct layout *layout, uint32_t id, uint32_t flags, uint32_t type, uint8_t p2align)
{
	const uint32_t own = flags;
	enum section_type said = said_type(&layout->osecs.at[id]);
	if (said == SECTION_TYPE_NOLOAD)
		flags &= ~(uint32_t)(LOAD | HAS_CONTENTS);
	else if (said == SECTION_TYPE_NOT_ALLOCATED)
		flags &= ~(uint32_t)ALLOC;
	else if (said == SECTION_TYPE_READONLY || said == SECTION_TYPE_READONLY_GIVEN)
		flags |= READONLY;
	look_make(layout, id, flags);
	if (layout->osecs.at[id].p2align_made < p2align)
		layout->osecs.at[id].p2align_made = p2align;
	struct look *look = &layout->osecs.at[id].look;
	look->flags &= flags | ~(uint32_t)READONLY;
	look->flags |= look->has_input ? flags & ~(uint32_t)READONLY : flags;
	if (look->has_input)
		return;
	look->has_input = true;
	look->sh_flags = 0;
	if (look->type == SHT_PROGBITS || look->type == SHT_NOTE || look->type == SHT_NOBITS)
		look->type = SHT_NULL;
	if (look->type == SHT_NULL && look->flags == own && said != SECTION_TYPE_NOLOAD)
		look->type = type;
}

static void add_data(struct layout *layout, uint32_t id)
{
	struct osec *osec = &layout->osecs.at[id];
	uint32_t flags = HAS_CONTENTS | ALLOC | LOAD;
	enum section_type said = said_type(osec);
	if (said == SECTION_TYPE_NOLOAD)
		flags = ALLOC;
	else if (said == SECTION_TYPE_NOT_ALLOCATED)
		flags = HAS_CONTENTS;
	else if (said == SECTION_TYPE_READONLY || said == SECTION_TYPE_READONLY_GIVEN)
		flags |= READONLY;
	if (osec->look.exists)
		osec->look.flags |= flags;
	else
		look_make(layout, id, flags | READONLY);
}

/* ---- all sections ------------------------------------------------------------------------------------------ */

/* The members of a run, as far as they count here. */
struct members {
	bool any, keep;
	uint32_t flags, type;     /* of the first */
	struct sort_key first;
	uint32_t all_flags;       /* of any of them */
	bool writable;            /* one of them is */
	uint8_t p2align;          /* the largest */
	/* Of the one before, if its name does not matter: */
	uint64_t last_flags;      /* sh_flags; 0: there is none */
	uint32_t last_type;
};

/* Most members are as the one before in their run: only their alignment can be news. Otherwise remembers this one. */
static bool is_alike(struct members *members, uint64_t sh_flags, uint32_t type, uint8_t p2align, bool sorts)
{
	if (members->last_flags == sh_flags && members->last_type == type && sh_flags) {
		if (members->p2align < p2align)
			members->p2align = p2align;
		return true;
	}
	members->last_flags = !sorts && sh_flags & SHF_ALLOC ? sh_flags : 0;
	members->last_type = type;
	return false;
}

/* Of run `id`; `sorts`: it is not known yet which member comes first. */
static void count_member(const struct link *link, struct members *runs, uint32_t id, struct sort_key key,
			 uint32_t flags, uint32_t type, bool sorts)
{
	struct members *members = &runs[id];
	if (!members->any || (sorts && sort_precedes(link, id, key, members->first))) {
		members->any = true;
		members->flags = flags;
		members->type = type;
		members->first = key;
	}
	if (members->p2align < key.p2align)
		members->p2align = key.p2align;
	members->all_flags |= flags & ~(uint32_t)READONLY;
	members->writable |= !(flags & READONLY);
}

static void add_members(struct layout *layout, uint32_t osec, const struct members *members)
{
	if (!members->any)
		return;
	look_add(layout, osec, members->flags, members->type, members->p2align);
	layout->osecs.at[osec].is_kept |= members->keep;
	look_add(layout, osec, members->all_flags | (members->writable ? 0 : READONLY), members->type, 0);
}

static void walk_body(struct layout *layout, uint32_t id, const struct members *runs)
{
	const struct osec *osec = &layout->osecs.at[id];
	for (uint32_t i = 0; i < osec->nodes.n; i++) {
		const struct node *node = &osec->nodes.at[i];
		switch (node->kind) {
		case NODE_RUN:
			add_members(layout, id, &runs[node->id]);
			break;
		case NODE_DATA:
		case NODE_STRING:
			make_mentioned(layout, node->value);
			add_data(layout, id);
			break;
		case NODE_ASSIGN:
		case NODE_ASSERT:
		case NODE_FILL:
			look_make(layout, id, 0);
			if (node->kind != NODE_FILL)
				make_mentioned(layout, node->value);
			break;
		case NODE_SECTION:
			break;
		}
	}
}

static void walk(struct link *link, const struct members *runs)
{
	struct layout *layout = link->layout;
	for (uint32_t i = 1; i < layout->osecs.n; i++)
		layout->osecs.at[i].look = (struct look){.exists = false};
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		const struct node *node = &layout->nodes.at[i];
		if (i < layout->n_written && (node->kind == NODE_ASSIGN || node->kind == NODE_ASSERT))
			make_mentioned(layout, node->value);
		if (node->kind != NODE_SECTION)
			continue;
		const struct osec *osec = &layout->osecs.at[node->id];
		if (osec->rank == RANK_DISCARD || osec->is_absent)
			continue;
		walk_body(layout, node->id, runs);
	}
	for (uint32_t i = 1; i < layout->osecs.n; i++)
		if (layout->osecs.at[i].is_started)
			look_make(layout, i, 0);
}

static void count_phantoms(const struct link *link, struct members *runs)
{
	const struct layout *layout = link->layout;
	for (uint32_t i = 0; i < layout->phantoms.n; i++) {
		const struct phantom *phantom = &layout->phantoms.at[i];
		if (phantom->run == ORPHAN_RUN)
			continue;
		struct sort_key key = {phantom_name(link, phantom), phantom->p2align};
		count_member(link, runs, phantom->run, key, phantom_flags(phantom), phantom_type(link, phantom), true);
		runs[phantom->run].keep |= layout->runs.at[phantom->run].keep;
	}
}

void looks_begin(struct link *link)
{
	const struct layout *layout = link->layout;
	struct members *runs = calloc(layout->runs.n, sizeof(*runs));
	if (!runs)
		out_of_memory();
	for (section_id id = 1; id < link->sections.n; id++) {
		const struct section *section = section_of(link, id);
		if (!section->live || !section->run || section->run == ORPHAN_RUN || section->kind == SECTION_NONE ||
		    section->file == INTERNAL_FILE)
			continue;
		const struct elf_shdr *shdr = section_shdr(link, id);
		struct members *members = &runs[section->run];
		members->keep |= layout->runs.at[section->run].keep || section->keep;
		bool sorts = sort_is_asked(link, section->run);
		if (is_alike(members, shdr->sh_flags, shdr->sh_type, section->p2align, sorts))
			continue;
		struct sort_key key = {layout_section_name(link, id), section->p2align};
		count_member(link, runs, section->run, key, look_flags(shdr->sh_flags, shdr->sh_type, key.name),
			     shdr->sh_type, true);
	}
	count_phantoms(link, runs);
	walk(link, runs);
	free(runs);
}

/* With --gc-sections the section of the entry point stays, even if it is empty. */
static void keep_entry(struct link *link)
{
	symbol_id symbol = link->options->gc_sections && link->entry ? symbols_find(link, str_of(link->entry)) : 0;
	uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
	if (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE || owner_file(owner) == INTERNAL_FILE)
		return;
	const struct file *file = file_of(link, owner_file(owner));
	uint32_t shndx = elf_sym_section(&file->symtab, owner_index(owner));
	if (!shndx || shndx >= file->elf.nshdr)
		return;
	const struct section *section = section_of(link, file->first_section + shndx);
	if (section->live && section->run && section->run != ORPHAN_RUN)
		osec_of_section(link->layout, section)->is_kept = true;
}

void looks_settle(struct link *link)
{
	struct layout *layout = link->layout;
	struct members *runs = calloc(layout->runs.n, sizeof(*runs));
	if (!runs)
		out_of_memory();
	for (uint32_t r = 1; r < layout->runs.n; r++)
		for (uint32_t i = 0; i < layout->runs.at[r].n; i++) {
			uint64_t flags;
			const struct run *run = &layout->runs.at[r];
			uint32_t type = layout_member_type(link, run->items[i], &flags);
			const struct section *section = section_of(link, run->items[i]);
			runs[r].keep |= section->file != INTERNAL_FILE && (run->keep || section->keep);
			if (is_alike(&runs[r], flags, type, section->p2align, false))
				continue;
			struct sort_key key = {layout_section_name(link, visible_section(link, run->items[i])),
					       section->p2align};
			count_member(link, runs, r, key, look_flags(flags, type, layout->osecs.at[run->osec].name),
				     type, false);
		}
	count_phantoms(link, runs);
	walk(link, runs);
	free(runs);
	keep_entry(link);
	for (uint32_t i = 0; i < layout->phantoms.n; i++) {
		const struct phantom *phantom = &layout->phantoms.at[i];
		uint32_t id = phantom->run == ORPHAN_RUN ? phantom->osec : layout->runs.at[phantom->run].osec;
		uint8_t p2align = phantom->p2align;
		if (phantom->run == ORPHAN_RUN && id)
			look_add(layout, id, phantom_flags(phantom), phantom_type(link, phantom), p2align);
		if (layout->osecs.at[id].p2align < p2align)
			layout->osecs.at[id].p2align = p2align;
	}
	/* Code is not written, whatever is among it, but with -N. */
	uint32_t text = looks_first(layout, ".text");
	if (text && link->options->kind != OUTPUT_RELOCATABLE) {
		struct look *look = &layout->osecs.at[text].look;
		look->flags = link->options->omagic ? look->flags & ~(uint32_t)READONLY : look->flags | READONLY;
	}
}

uint32_t looks_first(const struct layout *layout, const char *name)
{
	uint32_t first = 0;
	for (uint32_t i = layout_newest(layout, name); i; i = layout->osecs.at[i].next)
		if (strcmp(layout->osecs.at[i].name, name) == 0 && layout->osecs.at[i].is_made &&
		    (!first || layout->osecs.at[i].made_number < layout->osecs.at[first].made_number))
			first = i;
	return first;
}

/* ---- headers ----------------------------------------------------------------------------------------------- */

static bool is_array(uint32_t type)
{
	return type == SHT_INIT_ARRAY || type == SHT_FINI_ARRAY || type == SHT_PREINIT_ARRAY;
}

static uint64_t header_flags(const struct look *look)
{
	return look->sh_flags | (look->flags & ALLOC ? SHF_ALLOC : 0) | (look->flags & READONLY ? 0 : SHF_WRITE) |
	       (look->flags & CODE ? SHF_EXECINSTR : 0) | (look->flags & THREAD_LOCAL ? SHF_TLS : 0);
}

static void apply(struct link *link, struct osec *osec)
{
	const uint64_t own = SHF_ALLOC | SHF_WRITE | SHF_EXECINSTR | SHF_TLS;
	const struct look *look = &osec->look;
	bool nobits = (look->flags & (ALLOC | LOAD | HAS_CONTENTS)) == ALLOC;
	uint32_t by_flags = nobits ? SHT_NOBITS : SHT_PROGBITS;
	osec->flags = (osec->flags & ~own) | header_flags(look);
	osec->type = look->type ? look->type : by_flags;
	if (osec->type == SHT_NOBITS && by_flags == SHT_PROGBITS && look->flags & ALLOC)
		osec->type = SHT_PROGBITS;
	bool has_words = is_array(osec->type);
	if (nobits && link->options->kind != OUTPUT_RELOCATABLE)
		osec->type = SHT_NOBITS; /* whatever its name is */
	if (osec->said && osec->said->type_value) {
		struct expr_scope scope = {.link = link, .section = VALUE_ABSOLUTE};
		osec->type = (uint32_t)expr_evaluate(osec->said->type_value, &scope).number;
	}
	if (has_words || is_array(osec->type))
		osec->entsize = link->arch->dialect->word;
	else if (!osec->has_made && !(osec->flags & SHF_MERGE) && osec->type <= SHT_PROGBITS)
		osec->entsize = 0;
}

void look_apply_unmapped(struct osec *osec)
{
	const struct look *look = &osec->look;
	bool nobits = (look->flags & (ALLOC | LOAD | HAS_CONTENTS)) == ALLOC;
	bool said = osec->said && osec->said->type_value;
	if (look->exists && nobits && !osec->is_in_load && look->type && !said)
		osec->type = look->type;
}

void looks_apply(struct link *link)
{
	struct layout *layout = link->layout;
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		struct osec *osec = &layout->osecs.at[layout->nodes.at[i].id];
		if (layout->nodes.at[i].kind == NODE_SECTION && osec->rank != RANK_TABLES && osec->look.exists)
			apply(link, osec);
	}
}
