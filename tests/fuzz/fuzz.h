/* What the fuzz programs share. Each defines LLVMFuzzerTestOneInput, for clang's -fsanitize=fuzzer or for standalone.c:
 * it hands its input to a reader of src/elf and touches every byte range and name that comes back, so that a sanitizer
 * sees each one that should not have passed. */
#ifndef GILD_FUZZ_H
#define GILD_FUZZ_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Uses a value in a way the compiler cannot leave out. */
static inline void use(uint64_t value)
{
	__asm__ volatile("" : : "r"(value));
}

static inline void touch_name(const char *name)
{
	use(strlen(name));
}

static inline void touch_bytes(struct bytes bytes)
{
	uint64_t sum = 0;
	for (uint64_t i = 0; i < bytes.size; i++)
		sum += bytes.data[i];
	use(sum);
}

/* A promise of a header that must hold for every input. */
static inline void hold(bool promise)
{
	if (!promise)
		abort();
}

#endif
