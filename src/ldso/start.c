/* How a program starts: the story of the loader, from the kernel's hand-over to the program's first instruction. */
#include "ldso/start.h"

#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>

#include "ldso/audit.h"
#include "ldso/cpu.h"
#include "ldso/debugger.h"
#include "ldso/delegate.h"
#include "ldso/diagnostics.h"
#include "ldso/find_object.h"
#include "ldso/glibc/abi.h"
#include "ldso/glibc/publish.h"
#include "ldso/heap.h"
#include "ldso/help.h"
#include "ldso/image.h"
#include "ldso/init.h"
#include "ldso/list.h"
#include "ldso/needed.h"
#include "ldso/options.h"
#include "ldso/preload.h"
#include "ldso/relocate.h"
#include "ldso/scope.h"
#include "ldso/search.h"
#include "ldso/self.h"
#include "ldso/statistics.h"
#include "ldso/sys.h"
#include "ldso/text.h"
#include "ldso/tunables.h"
#include "ldso/versions.h"

static const char loading[] = "error while loading shared libraries";

/* --- the process */

/* The stack at entry: argc, argv, NULL, environment, NULL, auxiliary vector. */
static void read_stack(struct loader *ld, uint64_t *stack)
{
	ld->stack = stack;
	ld->argc = (int)stack[0];
	ld->argv = (char **)(stack + 1);
	ld->envp = ld->argv + ld->argc + 1;
	char **end = ld->envp;
	while (*end)
		end++;
	ld->auxv = (Elf64_auxv_t *)(void *)(end + 1);
}

static void read_process(struct loader *ld, uint64_t *stack)
{
	read_stack(ld, stack);
	ld->command_argc = ld->argc;
	ld->command_argv = ld->argv;
	ld->page_size = auxiliary(ld, AT_PAGESZ);
	ld->secure = auxiliary(ld, AT_SECURE) != 0;
	ld->platform = (const char *)auxiliary(ld, AT_PLATFORM);
	if (!ld->platform)
		ld->platform = "";
}

/* Takes the loader's own arguments away, so that the program finds a stack as if the kernel had started it. The stack
 * pointer stays: what is above moves down. */
static void drop_arguments(struct loader *ld, int n)
{
	uint64_t *to = ld->stack + 1, *from = to + n, *end = (uint64_t *)ld->auxv;
	while (((Elf64_auxv_t *)(void *)end)->a_type != AT_NULL)
		end += 2;
	end += 2;
	ld->command_argv = heap_alloc(((size_t)ld->argc + 1) * sizeof(char *));
	memcpy(ld->command_argv, ld->argv, (size_t)ld->argc * sizeof(char *));
	ld->stack[0] -= (uint64_t)n;
	while (from < end)
		*to++ = *from++;
	read_stack(ld, ld->stack);
}

static void set_auxiliary(struct loader *ld, uint64_t type, uint64_t value)
{
	for (Elf64_auxv_t *entry = ld->auxv; entry->a_type != AT_NULL; entry++)
		if (entry->a_type == type)
			entry->a_un.a_val = value;
}

/* --- the program */

/* `ld-gild.so.1 PROGRAM ARGS`: map the program, as the kernel does otherwise. */
static struct object *map_program(struct loader *ld)
{
	int skip = options_read_command(ld);
	if (ld->options.help) {
		help_print(ld);
		sys_exit(0);
	}
	if (ld->options.list_tunables) {
		cpu_start(&ld->platform);
		tunables_print(glibc_abis[0]->tunables, glibc_abis[0]->ntunables);
		sys_exit(0);
	}
	if (ld->options.list_diagnostics) {
		cpu_start(&ld->platform);
		diagnostics_print(ld);
		sys_exit(0);
	}
	drop_arguments(ld, skip);
	const char *path = ld->argv[0];
	struct opened opened;
	int code;
	enum open_result result = image_open(ld, path, &opened, &code);
	if (result == OPEN_ABSENT)
		fail(ld, path, code, "cannot open shared object file");
	if (result == OPEN_OTHER_CLASS)
		fail(ld, path, 0, "wrong ELF class: ELFCLASS32");
	struct object *program = result == OPEN_OK ? image_map(ld, &opened, path, path, OBJECT_PROGRAM) : NULL;
	if (!program) {
		if (ld->options.mode == MODE_VERIFY)
			sys_exit(1);
		fail_exit(ld, loading);
	}
	if (debugging(ld, DEBUG_FILES)) {
		debug_print(ld, "file=%s [0];  generating link map\n", path);
		image_show(ld, program);
	}
	program->name = "";
	if (ld->options.mode == MODE_VERIFY)
		sys_exit(!program->dynamic ? 1 : program->interpreter ? 0 : 2);
	if (program->soname && text_equal(program->soname, LOADER_SONAME)) { /* a loader: let the kernel start it */
		code = -sys_execve(path, ld->argv, ld->envp);
		fail(ld, path, code, "cannot execute shared object file");
		fail_exit(ld, loading);
	}
	set_auxiliary(ld, AT_PHDR, (uint64_t)program->phdr);
	set_auxiliary(ld, AT_PHNUM, program->phnum);
	set_auxiliary(ld, AT_ENTRY, program->entry);
	set_auxiliary(ld, AT_EXECFN, (uint64_t)ld->argv[0]);
	if (ld->options.argv0)
		ld->argv[0] = (char *)(uintptr_t)ld->options.argv0;
	return program;
}

/* The kernel mapped it; AT_PHDR says where its program headers are. */
static struct object *mapped_program(struct loader *ld)
{
	struct object *program = heap_alloc(sizeof(*program));
	program->kind = OBJECT_PROGRAM;
	program->name = "";
	program->phdr = (const Elf64_Phdr *)auxiliary(ld, AT_PHDR);
	program->phnum = (uint16_t)auxiliary(ld, AT_PHNUM);
	program->entry = auxiliary(ld, AT_ENTRY);
	for (uint16_t i = 0; i < program->phnum; i++)
		if (program->phdr[i].p_type == PT_PHDR)
			program->base = (uint64_t)program->phdr - program->phdr[i].p_vaddr;
	if (!image_read(ld, program))
		fail_exit(ld, loading);
	char path[4096];
	long length = sys_readlink("/proc/self/exe", path, sizeof(path));
	if (!sys_failed(length) && path[0] == '/') {
		while (length > 1 && path[--length] != '/')
			;
		program->origin = heap_text_n(path, length ? (size_t)length : 1);
	} else if (ld->options.origin_path) {
		program->origin = heap_text(ld->options.origin_path);
	}
	return program;
}

/* A static-PIE program has a dynamic section, for relocations it applies itself. */
static bool is_static(const struct object *program)
{
	const Elf64_Dyn *entry = program->dynamic;
	while (entry && entry->d_tag != DT_NULL && entry->d_tag != DT_NEEDED)
		entry++;
	return !entry || (entry->d_tag == DT_NULL && !program->interpreter);
}

/* --- the objects that are there without being asked for */

static struct object *make_self(struct loader *ld)
{
	struct object *self = heap_alloc(sizeof(*self));
	const Elf64_Ehdr *header = self_header();
	self->kind = OBJECT_STARTUP;
	self->is_self = self->relocated = true;
	self->base = (uint64_t)header;
	self->phdr = (const Elf64_Phdr *)(self->base + header->e_phoff);
	self->phnum = header->e_phnum;
	self->entry = self->base + header->e_entry;
	const char *interpreter = ld->program->interpreter ? ld->program->interpreter : "";
	self->name = heap_text(ld->as_command ? ld->command_argv[0] : interpreter);
	object_add_name(self, *interpreter ? interpreter : self->name);
	if (!image_read(ld, self))
		fail_exit(ld, loading);
	object_add_name(self, LOADER_SONAME);
	object_read_versions(ld, self);
	return self;
}

/* The kernel's own shared object: fast clock_gettime and the like. */
static struct object *make_vdso(struct loader *ld)
{
	uint64_t at = auxiliary(ld, AT_SYSINFO_EHDR);
	if (!at)
		return NULL;
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)at;
	struct object *vdso = heap_alloc(sizeof(*vdso));
	vdso->kind = OBJECT_STARTUP;
	vdso->is_vdso = vdso->relocated = true;
	vdso->name = heap_text("linux-vdso.so.1");
	vdso->phdr = (const Elf64_Phdr *)(at + header->e_phoff);
	vdso->phnum = header->e_phnum;
	vdso->base = at;
	for (uint16_t i = 0; i < vdso->phnum; i++)
		if (vdso->phdr[i].p_type == PT_LOAD) {
			vdso->base = at - vdso->phdr[i].p_vaddr;
			break;
		}
	if (!image_read(ld, vdso)) {
		fail_clear(ld);
		return NULL;
	}
	vdso->dynamic_readonly = true;
	vdso->origin = NULL;
	object_read_versions(ld, vdso);
	return vdso;
}

static void link_first_objects(struct loader *ld)
{
	ld->self = make_self(ld);
	object_link(ld, ld->program);
	scope_start(ld, ld->program);
	if (ld->program->tls_size)
		tls_add_module(ld, ld->program);
	ld->vdso = make_vdso(ld);
	if (ld->vdso) {
		object_add_name(ld->vdso, ld->vdso->name);
		object_link(ld, ld->vdso);
		scope_start(ld, ld->vdso);
	}
}

/* The loader's place in the list is that in the search list, when anybody needs it: sanitizers and gdb go by it. */
static void link_self(struct loader *ld)
{
	const struct object_list *search = &ld->program->search;
	for (uint32_t i = 1; i < search->n; i++) {
		if (search->at[i] != ld->self)
			continue;
		struct object *before = search->at[i - 1];
		if (before == ld->program && ld->vdso)
			before = ld->vdso;
		object_link_after(ld, ld->self, before);
	}
}

/* --- what is needed */

/* Did another object miss the same library before? */
static bool known_missing(const struct loader *ld, const struct object *missing)
{
	const struct object *object = ld->first;
	while (object != missing && !(object->missing && text_equal(object->name, missing->name)))
		object = object->next;
	return object != missing;
}

/* Every library that is missing gets its line, not only the first. */
static void check_missing(struct loader *ld)
{
	bool any = false;
	for (const struct object *object = ld->first; object; object = object->next)
		if (object->missing && !known_missing(ld, object)) {
			any = true;
			char spare[32];
			const char *reason = object->missing_code ? error_name(object->missing_code, spare) : "";
			print(2, "%s: %s: %s: %s%s%s\n", object_display_name(ld->program), loading, object->name,
			      object->missing_text, *reason ? ": " : "", reason);
		}
	if (any)
		sys_exit(127);
}

static void report_version(struct loader *ld, const char *object, const char *text, enum version_problem problem)
{
	if (problem == VERSION_RELR) {
		fail(ld, object, 0, "%s", text);
		fail_exit(ld, loading);
	}
	print(2, "%s: %s: %s\n", object_display_name(ld->program), object, text);
}

static void check_versions(struct loader *ld)
{
	bool good = true;
	for (struct object *object = ld->first; object; object = object->next)
		object_read_versions(ld, object);
	for (struct object *object = ld->first; object; object = object->next)
		if (!object->missing && !object->is_self)
			good &= versions_check(ld, object, true, report_version);
	if (!good && ld->options.mode == MODE_RUN)
		sys_exit(1);
}

static void load_all(struct loader *ld)
{
	struct object_list preloads = preload_all(ld);
	if (!load_needed(ld, ld->program, preloads.at, preloads.n, LOAD_MISSING))
		fail_exit(ld, loading);
	cache_close();
	if (ld->options.mode == MODE_RUN)
		check_missing(ld);
	scope_add_global(ld, ld->program);
	link_self(ld);
	check_versions(ld);
}

/* --- relocation */

static void relocate_all(struct loader *ld)
{
	unsigned flags = RELOCATE_REPORT | (ld->options.lazy ? RELOCATE_LAZY : 0);
	for (uint32_t i = ld->program->search.n; i-- > 0;)
		if (!relocate_object(ld, ld->program->order[i], flags))
			fail_exit(ld, "symbol lookup error");
	if (ld->undefined_symbols)
		sys_exit(127);
}

static void collect_stack_flags(struct loader *ld)
{
	ld->stack_flags = PF_R | PF_W;
	for (const struct object *object = ld->first; object; object = object->next)
		if (!object->is_vdso && !object->is_self)
			ld->stack_flags |= object->stack_flags & PF_X;
}

int stack_make_executable(const struct loader *ld)
{
	uint64_t page = (uint64_t)ld->stack & ~(ld->page_size - 1);
	return -sys_mprotect(page, ld->page_size, PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN);
}

/* A library that came with the program asks for an executable stack: give the first thread one, as the kernel did when
 * the program asks itself. */
static void prepare_stack(struct loader *ld)
{
	collect_stack_flags(ld);
	if (!(ld->stack_flags & PF_X) || (ld->program->stack_flags & PF_X && !ld->as_command))
		return;
	int code = stack_make_executable(ld);
	if (code) {
		fail(ld, "", code, "cannot enable executable stack as shared object requires");
		fail_exit(ld, loading);
	}
}

/* What the C library and constructors expect of a process: its first thread above all. The TLS blocks of objects that
 * are there already get their contents after relocation. */
static void start_thread(struct loader *ld, uint64_t later_tls)
{
	glibc_publish_process(ld);
	glibc_publish_objects(ld);
	tls_start(ld, later_tls);
	self_publish(ld);
}

static void choose_abi(struct loader *ld)
{
	const struct object *libc = base_libc(ld);
	if (!ld->tls.ready) {
		if (!glibc_choose_abi(ld, libc))
			delegate(ld, libc);
	} else if (libc && !glibc_is_known(ld, libc)) { /* auditors' code has run: too late for another loader */
		fail(ld, libc->name, 0, "the layout of this C library is not that of the auditors'");
		fail_exit(ld, loading);
	}
}

/* Auditors run before any library of the program is loaded, and with a C library of their own. The layout of that is
 * known by a look at the program's. */
static void start_auditors(struct loader *ld)
{
	enum { AUDIT_TLS = 16 * 1024 }; /* for the libraries of the program, which come when the thread is there */
	struct object *libc = load_object(ld, "libc.so.6", ld->program, NAMESPACES - 1, 0);
	fail_clear(ld);
	if (!glibc_choose_abi(ld, libc))
		delegate(ld, libc);
	if (libc) {
		object_unlink(ld, libc);
		tls_remove_module(ld, libc);
		ld->namespaces[NAMESPACES - 1].libc = NULL;
		image_unmap(libc);
		object_free(libc);
	}
	start_thread(ld, AUDIT_TLS);
	audit_start(ld);
}

/* --- the story */

uint64_t start_process(uint64_t *stack)
{
	struct statistics times = {.begin = time_stamp()};
	self_relocate();
	struct loader *ld = &the_loader;
	read_process(ld, stack);
	ld->nnamespaces = 1;
	ld->namespaces[BASE_NAMESPACE].used = true;
	tunables_start(ld);
	options_read_environment(ld);
	options_open_debug_output(ld);

	ld->as_command = auxiliary(ld, AT_ENTRY) == self_entry();
	ld->program = ld->as_command ? map_program(ld) : mapped_program(ld);
	if (ld->options.mode == MODE_RUN && is_static(ld->program))
		return ld->program->entry; /* it needs nothing of what follows */
	cpu_start(&ld->platform);
	trampoline_area = the_cpu.xsave_size;
	trampoline_full_area = the_cpu.xsave_full_size;
	link_first_objects(ld);
	search_start(ld);
	debugger_start(ld, ld->self->base);
	debugger_tell(DEBUGGER_ADD);
	if (ld->options.mode == MODE_RUN && audit_wanted(ld))
		start_auditors(ld);
	times.load_begin = time_stamp();
	load_all(ld);
	times.load_end = time_stamp();
	if (ld->options.mode != MODE_RUN)
		list_objects(ld);
	choose_abi(ld);
	if (debugging(ld, DEBUG_SCOPES)) {
		debug_print(ld, "\nInitial object scopes\n");
		for (const struct object *object = ld->first; object; object = object->next)
			scope_show(ld, object, 0);
	}

	prepare_stack(ld);
	if (!ld->tls.ready)
		start_thread(ld, 0);
	glibc_publish_objects(ld);
	tls_place_startup(ld);
	times.relocate_begin = time_stamp();
	relocate_all(ld);
	times.relocate_end = time_stamp();
	tls_initialize_startup(ld);
	tls_publish(ld);
	find_object_update(ld);
	glibc_start_calls(ld);
	glibc_early_init(base_libc(ld), true);
	glibc_publish_objects(ld);
	audit_activity(ld, BASE_NAMESPACE, LA_ACT_CONSISTENT);
	debugger_tell(DEBUGGER_CONSISTENT);
	if (debugging(ld, DEBUG_STATISTICS))
		statistics_show_start(ld, &times);
	init_run(ld, ld->program);
	return ld->program->entry;
}

void finish_process(void)
{
	if (the_loader.running) /* a static program calls this too */
		init_finish(&the_loader);
}
