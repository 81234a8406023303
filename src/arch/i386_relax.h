/* Rewriting i386 instructions when the link knows more than the compiler did (psABI, "Linker Optimization"; "ELF
 * Handling For Thread-Local Storage", section 5).
 *
 * `at` points at the relocated field; the instruction begins a few bytes before it. Each rewriting has a question that
 * tells whether the bytes are what is prescribed; `where` is the field's offset in the content. */
#ifndef GILD_ARCH_I386_RELAX_H
#define GILD_ARCH_I386_RELAX_H

#include "elf/types.h"

/* ModRM: `disp32(%reg)`; the register field is 0, %eax. %esp as a base would need another byte. */
static inline bool is_eax_from_base(uint8_t modrm)
{
	return (modrm & 0xf8) == 0x80 && (modrm & 7) != 4;
}

/* The call of ___tls_get_addr behind a sequence's first instruction: how long it is, or 0.
 *   e8 ....       call ___tls_get_addr@PLT
 *   ff 9r ....    call *___tls_get_addr@GOT(%reg)
 *   67 e8 ....    addr32 call ___tls_get_addr */
static inline unsigned tls_call_length(const uint8_t *at)
{
	if (at[0] == 0xe8)
		return 5;
	if ((at[0] == 0xff && (at[1] & 0xf8) == 0x90) || (at[0] == 0x67 && at[1] == 0xe8))
		return 6;
	return 0;
}

/* General dynamic, 12 bytes:
 *   8d 04 rr FIELD  lea x@tlsgd(,%reg,1),%eax   from at - 3; a direct call follows
 *   8d 8r FIELD     lea x@tlsgd(%reg),%eax      from at - 2; a longer call follows, or a direct one and a nop */
struct gd_sequence {
	unsigned before;         /* bytes before the field; 0: not a known sequence */
	uint8_t base;            /* the register that holds the address of the GOT */
};

static inline struct gd_sequence relax_gd_find(struct bytes content, uint64_t where)
{
	struct gd_sequence none = {0, 0};
	if (where < 3 || content.size < 10 || where > content.size - 10)
		return none;
	const uint8_t *at = content.data + where;
	unsigned call = tls_call_length(at + 4);
	if (at[-3] == 0x8d && at[-2] == 0x04 && (at[-1] & 0xc7) == 0x05 && call == 5)
		return (struct gd_sequence){3, (at[-1] >> 3) & 7};
	if (at[-2] == 0x8d && is_eax_from_base(at[-1]) && (call == 6 || (call == 5 && at[9] == 0x90)))
		return (struct gd_sequence){2, at[-1] & 7};
	return none;
}

/* Returns where the second instruction's field is. */
static inline uint8_t *relax_gd_to_le(uint8_t *at, struct gd_sequence sequence)
{
	static const uint8_t code[12] = {
		0x65, 0xa1, 0, 0, 0, 0, /* mov %gs:0,%eax */
		0x81, 0xe8, 0, 0, 0, 0, /* sub $x@tpoff,%eax */
	};
	at -= sequence.before;
	__builtin_memcpy(at, code, sizeof(code));
	return at + 8;
}

static inline uint8_t *relax_gd_to_ie(uint8_t *at, struct gd_sequence sequence)
{
	static const uint8_t code[12] = {
		0x65, 0xa1, 0, 0, 0, 0, /* mov %gs:0,%eax */
		0x03, 0x80, 0, 0, 0, 0, /* add x@gotntpoff(%reg),%eax */
	};
	at -= sequence.before;
	__builtin_memcpy(at, code, sizeof(code));
	at[7] |= sequence.base;
	return at + 8;
}

/* Local dynamic, from at - 2:
 *   8d 8r FIELD     lea x@tlsldm(%reg),%eax
 *   ....            a call, 5 or 6 bytes */
static inline bool relax_ldm_is_known(struct bytes content, uint64_t where)
{
	if (where < 2 || content.size < 9 || where > content.size - 9)
		return false;
	const uint8_t *at = content.data + where;
	unsigned call = tls_call_length(at + 4);
	return at[-2] == 0x8d && is_eax_from_base(at[-1]) && (call == 5 || (call == 6 && where <= content.size - 10));
}

/* `block`: distance from the module's thread-local block to the thread pointer. The register then holds what
 * ___tls_get_addr would have returned, so that the offsets that follow (R_386_TLS_LDO_32) stay as they are. */
static inline void relax_ldm_to_le(uint8_t *at, uint64_t block)
{
	static const uint8_t code[11] = {
		0x65, 0xa1, 0, 0, 0, 0, /* mov %gs:0,%eax */
		0x2d, 0, 0, 0, 0,       /* sub $block,%eax */
	};
	bool longer = tls_call_length(at + 4) == 6;
	__builtin_memcpy(at - 2, code, sizeof(code));
	write32(at + 5, block);
	if (longer)
		at[9] = 0x90; /* nop */
}

/* Initial exec with an absolute address (R_386_TLS_IE):
 *   a1 FIELD        mov x@indntpoff,%eax
 *   8b 0r|05 FIELD  mov x@indntpoff,%reg
 *   03 0r|05 FIELD  add x@indntpoff,%reg */
static inline bool relax_ie_is_known(struct bytes content, uint64_t where)
{
	if (where < 1 || content.size < 4 || where > content.size - 4)
		return false;
	const uint8_t *at = content.data + where;
	return at[-1] == 0xa1 || (where >= 2 && (at[-1] & 0xc7) == 0x05 && (at[-2] == 0x8b || at[-2] == 0x03));
}

static inline void relax_ie_to_le(uint8_t *at)
{
	if (at[-1] == 0xa1) {
		at[-1] = 0xb8; /* mov $x@ntpoff,%eax */
		return;
	}
	at[-2] = at[-2] == 0x8b ? 0xc7 : 0x81; /* mov $x@ntpoff,%reg; add $x@ntpoff,%reg */
	at[-1] = 0xc0 | ((at[-1] >> 3) & 7);
}

/* Initial exec through the GOT's address (R_386_TLS_GOTIE, R_386_TLS_IE_32): mov, add or sub x(%base),%reg */
static inline bool relax_gotie_is_known(struct bytes content, uint64_t where)
{
	if (where < 2 || content.size < 4 || where > content.size - 4)
		return false;
	const uint8_t *at = content.data + where;
	return (at[-1] & 0xc0) == 0x80 && (at[-1] & 7) != 4 && (at[-2] == 0x8b || at[-2] == 0x03 || at[-2] == 0x2b);
}

static inline void relax_gotie_to_le(uint8_t *at)
{
	uint8_t reg = (at[-1] >> 3) & 7;
	uint8_t operation = at[-2] == 0x2b ? 0xe8 : 0xc0; /* sub; add and mov */
	at[-2] = at[-2] == 0x8b ? 0xc7 : 0x81;
	at[-1] = operation | reg;
}

/* Descriptors: lea x@tlsdesc(%base),%eax ... call *x@tlscall(%eax) */
static inline bool relax_desc_is_known(struct bytes content, uint64_t where)
{
	if (where < 2 || content.size < 4 || where > content.size - 4)
		return false;
	const uint8_t *at = content.data + where;
	return at[-2] == 0x8d && (at[-1] & 0xc0) == 0x80 && (at[-1] & 7) != 4;
}

static inline void relax_desc_to_le(uint8_t *at)
{
	at[-1] = (uint8_t)((at[-1] & 0x38) | 0x05); /* lea x@ntpoff,%reg */
}

static inline void relax_desc_to_ie(uint8_t *at)
{
	at[-2] = 0x8b; /* mov x@gotntpoff(%base),%reg */
}

static inline void relax_desc_call(uint8_t *at)
{
	at[0] = 0x66; /* xchg %ax,%ax */
	at[1] = 0x90;
}

/* Does the instruction name the slot without a register that holds the GOT's address? The field is an address then. */
static inline bool got_load_is_baseless(struct bytes content, uint64_t where)
{
	return where >= 2 && where < content.size && (content.data[where - 1] & 0xc7) == 0x05 &&
	       content.data[where - 2] != 0x8d;
}

/* Loads of an address from the GOT (R_386_GOT32X). */
enum got_load {
	KEEP_LOAD,
	LOAD_TO_LEA,   /* mov x@GOT(%base),%reg   -> lea x@GOTOFF(%base),%reg */
	LOAD_TO_MOV,   /* mov x@GOT,%reg          -> mov $x,%reg */
	LOAD_TO_CALL,  /* call *x@GOT(%base)      -> addr32 call x */
	LOAD_TO_JMP,   /* jmp *x@GOT(%base)       -> jmp x; nop */
	LOAD_TO_TEST,  /* test %reg,x@GOT(%base)  -> test $x,%reg */
	LOAD_TO_BINOP, /* add x@GOT(%base),%reg   -> add $x,%reg, and or, adc, sbb, and, sub, xor, cmp */
};

/* Immediate operands are absolute addresses: not in position-independent code. */
static inline enum got_load relax_got_load(struct bytes content, uint64_t where, int64_t addend, bool is_pic)
{
	if (addend != 0 || where < 2 || content.size < 4 || where > content.size - 4)
		return KEEP_LOAD;
	const uint8_t *at = content.data + where;
	uint8_t opcode = at[-2], modrm = at[-1];
	bool baseless = (modrm & 0xc7) == 0x05;
	if (!baseless && ((modrm & 0xc0) != 0x80 || (modrm & 7) == 4))
		return KEEP_LOAD;
	if (opcode == 0xff && (modrm & 0x38) == 0x10)
		return LOAD_TO_CALL;
	if (opcode == 0xff && (modrm & 0x38) == 0x20)
		return LOAD_TO_JMP;
	if (opcode == 0x8b && !baseless)
		return LOAD_TO_LEA;
	if (is_pic)
		return KEEP_LOAD;
	if (opcode == 0x8b)
		return LOAD_TO_MOV;
	if (opcode == 0x85)
		return LOAD_TO_TEST;
	return (opcode & 0xc7) == 0x03 ? LOAD_TO_BINOP : KEEP_LOAD;
}

/* The value of the rewritten instruction's field. s: symbol value; p: address of the field before the rewriting. */
static inline uint64_t got_load_value(enum got_load load, uint64_t s, uint64_t got, uint64_t p)
{
	switch (load) {
	case LOAD_TO_LEA:
		return s - got;
	case LOAD_TO_CALL:
		return s - p - 4;
	case LOAD_TO_JMP:
		return s - p - 3;
	default:
		return s;
	}
}

/* Rewrites the instruction; returns where its field is. */
static inline uint8_t *rewrite_got_load(uint8_t *at, enum got_load load)
{
	uint8_t reg = (at[-1] >> 3) & 7;
	switch (load) {
	case LOAD_TO_LEA:
		at[-2] = 0x8d;
		break;
	case LOAD_TO_MOV:
		at[-2] = 0xc7;
		at[-1] = 0xc0 | reg;
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
		at[-2] = 0xf7;
		at[-1] = 0xc0 | reg;
		break;
	case LOAD_TO_BINOP:
		at[-1] = (uint8_t)(0xc0 | (at[-2] & 0x38) | reg);
		at[-2] = 0x81;
		break;
	case KEEP_LOAD:
		break;
	}
	return at;
}

#endif
