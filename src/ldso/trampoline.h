/* What trampolines.S and audit_trampolines.S share, for the assembler: functions, and the frame of one that makes room
 * for registers on an aligned stack. Behind frame_enter, %rbx is the old stack pointer - 8, and (%rbx) the old %rbx. */
#ifndef GILD_LDSO_TRAMPOLINE_H
#define GILD_LDSO_TRAMPOLINE_H

.macro function_begin name
	.globl	\name
	.hidden	\name
	.type	\name, @function
	.align	16
\name:
	.cfi_startproc
	endbr64
.endm

.macro function_end name
	.cfi_endproc
	.size	\name, .-\name
.endm

.macro frame_enter
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbx, 0
	movq	%rsp, %rbx
	.cfi_def_cfa_register %rbx
	andq	$-64, %rsp
.endm

.macro frame_leave
	movq	%rbx, %rsp
	.cfi_def_cfa_register %rsp
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbx
.endm

/* A call that came through PLT0: the object and the index lie above the frame, at 8(%rbx) and 16(%rbx), the return
 * address at 24(%rbx). plt_leave drops them. */
.macro plt_enter name
	function_begin \name
	.cfi_adjust_cfa_offset 16
	frame_enter
.endm

.macro plt_leave
	frame_leave
	addq	$16, %rsp
	.cfi_adjust_cfa_offset -16
.endm

#endif
