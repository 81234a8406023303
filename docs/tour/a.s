# a.c as `gcc -O1 -fPIE -S` writes it, see hello.s.
	.file	"a.c"

	.text
	.globl	twice
	.type	twice, @function
twice:                                  # int twice(int number)
	.cfi_startproc
	leal	(%rdi,%rdi), %eax
	ret
	.cfi_endproc
	.size	twice, .-twice

	.section	.note.GNU-stack,"",@progbits
