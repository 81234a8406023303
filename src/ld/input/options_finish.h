/* The end of the command line: what depends on several options, wherever they stood. */
#ifndef GILD_LD_INPUT_OPTIONS_FINISH_H
#define GILD_LD_INPUT_OPTIONS_FINISH_H

#include "ld/input/option_values.h"

/* Settles defaults that other options and the environment decide, and reports options that exclude each other. */
void options_finish(struct option_context *context, bool common_page_size_given);

#endif
