/* What takes the place of a process in the parts of the loader that are built into gild: src/ldso searches, maps, reads
 * and looks up as ever, but nothing runs. So there is memory from the C library, errors that are kept instead of ending
 * the process, no LD_DEBUG, no threads to wait for and no C library to tell what was loaded. */
#include <stdio.h>
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

struct loader the_loader;

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

void *heap_grow(void *old, size_t old_size, size_t size)
{
	void *bigger = heap_alloc(size);
	if (old)
		memcpy(bigger, old, old_size);
	heap_free(old);
	return bigger;
}

char *heap_text_n(const char *text, size_t length)
{
	char *copy = heap_alloc(length + 1);
	memcpy(copy, text, length);
	return copy;
}

char *heap_text(const char *text)
{
	return heap_text_n(text, strlen(text));
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

/* --- errors */

bool fail(struct loader *ld, const char *object, int code, const char *format, ...)
{
	if (ld->failed)
		return false;
	char text[4096];
	va_list values;
	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	ld->failed = true;
	ld->failure = (struct failure){.object = heap_text(object), .text = heap_text(text), .code = code};
	return false;
}

void fail_clear(struct loader *ld)
{
	heap_free(ld->failure.object);
	heap_free(ld->failure.text);
	ld->failure = (struct failure){.code = 0};
	ld->failed = false;
}

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
void cpu_start(void) {}

unsigned cpu_level(void)
{
	return 1;
}
#endif
