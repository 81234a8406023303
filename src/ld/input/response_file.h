/* @FILE on the command line: its words stand in its place (GNU ld manual, "@file").
 *
 * Words are separated by white space and quoted as all GNU tools do (libiberty's buildargv()): 'literal', "text", and a
 * backslash before any character, except between single quotes. A word @FILE inside a file is replaced too. When FILE
 * does not exist, @FILE is an ordinary word. */
#ifndef GILD_LD_INPUT_RESPONSE_FILE_H
#define GILD_LD_INPUT_RESPONSE_FILE_H

#include "base/arena.h"
#include "base/array.h"
#include "base/diag.h"

struct command_words {
	ARRAY(const char *) words; /* they live in argv or in the arena */
};

/* All words of argv[1..argc) with response files replaced. false after an error, which is reported: a file that
 * cannot be read, a quote without end, files nested too deeply. */
bool response_files_expand(struct command_words *out, int argc, char **argv, struct arena *arena, struct diag *diag);

#endif
