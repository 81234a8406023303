#include "ldso/text.h"

#if !__STDC_HOSTED__

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	void *result = to;
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size)::"memory");
	return result;
}

void *memmove(void *to, const void *from, size_t size)
{
	if ((uintptr_t)to - (uintptr_t)from >= size)
		return memcpy(to, from, size);
	char *t = to;
	const char *f = from;
	while (size--)
		t[size] = f[size];
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	void *result = to;
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
	return result;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *x = a, *y = b;
	for (size_t i = 0; i < size; i++)
		if (x[i] != y[i])
			return x[i] - y[i];
	return 0;
}

__attribute__((noinline)) size_t strlen(const char *text)
{
	size_t n = 0;
	while (text[n])
		n++;
	return n;
}

__attribute__((noinline)) char *index(const char *text, int character)
{
	for (;; text++) {
		if (*text == (char)character)
			return (char *)(uintptr_t)text;
		if (!*text)
			return NULL;
	}
}

#endif

const char *text_base_name(const char *path)
{
	const char *base = path;
	for (; *path; path++)
		if (*path == '/')
			base = path + 1;
	return base;
}

uint64_t text_number(const char *text)
{
	while (*text == ' ' || *text == '\t')
		text++;
	bool negative = *text == '-';
	text += negative || *text == '+';
	unsigned radix = 10;
	if (text[0] == '0' && (text[1] | 32) == 'x')
		radix = 16, text += 2;
	else if (text[0] == '0')
		radix = 8;
	for (uint64_t value = 0;; text++) {
		unsigned digit = *text >= '0' && *text <= '9' ? (unsigned)*text - '0' :
				 (*text | 32) >= 'a' && (*text | 32) <= 'f' ? (unsigned)(*text | 32) - 'a' + 10 : 99;
		if (digit >= radix)
			return negative ? -value : value;
		if (value >= (UINT64_MAX - digit) / radix)
			return UINT64_MAX;
		value = value * radix + digit;
	}
}
