/* Text files given as inputs: libc.so and friends (GNU ld manual, "Implicit Linker Scripts").
 *
 * Understood: INPUT, GROUP, AS_NEEDED (nested), OUTPUT_FORMAT, OUTPUT_ARCH, TARGET, SEARCH_DIR, ENTRY, EXTERN and
 * VERSION. INCLUDE, and commands that belong to layout (SECTIONS, MEMORY, PHDRS, ...), are one clear error: not
 * supported yet. */
#ifndef GILD_LD_INPUT_TEXT_SCRIPT_H
#define GILD_LD_INPUT_TEXT_SCRIPT_H

#include "base/arena.h"
#include "base/array.h"
#include "base/diag.h"
#include "base/types.h"

struct text_script_input {
	const char *name;   /* a path as written ("=" prefix kept), or NAME of -lNAME */
	bool is_library, as_needed;
	uint32_t group;     /* number of the GROUP command it stands in; 0: INPUT */
};

struct text_script {
	ARRAY(struct text_script_input) inputs; /* of INPUT and GROUP in order */
	uint32_t groups;                         /* GROUP commands */
	ARRAY(const char *) search_dirs;
	ARRAY(const char *) externs;
	const char *output_format;               /* first argument, or NULL */
	const char *entry;
	struct bytes version;                    /* the text between VERSION { and }, or empty */
	uint32_t version_line;
};

/* True when `bytes` could be a script: no NUL byte and printable at the start. */
bool text_script_plausible(struct bytes bytes);

/* Parses; errors go to diag as "FILE:LINE:COLUMN: what was expected", and false is returned. */
bool text_script_parse(struct text_script *out, const char *path, struct bytes bytes, struct arena *arena,
		       struct diag *diag);

void text_script_free(struct text_script *script);

#endif
