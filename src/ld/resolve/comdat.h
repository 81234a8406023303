/* COMDAT groups: of all groups with one signature, the one in the first live file is kept (gABI, "Section Groups"). */
#ifndef GILD_LD_RESOLVE_COMDAT_H
#define GILD_LD_RESOLVE_COMDAT_H

#include "ld/tables.h"

/* Marks the sections of losing groups as not live. Needs live files with their sections; runs before owners are
 * decided, so that a definition in a dropped section does not count. */
void comdat_eliminate(struct link *link);

#endif
