#!/bin/bash
# .gnu.linkonce sections, COMDAT before there were groups: the first of a name stays, also against a group of one section
# that defines the same; hidden references look for their definition inside the output.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

once() { # NUMBER [EXTRA]: .gnu.linkonce.t.foo returns NUMBER, .gnu.linkonce.d.bar holds it
	echo ".section .gnu.linkonce.t.foo,\"ax\",@progbits
	.globl foo
foo:	mov \$$1, %eax
	ret
	.section .gnu.linkonce.d.bar,\"aw\",@progbits
	.globl bar
bar:	.long $1
	.section .gnu.linkonce.r.foo,\"a\",@progbits
	.ascii \"constant$1\"
	${2:-}
	.section .note.GNU-stack"
}
once 1 >a.s
once 2 >b.s
echo '.section .text.foo,"axG",@progbits,foo,comdat
	.globl foo
foo:	mov $3, %eax
	ret
	.section .note.GNU-stack' >group.s
echo '.section .text.foo,"axG",@progbits,foo,comdat
	.globl foo
foo:	mov $4, %eax
	ret
	.section .rodata.foo,"aG",@progbits,foo,comdat
	.long 4
	.section .note.GNU-stack' >large_group.s
echo '#include <stdio.h>
int foo(void); extern int bar; __attribute__((weak)) extern int bar;
int main(void) { printf("%d", foo()); if (&bar) printf(" %d", bar); return 0; }' >main.c
link -fPIE -c main.c a.s b.s group.s large_group.s

run() { link main.o "$@" -o prog && ./prog; }
same "1 1" "$(run a.o b.o)" "two linkonce sections"
! grep -q constant2 prog || fail "constants of a dropped function"
same "2 2" "$(run b.o a.o)" "in the other order"
same "1 1" "$(run a.o group.o)" "linkonce before a group"
same "3 1" "$(run group.o a.o)" "group before linkonce"
same "3 1" "$(run group.o a.o b.o)" "group before two"
fails link main.o large_group.o a.o -o prog
assert_contains err.txt "multiple definition of \`foo'"
# an archive member may bring one
ar rcs libb.a b.o
same "1 1" "$(run a.o libb.a)" "archive"

# A shared object does not satisfy a hidden reference: the member behind it does
echo 'int f(void) { return 42; }' >f.c
echo '__attribute__((visibility("hidden"))) int f(void); int main(void) { return f() != 42; }' >hidden.c
link -fPIC -c f.c hidden.c
ar rcs libf.a f.o
link -shared f.c -o libf.so -DX
for order in './libf.so libf.a' 'libf.a ./libf.so'; do
	link hidden.o $order -o prog
	./prog
done
fails link hidden.o ./libf.so -o prog
assert_contains err.txt "undefined reference to \`f'"
