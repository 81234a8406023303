#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ld/input/option_table.h"
#include "ld/input/options.h"

enum { MAX_WORDS = 64 };

struct run {
	struct options options;
	struct arena arena;
	struct diag diag;
	bool ok;
};

/* Parses words separated by one blank each. */
static void parse(struct run *run, const char *line)
{
	*run = (struct run){.ok = false};
	diag_init(&run->diag);
	run->diag.color = false;
	char *copy = arena_strndup(&run->arena, line, strlen(line));
	char *words[MAX_WORDS] = {arena_strndup(&run->arena, "ld", 2)};
	int n = 1;
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
		assert_in_range(n, 1, MAX_WORDS - 1);
		words[n++] = word;
	}
	run->ok = options_parse(&run->options, n, words, &run->arena, &run->diag);
}

static void end(struct run *run)
{
	options_free(&run->options);
	diag_free(&run->diag);
	arena_free(&run->arena);
}

/* The only message is `text`. */
static void check_message(const char *line, enum severity severity, const char *text)
{
	struct run run;
	parse(&run, line);
	if (run.diag.pending.n != 1)
		print_error("%s: %u messages\n", line, run.diag.pending.n);
	assert_int_equal(run.diag.pending.n, 1);
	assert_string_equal(run.diag.pending.at[0].text, text);
	assert_int_equal(run.diag.pending.at[0].severity, severity);
	assert_int_equal(run.ok, severity != SEVERITY_ERROR);
	end(&run);
}

static void check_error(const char *line, const char *text)
{
	check_message(line, SEVERITY_ERROR, text);
}

/* Understood without a word. */
static void parse_quietly(struct run *run, const char *line)
{
	parse(run, line);
	if (run->diag.pending.n > 0)
		print_error("%s: %s\n", line, run->diag.pending.at[0].text);
	assert_int_equal(run->diag.pending.n, 0);
	assert_true(run->ok);
}

static void check_quiet(const char *line)
{
	struct run run;
	parse_quietly(&run, line);
	end(&run);
}

static void the_defaults_are_those_of_gnu_ld_on_debian(void **state)
{
	(void)state;
	struct run run;
	parse_quietly(&run, "");
	struct options *options = &run.options;
	assert_string_equal(options->output, "a.out");
	assert_int_equal(options->kind, OUTPUT_EXECUTABLE);
	assert_false(options->is_static);
	assert_true(options->hash_gnu && options->hash_sysv);
	assert_true(options->new_dtags && options->relax && options->demangle && options->undefined_version);
	assert_true(options->z.relro && options->z.separate_code && options->z.combreloc);
	assert_false(options->z.now || options->eh_frame_hdr || options->gc_sections);
	assert_int_equal(options->z.max_page_size, 4096);
	assert_int_equal(options->z.common_page_size, 4096);
	assert_int_equal(options->z.start_stop_visibility, STV_PROTECTED);
	assert_int_equal(options->spare_dynamic_tags, 5);
	assert_int_equal(options->build_id, BUILD_ID_NONE);
	assert_int_equal(options->discard, DISCARD_SEC_MERGE);
	assert_false(options->allow_shlib_undefined);
	assert_string_equal(options->init, "_init");
	assert_null(options->emulation);
	end(&run);
	parse_quietly(&run, "-shared");
	assert_true(run.options.allow_shlib_undefined);
	end(&run);
}

static void what_gcc_passes_is_understood(void **state)
{
	(void)state;
	struct run run;
	parse_quietly(&run, "-plugin /usr/lib/liblto_plugin.so -plugin-opt=/usr/lib/lto-wrapper "
			    "-plugin-opt=-fresolution=/tmp/x.res -plugin-opt=-pass-through=-lgcc --build-id "
			    "--eh-frame-hdr -m elf_x86_64 --hash-style=gnu --as-needed -export-dynamic "
			    "-dynamic-linker /lib64/ld-linux-x86-64.so.2 -pie -o hello Scrt1.o crti.o -L/usr/lib -L.. "
			    "hello.o -lgcc --push-state --as-needed -lgcc_s --pop-state -lc --no-as-needed -lm crtn.o");
	struct options *options = &run.options;
	assert_int_equal(options->kind, OUTPUT_PIE);
	assert_string_equal(options->output, "hello");
	assert_string_equal(options->dynamic_linker, "/lib64/ld-linux-x86-64.so.2");
	assert_int_equal(options->build_id, BUILD_ID_HASH);
	assert_int_equal(options->build_id_size, 20);
	assert_true(options->hash_gnu && !options->hash_sysv);
	assert_true(options->eh_frame_hdr && options->export_dynamic);
	assert_int_equal(options->library_paths.n, 2);
	assert_int_equal(options->inputs.n, 8);
	assert_string_equal(options->inputs.at[3].name, "gcc");
	assert_true(options->inputs.at[3].is_library && options->inputs.at[3].as_needed);
	assert_false(options->inputs.at[6].as_needed);
	assert_false(options->inputs.at[7].is_library);
	end(&run);

	parse_quietly(&run, "-static -pie --no-dynamic-linker -z text rcrt1.o --start-group -lgcc -lc --end-group");
	assert_true(run.options.is_static && run.options.no_dynamic_linker && run.options.z.text);
	assert_int_equal(run.options.kind, OUTPUT_PIE);
	assert_true(run.options.inputs.at[2].prefer_static);
	end(&run);
}

static void one_dash_or_two_and_a_blank_or_an_equals_sign(void **state)
{
	(void)state;
	static const char *const lines[] = {"-soname x", "--soname x", "-soname=x", "--soname=x", "-h x", "-hx"};
	for (size_t i = 0; i < COUNTOF(lines); i++) {
		struct run run;
		parse_quietly(&run, lines[i]);
		assert_string_equal(run.options.soname, "x");
		end(&run);
	}
}

static void long_names_win_over_joined_short_ones(void **state)
{
	(void)state;
	struct run run;
	parse_quietly(&run, "-Ttext-segment=400000 -rpath a -static -shared -export-dynamic -init i -nostdlib -z now");
	assert_int_equal(run.options.image_base, 0x400000);
	assert_int_equal(run.options.scripts.n, 0);
	assert_true(run.options.is_static && run.options.export_dynamic && run.options.nostdlib);
	assert_false(run.options.as_relocatable);
	assert_string_equal(run.options.init, "i");
	end(&run);
	parse_quietly(&run, "-Tscript -Ldir -lname -l:exact.a -uroot -eentry -ytraced -mother -znow -Iloader -O2");
	assert_string_equal(run.options.scripts.at[0].path, "script");
	assert_int_equal(run.options.inputs.at[0].script, 1);
	assert_string_equal(run.options.library_paths.at[0], "dir");
	assert_string_equal(run.options.inputs.at[1].name, "name");
	assert_string_equal(run.options.inputs.at[2].name, ":exact.a");
	assert_string_equal(run.options.undefined.at[0], "root");
	assert_string_equal(run.options.entry, "entry");
	assert_string_equal(run.options.trace_symbols.at[0], "traced");
	assert_string_equal(run.options.emulation, "other");
	assert_string_equal(run.options.dynamic_linker, "loader");
	assert_true(run.options.z.now);
	assert_int_equal(run.options.optimize, 2);
	end(&run);
}

static void a_name_with_o_needs_two_dashes(void **state)
{
	(void)state;
	struct run run;
	parse_quietly(&run, "-omagic");
	assert_string_equal(run.options.output, "magic");
	end(&run);
	parse_quietly(&run, "-oformat=x");
	assert_string_equal(run.options.output, "format=x");
	end(&run);
	check_quiet("--omagic");
	check_error("--o", "unknown option: --o");
}

static void the_last_one_wins(void **state)
{
	(void)state;
	struct run run;
	parse_quietly(&run,
		      "--build-id=md5 --build-id=none --hash-style=gnu --hash-style=sysv -e a -e b -z now -z lazy "
			    "-pie -no-pie --threads=4 --no-threads -o x -o y -s -S -Bsymbolic -Bno-symbolic");
	assert_int_equal(run.options.build_id, BUILD_ID_NONE);
	assert_true(run.options.hash_sysv && !run.options.hash_gnu);
	assert_string_equal(run.options.entry, "b");
	assert_false(run.options.z.now);
	assert_int_equal(run.options.kind, OUTPUT_EXECUTABLE);
	assert_int_equal(run.options.threads, 1);
	assert_string_equal(run.options.output, "y");
	assert_int_equal(run.options.strip, STRIP_DEBUG);
	assert_int_equal(run.options.bsymbolic, BSYMBOLIC_NONE);
	end(&run);
}

static void unambiguous_abbreviations_are_accepted(void **state)
{
	(void)state;
	struct run run;
	parse_quietly(&run, "--whole a.a --export-dyn -gc-sec --version-s v.map");
	assert_true(run.options.inputs.at[0].whole_archive && run.options.export_dynamic && run.options.gc_sections);
	assert_string_equal(run.options.version_scripts.at[0], "v.map");
	end(&run);
	check_error("--hash x", "option --hash is ambiguous: it could be --hash-style or --hash-bucket-empty-fraction");
}

static void an_unknown_option_is_an_error_even_with_v(void **state)
{
	(void)state;
	check_error("-v --nosuch", "unknown option: --nosuch");
	check_error("-nosuch -v", "unknown option: -nosuch");
	check_error("-xfoo", "unknown option: -xfoo");
	check_error("-rdynamic", "unknown option: -rdynamic");
	check_error("--as-needed=3", "option --as-needed takes no argument");
	check_error("a.o -o", "option -o needs an argument");
	check_error("--soname", "option --soname needs an argument");
}

static void version_and_help_end_the_command_line(void **state)
{
	(void)state;
	struct run run;
	parse_quietly(&run, "--version --nosuch");
	assert_true(run.options.print_version);
	end(&run);
	parse_quietly(&run, "-help -o");
	assert_true(run.options.print_help);
	end(&run);
	parse_quietly(&run, "-v a.o");
	assert_true(run.options.show_version && run.options.inputs.n == 1);
	end(&run);
}

static void what_is_not_done_yet_says_so(void **state)
{
	(void)state;
	check_error("--oformat srec", "option --oformat: unknown or unsupported format: srec");
	check_error("-b srec", "option -b: unknown or unsupported format: srec");
	check_error("--lto-O2", "option --lto-O2 is not supported yet");
	check_error("-G 8", "option -G 8 is not supported yet");
	check_error("-z call-nop=prefix-addr", "option -z call-nop=prefix-addr is not supported yet");
	check_error("-z unique", "option -z unique is not supported yet");
	check_error("--unique", "option --unique is supported with -r only");
	check_error("-r -pie", "-r and -pie may not be used together");
	check_error("-r --gc-sections", "-r --gc-sections requires a defined symbol root specified by -e or -u");
	check_quiet("--icf=none --oformat elf64-x86-64 -b elf --orphan-handling=place -z cet-report=none");
	check_message("--warn-drop-version", SEVERITY_NOTE, "option --warn-drop-version has no effect yet");
}

static void check_icf(const char *line, enum icf_kind kind, const char *print)
{
	struct run run;
	parse_quietly(&run, line);
	assert_int_equal(run.options.icf, kind);
	if (print)
		assert_string_equal(run.options.print_icf, print);
	else
		assert_null(run.options.print_icf);
	end(&run);
}

static void folding(void **state)
{
	(void)state;
	check_icf("--icf=none", ICF_NONE, NULL);
	check_icf("--icf safe --print-icf-sections", ICF_SAFE, "-");
	check_icf("-icf=all --print-icf-sections=FILE --icf-iterations=2", ICF_ALL, "FILE");
	check_icf("--icf=all --no-icf --print-icf-sections --no-print-icf-sections", ICF_NONE, NULL);
	check_error("--icf=safe_thunks", "option --icf: 'safe_thunks' is not one of: none, safe, all");
}

static void check_quiet_abi(const char *line, unsigned classes)
{
	struct run run;
	parse_quietly(&run, line);
	assert_int_equal(run.options.quiet_abi, classes);
	end(&run);
}

static void warnings_about_files_that_do_not_fit_are_turned_off_by_class(void **state)
{
	(void)state;
	const unsigned all = (1u << ABI_CLASSES) - 1;
	check_quiet_abi("", 0);
	check_quiet_abi("--no-warn-abi", all);
	check_quiet_abi("--no-warn-abi --warn-abi", 0);
	check_quiet_abi("--no-warn-abi=symbol-size --no-warn-abi=interposition",
			1u << ABI_SYMBOL_SIZE | 1u << ABI_INTERPOSITION);
	check_quiet_abi("--no-warn-abi --warn-abi=copy-relocation", all & ~(1u << ABI_COPY_RELOCATION));
	check_error("--no-warn-abi=size",
		    "option --no-warn-abi: 'size' is not one of: symbol-type, symbol-size, class-layout, "
		    "copy-relocation, archive-override, interposition");
}

static void check_compress(const char *line, enum compress_kind kind, int level)
{
	struct run run;
	parse_quietly(&run, line);
	assert_int_equal(run.options.compress_debug, kind);
	assert_int_equal(run.options.compress_level, level);
	end(&run);
}

static void compression_has_a_kind_and_a_level(void **state)
{
	(void)state;
	check_compress("", COMPRESS_NONE, 0);
	check_compress("--compress-debug-sections=zlib", COMPRESS_ZLIB, 1);
	check_compress("--compress-debug-sections zlib-gabi:9", COMPRESS_ZLIB, 9);
	check_compress("--compress-debug-sections=zlib-gnu:0", COMPRESS_ZLIB_GNU, 0);
	check_compress("--compress-debug-sections=zstd", COMPRESS_ZSTD, 3);
	check_compress("--compress-debug-sections=zlib --compress-debug-sections=zstd:22", COMPRESS_ZSTD, 22);
	check_compress("--compress-debug-sections=zlib --compress-debug-sections=none", COMPRESS_NONE, 1);
}

static void what_needs_nothing_done_is_accepted(void **state)
{
	(void)state;
	check_quiet("--sort-common=descending --no-keep-memory --hash-size=31 --max-cache-size 5 -flto=auto -g "
		    "-fuse-ld=gild -Qy -assert pure-text -( a.a -) --no-add-needed --fix-cortex-a8 -z bndplt -EL");
}

static void every_row_of_the_tables_is_parsed_as_it_says(void **state)
{
	(void)state;
	struct option_rows tables[] = {option_table(), option_table_unsupported()};
	for (size_t t = 0; t < COUNTOF(tables); t++) {
		for (size_t i = 0; i < tables[t].n; i++) {
			const struct option_row *row = &tables[t].at[i];
			if (!row->name)
				continue;
			char line[128];
			bool wants_value = row->argument == ARG_REQUIRED || row->argument == ARG_SHORT;
			snprintf(line, sizeof(line), "%s%s%s", row->name, row->argument == ARG_PREFIX ? "1" : "",
				 wants_value ? " 1" : "");
			struct run run;
			parse(&run, line);
			if (row->id == OPTION_UNSUPPORTED)
				assert_non_null(strstr(run.diag.pending.at[0].text, "is not supported yet"));
			for (uint32_t m = 0; m < run.diag.pending.n; m++)
				assert_null(strstr(run.diag.pending.at[m].text, "unknown option"));
			bool is_input = row->id == OPTION_LIBRARY || row->id == OPTION_JUST_SYMBOLS ||
					row->id == OPTION_SCRIPT || row->id == OPTION_DEFAULT_SCRIPT ||
					row->id == OPTION_MRI_SCRIPT;
			assert_int_equal(run.options.inputs.n, is_input);
			end(&run);
		}
	}
}

static void no_option_stands_twice_in_the_tables(void **state)
{
	(void)state;
	struct option_rows tables[] = {option_table(), option_table_unsupported(), option_table_z()};
	for (size_t t = 0; t < COUNTOF(tables); t++)
		for (size_t i = 0; i < tables[t].n; i++)
			for (size_t u = t; u < (t < 2 ? 2 : 3); u++)
				for (size_t k = u == t ? i + 1 : 0; k < tables[u].n; k++) {
					const char *a = tables[t].at[i].name, *b = tables[u].at[k].name;
					if (a && b && strcmp(a + strspn(a, "-"), b + strspn(b, "-")) == 0)
						fail_msg("%s stands twice", a);
				}
}

static void inputs_carry_the_state_where_they_stood(void **state)
{
	(void)state;
	struct run run;
	parse_quietly(&run, "a --as-needed b --push-state --whole-archive -Bstatic --start-lib c --pop-state d "
			    "--no-as-needed -Bdynamic e");
	struct input_request *inputs = run.options.inputs.at;
	assert_false(inputs[0].as_needed || inputs[0].whole_archive || inputs[0].prefer_static || inputs[0].lazy);
	assert_true(inputs[1].as_needed);
	assert_true(inputs[2].as_needed && inputs[2].whole_archive && inputs[2].prefer_static && inputs[2].lazy);
	assert_true(inputs[3].as_needed);
	assert_false(inputs[3].whole_archive || inputs[3].prefer_static || inputs[3].lazy);
	assert_false(inputs[4].as_needed);
	assert_false(run.options.is_static);
	end(&run);
	check_error("--pop-state", "option --pop-state without --push-state before it");
}

static void numbers_are_hexadecimal_where_gnu_ld_reads_them_so(void **state)
{
	(void)state;
	struct run run;
	parse_quietly(&run, "-Ttext-segment=10000");
	assert_int_equal(run.options.image_base, 0x10000);
	end(&run);
	parse_quietly(&run, "--image-base=65536");
	assert_int_equal(run.options.image_base, 65536);
	assert_true(run.options.image_base_given);
	end(&run);
	parse_quietly(&run, "--image-base 0x20000 -z max-page-size=0x10000 -z stack-size=1048576");
	assert_int_equal(run.options.image_base, 0x20000);
	assert_int_equal(run.options.z.max_page_size, 0x10000);
	assert_int_equal(run.options.z.common_page_size, 4096);
	assert_int_equal(run.options.z.stack_size, 1048576);
	end(&run);
	check_error("-z max-page-size=zz", "option max-page-size: 'zz' is not a number");
	check_error("-z max-page-size=3", "option -z max-page-size: 3 is not a power of two");
	check_error("-z max-page-size=2048 -z common-page-size=4096",
		    "common page size (0x1000) > maximum page size (0x800)");
	check_error("--image-base=-1", "option --image-base: '-1' is not a number");
	check_error("--image-base=0x10000000000000000", "option --image-base: '0x10000000000000000' is not a number");
	check_error("--threads=0", "option --threads: needs a number from 1 to 65535");
}

static void build_id_styles(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		enum build_id_kind kind;
		unsigned size;
	} cases[] = {
		{"--build-id", BUILD_ID_HASH, 20},      {"--build-id=sha1", BUILD_ID_HASH, 20},
		{"--build-id=md5", BUILD_ID_HASH, 16},  {"--build-id=sha256", BUILD_ID_HASH, 32},
		{"--build-id=fast", BUILD_ID_HASH, 8},  {"--build-id=uuid", BUILD_ID_UUID, 16},
		{"--build-id=none", BUILD_ID_NONE, 20}, {"--no-build-id", BUILD_ID_NONE, 20},
	};
	for (size_t i = 0; i < COUNTOF(cases); i++) {
		struct run run;
		parse_quietly(&run, cases[i].line);
		assert_int_equal(run.options.build_id, cases[i].kind);
		assert_int_equal(run.options.build_id_size, cases[i].size);
		end(&run);
	}
	struct run run;
	parse_quietly(&run, "--build-id=0x12-34:aBCd");
	assert_int_equal(run.options.build_id, BUILD_ID_HEX);
	assert_int_equal(run.options.build_id_hex.size, 4);
	assert_memory_equal(run.options.build_id_hex.data, "\x12\x34\xab\xcd", 4);
	end(&run);
	check_error("--build-id=0xabc", "option --build-id: '0xabc' is not whole bytes in hexadecimal");
	check_message("--build-id=what", SEVERITY_WARNING, "unrecognized --build-id style 'what' ignored");
}

static void z_keywords(void **state)
{
	(void)state;
	struct run run;
	parse_quietly(&run, "-z defs -z noexecstack -znorelro -z nodelete -z origin -z muldefs -z nocopyreloc "
			    "-z start-stop-visibility=hidden -z nodynamic-undefined-weak -z noseparate-code");
	struct options *options = &run.options;
	assert_true(options->z.defs && options->z.execstack_given && options->z.noexecstack && !options->z.execstack);
	assert_false(options->z.relro || options->z.separate_code || options->z.dynamic_undefined_weak);
	assert_true(options->z.nodelete && options->z.origin && options->z.nocopyreloc);
	assert_true(options->z.muldefs && options->allow_multiple_definition);
	assert_true(options->z.dynamic_undefined_weak_given);
	assert_int_equal(options->z.start_stop_visibility, STV_HIDDEN);
	end(&run);
	check_message("-z nosuch", SEVERITY_WARNING, "-z nosuch ignored: unknown keyword");
	check_message("-z lazyload=x", SEVERITY_WARNING, "-z lazyload=x ignored: unknown keyword");
}

static void the_sysroot_may_come_after_the_directories(void **state)
{
	(void)state;
	struct run run;
	parse_quietly(&run, "-L=/usr/lib -L/lib -L$SYSROOT/opt --sysroot=/cross");
	assert_string_equal(run.options.library_paths.at[0], "/cross/usr/lib");
	assert_string_equal(run.options.library_paths.at[1], "/lib");
	assert_string_equal(run.options.library_paths.at[2], "/cross/opt");
	end(&run);
}

static void rpaths_are_kept_once(void **state)
{
	(void)state;
	struct run run;
	parse_quietly(&run, "-rpath a:b -rpath b -rpath=a:b -rpath c -R /tmp -rpath ab");
	assert_int_equal(run.options.rpaths.n, 4);
	assert_string_equal(run.options.rpaths.at[1], "c");
	assert_string_equal(run.options.rpaths.at[2], "/tmp");
	end(&run);
	setenv("LD_RUN_PATH", "/env", 1);
	parse_quietly(&run, "a.o");
	assert_string_equal(run.options.rpaths.at[0], "/env");
	end(&run);
	parse_quietly(&run, "-rpath x");
	assert_int_equal(run.options.rpaths.n, 1);
	assert_string_equal(run.options.rpaths.at[0], "x");
	end(&run);
	unsetenv("LD_RUN_PATH");
}

static void lists_and_pairs(void **state)
{
	(void)state;
	struct run run;
	parse_quietly(&run, "--exclude-libs a.a,b.a:c.a --defsym=x=1 --defsym y=x+4 --wrap malloc --require-defined=r "
			    "--unresolved-symbols=ignore-in-object-files -Map=out.map --export-dynamic-symbol 'x*'");
	assert_int_equal(run.options.exclude_libs.n, 3);
	assert_string_equal(run.options.exclude_libs.at[1], "b.a");
	assert_int_equal(run.options.defsyms.n, 2);
	assert_string_equal(run.options.defsyms.at[1].name, "y");
	assert_string_equal(run.options.defsyms.at[1].value, "x+4");
	assert_true(run.options.ignore_unresolved_objects && !run.options.ignore_unresolved_shared);
	assert_string_equal(run.options.map_file, "out.map");
	end(&run);
	check_error("--defsym=x", "option --defsym: 'x' is not of the form SYMBOL=VALUE");
	check_error("--compress-debug-sections=lzma", "option --compress-debug-sections: 'lzma' is not one of: none, zlib, "
						      "zlib-gabi, zlib-gnu, zstd, with :LEVEL or without");
	check_error("--compress-debug-sections=none:1", "option --compress-debug-sections: 'none:1' is not one of: none, "
							"zlib, zlib-gabi, zlib-gnu, zstd, with :LEVEL or without");
	check_error("--compress-debug-sections=zlib:10",
		    "option --compress-debug-sections: zlib level must be between 0 and 9, not '10'");
	check_error("--compress-debug-sections=zstd:-1",
		    "option --compress-debug-sections: zstd level must be between 1 and 22, not '-1'");
	check_error("--compress-debug-sections=zstd:",
		    "option --compress-debug-sections: zstd level must be between 1 and 22, not ''");
	check_error("--hash-style=old", "option --hash-style: 'old' is not one of: sysv, gnu, both, none");
	check_error("-fsanitize=address", "option -f sanitize=address: -f or --auxiliary may not be used without -shared");
}

static void options_about_messages_reach_diag(void **state)
{
	(void)state;
	struct run run;
	parse_quietly(&run, "--color-diagnostics=always --error-limit=7 --fatal-warnings");
	assert_true(run.diag.color && run.diag.fatal_warnings);
	assert_int_equal(run.diag.error_limit, 7);
	end(&run);
	parse_quietly(&run, "--no-color-diagnostics -w --fatal-warnings --no-fatal-warnings");
	assert_false(run.diag.color || run.diag.fatal_warnings);
	assert_true(run.diag.no_warnings);
	end(&run);
}

/* ---- response files: written to a folder of the test's own ---- */

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int enter_folder(void **state)
{
	char *folder = strdup("/tmp/gild-options-XXXXXX");
	*state = folder;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	unlink("rsp"), unlink("inner");
	int failed = chdir("/") || rmdir(*state);
	free(*state);
	return failed;
}

static void response_files_are_quoted_as_in_gnu_tools(void **state)
{
	(void)state;
	write_file("rsp", "a.o\t'b c.o'\n\"d\\\"e\\$\\n.o\"  f\\ g\\\nh.o '' -o\nx'y'\"z\"\n'q\\'");
	struct run run;
	parse_quietly(&run, "first @rsp last");
	static const char *const names[] = {"first", "a.o", "b c.o", "d\"e$n.o", "f gh.o", "", "q\\", "last"};
	assert_string_equal(run.options.output, "xyz");
	assert_int_equal(run.options.inputs.n, COUNTOF(names));
	for (size_t i = 0; i < COUNTOF(names); i++)
		assert_string_equal(run.options.inputs.at[i].name, names[i]);
	end(&run);
}

static void response_files_nest_to_a_limit(void **state)
{
	(void)state;
	write_file("rsp", "a @inner b");
	write_file("inner", "c\n");
	struct run run;
	parse_quietly(&run, "@rsp");
	assert_int_equal(run.options.inputs.n, 3);
	assert_string_equal(run.options.inputs.at[1].name, "c");
	end(&run);
	write_file("inner", "@rsp @rsp");
	check_error("@rsp", "rsp: response files are nested more than 32 deep");
	write_file("rsp", "'open");
	check_error("@rsp", "rsp: a quote in this response file has no end");
	write_file("rsp", " \n\t");
	check_quiet("@rsp");
}

static void a_missing_response_file_is_a_file_name(void **state)
{
	(void)state;
	struct run run;
	parse_quietly(&run, "@nowhere @");
	assert_string_equal(run.options.inputs.at[0].name, "@nowhere");
	assert_string_equal(run.options.inputs.at[1].name, "@");
	end(&run);
	check_error("@/", "cannot read response file /: Is a directory");
}

int main(void)
{
	unsetenv("LD_RUN_PATH");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_defaults_are_those_of_gnu_ld_on_debian),
		cmocka_unit_test(what_gcc_passes_is_understood),
		cmocka_unit_test(one_dash_or_two_and_a_blank_or_an_equals_sign),
		cmocka_unit_test(long_names_win_over_joined_short_ones),
		cmocka_unit_test(a_name_with_o_needs_two_dashes),
		cmocka_unit_test(the_last_one_wins),
		cmocka_unit_test(unambiguous_abbreviations_are_accepted),
		cmocka_unit_test(an_unknown_option_is_an_error_even_with_v),
		cmocka_unit_test(version_and_help_end_the_command_line),
		cmocka_unit_test(what_is_not_done_yet_says_so),
		cmocka_unit_test(folding),
		cmocka_unit_test(warnings_about_files_that_do_not_fit_are_turned_off_by_class),
		cmocka_unit_test(compression_has_a_kind_and_a_level),
		cmocka_unit_test(what_needs_nothing_done_is_accepted),
		cmocka_unit_test(every_row_of_the_tables_is_parsed_as_it_says),
		cmocka_unit_test(no_option_stands_twice_in_the_tables),
		cmocka_unit_test(inputs_carry_the_state_where_they_stood),
		cmocka_unit_test(numbers_are_hexadecimal_where_gnu_ld_reads_them_so),
		cmocka_unit_test(build_id_styles),
		cmocka_unit_test(z_keywords),
		cmocka_unit_test(the_sysroot_may_come_after_the_directories),
		cmocka_unit_test(rpaths_are_kept_once),
		cmocka_unit_test(lists_and_pairs),
		cmocka_unit_test(options_about_messages_reach_diag),
		cmocka_unit_test_setup_teardown(response_files_are_quoted_as_in_gnu_tools, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(response_files_nest_to_a_limit, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(a_missing_response_file_is_a_file_name, enter_folder, leave_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
