#!/bin/bash
# Lists of 50,000 names: a dynamic list, a version script, --export-dynamic-symbol and its kin take time that does not
# grow with names times symbols.
set -eu
. "$GILD_SRC/tests/lib.sh"

n=50000
seq 1 $n | sed 's/.*/.globl f&, g&\n.section .text.f&,"ax",@progbits\nf&: g&: .byte 0/' >many.s
printf '.globl _start\n_start: .byte 0\n.section .note.GNU-stack,"",@progbits\n' >>many.s
"$CC" -c many.s
{ echo '{'; seq 1 $n | sed 's/.*/f&;/'; echo 'extern "C++" { "ns::f(int)"; }; };'; } >list
{ echo 'V1 { global:'; seq 1 $n | sed 's/.*/f&;/'; echo 'local: *; };'; } >map
seq 1 $n | sed 's/.*/--export-dynamic-symbol=f&/' >words

quick() { (has_sanitizer || ulimit -t 2; "$GILD" "$@"); }
exported() { nm -D --defined-only "$1" | grep -c " T $2"; }
quick -shared many.o --dynamic-list=list -o list.so # all are exported, what is listed can be preempted
assert_equal "$(exported list.so 'f[0-9]')" $n
quick -shared many.o --version-script=map -o map.so
assert_equal "$(exported map.so 'f[0-9]')" $n
! exported map.so g || fail "g is local"
for options in --dynamic-list=list --export-dynamic-symbol-list=list @words; do
	quick -pie --dynamic-linker=/lib/none many.o $options -o program
	assert_equal "$(exported program 'f[0-9]')" $n
	! exported program g || fail "$options: g is not listed"
done
