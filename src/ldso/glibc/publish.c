#include "ldso/glibc/publish.h"

#include <asm/errno.h>
#include <link.h>
#include <sys/mman.h>

#include "ldso/cpu.h"
#include "ldso/debugger.h"
#include "ldso/glibc/abi.h"
#include "ldso/heap.h"
#include "ldso/lookup.h"
#include "ldso/sys.h"
#include "ldso/text.h"
#include "ldso/versions.h"

/* --- fields by offset */

static void *field(void *structure, int offset)
{
	return (char *)structure + offset;
}

/* A field that this glibc lacks has a negative offset. */
static void set64(void *structure, int offset, uint64_t value)
{
	if (offset >= 0)
		*(uint64_t *)field(structure, offset) = value;
}

static void set32(void *structure, int offset, uint32_t value)
{
	if (offset >= 0)
		*(uint32_t *)field(structure, offset) = value;
}

static void set16(void *structure, int offset, uint16_t value)
{
	if (offset >= 0)
		*(uint16_t *)field(structure, offset) = value;
}

static void set_pointer(void *structure, int offset, const void *value)
{
	set64(structure, offset, (uint64_t)value);
}

static void set_bits(void *structure, int bit, unsigned width, unsigned value)
{
	for (unsigned i = 0; bit >= 0 && i < width; i++) {
		unsigned at = (unsigned)bit + i;
		uint8_t *byte = field(structure, (int)(at / 8));
		*byte = (uint8_t)((*byte & ~(1u << at % 8)) | (value >> i & 1) << at % 8);
	}
}

/* --- which glibc */

void glibc_build_id(const struct object *object, char text[64])
{
	text[0] = 0;
	for (uint16_t i = 0; i < object->phnum; i++) {
		const Elf64_Phdr *phdr = &object->phdr[i];
		if (phdr->p_type != PT_NOTE || phdr->p_align > 4)
			continue;
		const uint8_t *at = (const uint8_t *)(object->base + phdr->p_vaddr), *end = at + phdr->p_memsz;
		while ((size_t)(end - at) > sizeof(Elf64_Nhdr)) {
			const Elf64_Nhdr *note = (const void *)at;
			const uint8_t *name = at + sizeof(*note), *desc = name + ((note->n_namesz + 3) & ~3u);
			if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(name, "GNU", 4) == 0 &&
			    note->n_descsz < 32 && desc + note->n_descsz <= end) {
				for (uint32_t j = 0; j < note->n_descsz; j++)
					format_text(text + 2 * j, 3, "%02x", desc[j]);
				return;
			}
			at = desc + ((note->n_descsz + 3) & ~3u);
		}
	}
}

static bool is_for(const struct glibc_abi *abi, const char *build_id)
{
	for (const char *const *id = abi->build_ids; *id; id++)
		if (text_equal(*id, build_id))
			return true;
	return false;
}

bool glibc_is_known(const struct loader *ld, const struct object *libc)
{
	char build_id[64];
	glibc_build_id(libc, build_id);
	return is_for(ld->abi, build_id);
}

bool glibc_choose_abi(struct loader *ld, const struct object *libc)
{
	ld->abi = glibc_abis[0];
	if (!libc)
		return true;
	char build_id[64];
	glibc_build_id(libc, build_id);
	for (const struct glibc_abi *const *abi = glibc_abis; *abi; abi++)
		if (is_for(*abi, build_id)) {
			ld->abi = *abi;
			return true;
		}
	ld->abi = NULL;
	return false;
}

/* --- the process */

static void publish_cpu(const struct glibc_abi *abi)
{
	char *cpu = field(_rtld_global_ro, abi->r_cpu_features);
	set32(cpu, abi->cpu_kind, the_cpu.maker);
	set32(cpu, abi->cpu_max_cpuid, the_cpu.max_leaf);
	set32(cpu, abi->cpu_family, the_cpu.family);
	set32(cpu, abi->cpu_model, the_cpu.model);
	set32(cpu, abi->cpu_stepping, the_cpu.stepping);
	memcpy(field(cpu, abi->cpu_leaves), the_cpu.leaves, sizeof(the_cpu.leaves));
	set32(cpu, abi->cpu_preferred, the_cpu.preferred);
	set32(cpu, abi->cpu_isa_1, the_cpu.isa);
	set64(cpu, abi->cpu_xsave_state_size, the_cpu.xsave_size);
	set32(cpu, abi->cpu_xsave_state_full_size, (uint32_t)the_cpu.xsave_full_size);
	set64(cpu, abi->cpu_data_cache_size, the_cpu.data_cache);
	set64(cpu, abi->cpu_shared_cache_size, the_cpu.shared_cache);
	set64(cpu, abi->cpu_non_temporal_threshold, the_cpu.non_temporal_threshold);
	set64(cpu, abi->cpu_rep_movsb_threshold, the_cpu.rep_movsb_threshold);
	set64(cpu, abi->cpu_rep_movsb_stop_threshold, the_cpu.rep_movsb_stop_threshold);
	set64(cpu, abi->cpu_rep_stosb_threshold, the_cpu.rep_stosb_threshold);
	set64(cpu, abi->cpu_level1_icache_size, the_cpu.level1_code.size);
	set64(cpu, abi->cpu_level1_icache_linesize, the_cpu.level1_code.line);
	set64(cpu, abi->cpu_level1_dcache_size, the_cpu.level1_data.size);
	set64(cpu, abi->cpu_level1_dcache_assoc, the_cpu.level1_data.assoc);
	set64(cpu, abi->cpu_level1_dcache_linesize, the_cpu.level1_data.line);
	set64(cpu, abi->cpu_level2_cache_size, the_cpu.level2.size);
	set64(cpu, abi->cpu_level2_cache_assoc, the_cpu.level2.assoc);
	set64(cpu, abi->cpu_level2_cache_linesize, the_cpu.level2.line);
	set64(cpu, abi->cpu_level3_cache_size, the_cpu.level3.size);
	set64(cpu, abi->cpu_level3_cache_assoc, the_cpu.level3.assoc);
	set64(cpu, abi->cpu_level3_cache_linesize, the_cpu.level3.line);
	set64(cpu, abi->cpu_level4_cache_size, the_cpu.level4.size);
}

static uint64_t vdso_function(const struct object *vdso, const char *name)
{
	const Elf64_Sym *symbol = lookup_in(vdso, name, NULL, LOOKUP_NEWEST);
	return symbol ? vdso->base + symbol->st_value : 0; /* 0: libc makes the system call */
}

static void publish_vdso(struct loader *ld)
{
	const struct glibc_abi *abi = ld->abi;
	const struct object *vdso = ld->vdso;
	if (!vdso)
		return;
	set64(_rtld_global_ro, abi->r_sysinfo_dso, auxiliary(ld, AT_SYSINFO_EHDR));
	set64(_rtld_global_ro, abi->r_vdso_clock_gettime, vdso_function(vdso, "__vdso_clock_gettime"));
	set64(_rtld_global_ro, abi->r_vdso_gettimeofday, vdso_function(vdso, "__vdso_gettimeofday"));
	set64(_rtld_global_ro, abi->r_vdso_time, vdso_function(vdso, "__vdso_time"));
	set64(_rtld_global_ro, abi->r_vdso_getcpu, vdso_function(vdso, "__vdso_getcpu"));
	set64(_rtld_global_ro, abi->r_vdso_clock_getres, vdso_function(vdso, "__vdso_clock_getres"));
}

enum {
	MUTEX_KIND = 16, /* offset in pthread_mutex_t */
	MUTEX_RECURSIVE = 1,
	FPU_CONTROL = 0x37f,
	LEAST_SIGNAL_STACK = 2048,
};

static void start_lists(void *global, int offset)
{
	if (offset >= 0)
		((void **)field(global, offset))[0] = ((void **)field(global, offset))[1] = field(global, offset);
}

void glibc_publish_process(struct loader *ld)
{
	const struct glibc_abi *abi = ld->abi;
	void *ro = _rtld_global_ro, *global = _rtld_global;
	uint64_t signal_stack = auxiliary(ld, AT_MINSIGSTKSZ);
	set_pointer(ro, abi->r_platform, ld->platform);
	set64(ro, abi->r_platformlen, strlen(ld->platform));
	set64(ro, abi->r_pagesize, ld->page_size);
	set64(ro, abi->r_minsigstacksize, signal_stack ? signal_stack : LEAST_SIGNAL_STACK);
	set32(ro, abi->r_clktck, (uint32_t)auxiliary(ld, AT_CLKTCK));
	set16(ro, abi->r_fpu_control, FPU_CONTROL);
	set64(ro, abi->r_hwcap, the_cpu.hwcap);
	set64(ro, abi->r_hwcap2, auxiliary(ld, AT_HWCAP2));
	set_pointer(ro, abi->r_auxv, ld->auxv);
	if (ld->options.debug & DEBUG_IMPCALLS)
		set32(ro, abi->r_debug_mask, DEBUG_IMPCALLS); /* "transferring control" */
	publish_cpu(abi);
	publish_vdso(ld);
	set_pointer(ro, abi->r_find_object, glibc_hooks.find_object);
	set_pointer(ro, abi->r_lookup_symbol_x, glibc_hooks.lookup_symbol_x);
	set_pointer(ro, abi->r_tls_get_addr_soft, glibc_hooks.tls_get_addr_soft);
	set_pointer(ro, abi->r_debug_printf, glibc_hooks.debug_printf);
	set_pointer(ro, abi->r_mcount, glibc_hooks.mcount);
	set_pointer(ro, abi->r_libc_freeres, glibc_hooks.libc_freeres);
	set_pointer(ro, abi->r_dlfcn_hook, glibc_hooks.dlfcn_hook);
	/* __libc_freeres frees what lies between these two: nothing. */
	set_pointer(ro, abi->r_init_all_dirs, global);
	set_pointer(global, abi->g_all_dirs, global);

	set32(global, abi->g_load_lock + MUTEX_KIND, MUTEX_RECURSIVE);
	set32(global, abi->g_load_write_lock + MUTEX_KIND, MUTEX_RECURSIVE);
	set32(global, abi->g_load_tls_lock + MUTEX_KIND, MUTEX_RECURSIVE);
	start_lists(global, abi->g_stack_used);
	start_lists(global, abi->g_stack_user);
	start_lists(global, abi->g_stack_cache);
}

/* --- objects */

/* The image of a link_map, and behind it what glibc points to from it. */
struct projection {
	void *scope[2];
	struct {
		const char *name;
		void *next;
		int dont_free;
	} libname;
	_Alignas(16) char link_map[];
};

static struct projection *projection_of(const struct object *object)
{
	return (void *)((char *)object->link_map - offsetof(struct projection, link_map));
}

/* glibc relocates these in place, and libc's _dl_addr expects it. */
static bool is_address_tag(int64_t tag)
{
	switch (tag) {
	case DT_HASH: case DT_PLTGOT: case DT_STRTAB: case DT_SYMTAB: case DT_RELA: case DT_JMPREL: case DT_VERSYM:
	case DT_GNU_HASH: return true;
	default: return false;
	}
}

/* Groups of link_map.l_info behind the tags below DT_NUM: versions, "extra", value and address ranges. How many tags
 * the first group has follows from the size of the whole. */
enum { INFO_VERSION = 16, INFO_EXTRA = 3, INFO_VALUE = 12, INFO_ADDRESS = 11 };

static void publish_dynamic(const struct glibc_abi *abi, struct object *object)
{
	Elf64_Dyn **info = field(object->link_map, abi->l_info);
	int64_t standard = (abi->l_phdr - abi->l_info) / 8 - INFO_VERSION - INFO_EXTRA - INFO_VALUE - INFO_ADDRESS;
	for (Elf64_Dyn *entry = object->dynamic; entry && entry->d_tag != DT_NULL; entry++) {
		int64_t tag = entry->d_tag, at = -1;
		if (tag >= 0 && tag < standard)
			at = tag;
		else if (0x6fffffff - tag >= 0 && 0x6fffffff - tag < INFO_VERSION)
			at = standard + 0x6fffffff - tag;
		else if (0x6ffffdff - tag >= 0 && 0x6ffffdff - tag < INFO_VALUE)
			at = standard + INFO_VERSION + INFO_EXTRA + 0x6ffffdff - tag;
		else if (0x6ffffeff - tag >= 0 && 0x6ffffeff - tag < INFO_ADDRESS)
			at = standard + INFO_VERSION + INFO_EXTRA + INFO_VALUE + 0x6ffffeff - tag;
		if (at >= 0)
			info[at] = entry;
		if (!object->dynamic_readonly && !object->is_proxy && is_address_tag(tag))
			entry->d_un.d_ptr += object->base;
	}
}

static void make_link_map(struct loader *ld, struct object *object)
{
	const struct glibc_abi *abi = ld->abi;
	struct projection *projection = heap_alloc(sizeof(*projection) + (size_t)abi->l_size);
	void *map = object->link_map = projection->link_map;
	struct link_map *public = map;
	public->l_addr = object->base;
	public->l_name = (char *)(uintptr_t)object->name;
	public->l_ld = object->dynamic;
	set_pointer(map, abi->l_real, object->is_proxy ? ld->self->link_map : map);
	set64(map, abi->l_ns, object->ns);
	projection->libname.name = object->names ? object->names->text : object->name;
	projection->libname.dont_free = 1;
	set_pointer(map, abi->l_libname, &projection->libname);
	publish_dynamic(abi, object);
	set_pointer(map, abi->l_phdr, object->phdr);
	set16(map, abi->l_phnum, object->phnum);
	set64(map, abi->l_entry, object->entry);
	projection->scope[0] = field(map, abi->l_searchlist);
	set_pointer(map, abi->l_scope, projection->scope);
	set_pointer(map, abi->l_local_scope, field(map, abi->l_searchlist));
	set64(map, abi->l_map_start, object->start);
	set64(map, abi->l_map_end, object->end);
	set64(map, abi->l_text_end, object->text_end);
	set_pointer(map, abi->l_origin, object->origin);
	set32(map, abi->l_nbuckets, object->table.nbuckets);
	const struct symbol_table *table = &object->table;
	if (table->nbuckets) {
		set_pointer(map, abi->l_gnu_bitmask, table->bloom);
		/* Unions: the second names of these fields are l_chain and l_buckets of DT_HASH. */
		set_pointer(map, abi->l_gnu_buckets, table->bloom ? table->buckets : table->chain);
		set_pointer(map, abi->l_gnu_chain_zero, table->bloom ? table->chain : table->buckets);
	}
	set64(map, abi->l_relro_addr, object->relro_vaddr);
	set64(map, abi->l_relro_size, object->relro_size);
	set_bits(map, abi->b_l_type, 2, object->kind);
	set_bits(map, abi->b_l_main_map, 1, object->kind == OBJECT_PROGRAM);
	set_bits(map, abi->b_l_contiguous, 1, 1);
	set_bits(map, abi->b_l_ld_readonly, 1, object->dynamic_readonly);
}

static void renew_link_map(struct loader *ld, struct object *object)
{
	const struct glibc_abi *abi = ld->abi;
	void *map = object->link_map;
	set_pointer(map, abi->l_loader, object->requester ? object->requester->link_map : NULL);
	set64(map, abi->l_tls_modid, object->tls_module);
	set64(map, abi->l_tls_offset, object->tls_offset);
	set_pointer(map, abi->l_tls_initimage, object->tls_image);
	set64(map, abi->l_tls_initimage_size, object->tls_image_size);
	set64(map, abi->l_tls_blocksize, object->tls_size);
	set64(map, abi->l_tls_align, object->tls_align);
	set_bits(map, abi->b_l_relocated, 1, object->relocated);
	set_bits(map, abi->b_l_init_called, 1, object->init_called);
	set_bits(map, abi->b_l_global, 1, object->in_global_scope);
}

/* The list of a namespace, in the order of loading. */
static void publish_namespace(struct loader *ld, uint32_t ns)
{
	const struct glibc_abi *abi = ld->abi;
	const struct object *libc = ld->namespaces[ns].libc;
	struct link_map *first = NULL, *last = NULL;
	uint32_t n = 0;
	for (struct object *object = ld->first; object; object = object->next) {
		if (object->ns != ns)
			continue;
		struct link_map *map = object->link_map;
		map->l_prev = last;
		if (last)
			last->l_next = map;
		else
			first = map;
		last = map;
		n++;
	}
	if (last)
		last->l_next = NULL;
	void *to = field(_rtld_global, abi->g_ns + (int)ns * abi->ns_size);
	set_pointer(to, abi->ns_loaded, first);
	set32(to, abi->ns_nloaded, n);
	set_pointer(to, abi->ns_main_searchlist, first ? field(first, abi->l_searchlist) : NULL);
	set_pointer(to, abi->ns_libc_map, libc ? libc->link_map : NULL);
	debugger_set_map(ns, first);
}

void glibc_publish_objects(struct loader *ld)
{
	const struct glibc_abi *abi = ld->abi;
	if (!ld->self->link_map)
		make_link_map(ld, ld->self);
	for (struct object *object = ld->first; object; object = object->next)
		if (!object->link_map)
			make_link_map(ld, object);
	for (struct object *object = ld->first; object; object = object->next)
		renew_link_map(ld, object);
	for (uint32_t ns = 0; ns < ld->nnamespaces; ns++)
		publish_namespace(ld, ns);
	set64(_rtld_global, abi->g_nns, ld->nnamespaces);
	set64(_rtld_global, abi->g_load_adds, ld->nadded);
	set32(_rtld_global, abi->g_stack_flags, ld->stack_flags);
	set_pointer(_rtld_global_ro, abi->r_sysinfo_map, ld->vdso ? ld->vdso->link_map : NULL);
}

void glibc_forget_object(struct object *object)
{
	if (object->link_map)
		heap_free(projection_of(object));
	object->link_map = NULL;
}

bool glibc_has_thread_destructors(const struct loader *ld, const struct object *object)
{
	return object->link_map && ld->abi->l_tls_dtor_count >= 0 &&
	       __atomic_load_n((uint64_t *)field(object->link_map, ld->abi->l_tls_dtor_count), __ATOMIC_ACQUIRE) != 0;
}

/* --- threads */

uint64_t glibc_thread_size(const struct loader *ld)
{
	return (uint64_t)ld->abi->p_size;
}

void glibc_publish_tls(struct loader *ld)
{
	const struct glibc_abi *abi = ld->abi;
	const struct tls *tls = &ld->tls;
	set_pointer(_rtld_global, abi->g_tls_dtv_slotinfo_list, tls->slots);
	set64(_rtld_global, abi->g_tls_max_dtv_idx, tls->nmodules);
	set64(_rtld_global, abi->g_tls_static_nelem, tls->nstatic);
	set64(_rtld_global, abi->g_tls_generation, tls_generation);
	set_pointer(_rtld_global, abi->g_initial_dtv, tls->initial_dtv);
	set64(_rtld_global_ro, abi->r_tls_static_size, tls->size);
	set64(_rtld_global_ro, abi->r_tls_static_align, tls->align);
}

enum {
	RSEQ_SIZE = 32,
	RSEQ_SIGNATURE = 0x53053053, /* glibc's, on x86: precedes abort handlers */
	RSEQ_CPU_ID = 4,             /* offset in struct rseq */
	ROBUST_SIZE = 24,
	ROBUST_FUTEX_OFFSET = -32, /* from a mutex's list entry to its lock word */
};

/* Restartable sequences: the kernel keeps the number of the processor in the thread's area (rseq(2)). */
static void start_rseq(struct loader *ld, char *tcb)
{
	extern uint32_t glibc_rseq_size;
	extern ptrdiff_t glibc_rseq_offset;
	int at = ld->abi->p_rseq_area;
	if (at < 0)
		return;
	int32_t *cpu_id = field(tcb, at + RSEQ_CPU_ID);
	*cpu_id = -1;
	glibc_rseq_offset = at;
	if (tunable_number("glibc.pthread.rseq", 1) &&
	    sys_call6(__NR_rseq, (long)(tcb + at), RSEQ_SIZE, 0, RSEQ_SIGNATURE, 0, 0) == 0)
		glibc_rseq_size = 20;
	else
		*cpu_id = -2;
}

void glibc_start_first_thread(struct loader *ld, char *tcb)
{
	const struct glibc_abi *abi = ld->abi;
	set_pointer(tcb, 0, tcb);  /* %fs:0 and %fs:16 hold the thread pointer itself */
	set_pointer(tcb, 16, tcb);
	const uint64_t *random = (const uint64_t *)auxiliary(ld, AT_RANDOM);
	/* One byte of the guard is zero: it stops string functions that run too far. */
	set64(tcb, abi->p_stack_guard, random ? random[0] & ~UINT64_C(0xff) : 0);
	set64(tcb, abi->p_pointer_guard, random ? random[1] : 0);

	void **list = field(tcb, abi->p_list), **head = field(_rtld_global, abi->g_stack_user);
	list[0] = list[1] = head;
	head[0] = head[1] = list;
	set32(tcb, abi->p_tid, (uint32_t)sys_call3(__NR_set_tid_address, (long)tcb + abi->p_tid, 0, 0));
	set_pointer(tcb, abi->p_specific, field(tcb, abi->p_specific_1stblock));
	*(uint8_t *)field(tcb, abi->p_user_stack) = 1;
	set64(tcb, abi->p_stackblock_size, (uint64_t)ld->stack);

	uint64_t *robust = field(tcb, abi->p_robust_head);
	set_pointer(tcb, abi->p_robust_prev, robust);
	robust[0] = (uint64_t)robust;
	robust[1] = (uint64_t)ROBUST_FUTEX_OFFSET;
	sys_call3(__NR_set_robust_list, (long)robust, ROBUST_SIZE, 0);
	start_rseq(ld, tcb);
}

static void spin_lock(int *lock)
{
	int expected = 0;
	while (!__atomic_compare_exchange_n(lock, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		expected = 0;
		sys_yield();
	}
}

static void spin_unlock(int *lock)
{
	if (__atomic_exchange_n(lock, 0, __ATOMIC_RELEASE) == 2)
		sys_call3(__NR_futex, (long)lock, 0x81 /* FUTEX_WAKE | FUTEX_PRIVATE_FLAG */, 1);
}

struct list {
	struct list *next, *prev;
};

void glibc_each_other_thread(struct loader *ld, void (*body)(struct loader *ld, uint64_t thread))
{
	const struct glibc_abi *abi = ld->abi;
	uint64_t self;
	__asm__("mov %%fs:16, %0" : "=r"(self));
	const int heads[] = {abi->g_stack_used, abi->g_stack_user};
	/* libc takes the same word: 0 free, 1 taken, 2 taken and waited for. */
	int *lock = field(_rtld_global, abi->g_stack_cache_lock);
	spin_lock(lock);
	for (unsigned i = 0; i < 2; i++) {
		struct list *head = field(_rtld_global, heads[i]);
		for (struct list *entry = head->next; entry != head; entry = entry->next) {
			uint64_t thread = (uint64_t)entry - (uint64_t)abi->p_list;
			if (thread != self)
				body(ld, thread);
		}
	}
	spin_unlock(lock);
}

int glibc_make_stack_executable(const struct loader *ld, char *thread)
{
	const struct glibc_abi *abi = ld->abi;
	uint64_t guard = *(uint64_t *)field(thread, abi->p_guardsize);
	uint64_t stack = *(uint64_t *)field(thread, abi->p_stackblock) + guard;
	uint64_t size = *(uint64_t *)field(thread, abi->p_stackblock_size) - guard;
	return -sys_mprotect(stack, size, PROT_READ | PROT_WRITE | PROT_EXEC);
}

int glibc_make_stacks_executable(struct loader *ld)
{
	const struct glibc_abi *abi = ld->abi;
	const int heads[] = {abi->g_stack_used, abi->g_stack_cache};
	int *lock = field(_rtld_global, abi->g_stack_cache_lock), code = 0;
	spin_lock(lock);
	for (unsigned i = 0; i < 2; i++) {
		struct list *head = field(_rtld_global, heads[i]);
		for (struct list *entry = head->next; entry != head && !code; entry = entry->next)
			code = glibc_make_stack_executable(ld, (char *)entry - abi->p_list);
	}
	/* From here on, libc makes new stacks so. */
	if (!code)
		set32(_rtld_global, abi->g_stack_flags, ld->stack_flags | PF_X);
	spin_unlock(lock);
	return code;
}

/* --- calls into libc */

static int (*mutex_lock)(void *), (*mutex_unlock)(void *), (*mutex_trylock)(void *);

static void *lock_word(const struct loader *ld, enum glibc_lock lock)
{
	const struct glibc_abi *abi = ld->abi;
	return field(_rtld_global, lock == LOCK_LOAD  ? abi->g_load_lock :
				   lock == LOCK_LIST ? abi->g_load_write_lock :
							abi->g_load_tls_lock);
}

void glibc_lock(struct loader *ld, enum glibc_lock lock)
{
	if (mutex_lock)
		mutex_lock(lock_word(ld, lock));
}

void glibc_unlock(struct loader *ld, enum glibc_lock lock)
{
	if (mutex_unlock)
		mutex_unlock(lock_word(ld, lock));
}

void glibc_renew_lock(struct loader *ld, enum glibc_lock lock)
{
	enum { MUTEX_SIZE = 40 };
	memset(lock_word(ld, lock), 0, MUTEX_SIZE);
	*(uint32_t *)field(lock_word(ld, lock), MUTEX_KIND) = MUTEX_RECURSIVE;
}

bool glibc_try_lock(struct loader *ld)
{
	return !mutex_trylock || mutex_trylock(lock_word(ld, LOCK_LOAD)) == 0;
}

static void *libc_function(const struct object *libc, const char *name, const char *version)
{
	struct version wanted = {.name = version, .hash = sysv_hash(version), .hidden = true};
	const Elf64_Sym *symbol = libc ? lookup_in(libc, name, &wanted, LOOKUP_PLT) : NULL;
	if (!symbol)
		return NULL;
	struct definition definition = {(struct object *)(uintptr_t)libc, symbol};
	return (void *)definition_value(&definition);
}

/* The program may bring its own malloc: what its references bind to. */
static void *program_function(struct loader *ld, const char *name)
{
	struct definition found = lookup_in_scope(ld, ld->program, name, NULL, LOOKUP_NEWEST);
	if (!found.object || found.object->is_self || is_ifunc(found.symbol))
		return NULL;
	return (void *)definition_value(&found);
}

void glibc_start_calls(struct loader *ld)
{
	const struct object *libc = base_libc(ld);
	mutex_lock = libc_function(libc, "pthread_mutex_lock", "GLIBC_2.2.5");
	mutex_unlock = libc_function(libc, "pthread_mutex_unlock", "GLIBC_2.2.5");
	mutex_trylock = libc_function(libc, "pthread_mutex_trylock", "GLIBC_2.2.5");
	ld->tls.malloc = program_function(ld, "malloc");
	ld->tls.calloc = program_function(ld, "calloc");
	ld->tls.free = program_function(ld, "free");
	if (!ld->tls.malloc || !ld->tls.calloc || !ld->tls.free)
		ld->tls.malloc = NULL, ld->tls.calloc = NULL, ld->tls.free = NULL;
	ld->running = true;
}

void glibc_early_init(const struct object *libc, bool initial)
{
	void (*early_init)(bool) = libc_function(libc, "__libc_early_init", "GLIBC_PRIVATE");
	if (early_init)
		early_init(initial);
}
