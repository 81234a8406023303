#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ld/script/report.h"

static struct lexer lexer_for(const char *text)
{
	static struct script_text script;
	struct lexer lexer;
	script = (struct script_text){"test.ld", {(const uint8_t *)text, strlen(text)}};
	lexer_init(&lexer, script_whole(&script));
	return lexer;
}

/* The tokens of `text` in one state, each as its kind's letter and its text: "n:foo p:( q:a b #:16 e:message". */
static void check(enum lex_state state, const char *text, const char *expected)
{
	static const char letters[] = {[TOKEN_NAME] = 'n', [TOKEN_QUOTED] = 'q', [TOKEN_PUNCT] = 'p',
				       [TOKEN_ERROR] = 'e'};
	char got[1024];
	size_t used = 0;
	struct lexer lexer = lexer_for(text);
	for (struct token token; (token = lexer_next(&lexer, state)).kind != TOKEN_END;) {
		used += (size_t)snprintf(got + used, sizeof(got) - used, "%s", used ? " " : "");
		if (token.kind == TOKEN_NUMBER)
			used += (size_t)snprintf(got + used, sizeof(got) - used, "#:%llu",
						 (unsigned long long)token.number);
		else
			used += (size_t)snprintf(got + used, sizeof(got) - used, "%c:%.*s", letters[token.kind],
						 (int)token.text.len, token.text.at);
		assert_true(used < sizeof(got));
	}
	got[used] = '\0';
	assert_string_equal(got, expected);
}

static void blanks_and_comments_separate(void **state)
{
	(void)state;
	check(LEX_SCRIPT, " \t\r\n\f\v", "");
	check(LEX_SCRIPT, "a/* c */b # rest ( \n c", "n:a n:b n:c");
	check(LEX_SCRIPT, "/**/a/***/ /* * / */ b", "n:a n:b");
	check(LEX_SCRIPT, "a /* open", "n:a e:comment without end");
	check(LEX_SCRIPT, "a /*/", "n:a e:comment without end");
	check(LEX_VERSION, "foo/*c*/bar # x", "n:foo n:bar");
	check(LEX_INPUTLIST, "a.o/* c */ b.o", "n:a.o n:b.o");
}

static void quoted_names_are_names_in_every_state(void **state)
{
	(void)state;
	for (enum lex_state lex = LEX_SCRIPT; lex <= LEX_VERSION; lex++)
		check(lex, "\"a b;/* c */\"\"\"", "q:a b;/* c */ q:");
	check(LEX_VERSION, "\"open\n", "e:quoted name without end");
}

static void top_level_words(void **state)
{
	(void)state;
	check(LEX_SCRIPT, "OUTPUT_FORMAT(elf64-x86-64, a)", "n:OUTPUT_FORMAT p:( n:elf64-x86-64 p:, n:a p:)");
	check(LEX_SCRIPT, "OUTPUT_ARCH(i386:x86-64)", "n:OUTPUT_ARCH p:( n:i386:x86-64 p:)");
	check(LEX_SCRIPT, "x=1;y+=0x10K;", "n:x p:= #:1 p:; n:y p:+= #:16384 p:;");
	check(LEX_SCRIPT, ".text: {}", "n:.text p:: p:{ p:}");
	check(LEX_SCRIPT, "SEARCH_DIR(=/usr/lib)", "n:SEARCH_DIR p:( p:= n:/usr/lib p:)");
}

static void file_names_of_input_lists(void **state)
{
	(void)state;
	check(LEX_INPUTLIST, "( /lib/x86_64-linux-gnu/libc.so.6 AS_NEEDED ( =/lib/ld.so ) -lfoo )",
	      "p:( n:/lib/x86_64-linux-gnu/libc.so.6 n:AS_NEEDED p:( n:=/lib/ld.so p:) n:-lfoo p:)");
	check(LEX_INPUTLIST, "a.o, b.o,c.o ,d.o,", "n:a.o p:, n:b.o,c.o p:, n:d.o p:,");
	check(LEX_INPUTLIST, "libstdc++.so.6 3rd.o user@host/x.o -l:exact.a",
	      "n:libstdc++.so.6 n:3rd.o n:user@host/x.o n:-l:exact.a");
	check(LEX_INPUTLIST, "$SYSROOT/x.o", "n:$SYSROOT/x.o");
}

static void numbers(void **state)
{
	(void)state;
	check(LEX_EXPR, "0 10 0x10 010 0xFFffFFffFFffFFff", "#:0 #:10 #:16 #:8 #:18446744073709551615");
	check(LEX_EXPR, "4K 4k 2M 0x10K 10H 101B 17O 9D $ff",
	      "#:4096 #:4096 #:2097152 #:16384 #:16 #:5 #:15 #:9 #:255");
	check(LEX_EXPR, "08", "e:malformed number");
	check(LEX_EXPR, "12ab", "e:malformed number");
	check(LEX_EXPR, "0x10000000000000000 10000000000000000H", "#:0 e:number does not fit in 64 bits");
	check(LEX_EXPR, "18014398509481984K", "e:number does not fit in 64 bits");
	check(LEX_EXPR, "K", "n:K");
	check(LEX_EXPR, "$ffx $x", "n:$ffx n:$x");
}

static void expressions(void **state)
{
	(void)state;
	check(LEX_EXPR, "a-b a/b a / b a*b", "n:a p:- n:b n:a/b n:a p:/ n:b n:a p:* n:b");
	check(LEX_EXPR, ". + SIZEOF(.text) <<= 1 << 2 >= 3",
	      "n:. p:+ n:SIZEOF p:( n:.text p:) p:<<= #:1 p:<< #:2 p:>= #:3");
	check(LEX_EXPR, "0x90 /DISCARD/", "#:144 n:/DISCARD/");
	check(LEX_EXPR, "!a&&b||~c?d:e", "p:! n:a p:&& n:b p:|| p:~ n:c p:? n:d p:: n:e");
}

static void globs_of_section_rules(void **state)
{
	(void)state;
	check(LEX_WILD, "*(.text .text.* EXCLUDE_FILE(*crt?.o) .ctors)",
	      "n:* p:( n:.text n:.text.* n:EXCLUDE_FILE p:( n:*crt?.o p:) n:.ctors p:)");
	check(LEX_WILD, "[!a-z]*^", "n:[!a-z]*^");
	check(LEX_WILD, ".a, .b,.c :m.o lib.a:", "n:.a p:, n:.b,.c n::m.o n:lib.a:");
	check(LEX_WILD, "a=b", "n:a=b");
	check(LEX_STATEMENT, "a=b", "n:a p:= n:b");
	check(LEX_STATEMENT, "a*= b", "n:a n:*= n:b"); /* the operator is read in another state */
	check(LEX_STATEMENT, "d/a=b.o", "n:d/a=b.o");
	check(LEX_STATEMENT, "*a=b.o", "n:*a=b.o");
}

static void version_patterns(void **state)
{
	(void)state;
	check(LEX_VERSION, "VERS_1.1 { global: foo; bar*; ns::f?[!a-z]; local:*; } VERS_1.0;",
	      "n:VERS_1.1 p:{ n:global p:: n:foo p:; n:bar* p:; n:ns::f?[!a-z] p:; n:local p:: n:* p:; p:} "
	      "n:VERS_1.0 p:;");
	check(LEX_VERSION, "extern \"C++\" { \"ns::f(int)\"; ns::*; };",
	      "n:extern q:C++ p:{ q:ns::f(int) p:; n:ns::* p:; p:} p:;");
	check(LEX_VERSION, "1.0 $a \\* x@V", "n:1.0 n:$a n:\\* n:x@V");
}

static void check_position(struct token token, uint32_t expected_line, uint32_t expected_column)
{
	uint32_t line, column;
	script_position(token.place, &line, &column);
	assert_int_equal(line, expected_line);
	assert_int_equal(column, expected_column);
}

static void lines_and_columns_count_from_one(void **state)
{
	(void)state;
	struct lexer lexer = lexer_for("a\n  /* x\n */ b\n\"c\nd\" e");
	static const uint32_t places[][2] = {{1, 1}, {3, 5}, {4, 1}, {5, 4}};
	for (size_t i = 0; i < COUNTOF(places); i++) {
		struct token token = lexer_next(&lexer, LEX_SCRIPT);
		check_position(token, places[i][0], places[i][1]);
	}
	struct token token = lexer_next(&lexer, LEX_SCRIPT);
	assert_int_equal(token.kind, TOKEN_END);
	check_position(token, 5, 5);
}

static void a_peek_takes_nothing(void **state)
{
	(void)state;
	struct lexer lexer = lexer_for("a-b c");
	assert_true(token_is(lexer_peek(&lexer, LEX_SCRIPT), "a-b"));
	assert_true(token_is(lexer_peek(&lexer, LEX_EXPR), "a"));
	assert_true(token_is(lexer_next(&lexer, LEX_SCRIPT), "a-b"));
	assert_true(token_is(lexer_next(&lexer, LEX_SCRIPT), "c"));
}

static void a_quoted_word_is_no_keyword(void **state)
{
	(void)state;
	struct lexer lexer = lexer_for("\"INPUT\"");
	assert_false(token_is(lexer_next(&lexer, LEX_SCRIPT), "INPUT"));
}

static void any_bytes_come_to_an_end(void **state)
{
	(void)state;
	uint32_t random = 12345;
	uint8_t bytes[64];
	for (unsigned round = 0; round < 20000; round++) {
		static const char likely[] = "ab/*\"# \n={};:,+-$0x1KH([\\~";
		size_t size = random % sizeof(bytes);
		for (size_t i = 0; i < size; i++) {
			random = random * 1103515245 + 12345;
			uint32_t choice = random >> 8;
			bytes[i] = (uint8_t)(random >> 28 ? (uint8_t)likely[choice % (sizeof(likely) - 1)] : choice);
		}
		for (enum lex_state lex = LEX_SCRIPT; lex <= LEX_VERSION; lex++) {
			struct lexer lexer;
			struct script_text script = {"random", {bytes, size}};
			lexer_init(&lexer, script_whole(&script));
			size_t tokens = 0;
			while (lexer_next(&lexer, lex).kind != TOKEN_END)
				assert_in_range(++tokens, 1, sizeof(bytes));
			assert_int_equal(lexer.at, size);
		}
		random = random * 1103515245 + 12345;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blanks_and_comments_separate),
		cmocka_unit_test(quoted_names_are_names_in_every_state),
		cmocka_unit_test(top_level_words),
		cmocka_unit_test(file_names_of_input_lists),
		cmocka_unit_test(numbers),
		cmocka_unit_test(expressions),
		cmocka_unit_test(globs_of_section_rules),
		cmocka_unit_test(version_patterns),
		cmocka_unit_test(lines_and_columns_count_from_one),
		cmocka_unit_test(a_peek_takes_nothing),
		cmocka_unit_test(a_quoted_word_is_no_keyword),
		cmocka_unit_test(any_bytes_come_to_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
