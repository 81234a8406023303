/* --gc-sections: what cannot be reached from the roots is not part of the output (GNU ld manual, "--gc-sections"). */
#ifndef GILD_LD_PRUNE_GC_H
#define GILD_LD_PRUNE_GC_H

#include "ld/tables.h"

/* Marks loaded sections that no root reaches as not live. Roots: the entry point, -u, exported symbols, KEEP()
 * sections, notes, SHF_GNU_RETAIN, and sections found by __start_X. A section keeps the others of its group. Needs
 * classified sections and .eh_frame records. */
void gc_sections(struct link *link);

/* --print-gc-sections: names what was dropped, in messages or in a file. After link_order_drop(). */
void gc_report(struct link *link);

/* Why a section is a root. */
enum gc_reason {
	GC_NO_ROOT,
	GC_KEEP,       /* KEEP() in the layout program */
	GC_RETAIN,     /* SHF_GNU_RETAIN */
	GC_RETAINED_PART, /* what belongs to it (SHF_LINK_ORDER) has SHF_GNU_RETAIN */
	GC_NOTE,
	GC_INIT_ARRAY, /* .init_array and its like */
	GC_START_STOP, /* __start_X or __stop_X is used */
	GC_OPTION,     /* an option or a script names the symbol */
	GC_INIT,       /* DT_INIT */
	GC_FINI,       /* DT_FINI */
	GC_EXPORTED,
	GC_UNWIND,     /* a personality routine of .eh_frame */
};

/* Calls `root` for each root, in an order that depends on the inputs only; a section can be called several times, and 0
 * stands for a symbol that no section defines. `symbol`: the one that makes it a root, or 0. */
typedef void gc_root(void *context, section_id section, enum gc_reason reason, symbol_id symbol);
void gc_each_root(const struct link *link, gc_root *root, void *context);

/* Sections that --gc-sections may drop: loaded ones of objects. */
bool gc_is_candidate(const struct link *link, section_id id);

#endif
