/* What is refused, warned about or decided for the link as a whole. */
#ifndef GILD_LD_CHECKS_H
#define GILD_LD_CHECKS_H

#include "ld/tables.h"

/* Options that are understood but not built yet are refused before anything else: never ignored. */
void check_supported(struct link *link);
/* After the inputs are known: is there any, is the output dynamic, what is its entry point called? */
void decide_output(struct link *link);
/* After owners are known: the entry point exists (a warning), --require-defined is met (an error). */
void check_entry(struct link *link);
void check_required(struct link *link);
/* An executable stack is asked for by option or by an input; an object that says nothing does not ask. */
void decide_stack(struct link *link);
/* After needs are combined: DT_TEXTREL is announced. */
void check_text_relocations(struct link *link);
/* After gathering: sections that this kind of output cannot have. */
void check_sections(struct link *link);
/* Once there are segments: none should be writable and executable. */
void check_segments(struct link *link);

#endif
