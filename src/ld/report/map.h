/* -Map and -M: a map of the link in GNU ld's format, which people read and programs parse (glibc's elf/Makefile takes
 * the archive members from it, size analysers the sections).
 *
 * What gild does not do as GNU ld is told in GNU's words: the first section of a pool of merged strings has the size of
 * the pool, the others are 0x0, each with its "size before relaxing"; sections that the linker makes belong to the file
 * "<gild>". Tables that the program does not load (.symtab, .strtab) are not listed, as there. */
#ifndef GILD_LD_REPORT_MAP_H
#define GILD_LD_REPORT_MAP_H

#include <stdio.h>

#include "ld/tables.h"

/* Prints the map. Before addresses are known that is which archive members were taken, and why, and the inputs. The
 * inputs have been loaded. */
void map_print(const struct link *link, FILE *to);

/* True when sections have their addresses. */
bool map_has_addresses(const struct link *link);

#endif
