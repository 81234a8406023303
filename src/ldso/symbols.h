/* dlsym, dlvsym, dladdr: from names to addresses and back. */
#ifndef GILD_LDSO_SYMBOLS_H
#define GILD_LDSO_SYMBOLS_H

#include <dlfcn.h>

#include "ldso/loader.h"

/* The address of a symbol for a handle of dlopen, RTLD_DEFAULT or RTLD_NEXT; `version` may be NULL. false after fail().
 * The load lock is held. */
bool symbol_address(struct loader *ld, void *handle, const char *name, const char *version, uint64_t caller,
		    void **address);

/* The object and the nearest symbol below an address; `symbol` is NULL when there is none. false: no object. */
bool symbol_at(struct loader *ld, uint64_t address, Dl_info *info, const Elf64_Sym **symbol, struct object **object);

#endif
