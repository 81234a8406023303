/* From the command line to the file table: search, open, recognise.
 *
 * Every input becomes entries of link->files in command-line order: objects, shared objects, and one lazy entry per
 * archive member that the archive's index names. The kind is decided by content, never by name; text files are read as
 * scripts and their inputs take their place. Afterwards: the file table's order is final; nothing has been parsed
 * except archive indexes and shared objects' names. */
#ifndef GILD_LD_INPUT_INPUTS_H
#define GILD_LD_INPUT_INPUTS_H

#include "ld/tables.h"

/* Errors are reported; every missing file is named before the link stops. */
void inputs_load(struct link *link);

#endif
