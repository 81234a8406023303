/* What is wrong with a file's debug information. */
#ifndef GILD_ABI_LINT_H
#define GILD_ABI_LINT_H

#include "abi/source.h"
#include "base/pool.h"
#include "abi/spell.h"

struct abi_lint {
	struct text out;              /* a line for each finding, the first of each kind in a unit in full */
	uint64_t units, entries, findings;
};

/* Tells which exported symbols of a file without findings nothing describes: files that were compiled without -g. That
 * is no finding. False: reported. */
bool abi_lint_symbols(struct abi_lint *lint, struct abi_files *files, struct pool *pool);

/* Looks at every entry of every unit of the files. A unit that cannot be read is a finding, too. One thread. */
void abi_lint(struct abi_lint *lint, struct abi_files *files);

#endif
