/* --list-diagnostics: what the loader knows about the system, for reports of bugs. */
#ifndef GILD_LDSO_DIAGNOSTICS_H
#define GILD_LDSO_DIAGNOSTICS_H

#include "ldso/loader.h"

/* Prints lines LABEL=VALUE to standard output, in the format and with the labels of glibc 2.36 (manual of glibc,
 * "Dynamic Linker Diagnostics"): values are hexadecimal numbers or quoted strings. Of environment variables that do not
 * matter to the loader or the C library only the names are shown. */
void diagnostics_print(const struct loader *ld);

#endif
