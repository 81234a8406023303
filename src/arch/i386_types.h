/* What the types of i386's relocations mean in themselves (System V ABI, Intel386 Supplement 1.1, Table 4.2). */
#ifndef GILD_ARCH_I386_TYPES_H
#define GILD_ARCH_I386_TYPES_H

#include "arch/arch.h"
#include "elf/types.h"

/* Bytes that a relocation of that type changes; 0 for types that are not for objects. */
static inline unsigned i386_width_of(uint32_t type)
{
	switch (type) {
	case R_386_8:
	case R_386_PC8:
		return 1;
	case R_386_16:
	case R_386_PC16:
	case R_386_TLS_DESC_CALL:
		return 2;
	case R_386_32:
	case R_386_PC32:
	case R_386_GOT32:
	case R_386_GOT32X:
	case R_386_PLT32:
	case R_386_GOTOFF:
	case R_386_GOTPC:
	case R_386_SIZE32:
	case R_386_TLS_IE:
	case R_386_TLS_IE_32:
	case R_386_TLS_GOTIE:
	case R_386_TLS_LE:
	case R_386_TLS_LE_32:
	case R_386_TLS_GD:
	case R_386_TLS_LDM:
	case R_386_TLS_LDO_32:
	case R_386_TLS_GOTDESC:
		return 4;
	default:
		return 0;
	}
}

/* What a relocation of that type asks of the symbol it names. Code has distances (R_386_PC32) in calls and jumps only:
 * no instruction computes an address from its own. */
static inline enum symbol_use i386_use_of(uint32_t type)
{
	switch (type) {
	case R_386_PC32:
	case R_386_PLT32:
		return USE_CALL;
	case R_386_SIZE32:
		return USE_SIZE;
	default:
		return USE_ADDRESS;
	}
}

/* The addend that a place of the section holds. The instruction of R_386_TLS_DESC_CALL has no field. */
static inline int64_t i386_implicit_addend(uint32_t type, const uint8_t *at)
{
	switch (i386_width_of(type)) {
	case 1:
		return (int8_t)*at;
	case 2:
		return type == R_386_TLS_DESC_CALL ? 0 : (int16_t)read16(at);
	case 4:
		return (int32_t)read32(at);
	default:
		return 0;
	}
}

static inline void i386_put_implicit_addend(uint32_t type, uint8_t *at, int64_t addend)
{
	switch (i386_width_of(type)) {
	case 1:
		*at = (uint8_t)addend;
		break;
	case 2:
		if (type != R_386_TLS_DESC_CALL)
			write16(at, (uint64_t)addend);
		break;
	case 4:
		write32(at, (uint64_t)addend);
		break;
	default:
		break;
	}
}

#endif
