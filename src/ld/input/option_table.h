/* Every option gild knows, as data: what options.c parses by, what --help prints, and what says clearly that
 * something is not done yet. Nothing here has a behaviour.
 *
 * One row is one spelling. A row without help is another spelling of the row above it. A row without a name begins
 * a group; its help is the group's title. */
#ifndef GILD_LD_INPUT_OPTION_TABLE_H
#define GILD_LD_INPUT_OPTION_TABLE_H

#include "base/types.h"

enum option_argument {
	ARG_NONE,
	ARG_REQUIRED,     /* --name VALUE, --name=VALUE */
	ARG_OPTIONAL,     /* --name, --name=VALUE */
	ARG_SHORT,        /* one letter: -x VALUE, -xVALUE */
	ARG_SHORT_NUMBER, /* one letter: -x, -xN, and -x N when N is a number */
	ARG_PREFIX,       /* a long name whose value follows at once: --lto-O2 */
};

enum option_id {
	OPTION_SET,         /* *(bool *)field = true */
	OPTION_CLEAR,       /* *(bool *)field = false */
	OPTION_TEXT,        /* *(const char **)field = the argument */
	OPTION_IGNORED,     /* accepted, no effect; help is the reason */
	OPTION_NO_WARNING_YET, /* asks for a warning gild does not give yet: accepted with a note */
	OPTION_OTHER_TARGET, /* a -z keyword that means something on other targets only: a warning, as in GNU ld */
	OPTION_UNSUPPORTED, /* an error; with `accepts`, those values are the default and accepted */

	OPTION_AS_NEEDED, OPTION_NO_AS_NEEDED, OPTION_WHOLE_ARCHIVE, OPTION_NO_WHOLE_ARCHIVE, OPTION_PREFER_STATIC,
	OPTION_PREFER_SHARED, OPTION_STATIC, OPTION_START_LIB, OPTION_END_LIB, OPTION_START_GROUP, OPTION_END_GROUP,
	OPTION_PUSH_STATE, OPTION_POP_STATE,
	OPTION_LIBRARY, OPTION_LIBRARY_PATH, OPTION_JUST_SYMBOLS, OPTION_FORMAT, OPTION_EXCLUDE_LIBS,

	OPTION_SHARED, OPTION_PIE, OPTION_NO_PIE, OPTION_RELOCATABLE, OPTION_UNIQUE, OPTION_OUTPUT_FORMAT,
	OPTION_DYNAMIC_LINKER, OPTION_NO_DYNAMIC_LINKER, OPTION_RPATH,
	OPTION_RPATH_LINK, OPTION_AUXILIARY, OPTION_FILTER, OPTION_HASH_STYLE, OPTION_BUILD_ID, OPTION_NO_BUILD_ID,
	OPTION_SPARE_DYNAMIC_TAGS, OPTION_IMAGE_BASE, OPTION_TEXT_SEGMENT,
	OPTION_SEPARATE_DEBUG_FILE,
	OPTION_PACK_DYN_RELOCS, OPTION_RODATA_SEGMENT, OPTION_TEXT_START, OPTION_DATA_START, OPTION_BSS_START,
	OPTION_SECTION_START, OPTION_OMAGIC, OPTION_AUDIT, OPTION_DEPAUDIT, OPTION_PACKAGE_METADATA,

	OPTION_VERSION_SCRIPT, OPTION_DYNAMIC_LIST, OPTION_EXPORT_DYNAMIC_SYMBOL,
	OPTION_EXPORT_DYNAMIC_SYMBOL_LIST, OPTION_DEFSYM, OPTION_UNDEFINED, OPTION_UNDEFINED_GLOB,
	OPTION_IGNORE_UNRESOLVED_SYMBOL,
	OPTION_REQUIRE_DEFINED, OPTION_WRAP, OPTION_TRACE_SYMBOL, OPTION_WHY_LIVE, OPTION_WARN_BACKREFS_EXCLUDE,
	 OPTION_NO_UNDEFINED, OPTION_ALLOW_SHLIB_UNDEFINED,
	OPTION_NO_ALLOW_SHLIB_UNDEFINED, OPTION_UNRESOLVED_SYMBOLS, OPTION_BSYMBOLIC, OPTION_BSYMBOLIC_FUNCTIONS,
	OPTION_BSYMBOLIC_NON_WEAK, OPTION_BSYMBOLIC_NON_WEAK_FUNCTIONS, OPTION_BNO_SYMBOLIC, OPTION_BGROUP,
	OPTION_DISCARD_ALL,
	OPTION_DISCARD_LOCALS, OPTION_DISCARD_NONE, OPTION_STRIP_ALL, OPTION_STRIP_DEBUG, OPTION_OPTIMIZE,
	OPTION_COMPRESS_DEBUG, OPTION_ICF, OPTION_NO_ICF, OPTION_PRINT_ICF, OPTION_NO_PRINT_ICF, OPTION_KEEP_UNIQUE,

	OPTION_PRINT_MAP, OPTION_DEMANGLE, OPTION_COLOR, OPTION_NO_COLOR, OPTION_ERROR_FORMAT, OPTION_ERROR_LIMIT,
	OPTION_NO_WARNINGS, OPTION_TIME_TRACE, OPTION_TIME_TRACE_GRANULARITY, OPTION_VERIFY_OUTPUT, OPTION_FATAL_WARNINGS,
	OPTION_NO_FATAL_WARNINGS, OPTION_PRINT_GC_SECTIONS, OPTION_ORPHAN_HANDLING, OPTION_SORT_SECTION,
	OPTION_WARN_ABI, OPTION_NO_WARN_ABI,
	OPTION_WARN_EXECSTACK, OPTION_WARN_EXECSTACK_OBJECTS, OPTION_NO_WARN_EXECSTACK, OPTION_VERSION, OPTION_HELP,
	OPTION_THREADS, OPTION_NO_THREADS,
	OPTION_Z,

	/* -z keywords */
	OPTION_Z_EXECSTACK, OPTION_Z_NOEXECSTACK, OPTION_Z_EXECSTACK_IF_NEEDED, OPTION_Z_DEFS, OPTION_Z_UNDEFS,
	OPTION_Z_TEXT, OPTION_Z_NOTEXT, OPTION_Z_MULDEFS, OPTION_Z_DYNAMIC_UNDEFINED_WEAK,
	OPTION_Z_NODYNAMIC_UNDEFINED_WEAK, OPTION_Z_MAX_PAGE_SIZE, OPTION_Z_COMMON_PAGE_SIZE, OPTION_Z_STACK_SIZE,
	OPTION_Z_START_STOP_VISIBILITY, OPTION_Z_CET_REPORT, OPTION_Z_LAM_U48_REPORT, OPTION_Z_LAM_U57_REPORT,
	OPTION_Z_LAM_REPORT, OPTION_Z_ISA_LEVEL_REPORT,
};

struct option_row {
	const char *name;    /* with the dashes it is usually written with; a -z keyword has none */
	enum option_argument argument;
	enum option_id id;
	const char *metavar; /* what --help calls the argument */
	const char *help;
	const char *accepts; /* values separated by '|' that are accepted and need nothing done */
	size_t field;        /* offset in struct options */
};

struct option_rows {
	const struct option_row *at;
	size_t n;
};

/* Options that do something, then those accepted without effect. */
struct option_rows option_table(void);

/* Options of GNU ld, gold, lld, mold and wild that are not done yet. */
struct option_rows option_table_unsupported(void);

/* The words after -z. */
struct option_rows option_table_z(void);

#endif
