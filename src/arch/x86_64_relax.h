/* Rewriting instructions when the link knows more than the compiler did (psABI appendix B, "Linker Optimization").
 *
 * `at` points at the relocated field; the instruction begins a few bytes before it. Each rewriting has a question that
 * tells whether the bytes are what the psABI prescribes; `where` is the field's offset in the content. */
#ifndef GILD_ARCH_X86_64_RELAX_H
#define GILD_ARCH_X86_64_RELAX_H

#include "elf/types.h"

/* General dynamic, 16 bytes from at - 4; of x32, 15 bytes from at - 3, without the first:
 *   66 48 8d 3d FIELD   data16 lea x@tlsgd(%rip),%rdi
 *   66 66 48 e8 ....    data16 data16 rex64 call __tls_get_addr@PLT
 *                       (or 66 48 ff 15 ....: call *__tls_get_addr@GOTPCREL(%rip)) */
static inline bool relax_gd_is_known(struct bytes content, uint64_t where, bool x32)
{
	unsigned before = x32 ? 3 : 4;
	if (where < before || content.size < 12 || where > content.size - 12)
		return false;
	const uint8_t *at = content.data + where;
	return at[-3] == 0x48 && at[-2] == 0x8d && at[-1] == 0x3d && (x32 || at[-4] == 0x66) &&
	       (read32(at + 4) == 0xe8486666 || read32(at + 4) == 0x15ff4866);
}

static inline void relax_gd_to_le(uint8_t *at, bool x32)
{
	static const uint8_t code[16] = {
		0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0, /* mov %fs:0,%rax */
		0x48, 0x8d, 0x80, 0, 0, 0, 0,             /* lea x@tpoff(%rax),%rax */
	};
	static const uint8_t code_x32[15] = {
		0x64, 0x8b, 0x04, 0x25, 0, 0, 0, 0,       /* mov %fs:0,%eax */
		0x48, 0x8d, 0x80, 0, 0, 0, 0,             /* lea x@tpoff(%rax),%rax */
	};
	if (x32)
		__builtin_memcpy(at - 3, code_x32, sizeof(code_x32));
	else
		__builtin_memcpy(at - 4, code, sizeof(code));
}

static inline void relax_gd_to_ie(uint8_t *at, bool x32)
{
	relax_gd_to_le(at, x32);
	at[6] = 0x03; /* add x@gottpoff(%rip),%rax */
	at[7] = 0x05;
}

/* Local dynamic, from at - 3:
 *   48 8d 3d FIELD      lea x@tlsld(%rip),%rdi
 *   e8 ....             call __tls_get_addr@PLT       (or ff 15 ...., or 67 e8 ....: one byte longer) */
static inline bool relax_ld_is_known(struct bytes content, uint64_t where)
{
	if (where < 3 || content.size < 9 || where > content.size - 9)
		return false;
	const uint8_t *at = content.data + where;
	if (at[-3] != 0x48 || at[-2] != 0x8d || at[-1] != 0x3d)
		return false;
	bool longer = (at[4] == 0xff && at[5] == 0x15) || (at[4] == 0x67 && at[5] == 0xe8);
	return at[4] == 0xe8 || (longer && where <= content.size - 10);
}

/* `block`: distance from the module's thread-local block to the thread pointer. The register then holds what
 * __tls_get_addr would have returned, so that the offsets that follow (R_X86_64_DTPOFF32) stay as they are. */
static inline void relax_ld_to_le(uint8_t *at, uint64_t block, bool x32)
{
	static const uint8_t code_x32[12] = {
		0x31, 0xc0,       /* xor %eax,%eax */
		0x64, 0x8b, 0x00, /* mov %fs:(%rax),%eax */
		0x2d, 0, 0, 0, 0, /* sub $block,%eax */
		0x66, 0x90,       /* xchg %ax,%ax */
	};
	static const uint8_t code[12] = {
		0x31, 0xc0,             /* xor %eax,%eax */
		0x64, 0x48, 0x8b, 0x00, /* mov %fs:(%rax),%rax */
		0x48, 0x2d, 0, 0, 0, 0, /* sub $block,%rax */
	};
	bool longer = at[4] != 0xe8;
	__builtin_memcpy(at - 3, x32 ? code_x32 : code, sizeof(code));
	write32(at + (x32 ? 3 : 5), block);
	if (longer)
		at[9] = 0x90; /* nop */
}

/* The REX prefix of a 64-bit operation, or, with x32, of either kind; REX.B is not set. */
static inline bool is_rex(uint8_t prefix, bool x32)
{
	return prefix == 0x48 || prefix == 0x4c || (x32 && (prefix == 0x40 || prefix == 0x44));
}

/* The register moves from the reg field (REX.R) to the r/m field (REX.B). */
static inline uint8_t rex_of_operand(uint8_t prefix)
{
	return (uint8_t)((prefix & ~5) | (prefix & 4) >> 2);
}

/* Initial exec: mov x@gottpoff(%rip),%reg or add x@gottpoff(%rip),%reg */
static inline bool relax_ie_is_known(struct bytes content, uint64_t where, bool x32)
{
	if (where < 3 || content.size < 4 || where > content.size - 4)
		return false;
	const uint8_t *at = content.data + where;
	return is_rex(at[-3], x32) && (at[-2] == 0x8b || at[-2] == 0x03) && (at[-1] & 0xc7) == 0x05;
}

static inline void relax_ie_to_le(uint8_t *at)
{
	uint8_t reg = (at[-1] >> 3) & 7;
	at[-3] = rex_of_operand(at[-3]);
	at[-2] = at[-2] == 0x8b ? 0xc7 : 0x81; /* mov $x@tpoff,%reg; add $x@tpoff,%reg */
	at[-1] = 0xc0 | reg;
}

/* Descriptors: lea x@tlsdesc(%rip),%reg ... call *x@tlscall(%rax) */
static inline bool relax_desc_is_known(struct bytes content, uint64_t where, bool x32)
{
	if (where < 3 || content.size < 4 || where > content.size - 4)
		return false;
	const uint8_t *at = content.data + where;
	return is_rex(at[-3], x32) && at[-2] == 0x8d && (at[-1] & 0xc7) == 0x05;
}

static inline void relax_desc_to_le(uint8_t *at)
{
	uint8_t reg = (at[-1] >> 3) & 7;
	at[-3] = rex_of_operand(at[-3]);
	at[-2] = 0xc7; /* mov $x@tpoff,%reg */
	at[-1] = 0xc0 | reg;
}

static inline void relax_desc_to_ie(uint8_t *at)
{
	at[-2] = 0x8b; /* mov x@gottpoff(%rip),%reg */
}

/* `room`: bytes from the instruction to the end of the section, 2 at least. */
static inline void relax_desc_call(uint8_t *at, uint64_t room)
{
	if (at[0] == 0x67 && room >= 3) { /* call *x@tlscall(%eax), as x32 has it */
		at[0] = 0x0f; /* nopl (%rax) */
		at[1] = 0x1f;
		at[2] = 0x00;
		return;
	}
	at[0] = 0x66; /* xchg %ax,%ax */
	at[1] = 0x90;
}

/* Loads of an address from the GOT (R_X86_64_GOTPCRELX, R_X86_64_REX_GOTPCRELX). */
enum got_load {
	KEEP_LOAD,
	LOAD_TO_LEA,   /* mov x@GOTPCREL(%rip),%reg -> lea x(%rip),%reg */
	LOAD_TO_CALL,  /* call *x@GOTPCREL(%rip)    -> addr32 call x */
	LOAD_TO_JMP,   /* jmp *x@GOTPCREL(%rip)     -> jmp x; nop */
	LOAD_TO_TEST,  /* test %reg,x@GOTPCREL(%rip) -> test $x,%reg */
	LOAD_TO_BINOP, /* add x@GOTPCREL(%rip),%reg  -> add $x,%reg, and or, adc, sbb, and, sub, xor, cmp */
};

/* `rex`: the relocation type says that there is a REX prefix. Immediate operands are absolute addresses: not in
 * position-independent code. */
static inline enum got_load relax_got_load(struct bytes content, uint64_t where, bool rex, int64_t addend, bool is_pic)
{
	if (addend != -4 || where < (rex ? 3 : 2) || content.size < 4 || where > content.size - 4)
		return KEEP_LOAD;
	const uint8_t *at = content.data + where;
	uint8_t opcode = at[-2], modrm = at[-1];
	if (opcode == 0x8b && (modrm & 0xc7) == 0x05)
		return LOAD_TO_LEA;
	if (!rex && opcode == 0xff && modrm == 0x15)
		return LOAD_TO_CALL;
	if (!rex && opcode == 0xff && modrm == 0x25)
		return LOAD_TO_JMP;
	/* 64-bit operations extend the sign of their immediate operand; addresses of the small model are positive. */
	if (is_pic || !rex || (modrm & 0xc7) != 0x05)
		return KEEP_LOAD;
	if (opcode == 0x85)
		return LOAD_TO_TEST;
	return (opcode & 0xc7) == 0x03 ? LOAD_TO_BINOP : KEEP_LOAD;
}

/* The value of the rewritten instruction's 32-bit field. s, a, p: symbol value, addend, address of the field before the
 * rewriting. */
static inline int64_t got_load_value(enum got_load load, uint64_t s, uint64_t a, uint64_t p)
{
	if (load == LOAD_TO_TEST || load == LOAD_TO_BINOP)
		return (int64_t)s;
	return (int64_t)(s + a - p + (load == LOAD_TO_JMP));
}

/* Rewrites the instruction; returns where its field is. */
static inline uint8_t *rewrite_got_load(uint8_t *at, enum got_load load)
{
	uint8_t reg = (at[-1] >> 3) & 7;
	switch (load) {
	case LOAD_TO_LEA:
		at[-2] = 0x8d;
		break;
	case LOAD_TO_CALL:
		at[-2] = 0x67;
		at[-1] = 0xe8;
		break;
	case LOAD_TO_JMP:
		at[-2] = 0xe9;
		at[3] = 0x90;
		return at - 1;
	case LOAD_TO_TEST:
	case LOAD_TO_BINOP:
		at[-3] = rex_of_operand(at[-3]);
		if (load == LOAD_TO_TEST) {
			at[-2] = 0xf7;
			at[-1] = 0xc0 | reg;
		} else {
			at[-1] = (uint8_t)(0xc0 | (at[-2] & 0x38) | reg);
			at[-2] = 0x81;
		}
		break;
	case KEEP_LOAD:
		break;
	}
	return at;
}

#endif
