/* Symbol versions: the table of an object's versions by index, and the check that every version it needs is defined. */
#ifndef GILD_LDSO_VERSIONS_H
#define GILD_LDSO_VERSIONS_H

#include "ldso/loader.h"

/* Fills object->table.versions. */
void object_read_versions(struct loader *ld, struct object *object);

/* What versions_check found wrong: "OBJECT: version `V' not found (required by FILE)". */
enum version_problem {
	VERSION_WARNING, /* it may work all the same */
	VERSION_MISSING,
	VERSION_RELR,    /* a file that must not be relocated: see check_relr */
};
typedef void version_report(struct loader *ld, const char *object, const char *text, enum version_problem problem);

/* Checks all versions that an object needs; every problem is reported. Returns false when one is fatal. `verbose`:
 * report warnings too. */
bool versions_check(struct loader *ld, struct object *object, bool verbose, version_report *report);

/* Does the object define this version? */
bool version_is_defined(const struct object *object, const char *name);

uint32_t sysv_hash(const char *name);

#endif
