/* The message about a relocation whose value does not fit its field: how far off it is, what stands in between, and
 * what can be done. */
#ifndef GILD_LD_REPORT_OVERFLOW_H
#define GILD_LD_REPORT_OVERFLOW_H

#include "ld/tables.h"

/* Relocation `rela` of the section would write `value`, but its field of `size` bytes holds [lowest, highest] only.
 * `rela` points into section_relas(). Any thread. */
void overflow_report(struct link *link, section_id section, const struct elf_rela *rela, unsigned size, int64_t value,
		     int64_t lowest, int64_t highest);

#endif
