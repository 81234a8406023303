#!/bin/bash
# An input that changes while it is linked is an error that names it: no crash when it becomes shorter, no output made of two
# versions of it, no temporary file left. One that is replaced by another file is no change.
# smoke
# not verify: its input is a pipe
# not repeat: its input is a pipe
set -eu
. "$GILD_SRC/tests/lib.sh"

# A large object, so that it is mapped, and a small one that comes through a pipe: the link waits for it
cat >large.s <<'END'
	.globl _start
_start:	mov $60, %eax
	xor %edi, %edi
	syscall
	.data
	.rept 100000
	.long 7
	.endr
END
printf '.globl x\nx: ret\n' >small.s
"$CC" -c large.s small.s
cp large.o keep.o
mkfifo pipe

# while_linking COMMAND...: runs it when large.o is open
while_linking() {
	cp keep.o large.o
	touch -d '1 hour ago' large.o
	rm -f out
	rc=0
	"$GILD" large.o pipe -o out 2>messages &
	local link=$!
	exec 3>pipe # opens when gild does, which has opened large.o before
	"$@"
	cat small.o >&3
	exec 3>&-
	wait $link || rc=$?
}
changed() { # COMMAND...
	while_linking "$@"
	cat messages
	assert_equal "$rc" 1
	assert_equal "$(cat messages)" "gild: error: large.o changed while being linked"
	[ ! -e out ] || fail "$*: an output was written"
	assert_equal "$(echo ./*out*)" "./*out*"
}
changed truncate -s 100 large.o
changed truncate -s 0 large.o
changed truncate -s 200000 large.o
changed eval "printf '\\001' | dd of=large.o bs=1 seek=1000 conv=notrunc status=none"
changed eval "cat small.o >>large.o"

replace() { rm large.o; cp small.o large.o; }
while_linking replace
assert_equal "$rc" 0
./out
while_linking true
assert_equal "$rc" 0
./out
