#include "ldso/tls.h"

#include <asm/prctl.h>
#include <sys/mman.h>

#include "ldso/glibc/publish.h"
#include "ldso/heap.h"
#include "ldso/loader.h"
#include "ldso/sys.h"
#include "ldso/text.h"
#include "ldso/tunables.h"

uint64_t tls_generation;

enum {
	DTV_SURPLUS = 14,        /* entries more than modules, so that a dtv seldom grows */
	STATIC_SURPLUS = 1152,   /* bytes of the static area for libraries opened later, besides the tunable's */
	OPTIONAL_STATIC_TLS = 512,
	LEAST_ALIGN = 64,
};

static char *thread_pointer(void)
{
	char *pointer;
	__asm__("mov %%fs:16, %0" : "=r"(pointer));
	return pointer;
}

static union dtv_entry **dtv_of(char *pointer)
{
	return (union dtv_entry **)(void *)(pointer + 8);
}

struct thread_state *thread_state(struct loader *ld)
{
	return (void *)(thread_pointer() - ld->tls.state_offset);
}

/* --- memory: the program's malloc, once there is one */

static void *allocate(struct loader *ld, size_t size)
{
	void *memory;
	if (ld->running && ld->tls.calloc)
		memory = ld->tls.calloc(1, size);
	else
		memory = heap_alloc(size);
	if (!memory)
		die("cannot allocate memory for thread-local data: ABORT");
	return memory;
}

/* Only for what allocate gave while running. */
static void release(struct loader *ld, void *memory)
{
	if (ld->tls.free)
		ld->tls.free(memory);
}

/* --- modules */

static void grow_modules(struct tls *tls)
{
	uint64_t room = tls->room ? tls->room * 2 : 64, bytes = (tls->nmodules + 1) * sizeof(uint64_t);
	struct object **modules = heap_alloc(room * sizeof(*modules));
	uint64_t *generations = heap_alloc(room * sizeof(*generations));
	struct tls_slots *slots = heap_alloc(sizeof(*slots) + room * sizeof(slots->at[0]));
	if (tls->room) {
		memcpy(modules, tls->modules, bytes);
		memcpy(generations, tls->generations, bytes);
	}
	/* The old arrays stay: another thread may be reading them. */
	tls->modules = modules;
	tls->generations = generations;
	slots->n = room;
	tls->slots = slots;
	tls->room = room;
}

void tls_add_module(struct loader *ld, struct object *object)
{
	struct tls *tls = &ld->tls;
	uint64_t number = 1;
	glibc_lock(ld, LOCK_TLS); /* threads that bring their dtv up to date read all of this */
	if (tls->ready) /* numbers of modules that are gone are used again */
		while (number <= tls->nmodules && tls->modules[number])
			number++;
	else
		number = tls->nmodules + 1;
	if (number + 1 >= tls->room)
		grow_modules(tls);
	tls->modules[number] = object;
	tls->generations[number] = tls->ready ? tls_generation + 1 : 0;
	object->tls_module = number;
	if (number > tls->nmodules)
		tls->nmodules = number;
	glibc_unlock(ld, LOCK_TLS);
}

void tls_new_generation(struct loader *ld)
{
	glibc_lock(ld, LOCK_TLS);
	__atomic_store_n(&tls_generation, tls_generation + 1, __ATOMIC_RELEASE);
	tls_publish(ld);
	glibc_unlock(ld, LOCK_TLS);
}

void tls_remove_module(struct loader *ld, struct object *object)
{
	struct tls *tls = &ld->tls;
	if (!object->tls_module)
		return;
	tls->modules[object->tls_module] = NULL;
	tls->generations[object->tls_module] = tls_generation + 1;
	if (!tls->ready && object->tls_module == tls->nmodules)
		tls->nmodules--;
	object->tls_module = 0;
}

/* The first offset for an object's block whose other end is not nearer to the thread pointer than `from`. The block
 * begins at a multiple of its alignment plus what its first byte's vaddr is beyond one. */
static uint64_t block_offset(const struct object *object, uint64_t from)
{
	uint64_t align = object->tls_align, before = -object->tls_first_byte & (align - 1);
	return ((from + object->tls_size - before + align - 1) & ~(align - 1)) + before;
}

/* The same, where no other module's block is: libraries that went away leave gaps. */
static uint64_t free_offset(const struct tls *tls, const struct object *object)
{
	uint64_t offset = block_offset(object, tls->used);
	for (uint64_t i = 1; i <= tls->nmodules; i++) {
		const struct object *other = tls->modules[i];
		if (!other || other == object || other->tls_offset == TLS_NO_OFFSET ||
		    other->tls_offset <= offset - object->tls_size || other->tls_offset - other->tls_size >= offset)
			continue;
		offset = block_offset(object, other->tls_offset);
		i = 0; /* it may overlap one that was behind it before */
	}
	return offset;
}

bool tls_place(struct loader *ld, struct object *object)
{
	struct tls *tls = &ld->tls;
	if (tls->ready) {
		uint64_t offset = free_offset(tls, object), room = tls->size - glibc_thread_size(ld);
		if (object->tls_is_dynamic || object->tls_align > tls->align || offset > room)
			return false;
		object->tls_needs_init = true;
		object->tls_offset = offset;
		return true;
	}
	if (object->tls_align > tls->align)
		tls->align = object->tls_align;
	object->tls_needs_init = true;
	object->tls_offset = tls->used = block_offset(object, tls->used);
	return true;
}

void tls_publish(struct loader *ld)
{
	struct tls *tls = &ld->tls;
	for (uint64_t i = 1; i <= tls->nmodules; i++) {
		tls->slots->at[i].generation = tls->generations[i];
		tls->slots->at[i].link_map = tls->modules[i] ? tls->modules[i]->link_map : NULL;
	}
	glibc_publish_tls(ld);
}

/* --- a thread */

static union dtv_entry *new_dtv(struct loader *ld)
{
	uint64_t n = ld->tls.nmodules + DTV_SURPLUS;
	union dtv_entry *dtv = allocate(ld, (n + 2) * sizeof(*dtv));
	dtv[0].counter = n;
	return dtv + 1;
}

static void fill_block(const struct object *object, char *block)
{
	memcpy(block, object->tls_image, object->tls_image_size);
	memset(block + object->tls_image_size, 0, object->tls_size - object->tls_image_size);
}

static void start_state(struct loader *ld, char *tcb)
{
	memset(tcb - ld->tls.state_offset, 0, sizeof(struct thread_state));
}

/* Fills the static blocks and the dtv of a thread that does not run yet. */
static void start_blocks(struct loader *ld, char *tcb, bool copy)
{
	struct tls *tls = &ld->tls;
	union dtv_entry *dtv = *dtv_of(tcb);
	for (uint64_t i = 1; i <= tls->nmodules; i++) {
		const struct object *object = tls->modules[i];
		dtv[i].value = DTV_UNALLOCATED;
		dtv[i].memory = NULL;
		if (!object || object->tls_offset == TLS_NO_OFFSET)
			continue;
		dtv[i].value = tcb - object->tls_offset;
		if (copy)
			fill_block(object, tcb - object->tls_offset);
	}
	dtv[0].counter = tls_generation;
}

void tls_start(struct loader *ld, uint64_t later)
{
	struct tls *tls = &ld->tls;
	if (!tls->room)
		grow_modules(tls);
	tls->align = tls->align > LEAST_ALIGN ? tls->align : LEAST_ALIGN;
	for (uint64_t i = 1; i <= tls->nmodules; i++)
		tls_place(ld, tls->modules[i]);
	tls->nstatic = tls->nmodules;
	tls->used = tls->state_offset = (tls->used + sizeof(struct thread_state) + 63) & ~UINT64_C(63);

	uint64_t surplus = STATIC_SURPLUS + tunable_number("glibc.rtld.optional_static_tls", OPTIONAL_STATIC_TLS);
	surplus += later;
	uint64_t thread = glibc_thread_size(ld);
	tls->size = ((tls->used + surplus + tls->align - 1) & ~(tls->align - 1)) + thread;
	/* A small area is written to from its beginning to its end. */
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | (tls->size <= 4 * ld->page_size ? MAP_POPULATE : 0);
	long memory = sys_mmap(0, tls->size + tls->align, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (sys_failed(memory))
		die("cannot allocate TLS data structures for initial thread");
	uint64_t area = ((uint64_t)memory + tls->align - 1) & ~(tls->align - 1);
	char *tcb = (char *)(area + tls->size - thread);
	tls->initial_dtv = *dtv_of(tcb) = new_dtv(ld);
	start_blocks(ld, tcb, false);
	glibc_start_first_thread(ld, tcb);
	if (sys_arch_prctl(ARCH_SET_FS, (uint64_t)tcb))
		die("cannot set the thread pointer");
	tls->ready = true;
}

/* The object whose image is being copied to all threads: glibc_each_other_thread has no argument for it. The load lock
 * is held. */
static const struct object *initialized_now;

static void initialize_in(struct loader *ld, uint64_t thread)
{
	(void)ld;
	fill_block(initialized_now, (char *)thread - initialized_now->tls_offset);
}

void tls_initialize_in_all_threads(struct loader *ld, struct object *object)
{
	initialized_now = object;
	initialize_in(ld, (uint64_t)thread_pointer());
	if (ld->running)
		glibc_each_other_thread(ld, initialize_in);
	object->tls_needs_init = false;
}

void tls_place_startup(struct loader *ld)
{
	struct tls *tls = &ld->tls;
	bool any = false;
	for (uint64_t i = 1; i <= tls->nmodules; i++) {
		struct object *object = tls->modules[i];
		if (!object || object->relocated || object->tls_offset != TLS_NO_OFFSET)
			continue;
		tls_place(ld, object); /* without a place: in dynamic blocks */
		any = true;
	}
	if (any)
		tls_new_generation(ld);
}

void tls_initialize_startup(struct loader *ld)
{
	for (uint64_t i = 1; i <= ld->tls.nmodules; i++)
		if (ld->tls.modules[i] && ld->tls.modules[i]->tls_needs_init)
			tls_initialize_in_all_threads(ld, ld->tls.modules[i]);
}

/* --- access to dynamic blocks */

static union dtv_entry *grow_dtv(struct loader *ld, char *thread, union dtv_entry *dtv)
{
	union dtv_entry *bigger = new_dtv(ld);
	uint64_t n = dtv[-1].counter;
	memcpy(bigger, dtv, (n + 1) * sizeof(*dtv));
	for (uint64_t i = n + 1; i <= bigger[-1].counter; i++)
		bigger[i].value = DTV_UNALLOCATED;
	if (!ld->running)
		ld->tls.initial_dtv = bigger; /* of the loader's own memory, too */
	else if (dtv != ld->tls.initial_dtv)
		release(ld, dtv - 1);
	*dtv_of(thread) = bigger;
	return bigger;
}

/* Brings a thread's dtv to the present: blocks of modules that went away are freed. */
static union dtv_entry *update_dtv(struct loader *ld, char *thread)
{
	struct tls *tls = &ld->tls;
	union dtv_entry *dtv = *dtv_of(thread);
	uint64_t now = tls_generation;
	if (dtv[-1].counter < tls->nmodules)
		dtv = grow_dtv(ld, thread, dtv);
	for (uint64_t i = 1; i <= tls->nmodules; i++) {
		if (tls->generations[i] <= dtv[0].counter)
			continue;
		if (dtv[i].memory)
			release(ld, dtv[i].memory);
		dtv[i].value = DTV_UNALLOCATED;
		dtv[i].memory = NULL;
	}
	dtv[0].counter = now;
	return dtv;
}

static void make_block(struct loader *ld, char *thread, union dtv_entry *entry, struct object *object)
{
	if (object->tls_offset != TLS_NO_OFFSET) {
		entry->value = thread - object->tls_offset;
		return;
	}
	object->tls_is_dynamic = true;
	uint64_t align = object->tls_align, before = object->tls_first_byte;
	char *memory = allocate(ld, object->tls_size + align + before);
	char *block = (char *)(((uint64_t)memory + align - 1) & ~(align - 1)) + before;
	fill_block(object, block);
	entry->value = block;
	entry->memory = ld->running ? memory : NULL;
}

__attribute__((noinline)) static void *slow_address(struct tls_index *index)
{
	struct loader *ld = &the_loader;
	char *thread = thread_pointer();
	glibc_lock(ld, LOCK_TLS);
	union dtv_entry *dtv = update_dtv(ld, thread);
	if (dtv[index->module].value == DTV_UNALLOCATED) {
		struct object *object = ld->tls.modules[index->module];
		if (!object)
			die("access to a thread-local variable of a library that was unloaded");
		make_block(ld, thread, &dtv[index->module], object);
	}
	glibc_unlock(ld, LOCK_TLS);
	return (char *)dtv[index->module].value + index->offset;
}

void *tls_address(struct tls_index *index)
{
	union dtv_entry *dtv;
	__asm__("mov %%fs:8, %0" : "=r"(dtv));
	if (__builtin_expect(dtv[0].counter == __atomic_load_n(&tls_generation, __ATOMIC_RELAXED), 1)) {
		void *block = dtv[index->module].value;
		if (__builtin_expect(block != DTV_UNALLOCATED, 1))
			return (char *)block + index->offset;
	}
	return slow_address(index);
}

void *tls_block_if_any(struct loader *ld, struct object *object)
{
	char *thread = thread_pointer();
	union dtv_entry *dtv = *dtv_of(thread);
	uint64_t module = object->tls_module;
	if (!module)
		return NULL;
	if (object->tls_offset != TLS_NO_OFFSET)
		return thread - object->tls_offset;
	if (dtv[-1].counter < module || dtv[0].counter < ld->tls.generations[module] ||
	    dtv[module].value == DTV_UNALLOCATED)
		return NULL;
	return dtv[module].value;
}

/* --- what pthread_create calls */

void *tls_allocate_thread(struct loader *ld, char *tcb)
{
	if (!tcb) { /* nobody gives memory: make the whole area (nptl of old, static programs) */
		char *memory = ld->tls.calloc ? ld->tls.calloc(1, ld->tls.size + ld->tls.align + sizeof(void *)) : NULL;
		if (!memory)
			return NULL;
		uint64_t area = ((uint64_t)memory + ld->tls.align - 1) & ~(ld->tls.align - 1);
		tcb = (char *)(area + ld->tls.size - glibc_thread_size(ld));
		*(void **)(void *)(tcb + glibc_thread_size(ld)) = memory;
	}
	start_state(ld, tcb);
	uint64_t n = ld->tls.nmodules + DTV_SURPLUS;
	union dtv_entry *dtv = ld->tls.calloc ? ld->tls.calloc(n + 2, sizeof(*dtv)) : NULL;
	if (!dtv)
		return NULL;
	dtv[0].counter = n;
	*dtv_of(tcb) = dtv + 1;
	return tcb;
}

void *tls_initialize_thread(struct loader *ld, char *tcb, bool copy)
{
	if (!tcb)
		return NULL;
	glibc_lock(ld, LOCK_TLS);
	union dtv_entry *dtv = *dtv_of(tcb);
	if (dtv[-1].counter < ld->tls.nmodules) {
		/* A stack used again, from before the newest libraries. libc has freed its blocks. */
		union dtv_entry *bigger = new_dtv(ld);
		if (dtv != ld->tls.initial_dtv)
			release(ld, dtv - 1);
		*dtv_of(tcb) = bigger;
	}
	struct thread_state *state = (void *)(tcb - ld->tls.state_offset);
	if (state->error)
		release(ld, state->error);
	start_state(ld, tcb);
	start_blocks(ld, tcb, copy);
	glibc_unlock(ld, LOCK_TLS);
	return tcb;
}

void tls_release_thread(struct loader *ld, char *tcb, bool whole)
{
	struct thread_state *state = (void *)(tcb - ld->tls.state_offset);
	if (state->error)
		release(ld, state->error);
	state->error = NULL;
	union dtv_entry *dtv = *dtv_of(tcb);
	for (uint64_t i = 1; i <= dtv[-1].counter; i++)
		if (dtv[i].memory)
			release(ld, dtv[i].memory);
	if (dtv != ld->tls.initial_dtv)
		release(ld, dtv - 1);
	if (whole)
		release(ld, *(void **)(void *)(tcb + glibc_thread_size(ld)));
}
