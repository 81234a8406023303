#!/bin/bash
# More than 2 GiB: sections of the medium and large code models stand behind the others, so that small-model code, libc's
# too, still reaches its own data; GOT loads of what is out of reach stay GOT loads; large and thread-local common symbols.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

# 3 GiB that nobody touches but at the ends; an orphan without bytes in the file, as libc.a has one
cat >program.c <<'END'
#include <stdio.h>
#include <stdlib.h>
char big[3ull << 30];
char other[100000];
int table[100000] = {[99999] = 6};
const int constants[100000] = {[5] = 7};
const char *const names[20000] = {[19999] = "name"};
int small, initialised = 5;
__attribute__((section("nobody"))) int orphan;
int main(void)
{
	char *heap = malloc(1 << 20);
	big[0] = 1;
	big[sizeof(big) - 1] = 2;
	other[5] = 3;
	small = heap != NULL;
	printf("%d %d %d %d %d %d %s\n", big[0] + big[sizeof(big) - 1], other[5], small, initialised, table[99999],
	       constants[5], names[19999]);
	free(heap);
	return 0;
}
END
models() {
	local kind
	for kind in $KINDS; do
		"${compile[@]}" -O1 $(cflags $kind) -mcmodel=medium -c ../program.c -o program.o
		readelf -SW program.o | grep -q ' WAl ' || { echo "${compile[*]}: no large sections"; return 0; }
		"${driver[@]}" $(ldflags $kind) program.o -o program
		same "3 3 1 5 6 7 name" "$(./program)" "${compile[0]}, medium, $kind"
	done
	for kind in $DYNAMIC_KINDS; do
		"${compile[@]}" -O1 $(cflags $kind) -mcmodel=large -c ../program.c -o program.o
		"${driver[@]}" $(ldflags $kind) program.o -o program
		same "3 3 1 5 6 7 name" "$(./program)" "${compile[0]}, large, $kind"
	done
	"${compile[@]}" -O1 -fPIC -mcmodel=large -Dmain=run -c ../program.c -o program.o
	"${driver[@]}" -shared program.o -o librun.so
	echo 'int run(void); int main(void) { return run(); }' >main.c
	"${driver[@]}" main.c ./librun.so -Wl,-rpath,. -o program
	same "3 3 1 5 6 7 name" "$(./program)" "${compile[0]}, large, shared"
}
each_compiler models

# Order and flags of the output sections; each protection has its own segment
cat >sections.s <<'END'
	.globl _start
_start:	ret
	.bss
	.zero 8
	.section .lbss.x,"awl",@nobits
	.zero 8
	.section .ldata,"awl",@progbits
	.quad 1
	.section .ltext.x,"axl",@progbits
	ret
	.section .lrodata.x,"al",@progbits
	.quad 1
	.section unknown,"awl",@nobits
	.zero 8
END
link -c sections.s
"$GILD" sections.o -o sections
same ".bss .lrodata .ltext .ldata .lbss unknown" \
	"$(readelf -SW sections | grep -oE '\] (\.(bss|l[a-z]+)|unknown) ' | tr -d ']' | xargs)" "order"
same 5 "$(readelf -SW sections | grep -cE ' (WAl|AXl|Al) ')" "large flag"
same "R R E RW R R E RW" "$(readelf -lW sections | sed -n 's/^  LOAD .*0x[0-9a-f]* \(R[ WE]*\) *0x[0-9]*/\1/p' | xargs)" "segments"

# Loads from the GOT: those that reach are relaxed, those that do not stay
cat >got.s <<'END'
	.globl _start
_start:	mov near@GOTPCREL(%rip), %rbx
	cmpl $5, (%rbx)
	jne bad
	mov far@GOTPCREL(%rip), %rbx
	mov far@GOTPCREL(%rip), %r12
	cmp %rbx, %r12
	jne bad
	cmpl $7, (%rbx)
	jne bad
	cmp far@GOTPCREL(%rip), %rbx
	jne bad
	mov $-1, %r13
	test far@GOTPCREL(%rip), %r13
	je bad
	sub far@GOTPCREL(%rip), %rbx
	jne bad
	call *near_function@GOTPCREL(%rip)
	call *far_function@GOTPCREL(%rip)
	jmp *far_end@GOTPCREL(%rip)
bad:	mov $1, %edi
	mov $60, %eax
	syscall
	.globl near_function
near_function: ret
	.bss
	.zero 0x98000000
	.data
	.globl near
near:	.long 5
	.section .ltext,"axl",@progbits
	.globl far_function, far_end
far_function: ret
far_end: xor %edi, %edi
	mov $60, %eax
	syscall
	.section .ldata,"awl",@progbits
	.globl far
far:	.long 7
END
link -c got.s
for kind in -static -pie; do
	"$GILD" $kind -z norelro got.o -o got
	./got || fail "$kind: a wrong value behind the GOT ($?)"
	objdump -d --no-show-raw-insn got >code
	same 2 "$(grep -cE 'call +\*|jmp +\*' code)" "$kind: indirect calls and jumps left"
	same 5 "$(grep -cE '(mov|cmp|test|sub) .*\(%rip\)' code)" "$kind: loads left"
	same 1 "$(grep -cE 'lea .*\(%rip\)' code)" "$kind: loads relaxed"
done
# An address given by an option can be as far away
sed 's/\.bss/.data/; s/\.zero.*/.zero 8/' got.s >placed.s
link -c placed.s
"$GILD" placed.o -o got --section-start=.ltext=0x200000000 --section-start=.ldata=0x300000000
./got || fail "--section-start: a wrong value behind the GOT ($?)"
# In a small link nothing is kept
"$GILD" placed.o -o got
readelf -SW got >small
assert_lacks small " .got "

# What no relocation can reach is an error that says so
sed 's/mov far@GOTPCREL/lea far/; s/(%rip), %r12/(%rip), %r12/' got.s >direct.s
link -c direct.s
fails "$GILD" direct.o -o got
assert_contains err.txt "relocation truncated to fit: R_X86_64_PC32 against \`far'"

# Common symbols: a large one in .lbss, a thread-local one in .tbss; any ordinary mention makes a large one ordinary
cat >common.s <<'END'
	.globl thread_local, mixed
	.tls_common thread_local, 4, 4
	.tls_common aligned, 64, 64
	.largecomm large, 8, 32
	.largecomm mixed, 8, 8
	.section .note.GNU-stack,"",@progbits
END
cat >use.c <<'END'
#include <stdio.h>
extern __thread int thread_local;
extern __thread char aligned[64];
extern long large;
long mixed;
int main(void)
{
	thread_local += 3;
	aligned[63] = 1;
	large = 5;
	printf("%d %d %d %d %ld %d\n", thread_local, (int)((long)aligned % 64), aligned[0], aligned[63], large,
	       (int)((long)&large % 32));
	return 0;
}
END
for kind in $KINDS; do
	link -fcommon $(cflags $kind) $(ldflags $kind) use.c common.s -o common
	same "3 0 0 1 5 0" "$(./common)" "$kind: common symbols"
	section_of() { readelf -sW common | awk -v n="$1" '$8 == n { print $4, $7 }' | while read -r type number; do
		echo "$type $(readelf -SW common | sed -n "s/^ *\[ *$number\] \([^ ]*\).*/\1/p")"; done; }
	same "TLS .tbss" "$(section_of thread_local)" "$kind"
	same "OBJECT .lbss" "$(section_of large)" "$kind"
	same "OBJECT .bss" "$(section_of mixed)" "$kind"
done
