/* One pass over the layout program: where everything is, and what its symbols are worth.
 *
 * The default layout's rules place sections in memory and in the file together, since its segments are known before;
 * by a script's rules segments follow from addresses, and file offsets from segments (address.c). How a script's
 * addresses come about is as in GNU ld (its manual, "SECTIONS Command"; what that leaves open, as it does it). */
#include <string.h>

#include "ld/layout/expr.h"
#include "ld/layout/interpret.h"
#include "ld/script/parse.h"

/* Where the next byte goes, in memory and in the file. */
struct cursor {
	uint64_t addr, fileoff;
	uint64_t load_delta;      /* address - file offset in the current PT_LOAD, modulo 2^64 */
	uint64_t tbss_end;        /* thread-local sections without content lie behind each other, but take no room */
};

bool osec_is_loaded(const struct link *link, const struct osec *osec)
{
	bool alloc = osec->look.exists ? osec->look.flags & ALLOC : osec->flags & SHF_ALLOC;
	return alloc && link->options->kind != OUTPUT_RELOCATABLE;
}

static bool is_tbss(const struct osec *osec)
{
	return osec->type == SHT_NOBITS && osec->flags & SHF_TLS && osec->flags & SHF_ALLOC;
}

/* ---- expressions in their places --------------------------------------------------------------------------- */

static struct expr_scope scope_at(const struct link *link, uint64_t dot, uint32_t section)
{
	const struct layout *layout = link->layout;
	return (struct expr_scope){.link = link, .dot = dot, .section = section,
				   .sane = layout->script && layout->script->sane_expr};
}

/* An address or a number, for what is no place in an output section; `otherwise` when it has no value. */
uint64_t layout_evaluate(struct link *link, const struct expr *expr, uint64_t dot, uint64_t otherwise)
{
	struct expr_scope scope = scope_at(link, dot, VALUE_ABSOLUTE);
	struct value value = expr_evaluate(expr, &scope);
	if (!value.valid && link->layout->reporting)
		expr_report(link->diag, &scope);
	return value.valid ? value_absolute(link->layout, value) : otherwise;
}

/* By a script's rules symbols have their last values when addresses have. */
static bool reports_symbols(const struct layout *layout)
{
	return layout->reporting && (layout->is_final || !layout->scripted);
}

/* Of a section that the linker made. */
static struct value beginning_of(const struct link *link, enum synthetic which)
{
	section_id id = link->synthetic[which];
	if (!id || !section_of(link, id)->run)
		return (struct value){.section = VALUE_NUMBER};
	uint32_t osec = link->layout->runs.at[section_of(link, id)->run].osec;
	uint64_t address = synthetic_address(link, link->layout, which);
	return (struct value){.number = address - link->layout->osecs.at[osec].addr, .section = osec, .valid = true};
}

void layout_assign_symbol(struct link *link, struct node *node, uint64_t dot, uint32_t section)
{
	struct layout *layout = link->layout;
	if (!node->id || node->is_tls || node->is_ehdr)
		return; /* segments have to be there */
	struct expr_scope scope = scope_at(link, dot, section);
	scope.sane |= node->from_option;
	struct value value = node->made ? beginning_of(link, (enum synthetic)node->made)
					: expr_evaluate(node->value, &scope);
	struct program_symbol *symbol = &layout->program_symbols.at[node->id - 1];
	if (!value.valid) {
		if (reports_symbols(layout))
			expr_report(link->diag, &scope);
		return;
	}
	if (value.section == VALUE_NUMBER)
		value.section = section;
	layout->osecs.at[section].has_symbols = true;
	uint64_t result = value_absolute(layout, value);
	layout_note(layout, &node->result, result);
	layout->changed |= node->result_section != value.section || !symbol->value.valid;
	node->result_section = value.section;
	*symbol = (struct program_symbol){
		.value = value, .from_dot = scope.from_dot && value.section == VALUE_ABSOLUTE, .pass = layout->pass,
		.object = symbol->object};
}

/* "ASSERT" fails in the last pass only. */
void layout_judge(struct link *link, const struct node *node, uint64_t dot, uint32_t section)
{
	if (!reports_symbols(link->layout))
		return;
	struct expr_scope scope = scope_at(link, dot, section);
	expr_evaluate(node->value, &scope);
	if (scope.problem != EXPR_FINE)
		expr_report(link->diag, &scope);
	else if (scope.failed_assert)
		expr_report_assert(link->diag, node->value, &scope);
}

/* Where an assignment moves the location counter. */
uint64_t layout_move_dot(struct link *link, struct node *node, uint64_t dot, uint32_t section)
{
	struct layout *layout = link->layout;
	struct expr_scope scope = scope_at(link, dot, section);
	struct value value = expr_evaluate(node->value, &scope);
	struct osec *osec = &layout->osecs.at[section];
	if (layout->reporting && scope.failed_assert)
		expr_report_assert(link->diag, node->value, &scope);
	bool does_nothing = value.valid && value.number == 0;
	if (section && !osec->is_kept && layout->marking && !(does_nothing && expr_keeps_empty(node->value, link)))
		osec->is_kept = true;
	if (!value.valid) {
		if (layout->reporting && !layout->is_final)
			expr_report(link->diag, &scope);
		return dot;
	}
	uint64_t to = value_absolute(layout, value);
	if (value.section == VALUE_NUMBER && section)
		to = value.number + osec->addr;
	if (section && to < dot) {
		if (layout->reporting)
			script_report(
				link->diag, node->place.offset, node->place,
				"cannot move location counter backwards (from %016llx to %016llx)\n"
				">>> in section %s: 0x%llx bytes are in it already, the assignment asks for 0x%llx",
				(unsigned long long)dot, (unsigned long long)to, osec->name,
				(unsigned long long)(dot - osec->addr), (unsigned long long)(to - osec->addr));
		return dot;
	}
	return to;
}

/* ---- fill (GNU ld manual, "Output Section Fill") ----------------------------------------------------------- */

static unsigned hex_digit(uint8_t c)
{
	return c <= '9' ? c - '0' + 0u : (c | 0x20u) - 'a' + 10;
}

/* Digits behind 0x are the bytes themselves, as many as they are; any other value is four bytes. */
static const struct bytes *fill_of(struct link *link, const struct expr *expr, uint64_t dot, const struct bytes *old)
{
	struct layout *layout = link->layout;
	if (expr->kind == EXPR_NUMBER && expr->hex_digits && old)
		return old;
	struct bytes *fill = old ? (struct bytes *)(uintptr_t)old : arena_new(&layout->arena, struct bytes);
	uint32_t digits = expr->kind == EXPR_NUMBER ? expr->hex_digits : 0;
	uint64_t size = digits ? (digits + 1) / 2 : 4;
	uint8_t *at = old ? (uint8_t *)(uintptr_t)old->data : arena_alloc(&layout->arena, size, 1);
	*fill = (struct bytes){at, size};
	for (uint32_t i = 0; digits > 16 && i < digits; i++) {
		uint64_t byte = (i + (digits & 1)) / 2;
		at[byte] = (uint8_t)(at[byte] << 4 | hex_digit((uint8_t)expr->name[i]));
	}
	if (digits > 16)
		return fill;
	uint64_t value = digits ? expr->number : layout_evaluate(link, expr, dot, 0);
	for (uint64_t i = 0; i < size; i++)
		at[size - 1 - i] = (uint8_t)(i < 8 ? value >> (8 * i) : 0);
	return fill;
}

/* ---- an output section ------------------------------------------------------------------------------------- */

static void set_subalign(struct link *link, struct run *run, uint8_t p2align)
{
	for (uint32_t i = 0; i < run->n; i++)
		section_of(link, run->items[i])->p2align = p2align;
	run->p2align = p2align;
	run->planned = false;
}

/* What is not in the output has its members at one place, whatever their alignment. */
static void collapse(const struct link *link, struct run *run)
{
	for (uint32_t i = 0; i < run->n; i++)
		section_of(link, run->items[i])->offset = 0;
	run->size = 0;
	run->planned = false;
}

uint64_t layout_place_contents(struct link *link, uint32_t id, uint64_t start)
{
	struct layout *layout = link->layout;
	struct osec *osec = &layout->osecs.at[id];
	uint64_t at = start;
	const struct bytes *fill = osec->fill;
	if (osec->said && osec->said->fill)
		fill = osec->fill = fill_of(link, osec->said->fill, start, osec->fill);
	const struct expr *subalign = osec->said ? osec->said->subalign : NULL;
	uint8_t forced = subalign ? log2_up(layout_evaluate(link, subalign, start, 1)) : 0;
	bool is_left_out = osec->is_empty && !osec->has_symbols;
	layout_note(layout, &osec->addr, start);
	for (uint32_t i = 0; i < osec->nodes.n; i++) {
		struct node *node = &osec->nodes.at[i];
		struct run *run;
		layout_note(layout, &node->dot, at);
		switch (node->kind) {
		case NODE_RUN:
			run = &layout->runs.at[node->id];
			if (subalign && run->n && (run->p2align != forced || layout->pass == 1))
				set_subalign(link, run, forced);
			if (subalign && run->n && osec->p2align < forced)
				osec->p2align = forced;
			run->fill = fill;
			run->addr = at;
			if (run->n == 0)
				break;
			if (osec->is_stripped && is_left_out) {
				collapse(link, run);
				break;
			}
			plan_run(link, node->id, at);
			at = run->addr + run->size;
			break;
		case NODE_ASSIGN:
			if (strcmp(node->symbol, ".") != 0) {
				layout_assign_symbol(link, node, at, id);
				break;
			}
			node->size = layout_move_dot(link, node, at, id) - at;
			node->fill = fill;
			if (is_left_out)
				node->size = 0;
			else if (node->size && !(osec->said && osec->said->type == SECTION_TYPE_NOT_ALLOCATED))
				osec->look.flags |= ALLOC;
			at += node->size;
			break;
		case NODE_ASSERT:
			layout_judge(link, node, at, id);
			break;
		case NODE_DATA:
			if (layout->marking || (layout->reporting && !layout->scripted))
				node->result = layout_evaluate(link, node->value, at, 0);
			at += node->size;
			break;
		case NODE_STRING:
			at += node->size;
			break;
		case NODE_FILL:
			fill = node->fill = fill_of(link, node->value, at, node->fill);
			break;
		case NODE_SECTION:
			break;
		}
	}
	section_id padding = link->synthetic[SYN_RELRO_PADDING];
	if (padding && osec == osec_of_section(layout, section_of(link, padding)))
		at = align_up(at, link->options->z.max_page_size);
	layout_note(layout, &osec->size, at - start);
	return at;
}

/* ---- the default layout's rules ---------------------------------------------------------------------------- */

/* `exact`: right here, at an address that was given; its members are aligned in it. */
static void place_section(struct link *link, uint32_t id, bool exact, struct cursor *cursor)
{
	struct osec *osec = &link->layout->osecs.at[id];
	bool alloc = osec_is_loaded(link, osec), nobits = osec->type == SHT_NOBITS, tbss = alloc && is_tbss(osec);
	uint64_t start = tbss ? max_u64(cursor->addr, cursor->tbss_end) : cursor->addr;
	if (!exact)
		start = align_up(start, 1ull << osec->p2align);
	if (!alloc) {
		start = 0;
		cursor->fileoff = align_up(cursor->fileoff, 1ull << osec->p2align);
	}
	uint64_t end = layout_place_contents(link, id, start);
	osec->lma = osec->addr;
	osec->fileoff = alloc ? start - cursor->load_delta : cursor->fileoff;
	if (!nobits)
		cursor->fileoff = osec->fileoff + osec->size;
	/* .tbss has addresses for its symbols, but takes no room in the image: each thread has its own. */
	if (tbss)
		cursor->tbss_end = end;
	else if (alloc)
		cursor->addr = end;
}

/* A new segment begins on a new page of memory, at the same offset within the page as in the file, so that nothing
 * needs padding in the file; executable pages are not shared with anything (-z separate-code). Where the address is
 * given, the file has to follow. */
static void begin_load(const struct link *link, const struct segment *load, const struct segment *previous, bool jumps,
		       struct cursor *cursor)
{
	const struct options *options = link->options;
	bool code_begins_or_ends = previous && (load->flags & PF_X) != (previous->flags & PF_X);
	if (options->z.separate_loadable_segments || (options->z.separate_code && code_begins_or_ends))
		cursor->fileoff = align_up(cursor->fileoff, options->z.max_page_size);
	uint64_t mask = load->align - 1;
	if (jumps)
		cursor->fileoff += (cursor->addr - cursor->fileoff) & mask;
	else
		cursor->addr = align_up(cursor->addr, load->align) + (cursor->fileoff & mask);
	cursor->load_delta = cursor->addr - cursor->fileoff;
}

/* The PT_LOAD whose first section this is, or NULL; of section 0: that of the headers alone. */
static const struct segment *load_at(const struct layout *layout, uint32_t osec)
{
	for (uint32_t s = 0; s < layout->segments.n; s++) {
		const struct segment *segment = &layout->segments.at[s];
		if (segment->type == PT_LOAD && (segment->n ? segment->sections[0] : 0) == osec)
			return segment;
	}
	return NULL;
}

static void place_by_default(struct link *link, const struct node *node, const struct segment **previous,
			     struct cursor *cursor)
{
	const struct layout *layout = link->layout;
	const struct osec *osec = &layout->osecs.at[node->id];
	bool exact = node->value && osec->jumps;
	if (exact)
		cursor->addr = layout_evaluate(link, node->value, cursor->addr, cursor->addr);
	else if (osec->jumps)
		cursor->addr = align_up(cursor->addr, 1ull << osec->p2align);
	const struct segment *load = load_at(layout, node->id);
	if (load && !load->has_headers)
		begin_load(link, load, *previous, osec->jumps || !*previous, cursor);
	*previous = load ? load : *previous;
	place_section(link, node->id, exact, cursor);
}

/* ---- the program ------------------------------------------------------------------------------------------- */

static void assign(struct link *link, struct node *node, struct cursor *cursor)
{
	if (strcmp(node->symbol, ".") == 0)
		cursor->addr = layout_move_dot(link, node, cursor->addr, VALUE_ABSOLUTE);
	layout_note(link->layout, &node->dot, cursor->addr);
	if (strcmp(node->symbol, ".") != 0)
		layout_assign_symbol(link, node, cursor->addr, VALUE_ABSOLUTE);
}

static void pass_by_default(struct link *link)
{
	struct layout *layout = link->layout;
	struct cursor cursor = {.addr = layout->base, .fileoff = layout->headers_size, .load_delta = layout->base};
	const struct segment *previous = load_at(layout, 0);
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		struct node *node = &layout->nodes.at[i];
		if (node->kind == NODE_ASSIGN)
			assign(link, node, &cursor);
		else if (node->kind == NODE_ASSERT)
			layout_judge(link, node, cursor.addr, VALUE_ABSOLUTE);
		else if (node->kind == NODE_SECTION && layout->osecs.at[node->id].rank != RANK_DISCARD &&
			 !layout->osecs.at[node->id].is_absent && layout->osecs.at[node->id].index)
			place_by_default(link, node, &previous, &cursor);
	}
	layout->end_fileoff = cursor.fileoff;
}

void layout_pass(struct link *link)
{
	struct layout *layout = link->layout;
	regions_reset(link); /* in the pass before: what is assigned there is DEFINED() in MEMORY */
	layout->pass++;
	layout->changed = false;
	layout->data_segment.seen = false;
	if (layout->scripted)
		layout_pass_by_script(link);
	else
		pass_by_default(link);
}
