/* What takes the place of a process in the parts of the loader that are built into gild: src/ldso searches, maps, reads
 * and looks up as ever, but nothing runs. So there is memory from the C library, no LD_DEBUG, no threads to wait for
 * and no C library to tell what was loaded. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "inspect/hosted.h"
#include "ldso/audit.h"
#include "ldso/bound.h"
#include "ldso/cpu.h"
#include "ldso/glibc/publish.h"
#include "ldso/heap.h"
#include "ldso/tunables.h"

/* --- memory: a list of all blocks, so that a session can be forgotten as a whole */

struct block {
	struct block *next, *prev;
};

static struct block *blocks;

void *heap_alloc(size_t size)
{
	struct block *block = size > SIZE_MAX / 2 ? NULL : calloc(1, sizeof(*block) + size);
	if (!block)
		out_of_memory();
	block->next = blocks;
	if (blocks)
		blocks->prev = block;
	blocks = block;
	return block + 1;
}

void heap_free(void *memory)
{
	if (!memory)
		return;
	struct block *block = (struct block *)memory - 1;
	if (block->next)
		block->next->prev = block->prev;
	if (block->prev)
		block->prev->next = block->next;
	else
		blocks = block->next;
	free(block);
}

void hosted_forget(void)
{
	while (blocks) {
		struct block *next = blocks->next;
		free(blocks);
		blocks = next;
	}
	the_loader = (struct loader){.argc = 0};
}

/* --- what a process says, and asks the system for */

/* LD_DEBUG is for processes: options.debug is 0 here, and these are not called. */
void debug_print(struct loader *ld, const char *format, ...)
{
	(void)ld, (void)format;
}

void debug_print_on(struct loader *ld, const char *format, ...)
{
	(void)ld, (void)format;
}

void debug_failure(struct loader *ld, const char *object, const char *occasion, const char *text)
{
	(void)ld, (void)object, (void)occasion, (void)text;
}

/* --- auditors are code: there are none */

const char *audit_search(struct loader *ld, const char *name, struct object *requester, unsigned origin)
{
	(void)ld, (void)requester, (void)origin;
	return name;
}

void audit_activity(struct loader *ld, uint32_t ns, unsigned action)
{
	(void)ld, (void)ns, (void)action;
}

void audit_opened(struct loader *ld, struct object *object)
{
	(void)ld, (void)object;
}

/* --- what a running process has */

void tls_add_module(struct loader *ld, struct object *object)
{
	(void)ld;
	static uint64_t modules; /* numbers only tell modules from none */
	object->tls_module = ++modules;
}

const char *tunable_text(const char *name)
{
	(void)name;
	return NULL;
}

uint64_t tunable_number(const char *name, uint64_t fallback)
{
	(void)name;
	return fallback;
}

void glibc_publish_objects(struct loader *ld)
{
	(void)ld;
}

void glibc_forget_object(struct object *object)
{
	(void)object;
}

void glibc_each_other_thread(struct loader *ld, void (*body)(struct loader *ld, uint64_t thread))
{
	(void)ld, (void)body;
}

/* Only what dlopen brought is bound so. */
void bound_add(struct loader *ld, struct object *from, struct object *to)
{
	(void)ld, (void)from, (void)to;
}

void bound_never_unload(struct object *object)
{
	(void)object;
}

#ifndef __x86_64__
/* A processor that runs none of these programs has none of the levels. */
void cpu_start(const char **platform) { (void)platform; }

unsigned cpu_level(void)
{
	return 1;
}
#endif
