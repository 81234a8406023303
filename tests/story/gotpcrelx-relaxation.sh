#!/bin/bash
# Loads through the GOT that need not be are rewritten in place: mov to lea or an immediate, call and jmp to direct ones,
# test and arithmetic to immediates where addresses are 32 bits; symbols of libraries and --no-relax keep the GOT.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >code.s <<'END'
	.globl main
main:	push %rbx
	mov sym@GOTPCREL(%rip), %rax
	mov sym@GOTPCREL(%rip), %r9
	cmpq %rax, %r9
	jne bad
	cmpl $77, (%rax)
	jne bad
	call *func@GOTPCREL(%rip)
	cmp $5, %eax
	jne bad
	call tail
	cmp $5, %eax
	jne bad
	mov sym@GOTPCREL(%rip), %rbx
	cmp sym@GOTPCREL(%rip), %rbx
	jne bad
	xor %r10d, %r10d
	add sym@GOTPCREL(%rip), %r10
	sub %rbx, %r10
	jne bad
	test %rbx, sym@GOTPCREL(%rip)
	je bad
	mov $-1, %r11
	and sym@GOTPCREL(%rip), %r11
	xor sym@GOTPCREL(%rip), %r11
	jne bad
	cmpq $0, none@GOTPCREL(%rip)
	jne bad
	mov none@GOTPCREL(%rip), %rax
	test %rax, %rax
	jne bad
	xor %eax, %eax
	pop %rbx
	ret
bad:	mov $1, %eax
	pop %rbx
	ret
tail:	jmp *func@GOTPCREL(%rip)
	.weak none
	.section .note.GNU-stack,"",@progbits
END
printf '.globl sym, func\n.data\nsym: .long 77\n.text\nfunc: mov $5, %%eax\nret\n.section .note.GNU-stack,"",@progbits\n' >def.s
link -c code.s def.s
code() { objdump -d --no-show-raw-insn prog | awk '$2 == "<main>:" { on = 1 } $2 == "<func>:" || /^Disassembly/ { on = 0 } on' >code; }

for kind in $KINDS; do
	link $(ldflags $kind) code.o def.o -o prog
	./prog || { echo "$kind: wrong value"; exit 1; }
	code
	if grep -E '(call|jmp) +\*' code; then echo "$kind: indirect call or jump left"; exit 1; fi
	if grep -E 'mov .*\(%rip\),%(rax|r9|rbx)' code | grep -v none | grep sym; then echo "$kind: mov through the GOT left"; exit 1; fi
	same 2 "$(grep -cE '(call|jmp) .*<func>' code)" "$kind: direct calls and jumps"
	case $kind in # 32-bit addresses: immediates
	static | no-pie)
		if grep -E '(cmp|add|test|and|xor) .*\(%rip\)' code | grep -v 'cmpq *\$0x0'; then echo "$kind: arithmetic with the GOT left"; exit 1; fi ;;
	esac
done

link -no-pie code.o def.o -Wl,--no-relax -o prog
./prog
code
same 2 "$(grep -cE '(call|jmp) +\*.*\(%rip\)' code)" "--no-relax: indirect ones"

link -shared -Wl,-soname,def.so def.o -o def.so 2>/dev/null
link -pie code.o ./def.so -Wl,-rpath,. -o prog
./prog
code
same 2 "$(grep -cE '(call|jmp) +\*.*\(%rip\)' code)" "library symbols: indirect ones"
