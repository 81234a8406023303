/* What the user asks for: environment variables (ld.so(8)) and, when the loader is run as a command, its options. */
#ifndef GILD_LDSO_OPTIONS_H
#define GILD_LDSO_OPTIONS_H

#include "ldso/loader.h"

/* Reads LD_ variables. In a secure program most are ignored, dangerous ones are taken out of the environment, and
 * anything but running it ends the process with exit code 5. */
void options_read_environment(struct loader *ld);

/* Reads the options in front of the program's name. Returns the number of arguments that are not the program's;
 * argv[that] is its name. May end the process (--help, --version, errors). */
int options_read_command(struct loader *ld);

/* Opens what LD_DEBUG_OUTPUT names. */
void options_open_debug_output(struct loader *ld);

#endif
