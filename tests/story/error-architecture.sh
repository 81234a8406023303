#!/bin/bash
# A file for another machine: the message says what it is, what was expected, and what to do. Libraries for another
# machine are passed over with a warning that names them.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"
"$GILD" --version | grep -q gild || skip "only gild words it so"

echo 'int main(void) { return 0; }' > main.c
echo 'int f(void) { return 0; }' > f.c
link -c main.c
refused() { # FILE WHAT HINT
	fails link main.o "$1" -o prog
	assert_contains err.txt "gild: error: $1: is incompatible with elf64-x86-64: it is for $2"
	assert_contains err.txt ">>> this link is for elf64-x86-64: $3"
	[ ! -e prog ] || fail "output left"
}
"$CC" -m32 -c f.c -o m32.o
refused m32.o "i386 (32-bit, little-endian)" "compile it without -m32, or link with -m32"
assert_contains err.txt ">>> i386 architecture of input file \`m32.o' is incompatible with i386:x86-64 output"
"$CC" -mx32 -c f.c -o mx32.o
refused mx32.o "x86-64 (32-bit, little-endian)" "compile it without -mx32"
if [ -n "$CLANG" ] && "$CLANG" --print-targets 2> /dev/null | grep -q aarch64; then
	"$CLANG" --target=aarch64-linux-gnu -c f.c -o arm.o
	refused arm.o "AArch64 (64-bit, little-endian)" "use a file that was made for it"
	"$CLANG" --target=powerpc64-linux-gnu -c f.c -o ppc.o
	refused ppc.o "64-bit PowerPC (64-bit, big-endian)" "use a file that was made for it"
	"$CLANG" --target=riscv64-linux-gnu -c f.c -o riscv.o
	refused riscv.o "RISC-V (64-bit, little-endian)" "use a file that was made for it"
fi
# in an archive: named with its member, by path; passed over when searched for
ar rcs libf.a m32.o
echo 'int f(void); int main(void) { return f(); }' > calls.c
fails link calls.c libf.a -o prog
assert_contains err.txt "gild: error: libf.a(m32.o): is incompatible with elf64-x86-64: it is for i386"
fails link calls.c -L. -lf -o prog
assert_contains err.txt "skipping incompatible ./libf.a when searching for -lf"
assert_contains err.txt "unable to find library -lf"
# too short to say for which machine
printf '\177ELF\001\001\001' > short.o
fails link main.o short.o -o prog
assert_contains err.txt "short.o: "
