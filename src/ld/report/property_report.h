/* -z cet-report, -z lam-report, -z isa-level-report: which objects lack a property of .note.gnu.property, or say which
 * instruction set they need (GNU ld manual, "-z KEYWORD"). */
#ifndef GILD_LD_REPORT_PROPERTY_REPORT_H
#define GILD_LD_REPORT_PROPERTY_REPORT_H

#include "ld/tables.h"

/* Reports, object by object; nothing without these options. When the set of live objects is final. */
void property_report(struct link *link);

#endif
