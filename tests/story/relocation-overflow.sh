#!/bin/bash
# A value that does not fit its field is an error that names file, section, offset, relocation and symbol ("relocation
# truncated to fit"); the largest and smallest values that fit are taken.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

try() { # TYPE BYTES VALUE: links a field of that type holding an absolute value
	printf '.globl _start\n_start: nop\n.data\n.reloc ., %s, value\n.fill %s, 1, 0\n' $1 $2 >try.s
	link -c try.s
	"$GILD" try.o --defsym=value=$3 -o out
}
rm -f out
for good in "R_X86_64_8 1 255" "R_X86_64_8 1 -128" "R_X86_64_16 2 0xffff" "R_X86_64_16 2 -0x8000" \
	"R_X86_64_32 4 0xffffffff" "R_X86_64_32S 4 0x7fffffff" "R_X86_64_32S 4 -0x80000000" "R_X86_64_64 8 -1"; do
	try $good || { echo "$good should fit"; exit 1; }
done
rm -f out
for bad in "R_X86_64_8 1 256" "R_X86_64_8 1 -257" "R_X86_64_16 2 0x10000" "R_X86_64_16 2 -0x10001" \
	"R_X86_64_32 4 0x100000000" "R_X86_64_32 4 -1" "R_X86_64_32S 4 0x80000000" "R_X86_64_32S 4 -0x80000001" \
	"R_X86_64_PC32 4 0x7fffffffffff" "R_X86_64_PC16 2 0x10000000" "R_X86_64_PC8 1 0"; do
	fails try $bad
	assert_contains err.txt try.o
	assert_contains err.txt ".data"
	assert_contains err.txt value
	assert_contains err.txt "relocation truncated to fit"
	assert_contains err.txt "${bad%% *}"
	[ ! -e out ] || { echo "$bad left an output"; exit 1; }
done

# A call over more than 2 GiB
echo 'void far_away(void); int main(void) { far_away(); return 0; }' >main.c
fails link -fno-pie -no-pie main.c -Wl,--defsym=far_away=0x200000000 -o far
assert_contains err.txt far_away

# Position-dependent code in a shared library or PIE
echo 'int v; int *f(void) { return &v; } ' >abs.c
link -fno-pie -c abs.c
fails link -shared abs.o -o abs.so
assert_contains err.txt "recompile with -fPIC"
echo 'int v; int main(void) { return v + *(char *)&v; }' >main2.c
link -fno-pie -mcmodel=kernel -c main2.c
fails link -pie main2.o -o pie
assert_contains err.txt main2.o
[ ! -e abs.so ] && [ ! -e pie ]
