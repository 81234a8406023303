/* The commands of gild that look at programs. */
#ifndef GILD_INSPECT_COMMAND_H
#define GILD_INSPECT_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"

struct inspect_options;

/* Each reads the whole command line of gild, and returns the exit code. */
int tree_command(int argc, char **argv);
int explain_command(int argc, char **argv);
int cache_command(int argc, char **argv);

/* An option of a command. Exactly one of `flag` and `value` is set. */
struct command_option {
	const char *name;     /* "json", without its dashes; NULL: there is only the letter */
	char letter;          /* 0: none */
	bool *flag;
	const char **value;
	const char *argument; /* for the help: "DIRS" */
	const char *help;
};

struct command_spec {
	const char *name;    /* "gild tree": begins messages */
	const char *usage;   /* what follows the name */
	const char *summary; /* lines below */
	const struct command_option *options;
	unsigned noptions;
	const char *epilogue; /* lines behind the options */
};

enum { COMMAND_GO = -1 };

/* Reads argv[2] and on. What is no option becomes an operand: they are moved to the front of `argv`, and *noperands is
 * their number. Returns COMMAND_GO, or the exit code when --help was answered or something is wrong (a message was
 * printed). */
int command_parse(const struct command_spec *command, int argc, char **argv, int *noperands);

/* The same for a command with one program as its operand, which becomes argv[0]. */
int command_parse_program(const struct command_spec *command, int argc, char **argv);

/* Options that all commands with a program share; fills COMMAND_PROGRAM_OPTIONS elements. */
enum { COMMAND_PROGRAM_OPTIONS = 6 };
void command_program_options(struct command_option *to, struct inspect_options *options);

/* Ends standard output: `status`, or 1 with a message when not all of it could be written. */
int command_finish(const struct command_spec *command, int status);

/* --- what is printed for people */

/* Escape sequences, or "" when standard output is no terminal. */
struct paint {
	const char *bold, *dim, *red, *green, *yellow, *none;
};
struct paint paint_for_output(void);

/* A text from a file, with control characters as \xNN: it goes to a terminal. */
const char *printable(struct arena *arena, const char *text);

#endif
