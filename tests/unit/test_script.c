/* The parser of linker scripts: each construct's tree, printed in a short form of its own; errors; GNU ld's scripts. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ld/script/parse.h"

/* ---- the tree as text ------------------------------------------------------------------------------------ */

static char printed[8192];
static size_t used;

__attribute__((format(printf, 1, 2))) static void put(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	used += (size_t)vsnprintf(printed + used, sizeof(printed) - used, format, args);
	va_end(args);
	assert_true(used < sizeof(printed));
}

static const char *const op_names[] = {
	[OP_PLUS] = "+", [OP_NEGATE] = "-", [OP_COMPLEMENT] = "~", [OP_NOT] = "!", [OP_MULTIPLY] = "*",
	[OP_DIVIDE] = "/", [OP_REMAINDER] = "%", [OP_ADD] = "+", [OP_SUBTRACT] = "-", [OP_SHIFT_LEFT] = "<<",
	[OP_SHIFT_RIGHT] = ">>", [OP_LESS] = "<", [OP_LESS_EQUAL] = "<=", [OP_GREATER] = ">",
	[OP_GREATER_EQUAL] = ">=", [OP_EQUAL] = "==", [OP_NOT_EQUAL] = "!=", [OP_BIT_AND] = "&", [OP_BIT_XOR] = "^",
	[OP_BIT_OR] = "|", [OP_AND] = "&&", [OP_OR] = "||",
};

static const char *const function_names[] = {
	[EXPR_ADDR] = "addr", [EXPR_LOADADDR] = "loadaddr", [EXPR_ALIGNOF] = "alignof", [EXPR_SIZEOF] = "sizeof",
	[EXPR_ORIGIN] = "origin", [EXPR_LENGTH] = "length", [EXPR_ABSOLUTE] = "absolute", [EXPR_ALIGN] = "align",
	[EXPR_NEXT] = "next", [EXPR_MAX] = "max", [EXPR_MIN] = "min", [EXPR_LOG2CEIL] = "log2ceil",
	[EXPR_DATA_SEGMENT_ALIGN] = "dsalign", [EXPR_DATA_SEGMENT_RELRO_END] = "dsrelro",
	[EXPR_DATA_SEGMENT_END] = "dsend", [EXPR_SEGMENT_START] = "segstart", [EXPR_ASSERT] = "assert",
	[EXPR_DEFINED] = "defined", [EXPR_CONSTANT] = "constant",
};

static void put_expr(const struct expr *expr)
{
	if (!expr)
		return;
	switch (expr->kind) {
	case EXPR_NUMBER:
		put("%llu", (unsigned long long)expr->number);
		if (expr->hex_digits)
			put("x%u", expr->hex_digits);
		return;
	case EXPR_DOT:
		put(".");
		return;
	case EXPR_SYMBOL:
		put("%s", expr->name);
		return;
	case EXPR_UNARY:
		put("(%s ", op_names[expr->op]);
		break;
	case EXPR_BINARY:
		put("(%s ", op_names[expr->op]);
		break;
	case EXPR_CONDITIONAL:
		put("(? ");
		break;
	case EXPR_SIZEOF_HEADERS:
		put("headers");
		return;
	default:
		put("(%s", function_names[expr->kind]);
		if (expr->name)
			put(" '%s'", expr->name);
		if (expr->a)
			put(" ");
		break;
	}
	put_expr(expr->a);
	if (expr->b)
		put(" ");
	put_expr(expr->b);
	if (expr->c)
		put(" ");
	put_expr(expr->c);
	put(")");
}

static void put_file(const struct file_pattern *pattern)
{
	if (pattern->kind == FILE_OF_ARCHIVE)
		put("<%.*s>", (int)pattern->archive.len, pattern->archive.at);
	if (pattern->kind == FILE_NOT_IN_ARCHIVE)
		put("<>");
	put("%.*s", (int)pattern->file.len, pattern->file.at);
}

static void put_excluded(const struct file_pattern *pattern)
{
	for (; pattern; pattern = pattern->next) {
		put("-");
		put_file(pattern);
		put(" ");
	}
}

static const char sort_letters[] = "?0nap";

static void put_input(const struct input_description *input)
{
	put("%s", input->keep ? "K:" : "");
	if (input->flags_set || input->flags_clear)
		put("F%llx!%llx:", (unsigned long long)input->flags_set, (unsigned long long)input->flags_clear);
	put_excluded(input->exclude);
	if (input->file_sort)
		put("%c", sort_letters[input->file_sort]);
	put("%s", input->file_reverse ? "r" : "");
	put_file(&input->file);
	if (!input->patterns)
		return;
	put("(");
	for (const struct section_pattern *pattern = input->patterns; pattern; pattern = pattern->next) {
		put_excluded(pattern->exclude);
		if (pattern->sort[0])
			put("%c", sort_letters[pattern->sort[0]]);
		if (pattern->sort[1])
			put("%c", sort_letters[pattern->sort[1]]);
		put("%s%s%.*s%s", pattern->reverse ? "r" : "", pattern->sort[0] ? ":" : "", (int)pattern->glob.len,
		    pattern->glob.at, pattern->next ? " " : "");
	}
	put(")");
}

static void put_clause(const char *name, const struct expr *expr)
{
	if (!expr)
		return;
	put(" %s=", name);
	put_expr(expr);
}

static void put_statements(const struct statement *statement);

static void put_tail(const char *region, const char *lma_region, const struct name_list *phdrs, const struct expr *fill)
{
	if (region)
		put(" >%s", region);
	if (lma_region)
		put(" AT>%s", lma_region);
	for (; phdrs; phdrs = phdrs->next)
		put(" :%s", phdrs->name);
	put_clause("fill", fill);
}

static void put_section(const struct section_statement *section)
{
	put("[%s", section->name);
	put_clause("address", section->address);
	if (section->type)
		put(" type%d", (int)section->type);
	put_clause("shtype", section->type_value);
	put_clause("at", section->at);
	put_clause("align", section->align);
	put_clause("subalign", section->subalign);
	put("%s", section->align_with_input ? " withinput" : "");
	if (section->constraint)
		put(" only%d", (int)section->constraint);
	put(" {");
	put_statements(section->body);
	put("}");
	put_tail(section->region, section->lma_region, section->phdrs, section->fill);
	put("]");
}

static void put_statement(const struct statement *statement)
{
	switch (statement->kind) {
	case STATEMENT_ASSIGN:
		put("%s%s%s%s=", statement->provide ? "P:" : "", statement->hidden ? "H:" : "", statement->symbol,
		    statement->compound ? "*" : "");
		put_expr(statement->value);
		break;
	case STATEMENT_ASSERT:
		put_expr(statement->value);
		break;
	case STATEMENT_SECTION:
		put_section(statement->section);
		break;
	case STATEMENT_OVERLAY:
		put("[OVERLAY");
		put_clause("address", statement->overlay->address);
		put("%s", statement->overlay->nocrossrefs ? " nocross" : "");
		put_clause("at", statement->overlay->at);
		put_clause("subalign", statement->overlay->subalign);
		put(" ");
		put_statements(statement->overlay->sections);
		put_tail(statement->overlay->region, statement->overlay->lma_region, statement->overlay->phdrs,
			 statement->overlay->fill);
		put("]");
		break;
	case STATEMENT_INSERT:
		put("insert-%s:%s", statement->after ? "after" : "before", statement->symbol);
		break;
	case STATEMENT_INPUT:
		put_input(statement->input);
		break;
	case STATEMENT_DATA:
		put("data%u%s=", statement->width, statement->sign_extend ? "s" : "");
		put_expr(statement->value);
		break;
	case STATEMENT_STRING:
		put("string=");
		for (uint64_t i = 0; i < statement->text.size; i++)
			put("%02x", statement->text.data[i]);
		break;
	case STATEMENT_LINKER_VERSION:
		put("version");
		break;
	case STATEMENT_FILL:
		put("fill=");
		put_expr(statement->value);
		break;
	}
}

static void put_statements(const struct statement *statement)
{
	for (; statement; statement = statement->next) {
		put_statement(statement);
		put("%s", statement->next ? "; " : "");
	}
}

/* ---- checks ---------------------------------------------------------------------------------------------- */

struct run {
	struct script script;
	struct script_text text;
	struct arena arena;
	struct diag diag;
	bool ok;
};

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* Files that INCLUDE finds: "self.ld" includes itself. */
static const struct script_text *include_open(void *context, const char *name)
{
	static const char *const files[][2] = {
		{"self.ld", "INCLUDE self.ld"},
		{"top.ld", "inc = 1; ENTRY(inc)"},
		{"sections.ld", ".inc : { *(.inc) }"},
		{"body.ld", "*(.inbody) BYTE(1)"},
		{"memory.ld", "INC : ORIGIN = 1, LENGTH = 2"},
		{"open.ld", ".x : {"},
		{"close.ld", "}"},
	};
	static struct script_text texts[COUNTOF(files)];
	(void)context;
	for (size_t i = 0; i < COUNTOF(files); i++) {
		texts[i] = (struct script_text){files[i][0], bytes_of(files[i][1])};
		if (strcmp(files[i][0], name) == 0)
			return &texts[i];
	}
	return NULL;
}

static void parse(struct run *run, struct bytes bytes)
{
	static const struct script_includer includer = {include_open, NULL, NULL};
	*run = (struct run){.text = {"t.ld", bytes}};
	diag_init(&run->diag);
	run->ok = script_parse(&run->script, &run->text, &includer, &run->arena, &run->diag);
	used = 0;
	printed[0] = '\0';
}

static void parse_good(struct run *run, const char *text)
{
	parse(run, bytes_of(text));
	if (!run->ok)
		print_error("%s\n", run->diag.pending.at[0].text);
	assert_true(run->ok);
	assert_int_equal(run->diag.pending.n, 0);
}

static void end(struct run *run)
{
	script_free(&run->script);
	diag_free(&run->diag);
	arena_free(&run->arena);
}

static void check_statements(const char *text, const char *expected)
{
	struct run run;
	parse_good(&run, text);
	put_statements(run.script.statements);
	assert_string_equal(printed, expected);
	end(&run);
}

static void check_body(const char *text, const char *expected)
{
	char whole[1024], tree[1024];
	snprintf(whole, sizeof(whole), "SECTIONS { .o : { %s } }", text);
	snprintf(tree, sizeof(tree), "[.o {%s}]", expected);
	check_statements(whole, tree);
}

static void check_expr(const char *text, const char *expected)
{
	char whole[1024], tree[1024];
	snprintf(whole, sizeof(whole), "x = %s;", text);
	snprintf(tree, sizeof(tree), "x=%s", expected);
	check_statements(whole, tree);
}

/* The message begins like that. */
static void check_error(const char *text, const char *expected)
{
	struct run run;
	parse(&run, bytes_of(text));
	assert_false(run.ok);
	assert_int_equal(run.diag.pending.n, 1);
	char *message = run.diag.pending.at[0].text;
	if (strlen(message) > strlen(expected))
		message[strlen(expected)] = '\0';
	assert_string_equal(message, expected);
	end(&run);
}

/* ---- tests ----------------------------------------------------------------------------------------------- */

static void operators_bind_as_in_c(void **state)
{
	(void)state;
	check_expr("1 + 2 * 3 - 4", "(- (+ 1 (* 2 3)) 4)");
	check_expr("a - b - c", "(- (- a b) c)");
	check_expr("a || b && c | d ^ e & f == g < h << i + j * k",
		   "(|| a (&& b (| c (^ d (& e (== f (< g (<< h (+ i (* j k))))))))))");
	check_expr("a ? b : c ? d : e", "(? a b (? c d e))");
	check_expr("a ? b ? c : d : e", "(? a (? b c d) e)");
	check_expr("-a + ~b * !c - +d", "(- (+ (- a) (* (~ b) (! c))) (+ d))");
	check_expr("(1 + 2) * 3", "(* (+ 1 2) 3)");
	check_expr("a-b", "(- a b)");
	check_expr("a/b", "a/b");
	check_expr("a / b % c", "(% (/ a b) c)");
	check_expr("1 != 2 >= 3 <= 4 > 5 >> 6", "(!= 1 (> (<= (>= 2 3) 4) (>> 5 6)))");
}

static void numbers_keep_their_hex_digits(void **state)
{
	(void)state;
	check_expr("0x00000090", "144x8");
	check_expr("144", "144");
	check_expr("0x10K", "16384");
	check_expr("010 + 10H + $ff", "(+ (+ 8 16) 255)");
}

static void functions(void **state)
{
	(void)state;
	check_expr("ABSOLUTE(.) + ADDR(.text) + LOADADDR(.a-b) + ALIGNOF(.x) + SIZEOF(\"a b\")",
		   "(+ (+ (+ (+ (absolute .) (addr '.text')) (loadaddr '.a-b')) (alignof '.x')) (sizeof 'a b'))");
	check_expr("ALIGN(8) + ALIGN(., 8) + BLOCK(4) + NEXT(2)",
		   "(+ (+ (+ (align . 8) (align . 8)) (align . 4)) (next 2))");
	check_expr("MAX(1, 2) + MIN(a, b) + LOG2CEIL(7)", "(+ (+ (max 1 2) (min a b)) (log2ceil 7))");
	check_expr("ORIGIN(RAM) + LENGTH(RAM)", "(+ (origin 'RAM') (length 'RAM'))");
	check_expr("DATA_SEGMENT_ALIGN(CONSTANT (MAXPAGESIZE), CONSTANT (COMMONPAGESIZE))",
		   "(dsalign (constant 'MAXPAGESIZE') (constant 'COMMONPAGESIZE'))");
	check_expr("DATA_SEGMENT_RELRO_END(16, .) + DATA_SEGMENT_END(.)", "(+ (dsrelro 16 .) (dsend .))");
	check_expr("SEGMENT_START(\"text-segment\", 0x400000) + SIZEOF_HEADERS",
		   "(+ (segstart 'text-segment' 4194304x6) headers)");
	check_expr("DEFINED(sym) ? sym : 0", "(? (defined 'sym') sym 0)");
	check_expr("ASSERT(a == b, \"no, no\")", "(assert 'no, no' (== a b))");
}

static void assignments(void **state)
{
	(void)state;
	check_statements("a=1;b += 2; c-=3, d *= 4; e /= 5; f <<= 6; g >>= 7; h &= 8; i |= 9; j ^= 10;",
			 "a=1; b*=(+ b 2); c*=(- c 3); d*=(* d 4); e*=(/ e 5); f*=(<< f 6); g*=(>> g 7); h*=(& h 8); "
			 "i*=(| i 9); j*=(^ j 10)");
	check_statements("PROVIDE(a = 1); PROVIDE_HIDDEN(b = 2); HIDDEN(c = 3);", "P:a=1; P:H:b=2; H:c=3");
	check_statements("\"odd name\" = .; ASSERT(. < 5, \"big\") ASSERT(1, \"x\");",
			 "odd name=.; (assert 'big' (< . 5)); (assert 'x' 1)");
	check_statements("SECTIONS { . = 0x10; . += 4; .=ALIGN(8); PROVIDE(x = .); ASSERT(1, \"m\") y=2; }",
			 ".=16x2; .*=(+ . 4); .=(align . 8); P:x=.; (assert 'm' 1); y=2");
	check_body(". = 4; .+=4; .=ALIGN(8); x=1; x*=2; PROVIDE(y = .); ASSERT(1, \"m\"); HIDDEN(z = 1);",
		   ".=4; .*=(+ . 4); .=(align . 8); x=1; x*=(* x 2); P:y=.; (assert 'm' 1); H:z=1");
}

static void output_sections(void **state)
{
	(void)state;
	check_statements("SECTIONS { .text : { } }", "[.text {}]");
	check_statements("SECTIONS { .text: {} \"a b\" : {} /DISCARD/ : { } ; , }", "[.text {}]; [a b {}]; [/DISCARD/ {}]");
	check_statements("SECTIONS { .a 0x100 : { } .b ADDR(.a) + 4 (NOLOAD) : { } .c . : { } .d (.) : { } }",
			 "[.a address=256x3 {}]; [.b address=(+ (addr '.a') 4) type1 {}]; [.c address=. {}]; "
			 "[.d address=. {}]");
	check_statements("SECTIONS { .a (INFO) : {} .b (COPY) : {} .c (DSECT) : {} .d (OVERLAY) : {} .e () : {} }",
			 "[.a type2 {}]; [.b type2 {}]; [.c type2 {}]; [.d type2 {}]; [.e {}]");
	check_statements("SECTIONS { .bss start (NOLOAD) : {} .c ADDR(.r) (OVERLAY) : {} }",
			 "[.bss address=start type1 {}]; [.c address=(addr '.r') type2 {}]");
	check_statements("SECTIONS { .a (READONLY) : {} .b (TYPE = SHT_NOTE) : {} .c (READONLY (TYPE=8)) : {} }",
			 "[.a type3 {}]; [.b type4 shtype=7 {}]; [.c type5 shtype=8 {}]");
	check_statements("SECTIONS { .a : AT(1) ALIGN(2) ALIGN_WITH_INPUT SUBALIGN(3) ONLY_IF_RO { } }",
			 "[.a at=1 align=2 subalign=3 withinput only1 {}]");
	check_statements("SECTIONS { .a : SUBALIGN(3) AT ( ADDR(.b) - 4 ) ONLY_IF_RW { } .s : SPECIAL {} }",
			 "[.a at=(- (addr '.b') 4) subalign=3 only2 {}]; [.s only3 {}]");
	check_statements("SECTIONS { .a : { } >RAM AT>ROM :text :data =0x9090 , .b : {} > R AT > S =0\n /DISCARD/ : {} }",
			 "[.a {} >RAM AT>ROM :text :data fill=37008x4]; [.b {} >R AT>S fill=0]; [/DISCARD/ {}]");
	check_statements("SECTIONS { .a : { } :init\n .b : { } =a + 1 .c : {} }",
			 "[.a {} :init]; [.b {} fill=(+ a 1)]; [.c {}]");
	check_statements("SECTIONS { ENTRY(go) .x ALIGN(4) : { } }", "[.x address=(align . 4) {}]");
}

static void input_descriptions(void **state)
{
	(void)state;
	check_body("*(.text .text.*) a.o lib.a ( * )", "*(.text .text.*); a.o; lib.a(*)");
	check_body("*(.a,.b) *(.a, .b)", "*(.a,.b); *(.a .b)");
	check_body("lib.a:m.o(.t) lib.a:(.t) :m.o(.t) *l?b.a:[ab].o(.t)",
		   "<lib.a>m.o(.t); <lib.a>(.t); <>m.o(.t); <*l?b.a>[ab].o(.t)");
	check_body("KEEP(*(.init)) KEEP (a.o)", "K:*(.init); K:a.o");
	check_body("*(EXCLUDE_FILE(a.o *b.o) .ctors .dtors)", "*(-*b.o -a.o .ctors .dtors)");
	check_body("EXCLUDE_FILE(lib.a:x.o) *(.text)", "-<lib.a>x.o *(.text)");
	check_body("SORT(*)(.a) SORT_BY_NAME(EXCLUDE_FILE(c.o) *)(.a) SORT_NONE(*.o)(.b) REVERSE(*)(.c)",
		   "n*(.a); -c.o n*(.a); 0*.o(.b); nr*(.c)");
	check_body("*(SORT(.a) SORT_BY_NAME(.b) SORT_BY_ALIGNMENT(.c) SORT_BY_INIT_PRIORITY(.d) SORT_NONE(.e))",
		   "*(n:.a n:.b a:.c p:.d 0:.e)");
	check_body("*(SORT_BY_NAME(SORT_BY_ALIGNMENT(.a)) SORT_BY_ALIGNMENT(SORT_BY_NAME(EXCLUDE_FILE(x.o) .b)))",
		   "*(na:.a -x.o an:.b)");
	check_body("*(REVERSE(.a) REVERSE(SORT_BY_INIT_PRIORITY(.b)) SORT(REVERSE(.c)))", "*(nr:.a pr:.b nr:.c)");
	check_body("INPUT_SECTION_FLAGS(SHF_MERGE & SHF_STRINGS & !SHF_WRITE & ! 0x4) *(.s)", "F30!5:*(.s)");
	check_body("KEEP(INPUT_SECTION_FLAGS(SHF_ALLOC) x.o (.s)) INPUT_SECTION_FLAGS(SHF_TLS) y.o",
		   "K:F2!0:x.o(.s); F400!0:y.o");
	check_body("[ .a .b ] KEEP([ .c ])", "*(.a .b); K:*(.c)");
	check_body("*(___ksymtab+*) \"a b.o\"(\".odd name\") ./dir=x/a.o(.t)", "*(___ksymtab+*); a b.o(.odd name); ./dir=x/a.o(.t)");
	check_body("*(COMMON)*(.x);", "*(COMMON); *(.x)");
}

static void data_and_fill(void **state)
{
	(void)state;
	check_body("BYTE(1) SHORT(2); LONG(-n) QUAD(sym + 4) SQUAD(5)",
		   "data1=1; data2=2; data4=(- n); data8=(+ sym 4); data8s=5");
	check_body("FILL(0x0123456789abcdef0123)", "fill=0x20");
	check_error("x = 0x0123456789abcdef0123;", "t.ld:1:5: number does not fit in 64 bits");
	check_body("FILL(0xAABB) FILL ( 1 );", "fill=43707x4; fill=1");
	check_body("ASCIZ \"hi\\n\\101\\\\\" LINKER_VERSION CONSTRUCTORS SORT(CONSTRUCTORS) CREATE_OBJECT_SYMBOLS",
		   "string=68690a415c00; version");
}

static void overlays(void **state)
{
	(void)state;
	check_statements("SECTIONS { OVERLAY 0x1000 : NOCROSSREFS AT (0x4000) SUBALIGN(8)\n"
			 "{ .a { *(.a) } :p =1 .b { } } >R AT>L :q =0x90 }",
			 "[OVERLAY address=4096x4 nocross at=16384x4 subalign=8 "
			 "[.a {*(.a)} :p fill=1]; [.b {}] >R AT>L :q fill=144x2]");
	check_statements("SECTIONS { OVERLAY : { .a { } } }", "[OVERLAY [.a {}]]");
}

static void insert_and_overwrite(void **state)
{
	(void)state;
	check_statements("SECTIONS { .a : { } } INSERT AFTER .data; SECTIONS { .b : {} } INSERT BEFORE .text",
			 "[.a {}]; insert-after:.data; [.b {}]; insert-before:.text");
	struct run run;
	parse_good(&run, "OVERWRITE_SECTIONS { .text : { *(.t) } .data : { } } OVERWRITE_SECTIONS { .c : {} }");
	put_statements(run.script.overwrites);
	assert_string_equal(printed, "[.text {*(.t)}]; [.data {}]; [.c {}]");
	assert_false(run.script.has_sections);
	assert_null(run.script.statements);
	end(&run);
}

static void memory(void **state)
{
	(void)state;
	struct run run;
	parse_good(&run, "MEMORY { FLASH (rx) : ORIGIN = 0x8000, LENGTH = 256K\n RAM (rw!x) : org = 1 len = DEFINED(s) ? s : 4\n"
			 "INCLUDE memory.ld }\nMEMORY { m : o = ORIGIN(RAM), l=1M }\nREGION_ALIAS(\"A\", RAM)");
	for (const struct region_statement *region = run.script.regions; region; region = region->next) {
		put("%s %x!%x ", region->name, region->flags, region->not_flags);
		put_expr(region->origin);
		put(" ");
		put_expr(region->length);
		put("; ");
	}
	put("%s=%s", run.script.aliases->alias, run.script.aliases->region);
	assert_string_equal(printed, "FLASH 5!0 32768x4 262144; RAM 3!4 1 (? (defined 's') s 4); INC 0!0 1 2; "
				     "m 0!0 (origin 'RAM') 1048576; A=RAM");
	end(&run);
}

static void phdrs(void **state)
{
	(void)state;
	struct run run;
	parse_good(&run, "PHDRS { h PT_PHDR PHDRS; t PT_LOAD FILEHDR PHDRS AT(0x10) FLAGS(1 | 4); x 0x6474e550; }");
	for (const struct phdr_statement *phdr = run.script.phdrs; phdr; phdr = phdr->next) {
		put("%s ", phdr->name);
		put_expr(phdr->type);
		put("%s%s", phdr->filehdr ? " F" : "", phdr->phdrs ? " P" : "");
		put_clause("at", phdr->at);
		put_clause("flags", phdr->flags);
		put("; ");
	}
	assert_string_equal(printed, "h 6 P; t 1 F P at=16x2 flags=(| 1 4); x 1685382480x8; ");
	assert_true(run.script.has_phdrs);
	end(&run);
}

static void put_inputs(const struct script *script)
{
	for (uint32_t i = 0; i < script->inputs.n; i++) {
		const struct script_input *input = &script->inputs.at[i];
		put("%s%s%s%s", i ? " " : "", input->is_library ? "-l" : "", input->name, input->as_needed ? "?" : "");
		if (input->group)
			put("@%u", input->group);
	}
}

static void check_inputs(const char *text, const char *expected)
{
	struct run run;
	parse_good(&run, text);
	put_inputs(&run.script);
	assert_string_equal(printed, expected);
	end(&run);
}

static void inputs(void **state)
{
	(void)state;
	/* libc.so of glibc 2.36 */
	check_inputs("/* GNU ld script */\nOUTPUT_FORMAT(elf64-x86-64)\n"
		     "GROUP ( /lib/x86_64-linux-gnu/libc.so.6 /usr/lib/x86_64-linux-gnu/libc_nonshared.a  AS_NEEDED ( "
		     "/lib64/ld-linux-x86-64.so.2 ) )\n",
		     "/lib/x86_64-linux-gnu/libc.so.6@1 /usr/lib/x86_64-linux-gnu/libc_nonshared.a@1 "
		     "/lib64/ld-linux-x86-64.so.2?@1");
	check_inputs("INPUT(libncurses.so.6 -ltinfo)\n", "libncurses.so.6 -ltinfo");
	check_inputs("INPUT(a.o, b.o ,-lc \"d e.o\" \"-lquoted\" =/f.o)", "a.o b.o -lc d e.o -lquoted =/f.o");
	check_inputs("GROUP(AS_NEEDED(a AS_NEEDED(-lb) c) d) INPUT(e);;GROUP(f)", "a?@1 -lb?@1 c?@1 d@1 e f@2");
	check_inputs("INPUT()GROUP(AS_NEEDED())", "");
	check_inputs("INPUT(-l:exact.a AS_NEEDED)", "-l:exact.a AS_NEEDED");
	check_inputs("INPUT(a.o) STARTUP(crt0.o) INPUT(b.o)", "crt0.o a.o b.o");
	check_inputs("", "");
	struct run run;
	parse_good(&run, "INPUT(-lc \"-lquoted\")");
	assert_true(run.script.inputs.at[0].is_library);
	assert_false(run.script.inputs.at[1].is_library);
	end(&run);
}

static void other_commands(void **state)
{
	(void)state;
	struct run run;
	parse_good(&run, "OUTPUT_FORMAT(\"elf64-x86-64\", elf64-big, elf64-little) OUTPUT_ARCH(i386:x86-64)\n"
			 "OUTPUT_FORMAT(second) TARGET(binary) SEARCH_DIR(\"=/usr/lib\"); SEARCH_DIR(=/lib) ENTRY(start);\n"
			 "EXTERN(a b, c)\nVERSION {\n V1 { global: f; extern \"C++\" { g; }; }; }\nVERSION { { x; }; }\n"
			 "OUTPUT(out) MAP(map.txt) FLOAT NOFLOAT HLL() SYSLIB(x y) FORCE_COMMON_ALLOCATION\n"
			 "INHIBIT_COMMON_ALLOCATION FORCE_GROUP_ALLOCATION NOCROSSREFS(.a .b) NOCROSSREFS_TO(.c, .d)\n"
			 "LD_FEATURE(\"SANE_EXPR\")");
	const struct script *script = &run.script;
	assert_string_equal(script->output_format[0], "elf64-x86-64");
	assert_string_equal(script->output_format[2], "elf64-little");
	assert_string_equal(script->output_arch, "i386:x86-64");
	assert_true(script->binary_inputs);
	assert_string_equal(script->entry, "start");
	assert_string_equal(script->output, "out");
	assert_string_equal(script->map_file, "map.txt");
	assert_int_equal(script->search_dirs.n, 2);
	assert_string_equal(script->search_dirs.at[0], "=/usr/lib");
	assert_string_equal(script->search_dirs.at[1], "=/lib");
	assert_int_equal(script->externs.n, 3);
	assert_string_equal(script->externs.at[2], "c");
	assert_int_equal(script->versions.n, 2);
	static const char version[] = "\n V1 { global: f; extern \"C++\" { g; }; }; ";
	assert_int_equal(script->versions.at[0].length, sizeof(version) - 1);
	assert_memory_equal(run.text.bytes.data + script->versions.at[0].offset, version, sizeof(version) - 1);
	assert_true(script->force_common && script->inhibit_common && script->force_group_allocation);
	assert_true(script->sane_expr);
	assert_false(script->nocrossrefs->to);
	assert_string_equal(script->nocrossrefs->sections->next->name, ".b");
	assert_true(script->nocrossrefs->next->to);
	end(&run);
}

static void includes(void **state)
{
	(void)state;
	check_statements("a = 1; INCLUDE top.ld b = 2; SECTIONS { INCLUDE sections.ld .o : { INCLUDE body.ld *(.z) } }",
			 "a=1; inc=1; b=2; [.inc {*(.inc)}]; [.o {*(.inbody); data1=1; *(.z)}]");
	check_error("INCLUDE none.ld", "t.ld:1:9: cannot find linker script 'none.ld'\n>>> INCLUDE none.ld\n>>>         ^");
	check_error("INCLUDE self.ld", "self.ld:1:9: INCLUDE nested too deeply");
	check_error("SECTIONS { INCLUDE open.ld } }", "open.ld:1:7: expected a statement of the output section, or '}', "
						      "found the end of the file");
	check_error("SECTIONS { INCLUDE close.ld", "close.ld:1:1: expected an output section, an assignment or '}', "
						    "found '}'");
}

static void scripts_add_up(void **state)
{
	(void)state;
	struct run run;
	parse_good(&run, "a = 1; MEMORY { m : o = 1, l = 2 }");
	struct script_text second = {"u.ld", bytes_of("b = 2; MEMORY { n : o = 1, l = 2 }")};
	assert_true(script_parse(&run.script, &second, NULL, &run.arena, &run.diag));
	put_statements(run.script.statements);
	assert_string_equal(printed, "a=1; b=2");
	assert_string_equal(run.script.regions->next->name, "n");
	end(&run);
}

static void places(void **state)
{
	(void)state;
	static const char text[] = "aa = bb + ( cc );";
	struct run run;
	parse_good(&run, text);
	const struct statement *statement = run.script.statements;
	assert_int_equal(statement->place.offset, 0);
	assert_int_equal(statement->value->place.offset, 5);
	assert_int_equal(statement->value->place.length, strlen("bb + ( cc )"));
	assert_int_equal(statement->value->b->place.offset, 12);
	script_report(&run.diag, 0, statement->value->b->place, "no %s", "symbol");
	assert_string_equal(run.diag.pending.at[0].text, "t.ld:1:13: no symbol\n>>> aa = bb + ( cc );\n"
							  ">>>             ^");
	end(&run);
}

static void errors_point_at_the_place(void **state)
{
	(void)state;
	check_error("INPUT(a.o", "t.ld:1:10: expected the name of a file, or ')', found the end of the file\n"
				 ">>> INPUT(a.o\n>>>          ^");
	check_error("/* x */\n\tINPUT a.o\n", "t.ld:2:8: expected '(' before a list of files, found 'a.o'\n"
					       ">>> \tINPUT a.o\n>>> \t      ^");
	check_error("hello world", "t.ld:1:1: expected a command such as SECTIONS or INPUT, found 'hello'\n"
				   ">>> hello world\n>>> ^");
	check_error("INPUT(-l foo)", "t.ld:1:7: expected the name of a library after -l");
	check_error("INPUT(\"a", "t.ld:1:7: quoted name without end, expected the name of a file, or ')'");
	check_error("VERSION { V1 { f; };", "t.ld:1:21: expected '}' at the end of VERSION, found the end of the file");
	check_error("x = 1 +;", "t.ld:1:8: expected a number, a symbol or '(', found ';'\n>>> x = 1 +;\n>>>        ^");
	check_error("x = 1", "t.ld:1:6: expected ';' after an assignment, found the end of the file");
	check_error("SECTIONS { .text { } }",
		    "t.ld:1:18: expected a number, a symbol or '(', found '{'");
	check_error("SECTIONS { .text : }", "t.ld:1:20: expected '{' before what the output section holds, found '}'");
	check_error("SECTIONS { .text : { *(.text }", "t.ld:1:30: expected the pattern of a section, found '}'");
	check_error("SECTIONS { .t : { *(SORT(SORT(SORT(.a)))) } }", "t.ld:1:31: more than two SORTs around a pattern");
	check_error("MEMORY { RAM (rq) : ORIGIN = 0, LENGTH = 1 }", "t.ld:1:15: unknown attribute 'q'");
	check_error("MEMORY { RAM : LENGTH = 1 }", "t.ld:1:16: expected ORIGIN = value in the memory region, found 'LENGTH'");
	check_error("SECTIONS { SECTION_CLASS(c) { } }", "t.ld:1:12: SECTION_CLASS is not supported");
	check_error("PROVIDE(. = 1);", "t.ld:1:9: the location counter cannot be provided");
	check_error("x = 99999999999999999999;", "t.ld:1:5: number does not fit in 64 bits");
	check_error("x = ALIGN 4;", "t.ld:1:11: expected '(' after ALIGN, found '4'");
}

static void misspelt_words_are_recognised(void **state)
{
	(void)state;
	check_error("SECTION { }", "t.ld:1:1: unknown command 'SECTION', did you mean SECTIONS?");
	check_error("x = SIZE0F(.text);", "t.ld:1:5: unknown function 'SIZE0F', did you mean SIZEOF?");
	check_error("x = nothing(1);", "t.ld:1:5: unknown function 'nothing'\n");
	check_error("SECTIONS { .t : { KEPE(*(.t)) } }", "t.ld:1:19: unknown word 'KEPE', did you mean KEEP?");
	check_error("SECTIONS { .t : ALIGNN(4) { } }", "t.ld:1:17: unknown word 'ALIGNN', did you mean ALIGN?");
	check_error("PHDRS { t PT_LOAF; }", "t.ld:1:11: unknown program header type 'PT_LOAF', did you mean PT_LOAD?");
	check_error("SECTIONS { .n (TYPE = SHT_NOT) : { } }", "t.ld:1:23: unknown section type 'SHT_NOT', did you mean SHT_NOTE?");
	check_error("SECTIONS { .n : { INPUT_SECTION_FLAGS(SHF_ALOC) *(.x) } }",
		    "t.ld:1:39: unknown section flag 'SHF_ALOC', did you mean SHF_ALLOC?");
	check_error("x = CONSTANT(MAXPAGSIZE);", "t.ld:1:14: unknown constant 'MAXPAGSIZE', did you mean MAXPAGESIZE?");
}

static void check_too_deep(const char *head, const char *repeated)
{
	static char text[200000];
	size_t n = (size_t)snprintf(text, sizeof(text), "%s", head);
	while (n < sizeof(text) - 40)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", repeated);
	struct run run;
	parse(&run, bytes_of(text));
	assert_false(run.ok);
	assert_non_null(strstr(run.diag.pending.at[0].text, "nested too deeply"));
	end(&run);
}

static void deep_nesting_is_refused(void **state)
{
	(void)state;
	check_too_deep("INPUT(", "AS_NEEDED(");
	check_too_deep("x = ", "(");
	check_too_deep("x = ", "-");
	check_too_deep("x = ", "ABSOLUTE(");
	check_too_deep("x = ", "a ? b : ");
	check_too_deep("x = ", "a ? ");
}

static void a_long_line_is_shown_in_part(void **state)
{
	(void)state;
	char text[1000];
	memset(text, ' ', sizeof(text));
	memcpy(text, "INPUT(", 6);
	text[500] = '*';
	text[sizeof(text) - 1] = '\0';
	struct run run;
	parse(&run, bytes_of(text));
	const char *message = run.diag.pending.at[0].text;
	assert_non_null(strstr(message, "t.ld:1:501: expected"));
	assert_in_range(strlen(message), 0, 400);
	end(&run);
}

static void check_expr_option(const char *text, const char *expected)
{
	struct run run = {.text = {"--defsym", bytes_of(text)}};
	diag_init(&run.diag);
	const struct expr *expr = script_parse_expr(&run.text, &run.arena, &run.diag);
	used = 0;
	if (expr)
		put_expr(expr);
	else
		put("%s", run.diag.pending.at[0].text);
	assert_string_equal(printed, expected);
	end(&run);
}

static void expressions_of_options(void **state)
{
	(void)state;
	check_expr_option("sym + 0x10", "(+ sym 16x2)");
	check_expr_option("sym 4", "--defsym:1:5: expected an operator, found '4'\n>>> sym 4\n>>>     ^");
	check_expr_option("", "--defsym:1:1: expected a number, a symbol or '(', found the end of the file\n>>> \n>>> ^");
}

static void read_file(const char *path, char **text)
{
	size_t size = 0;
	FILE *file = fopen(path, "r");
	*text = NULL;
	if (!file)
		return;
	*text = calloc(1, 1 << 20);
	assert_non_null(*text);
	size = fread(*text, 1, (1 << 20) - 1, file);
	(*text)[size] = '\0';
	fclose(file);
}

/* Every script that comes with GNU ld, where it is installed. */
static void the_scripts_of_gnu_ld(void **state)
{
	(void)state;
	static const char *const folders[] = {"/usr/lib/x86_64-linux-gnu/ldscripts", "/usr/lib/i386-linux-gnu/ldscripts"};
	for (size_t i = 0; i < COUNTOF(folders); i++) {
		DIR *folder = opendir(folders[i]);
		for (struct dirent *entry; folder && (entry = readdir(folder));) {
			char path[512], *text;
			if (entry->d_name[0] == '.' || strstr(entry->d_name, "pep") || strstr(entry->d_name, "i386pe"))
				continue;
			snprintf(path, sizeof(path), "%s/%s", folders[i], entry->d_name);
			read_file(path, &text);
			struct run run;
			parse_good(&run, text);
			assert_true(run.script.has_sections);
			end(&run);
			free(text);
		}
		if (folder)
			closedir(folder);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operators_bind_as_in_c),
		cmocka_unit_test(numbers_keep_their_hex_digits),
		cmocka_unit_test(functions),
		cmocka_unit_test(assignments),
		cmocka_unit_test(output_sections),
		cmocka_unit_test(input_descriptions),
		cmocka_unit_test(data_and_fill),
		cmocka_unit_test(overlays),
		cmocka_unit_test(insert_and_overwrite),
		cmocka_unit_test(memory),
		cmocka_unit_test(phdrs),
		cmocka_unit_test(inputs),
		cmocka_unit_test(other_commands),
		cmocka_unit_test(includes),
		cmocka_unit_test(scripts_add_up),
		cmocka_unit_test(places),
		cmocka_unit_test(errors_point_at_the_place),
		cmocka_unit_test(misspelt_words_are_recognised),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(a_long_line_is_shown_in_part),
		cmocka_unit_test(expressions_of_options),
		cmocka_unit_test(the_scripts_of_gnu_ld),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
