/* The parts of a map that are about inputs (map_inputs.c), and the lines all parts are made of. map.c puts them
 * together. */
#ifndef GILD_LD_REPORT_MAP_PARTS_H
#define GILD_LD_REPORT_MAP_PARTS_H

#include <stdio.h>

#include "ld/tables.h"

enum { MAP_COLUMN = 16 };

/* "name      ", or the name on a line of its own when it is too long, so that what follows begins in the column. */
void map_name(FILE *to, const char *name, int column);

/* " .text          0x0000000000401000       0x26 lib.a(a.o)" */
void map_section(FILE *to, const char *name, uint64_t address, uint64_t size, const struct file *file);

/* Archive members with who asked for them; shared objects that --as-needed found needed. */
void map_members(const struct link *link, FILE *to, struct arena *arena);
void map_as_needed(const struct link *link, FILE *to, struct arena *arena);

/* Common symbols that were given space. */
void map_commons(const struct link *link, FILE *to, struct arena *arena);

/* Sections of objects in the link that are not in the output: dropped by COMDAT groups, --gc-sections, -S. */
void map_discarded(const struct link *link, FILE *to);

#endif
