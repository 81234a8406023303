/* Input section descriptions: which sections of which files, in which order (GNU ld manual, "Input Section
 * Description"). The parser makes them, the layout turns them into rules. */
#ifndef GILD_LD_SCRIPT_PATTERN_H
#define GILD_LD_SCRIPT_PATTERN_H

#include "base/types.h"
#include "ld/script/place.h"

/* SORT_BY_NAME() and its kin. */
enum script_sort {
	SORT_UNSAID,       /* --sort-section decides */
	SORT_NONE,
	SORT_NAME,
	SORT_ALIGNMENT,
	SORT_INIT_PRIORITY,
};

/* "*", "dir/a.o", "libx.a:b.o", "libx.a:", ":a.o". */
struct file_pattern {
	enum { FILE_PLAIN, FILE_OF_ARCHIVE, FILE_NOT_IN_ARCHIVE } kind;
	struct str archive;       /* FILE_OF_ARCHIVE */
	struct str file;          /* empty with FILE_OF_ARCHIVE: any member */
	const struct file_pattern *next; /* of an EXCLUDE_FILE list */
};

struct section_pattern {
	struct str glob;          /* COMMON stands for common symbols */
	const struct file_pattern *exclude;
	enum script_sort sort[2]; /* the outer one first */
	bool reverse;
	struct script_place place;
	struct section_pattern *next;
};

struct input_description {
	struct file_pattern file;
	const struct file_pattern *exclude; /* EXCLUDE_FILE in front of the file's pattern */
	enum script_sort file_sort;         /* SORT_NAME, _NONE or _UNSAID */
	bool file_reverse;
	bool keep;
	uint64_t flags_set, flags_clear;    /* INPUT_SECTION_FLAGS: sh_flags a section must have, must not have */
	struct section_pattern *patterns;   /* NULL: all sections of the file */
	struct script_place place;
};

#endif
