/* What the types of x86-64's relocations mean in themselves (System V ABI, AMD64 Supplement, Table 4.9). */
#ifndef GILD_ARCH_X86_64_TYPES_H
#define GILD_ARCH_X86_64_TYPES_H

#include "arch/arch.h"
#include "elf/types.h"

/* Bytes that a relocation of that type changes; 0 for types that are not for objects. */
static inline unsigned x86_64_width_of(uint32_t type)
{
	switch (type) {
	case R_X86_64_8:
	case R_X86_64_PC8:
		return 1;
	case R_X86_64_16:
	case R_X86_64_PC16:
	case R_X86_64_TLSDESC_CALL:
		return 2;
	case R_X86_64_PC32:
	case R_X86_64_GOT32:
	case R_X86_64_PLT32:
	case R_X86_64_GOTPCREL:
	case R_X86_64_32:
	case R_X86_64_32S:
	case R_X86_64_TLSGD:
	case R_X86_64_TLSLD:
	case R_X86_64_DTPOFF32:
	case R_X86_64_GOTTPOFF:
	case R_X86_64_TPOFF32:
	case R_X86_64_GOTPC32:
	case R_X86_64_SIZE32:
	case R_X86_64_GOTPC32_TLSDESC:
	case R_X86_64_GOTPCRELX:
	case R_X86_64_REX_GOTPCRELX:
		return 4;
	case R_X86_64_64:
	case R_X86_64_PC64:
	case R_X86_64_DTPOFF64:
	case R_X86_64_TPOFF64:
	case R_X86_64_GOTOFF64:
	case R_X86_64_GOTPC64:
	case R_X86_64_GOT64:
	case R_X86_64_GOTPLT64:
	case R_X86_64_GOTPCREL64:
	case R_X86_64_PLTOFF64:
	case R_X86_64_SIZE64:
		return 8;
	default:
		return 0;
	}
}

/* What a relocation of that type asks of the symbol it names. */
static inline enum symbol_use x86_64_use_of(uint32_t type)
{
	switch (type) {
	case R_X86_64_PLT32:
	case R_X86_64_PLTOFF64:
		return USE_CALL;
	case R_X86_64_SIZE32:
	case R_X86_64_SIZE64:
		return USE_SIZE;
	default:
		return USE_ADDRESS;
	}
}

#endif
