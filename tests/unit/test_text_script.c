#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ld/input/text_script.h"

struct run {
	struct text_script script;
	struct arena arena;
	struct diag diag;
	bool ok;
};

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void parse(struct run *run, const char *text)
{
	*run = (struct run){.ok = false};
	diag_init(&run->diag);
	run->ok = text_script_parse(&run->script, "libx.so", bytes_of(text), &run->arena, &run->diag);
}

static void end(struct run *run)
{
	text_script_free(&run->script);
	diag_free(&run->diag);
	arena_free(&run->arena);
}

/* The inputs, a '?' after those that are needed only when used: "libc.so.6 -lfoo ld.so?". */
static void check_inputs(const char *text, const char *expected)
{
	struct run run;
	parse(&run, text);
	if (!run.ok)
		print_error("%s\n", run.diag.pending.at[0].text);
	assert_true(run.ok);
	assert_int_equal(run.diag.pending.n, 0);
	char got[1024] = "";
	size_t used = 0;
	for (uint32_t i = 0; i < run.script.inputs.n; i++) {
		const struct text_script_input *input = &run.script.inputs.at[i];
		used += (size_t)snprintf(got + used, sizeof(got) - used, "%s%s%s%s", i ? " " : "",
					 input->is_library ? "-l" : "", input->name, input->as_needed ? "?" : "");
	}
	assert_string_equal(got, expected);
	end(&run);
}

static void check_error(const char *text, const char *expected)
{
	struct run run;
	parse(&run, text);
	assert_false(run.ok);
	assert_int_equal(run.diag.pending.n, 1);
	assert_string_equal(run.diag.pending.at[0].text, expected);
	end(&run);
}

static void the_scripts_of_debian(void **state)
{
	(void)state;
	/* libc.so of glibc 2.36 */
	check_inputs("/* GNU ld script\n"
		     "   Use the shared library, but some functions are only in\n"
		     "   the static library, so try that secondarily.  */\n"
		     "OUTPUT_FORMAT(elf64-x86-64)\n"
		     "GROUP ( /lib/x86_64-linux-gnu/libc.so.6 /usr/lib/x86_64-linux-gnu/libc_nonshared.a  AS_NEEDED ( "
		     "/lib64/ld-linux-x86-64.so.2 ) )\n",
		     "/lib/x86_64-linux-gnu/libc.so.6 /usr/lib/x86_64-linux-gnu/libc_nonshared.a "
		     "/lib64/ld-linux-x86-64.so.2?");
	/* libm.so */
	check_inputs("/* GNU ld script\n*/\nOUTPUT_FORMAT(elf64-x86-64)\n"
		     "GROUP ( /lib/x86_64-linux-gnu/libm.so.6  AS_NEEDED ( /lib/x86_64-linux-gnu/libmvec.so.1 ) )\n",
		     "/lib/x86_64-linux-gnu/libm.so.6 /lib/x86_64-linux-gnu/libmvec.so.1?");
	/* libncurses.so */
	check_inputs("INPUT(libncurses.so.6 -ltinfo)\n", "libncurses.so.6 -ltinfo");
	/* libgcc_s.so of gcc 12 */
	check_inputs("/* GNU ld script\n   Use the shared library, but some functions are only in\n"
		     "   the static library.  */\nGROUP ( libgcc_s.so.1 -lgcc )\n",
		     "libgcc_s.so.1 -lgcc");
	/* libtbb.so */
	check_inputs("INPUT (libtbb.so.2)\n", "libtbb.so.2");
}

static void lists_take_blanks_or_commas(void **state)
{
	(void)state;
	check_inputs("INPUT(a.o, b.o ,-lc \"d e.o\" \"-lquoted\" =/f.o)", "a.o b.o -lc d e.o -lquoted =/f.o");
	check_inputs("GROUP(AS_NEEDED(a AS_NEEDED(-lb) c) d) INPUT(e);;", "a? -lb? c? d e");
	check_inputs("INPUT()GROUP(AS_NEEDED())", "");
	check_inputs("INPUT(-l:exact.a AS_NEEDED)", "-l:exact.a AS_NEEDED");
	check_inputs("", "");
	struct run run;
	parse(&run, "INPUT(-lc \"-lquoted\")");
	assert_true(run.script.inputs.at[0].is_library);
	assert_false(run.script.inputs.at[1].is_library);
	end(&run);
}

static void other_commands(void **state)
{
	(void)state;
	struct run run;
	parse(&run, "OUTPUT_FORMAT(\"elf64-x86-64\", elf64-x86-64, elf64-x86-64) OUTPUT_ARCH(i386:x86-64)\n"
		    "TARGET(elf64-x86-64) SEARCH_DIR(\"=/usr/lib\"); SEARCH_DIR(=/lib) SEARCH_DIR(/opt) ENTRY(start);\n"
		    "EXTERN(a b, c)\nVERSION {\n V1 { global: f; extern \"C++\" { g; }; }; }\nINPUT(z)");
	assert_true(run.ok);
	assert_string_equal(run.script.output_format, "elf64-x86-64");
	assert_string_equal(run.script.entry, "start");
	assert_int_equal(run.script.search_dirs.n, 3);
	assert_string_equal(run.script.search_dirs.at[0], "=/usr/lib");
	assert_string_equal(run.script.search_dirs.at[1], "=/lib");
	assert_int_equal(run.script.externs.n, 3);
	assert_string_equal(run.script.externs.at[2], "c");
	assert_int_equal(run.script.version_line, 4);
	static const char version[] = "\n V1 { global: f; extern \"C++\" { g; }; }; ";
	assert_int_equal(run.script.version.size, sizeof(version) - 1);
	assert_memory_equal(run.script.version.data, version, sizeof(version) - 1);
	assert_int_equal(run.script.inputs.n, 1);
	end(&run);
}

static void errors_point_at_the_place(void **state)
{
	(void)state;
	check_error("INPUT(a.o", "libx.so:1:10: expected the name of a file, or ')', found the end of the file\n"
				 ">>> INPUT(a.o\n>>>          ^");
	check_error("/* x */\n\tINPUT a.o\n", "libx.so:2:8: expected '(' before a list of files, found 'a.o'\n"
					       ">>> \tINPUT a.o\n>>> \t      ^");
	check_error("hello world",
		    "libx.so:1:1: expected a linker script command such as INPUT or GROUP, found 'hello'\n"
				   ">>> hello world\n>>> ^");
	check_error("INPUT(-l foo)",
		    "libx.so:1:7: expected the name of a library after -l\n>>> INPUT(-l foo)\n>>>       ^");
	check_error("INPUT(a*.o)\r\n", "libx.so:1:8: expected the name of a file, or ')', found '*'\n>>> INPUT(a*.o)\n"
				       ">>>        ^");
	check_error("INPUT(\"a", "libx.so:1:7: quoted name without end, expected the name of a file, or ')'\n"
				 ">>> INPUT(\"a\n>>>       ^");
	check_error("VERSION { V1 { f; };",
		    "libx.so:1:21: expected '}' at the end of VERSION, found the end of the file\n"
					    ">>> VERSION { V1 { f; };\n>>>                     ^");
	check_error("OUTPUT_FORMAT(elf64-x86-64 elf64-x86-64)",
		    "libx.so:1:28: expected ',' or ')', found 'elf64-x86-64'\n"
		    ">>> OUTPUT_FORMAT(elf64-x86-64 elf64-x86-64)\n>>>                            ^");
	check_error("AS_NEEDED(a.o)", "libx.so:1:1: expected a linker script command such as INPUT or GROUP, found "
				      "'AS_NEEDED'\n>>> AS_NEEDED(a.o)\n>>> ^");
}

static void layout_is_not_supported_yet(void **state)
{
	(void)state;
	check_error("SECTIONS { }",
		    "libx.so:1:1: SECTIONS in a linker script is not supported yet\n>>> SECTIONS { }\n>>> ^");
	check_error("INCLUDE other.ld",
		    "libx.so:1:1: INCLUDE in a linker script is not supported yet\n>>> INCLUDE other.ld\n"
					">>> ^");
	check_error("a=1;",
		    "libx.so:1:1: a symbol assignment in a linker script is not supported yet\n>>> a=1;\n>>> ^");
	check_error("TARGET(binary)", "libx.so:1:1: TARGET(binary) is not supported yet\n>>> TARGET(binary)\n>>> ^");
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
	parse(&run, text);
	const char *message = run.diag.pending.at[0].text;
	assert_non_null(strstr(message, "libx.so:1:501: expected"));
	assert_in_range(strlen(message), 0, 400);
	end(&run);
}

static void deep_nesting_is_refused(void **state)
{
	(void)state;
	static char text[200000] = "INPUT(";
	size_t used = 6;
	while (used < sizeof(text) - 20)
		used += (size_t)sprintf(text + used, "AS_NEEDED(");
	struct run run;
	parse(&run, text);
	assert_false(run.ok);
	assert_non_null(strstr(run.diag.pending.at[0].text, "AS_NEEDED nested too deeply"));
	end(&run);
}

static void text_is_told_from_other_files(void **state)
{
	(void)state;
	assert_true(text_script_plausible(bytes_of("INPUT(a)")));
	assert_true(text_script_plausible(bytes_of("")));
	assert_true(text_script_plausible(bytes_of("/* \xc3\xa9 */\r\n\t")));
	assert_false(text_script_plausible(bytes_of("\x7f" "ELF")));
	assert_false(text_script_plausible(bytes_of("BC\xc0\xde\x01")));
	assert_false(text_script_plausible((struct bytes){(const uint8_t *)"INPUT(a)\0", 9}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_scripts_of_debian),
		cmocka_unit_test(lists_take_blanks_or_commas),
		cmocka_unit_test(other_commands),
		cmocka_unit_test(errors_point_at_the_place),
		cmocka_unit_test(layout_is_not_supported_yet),
		cmocka_unit_test(a_long_line_is_shown_in_part),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(text_is_told_from_other_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
