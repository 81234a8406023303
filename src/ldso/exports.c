/* The symbols that libc.so.6 and others import from ld-linux-x86-64.so.2 (exports.map has their versions). Prototypes
 * are glibc's; callers are libc unless something else is said. */
#include <asm/errno.h>
#include <sys/mman.h>

#include "ldso/audit.h"
#include "ldso/cpu.h"
#include "ldso/export.h"
#include "ldso/glibc/abi.h"
#include "ldso/glibc/publish.h"
#include "ldso/loader.h"
#include "ldso/sys.h"
#include "ldso/text.h"

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

/* --- data */

EXPORT _Alignas(64) char _rtld_global[GLOBAL_SIZE];
EXPORT _Alignas(64) char _rtld_global_ro[GLOBAL_RO_SIZE];

EXPORT void *__libc_stack_end;
EXPORT int __libc_enable_secure;
EXPORT char **_dl_argv;
EXPORT char __nptl_initial_report_events; /* libthread_db writes it */

/* Restartable sequences: names inside of the loader, and aliases that programs see. */
uint32_t glibc_rseq_size;
ptrdiff_t glibc_rseq_offset;
EXPORT extern uint32_t __rseq_size __attribute__((alias("glibc_rseq_size")));
EXPORT extern ptrdiff_t __rseq_offset __attribute__((alias("glibc_rseq_offset")));
EXPORT const uint32_t __rseq_flags = 0;

/* --- thread-local storage */

EXPORT void *__tls_get_addr(struct tls_index *index)
{
	return tls_address(index);
}

EXPORT void *_dl_allocate_tls(void *tcb)
{
	tcb = tls_allocate_thread(&the_loader, tcb);
	return tcb ? tls_initialize_thread(&the_loader, tcb, true) : NULL;
}

EXPORT void *_dl_allocate_tls_init(void *tcb, bool copy)
{
	return tls_initialize_thread(&the_loader, tcb, copy);
}

EXPORT void _dl_deallocate_tls(void *tcb, bool whole)
{
	tls_release_thread(&the_loader, tcb, whole);
}

/* Sanitizers. */
EXPORT void _dl_get_tls_static_info(size_t *size, size_t *align)
{
	*size = the_loader.tls.size;
	*align = the_loader.tls.align;
}

/* pthread_create, for a stack from the cache when stacks became executable. */
EXPORT int __nptl_change_stack_perm(char *thread)
{
	return glibc_make_stack_executable(&the_loader, thread);
}

/* --- objects and processor */

EXPORT void *_dl_find_dso_for_object(uint64_t address)
{
	struct object *object = object_at(&the_loader, address);
	return object ? object->link_map : NULL;
}

EXPORT const void *_dl_x86_get_cpu_features(uint32_t unused)
{
	(void)unused;
	return _rtld_global_ro + the_loader.abi->r_cpu_features;
}

/* --- messages */

EXPORT _Noreturn void _dl_fatal_printf(const char *format, ...)
{
	va_list values;
	va_start(values, format);
	print_v(2, format, values);
	va_end(values);
	sys_exit(127);
}

/* libc raises errors by these only outside of the functions that go through hooks.c. There is nobody to catch them. */
struct dl_exception {
	const char *object, *text;
	char *buffer;
};

EXPORT void _dl_exception_create(struct dl_exception *exception, const char *object, const char *text)
{
	*exception = (struct dl_exception){.object = object, .text = text};
}

EXPORT void _dl_exception_create_format(struct dl_exception *exception, const char *object, const char *format, ...)
{
	*exception = (struct dl_exception){.object = object, .text = format};
}

EXPORT void _dl_exception_free(struct dl_exception *exception)
{
	*exception = (struct dl_exception){.object = NULL};
}

EXPORT _Noreturn void _dl_signal_error(int code, const char *object, const char *occasion, const char *text)
{
	fail_clear(&the_loader);
	fail(&the_loader, object ? object : "", code, "%s", text);
	fail_exit(&the_loader, occasion ? occasion : "error while loading shared libraries");
}

EXPORT _Noreturn void _dl_signal_exception(int code, struct dl_exception *exception, const char *occasion)
{
	_dl_signal_error(code, exception->object, occasion, exception->text);
}

EXPORT int _dl_catch_exception(struct dl_exception *exception, void (*operate)(void *), void *argument)
{
	if (exception)
		*exception = (struct dl_exception){.object = NULL};
	operate(argument);
	return 0;
}

EXPORT int _dl_catch_error(const char **object, const char **text, bool *allocated, void (*operate)(void *),
			   void *argument)
{
	*object = *text = NULL;
	*allocated = false;
	operate(argument);
	return 0;
}

/* --- auditing: just before the program's constructors; a binding by dlsym */

EXPORT void _dl_audit_preinit(void *link_map)
{
	struct object *object = object_of_handle(&the_loader, link_map);
	if (object && the_loader.nauditors)
		audit_preinit(&the_loader, object);
}

EXPORT void _dl_audit_symbind_alt(void *link_map, const Elf64_Sym *symbol, void **value, void *definer)
{
	struct object *from = object_of_handle(&the_loader, link_map), *to = object_of_handle(&the_loader, definer);
	struct definition definition = {to, symbol};
	if (from && to && audits(&the_loader, from->ns))
		*value = (void *)audit_bound_by_dlsym(&the_loader, from, &definition, (uint64_t)*value);
}

/* --- nothing to do: profiling is not there */

EXPORT void _dl_mcount(uint64_t from, uint64_t to)
{
	(void)from, (void)to;
}

EXPORT void _dl_rtld_di_serinfo(void *link_map, void *info, bool counting)
{
	(void)link_map, (void)counting;
	memset(info, 0, 16); /* dlinfo goes through hooks.c: nobody comes here */
}

EXPORT void __rtld_version_placeholder(void)
{
}
