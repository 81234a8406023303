/* Where a library is that another one needs: the way of DT_NEEDED entries at link time.
 *
 * Such libraries are no inputs. They are looked for where GNU ld looks (manual, "-rpath-link"), only to know which
 * symbols will be there when the program is loaded. */
#ifndef GILD_LD_INPUT_NEEDED_LIBRARY_H
#define GILD_LD_INPUT_NEEDED_LIBRARY_H

#include "ld/tables.h"

/* A shared object of the link or behind it. */
struct needed_library {
	const char *path;
	struct elf_shared shared;
};

/* Finds and reads the library that `by` calls `name` in a DT_NEEDED entry; false: not found. In the order of GNU ld:
 * -rpath-link, -rpath, LD_RUN_PATH (when neither is given), LD_LIBRARY_PATH, DT_RUNPATH or else DT_RPATH of `by`,
 * ld.so.conf below the sysroot, the default directories; -L is not searched. Main thread. */
bool needed_library_find(struct link *link, const char *name, const struct needed_library *by,
			 struct needed_library *out);

#endif
