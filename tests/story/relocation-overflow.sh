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

"$GILD" --version | grep -q gild || exit 0
# What gild adds: the limits, what stands between, and what helps.
fails try R_X86_64_32S 4 0x80000000
assert_contains err.txt "relocation R_X86_64_32S out of range: 2147483648 (0x80000000) is not in [-2147483648, 2147483647]; references \`value'"
fails try R_X86_64_32 4 -1
assert_contains err.txt "out of range: -1 (0xffffffffffffffff) is not in [0, 4294967295]"
fails try R_X86_64_16 2 0x10000
assert_contains err.txt "is not in [-32768, 65535]"
assert_contains err.txt ">>> an address that does not move with the program can be far away"

cat >huge.c <<'END'
char huge[3000000000ul];
extern char last;
int main(void) { return last; }
END
echo 'char last;' >last.c
for cc in $COMPILERS; do
	$cc -fno-pie -c huge.c last.c
	fails $cc -no-pie huge.o last.o -o prog
	assert_contains err.txt "relocation truncated to fit: R_X86_64_"
	grep -qE "^>>> what it refers to is at 0x[0-9a-f]+, in \.bss; the place is at 0x[0-9a-f]+, in \.text$" err.txt ||
		{ cat err.txt; echo "no addresses"; exit 1; }
	grep -qE "^>>> \.bss takes 30000000[0-9]+ bytes between them, 3000000000 of them from huge.o$" err.txt ||
		{ cat err.txt; echo "not said what takes the space"; exit 1; }
	assert_contains err.txt ">>> compile with -mcmodel=medium"
	# that helps
	$cc -fno-pie -mcmodel=large -c huge.c last.c
	$cc -no-pie huge.o last.o -o prog
	rm -f prog
done

# a weak symbol that nobody defines is at 0
echo '__attribute__((weak)) void nobody(void); void _start(void) { if (nobody) nobody(); }' >weak.c
link -fno-pie -c weak.c
fails "$GILD" weak.o -Ttext=0x200000000 -o prog
assert_contains err.txt ">>> nobody defines it, and it is weak, so its address is 0"

# debug information of more than 4 GiB cannot say where it is, if its offsets have 32 bits
printf '.globl _start\n_start: nop\n.section .debug_x,"",@progbits\n.reloc ., R_X86_64_32, far\n.long 0\n' >debug.s
link -c debug.s
fails "$GILD" debug.o --defsym=far=0x100000000 -o prog
assert_contains err.txt ">>> debug information is too large for 32-bit offsets: compile with -gdwarf64"

# .ctors in .init_array are written in reverse
printf '.globl _start\n_start: nop\n.section .ctors,"aw",@progbits\n.quad _start\n.reloc ., R_X86_64_32, far\n.quad 0\n' >ctors.s
link -c ctors.s
fails "$GILD" ctors.o --defsym=far=0x100000000 -o prog
assert_contains err.txt "relocation truncated to fit: R_X86_64_32 against \`far'"
