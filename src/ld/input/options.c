#include "ld/input/options.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ld/input/option_match.h"
#include "ld/input/option_table.h"
#include "ld/input/option_values.h"
#include "ld/input/options_finish.h"
#include "ld/input/response_file.h"

enum { SPARE_DYNAMIC_TAGS = 5, PAGE_SIZE = 4096 };

/* What holds for the inputs that follow, and --push-state remembers. */
struct input_state {
	bool as_needed, whole_archive, prefer_static, lazy, binary;
	bool is_static;             /* -static, which is of the whole link unless it is undone */
};

struct parser {
	struct option_context context;
	struct command_words words;
	uint32_t at;                /* the next word */
	struct input_state state;
	ARRAY(struct input_state) saved;
	uint32_t group, groups;     /* the --start-group we are in (0: none), and how many there were */
	bool common_page_size_given;
	bool stop;                  /* --help or --version: what follows is not looked at */
};

static void set_defaults(struct options *options)
{
	*options = (struct options){
		.output = "a.out",
		.sysroot = "",
		.init = "_init",
		.fini = "_fini",
		.map_file = "",
		.hash_gnu = true,
		.hash_sysv = true,
		.new_dtags = true,
		.plt_unwind = true,
		.demangle = true,
		.relax = true,
		.undefined_version = true,
		.check_sections = true,
		.warn_shared_textrel = true,
		.print_map_discarded = true,
		.build_id_size = BUILD_ID_SHA1,
		.spare_dynamic_tags = SPARE_DYNAMIC_TAGS,
		.z = {
			.relro = true,
			.separate_code = true,
			.combreloc = true,
			.max_page_size = PAGE_SIZE,
			.common_page_size = PAGE_SIZE,
			.start_stop_visibility = STV_PROTECTED,
		},
	};
	const char *emulation = getenv("LDEMULATION"); /* GNU ld manual, "Environment Variables", as the other two */
	if (emulation && *emulation)
		options->emulation = emulation;
	options->demangle = getenv("COLLECT_NO_DEMANGLE") == NULL;
}

/* ---- run paths ---- */

/* Whether `dir`, which may itself be several directories separated by ':', stands in `path`. */
static bool path_has(const char *path, const char *dir)
{
	size_t len = strlen(dir);
	for (const char *at = path; at; at = strchr(at, ':')) {
		at += *at == ':';
		if (strncmp(at, dir, len) == 0 && (at[len] == ':' || at[len] == '\0'))
			return true;
	}
	return false;
}

static void add_rpath(struct options *options, const char *dir)
{
	for (uint32_t i = 0; i < options->rpaths.n; i++)
		if (path_has(options->rpaths.at[i], dir))
			return;
	*array_push(&options->rpaths) = dir;
}


/* ---- inputs and their state ---- */

static void add_input(struct parser *parser, const char *name, bool is_library)
{
	*array_push(&parser->context.options->inputs) = (struct input_request){
		.name = name,
		.is_library = is_library,
		.as_needed = parser->state.as_needed,
		.whole_archive = parser->state.whole_archive,
		.prefer_static = parser->state.prefer_static,
		.lazy = parser->state.lazy,
		.group = parser->group,
		.binary = parser->state.binary && !is_library,
	};
}

/* The inputs that a script names stand where it stands itself. */
static void add_script(struct parser *parser, const char *path, enum option_id id)
{
	struct options *options = parser->context.options;
	*array_push(&options->scripts) = (struct script_option){
		.path = path, .is_default = id == OPTION_DEFAULT_SCRIPT, .is_mri = id == OPTION_MRI_SCRIPT};
	add_input(parser, path, false);
	options->inputs.at[options->inputs.n - 1].script = options->scripts.n;
}

/* -R means -rpath for a directory. */
static void parse_just_symbols(struct parser *parser, const char *path)
{
	struct stat status;
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		add_rpath(parser->context.options, path);
	else
		*array_push(&parser->context.options->inputs) =
			(struct input_request){.name = path, .just_symbols = true};
}

static void pop_state(struct parser *parser)
{
	if (parser->saved.n == 0)
		diag_error(parser->context.diag, 0, "option --pop-state without --push-state before it");
	else
		parser->state = parser->saved.at[--parser->saved.n];
	parser->context.options->is_static = parser->state.is_static;
}

/* ---- what each option does ---- */

static bool *flag(struct parser *parser, const struct option_row *row)
{
	return (bool *)((char *)parser->context.options + row->field);
}

/* True when the option belongs to the state of inputs. */
static bool apply_input_option(struct parser *parser, enum option_id id, const char *value)
{
	struct input_state *state = &parser->state;
	switch (id) {
	case OPTION_LIBRARY:
		add_input(parser, value, true);
		return true;
	case OPTION_AS_NEEDED:
	case OPTION_NO_AS_NEEDED:
		state->as_needed = id == OPTION_AS_NEEDED;
		return true;
	case OPTION_WHOLE_ARCHIVE:
	case OPTION_NO_WHOLE_ARCHIVE:
		state->whole_archive = id == OPTION_WHOLE_ARCHIVE;
		return true;
	case OPTION_PREFER_STATIC:
	case OPTION_PREFER_SHARED:
		state->prefer_static = id == OPTION_PREFER_STATIC;
		return true;
	case OPTION_STATIC:
		state->prefer_static = true;
		state->is_static = parser->context.options->is_static = true;
		return true;
	case OPTION_START_GROUP:
		parser->group = ++parser->groups;
		return true;
	case OPTION_END_GROUP:
		parser->group = 0;
		return true;
	case OPTION_JUST_SYMBOLS:
		parse_just_symbols(parser, value);
		return true;
	case OPTION_START_LIB:
	case OPTION_END_LIB:
		state->lazy = id == OPTION_START_LIB;
		return true;
	case OPTION_PUSH_STATE:
		*array_push(&parser->saved) = *state;
		return true;
	case OPTION_POP_STATE:
		pop_state(parser);
		return true;
	default:
		return false;
	}
}

/* True when the option adds its value to a list. */
static bool apply_list_option(struct parser *parser, enum option_id id, const char *value)
{
	struct options *options = parser->context.options;
	switch (id) {
	case OPTION_OUTPUT:
		options->output = value;
		options->output_given = true;
		return true;
	case OPTION_LIBRARY_PATH:
		*array_push(&options->library_paths) = value;
		return true;
	case OPTION_RPATH:
		add_rpath(options, value);
		return true;
	case OPTION_RPATH_LINK:
		*array_push(&options->rpath_links) = value;
		return true;
	case OPTION_UNDEFINED:
		*array_push(&options->undefined) = value;
		return true;
	case OPTION_UNDEFINED_GLOB:
		*array_push(&options->undefined_globs) = value;
		return true;
	case OPTION_IGNORE_UNRESOLVED_SYMBOL:
		*array_push(&options->ignored_unresolved) = value;
		return true;
	case OPTION_REQUIRE_DEFINED:
		*array_push(&options->require_defined) = value;
		return true;
	case OPTION_SCRIPT:
	case OPTION_DEFAULT_SCRIPT:
	case OPTION_MRI_SCRIPT:
		add_script(parser, value, id);
		return true;
	case OPTION_SECTION_ORDERING_FILE:
		*array_push(&options->ordering_files) = value;
		return true;
	case OPTION_VERSION_SCRIPT:
		*array_push(&options->version_scripts) = value;
		return true;
	case OPTION_DYNAMIC_LIST:
		*array_push(&options->dynamic_lists) = value;
		return true;
	case OPTION_EXPORT_DYNAMIC_SYMBOL:
		*array_push(&options->export_dynamic_symbols) = value;
		return true;
	case OPTION_EXPORT_DYNAMIC_SYMBOL_LIST:
		*array_push(&options->export_dynamic_lists) = value;
		return true;
	case OPTION_WRAP:
		*array_push(&options->wraps) = value;
		return true;
	case OPTION_KEEP_UNIQUE:
		*array_push(&options->keep_uniques) = value;
		return true;
	case OPTION_TRACE_SYMBOL:
		*array_push(&options->trace_symbols) = value;
		return true;
	case OPTION_WHY_LIVE:
		*array_push(&options->why_live) = value;
		return true;
	case OPTION_WARN_BACKREFS_EXCLUDE:
		*array_push(&options->backrefs_excluded) = value;
		return true;
	case OPTION_AUXILIARY:
		*array_push(&options->auxiliary) = value;
		return true;
	case OPTION_AUDIT:
		*array_push(&options->audits) = value;
		return true;
	case OPTION_DEPAUDIT:
		*array_push(&options->depaudits) = value;
		return true;
	case OPTION_FILTER:
		*array_push(&options->filter) = value;
		return true;
	case OPTION_EXCLUDE_LIBS:
		option_parse_exclude_libs(&parser->context, value);
		return true;
	case OPTION_DEFSYM:
		option_parse_defsym(&parser->context, value);
		return true;
	default:
		return false;
	}
}

/* True when the option says where something goes in memory. */
static bool apply_address_option(struct parser *parser, enum option_id id, struct str option, const char *value)
{
	struct options *options = parser->context.options;
	switch (id) {
	case OPTION_IMAGE_BASE:
	case OPTION_TEXT_SEGMENT:
		if (option_parse_number(&parser->context, option, value, id == OPTION_IMAGE_BASE ? 0 : 16,
					&options->image_base))
			options->image_base_given = true;
		return true;
	case OPTION_RODATA_SEGMENT:
		if (option_parse_number(&parser->context, option, value, 16, &options->rodata_segment))
			options->rodata_segment_given = true;
		return true;
	case OPTION_TEXT_START:
		option_add_section_start(&parser->context, option, ".text", value);
		return true;
	case OPTION_DATA_START:
		option_add_section_start(&parser->context, option, ".data", value);
		return true;
	case OPTION_BSS_START:
		option_add_section_start(&parser->context, option, ".bss", value);
		return true;
	case OPTION_SECTION_START:
		option_parse_section_start(&parser->context, option, value);
		return true;
	case OPTION_OMAGIC: /* also for the -l that follow: archives only */
	case OPTION_NMAGIC:
		options->unpaged = parser->state.prefer_static = true;
		options->omagic |= id == OPTION_OMAGIC;
		return true;
	case OPTION_NO_OMAGIC:
		options->unpaged = options->omagic = false;
		return true;
	default:
		return false;
	}
}

/* True when the option is about messages or running. */
static bool apply_diagnostic_option(struct parser *parser, enum option_id id, struct str option, const char *value)
{
	uint64_t number;
	switch (id) {
	case OPTION_PRINT_MAP:
		parser->context.options->map_file = "-";
		return true;
	case OPTION_DEMANGLE:
		parser->context.options->demangle = true; /* the style is found out name by name */
		return true;
	case OPTION_COLOR:
		option_parse_color(&parser->context, option, value);
		return true;
	case OPTION_NO_COLOR:
		parser->context.diag->color = false;
		return true;
	case OPTION_ERROR_FORMAT:
		option_parse_error_format(&parser->context, option, value);
		return true;
	case OPTION_ERROR_LIMIT:
		if (option_parse_number(&parser->context, option, value, 0, &number))
			parser->context.diag->error_limit = (unsigned)min_u64(number, UINT32_MAX);
		return true;
	case OPTION_TIME_TRACE:
		parser->context.options->time_trace = value ? value : "";
		return true;
	case OPTION_VERIFY_OUTPUT:
		parser->context.options->verify_output = value ? value : "";
		return true;
	case OPTION_TIME_TRACE_GRANULARITY:
		option_parse_number(&parser->context, option, value, 0,
				    &parser->context.options->time_trace_granularity);
		return true;
	case OPTION_NO_WARNINGS:
		parser->context.diag->no_warnings = true;
		return true;
	case OPTION_FATAL_WARNINGS:
	case OPTION_NO_FATAL_WARNINGS:
		parser->context.diag->fatal_warnings = id == OPTION_FATAL_WARNINGS;
		return true;
	case OPTION_VERSION:
		parser->stop = parser->context.options->print_version = true;
		return true;
	case OPTION_HELP:
		parser->stop = parser->context.options->print_help = true;
		return true;
	case OPTION_THREADS:
		option_parse_threads(&parser->context, option, value);
		return true;
	case OPTION_NO_THREADS:
		parser->context.options->threads = 1;
		return true;
	case OPTION_PRINT_GC_SECTIONS:
		parser->context.options->print_gc_sections = true;
		parser->context.options->print_gc_file = value;
		return true;
	case OPTION_WARN_ABI:
	case OPTION_NO_WARN_ABI:
		option_parse_warn_abi(&parser->context, option, value, id == OPTION_WARN_ABI);
		return true;
	case OPTION_WARN_EXECSTACK:
		parser->context.options->warn_execstack = WARN_EXECSTACK_ALWAYS;
		return true;
	case OPTION_WARN_EXECSTACK_OBJECTS:
		parser->context.options->warn_execstack = WARN_EXECSTACK_OBJECTS;
		return true;
	case OPTION_NO_WARN_EXECSTACK:
		parser->context.options->warn_execstack = WARN_EXECSTACK_NEVER;
		return true;
	default:
		return false;
	}
}

/* True when the option chooses how symbols are bound, kept or reported. */
static bool apply_symbol_option(struct parser *parser, enum option_id id, struct str option, const char *value)
{
	struct options *options = parser->context.options;
	switch (id) {
	case OPTION_BGROUP:
		options->group = options->z.defs = true;
		options->ignore_unresolved_objects = false;
		return true;
	case OPTION_NO_UNDEFINED:
	case OPTION_Z_DEFS:
	case OPTION_Z_UNDEFS: /* also for executables, as GNU ld does it */
		options->z.defs = id != OPTION_Z_UNDEFS;
		options->ignore_unresolved_objects = id == OPTION_Z_UNDEFS;
		return true;
	case OPTION_ALLOW_SHLIB_UNDEFINED:
	case OPTION_NO_ALLOW_SHLIB_UNDEFINED:
		options->allow_shlib_undefined = id == OPTION_ALLOW_SHLIB_UNDEFINED;
		options->allow_shlib_undefined_given = true;
		return true;
	case OPTION_UNRESOLVED_SYMBOLS:
		option_parse_unresolved_symbols(&parser->context, option, value);
		return true;
	case OPTION_Z_MULDEFS:
		options->allow_multiple_definition = options->z.muldefs = true;
		return true;
	case OPTION_BSYMBOLIC:
		options->bsymbolic = BSYMBOLIC_ALL;
		return true;
	case OPTION_BSYMBOLIC_FUNCTIONS:
		options->bsymbolic = BSYMBOLIC_FUNCTIONS;
		return true;
	case OPTION_BSYMBOLIC_NON_WEAK:
		options->bsymbolic = BSYMBOLIC_NON_WEAK;
		return true;
	case OPTION_BSYMBOLIC_NON_WEAK_FUNCTIONS:
		options->bsymbolic = BSYMBOLIC_NON_WEAK_FUNCTIONS;
		return true;
	case OPTION_BNO_SYMBOLIC:
		options->bsymbolic = BSYMBOLIC_NONE;
		return true;
	case OPTION_DISCARD_ALL:
		options->discard = DISCARD_ALL;
		return true;
	case OPTION_DISCARD_LOCALS:
		options->discard = DISCARD_LOCALS;
		return true;
	case OPTION_DISCARD_NONE:
		options->discard = DISCARD_NONE;
		return true;
	case OPTION_STRIP_ALL:
		options->strip = STRIP_ALL;
		return true;
	case OPTION_STRIP_DEBUG:
		options->strip = STRIP_DEBUG;
		return true;
	default:
		return false;
	}
}

static void apply_output_option(struct parser *parser, enum option_id id, struct str option, const char *value)
{
	struct options *options = parser->context.options;
	switch (id) {
	case OPTION_SHARED:
		options->kind = OUTPUT_SHARED;
		break;
	case OPTION_PIE:
		options->kind = OUTPUT_PIE;
		break;
	case OPTION_RELOCATABLE: /* also for the -l that follow: archives only */
		options->as_relocatable = parser->state.prefer_static = true;
		break;
	case OPTION_UNIQUE:
		*array_push(&options->unique_sections) = value ? value : "*";
		break;
	case OPTION_NO_PIE:
		options->kind = OUTPUT_EXECUTABLE;
		break;
	case OPTION_DYNAMIC_LINKER:
		options->dynamic_linker = value;
		options->no_dynamic_linker = false;
		break;
	case OPTION_NO_DYNAMIC_LINKER:
		options->dynamic_linker = NULL;
		options->no_dynamic_linker = true;
		break;
	case OPTION_HASH_STYLE:
		option_parse_hash_style(&parser->context, option, value);
		break;
	case OPTION_BUILD_ID:
		option_parse_build_id(&parser->context, value);
		break;
	case OPTION_NO_BUILD_ID:
		options->build_id = BUILD_ID_NONE;
		break;
	case OPTION_SPARE_DYNAMIC_TAGS:
		option_parse_number(&parser->context, option, value, 0, &options->spare_dynamic_tags);
		break;
	case OPTION_PACKAGE_METADATA:
		option_parse_package_metadata(&parser->context, option, value);
		break;
	case OPTION_SEPARATE_DEBUG_FILE:
		options->separate_debug = true;
		options->debug_file = value && *value ? value : NULL;
		break;
	case OPTION_PACK_DYN_RELOCS:
		option_parse_pack_dyn_relocs(&parser->context, option, value);
		break;
	case OPTION_OPTIMIZE:
		options->optimize = value ? (unsigned)strtoul(value, NULL, 10) : 1; /* -Os is -O0, as in GNU ld */
		break;
	case OPTION_ICF:
		option_parse_icf(&parser->context, option, value);
		break;
	case OPTION_NO_ICF:
		options->icf = ICF_NONE;
		break;
	case OPTION_PRINT_ICF:
		options->print_icf = value ? value : "-";
		break;
	case OPTION_NO_PRINT_ICF:
		options->print_icf = NULL;
		break;
	case OPTION_COMPRESS_DEBUG:
		option_parse_compress_debug(&parser->context, option, value);
		break;
	case OPTION_ORPHAN_HANDLING:
		option_parse_orphan_handling(&parser->context, option, value);
		break;
	case OPTION_SORT_SECTION:
		option_parse_sort_section(&parser->context, option, value);
		break;
	case OPTION_FORMAT:
		parser->state.binary = option_parse_format(&parser->context, option, value);
		break;
	case OPTION_OUTPUT_FORMAT:
		options->flat = option_parse_format(&parser->context, option, value);
		break;
	default:
		break;
	}
}

static void apply_z_option(struct parser *parser, enum option_id id, struct str option, const char *value)
{
	struct options *options = parser->context.options;
	switch (id) {
	case OPTION_Z_EXECSTACK:
	case OPTION_Z_NOEXECSTACK:
	case OPTION_Z_EXECSTACK_IF_NEEDED:
		options->z.execstack = id == OPTION_Z_EXECSTACK;
		options->z.noexecstack = id == OPTION_Z_NOEXECSTACK;
		options->z.execstack_given = true;
		break;
	case OPTION_Z_TEXT:
	case OPTION_Z_NOTEXT:
		options->z.text = id == OPTION_Z_TEXT;
		options->z.notext = id == OPTION_Z_NOTEXT;
		break;
	case OPTION_Z_DYNAMIC_UNDEFINED_WEAK:
	case OPTION_Z_NODYNAMIC_UNDEFINED_WEAK:
		options->z.dynamic_undefined_weak = id == OPTION_Z_DYNAMIC_UNDEFINED_WEAK;
		options->z.dynamic_undefined_weak_given = true;
		break;
	case OPTION_Z_MAX_PAGE_SIZE:
		option_parse_page_size(&parser->context, option, value, &options->z.max_page_size);
		break;
	case OPTION_Z_COMMON_PAGE_SIZE:
		option_parse_page_size(&parser->context, option, value, &options->z.common_page_size);
		parser->common_page_size_given = true;
		break;
	case OPTION_Z_STACK_SIZE:
		option_parse_number(&parser->context, option, value, 0, &options->z.stack_size);
		break;
	case OPTION_Z_CET_REPORT:
		options->z.cet_report = option_parse_report(&parser->context, option, value);
		break;
	case OPTION_Z_LAM_U48_REPORT:
		options->z.lam_u48_report = option_parse_report(&parser->context, option, value);
		break;
	case OPTION_Z_LAM_U57_REPORT:
		options->z.lam_u57_report = option_parse_report(&parser->context, option, value);
		break;
	case OPTION_Z_LAM_REPORT:
		options->z.lam_u48_report = options->z.lam_u57_report =
			option_parse_report(&parser->context, option, value);
		break;
	case OPTION_Z_ISA_LEVEL_REPORT:
		option_parse_isa_level_report(&parser->context, option, value);
		break;
	case OPTION_Z_START_STOP_VISIBILITY:
		option_parse_start_stop_visibility(&parser->context, option, value);
		break;
	default:
		break;
	}
}

static void apply(struct parser *parser, const struct option_row *row, struct str option, const char *value);

static void apply_z(struct parser *parser, const char *keyword)
{
	struct option_match match = option_match_z(keyword);
	if (!match.row)
		diag_warning(parser->context.diag, 0, "-z %s ignored: unknown keyword", keyword);
	else if (match.row->id == OPTION_UNSUPPORTED &&
		 !(match.value && option_value_is_one_of(match.value, match.row->accepts)))
		diag_error(parser->context.diag, 0, "option -z %s is not supported yet", keyword);
	else if (match.row->id == OPTION_OTHER_TARGET)
		diag_warning(parser->context.diag, 0, "-z %s ignored: it is for other targets", keyword);
	else
		apply(parser, match.row, match.spelling, match.value);
}

static void refuse(struct parser *parser, const struct option_row *row, struct str option, const char *value)
{
	if (value && row->accepts && option_value_is_one_of(value, row->accepts))
		return;
	if (!value || row->argument == ARG_NONE)
		diag_error(parser->context.diag, 0, "option %.*s is not supported yet", (int)option.len, option.at);
	else
		diag_error(parser->context.diag, 0, "option %.*s%s%s is not supported yet", (int)option.len, option.at,
			   row->argument == ARG_PREFIX ? "" : option.len == 2 ? " " : "=", value);
}

static void apply(struct parser *parser, const struct option_row *row, struct str option, const char *value)
{
	switch (row->id) {
	case OPTION_SET:
		*flag(parser, row) = true;
		return;
	case OPTION_CLEAR:
		*flag(parser, row) = false;
		return;
	case OPTION_TEXT:
		*(const char **)((char *)parser->context.options + row->field) = value;
		return;
	case OPTION_IGNORED:
		return;
	case OPTION_NO_WARNING_YET:
		diag_note(parser->context.diag, 0, "option %.*s has no effect yet", (int)option.len, option.at);
		return;
	case OPTION_UNSUPPORTED:
		refuse(parser, row, option, value);
		return;
	case OPTION_Z:
		apply_z(parser, value);
		return;
	default:
		break;
	}
	if (apply_input_option(parser, row->id, value) || apply_list_option(parser, row->id, value) ||
	    apply_diagnostic_option(parser, row->id, option, value) ||
	    apply_symbol_option(parser, row->id, option, value) ||
	    apply_address_option(parser, row->id, option, value))
		return;
	if (row->id >= OPTION_Z)
		apply_z_option(parser, row->id, option, value);
	else
		apply_output_option(parser, row->id, option, value);
}

/* ---- words ---- */

static const char *next_word(struct parser *parser)
{
	return parser->at < parser->words.words.n ? parser->words.words.at[parser->at++] : NULL;
}

/* Completes match->value from the word that follows, as the option's kind wants it. false: an error was reported. */
static bool take_value(struct parser *parser, struct option_match *match)
{
	switch (match->row->argument) {
	case ARG_NONE:
		if (!match->value)
			return true;
		diag_error(parser->context.diag, 0, "option %.*s takes no argument", (int)match->spelling.len,
			   match->spelling.at);
		return false;
	case ARG_OPTIONAL:
	case ARG_PREFIX:
		return true;
	case ARG_SHORT_NUMBER:
		if (match->value && match->value[0] == '\0')
			match->value = NULL;
		if (!match->value && parser->at < parser->words.words.n &&
		    option_value_is_digits(parser->words.words.at[parser->at]))
			match->value = next_word(parser);
		return true;
	case ARG_SHORT:
		if (match->value && match->value[0] == '\0')
			match->value = NULL;
		break;
	case ARG_REQUIRED:
		break;
	}
	if (!match->value)
		match->value = next_word(parser);
	if (!match->value)
		diag_error(parser->context.diag, 0, "option %.*s needs an argument", (int)match->spelling.len,
			   match->spelling.at);
	return match->value != NULL;
}

static void report_unknown(struct parser *parser, const char *word)
{
	const char *nearest = option_nearest(word);
	struct diag_about about = {0};
	if (nearest)
		about.hint = arena_printf(parser->context.arena, "did you mean: %s", nearest);
	diag_report(parser->context.diag, SEVERITY_ERROR, 0, &about, "unknown option: %s", word);
}

static void parse_word(struct parser *parser, const char *word)
{
	if (word[0] != '-' || word[1] == '\0') {
		add_input(parser, word, false);
		return;
	}
	struct option_match match = option_match(word);
	if (!match.row)
		report_unknown(parser, word);
	else if (match.other)
		diag_error(parser->context.diag, 0, "option %s is ambiguous: it could be %s or %s", word,
			   match.row->name, match.other->name);
	else if (take_value(parser, &match))
		apply(parser, match.row, match.spelling, match.value);
}

bool options_parse(struct options *options, int argc, char **argv, struct arena *arena, struct diag *diag)
{
	set_defaults(options);
	unsigned errors = diag->errors;
	struct parser parser = {.context = {options, arena, diag}};
	if (response_files_expand(&parser.words, argc, argv, arena, diag)) {
		while (parser.at < parser.words.words.n && !parser.stop)
			parse_word(&parser, next_word(&parser));
		if (!parser.stop)
			options_finish(&parser.context, parser.common_page_size_given);
	}
	array_free(&parser.words.words);
	array_free(&parser.saved);
	return diag->errors == errors;
}

void options_free(struct options *options)
{
	array_free(&options->inputs);
	array_free(&options->library_paths);
	array_free(&options->rpaths);
	array_free(&options->rpath_links);
	array_free(&options->undefined);
	array_free(&options->undefined_globs);
	array_free(&options->ignored_unresolved);
	array_free(&options->export_dynamic_lists);
	array_free(&options->require_defined);
	array_free(&options->scripts);
	array_free(&options->ordering_files);
	array_free(&options->version_scripts);
	array_free(&options->dynamic_lists);
	array_free(&options->export_dynamic_symbols);
	array_free(&options->exclude_libs);
	array_free(&options->wraps);
	array_free(&options->keep_uniques);
	array_free(&options->trace_symbols);
	array_free(&options->why_live);
	array_free(&options->backrefs_excluded);
	array_free(&options->defsyms);
	array_free(&options->auxiliary);
	array_free(&options->filter);
	array_free(&options->section_starts);
	array_free(&options->audits);
	array_free(&options->depaudits);
	array_free(&options->unique_sections);
}
