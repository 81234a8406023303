#include "ldso/debugger.h"

#include <link.h>

#include "ldso/export.h"

EXPORT struct r_debug _r_debug;

/* Debuggers stop here. */
EXPORT void _dl_debug_state(void);
EXPORT __attribute__((noinline)) void _dl_debug_state(void)
{
	__asm__ volatile("" ::: "memory");
}

void debugger_start(struct loader *ld, uint64_t base)
{
	_r_debug.r_version = 1;
	_r_debug.r_brk = (uint64_t)_dl_debug_state;
	_r_debug.r_ldbase = base;
	if (ld->program->debug && !ld->program->dynamic_readonly)
		ld->program->debug->d_un.d_ptr = (uint64_t)&_r_debug;
}

void debugger_set_map(void *link_map)
{
	_r_debug.r_map = link_map;
}

void debugger_tell(enum debugger_state state)
{
	_r_debug.r_state = (int)state;
	_dl_debug_state();
}
