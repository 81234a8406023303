#!/bin/bash
# @file on the command line stands for the words in it: any white space, '...', "..." and backslash quoting, files
# inside files; an @file that does not exist is an ordinary name.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >main.s <<'END'
	.globl _start, f
_start: call f
	mov %eax, %edi
	mov $60, %eax
	syscall
	.section .note.GNU-stack,"",@progbits
END
cat >f.s <<'END'
	.globl f
f:	mov $7, %eax
	ret
	.section .note.GNU-stack,"",@progbits
END
link -c main.s f.s
mkdir -p "dir with spaces"
mv f.o "dir with spaces/it's \"f\".o"

run() { rc=0; ./"$1" || rc=$?; same 7 $rc "$1"; }
printf '%s\n' "main.o" '"dir with spaces/it'"'"'s \"f\".o"' '-o' 'a\ b' >double
"$GILD" @double
run "a b"
printf "main.o\t'dir with spaces/it'\\\\''s \"f\".o'\n\n  -o\n  quoted" >single
"$GILD" @single
run quoted
printf 'dir\\ with\\ spaces/it\\'"'"'s\\ \\"f\\".o' >backslash
"$GILD" main.o @backslash -o b
run b
echo '@outer2 -o nested' >outer
echo 'main.o @backslash' >outer2
"$GILD" @outer
run nested
: >empty
"$GILD" @empty main.o @empty @backslash -o with-empty
run with-empty
cp main.o @odd.o
"$GILD" @odd.o @backslash -o odd-name
run odd-name

fails "$GILD" @nosuchfile -o none
assert_contains err.txt nosuchfile
awk 'BEGIN { for (i = 0; i < 20000; i++) print "--defsym=unused" i "=" i }' >many
"$GILD" @many @double
run "a b"
