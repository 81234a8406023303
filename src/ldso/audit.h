/* Auditing: libraries that watch, and may change, how a program is loaded and bound (rtld-audit(7)).
 *
 * Each auditor lives in a namespace of its own and is there before anything of the program is loaded. Its functions
 * la_... are called at checkpoints: when a name is searched for, an object comes or goes, a symbol is bound, a function
 * is called through a PLT. All of this costs one comparison while there is no auditor. */
#ifndef GILD_LDSO_AUDIT_H
#define GILD_LDSO_AUDIT_H

#include "ldso/lookup.h"

/* Did the user or the program (DT_AUDIT, DT_DEPAUDIT) name auditors? */
bool audit_wanted(const struct loader *ld);

/* Loads them; what can't be used is reported and left out. The first thread's TLS must be there. */
void audit_start(struct loader *ld);

/* Are objects of this namespace watched? */
static inline bool audits(const struct loader *ld, uint32_t ns)
{
	return __builtin_expect(ld->nauditors != 0, 0) && !ld->namespaces[ns].is_auditor;
}

/* `action`: LA_ACT_ of <link.h>. */
void audit_activity(struct loader *ld, uint32_t ns, unsigned action);

/* What to open in place of `name`, which was going to be tried for `requester`; NULL: nothing. `origin`: LA_SER_. The
 * result is the auditor's, or `name`. */
const char *audit_search(struct loader *ld, const char *name, struct object *requester, unsigned origin);

/* An object that has a link_map came, or its destructors have run. */
void audit_opened(struct loader *ld, struct object *object);
void audit_closed(struct loader *ld, struct object *object);

/* Just before constructors of the program run. */
void audit_preinit(struct loader *ld, struct object *program);

/* The value that a reference of `from` gets in place of `value`. */
uint64_t audit_bound_now(struct loader *ld, struct object *from, const struct definition *definition, uint64_t value);
uint64_t audit_bound_by_dlsym(struct loader *ld, struct object *from, const struct definition *definition,
			      uint64_t value);
uint64_t audit_bound_lazily(struct loader *ld, struct object *from, const struct definition *definition,
			    uint64_t value);

/* Does each call through the PLT of this object go through a trampoline below? Prepares for it. */
bool audit_watches_calls(struct loader *ld, struct object *object);

/* The trampolines (audit_trampolines.S), by the vector registers of the processor. */
void audit_trampoline_sse(void);
void audit_trampoline_avx(void);
void audit_trampoline_avx512(void);

#endif
