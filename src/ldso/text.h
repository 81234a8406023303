/* Strings and memory without a C library.
 *
 * memcpy, memmove, memset, memcmp and strlen carry their standard names because compilers call them by these names;
 * valgrind insists on finding strlen and index in the symbol table of a program's loader. */
#ifndef GILD_LDSO_TEXT_H
#define GILD_LDSO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if __STDC_HOSTED__ /* built into gild: the C library's */
#include <string.h>
#include <strings.h>
#else
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
char *index(const char *text, int character);
#endif

static inline bool text_equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* Does `text` begin with `prefix`? */
static inline bool text_begins(const char *text, const char *prefix)
{
	while (*prefix)
		if (*text++ != *prefix++)
			return false;
	return true;
}

/* The text behind the last slash. */
const char *text_base_name(const char *path);

/* A decimal, 0x or 0 number at the start of `text`, behind blanks and a sign; 0 without one, UINT64_MAX when it is too
 * large. */
uint64_t text_number(const char *text);

#endif
