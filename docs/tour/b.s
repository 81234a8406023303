# b.c as `gcc -O1 -fPIE -S` writes it, see hello.s.
	.file	"b.c"

	.text
	.globl	thrice
	.type	thrice, @function
thrice:                                  # int thrice(int number)
	.cfi_startproc
	leal	(%rdi,%rdi,2), %eax
	ret
	.cfi_endproc
	.size	thrice, .-thrice

	.section	.note.GNU-stack,"",@progbits
