/* The functions libc.so.6 calls through pointers in _rtld_global_ro: above all dlopen and its family.
 *
 * glibc keeps a table of thirteen functions, _dl_dlfcn_hook, meant for static programs: with it, libc forwards dlopen,
 * dlsym and the rest, and its own loading of NSS and iconv modules, instead of working on link_maps itself. */
#include <asm/errno.h>
#include <dlfcn.h>

#include "ldso/find_object.h"
#include "ldso/glibc/publish.h"
#include "ldso/info.h"
#include "ldso/lookup.h"
#include "ldso/open.h"
#include "ldso/symbols.h"
#include "ldso/text.h"

/* --- dlerror: one text a thread */

static void set_error(struct loader *ld)
{
	struct thread_state *state = thread_state(ld);
	const struct failure *failure = &ld->failure;
	char spare[32];
	const char *reason = failure->code ? error_name(failure->code, spare) : "";
	size_t size = strlen(failure->object) + strlen(failure->text) + strlen(reason) + 5;
	if (state->error && ld->tls.free)
		ld->tls.free(state->error);
	state->error = ld->tls.malloc ? ld->tls.malloc(size) : NULL;
	if (state->error)
		format_text(state->error, size, "%s%s%s%s%s", failure->object, *failure->object ? ": " : "",
			    failure->text, *reason ? ": " : "", reason);
	state->error_pending = true;
	fail_clear(ld);
}

static char *hook_dlerror(void)
{
	static char no_memory[] = "out of memory";
	struct thread_state *state = thread_state(&the_loader);
	if (!state->error_pending) {
		if (state->error && the_loader.tls.free)
			the_loader.tls.free(state->error);
		state->error = NULL;
		return NULL;
	}
	state->error_pending = false;
	return state->error ? state->error : no_memory;
}

/* Ends a call: with what failed as this thread's error. */
static void finish(struct loader *ld)
{
	if (ld->failed)
		set_error(ld);
	else
		thread_state(ld)->error_pending = false;
	loader_unlock(ld);
}

/* --- the family */

static void *do_dlopen(Lmid_t namespace, const char *name, int mode, uint64_t caller)
{
	struct loader *ld = &the_loader;
	loader_lock(ld);
	struct object *object = open_object(ld, name, mode, namespace, caller);
	finish(ld);
	return object ? object->link_map : NULL;
}

static void *hook_dlopen(const char *name, int mode, void *caller)
{
	return do_dlopen(NAMESPACE_OF_CALLER, name, mode, (uint64_t)caller);
}

static int hook_dlclose(void *handle)
{
	struct loader *ld = &the_loader;
	loader_lock(ld);
	struct object *object = object_of_handle(ld, handle);
	bool done = object ? close_object(ld, object) : fail(ld, "", 0, "shared object not open");
	finish(ld);
	return done ? 0 : -1;
}

static void *do_dlsym(void *handle, const char *name, const char *version, uint64_t caller)
{
	struct loader *ld = &the_loader;
	void *address = NULL;
	loader_lock(ld);
	symbol_address(ld, handle, name, version, caller, &address);
	finish(ld);
	return address;
}

static void *hook_dlsym(void *handle, const char *name, void *caller)
{
	return do_dlsym(handle, name, NULL, (uint64_t)caller);
}

static void *hook_dlvsym(void *handle, const char *name, const char *version, void *caller)
{
	return do_dlsym(handle, name, version, (uint64_t)caller);
}

static int hook_dladdr1(const void *address, Dl_info *info, void **extra, int flags)
{
	struct loader *ld = &the_loader;
	const Elf64_Sym *symbol = NULL;
	struct object *object = NULL;
	loader_lock(ld);
	bool found = symbol_at(ld, (uint64_t)address, info, &symbol, &object);
	loader_unlock(ld);
	if (found && extra && flags == RTLD_DL_SYMENT)
		*extra = (void *)(uintptr_t)symbol;
	if (found && extra && flags == RTLD_DL_LINKMAP)
		*extra = object->link_map;
	return found;
}

static int hook_dladdr(const void *address, Dl_info *info)
{
	return hook_dladdr1(address, info, NULL, 0);
}

static int hook_dlinfo(void *handle, int request, void *argument)
{
	struct loader *ld = &the_loader;
	loader_lock(ld);
	struct object *object = object_of_handle(ld, handle);
	int result = -1;
	if (object)
		result = object_info(ld, object, request, argument);
	else
		fail(ld, "", 0, "invalid handle");
	finish(ld);
	return result;
}

static void *hook_dlmopen(Lmid_t namespace, const char *name, int mode, void *caller)
{
	/* The program itself is in the first namespace; a global scope to add to has only that. */
	const char *wrong = namespace == LM_ID_BASE ? NULL : !name ? "invalid namespace" :
			    mode & RTLD_GLOBAL ? "invalid mode" : NULL;
	if (!wrong)
		return do_dlopen(namespace, name, mode, (uint64_t)caller);
	struct loader *ld = &the_loader;
	loader_lock(ld);
	fail(ld, "", EINVAL, "%s", wrong);
	finish(ld);
	return NULL;
}

/* libc's own: NSS modules, iconv modules, libgcc_s; into the namespace of the libc that asks. */
static void *hook_libc_dlopen(const char *name, int mode)
{
	return do_dlopen(NAMESPACE_OF_CALLER, name, mode, (uint64_t)__builtin_return_address(0));
}

static void *hook_libc_dlsym(void *handle, const char *name)
{
	return do_dlsym(handle, name, NULL, 0);
}

static void *hook_libc_dlvsym(void *handle, const char *name, const char *version)
{
	return do_dlsym(handle, name, version, 0);
}

/* struct dlfcn_hook of glibc 2.34 and later: the order counts. */
static const struct {
	void *(*dlopen)(const char *, int, void *);
	int (*dlclose)(void *);
	void *(*dlsym)(void *, const char *, void *);
	void *(*dlvsym)(void *, const char *, const char *, void *);
	char *(*dlerror)(void);
	int (*dladdr)(const void *, Dl_info *);
	int (*dladdr1)(const void *, Dl_info *, void **, int);
	int (*dlinfo)(void *, int, void *);
	void *(*dlmopen)(Lmid_t, const char *, int, void *);
	void *(*libc_dlopen_mode)(const char *, int);
	void *(*libc_dlsym)(void *, const char *);
	void *(*libc_dlvsym)(void *, const char *, const char *);
	int (*libc_dlclose)(void *);
} dlfcn_hook = {
	hook_dlopen, hook_dlclose, hook_dlsym, hook_dlvsym, hook_dlerror, hook_dladdr, hook_dladdr1, hook_dlinfo,
	hook_dlmopen, hook_libc_dlopen, hook_libc_dlsym, hook_libc_dlvsym, hook_dlclose,
};

/* --- other pointers */

/* libc looks up functions of the vDSO by this (IFUNC resolvers of time and gettimeofday). */
struct glibc_version {
	const char *name;
	uint32_t hash;
	int hidden;
	const char *file;
};

static void *lookup_symbol_x(const char *name, void *map, const Elf64_Sym **symbol, void *scope,
			     const struct glibc_version *version)
{
	(void)scope;
	struct loader *ld = &the_loader;
	struct object *object = object_of_handle(ld, map);
	struct version wanted = {.hidden = true};
	if (version) {
		wanted.name = version->name;
		wanted.hash = version->hash;
	}
	unsigned class = version ? LOOKUP_DATA : LOOKUP_NEWEST;
	*symbol = object ? lookup_in(object, name, version ? &wanted : NULL, class) : NULL;
	return *symbol ? map : NULL;
}

/* dl_iterate_phdr: the block of a module in this thread, if there is one. */
static void *tls_get_addr_soft(void *map)
{
	struct object *object = object_of_handle(&the_loader, map);
	return object ? tls_block_if_any(&the_loader, object) : NULL;
}

static int debug_printf(const char *format, ...)
{
	va_list values;
	va_start(values, format);
	debug_print_v(&the_loader, format, values);
	va_end(values);
	return 0;
}

static void nothing(void)
{
}

const struct glibc_hooks glibc_hooks = {
	.find_object = (void *)find_object,
	.lookup_symbol_x = (void *)lookup_symbol_x,
	.tls_get_addr_soft = (void *)tls_get_addr_soft,
	.debug_printf = (void *)debug_printf,
	.mcount = (void *)nothing,
	.libc_freeres = (void *)nothing,
	.dlfcn_hook = (void *)(uintptr_t)&dlfcn_hook,
};
