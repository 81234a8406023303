/* The state of the loader: one for a process, passed through all of it.
 *
 * Functions the program calls (exports.c, hooks.c, trampolines.S) have no way to be handed it: they use the_loader. */
#ifndef GILD_LDSO_LOADER_H
#define GILD_LDSO_LOADER_H

#include "ldso/object.h"
#include "ldso/print.h"
#include "ldso/tls.h"

struct glibc_abi;
struct search_dir;
struct search_watcher;

/* Why loading something failed. Filled by fail(); the text is heap memory. */
struct failure {
	char *object; /* the file it is about, may be "" */
	char *text;
	int code;     /* errno, 0: none */
};

/* What programs and the C library call their loader: this one's DT_SONAME too. */
#define LOADER_SONAME "ld-linux-x86-64.so.2"

enum loader_mode {
	MODE_RUN,
	MODE_LIST,
	MODE_TREE,
	MODE_TRACE,
	MODE_VERIFY,
	MODE_INSPECT, /* built into gild: all files are only looked at, and may be anything (src/inspect) */
};

/* Categories of LD_DEBUG. */
enum debug_mask {
	DEBUG_LIBS = 1 << 0,
	DEBUG_IMPCALLS = 1 << 1,
	DEBUG_BINDINGS = 1 << 2,
	DEBUG_SYMBOLS = 1 << 3,
	DEBUG_VERSIONS = 1 << 4,
	DEBUG_RELOC = 1 << 5,
	DEBUG_FILES = 1 << 6,
	DEBUG_STATISTICS = 1 << 7,
	DEBUG_UNUSED = 1 << 8,
	DEBUG_SCOPES = 1 << 9,
	DEBUG_HELP = 1 << 10,
};

/* What the user asked for by options and environment variables. */
struct options {
	enum loader_mode mode;
	bool trace_program;       /* LD_TRACE_LOADED_OBJECTS=2: list the program too */
	bool lazy;                /* bind functions when they are first called */
	bool bind_not;            /* LD_BIND_NOT */
	bool warn;                /* LD_WARN: ldd -d and -r */
	bool verbose;             /* LD_VERBOSE: ldd -v */
	bool dynamic_weak;        /* LD_DYNAMIC_WEAK */
	bool inhibit_cache;
	bool help, list_tunables, list_diagnostics;
	const char *library_path; /* NULL: none */
	const char *library_path_source;
	const char *inhibit_rpath;
	const char *preload_variable, *preload_option;
	const char *audit_variable, *audit_option;
	const char *argv0;
	const char *hwcaps_prepend, *hwcaps_mask;
	const char *origin_path;
	uint32_t debug; /* enum debug_mask */
	int debug_fd;
	const char *debug_output;
};

/* A group of objects that know only each other: dlmopen makes one, the first is the program's. The loader alone is in
 * all of them. */
struct namespace {
	struct object_list global; /* the global scope */
	struct object *libc;       /* NULL: none, or not yet */
	bool used;
	bool is_auditor;           /* an auditor's: not watched, nothing else is loaded into it */
	bool is_growing;           /* auditors were told that objects come, and not yet that all are there */
};

enum { NAMESPACES = 16, BASE_NAMESPACE = 0 };

/* A version's name that objects share: equal names are the same text. */
struct version_name {
	struct version_name *next;
	uint32_t hash;
	char text[];
};

enum { VERSION_BUCKETS = 64 };

/* All directories that path lists named, in chains by the hash of their paths. */
struct directories {
	struct search_dir **chains;
	uint32_t nchains, n;
	uint32_t nlists; /* path lists so far */
};

struct loader {
	/* the process */
	int argc;
	char **argv, **envp;
	Elf64_auxv_t *auxv;
	uint64_t *stack; /* address of argc */
	int pid; /* of the process that last held the load lock */
	int command_argc;   /* as the kernel gave them: with the loader's own options */
	char **command_argv;
	uint64_t page_size;
	bool secure;         /* AT_SECURE: the program has more rights than its caller */
	bool as_command;     /* run as `ld-gild.so.1 PROGRAM` */
	const char *platform;
	struct options options;

	/* objects */
	struct object *first, *last;
	uint32_t nobjects;
	uint64_t nadded; /* ever */
	struct object *program, *self, *vdso;
	struct object *init_first; /* DF_1_INITFIRST */
	struct namespace namespaces[NAMESPACES];
	uint32_t nnamespaces; /* that were ever used */
	uint32_t stack_flags;      /* PF_X: stacks must be executable */

	/* searching */
	const char **hwcaps;   /* "glibc-hwcaps/x86-64-v3/", ..., "": subdirectories tried in each directory */
	uint32_t nhwcaps;
	uint32_t nhwcaps_prepended; /* how many of them --glibc-hwcaps-prepend names: the first */
	struct directories directories;
	struct search_dir **library_path; /* ended by NULL; NULL: none */
	struct search_dir **system_path;
	const struct search_watcher *watcher; /* NULL: nobody */

	struct version_name *version_names[VERSION_BUCKETS]; /* by hash */

	uint32_t nauditors;

	struct failure failure;
	bool failed;
	bool undefined_symbols; /* some were reported: the program can't start */

	struct tls tls;
	const struct glibc_abi *abi; /* NULL until the C library is known */
	bool running;                /* relocation is done: the C library's functions may be called */

	uint64_t nrelocations, ncached; /* symbol lookups: LD_DEBUG=statistics */
};

extern struct loader the_loader;

/* The C library of the program, or NULL. */
static inline struct object *base_libc(const struct loader *ld)
{
	return ld->namespaces[BASE_NAMESPACE].libc;
}

/* Records why an operation fails and returns false; the first reason stays. `code` is an errno or 0. */
bool fail(struct loader *ld, const char *object, int code, const char *format, ...) PRINTF_LIKE(4, 5);

/* Forgets it. */
void fail_clear(struct loader *ld);

/* Writes "PROGRAM: OCCASION: OBJECT: TEXT: ERRNO" and ends the process with 127. */
_Noreturn void fail_exit(struct loader *ld, const char *occasion);

/* The recursive lock of loading and unloading: the C library's mutex in _rtld_global, so that fork() finds it. Does
 * nothing before the program runs. */
void loader_lock(struct loader *ld);
void loader_unlock(struct loader *ld);
/* false: another thread has it. */
bool loader_try_lock(struct loader *ld);

/* Writes a line of LD_DEBUG: each line begins with the process number. */
void debug_print(struct loader *ld, const char *format, ...) PRINTF_LIKE(2, 3);
void debug_print_v(struct loader *ld, const char *format, va_list values);
/* Goes on in the line begun. */
void debug_print_on(struct loader *ld, const char *format, ...) PRINTF_LIKE(2, 3);

/* With any category of LD_DEBUG: what just failed, "OBJECT: error: OCCASION: TEXT (fatal)". */
void debug_failure(struct loader *ld, const char *object, const char *occasion, const char *text);

static inline bool debugging(const struct loader *ld, uint32_t mask)
{
	return __builtin_expect((ld->options.debug & mask) != 0, 0);
}

/* The value of an environment variable, or NULL. */
const char *environment(const struct loader *ld, const char *name);

/* The value of an entry of the auxiliary vector, 0 without it. */
uint64_t auxiliary(const struct loader *ld, uint64_t type);

/* --- the list of objects (objects.c) */

/* Appends it to the list of loaded objects. */
void object_link(struct loader *ld, struct object *object);
/* Inserts it behind `after`. */
void object_link_after(struct loader *ld, struct object *object, struct object *after);
void object_unlink(struct loader *ld, struct object *object);
/* Moves it to the place before another one; never before the program, and not when it is not in the list. */
void object_move_before(struct loader *ld, struct object *object, struct object *other);
bool object_is_named(const struct object *object, const char *name);
void object_add_name(struct object *object, const char *name);

/* The object whose segments hold this address, or NULL. */
struct object *object_at(const struct loader *ld, uint64_t address);

/* The object of a handle or link_map that the program holds, or NULL. */
struct object *object_of_handle(const struct loader *ld, const void *handle);

void object_free(struct object *object);

#endif
