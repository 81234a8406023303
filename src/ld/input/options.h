/* The command line, understood.
 *
 * options_parse() turns argv (with @response files expanded) into this structure. Position-dependent switches (-l,
 * --as-needed, --whole-archive, -Bstatic, ...) are folded into the list of inputs, each of which carries the state that
 * held where it stood. Nothing is opened here except response files. Strings live in the arena. */
#ifndef GILD_LD_INPUT_OPTIONS_H
#define GILD_LD_INPUT_OPTIONS_H

#include "base/arena.h"
#include "base/array.h"
#include "base/diag.h"

enum output_kind { OUTPUT_EXECUTABLE, OUTPUT_PIE, OUTPUT_SHARED, OUTPUT_RELOCATABLE };

enum build_id_kind { BUILD_ID_NONE, BUILD_ID_HASH, BUILD_ID_UUID, BUILD_ID_HEX };

enum strip_kind { STRIP_NONE, STRIP_DEBUG, STRIP_ALL };

/* --compress-debug-sections: SHF_COMPRESSED with zlib or zstd; zlib-gnu: .zdebug_* as before there was that flag */
/* --icf: fold nothing; what nobody can tell apart by its address; all code */
enum icf_kind { ICF_NONE, ICF_SAFE, ICF_ALL };

enum compress_kind { COMPRESS_NONE, COMPRESS_ZLIB, COMPRESS_ZLIB_GNU, COMPRESS_ZSTD };

/* -X (default): drop .L locals of merged sections; --discard-none keeps all; -x drops all */
enum discard_kind { DISCARD_SEC_MERGE, DISCARD_NONE, DISCARD_LOCALS, DISCARD_ALL };

enum bsymbolic_kind {
	BSYMBOLIC_NONE, BSYMBOLIC_ALL, BSYMBOLIC_FUNCTIONS, BSYMBOLIC_NON_WEAK, BSYMBOLIC_NON_WEAK_FUNCTIONS,
};

/* --orphan-handling: sections that the layout program does not name */
enum orphan_handling { ORPHANS_PLACE, ORPHANS_WARN, ORPHANS_ERROR, ORPHANS_DISCARD };

/* --sort-section: how sections that match a wildcard are ordered where the layout program does not say */
enum section_sort { SECTION_SORT_NONE, SECTION_SORT_NAME, SECTION_SORT_ALIGNMENT };

/* --warn-execstack: never, when an object asks for it (default), or also when an option does */
enum warn_execstack { WARN_EXECSTACK_OBJECTS, WARN_EXECSTACK_NEVER, WARN_EXECSTACK_ALWAYS };

/* -z cet-report and its like; -z isa-level-report */
enum report_level { REPORT_NONE, REPORT_WARNING, REPORT_ERROR };
enum isa_report { ISA_REPORT_NONE, ISA_REPORT_ALL, ISA_REPORT_NEEDED, ISA_REPORT_USED };

/* --warn-abi, --no-warn-abi: what files may disagree about; the words are those of option_abi_class() */
enum abi_class {
	ABI_SYMBOL_TYPE, ABI_SYMBOL_SIZE, ABI_CLASS_LAYOUT, ABI_COPY_RELOCATION, ABI_ARCHIVE_OVERRIDE,
	ABI_INTERPOSITION, ABI_CLASSES
};

/* One FILE or -lNAME of the command line, in order. */
struct input_request {
	const char *name;          /* path, or for is_library the NAME of -lNAME (":FILE" for -l:FILE) */
	bool is_library;
	bool as_needed, whole_archive, prefer_static, lazy; /* lazy: between --start-lib and --end-lib */
	uint32_t group;            /* number of the --start-group it stands in; 0: none */
	bool binary;               /* -b binary: any file is data */
	bool just_symbols;         /* -R: only the addresses of its symbols are of interest */
	uint32_t script;           /* 1 + number of the -T whose INPUTs stand here; 0: it is an input itself */
};

/* -T FILE; is_default: -dT FILE; is_mri: -c FILE. */
struct script_option {
	const char *path;
	bool is_default, is_mri;
};

struct defsym {
	const char *name, *value;  /* value: the text after '=': an expression */
	bool before_script;        /* no -T stands in front of it */
};

/* --section-start, -Ttext, -Tdata, -Tbss */
struct section_start {
	const char *name;
	uint64_t address;
};

struct options {
	const char *output;                    /* "a.out" */
	bool output_given;
	enum output_kind kind;
	bool is_static;                        /* -static, -Bstatic: no dynamic section unless PIE (-static-pie) */
	ARRAY(struct input_request) inputs;
	ARRAY(const char *) library_paths;     /* -L in order, a leading "=" or "$SYSROOT" already replaced */
	ARRAY(const char *) rpaths;            /* duplicates dropped */
	ARRAY(const char *) rpath_links;
	bool rpath_is_run_path;                /* rpaths is LD_RUN_PATH */
	ARRAY(const char *) undefined;         /* -u */
	ARRAY(const char *) undefined_globs;
	ARRAY(const char *) ignored_unresolved; /* --ignore-unresolved-symbol */
	ARRAY(const char *) require_defined;
	ARRAY(const char *) version_scripts;   /* files */
	ARRAY(const char *) dynamic_lists;     /* files */
	ARRAY(const char *) export_dynamic_symbols; /* globs */
	ARRAY(const char *) export_dynamic_lists; /* files */
	ARRAY(const char *) exclude_libs;      /* archive names, or "ALL" */
	ARRAY(const char *) wraps;
	ARRAY(const char *) keep_uniques;
	ARRAY(const char *) trace_symbols;     /* -y */
	ARRAY(const char *) why_live;          /* --why-live: globs */
	ARRAY(const char *) backrefs_excluded; /* --warn-backrefs-exclude: globs */
	ARRAY(struct defsym) defsyms;
	ARRAY(const char *) auxiliary;         /* -f */
	ARRAY(const char *) filter;            /* -F */
	ARRAY(const char *) audits, depaudits; /* --audit, --depaudit */
	const char *package_metadata;          /* decoded; NULL: none */
	const char *sysroot;                   /* "" when none */
	const char *dynamic_linker;            /* --dynamic-linker, NULL: the target's default when one is needed */
	bool no_dynamic_linker;
	const char *entry;                     /* -e: symbol or number; NULL: _start */
	const char *soname, *init, *fini;      /* init/fini default "_init", "_fini" */
	const char *emulation;                 /* -m; NULL: that of the first object */
	const char *map_file;                  /* -Map: "" none, "-" stdout */
	const char *plan_out, *plan_in;
	const char *dependency_file;
	ARRAY(struct script_option) scripts;   /* -T, -dT */
	ARRAY(const char *) ordering_files;    /* --section-ordering-file */
	const char *retain_symbols_file;       /* NULL: all are kept */
	bool dynamic_list_data, dynamic_list_cpp_new, dynamic_list_cpp_typeinfo;
	bool default_symver, no_gnu_unique;
	bool noinhibit_exec;
	bool nostdlib;
	bool group;                            /* -Bgroup */
	bool as_relocatable;                   /* -r: `kind` is OUTPUT_RELOCATABLE when everything is parsed */
	bool flat;                             /* --oformat binary */
	bool define_common;                    /* -d: -r gives common symbols their place */
	bool force_group_allocation;           /* -r keeps no section groups */
	bool fold_section_names;               /* -r joins .text.* in .text, ... */
	ARRAY(const char *) unique_sections;   /* --unique: globs; -r does not join sections of these names */
	bool hash_gnu, hash_sysv;
	bool plt_unwind;          /* --ld-generated-unwind-info */
	bool gdb_index, separate_debug, emit_abi;
	const char *debug_file;                /* --separate-debug-file; never NULL with it */
	bool eh_frame_hdr, new_dtags, export_dynamic, gc_sections, print_gc_sections, demangle, relax, emit_relocs;
	const char *verify_output;             /* "": the output; a file, then nothing is written; NULL: neither */
	bool verbose, trace;                   /* --verbose: print the layout program; -t */
	bool cref, print_map_discarded;
	bool print_version, print_help;        /* --version, --help: nothing else is done */
	bool show_version;                     /* -v, -V: print the version and go on if there are inputs */
	bool show_emulations;                  /* -V */
	bool allow_multiple_definition, allow_shlib_undefined, allow_shlib_undefined_given;
	/* --unresolved-symbols, --warn-unresolved-symbols */
	bool warn_unresolved, ignore_unresolved_objects, ignore_unresolved_shared;
	bool undefined_version;                /* default true as GNU ld; false: report names without a definition */
	bool warn_common, warn_shared_textrel, warn_backrefs, no_warn_rwx_segments;
	bool error_execstack, error_rwx_segments;
	bool linker_version;                   /* LINKER_VERSION in a script has an effect */
	bool non_contiguous_regions, non_contiguous_warnings, check_sections;
	bool gc_keep_exported, print_memory_usage, print_output_format, print_sysroot;
	const char *print_gc_file;             /* --print-gc-sections=FILE; NULL: with the messages */
	bool stats;
	const char *time_trace;    /* path, "": beside the output; NULL: none */
	uint64_t time_trace_granularity; /* microseconds */
	enum bsymbolic_kind bsymbolic;
	enum build_id_kind build_id;
	unsigned build_id_size;                /* HASH: 16 (md5), 20 (sha1, default), 32 (sha256), 8 (fast) */
	struct bytes build_id_hex;
	enum strip_kind strip;
	enum discard_kind discard;
	enum orphan_handling orphans;
	enum section_sort sort_section;
	enum warn_execstack warn_execstack;
	unsigned quiet_abi;                    /* 1 << enum abi_class: not warned of */
	enum compress_kind compress_debug;
	enum icf_kind icf;
	bool ignore_data_address_equality;
	const char *print_icf;                 /* --print-icf-sections: NULL none, "-" stdout */
	int compress_level;
	unsigned threads;                      /* 0: the default */
	unsigned optimize;                     /* -O */
	uint64_t image_base; bool image_base_given; /* --image-base, -Ttext-segment */
	uint64_t rodata_segment; bool rodata_segment_given;
	ARRAY(struct section_start) section_starts; /* the last one of a name counts */
	bool unpaged;                          /* -N, -n: segments know no pages */
	bool omagic;                           /* -N: and code is writable, which a script's layout can see */
	bool no_rosegment;
	uint64_t spare_dynamic_tags;           /* default 5 as GNU ld */
	struct {
		bool now, relro, execstack, execstack_given, defs, text, notext, nodelete, nodlopen, initfirst,
		     interpose, origin, nocopyreloc, separate_code, combreloc, nodefaultlib, global, noexecstack,
		     muldefs, start_stop_visibility_given, keep_text_section_prefix, dynamic_undefined_weak,
		     dynamic_undefined_weak_given, pack_relative_relocs, nognustack, start_stop_gc, ibt, shstk,
		     ibtplt, rodynamic, nosectionheader, separate_loadable_segments, nodump, loadfltr,
		     globalaudit, lam_u48, lam_u57, x86_64_baseline, x86_64_v2, x86_64_v3, x86_64_v4;
		enum report_level cet_report, lam_u48_report, lam_u57_report;
		enum isa_report isa_level_report;
		uint64_t max_page_size;        /* 4096 */
		uint64_t common_page_size;     /* 4096 */
		uint64_t stack_size;
		uint8_t start_stop_visibility; /* STV_*; default STV_PROTECTED as GNU ld */
	} z;
};

/* Fills `options` from argv[1..argc). Errors go to diag (order 0); false when there was one. */
bool options_parse(struct options *options, int argc, char **argv, struct arena *arena, struct diag *diag);

void options_free(struct options *options);

/* Prints --help on stdout. */
void options_print_help(const char *program);

#endif
