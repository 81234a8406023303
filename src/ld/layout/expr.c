/* Evaluating expressions: what they are relative to follows GNU ld (its manual, "The Section of an Expression"; what
 * that leaves open, as it does it). */
#include "ld/layout/expr.h"

#include <string.h>

#include "ld/layout/value.h"
#include "ld/resolve/symbols.h"

void expr_each_symbol(const struct expr *expr, void (*body)(struct link *link, const char *name), struct link *link)
{
	if (!expr)
		return;
	if (expr->kind == EXPR_SYMBOL)
		body(link, expr->name);
	expr_each_symbol(expr->a, body, link);
	expr_each_symbol(expr->b, body, link);
	expr_each_symbol(expr->c, body, link);
}

uint64_t align_any(uint64_t value, uint64_t align)
{
	return align <= 1 ? value : (value + align - 1) / align * align;
}

uint64_t value_absolute(const struct layout *layout, struct value value)
{
	bool relative = value.section != VALUE_NUMBER && value.section != VALUE_ABSOLUTE;
	return value.number + (relative ? layout->osecs.at[value.section].addr : 0);
}

static struct value number(uint64_t number)
{
	return (struct value){.number = number, .section = VALUE_NUMBER, .valid = true};
}

static struct value absolute(uint64_t number)
{
	return (struct value){.number = number, .section = VALUE_ABSOLUTE, .valid = true};
}

static struct value fail(struct expr_scope *scope, const struct expr *culprit, enum expr_problem problem)
{
	if (scope->problem == EXPR_FINE) {
		scope->problem = problem;
		scope->culprit = culprit;
	}
	return (struct value){.section = VALUE_NUMBER};
}

static void make_absolute(struct expr_scope *scope, struct value *value)
{
	value->number = value_absolute(scope->link->layout, *value);
	value->section = VALUE_ABSOLUTE;
	scope->from_dot = false;
}

/* An address made from the location counter: in an output section its distance from the beginning. */
static struct value from_dot(struct expr_scope *scope, uint64_t address)
{
	uint64_t start = scope->section == VALUE_ABSOLUTE ? 0 : scope->link->layout->osecs.at[scope->section].addr;
	scope->from_dot = true;
	return (struct value){.number = address - start, .section = scope->section, .valid = true};
}

static struct value literal(const struct expr_scope *scope, uint64_t value)
{
	return scope->section == VALUE_ABSOLUTE && !scope->sane ? absolute(value) : number(value);
}

/* ---- names ------------------------------------------------------------------------------------------------ */

/* What an object defines. */
static struct value object_symbol(const struct expr_scope *scope, const struct file *file, uint32_t index)
{
	const struct link *link = scope->link;
	const struct elf_sym *sym = &file->symtab.syms[index];
	if (sym->st_shndx == SHN_ABS || elf_sym_is_common(sym))
		return scope->section == VALUE_ABSOLUTE ? absolute(sym->st_value) : number(sym->st_value);
	section_id id = file->first_section + elf_sym_section(&file->symtab, index);
	const struct section *section = section_of(link, id);
	if (section->kind == SECTION_FOLDED)
		section = section_of(link, section->extra);
	if (!section->run || !section->live || section->kind == SECTION_NONE)
		return scope->section == VALUE_ABSOLUTE ? absolute(sym->st_value) : number(sym->st_value);
	int64_t addend = 0;
	uint32_t osec = link->layout->runs.at[section->run].osec;
	uint64_t address = section->kind == SECTION_MERGE && !link->layout->runs.at[section->run].items
				   ? 0
				   : local_value(link, file, index, &addend);
	return (struct value){.number = address - link->layout->osecs.at[osec].addr, .section = osec, .valid = true};
}

static struct value common_symbol(const struct link *link, symbol_id symbol)
{
	bool is_placed = link->common_symbols && owner_rank(symbol_owner(&link->symbols[symbol])) == RANK_COMMON;
	section_id id = is_placed ? common_section(link, symbol) : 0;
	const struct section *section = section_of(link, id);
	if (!id || !section->run)
		return absolute(0);
	uint32_t osec = link->layout->runs.at[section->run].osec;
	uint64_t address = section_address(link->layout, section) + link->common_symbols[symbol].offset;
	return (struct value){.number = address - link->layout->osecs.at[osec].addr, .section = osec, .valid = true};
}

static struct value symbol_value(const struct expr *expr, struct expr_scope *scope)
{
	const struct link *link = scope->link;
	symbol_id symbol = symbols_find(link, str_of(expr->name));
	uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
	if (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE)
		return fail(scope, expr, EXPR_UNDEFINED_SYMBOL);
	const struct file *file = file_of(link, owner_file(owner));
	uint32_t index = owner_index(owner);
	if (file->kind != FILE_INTERNAL)
		return owner_rank(owner) == RANK_COMMON ? common_symbol(link, symbol)
							: object_symbol(scope, file, index);
	const struct layout *layout = link->layout;
	if (index >= layout->program_symbols.n)
		return absolute(0);
	const struct program_symbol *assigned = &layout->program_symbols.at[index];
	if (assigned->pass != layout->pass && assigned->object != OWNER_NONE)
		return owner_rank(assigned->object) == RANK_COMMON
			       ? common_symbol(link, symbol)
			       : object_symbol(scope, file_of(link, owner_file(assigned->object)),
					       owner_index(assigned->object));
	struct value value = assigned->value;
	if (!value.valid)
		return fail(scope, expr, EXPR_UNDEFINED_SYMBOL);
	if (value.section == VALUE_ABSOLUTE && (scope->section != VALUE_ABSOLUTE || scope->sane))
		value.section = VALUE_NUMBER;
	return value;
}

/* By an object, or by an assignment that has been met in this pass. */
static bool is_defined(const struct expr_scope *scope, const char *name)
{
	const struct link *link = scope->link;
	symbol_id symbol = symbols_find(link, str_of(name));
	uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
	if (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE)
		return false;
	if (owner_file(owner) != INTERNAL_FILE)
		return true;
	const struct layout *layout = link->layout;
	if (owner_index(owner) >= layout->program_symbols.n)
		return false;
	const struct program_symbol *assigned = &layout->program_symbols.at[owner_index(owner)];
	return assigned->pass == layout->pass || assigned->object != OWNER_NONE;
}

static struct value section_function(const struct expr *expr, struct expr_scope *scope)
{
	const struct layout *layout = scope->link->layout;
	uint32_t id = layout_find_present(layout, expr->name);
	if (!id)
		return expr->kind == EXPR_SIZEOF || expr->kind == EXPR_ALIGNOF
			       ? number(0)
			       : fail(scope, expr, EXPR_UNDEFINED_SECTION);
	const struct osec *osec = &layout->osecs.at[id];
	switch (expr->kind) {
	case EXPR_ADDR:
		return (struct value){.section = id, .valid = true};
	case EXPR_LOADADDR:
		return absolute(osec->lma);
	case EXPR_SIZEOF:
		return number(osec->size);
	default:
		return number(osec->index || osec->size || osec->look.exists ? 1ull << osec->p2align : 0);
	}
}

static struct value region_function(const struct expr *expr, struct expr_scope *scope)
{
	const struct region *region = layout_region(scope->link->layout, expr->name);
	if (!region)
		return fail(scope, expr, EXPR_UNDEFINED_REGION);
	return expr->kind == EXPR_ORIGIN ? from_dot(scope, region->origin) : number(region->length);
}

static struct value constant(const struct expr *expr, struct expr_scope *scope)
{
	const struct options *options = scope->link->options;
	if (strcmp(expr->name, "MAXPAGESIZE") == 0)
		return number(options->z.max_page_size);
	if (strcmp(expr->name, "COMMONPAGESIZE") == 0)
		return number(options->z.common_page_size);
	return fail(scope, expr, EXPR_UNKNOWN_CONSTANT);
}

/* -Ttext-segment and its kin, and -Ttext, -Tdata and -Tbss. */
static struct value segment_start(const struct expr *expr, struct expr_scope *scope)
{
	const struct options *options = scope->link->options;
	bool is_text = strcmp(expr->name, "text-segment") == 0;
	if (is_text && options->image_base_given)
		return from_dot(scope, options->image_base);
	if (strcmp(expr->name, "rodata-segment") == 0 && options->rodata_segment_given)
		return from_dot(scope, options->rodata_segment);
	for (uint32_t i = options->section_starts.n; i-- > 0;)
		if (options->section_starts.at[i].name[0] == '.' &&
		    strcmp(options->section_starts.at[i].name + 1, expr->name) == 0)
			return from_dot(scope, options->section_starts.at[i].address);
	struct value otherwise = expr_evaluate(expr->a, scope);
	return otherwise.valid ? from_dot(scope, value_absolute(scope->link->layout, otherwise)) : otherwise;
}

/* ---- operators -------------------------------------------------------------------------------------------- */

static uint64_t log2_ceil(uint64_t value)
{
	uint64_t result = 0;
	while (result < 64 && (result == 0 ? 1 : 1ull << result) < value)
		result++;
	return result;
}

static struct value unary(const struct expr *expr, struct expr_scope *scope)
{
	struct value a = expr_evaluate(expr->a, scope);
	if (expr->op == OP_NEGATE)
		a.number = -a.number;
	else if (expr->op == OP_COMPLEMENT)
		a.number = ~a.number;
	else if (expr->op == OP_NOT)
		a.number = !a.number;
	return a;
}

/* C's INT64_MIN / -1 is no number. */
static uint64_t divide(uint64_t a, uint64_t b, bool remainder)
{
	if (b == UINT64_MAX)
		return remainder ? 0 : -a;
	return remainder ? (uint64_t)((int64_t)a % (int64_t)b) : (uint64_t)((int64_t)a / (int64_t)b);
}

static uint64_t compute(enum expr_op op, uint64_t a, uint64_t b)
{
	switch (op) {
	case OP_MULTIPLY:
		return a * b;
	case OP_DIVIDE:
	case OP_REMAINDER:
		return b ? divide(a, b, op == OP_REMAINDER) : 0;
	case OP_ADD:
		return a + b;
	case OP_SUBTRACT:
		return a - b;
	case OP_SHIFT_LEFT:
		return a << (b & 63);
	case OP_SHIFT_RIGHT:
		return a >> (b & 63);
	case OP_LESS:
		return a < b;
	case OP_LESS_EQUAL:
		return a <= b;
	case OP_GREATER:
		return a > b;
	case OP_GREATER_EQUAL:
		return a >= b;
	case OP_EQUAL:
		return a == b;
	case OP_NOT_EQUAL:
		return a != b;
	case OP_BIT_AND:
		return a & b;
	case OP_BIT_XOR:
		return a ^ b;
	case OP_BIT_OR:
		return a | b;
	case OP_AND:
		return a && b;
	case OP_OR:
		return a || b;
	default:
		return a;
	}
}

/* An expression of literals is a literal. */
static bool is_literal(const struct expr *expr)
{
	switch (expr->kind) {
	case EXPR_NUMBER:
		return true;
	case EXPR_UNARY:
	case EXPR_LOG2CEIL:
		return is_literal(expr->a);
	case EXPR_BINARY:
	case EXPR_MAX:
	case EXPR_MIN:
		return is_literal(expr->a) && is_literal(expr->b);
	case EXPR_CONDITIONAL:
		return is_literal(expr->a) && is_literal(expr->b) && is_literal(expr->c);
	default:
		return false;
	}
}

static bool is_comparison(enum expr_op op)
{
	return (op >= OP_LESS && op <= OP_NOT_EQUAL) || op == OP_AND || op == OP_OR;
}

/* Brings both operands to one section. true: at most one of them was a plain number, so that the result of arithmetic
 * between them is no place in the section any more. */
static bool unite(struct expr_scope *scope, struct value *a, struct value *b)
{
	if (a->section == b->section)
		return true;
	if (a->section != VALUE_NUMBER && b->section != VALUE_NUMBER) {
		make_absolute(scope, b);
		make_absolute(scope, a);
		return true;
	}
	if (b->section == VALUE_NUMBER)
		b->section = a->section;
	return false;
}

static struct value binary(const struct expr *expr, struct expr_scope *scope)
{
	struct value a = expr_evaluate(expr->a, scope), b = expr_evaluate(expr->b, scope);
	if (!a.valid || !b.valid)
		return (struct value){.section = VALUE_NUMBER};
	bool same = unite(scope, &a, &b);
	if ((expr->op == OP_DIVIDE || expr->op == OP_REMAINDER) && b.number == 0)
		return fail(scope, expr, EXPR_DIVISION_BY_ZERO);
	struct value result = {.number = compute(expr->op, a.number, b.number), .section = b.section, .valid = true};
	if (is_comparison(expr->op))
		result.section = is_literal(expr) ? literal(scope, 0).section : VALUE_NUMBER;
	else if (same)
		result.section = literal(scope, 0).section;
	return result;
}

/* MAX, MIN and ALIGN of two values: one of them, or one made from the first, in the section both agree on. */
static struct value choose(const struct expr *expr, struct expr_scope *scope)
{
	struct value a = expr_evaluate(expr->a, scope), b = expr_evaluate(expr->b, scope);
	if (!a.valid || !b.valid)
		return (struct value){.section = VALUE_NUMBER};
	unite(scope, &a, &b);
	struct value result = b;
	if (expr->kind == EXPR_ALIGN)
		result.number = align_any(a.number, b.number);
	else if ((a.number > b.number) == (expr->kind == EXPR_MAX))
		result.number = a.number;
	return result;
}

/* ---- DATA_SEGMENT_* (GNU ld manual, "Builtin Functions") --------------------------------------------------- */

static struct value segment_align(const struct expr *expr, struct expr_scope *scope)
{
	struct value maximum = expr_evaluate(expr->a, scope), common = expr_evaluate(expr->b, scope);
	if (scope->section != VALUE_ABSOLUTE)
		return fail(scope, expr, EXPR_NOT_HERE);
	struct data_segment *segment = &scope->link->layout->data_segment;
	uint64_t page = maximum.number ? maximum.number : 1;
	segment->page = page;
	segment->common = common.number ? common.number : 1;
	segment->first = align_any(scope->dot, page);
	segment->seen = true;
	if (scope->link->options->z.relro)
		segment->base = segment->first + segment->shift;
	else if (!segment->packs)
		segment->base = segment->first + (scope->dot & (page - 1));
	else
		segment->base = segment->first + (segment->common < page
			? (scope->dot + segment->common - 1) & (page - segment->common) : 0);
	return absolute(segment->base);
}

static struct value segment_relro_end(const struct expr *expr, struct expr_scope *scope)
{
	struct value offset = expr_evaluate(expr->a, scope), end = expr_evaluate(expr->b, scope);
	if (scope->section != VALUE_ABSOLUTE)
		return fail(scope, expr, EXPR_NOT_HERE);
	struct data_segment *segment = &scope->link->layout->data_segment;
	if (!segment->seen || !scope->link->options->z.relro)
		return end;
	uint64_t address = value_absolute(scope->link->layout, end);
	segment->offset = offset.number;
	segment->unpadded_end = address + offset.number;
	segment->relro_end = align_any(segment->unpadded_end, segment->page);
	scope->from_dot = false;
	return absolute(segment->relro_end - offset.number);
}

/* ---- everything ------------------------------------------------------------------------------------------- */

struct value expr_evaluate(const struct expr *expr, struct expr_scope *scope)
{
	struct value a;
	switch (expr->kind) {
	case EXPR_NUMBER:
		return literal(scope, expr->number);
	case EXPR_DOT:
		return from_dot(scope, scope->dot);
	case EXPR_SYMBOL:
		return symbol_value(expr, scope);
	case EXPR_UNARY:
		return unary(expr, scope);
	case EXPR_BINARY:
		return binary(expr, scope);
	case EXPR_CONDITIONAL:
		a = expr_evaluate(expr->a, scope);
		return a.valid ? expr_evaluate(a.number ? expr->b : expr->c, scope) : a;
	case EXPR_ADDR:
	case EXPR_LOADADDR:
	case EXPR_ALIGNOF:
	case EXPR_SIZEOF:
		return section_function(expr, scope);
	case EXPR_ORIGIN:
	case EXPR_LENGTH:
		return region_function(expr, scope);
	case EXPR_ABSOLUTE:
		a = expr_evaluate(expr->a, scope);
		if (a.valid)
			make_absolute(scope, &a);
		return a;
	case EXPR_ALIGN:
		if (!expr_aligns_dot(expr))
			return choose(expr, scope);
		a = expr_evaluate(expr->b, scope);
		return a.valid ? from_dot(scope, align_any(scope->dot, a.number)) : a;
	case EXPR_NEXT:
		a = expr_evaluate(expr->a, scope);
		if (a.valid)
			make_absolute(scope, &a);
		a.number = align_any(scope->dot, a.number);
		return a;
	case EXPR_MAX:
	case EXPR_MIN:
		return choose(expr, scope);
	case EXPR_LOG2CEIL:
		a = expr_evaluate(expr->a, scope);
		if (!a.valid)
			return a;
		return is_literal(expr) ? literal(scope, log2_ceil(a.number)) : number(log2_ceil(a.number));
	case EXPR_DATA_SEGMENT_ALIGN:
		return segment_align(expr, scope);
	case EXPR_DATA_SEGMENT_RELRO_END:
		return segment_relro_end(expr, scope);
	case EXPR_DATA_SEGMENT_END:
		a = expr_evaluate(expr->a, scope);
		scope->link->layout->data_segment.end = value_absolute(scope->link->layout, a);
		return a;
	case EXPR_SEGMENT_START:
		return segment_start(expr, scope);
	case EXPR_ASSERT:
		a = expr_evaluate(expr->a, scope);
		scope->failed_assert |= a.valid && a.number == 0;
		return from_dot(scope, scope->dot);
	case EXPR_DEFINED:
		return number(is_defined(scope, expr->name));
	case EXPR_CONSTANT:
		return constant(expr, scope);
	case EXPR_SIZEOF_HEADERS:
		scope->link->layout->headers_asked = true;
		return number(scope->link->layout->marking ? 0 : scope->link->layout->headers_size);
	}
	return (struct value){.section = VALUE_NUMBER};
}

/* ---- forms ------------------------------------------------------------------------------------------------ */

static bool is_zero(const struct expr *expr, const struct link *link)
{
	if (expr->kind == EXPR_NUMBER)
		return expr->number == 0;
	if (expr->kind != EXPR_SYMBOL)
		return false;
	struct expr_scope scope = {.link = link, .section = VALUE_ABSOLUTE};
	struct value value = expr_evaluate(expr, &scope);
	return value.valid && value.section == VALUE_ABSOLUTE && value.number == 0;
}

bool expr_keeps_empty(const struct expr *expr, const struct link *link)
{
	if (is_zero(expr, link))
		return true;
	if (expr->kind == EXPR_BINARY && expr->op == OP_ADD)
		return expr->a->kind == EXPR_DOT && is_zero(expr->b, link);
	if (!expr_aligns_dot(expr) || expr->b->kind != EXPR_CONDITIONAL)
		return false;
	const struct expr *test = expr->b->a, *otherwise = expr->b->c;
	return test->kind == EXPR_BINARY && test->op == OP_NOT_EQUAL && test->a->kind == EXPR_DOT &&
	       test->b->kind == EXPR_NUMBER && test->b->number == 0 && otherwise->kind == EXPR_NUMBER &&
	       otherwise->number == 1;
}
