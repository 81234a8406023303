/* Entry points where the program's registers must survive: lazily bound calls and TLS descriptors.
 *
 * A lazily bound call arrives from the PLT of an object (psABI x86-64, "Procedure Linkage Table"):
 *
 *     PLTn:  jmp *GOT[n]; push $index; jmp PLT0
 *     PLT0:  push GOT[1]; jmp *GOT[2]           GOT[1] is the object, GOT[2] this trampoline
 *
 * so that (%rsp) is the object, 8(%rsp) the index, 16(%rsp) the return address. All registers that may hold arguments
 * are saved: rdi rsi rdx rcx r8 r9, rax (number of vector registers), the vector registers and r10 (static chain).
 * State components saved: mask 0xee = all but x87 and PKRU, AMX. */

#include "ldso/trampoline.h"

#define SAVE_RAX 0
#define SAVE_RCX 8
#define SAVE_RDX 16
#define SAVE_RSI 24
#define SAVE_RDI 32
#define SAVE_R8 40
#define SAVE_R9 48
#define SAVE_STATE 64
#define STATE_MASK 0xee

	.text

.macro save_integers
	movq	%rax, SAVE_RAX(%rsp)
	movq	%rcx, SAVE_RCX(%rsp)
	movq	%rdx, SAVE_RDX(%rsp)
	movq	%rsi, SAVE_RSI(%rsp)
	movq	%rdi, SAVE_RDI(%rsp)
	movq	%r8, SAVE_R8(%rsp)
	movq	%r9, SAVE_R9(%rsp)
.endm

.macro restore_integers
	movq	SAVE_R9(%rsp), %r9
	movq	SAVE_R8(%rsp), %r8
	movq	SAVE_RDI(%rsp), %rdi
	movq	SAVE_RSI(%rsp), %rsi
	movq	SAVE_RDX(%rsp), %rdx
	movq	SAVE_RCX(%rsp), %rcx
	movq	SAVE_RAX(%rsp), %rax
.endm

/* The header of the area, 64 bytes behind the legacy part, must be zero for xrstor; xsavec writes only 16 of them. */
.macro save_state how
	.ifc \how, fxsave
	fxsave64 SAVE_STATE(%rsp)
	.else
	xorl	%edx, %edx
	.irp	offset, 512, 520, 528, 536, 544, 552, 560, 568
	movq	%rdx, SAVE_STATE+\offset(%rsp)
	.endr
	movl	$STATE_MASK, %eax
	\how	SAVE_STATE(%rsp)
	.endif
.endm

.macro restore_state how
	.ifc \how, fxsave
	fxrstor64 SAVE_STATE(%rsp)
	.else
	movl	$STATE_MASK, %eax
	xorl	%edx, %edx
	xrstor	SAVE_STATE(%rsp)
	.endif
.endm

.macro allocate how
	.ifc \how, fxsave
	subq	$SAVE_STATE+512, %rsp
	.else
	subq	trampoline_area(%rip), %rsp
	.endif
.endm

.macro bind_trampoline name, how
	plt_enter \name
	allocate \how
	save_integers
	save_state \how
	movq	8(%rbx), %rdi
	movq	16(%rbx), %rsi
	movq	%r10, 56(%rsp)
	call	bind_function
	movq	%rax, %r11
	movq	56(%rsp), %r10
	restore_state \how
	restore_integers
	plt_leave
	jmp	*%r11
	function_end \name
.endm

	bind_trampoline bind_trampoline_xsavec, xsavec
	bind_trampoline bind_trampoline_xsave, xsave
	bind_trampoline bind_trampoline_fxsave, fxsave

/* --- TLS descriptors: called with %rax = address of the descriptor's two words; return an offset from the thread
 * pointer in %rax and change no other register (TLS descriptors for x86, section 3.1). */

	function_begin tlsdesc_static
	movq	8(%rax), %rax
	ret
	function_end tlsdesc_static

	function_begin tlsdesc_undefined
	movq	8(%rax), %rax
	subq	%fs:0, %rax
	ret
	function_end tlsdesc_undefined

/* Offsets of struct tls_descriptor. */
#define DESCRIPTOR_MODULE 0
#define DESCRIPTOR_OFFSET 8
#define DESCRIPTOR_GENERATION 16

/* C code makes the block that %rdi describes; its answer is left in %rax. */
.macro make_block how
	save_integers
	save_state \how
	pushq	%r10
	pushq	%r11
	call	tls_address
	popq	%r11
	popq	%r10
	movq	%rax, SAVE_RAX(%rsp)
	restore_state \how
.endm

	function_begin tlsdesc_dynamic
	pushq	%rdi
	.cfi_adjust_cfa_offset 8
	pushq	%rsi
	.cfi_adjust_cfa_offset 8
	movq	8(%rax), %rdi
	movq	%fs:8, %rsi			/* the dtv */
	movq	(%rsi), %rax
	cmpq	DESCRIPTOR_GENERATION(%rdi), %rax
	jb	1f
	movq	DESCRIPTOR_MODULE(%rdi), %rax
	shlq	$4, %rax
	movq	(%rsi,%rax), %rax
	cmpq	$-1, %rax			/* DTV_UNALLOCATED */
	je	1f
	addq	DESCRIPTOR_OFFSET(%rdi), %rax
	subq	%fs:0, %rax
	popq	%rsi
	.cfi_remember_state
	.cfi_adjust_cfa_offset -8
	popq	%rdi
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_restore_state
1:	/* not there yet */
	frame_enter
	cmpq	$0, trampoline_full_area(%rip)
	je	2f
	subq	trampoline_full_area(%rip), %rsp
	make_block xsave
	jmp	3f
2:	subq	$SAVE_STATE+512, %rsp
	make_block fxsave
3:	restore_integers
	frame_leave
	popq	%rsi
	.cfi_adjust_cfa_offset -8
	popq	%rdi
	.cfi_adjust_cfa_offset -8
	subq	%fs:0, %rax
	ret
	function_end tlsdesc_dynamic

	.section .note.GNU-stack,"",@progbits
