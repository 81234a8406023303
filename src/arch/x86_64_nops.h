/* What fills gaps between pieces of x86 code. */
#ifndef GILD_ARCH_X86_64_NOPS_H
#define GILD_ARCH_X86_64_NOPS_H

#include <stdint.h>

/* Writes `size` bytes of instructions that do nothing: the longest ones first. */
void x86_64_fill_code(uint8_t *image, uint64_t size);

/* The same for processors that may know nothing longer than two bytes. */
void i386_fill_code(uint8_t *image, uint64_t size);

#endif
