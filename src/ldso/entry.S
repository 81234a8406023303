/* The first instruction of a process. The kernel has put argc, argv, environment and auxiliary vector on the stack and
 * the address of this label into the program counter (psABI x86-64, "Process Initialization"). */
	.text
	.globl	_start
	.hidden	_start
	.type	_start, @function
_start:
	.cfi_startproc
	.cfi_undefined %rip
	endbr64
	xorl	%ebp, %ebp		/* the outermost frame */
	movq	%rsp, %rdi
	movq	%rsp, %rbx
	andq	$-16, %rsp
	call	start_process		/* returns the entry point of the program */
	movq	%rbx, %rsp
	leaq	finish_process(%rip), %rdx	/* libc calls it at exit */
	jmp	*%rax
	.cfi_endproc
	.size	_start, .-_start

/* uint64_t start_other_loader(entry, stack): as if the kernel had started that loader. */
	.globl	start_other_loader
	.hidden	start_other_loader
	.type	start_other_loader, @function
start_other_loader:
	movq	%rsi, %rsp
	xorl	%edx, %edx
	xorl	%ebp, %ebp
	jmp	*%rdi
	.size	start_other_loader, .-start_other_loader

	.section .note.GNU-stack,"",@progbits
