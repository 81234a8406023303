/* Making glibc's structures from the loader's own: what libc.so.6, debuggers and sanitizers read.
 *
 * The loader's objects are the master; nothing is ever read back but what libc itself changes: the list of threads, and
 * the number of thread-exit destructors that keep a library. */
#ifndef GILD_LDSO_GLIBC_PUBLISH_H
#define GILD_LDSO_GLIBC_PUBLISH_H

#include "ldso/loader.h"

/* Finds the table for a C library; false when there is none. Without one (NULL), the first table. */
bool glibc_choose_abi(struct loader *ld, const struct object *libc);

/* Is a C library one that the chosen table is for? */
bool glibc_is_known(const struct loader *ld, const struct object *libc);

/* The build-id of an object as hexadecimal text, or "". */
void glibc_build_id(const struct object *object, char text[64]);

/* Fills _rtld_global and _rtld_global_ro with what does not change any more. */
void glibc_publish_process(struct loader *ld);

/* Makes or renews the link_map of every object, the list of each namespace, and what counts them. */
void glibc_publish_objects(struct loader *ld);

void glibc_publish_tls(struct loader *ld);

/* Sets the fields of struct pthread, at `tcb`, that the first thread needs. */
void glibc_start_first_thread(struct loader *ld, char *tcb);

/* The size of struct pthread in bytes. */
uint64_t glibc_thread_size(const struct loader *ld);

/* Looks up the functions of libc the loader calls; everything is relocated. ld->running holds from here on. */
void glibc_start_calls(struct loader *ld);

/* libc's own early initialization: before any constructor. `initial`: it is the program's. */
void glibc_early_init(const struct object *libc, bool initial);

/* Has libc registered destructors of this library for threads that still run? */
bool glibc_has_thread_destructors(const struct loader *ld, const struct object *object);

void glibc_forget_object(struct object *object);

/* Mutexes in _rtld_global. LOCK_LIST is held while the list of objects changes: dl_iterate_phdr takes it. */
enum glibc_lock { LOCK_LOAD, LOCK_LIST, LOCK_TLS };
void glibc_lock(struct loader *ld, enum glibc_lock lock);
void glibc_unlock(struct loader *ld, enum glibc_lock lock);
bool glibc_try_lock(struct loader *ld); /* LOCK_LOAD */
/* Makes it free, whoever had it: in the child of a fork. */
void glibc_renew_lock(struct loader *ld, enum glibc_lock lock);

/* Makes the stack of a thread executable, at its struct pthread; 0 or an errno. */
int glibc_make_stack_executable(const struct loader *ld, char *thread);

/* The same for all threads that libc made, and for stacks it keeps to use again. */
int glibc_make_stacks_executable(struct loader *ld);

/* Calls body(ld, thread pointer) for each thread but this one. */
void glibc_each_other_thread(struct loader *ld, void (*body)(struct loader *ld, uint64_t thread));

/* --- memory that the symbols _rtld_global and _rtld_global_ro name; larger than in any glibc */
enum { GLOBAL_SIZE = 8192, GLOBAL_RO_SIZE = 4096 };
extern char _rtld_global[GLOBAL_SIZE], _rtld_global_ro[GLOBAL_RO_SIZE];

/* Pointers into hooks.c that _rtld_global_ro gets. */
struct glibc_hooks {
	void *find_object, *lookup_symbol_x, *tls_get_addr_soft, *debug_printf, *mcount, *libc_freeres, *dlfcn_hook;
};
extern const struct glibc_hooks glibc_hooks;

#endif
