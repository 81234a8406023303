#include "ldso/debugger.h"

#include <link.h>

#include "ldso/export.h"

/* Debuggers find the list of the first namespace by this symbol or DT_DEBUG; version 2 has a next one (struct
 * r_debug_extended of <link.h>, glibc 2.35). */
struct debug_list {
	struct r_debug base;
	struct debug_list *next;
};
struct debug_list first_list;
static struct debug_list others[NAMESPACES];
EXPORT extern struct r_debug _r_debug __attribute__((alias("first_list")));

/* Debuggers stop here. */
EXPORT void _dl_debug_state(void);
EXPORT __attribute__((noinline)) void _dl_debug_state(void)
{
	__asm__ volatile("" ::: "memory");
}

void debugger_start(struct loader *ld, uint64_t base)
{
	first_list.base.r_version = 1;
	first_list.base.r_brk = (uint64_t)_dl_debug_state;
	first_list.base.r_ldbase = base;
	if (ld->program->debug && !ld->program->dynamic_readonly)
		ld->program->debug->d_un.d_ptr = (uint64_t)&_r_debug;
}

/* Namespaces stay in the list when they are empty. */
void debugger_set_map(uint32_t ns, void *link_map)
{
	if (ns == BASE_NAMESPACE) {
		first_list.base.r_map = link_map;
		return;
	}
	struct debug_list *list = &others[ns], **end = &first_list.next;
	list->base.r_map = link_map;
	if (list->base.r_version)
		return;
	list->base.r_version = 2;
	list->base.r_brk = first_list.base.r_brk;
	list->base.r_ldbase = first_list.base.r_ldbase;
	while (*end)
		end = &(*end)->next;
	*end = list;
	first_list.base.r_version = 2;
}

void debugger_tell(enum debugger_state state)
{
	first_list.base.r_state = (int)state;
	_dl_debug_state();
}
