/* Values of expressions: what they are relative to, signs, functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ld/layout/expr.h"
#include "ld/script/parse.h"

enum { TEXT_SECTION = 1, DATA_SECTION = 2 };
enum { TEXT_ADDRESS = 0x1000, DATA_ADDRESS = 0x4000, DATA_LMA = 0x8000, DOT = 0x1234 };

/* A layout with .text at 0x1000 and .data at 0x4000, and no symbols. */
struct world {
	struct link link;
	struct options options;
	struct diag diag;
	struct arena arena;
};

static void begin(struct world *world)
{
	memset(world, 0, sizeof(*world));
	diag_init(&world->diag);
	world->options.z.max_page_size = 0x1000;
	world->options.z.common_page_size = 0x1000;
	world->link.options = &world->options;
	world->link.diag = &world->diag;
	struct layout *layout = layout_new(&world->link);
	layout_osec(layout, ".text", RANK_TEXT);
	layout_osec(layout, ".data", RANK_DATA);
	layout->osecs.at[TEXT_SECTION].addr = layout->osecs.at[TEXT_SECTION].lma = TEXT_ADDRESS;
	layout->osecs.at[TEXT_SECTION].size = 0x345;
	layout->osecs.at[TEXT_SECTION].p2align = 4;
	layout->osecs.at[TEXT_SECTION].index = 1;
	layout->osecs.at[DATA_SECTION].addr = DATA_ADDRESS;
	layout->osecs.at[DATA_SECTION].lma = DATA_LMA;
	layout->headers_size = 0xb0;
}

static void end(struct world *world)
{
	layout_free(&world->link);
	diag_free(&world->diag);
	arena_free(&world->arena);
}

static struct value evaluate(struct world *world, const char *text, struct expr_scope *scope)
{
	struct script_text *script = arena_new(&world->arena, struct script_text);
	*script = (struct script_text){"test", {(const uint8_t *)text, strlen(text)}};
	const struct expr *expr = script_parse_expr(script, &world->arena, &world->diag);
	if (!expr)
		fail_msg("%s: does not parse", text);
	scope->link = &world->link;
	scope->dot = DOT;
	return expr_evaluate(expr, scope);
}

/* In the section: "number" for what says nothing about places, "absolute", or the number of the section. */
static void check(uint32_t section, const char *text, uint64_t number, uint32_t wanted)
{
	struct world world;
	begin(&world);
	struct expr_scope scope = {.section = section};
	struct value value = evaluate(&world, text, &scope);
	if (!value.valid || value.number != number || value.section != wanted)
		fail_msg("%s in %u: got %#llx in %#x%s, wanted %#llx in %#x", text, section,
			 (unsigned long long)value.number, value.section, value.valid ? "" : " (invalid)",
			 (unsigned long long)number, wanted);
	end(&world);
}

static void arithmetic_is_that_of_gnu_ld(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t value;
	} cases[] = {
		{"-7 / 2", (uint64_t)-3}, {"-7 % 3", (uint64_t)-1}, {"-1 < 1", 0}, {"-8 >> 1", 0x7ffffffffffffffc},
		{"1 << 65", 2}, {"2 + 3 * 4", 14}, {"(2 + 3) * 4", 20}, {"1 ? 2 : 3 ? 4 : 5", 2}, {"!0 + !5", 1},
		{"~0", UINT64_MAX}, {"1 | 6 ^ 3 & 2", 5}, {"1 && 0 || 3", 1}, {"010", 8}, {"2K + 1M", 0x100800},
		{"5 == 5", 1}, {"0x8000000000000000 / -1", 0x8000000000000000}, {"0x8000000000000000 % -1", 0},
		{"MAX(3, 7) + MIN(3, 7)", 10}, {"LOG2CEIL(0)", 0}, {"LOG2CEIL(9)", 4}, {"ALIGN(10, 3)", 12},
	};
	for (unsigned i = 0; i < COUNTOF(cases); i++) {
		struct world world;
		begin(&world);
		struct expr_scope scope = {.section = VALUE_ABSOLUTE};
		struct value value = evaluate(&world, cases[i].text, &scope);
		if (!value.valid || value.number != cases[i].value)
			fail_msg("%s: got %#llx, wanted %#llx", cases[i].text, (unsigned long long)value.number,
				 (unsigned long long)cases[i].value);
		end(&world);
	}
}

static void numbers_are_absolute_outside(void **state)
{
	(void)state;
	check(VALUE_ABSOLUTE, "5", 5, VALUE_ABSOLUTE);
	check(TEXT_SECTION, "5", 5, VALUE_NUMBER);
	check(VALUE_ABSOLUTE, "ADDR(.text)", 0, TEXT_SECTION);
	check(VALUE_ABSOLUTE, "ADDR(.text) + 4", TEXT_ADDRESS + 4, VALUE_ABSOLUTE);
	check(TEXT_SECTION, "ADDR(.text) + 4", 4, TEXT_SECTION);
	check(VALUE_ABSOLUTE, "ADDR(.text) + SIZEOF(.text)", 0x345, TEXT_SECTION);
	check(VALUE_ABSOLUTE, "ADDR(.data) - ADDR(.text)", DATA_ADDRESS - TEXT_ADDRESS, VALUE_ABSOLUTE);
	check(TEXT_SECTION, "ADDR(.data) - ADDR(.text)", DATA_ADDRESS - TEXT_ADDRESS, VALUE_NUMBER);
	check(TEXT_SECTION, "ADDR(.data) - ADDR(.data)", 0, VALUE_NUMBER);
	check(VALUE_ABSOLUTE, "ABSOLUTE(ADDR(.data))", DATA_ADDRESS, VALUE_ABSOLUTE);
	check(VALUE_ABSOLUTE, "-ADDR(.data)", 0, DATA_SECTION);
	check(VALUE_ABSOLUTE, "ADDR(.text) < ADDR(.data)", 1, VALUE_NUMBER);
	check(VALUE_ABSOLUTE, "MAX(ADDR(.text), ADDR(.data))", DATA_ADDRESS, VALUE_ABSOLUTE);
}

static void sane_expressions_keep_numbers_numbers(void **state)
{
	struct world world;
	(void)state;
	begin(&world);
	struct expr_scope scope = {.section = VALUE_ABSOLUTE, .sane = true};
	struct value value = evaluate(&world, "ADDR(.text) + 4", &scope);
	assert_true(value.valid && value.section == TEXT_SECTION && value.number == 4);
	end(&world);
}

static void the_location_counter(void **state)
{
	(void)state;
	check(TEXT_SECTION, ".", DOT - TEXT_ADDRESS, TEXT_SECTION);
	check(TEXT_SECTION, "ALIGN(0x100)", 0x1300 - TEXT_ADDRESS, TEXT_SECTION);
	check(TEXT_SECTION, "ALIGN(., 0x30)", 0x240, TEXT_SECTION); /* the distance is aligned */
	check(VALUE_ABSOLUTE, "NEXT(0x100)", 0x1300, VALUE_ABSOLUTE);
	static const struct {
		const char *text;
		bool from_dot;
	} cases[] = {
		{".", true},  {". + 4", true}, {"ALIGN(8)", true}, {"ABSOLUTE(.)", false}, {". - ADDR(.text)", false},
		{"7", false},
	};
	for (unsigned i = 0; i < COUNTOF(cases); i++) {
		struct world world;
		begin(&world);
		struct expr_scope scope = {.section = VALUE_ABSOLUTE};
		evaluate(&world, cases[i].text, &scope);
		if (scope.from_dot != cases[i].from_dot)
			fail_msg("%s: from_dot is %d", cases[i].text, scope.from_dot);
		end(&world);
	}
}

static void functions_of_sections(void **state)
{
	(void)state;
	check(VALUE_ABSOLUTE, "SIZEOF(.text)", 0x345, VALUE_NUMBER);
	check(VALUE_ABSOLUTE, "ALIGNOF(.text)", 16, VALUE_NUMBER);
	check(VALUE_ABSOLUTE, "LOADADDR(.data)", DATA_LMA, VALUE_ABSOLUTE);
	check(VALUE_ABSOLUTE, "SIZEOF_HEADERS", 0xb0, VALUE_NUMBER);
	check(VALUE_ABSOLUTE, "SIZEOF(.nothing)", 0, VALUE_NUMBER);
	check(VALUE_ABSOLUTE, "CONSTANT(MAXPAGESIZE)", 0x1000, VALUE_NUMBER);
}

static void problems_are_data(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum expr_problem problem;
	} cases[] = {
		{"1 / 0", EXPR_DIVISION_BY_ZERO},
		{"1 % (2 - 2)", EXPR_DIVISION_BY_ZERO},
		{"ADDR(.nothing)", EXPR_UNDEFINED_SECTION},
		{"ORIGIN(rom)", EXPR_UNDEFINED_REGION},
		{"1 ? 4 : 1 / 0", EXPR_FINE},
	};
	for (unsigned i = 0; i < COUNTOF(cases); i++) {
		struct world world;
		begin(&world);
		struct expr_scope scope = {.section = VALUE_ABSOLUTE};
		struct value value = evaluate(&world, cases[i].text, &scope);
		if (scope.problem != cases[i].problem || value.valid != (cases[i].problem == EXPR_FINE))
			fail_msg("%s: problem %d", cases[i].text, scope.problem);
		end(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic_is_that_of_gnu_ld),
		cmocka_unit_test(numbers_are_absolute_outside),
		cmocka_unit_test(sane_expressions_keep_numbers_numbers),
		cmocka_unit_test(the_location_counter),
		cmocka_unit_test(functions_of_sections),
		cmocka_unit_test(problems_are_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
