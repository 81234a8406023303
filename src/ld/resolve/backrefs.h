/* --warn-backrefs: where the order of inputs matters to GNU ld and not to gild (docs/design.md, "Resolution"). */
#ifndef GILD_LD_RESOLVE_BACKREFS_H
#define GILD_LD_RESOLVE_BACKREFS_H

#include "ld/tables.h"

/* Resolves once more, as GNU ld does: inputs from left to right, an archive serves what is undefined while it is open,
 * a library under --as-needed is left out when nothing needs it yet. Warns of each symbol that GNU ld would leave
 * undefined, would take from another file, or would extract another member for; not of copies of one COMDAT group. When
 * owners are final; needs link->input_steps. One thread. */
void backrefs_warn(struct link *link);

#endif
