#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ld/input/version_script.h"

struct run {
	struct version_script script;
	struct arena arena;
	struct diag diag;
	bool ok;
};

static void begin(struct run *run)
{
	*run = (struct run){.ok = false};
	diag_init(&run->diag);
}

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static struct script_place place_of(struct run *run, const char *path, const char *text)
{
	struct script_text *file = arena_new(&run->arena, struct script_text);
	*file = (struct script_text){path, bytes_of(text)};
	return script_whole(file);
}

static void parse(struct run *run, const char *text)
{
	begin(run);
	run->ok = version_script_parse(&run->script, place_of(run, "v.map", text), &run->arena, &run->diag);
}

static void end(struct run *run)
{
	version_script_free(&run->script);
	diag_free(&run->diag);
	arena_free(&run->arena);
}

/* All that was parsed: "V2<V1 V2:foo V2:-*" - the nodes with their parents, then the patterns, each with its node and
 * '-' when local, '=' when literal, '+' when C++. */
static void check_content(struct run *run, const char *expected)
{
	char got[4096] = "";
	size_t used = 0;
	struct version_script *script = &run->script;
	for (uint32_t i = 0; i < script->nodes.n; i++) {
		used += (size_t)snprintf(got + used, sizeof(got) - used, "%s{%s", i ? " " : "",
					 script->nodes.at[i].name);
		for (uint32_t k = 0; k < script->nodes.at[i].parents.n; k++)
			used += (size_t)snprintf(got + used, sizeof(got) - used, "<%s",
						 script->nodes.at[script->nodes.at[i].parents.at[k]].name);
		used += (size_t)snprintf(got + used, sizeof(got) - used, "}");
	}
	for (uint32_t i = 0; i < script->patterns.n; i++) {
		struct version_pattern *pattern = &script->patterns.at[i];
		used += (size_t)snprintf(got + used, sizeof(got) - used, " %s:%s%s%s%.*s",
					 script->nodes.at[pattern->node].name,
					 pattern->local ? "-" : "", pattern->literal ? "=" : "",
					 pattern->cxx ? "+" : "",
					 (int)pattern->text.len, pattern->text.at);
		assert_true(used < sizeof(got));
	}
	assert_string_equal(got, expected);
}

static void check(const char *text, const char *expected)
{
	struct run run;
	parse(&run, text);
	if (!run.ok)
		print_error("%s\n", run.diag.pending.at[0].text);
	assert_true(run.ok);
	check_content(&run, expected);
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

static void nodes_and_patterns(void **state)
{
	(void)state;
	check("V1 { global: foo; bar*; local: *; };", "{V1} V1:=foo V1:bar* V1:-*");
	check("{ global: foo; local: *; };", "{} :=foo :-*");
	check("V1 { foo; }; V2 { bar; } V1; V3 { } V1 V2;", "{V1} {V2<V1} {V3<V1<V2} V1:=foo V2:=bar");
	check("V1{a;};V2{b;}V1;", "{V1} {V2<V1} V1:=a V2:=b");
	check("V1 { };", "{V1}");
	check("V1 { global: local: *; };", "{V1} V1:-*");
	check("V1 { local: *; global: b; };", "{V1} V1:-* V1:=b");
	check("# comment\n/* another */ V1 { /* in */ a; # end\n };", "{V1} V1:=a");
	check("1.0 { a; }; \"V 2\" { b; } 1.0;", "{1.0} {V 2<1.0} 1.0:=a V 2:=b");
}

static void labels_are_also_names(void **state)
{
	(void)state;
	check("V { global; local; extern; };", "{V} V:=global V:=local V:=extern");
	check("V { global : a; local:b; };", "{V} V:=a V:-=b");
	check("V { global::f; };", "{V} V:=global::f");
}

static void patterns_of_cxx(void **state)
{
	(void)state;
	check("V { global: extern \"C++\" { \"ns::f(int)\"; ns::*; last }; c; local: extern \"C\" { d; }; };",
	      "{V} V:=+ns::f(int) V:+ns::* V:=+last V:=c V:-=d");
	check("V { extern \"C++\" { }; };", "{V}");
	check("V { \"quoted*\"; glob\\*; x[ab]; };", "{V} V:=quoted* V:glob\\* V:x[ab]");
}

static void several_scripts_add_up(void **state)
{
	(void)state;
	struct run run;
	parse(&run, "V1 { a; };");
	assert_true(run.ok);
	assert_true(version_script_parse(&run.script, place_of(&run, "w.map", "V2 { b; } V1;"), &run.arena, &run.diag));
	check_content(&run, "{V1} {V2<V1} V1:=a V2:=b");
	assert_false(version_script_parse(&run.script, place_of(&run, "w.map", "V1 { c; };"), &run.arena, &run.diag));
	assert_string_equal(run.diag.pending.at[0].text,
			    "w.map:1:1: duplicate version node 'V1'\n>>> V1 { c; };\n>>> ^");
	end(&run);
}

static void errors_point_at_the_place(void **state)
{
	(void)state;
	check_error("V {\n\tfoo\n};\n", "v.map:3:1: expected ';' after a symbol pattern, found '}'\n>>> };\n>>> ^");
	check_error("V { a; } W;", "v.map:1:10: version node 'V' depends on 'W', which is not defined before it\n"
				   ">>> V { a; } W;\n>>>          ^");
	check_error("V { a; } V;", "v.map:1:10: version node 'V' depends on 'V', which is not defined before it\n"
				   ">>> V { a; } V;\n>>>          ^");
	check_error("V { a; };\nV { b; };", "v.map:2:1: duplicate version node 'V'\n>>> V { b; };\n>>> ^");
	check_error("V { a; };\n{ b; };",
		    "v.map:2:1: an anonymous version node cannot be combined with other version nodes\n"
		    ">>> { b; };\n>>> ^");
	check_error("{ a; };\nV { b; };",
		    "v.map:2:1: an anonymous version node cannot be combined with other version nodes\n"
		    ">>> V { b; };\n>>> ^");
	check_error("{ a; }; { b; };",
		    "v.map:1:9: an anonymous version node cannot be combined with other version nodes\n"
				       ">>> { a; }; { b; };\n>>>         ^");
	check_error("V { extern { a; }; };", "v.map:1:12: expected \"C\" or \"C++\" after extern, found '{'\n"
					     ">>> V { extern { a; }; };\n>>>            ^");
	check_error("V { extern \"Ada\" { a; }; };",
		    "v.map:1:12: unknown language \"Ada\", only \"C\" and \"C++\" are known\n"
						   ">>> V { extern \"Ada\" { a; }; };\n>>>            ^");
	check_error("V { a; }", "v.map:1:9: expected ';' after the '}' of a version node, found the end of the file\n"
				">>> V { a; }\n>>>         ^");
	check_error("V { f(int); };", "v.map:1:6: expected ';' after a symbol pattern, found '('\n>>> V { f(int); };\n"
				      ">>>      ^");
	check_error("", "v.map:1:1: expected a version name or '{', found the end of the file\n>>> \n>>> ^");
	check_error("V { a; /* open",
		    "v.map:1:8: comment without end, expected a symbol pattern, 'global:', 'local:' or '}'\n"
				      ">>> V { a; /* open\n>>>        ^");
}

static void dynamic_lists(void **state)
{
	(void)state;
	struct run run;
	begin(&run);
	assert_true(dynamic_list_parse(&run.script, place_of(&run, "d.list", "{ foo; bar*; extern \"C++\" { ns::*; }; };"),
				       &run.arena, &run.diag));
	assert_true(dynamic_list_parse(&run.script, place_of(&run, "e.list", "{ more; };\n{ \"and*\"; };"), &run.arena,
				       &run.diag));
	check_content(&run, "{} :=foo :bar* :+ns::* :=more :=and*");
	assert_false(dynamic_list_parse(&run.script, place_of(&run, "f.list", "V { a; };"), &run.arena, &run.diag));
	assert_string_equal(run.diag.pending.at[0].text,
			    "f.list:1:1: expected '{' at the start of a dynamic list, found 'V'\n>>> V { a; };\n>>> ^");
	assert_false(dynamic_list_parse(&run.script, place_of(&run, "g.list", "{ global: a; };"), &run.arena, &run.diag));
	end(&run);
}

/* As libstdc++ has it: many nodes, each after the one before, C++ patterns, comments. */
static void a_script_as_large_as_that_of_libstdcxx(void **state)
{
	(void)state;
	enum { NODES = 40, PATTERNS = 250 };
	size_t room = NODES * PATTERNS * 80, used = 0;
	char *text = malloc(room);
	for (unsigned node = 0; node < NODES; node++) {
		used += (size_t)sprintf(text + used, "# GCC %u\nGLIBCXX_3.4.%u {\n\n  global:\n", node, node);
		for (unsigned i = 0; i < PATTERNS; i++) {
			if (i == 100)
				used += (size_t)sprintf(text + used, "    extern \"C++\"\n    {\n");
			if (i >= 100 && i < 150)
				used += (size_t)sprintf(text + used, "      std::basic_[j-n]*%u;\n", i);
			else
				used += (size_t)sprintf(text + used, "    /* std::foo */ _ZNSt%u_%uE[jmy]*;\n", node,
							i);
			if (i == 149)
				used += (size_t)sprintf(text + used, "    };\n");
		}
		if (node == 0)
			used += (size_t)snprintf(text + used, 32, "  local:\n    *;\n");
		used += (size_t)sprintf(text + used, node ? "} GLIBCXX_3.4.%u;\n\n" : "};\n\n", node - 1);
	}
	struct run run;
	parse(&run, text);
	assert_true(run.ok);
	assert_int_equal(run.script.nodes.n, NODES);
	assert_int_equal(run.script.patterns.n, NODES * PATTERNS + 1);
	assert_int_equal(run.script.nodes.at[NODES - 1].parents.at[0], NODES - 2);
	unsigned cxx = 0;
	for (uint32_t i = 0; i < run.script.patterns.n; i++)
		cxx += run.script.patterns.at[i].cxx;
	assert_int_equal(cxx, NODES * 50);
	end(&run);
	free(text);
}

/* The one rustc writes, and ALSA's. */
static void real_ones(void **state)
{
	(void)state;
	check("{\n  global:\n    rust_begin;\n    __rust_alloc;\n\n  local:\n    *;\n};\n",
	      "{} :=rust_begin :=__rust_alloc :-*");
	check("ALSA_0.9 {\n  global:\n    @SYMBOL_PREFIX@snd_*;\n  local:\n    *;\n};\n\nALSA_0.9.0 {\n  global:\n\n"
	      "    snd_pcm_hw_params_get_access;\n} ALSA_0.9;\n",
	      "{ALSA_0.9} {ALSA_0.9.0<ALSA_0.9} ALSA_0.9:@SYMBOL_PREFIX@snd_* ALSA_0.9:-* "
	      "ALSA_0.9.0:=snd_pcm_hw_params_get_access");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_and_patterns),
		cmocka_unit_test(labels_are_also_names),
		cmocka_unit_test(patterns_of_cxx),
		cmocka_unit_test(several_scripts_add_up),
		cmocka_unit_test(errors_point_at_the_place),
		cmocka_unit_test(dynamic_lists),
		cmocka_unit_test(a_script_as_large_as_that_of_libstdcxx),
		cmocka_unit_test(real_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
