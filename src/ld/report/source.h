/* Where in the source a place of an object comes from: by its line table, else by its symbol table. For messages: each
 * answer reads the object's tables anew, which takes time in proportion to them. Any thread. */
#ifndef GILD_LD_REPORT_SOURCE_H
#define GILD_LD_REPORT_SOURCE_H

#include "ld/tables.h"

/* The symbol of the function or variable that contains a place: its number in the file's symbol table, or 0. */
uint32_t source_container(const struct link *link, section_id section, uint64_t offset);

/* "sub/main.c:2" from the line table, in `arena`; NULL when there is none, or it does not cover the place. */
const char *source_line(const struct link *link, struct arena *arena, section_id section, uint64_t offset);

/* The same, or "main.c" from the STT_FILE symbol when there is no line; NULL: nothing is known. */
const char *source_file_or_line(const struct link *link, struct arena *arena, section_id section, uint64_t offset);

#endif
