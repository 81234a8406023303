/* Preloaded into a program: says what a slot of its .got.plt holds before main and when the program ends.
 *
 *   LD_PRELOAD=./peek.so PEEK=3208 ./hello        PEEK: the slot's address in the file, in hexadecimal */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uintptr_t base; /* what the loader added to every address of the program */

/* The program itself is the first object of the list. */
static int note_base(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size, (void)data;
	base = info->dlpi_addr;
	return 1;
}

static void peek(const char *when)
{
	const char *slot = getenv("PEEK");
	if (!slot)
		return;
	dl_iterate_phdr(note_base, NULL);
	uintptr_t value = *(uintptr_t *)(base + strtoul(slot, NULL, 16));
	Dl_info info;
	if (!dladdr((void *)value, &info))
		return;
	const char *file = strrchr(info.dli_fname, '/');
	file = file ? file + 1 : info.dli_fname;
	if ((uintptr_t)info.dli_fbase == base)
		fprintf(stderr, "%s: base + 0x%lx, in %s\n", when, (unsigned long)(value - base), file);
	else
		fprintf(stderr, "%s: an address in %s\n", when, file);
}

__attribute__((constructor)) static void before(void)
{
	peek("before main");
}

__attribute__((destructor)) static void after(void)
{
	peek("at the end");
}
