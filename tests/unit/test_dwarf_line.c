/* dwarf/line.h: line tables written here by hand. What compilers write is in story/error-source-lines.sh. */
#include "dwarf/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Sections and symbols of the object that the tables belong to. */
enum { TEXT = 1, COLD = 2, LINE_STR = 3 };
enum { TEXT_SYMBOL = 1, F_SYMBOL, ABSOLUTE_SYMBOL, LINE_STR_SYMBOL, N_SYMBOLS };

static const struct elf_sym syms[N_SYMBOLS] = {
	[TEXT_SYMBOL] = {.st_info = STT_SECTION, .st_shndx = TEXT},
	[F_SYMBOL] = {.st_info = STT_FUNC, .st_shndx = COLD, .st_value = 0x100},
	[ABSOLUTE_SYMBOL] = {.st_shndx = SHN_ABS, .st_value = 0x10},
	[LINE_STR_SYMBOL] = {.st_info = STT_SECTION, .st_shndx = LINE_STR},
};
static const struct elf_symtab symtab = {.syms = syms, .n = N_SYMBOLS, .strtab = "", .strtab_size = 1};

/* A .debug_line under construction. */
struct table {
	size_t n, unit, header;   /* bytes; where the unit and where its header (behind header_length) begin */
	uint32_t n_relas;
	bool is_64_bit;
	struct elf_rela relas[16];
	uint8_t bytes[1024];
};

#define PUT(table, ...) put(table, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void put(struct table *table, const void *bytes, size_t n)
{
	assert_true(table->n + n <= sizeof(table->bytes));
	memcpy(table->bytes + table->n, bytes, n);
	table->n += n;
}

static void put_string(struct table *table, const char *text)
{
	put(table, text, strlen(text) + 1);
}

static void put_number(struct table *table, uint64_t value, size_t size)
{
	put(table, &value, size);
}

static void put_relocated(struct table *table, uint32_t type, uint32_t symbol, int64_t addend, size_t size)
{
	table->relas[table->n_relas++] =
		(struct elf_rela){.r_offset = table->n, .r_type = type, .r_sym = symbol, .r_addend = addend};
	put_number(table, 0, size);
}

/* Opcodes. Special ones: line advances by (opcode - 13) % 14 - 5, address by (opcode - 13) / 14. */
static uint8_t special(int line, int address)
{
	return (uint8_t)(13 + line + 5 + 14 * address);
}

static void put_address(struct table *table, uint32_t symbol, int64_t addend)
{
	PUT(table, 0, 9, 2);
	put_relocated(table, R_X86_64_64, symbol, addend, 8);
}

static void put_end(struct table *table, uint8_t advance)
{
	PUT(table, 2, advance, 0, 1, 1);
}

/* The head of a unit, up to its tables. */
static void begin_unit(struct table *table, uint16_t version)
{
	table->unit = table->n;
	if (table->is_64_bit)
		put_number(table, 0xffffffff, 4);
	put_number(table, 0, table->is_64_bit ? 8 : 4);
	put_number(table, version, 2);
	if (version >= 5)
		PUT(table, 8, 0);
	put_number(table, 0, table->is_64_bit ? 8 : 4);
	table->header = table->n;
	PUT(table, 1);
	if (version >= 4)
		PUT(table, 1);
	PUT(table, 1, (uint8_t)-5, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1);
}

static void begin_program(struct table *table)
{
	uint64_t length = table->n - table->header;
	memcpy(table->bytes + table->header - (table->is_64_bit ? 8 : 4), &length, table->is_64_bit ? 8 : 4);
}

static void end_unit(struct table *table)
{
	size_t start = table->unit + (table->is_64_bit ? 12 : 4);
	uint64_t length = table->n - start;
	memcpy(table->bytes + start - (table->is_64_bit ? 8 : 4), &length, table->is_64_bit ? 8 : 4);
}

/* sub/a.c and b.c */
static void put_names_v2(struct table *table)
{
	put_string(table, "sub");
	PUT(table, 0);
	put_string(table, "a.c");
	PUT(table, 1, 0, 0);
	put_string(table, "b.c");
	PUT(table, 0, 0, 0);
	PUT(table, 0);
}

/* In section `symbol`: line 1 at 0, 3 at 4, 2 at 9, until 16. */
static void put_program(struct table *table, uint32_t symbol)
{
	put_address(table, symbol, 0);
	PUT(table, 5, 7, 1);
	PUT(table, special(2, 4));
	PUT(table, 5, 9, special(-1, 5));
	put_end(table, 7);
}

static void put_unit_v2(struct table *table, uint16_t version)
{
	begin_unit(table, version);
	put_names_v2(table);
	begin_program(table);
	put_program(table, TEXT_SYMBOL);
	end_unit(table);
}

static const char strings[] = "?\0/build\0sub\0a.c\0b.c";
static const struct bytes line_str = {(const uint8_t *)strings, sizeof(strings)};

static bool find_with(const struct table *table, struct bytes names, uint32_t section, uint64_t offset,
		      struct dwarf_line *out)
{
	/* A copy of its own size, for the address sanitizer. */
	uint8_t *bytes = malloc(table->n ? table->n : 1);
	assert_non_null(bytes);
	memcpy(bytes, table->bytes, table->n);
	struct dwarf_line_input input = {
		.line = {bytes, table->n},
		.line_str = names,
		.str = names,
		.relas = {table->relas, table->n_relas},
		.symtab = &symtab,
	};
	bool found = dwarf_line_find(&input, section, offset, out);
	static char text[256]; /* out must not point into what is freed */
	if (found) {
		assert_true(out->file.len != 0 && out->dir.len + out->file.len < sizeof(text));
		memcpy(text, out->dir.at, out->dir.len);
		memcpy(text + out->dir.len, out->file.at, out->file.len);
		out->file.at = text + out->dir.len;
		out->dir.at = text;
	}
	free(bytes);
	return found;
}

static void expect(const struct table *table, uint32_t section, uint64_t offset, const char *dir, const char *file,
		   uint32_t line)
{
	struct dwarf_line found;
	if (!find_with(table, line_str, section, offset, &found))
		fail_msg("section %u, offset %llu: nothing found", section, (unsigned long long)offset);
	assert_int_equal(found.dir.len, strlen(dir));
	assert_memory_equal(found.dir.at, dir, found.dir.len);
	assert_int_equal(found.file.len, strlen(file));
	assert_memory_equal(found.file.at, file, found.file.len);
	assert_int_equal(found.line, line);
}

static void expect_nothing(const struct table *table, uint32_t section, uint64_t offset)
{
	struct dwarf_line found;
	assert_false(find_with(table, line_str, section, offset, &found));
}

static void a_row_reaches_to_the_next_one(void **state)
{
	(void)state;
	for (uint16_t version = 2; version <= 4; version++) {
		struct table table = {0};
		put_unit_v2(&table, version);
		static const uint32_t lines[16] = {1, 1, 1, 1, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2};
		for (uint64_t offset = 0; offset < 16; offset++)
			expect(&table, TEXT, offset, "sub", "a.c", lines[offset]);
		expect_nothing(&table, TEXT, 16);
		expect_nothing(&table, COLD, 0);
		expect_nothing(&table, 0, 0);
		struct dwarf_line line;
		assert_true(find_with(&table, line_str, TEXT, 5, &line));
		assert_int_equal(line.column, 7);
	}
}

static void the_last_of_several_rows_at_one_address_counts(void **state)
{
	(void)state;
	struct table table = {0};
	begin_unit(&table, 4);
	put_names_v2(&table);
	begin_program(&table);
	put_address(&table, TEXT_SYMBOL, 0);
	PUT(&table, 1, special(4, 0), special(2, 0));
	put_end(&table, 1);
	end_unit(&table);
	expect(&table, TEXT, 0, "sub", "a.c", 7);
}

static void every_opcode_is_understood(void **state)
{
	(void)state;
	struct table table = {0};
	begin_unit(&table, 4);
	put_names_v2(&table);
	begin_program(&table);
	put_address(&table, TEXT_SYMBOL, 0x20);
	PUT(&table, 3, 0xe4, 0, 1);             /* advance_line 100: line 101 at 0x20 */
	PUT(&table, 4, 2, 3, 0x7f, 8, 1);       /* set_file b.c, line - 1, const_add_pc 17: line 100 at 0x31 */
	PUT(&table, 6, 7, 10, 11, 12, 0x81, 0); /* flags, set_isa */
	PUT(&table, 9, 0x00, 0x01, 1);          /* fixed_advance_pc 256: at 0x131 */
	PUT(&table, 0, 2, 4, 5, 0, 0, 0, 4, 0x80, 1, 2, 3); /* discriminator, an empty and an unknown extended one */
	PUT(&table, 4, 1, 3, 0x9c, 0x7f, 2, 0x80, 1, 1); /* set_file a.c, line - 100 (0), advance_pc 128: at 0x1b1 */
	put_end(&table, 1);
	end_unit(&table);
	expect_nothing(&table, TEXT, 0x1f);
	expect(&table, TEXT, 0x20, "sub", "a.c", 101);
	expect(&table, TEXT, 0x31, "", "b.c", 100);
	expect(&table, TEXT, 0x1b0, "", "b.c", 100);
	expect(&table, TEXT, 0x1b1, "sub", "a.c", 0);
	expect_nothing(&table, TEXT, 0x1b2);
}

static void opcodes_of_the_future_are_skipped(void **state)
{
	(void)state;
	struct table table = {0};
	begin_unit(&table, 4);
	size_t opcode_base = table.n - 13; /* one opcode more: 13, with 2 operands */
	table.bytes[opcode_base] = 14;
	PUT(&table, 2);
	put_names_v2(&table);
	begin_program(&table);
	put_address(&table, TEXT_SYMBOL, 0);
	PUT(&table, 13, 0x81, 0x82, 3, 4, 1);
	put_end(&table, 1);
	end_unit(&table);
	expect(&table, TEXT, 0, "sub", "a.c", 1);
}

static void sections_are_told_apart(void **state)
{
	(void)state;
	struct table table = {0};
	begin_unit(&table, 4);
	put_names_v2(&table);
	begin_program(&table);
	put_program(&table, TEXT_SYMBOL);
	PUT(&table, 3, 40);
	put_program(&table, F_SYMBOL);
	PUT(&table, 3, 50);
	put_program(&table, ABSOLUTE_SYMBOL);
	end_unit(&table);
	expect(&table, TEXT, 0, "sub", "a.c", 1);
	expect(&table, COLD, 0x104, "sub", "a.c", 43);
	expect_nothing(&table, COLD, 0);
	expect_nothing(&table, TEXT, 0x10);
	expect_nothing(&table, SHN_ABS, 0x14);
}

/* The program in a unit of version 5. Its files: sub/a.c; b.c in the compilation directory; one whose name is beyond
 * .debug_line_str; a.c in a directory that does not exist. */
static void put_unit_v5(struct table *table, uint32_t symbol, uint8_t file)
{
	begin_unit(table, 5);
	PUT(table, 1, 1, 0x1f, 2);
	put_relocated(table, R_X86_64_32, LINE_STR_SYMBOL, 2, table->is_64_bit ? 8 : 4);
	put_relocated(table, R_X86_64_32, LINE_STR_SYMBOL, 9, table->is_64_bit ? 8 : 4);
	/* MD5, directory, path as strp, a vendor's block */
	PUT(table, 4, 5, 0x1e, 2, 0x0b, 1, 0x0e, 0x81, 0x40, 0x09, 4);
	static const struct {
		uint8_t directory, name;
	} files[] = {{1, 13}, {0, 17}, {0, 200}, {7, 13}};
	for (size_t i = 0; i < COUNTOF(files); i++) {
		put_number(table, 0, 8);
		put_number(table, 0, 8);
		PUT(table, files[i].directory);
		put_relocated(table, R_X86_64_32, LINE_STR_SYMBOL, files[i].name, table->is_64_bit ? 8 : 4);
		PUT(table, 2, 0xff, 0xff);
	}
	begin_program(table);
	PUT(table, 4, file);
	put_program(table, symbol);
	end_unit(table);
}

static void names_of_version_5_are_relocated_offsets(void **state)
{
	(void)state;
	for (int is_64_bit = 0; is_64_bit <= 1; is_64_bit++) {
		struct table table = {.is_64_bit = is_64_bit};
		put_unit_v5(&table, TEXT_SYMBOL, 0);
		put_unit_v5(&table, F_SYMBOL, 1);
		expect(&table, TEXT, 4, "sub", "a.c", 3);
		expect(&table, COLD, 0x104, "", "b.c", 3);
		expect_nothing(&table, TEXT, 16);
		for (uint8_t file = 2; file <= 4; file += 2) {
			table.n = table.n_relas = 0;
			put_unit_v5(&table, TEXT_SYMBOL, file);
			expect_nothing(&table, TEXT, 4);
		}
		table.n = table.n_relas = 0; /* a directory that is not there */
		put_unit_v5(&table, TEXT_SYMBOL, 3);
		expect(&table, TEXT, 4, "", "a.c", 3);
	}
}

static void names_of_version_5_may_be_in_place(void **state)
{
	(void)state;
	struct table table = {0};
	begin_unit(&table, 5);
	PUT(&table, 1, 1, 0x08, 2);
	put_string(&table, "/build");
	put_string(&table, "/usr/include");
	PUT(&table, 2, 1, 0x08, 2, 0x0f, 2);
	put_string(&table, "/abs/x.h");
	PUT(&table, 1);
	put_string(&table, "x.h");
	PUT(&table, 1);
	begin_program(&table);
	PUT(&table, 4, 0);
	put_program(&table, TEXT_SYMBOL);
	put_program(&table, F_SYMBOL);
	end_unit(&table);
	expect(&table, TEXT, 0, "", "/abs/x.h", 1);
	expect(&table, COLD, 0x100, "/usr/include", "x.h", 1);
}

static void the_64_bit_form_is_accepted(void **state)
{
	(void)state;
	struct table table = {.is_64_bit = true};
	put_unit_v2(&table, 3);
	expect(&table, TEXT, 4, "sub", "a.c", 3);
}

static void strange_units_are_passed_over(void **state)
{
	(void)state;
	static const struct {
		size_t place; /* in a version 4 unit */
		uint8_t value;
		const char *what;
	} damage[] = {
		{4, 1, "version 1"}, {4, 6, "version 6"}, {6, 0xff, "header_length"}, {14, 0, "line_range 0"},
		{15, 0, "opcode_base 0"}, {15, 255, "opcode_base beyond the header"},
	};
	for (size_t i = 0; i < COUNTOF(damage); i++) {
		struct table table = {0};
		put_unit_v2(&table, 4);
		assert_int_equal(table.bytes[14], 14);
		assert_int_equal(table.bytes[15], 13);
		table.bytes[damage[i].place] = damage[i].value;
		struct dwarf_line line;
		if (find_with(&table, line_str, TEXT, 0, &line))
			fail_msg("%s: a line was found", damage[i].what);
		put_unit_v2(&table, 3);
		expect(&table, TEXT, 0, "sub", "a.c", 1);
	}
}

static void bad_lengths_end_the_table(void **state)
{
	(void)state;
	static const uint32_t lengths[] = {0xfffffff0, 0xfffffffe, 0xffffffff, 0x7fffffff, 100000};
	for (size_t i = 0; i < COUNTOF(lengths); i++) {
		struct table table = {0};
		put_unit_v2(&table, 4);
		memcpy(table.bytes, &lengths[i], 4);
		expect_nothing(&table, TEXT, 0);
	}
	struct table zeros = {.n = 100};
	expect_nothing(&zeros, TEXT, 0);
	struct table nothing = {0};
	expect_nothing(&nothing, TEXT, 0);
}

/* Neither a crash nor a name that is not there: cut at every byte, and with the unit's length made to fit. */
static void cut_tables_are_safe(void **state)
{
	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		struct table whole = {.is_64_bit = kind == 2};
		if (kind == 0)
			put_unit_v2(&whole, 4);
		else
			put_unit_v5(&whole, TEXT_SYMBOL, 0);
		for (size_t n = whole.is_64_bit ? 12 : 4; n < whole.n; n++) {
			struct table cut = whole;
			cut.n = n;
			expect_nothing(&cut, TEXT, 12);
			end_unit(&cut);
			expect_nothing(&cut, TEXT, 12);
		}
		expect(&whole, TEXT, 12, "sub", "a.c", 2);
	}
}

/* A header_length that ends inside the tables. */
static void tables_end_with_the_header(void **state)
{
	(void)state;
	struct table table = {0};
	begin_unit(&table, 4);
	put_string(&table, "sub");
	PUT(&table, 0, 'a');
	begin_program(&table);
	PUT(&table, 0, 3, 9, 1, 1); /* would go on "a", 3, 9 */
	put_program(&table, TEXT_SYMBOL);
	end_unit(&table);
	expect_nothing(&table, TEXT, 0);
}

static void files_and_symbols_that_do_not_exist_are_none(void **state)
{
	(void)state;
	struct table table = {0};
	begin_unit(&table, 4);
	put_names_v2(&table);
	begin_program(&table);
	PUT(&table, 4, 3);
	put_program(&table, TEXT_SYMBOL);
	PUT(&table, 4, 0);
	put_program(&table, F_SYMBOL);
	end_unit(&table);
	expect_nothing(&table, TEXT, 0);
	expect_nothing(&table, COLD, 0x100);

	table.n = table.n_relas = 0;
	put_unit_v2(&table, 4);
	table.relas[0].r_sym = N_SYMBOLS;
	expect_nothing(&table, TEXT, 0);
	table.relas[0].r_sym = TEXT_SYMBOL;
	table.relas[0].r_type = R_X86_64_NONE;
	expect_nothing(&table, TEXT, 0);
	table.relas[0].r_type = R_X86_64_64;
	expect(&table, TEXT, 0, "sub", "a.c", 1);
	table.n_relas = 0;
	expect_nothing(&table, TEXT, 0);
}

static void endless_lists_end(void **state)
{
	(void)state;
	struct table table = {0};
	begin_unit(&table, 5);
	PUT(&table, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f); /* 2^63 directories without columns */
	begin_program(&table);
	put_program(&table, TEXT_SYMBOL);
	end_unit(&table);
	expect_nothing(&table, TEXT, 0);

	table.n = table.n_relas = 0;
	begin_unit(&table, 5);
	PUT(&table, 1, 1, 0x19, 0xff, 0xff, 0x7f); /* DW_FORM_flag_present takes no bytes */
	begin_program(&table);
	put_program(&table, TEXT_SYMBOL);
	end_unit(&table);
	expect_nothing(&table, TEXT, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_reaches_to_the_next_one),
		cmocka_unit_test(the_last_of_several_rows_at_one_address_counts),
		cmocka_unit_test(every_opcode_is_understood),
		cmocka_unit_test(opcodes_of_the_future_are_skipped),
		cmocka_unit_test(sections_are_told_apart),
		cmocka_unit_test(names_of_version_5_are_relocated_offsets),
		cmocka_unit_test(names_of_version_5_may_be_in_place),
		cmocka_unit_test(the_64_bit_form_is_accepted),
		cmocka_unit_test(strange_units_are_passed_over),
		cmocka_unit_test(bad_lengths_end_the_table),
		cmocka_unit_test(cut_tables_are_safe),
		cmocka_unit_test(tables_end_with_the_header),
		cmocka_unit_test(files_and_symbols_that_do_not_exist_are_none),
		cmocka_unit_test(endless_lists_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
