/* A loaded file: the program, a shared object, the vDSO, or the loader itself.
 *
 * This is the loader's own record and the master of all facts. The struct link_map that the C library and debuggers
 * read is made from it (glibc/publish.h). Addresses are those of memory (load base added) unless they say "vaddr". */
#ifndef GILD_LDSO_OBJECT_H
#define GILD_LDSO_OBJECT_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names that <elf.h> of glibc 2.36 may lack. */
#ifndef DT_RELR
#define DT_RELRSZ 35
#define DT_RELR 36
#define DT_RELRENT 37
#endif

struct search_dir;

struct object_list {
	struct object **at;
	uint32_t n, room;
};

/* A version that an object defines or needs, by the index that .gnu.version holds (gABI extension of Sun and GNU). */
struct version {
	const char *name; /* NULL: no such index. Of object_read_versions: the same text for the same name */
	const char *file; /* the file that must define it; NULL: this object defines it */
	uint32_t hash;    /* SysV hash of the name */
	bool hidden;
};

/* What a symbol lookup reads, the most needed first. */
struct symbol_table {
	/* DT_GNU_HASH, when bloom is not NULL. chain[i] belongs to symbol i. */
	const uint64_t *bloom;
	uint32_t bloom_mask, bloom_shift;
	/* Buckets and chain of DT_GNU_HASH, or of DT_HASH when there is none. nbuckets 0: no table. */
	const uint32_t *buckets, *chain;
	uint32_t nbuckets;
	uint32_t nversions;
	const Elf64_Sym *symbols;
	const char *strings;
	uint64_t strings_size;
	const uint16_t *versym; /* NULL: no versions */
	struct version *versions;
};

/* Another name an object is known by. */
struct object_name {
	struct object_name *next;
	const char *text;
};

enum object_kind {
	OBJECT_PROGRAM,
	OBJECT_STARTUP, /* came with the program: needed, preloaded, the vDSO, the loader */
	OBJECT_OPENED,  /* by dlopen: may go away again */
};

enum { TLS_NO_OFFSET = 0 }; /* a module without a place in the static TLS area */

struct object {
	struct symbol_table table; /* first: every lookup reads its beginning */
	enum object_kind kind;
	bool unneeded, removed;     /* being closed: its destructors will run, have run */
	struct object *next, *prev; /* all objects in load order */
	const char *name;           /* the path it was opened by; "" for the program, as in link_map.l_name */
	struct object_name *names;  /* what it was asked for by, first first */
	const char *origin;         /* directory of the file for $ORIGIN, NULL: not known */
	uint64_t serial;            /* number in the order of loading */
	uint32_t ns;                /* its namespace: index in loader.namespaces */
	uint64_t device, inode;     /* 0: not known */
	const char *found_by, *found_where; /* struct found: what, where */
	struct object *requester;   /* who needed it first; NULL for dlopen */
	bool is_self, is_vdso;
	bool is_proxy; /* stands for the loader in a namespace but the first; has no memory of its own */
	bool missing; /* stands for a library that was not found: `--list` shows it */
	const char *missing_text; /* why, and an errno or 0 */
	int missing_code;

	/* the image */
	uint64_t base;         /* memory address - vaddr */
	uint64_t start, end;   /* of its memory, page-aligned start */
	uint64_t text_end;
	uint64_t entry;
	const Elf64_Phdr *phdr;
	uint16_t phnum;
	bool phdr_is_copy;
	uint64_t relro_vaddr, relro_size;
	uint64_t eh_frame_hdr; /* address, 0: none */
	const char *interpreter; /* of the program; NULL: none */
	uint32_t stack_flags; /* PF_* of PT_GNU_STACK; PF_R|PF_W|PF_X without one */

	/* the dynamic section */
	Elf64_Dyn *dynamic; /* NULL: a static program. Ended by DT_NULL */
	uint64_t dynamic_size; /* of PT_DYNAMIC, bytes */
	bool dynamic_readonly;
	uint32_t flags, flags_1; /* DT_FLAGS, DT_FLAGS_1 */
	bool symbolic, text_relocations, bind_now, static_tls;
	const char *soname, *rpath, *runpath; /* NULL: none */
	const Elf64_Verdef *verdef;
	const Elf64_Verneed *verneed;
	Elf64_Rela *rela, *plt_rela; /* DT_RELA without what DT_JMPREL has, DT_JMPREL */
	uint64_t nrela, nplt_rela;
	uint64_t nrelative; /* DT_RELACOUNT */
	const uint64_t *relr;
	uint64_t nrelr;
	uint64_t *got_plt;
	uint64_t init, fini; /* addresses, 0: none */
	uint64_t *init_array, *fini_array, *preinit_array;
	uint64_t ninit_array, nfini_array, npreinit_array;
	Elf64_Dyn *debug; /* DT_DEBUG: where debuggers look */

	/* its search paths in directories: NULL and `known` means none */
	struct search_dir **rpath_dirs, **runpath_dirs;
	bool rpath_known, runpath_known;

	/* what it depends on */
	struct object **needed;      /* itself and what its DT_NEEDED, DT_FILTER and DT_AUXILIARY entries name, ended
				      * by NULL; NULL: not read yet */
	const Elf64_Dyn **needs;     /* the entry for each of `needed` but the first */
	struct object **order;       /* of a root (program, dlopen): its search list by dependency, ended by NULL */
	struct object_list search;   /* of a root: breadth-first list of itself and all it needs */
	struct object_list bound_to; /* objects outside of `needed` that its relocations were bound to */

	/* scopes: lists searched one after the other for the references of this object, ended by NULL */
	struct object_list **scope;
	struct object_list symbolic_scope; /* itself, for DT_SYMBOLIC */
	bool in_global_scope;

	/* life */
	uint32_t open_count; /* calls of dlopen without dlclose */
	bool relocated, init_called;
	bool never_unload;         /* DF_1_NODELETE, RTLD_NODELETE, a unique symbol, a binding that can't be undone */
	bool never_unload_pending; /* becomes never_unload when the dlopen under way succeeds */
	bool used;                 /* a binding goes to it: LD_DEBUG=unused */
	uint32_t mark;             /* scratch of one walk */

	/* auditors (audit.h) */
	struct audit_state *audit_states;   /* one an auditor, NULL: none yet */
	struct watched_call *watched_calls; /* one an entry of plt_rela, NULL: not watched */
	bool audit_any;                     /* an auditor wants to know of its bindings */

	/* thread-local storage */
	uint64_t tls_module; /* 1.., 0: no PT_TLS */
	uint64_t tls_offset; /* static: the block begins this many bytes below the thread pointer; or TLS_NO_OFFSET */
	const void *tls_image;
	uint64_t tls_image_size, tls_size, tls_align, tls_first_byte;
	bool tls_needs_init;     /* placed in the static area of running threads: the image is not copied yet */
	bool tls_is_dynamic;     /* a thread has a dynamic block: too late for the static area */
	struct tls_descriptor *tls_descriptors;

	void *link_map; /* its projection, NULL until the C library's layout is known */
};

/* Name for messages: a program without a name is called by argv[0]. */
const char *object_display_name(const struct object *object);

/* Is all of [vaddr, vaddr + size) inside of its loaded segments? They may touch each other. */
bool object_has(const struct object *object, uint64_t vaddr, uint64_t size);

void list_append(struct object_list *list, struct object *object);

#endif
