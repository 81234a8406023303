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
	uint32_t all_flags;       /* of any of them */
	bool writable;            /* one of them is */
	bool differ;              /* they are not all alike */
	bool sorts;               /* the script sorts them */
	uint8_t p2align;          /* the largest */
	/* Of the one before, if its name does not matter: */
	uint64_t last_flags;      /* sh_flags; 0: there is none */
	uint32_t last_type;
};

/* Most members are as the one before in their run: only their alignment can be news. Otherwise remembers this one. */
static bool is_alike(struct members *members, uint64_t sh_flags, uint32_t type, uint8_t p2align)
{
	if (members->last_flags == sh_flags && members->last_type == type && sh_flags) {
		if (members->p2align < p2align)
			members->p2align = p2align;
		return true;
	}
	members->last_flags = sh_flags & SHF_ALLOC ? sh_flags : 0;
	members->last_type = type;
	return false;
}

static void count_member(struct members *members, uint32_t flags, uint32_t type, uint8_t p2align)
{
	members->differ |= members->any;
	if (!members->any) {
		members->any = true;
		members->flags = flags;
		members->type = type;
	}
	if (members->p2align < p2align)
		members->p2align = p2align;
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

/* The statements of an INSERT, or those of none. */
static void walk_statements(struct layout *layout, const struct members *runs, uint32_t insertion)
{
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		const struct node *node = &layout->nodes.at[i];
		if (node->insertion != insertion)
			continue;
		if (i < layout->n_written && (node->kind == NODE_ASSIGN || node->kind == NODE_ASSERT))
			make_mentioned(layout, node->value);
		if (node->kind != NODE_SECTION)
			continue;
		const struct osec *osec = &layout->osecs.at[node->id];
		if (osec->rank == RANK_DISCARD || osec->is_absent)
			continue;
		walk_body(layout, node->id, runs);
	}
}

/* What is inserted is read before what it is inserted into. */
static void walk(struct link *link, const struct members *runs)
{
	struct layout *layout = link->layout;
	for (uint32_t i = 1; i < layout->osecs.n; i++)
		layout->osecs.at[i].look = (struct look){.exists = false};
	for (uint32_t insertion = 1; insertion <= layout->n_insertions; insertion++)
		walk_statements(layout, runs, insertion);
	walk_statements(layout, runs, 0);
	for (uint32_t i = 1; i < layout->osecs.n; i++)
		if (layout->osecs.at[i].is_started)
			look_make(layout, i, 0);
}

/* An assignment to the location counter in front of a section that is not loaded belongs to the section before: what was
 * inserted in front of it goes behind it. */
static void pass_assignments(struct layout *layout, uint32_t insertion)
{
	struct node *nodes = layout->nodes.at;
	uint32_t first = 0, end, next;
	bool dot = false;
	while (first < layout->nodes.n && nodes[first].insertion != insertion)
		first++;
	for (end = first; end < layout->nodes.n && nodes[end].insertion == insertion; end++)
		;
	for (next = end; next < layout->nodes.n && nodes[next].kind != NODE_SECTION; next++)
		dot |= nodes[next].kind == NODE_ASSIGN && strcmp(nodes[next].symbol, ".") == 0;
	const struct look *look = next < layout->nodes.n ? &layout->osecs.at[nodes[next].id].look : NULL;
	if (!dot || !look || !look->has_input || look->flags & ALLOC || first == 0)
		return;
	size_t n = end - first;
	struct node *block = malloc(n * sizeof(*block));
	if (!block)
		out_of_memory();
	memcpy(block, nodes + first, n * sizeof(*block));
	memmove(nodes + first, nodes + end, (next - end) * sizeof(*nodes));
	memcpy(nodes + next - n, block, n * sizeof(*block));
	free(block);
}

/* The sections of an INSERT, and what came to exist between them, move behind the section before them. */
static void move_inserted(struct layout *layout, uint32_t insertion)
{
	uint32_t before = 0, first = 0, last = 0;
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		const struct node *node = &layout->nodes.at[i];
		if (node->kind != NODE_SECTION || !layout->osecs.at[node->id].look.exists)
			continue;
		if (node->insertion != insertion) {
			before = first ? before : node->id;
			continue;
		}
		first = first ? first : node->id;
		last = node->id;
	}
	if (!first || !before || before == last)
		return;
	for (uint32_t id = first, next, behind = before; id; id = next) {
		next = id == last ? 0 : layout->osecs.at[id].made_next;
		looks_move(layout, id, behind);
		behind = id;
	}
}

static void count_phantom(const struct link *link, struct members *runs, uint32_t which)
{
	const struct phantom *phantom = &link->layout->phantoms.at[which];
	struct members *members = &runs[phantom->run];
	members->keep |= link->layout->runs.at[phantom->run].keep || phantom->keep;
	members->last_flags = 0;
	count_member(members, phantom_flags(phantom), phantom_type(link, phantom), phantom->p2align);
}

/* A member of a run that sorts its members. */
struct sorted_member {
	uint32_t run, position;
	struct sort_member member;
};

struct lineup {
	struct link *link;
	struct members *runs;
	ARRAY(struct sorted_member) sorted;
	uint32_t next_phantom;
	section_id next_at;       /* where that is */
};

static void line_up(struct lineup *lineup, uint32_t run, struct sort_member member)
{
	uint32_t position = lineup->sorted.n;
	if (lineup->runs[run].sorts)
		*array_push(&lineup->sorted) = (struct sorted_member){run, position, member};
}

static void line_up_phantoms(struct lineup *lineup, section_id before)
{
	struct link *link = lineup->link;
	struct layout *layout = link->layout;
	for (uint32_t i; (i = lineup->next_phantom) < layout->phantoms.n; lineup->next_phantom++) {
		const struct phantom *phantom = &layout->phantoms.at[i];
		lineup->next_at = phantom->at;
		if (phantom->at >= before)
			return;
		if (phantom->run == ORPHAN_RUN)
			continue;
		struct run *run = &layout->runs.at[phantom->run];
		if (!lineup->runs[phantom->run].any)
			run->first_phantom = i + 1;
		count_phantom(link, lineup->runs, i);
		line_up(lineup, phantom->run, (struct sort_member){.phantom = i});
	}
	lineup->next_at = link->sections.n;
}

static void line_up_section(struct lineup *lineup, section_id id)
{
	const struct link *link = lineup->link;
	const struct section *section = section_of(link, id);
	const struct elf_shdr *shdr = section_shdr(link, id);
	struct members *members = &lineup->runs[section->run];
	members->keep |= link->layout->runs.at[section->run].keep || section->keep;
	line_up(lineup, section->run, (struct sort_member){.id = id});
	if (!is_alike(members, shdr->sh_flags, shdr->sh_type, section->p2align))
		count_member(members, look_flags(shdr->sh_flags, shdr->sh_type, layout_section_name(link, id)),
			     shdr->sh_type, section->p2align);
}

/* What the first member of a run is, if that is not the first one of the inputs. */
static void put_first(struct lineup *lineup, uint32_t id, struct sort_member member)
{
	struct link *link = lineup->link;
	struct layout *layout = link->layout;
	layout->runs.at[id].first_phantom = member.id ? 0 : member.phantom + 1;
	if (!member.id) {
		lineup->runs[id].flags = phantom_flags(&layout->phantoms.at[member.phantom]);
		lineup->runs[id].type = phantom_type(link, &layout->phantoms.at[member.phantom]);
		return;
	}
	const struct elf_shdr *shdr = section_shdr(link, member.id);
	lineup->runs[id].flags = look_flags(shdr->sh_flags, shdr->sh_type, layout_section_name(link, member.id));
	lineup->runs[id].type = shdr->sh_type;
}

static int compare_sorted(const void *a, const void *b)
{
	const struct sorted_member *x = a, *y = b;
	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	return x->position < y->position ? -1 : x->position > y->position;
}

static void sort_lineup(struct lineup *lineup)
{
	uint32_t n = lineup->sorted.n;
	struct sorted_member *sorted = lineup->sorted.at;
	struct sort_member *members = calloc((size_t)n + 1, sizeof(*members));
	if (!members)
		out_of_memory();
	if (n)
		qsort(sorted, n, sizeof(*sorted), compare_sorted);
	for (uint32_t first = 0, end; first < n; first = end) {
		for (end = first; end < n && sorted[end].run == sorted[first].run; end++)
			members[end - first] = sorted[end].member;
		if (lineup->runs[sorted[first].run].differ)
			put_first(lineup, sorted[first].run,
				  members[sort_find_first(lineup->link, sorted[first].run, members, end - first)]);
	}
	free(members);
}

void looks_begin(struct link *link)
{
	struct layout *layout = link->layout;
	struct lineup lineup = {.link = link, .runs = calloc(layout->runs.n, sizeof(*lineup.runs))};
	if (!lineup.runs)
		out_of_memory();
	for (uint32_t r = 0; r < layout->runs.n; r++) {
		layout->runs.at[r].first_phantom = 0;
		lineup.runs[r].sorts = sort_is_asked(link, r);
	}
	for (section_id id = 1; id < link->sections.n; id++) {
		const struct section *section = section_of(link, id);
		if (lineup.next_at < id)
			line_up_phantoms(&lineup, id);
		if (section->live && section->run && section->run != ORPHAN_RUN && section->kind != SECTION_NONE &&
		    section->file != INTERNAL_FILE)
			line_up_section(&lineup, id);
	}
	line_up_phantoms(&lineup, link->sections.n);
	sort_lineup(&lineup);
	walk(link, lineup.runs);
	for (uint32_t insertion = 1; insertion <= layout->n_insertions; insertion++) {
		pass_assignments(layout, insertion);
		move_inserted(layout, insertion);
	}
	array_free(&lineup.sorted);
	free(lineup.runs);
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

/* All that stand behind the first member. */
static void count_other_phantoms(const struct link *link, struct members *runs)
{
	const struct layout *layout = link->layout;
	for (uint32_t i = 0; i < layout->phantoms.n; i++)
		if (layout->phantoms.at[i].run != ORPHAN_RUN)
			count_phantom(link, runs, i);
}

void looks_settle(struct link *link)
{
	struct layout *layout = link->layout;
	struct members *runs = calloc(layout->runs.n, sizeof(*runs));
	if (!runs)
		out_of_memory();
	for (uint32_t r = 1; r < layout->runs.n; r++) {
		const struct run *run = &layout->runs.at[r];
		if (run->first_phantom)
			count_phantom(link, runs, run->first_phantom - 1);
		for (uint32_t i = 0; i < run->n; i++) {
			uint64_t flags;
			uint32_t type = layout_member_type(link, run->items[i], &flags);
			const struct section *section = section_of(link, run->items[i]);
			runs[r].keep |= section->file != INTERNAL_FILE && (run->keep || section->keep);
			if (!is_alike(&runs[r], flags, type, section->p2align))
				count_member(&runs[r], look_flags(flags, type, layout->osecs.at[run->osec].name), type,
					     section->p2align);
		}
	}
	count_other_phantoms(link, runs);
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
	else if (osec->type == SHT_RELA || osec->type == SHT_REL)
		osec->entsize = link->arch->dialect->rela;
	else if (!osec->has_made && !(osec->flags & SHF_MERGE) && osec->type <= SHT_PROGBITS)
		osec->entsize = 0;
}

void look_apply_unmapped(struct osec *osec)
{
	const struct look *look = &osec->look;
	bool nobits = (look->flags & (ALLOC | LOAD | HAS_CONTENTS)) == ALLOC;
	bool said = osec->said && osec->said->type_value;
	osec->is_blank = look->exists && nobits && !osec->is_in_load && look->type && !said;
	if (osec->is_blank)
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
