/* Writing the output: copy, relocate, synthesise.
 *
 * The file is cut into chunks of neighbouring sections; each chunk is rendered into a buffer by one thread while it is
 * in the cache and written with one system call. Rendering a chunk is a pure function of the tables (design, R6), so
 * chunks come in any order. */
#ifndef GILD_LD_OUTPUT_WRITE_H
#define GILD_LD_OUTPUT_WRITE_H

#include "ld/tables.h"

/* Writes link->options->output. Errors are reported, and then nothing was changed. */
void output_write_all(struct link *link);

#endif
