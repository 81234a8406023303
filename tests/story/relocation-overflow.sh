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

# Every type at its limits. The field is linked with addend 0 to see its value, then with addends that lead to the lowest and the
# highest number that fit and to their neighbours.
field() { # KIND TYPE BYTES ADDEND: what the field holds, as a signed number; fails like the link
	printf '.globl _start\n.hidden variable\n_start: nop\n.data\nfield: .reloc ., R_X86_64_%s, %s+%s\n.fill %s, 1, 0\n.fill 8\nvariable: .quad 1\n' \
		"$2" "$(target $2)" "$4" "$3" >limit.s
	printf '.size variable, 24\n.section .tdata,"awT",@progbits\nthread_local: .quad 2\n' >>limit.s
	link -c limit.s
	"$GILD" $1 limit.o -o out 2>err.txt || return 1
	local address start offset
	address=$((16#$(nm out | sed -n 's/ d field$//p')))
	read -r start offset < <(readelf -SW out | sed -n 's/.* \.data *PROGBITS *\([0-9a-f]*\) \([0-9a-f]*\) .*/\1 \2/p')
	od -An -v -td$3 -N$3 -j$((address - 16#$start + 16#$offset)) out | tr -d ' '
}
target() { case $1 in *TLS* | *TP*) echo thread_local ;; *) echo variable ;; esac; }
limits() { # KIND TYPE BYTES LOWEST HIGHEST
	local base value addend
	base=$(field $1 $2 $3 0) || fail "$2: $(cat err.txt)"
	for value in $4 $(($4 + 1)) $(($5 - 1)) $5; do
		addend=$((value - base))
		[ $(($(field $1 $2 $3 $addend) & (1 << (8 * $3)) - 1)) -eq $((value & (1 << (8 * $3)) - 1)) ] ||
			fail "$2: $value: $(cat err.txt)"
	done
	for value in $(($4 - 1)) $(($5 + 1)); do
		rm -f out
		! field $1 $2 $3 $((value - base)) >/dev/null || fail "$2: $value should not fit"
		assert_contains err.txt "relocation R_X86_64_$2 out of range: $value (0x"
		assert_contains err.txt "is not in [$4, $5]; references \`$(target $2)'"
		assert_contains err.txt "relocation truncated to fit: R_X86_64_$2 against"
		[ ! -e out ] || fail "$2: an output was written"
	done
}
limits -static PC8 1 -128 127
limits -static PC16 2 -65536 65535
limits -static 32 4 0 4294967295
for type in PC32 PLT32 32S GOTPC32; do limits -static $type 4 -2147483648 2147483647; done
for type in GOTPCREL GOTPCRELX REX_GOTPCRELX GOT32; do limits -static $type 4 -2147483648 2147483647; done
limits -static TPOFF32 4 -2147483648 2147483647
limits -static GOTTPOFF 4 -2147483648 2147483647
for type in TLSGD TLSLD DTPOFF32 GOTTPOFF GOTPC32_TLSDESC; do limits -shared $type 4 -2147483648 2147483647; done
limits -static SIZE32 4 -2147483648 4294967295
for type in 64 PC64 GOTOFF64 GOTPC64 GOT64 GOTPCREL64 PLTOFF64 SIZE64; do # these hold every number
	base=$(field -static $type 8 0)
	for addend in 0x7fffffffffffffff -0x8000000000000000 0x123456789abcdef; do
		same $((base + addend)) "$(field -static $type 8 $addend)" "$type: addend $addend"
	done
done
for kind in "-shared DTPOFF64" "-static TPOFF64"; do
	base=$(field $kind 8 0)
	same $((base + 0x123456789ab)) "$(field $kind 8 0x123456789ab)" "$kind"
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
