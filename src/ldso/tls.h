/* Thread-local storage (ELF Handling for Thread-Local Storage, variant II; psABI x86-64).
 *
 *     lower addresses                                              thread pointer (%fs:0)
 *     ... | library's block | program's block | struct pthread (the C library's; begins with the TCB) ...
 *
 * Modules that are there at start have their blocks at fixed offsets below the thread pointer, in every thread. Blocks
 * of libraries opened later are made in a thread when it first uses them; __tls_get_addr finds them through the
 * thread's dtv, whose layout libc and debuggers share: 16 bytes an entry, entry 0 holds the generation, the one before
 * it the number of entries. */
#ifndef GILD_LDSO_TLS_H
#define GILD_LDSO_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loader;
struct object;

/* What __tls_get_addr is called with: two words that DTPMOD64 and DTPOFF64 fill. */
struct tls_index {
	uint64_t module, offset;
};

/* What the second word of a TLS descriptor points to; trampolines.S knows the first three words. */
struct tls_descriptor {
	struct tls_index index;
	uint64_t generation; /* a dtv of this generation or a later one has the module */
	struct tls_descriptor *next; /* of one object */
};

union dtv_entry {
	uint64_t counter;
	struct {
		void *value;  /* the block, or DTV_UNALLOCATED */
		void *memory; /* what free() must get; libc frees it too when it uses a stack again */
	};
};

/* The loader's own thread-local state, placed in the static TLS area. */
struct thread_state {
	char *error;        /* text of dlerror, from the program's malloc */
	bool error_pending;
	uint32_t looking_up; /* in a lazy lookup: dlclose waits for it */
};

/* A module slot as gdb's libthread_db reads it. */
struct tls_slot {
	uint64_t generation;
	void *link_map;
};

struct tls_slots {
	uint64_t n;
	struct tls_slots *next;
	struct tls_slot at[];
};

struct tls {
	struct object **modules; /* by module number; [0] is not used */
	uint64_t *generations;   /* of each module: when it came or went */
	uint64_t nmodules, room;
	uint64_t nstatic;        /* modules at start */
	uint64_t used;           /* of the static area by modules at start, bytes below the thread pointer */
	uint64_t size, align;    /* of the static area with struct pthread at its end */
	uint64_t state_offset;   /* struct thread_state begins this many bytes below the thread pointer */
	union dtv_entry *initial_dtv;
	struct tls_slots *slots;
	bool ready;              /* the first thread has its thread pointer */
	/* the program's own functions, once it is relocated */
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void (*free)(void *);
};

#define DTV_UNALLOCATED ((void *)-1)

/* The generation of the newest change of modules. Read without a lock by every access to dynamic TLS, so it is not
 * hidden in struct loader. */
extern uint64_t tls_generation;

/* Gives an object with PT_TLS a module number. */
void tls_add_module(struct loader *ld, struct object *object);
void tls_remove_module(struct loader *ld, struct object *object);

/* Makes a change of modules known to all threads: their next access to a dynamic block looks at it. */
void tls_new_generation(struct loader *ld);

/* Gives it a place in the static area; false: the area is full. */
bool tls_place(struct loader *ld, struct object *object);

/* Lays out the static area for all modules at start, then makes the first thread's and sets its thread pointer.
 * `later`: so many bytes more than usual are kept for modules that come later. */
void tls_start(struct loader *ld, uint64_t later);

/* Gives modules that come with the program, but later than the first thread, places in the static area. */
void tls_place_startup(struct loader *ld);

/* Copies the images of all that came with the program into the first thread's blocks: after relocation. */
void tls_initialize_startup(struct loader *ld);

/* Copies the image of a library opened now into the static blocks of all threads. */
void tls_initialize_in_all_threads(struct loader *ld, struct object *object);

/* Tells libc and debuggers about modules: after any change. */
void tls_publish(struct loader *ld);

/* The address of a module's block in this thread, or NULL when it has none yet. */
void *tls_block_if_any(struct loader *ld, struct object *object);

/* As the program calls it; makes the block when needed. */
void *tls_address(struct tls_index *index);

/* The three steps of a thread's life that libc asks for (glibc: _dl_allocate_tls, _dl_allocate_tls_init,
 * _dl_deallocate_tls). `tcb` lies at the end of the static area, in memory libc owns; NULL: make that memory too.
 * NULL result: no memory. */
void *tls_allocate_thread(struct loader *ld, char *tcb);
void *tls_initialize_thread(struct loader *ld, char *tcb, bool copy);
void tls_release_thread(struct loader *ld, char *tcb, bool whole);

struct thread_state *thread_state(struct loader *ld);

/* R_X86_64_TLSDESC resolvers (trampolines.S), called with %rax = address of the two GOT words. */
void tlsdesc_static(void);
void tlsdesc_undefined(void);
void tlsdesc_dynamic(void);

#endif
