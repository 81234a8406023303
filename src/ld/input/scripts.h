/* Linker scripts: finding them, reading those of -T, adding one to another (GNU ld manual, "Options", "Scripts"). */
#ifndef GILD_LD_INPUT_SCRIPTS_H
#define GILD_LD_INPUT_SCRIPTS_H

#include "ld/script/parse.h"
#include "ld/tables.h"

/* A script is looked for as it is named, then in the library directories (-L, and SEARCH_DIR of scripts read before).
 * What comes back may have an error. */
const struct io_file *scripts_find(struct link *link, const char *name);

/* Finds what INCLUDE names; the context is the link. */
struct script_includer scripts_includer(struct link *link);

/* Reads the scripts of -T, or of -dT when there is none, into link->script, all but what they say about inputs: that is
 * in link->option_scripts, one for each. What they say that options can say, too, is in the options of the link from
 * then on. Errors are reported. */
void scripts_read(struct link *link);

/* Adds all that a script says but its inputs to link->script, and its versions, symbols and entry point to the link.
 * The lists move. */
void scripts_add(struct link *link, struct script *script);

#endif
