/* ELF files for another machine than the link's: other class, byte order or processor. */
#ifndef GILD_LD_INPUT_FOREIGN_H
#define GILD_LD_INPUT_FOREIGN_H

#include "ld/tables.h"

/* True when the bytes are an ELF file that this link cannot use. Any thread. */
bool is_foreign(const struct link *link, struct bytes bytes);

/* Reports such a file: what it is, what was expected, and what to do. `about` names it. Any thread. */
void foreign_report(struct link *link, uint64_t order, struct diag_about about, struct bytes bytes);

#endif
