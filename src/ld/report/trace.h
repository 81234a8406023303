/* What the link looks at, as it happens: -t (inputs) and -y (symbols). Lines go to standard output, as with GNU ld's -t
 * and lld: programs read them (Python's ctypes.util.find_library runs `ld -t -l...`). Main thread only. */
#ifndef GILD_LD_REPORT_TRACE_H
#define GILD_LD_REPORT_TRACE_H

#include "ld/tables.h"

/* -t: a file of the command line or of a script was opened. */
void trace_file(const struct link *link, const char *path);

/* -t: "lib.a(a.o)" takes part in the link. gold, lld and mold print members, too; GNU ld since 2.35 when -t is given
 * twice. */
void trace_member(const struct link *link, const struct file *member);

/* -y: who defines and who refers to the symbols asked for, in input order. Needs owners: of shared objects those count
 * that are needed, and what a dropped COMDAT group defines is a reference. */
void trace_symbols(const struct link *link);

#endif
