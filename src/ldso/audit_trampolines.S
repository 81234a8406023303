/* Calls through the PLT of an object that auditors watch (audit.c): the GOT is never filled in, each call comes here.
 *
 * As in trampolines.S, (%rsp) is the object, 8(%rsp) the index, 16(%rsp) the return address. The registers that hold
 * arguments are written to a struct La_x86_64_regs (<link.h>), which auditors may change. When they want to see the
 * result, the arguments on the stack are copied, the function is called from here, and its result written to a struct
 * La_x86_64_retval. */

#include "ldso/trampoline.h"

/* struct La_x86_64_regs */
#define LR_RDX 0
#define LR_R8 8
#define LR_R9 16
#define LR_RCX 24
#define LR_RSI 32
#define LR_RDI 40
#define LR_RBP 48
#define LR_RSP 56
#define LR_XMM 64
#define LR_VECTOR 192
#define LR_SIZE 768
/* behind it */
#define FRAME_SIZE LR_SIZE
#define SAVED_RAX LR_SIZE+8
#define SAVED_R10 LR_SIZE+16
#define AREA LR_SIZE+64

/* struct La_x86_64_retval, and the x87 state behind it */
#define LRV_RAX 0
#define LRV_RDX 8
#define LRV_XMM 16
#define LRV_VECTOR 80
#define LRV_X87 256
#define RESULT_AREA 384

	.text

/* Stores or loads one vector register. */
.macro each_vector what, how, base, xmm, vector, n
	.ifc \what, store
	movaps	%xmm\n, \xmm+16*\n(\base)
	.ifc \how, avx
	vmovdqu	%ymm\n, \vector+64*\n(\base)
	.endif
	.ifc \how, avx512
	vmovdqu64 %zmm\n, \vector+64*\n(\base)
	.endif
	.else
	.ifc \how, sse
	movaps	\xmm+16*\n(\base), %xmm\n
	.endif
	.ifc \how, avx
	vmovdqu	\vector+64*\n(\base), %ymm\n
	.endif
	.ifc \how, avx512
	vmovdqu64 \vector+64*\n(\base), %zmm\n
	.endif
	.endif
.endm
.macro argument_vectors what, how
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	each_vector \what, \how, %rsp, LR_XMM, LR_VECTOR, \n
	.endr
.endm
.macro result_vectors what, how
	.irp	n, 0, 1
	each_vector \what, \how, %rsp, LRV_XMM, LRV_VECTOR, \n
	.endr
.endm

/* Offsets from %rbx: 0 its old value, 8 the object, 16 the index, 24 the return address, 32 arguments. */
.macro audit_trampoline name, how
	plt_enter \name
	subq	$AREA, %rsp
	movq	%rdx, LR_RDX(%rsp)
	movq	%r8, LR_R8(%rsp)
	movq	%r9, LR_R9(%rsp)
	movq	%rcx, LR_RCX(%rsp)
	movq	%rsi, LR_RSI(%rsp)
	movq	%rdi, LR_RDI(%rsp)
	movq	%rbp, LR_RBP(%rsp)
	leaq	24(%rbx), %r11
	movq	%r11, LR_RSP(%rsp)
	movq	$-1, FRAME_SIZE(%rsp)
	movq	%rax, SAVED_RAX(%rsp)
	movq	%r10, SAVED_R10(%rsp)
	argument_vectors store, \how
	movq	8(%rbx), %rdi
	movq	16(%rbx), %rsi
	movq	%rsp, %rdx
	leaq	FRAME_SIZE(%rsp), %rcx
	call	audited_call
	movq	%rax, %r11
	argument_vectors load, \how
	movq	SAVED_RAX(%rsp), %rax
	movq	SAVED_R10(%rsp), %r10
	movq	LR_RDX(%rsp), %rdx
	movq	LR_R8(%rsp), %r8
	movq	LR_R9(%rsp), %r9
	movq	FRAME_SIZE(%rsp), %rcx
	testq	%rcx, %rcx
	jns	1f
	movq	LR_RCX(%rsp), %rcx	/* nobody wants to see the result */
	movq	LR_RSI(%rsp), %rsi
	movq	LR_RDI(%rsp), %rdi
	.cfi_remember_state
	plt_leave
	jmp	*%r11
	.cfi_restore_state
1:	pushq	LR_RCX(%rsp)
	pushq	LR_RSI+8(%rsp)
	pushq	LR_RDI+16(%rsp)
	pushq	%rcx			/* keeps the alignment */
	movq	%rsp, %r9
	leaq	32(%rbx), %rsi
	addq	$8, %rcx
	andq	$-16, %rcx
	subq	%rcx, %rsp
	movq	%rsp, %rdi
	rep movsb
	movq	24(%r9), %rcx
	movq	16(%r9), %rsi
	movq	8(%r9), %rdi
	movq	LR_R9+32(%r9), %r9
	call	*%r11
	movq	%rbx, %r11
	andq	$-64, %r11
	subq	$AREA, %r11		/* the registers at the call */
	movq	%r11, %rsp
	subq	$RESULT_AREA, %rsp
	movq	%rax, LRV_RAX(%rsp)
	movq	%rdx, LRV_RDX(%rsp)
	result_vectors store, \how
	fnsave	LRV_X87(%rsp)
	movq	8(%rbx), %rdi
	movq	16(%rbx), %rsi
	movq	%r11, %rdx
	movq	%rsp, %rcx
	call	audited_return
	frstor	LRV_X87(%rsp)
	result_vectors load, \how
	movq	LRV_RAX(%rsp), %rax
	movq	LRV_RDX(%rsp), %rdx
	plt_leave
	ret
	function_end \name
.endm

	audit_trampoline audit_trampoline_sse, sse
	audit_trampoline audit_trampoline_avx, avx
	audit_trampoline audit_trampoline_avx512, avx512

	.section .note.GNU-stack,"",@progbits
