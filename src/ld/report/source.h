/* Where in the source a place of an object comes from: by its line table, else by its symbol table. For messages: each
 * answer reads the object's tables anew, which takes time in proportion to them. Any thread. */
#ifndef GILD_LD_REPORT_SOURCE_H
#define GILD_LD_REPORT_SOURCE_H

#include "ld/tables.h"

/* The symbol of the function or variable that contains a place: its number in the file's symbol table, or 0. */
uint32_t source_container(const struct link *link, section_id section, uint64_t offset);

struct source_place {
	const char *file;         /* "sub/main.c"; NULL: not known */
	uint32_t line;            /* 0: not known */
};

/* From the line table, the name in `arena`; {NULL} when there is none, or it does not cover the place. */
struct source_place source_line(const struct link *link, struct arena *arena, section_id section, uint64_t offset);

/* The same, or "main.c" from the STT_FILE symbol when there is no line. */
struct source_place source_find(const struct link *link, struct arena *arena, section_id section, uint64_t offset);

/* "sub/main.c:2", "main.c" or "". */
const char *source_print(struct arena *arena, const struct source_place *place);

#endif
