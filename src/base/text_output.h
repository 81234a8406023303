/* Text that the user asks for beside the output: maps, lists, plans. */
#ifndef GILD_BASE_TEXT_OUTPUT_H
#define GILD_BASE_TEXT_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

/* Opens a file for writing; "-" is standard output. NULL: it cannot be opened (errno). */
FILE *text_output_open(const char *path);

/* Ends writing; standard output stays open. false: not all of it was written, or `to` is NULL (errno). */
bool text_output_close(FILE *to);

#endif
