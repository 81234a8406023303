# hello.c as `gcc -O1 -fPIE -fno-inline -S` writes it (gcc 12), without labels that nothing uses. It is kept so that the bytes in
# docs/tour.md do not depend on the compiler.
	.file	"hello.c"

	.text
	.type	greet, @function
greet:                                  # static void greet(void)
	.cfi_startproc
	subq	$8, %rsp
	.cfi_def_cfa_offset 16
	movq	greeting(%rip), %rdi
	call	puts@PLT
	addq	$8, %rsp
	.cfi_def_cfa_offset 8
	ret
	.cfi_endproc
	.size	greet, .-greet

	.globl	main
	.type	main, @function
main:                                   # int main(void)
	.cfi_startproc
	subq	$8, %rsp
	.cfi_def_cfa_offset 16
	movl	answer(%rip), %edi
	call	twice@PLT
	movl	%eax, answer(%rip)
	call	greet
	cmpl	$42, answer(%rip)
	setne	%al
	movzbl	%al, %eax
	addq	$8, %rsp
	.cfi_def_cfa_offset 8
	ret
	.cfi_endproc
	.size	main, .-main

	.section	.rodata.str1.1,"aMS",@progbits,1
.LC0:
	.string	"Hello from gild!"

	.section	.data.rel.local,"aw"
	.globl	greeting
	.align 8
	.type	greeting, @object
	.size	greeting, 8
greeting:                               # const char *greeting
	.quad	.LC0

	.data
	.globl	answer
	.align 4
	.type	answer, @object
	.size	answer, 4
answer:                                 # int answer
	.long	21

	.section	.note.GNU-stack,"",@progbits
