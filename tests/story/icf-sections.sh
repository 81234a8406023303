#!/bin/bash
# --icf looks at more than bytes: flags, alignment, link order, tables that programs walk through, address-significance
# tables that are right, stale or broken. The same output for any number of threads.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"

cat >s.s <<'END'
.macro function name align=1 flags="ax"
	.section .text.\name,"\flags",@progbits
	.balign \align
	.globl \name
\name:	xor %eax,%eax
	ret
.endm
	.text
	.globl _start
_start:	mov $60,%eax
	xor %edi,%edi
	syscall
	function before
	.byte 0xcc
	function low
	function high 64
	function retained 1 axR
	function writable 1 awx
	function linked
	.section meta_linked,"ao",@progbits,.text.linked
	.quad linked
	function nop
	.reloc ., R_X86_64_NONE, _start
	.globl sized_a, sized_b, absolute_a, absolute_b, asks_a, asks_b, asks_c, sets_a, sets_b, sets_c
	.set absolute_a, 5
	.set absolute_b, 5
	.set absolute_c, 6
	.section .text.sized_a,"ax"
sized_a: .byte 1
	.size sized_a, 1
	.section .text.sized_b,"ax"
sized_b: .byte 1
	.size sized_b, 2
	.section .text.asks_a,"ax"
asks_a: .quad sized_a@SIZE
	.section .text.asks_b,"ax"
asks_b: .quad sized_b@SIZE
	.section .text.sets_a,"ax"
sets_a: .quad absolute_a
	.section .text.sets_b,"ax"
sets_b: .quad absolute_b
	.section .text.sets_c,"ax"
sets_c: .quad absolute_c
END
"$CC" -c s.s
link -nostdlib -static s.o -o s -Wl,--icf=all
./s
nm s >names
at() { local value; value=$(awk -v n="$1" '$3 == n { print $1 }' names); [ -n "$value" ] || fail "no symbol $1"; echo "$value"; }
same() { [ "$(at "$1")" = "$(at "$2")" ] || fail "not folded: $1 $2"; }
differ() { [ "$(at "$1")" != "$(at "$2")" ] || fail "folded: $1 $2"; }
same low high
[ $((0x$(at high) % 64)) -eq 0 ] || fail "the section that stands for an aligned one is not aligned"
for name in before retained writable linked nop; do differ low $name; done
same sized_a sized_b
differ asks_a asks_b
same sets_a sets_b
differ sets_a sets_c

# Address significance: LLVM's list counts if it belongs to the symbol table, that is, until a tool rewrote it.
if [ -n "$CLANG" ]; then
	cat >list.c <<'END'
int f(int x) { return x * 3 + 7; }
int g(int x) { return x * 3 + 7; }
const int d[] = {1, 2, 3}, e[] = {1, 2, 3}, h[] = {1, 2, 3};
int uses(int i) { return f(i) + g(i) + d[i] + e[i]; }
const void *address(void) { return h; }
int main(void) { return address() == (void *)1 || uses(0) == 0; }
END
	"$CLANG" -O1 -fno-inline -fPIE -ffunction-sections -fdata-sections -faddrsig -c list.c
	clink list.o -o list -Wl,--icf=safe
	./list
	nm list >names
	same f g
	same d e
	differ d h
	objcopy -S --keep-symbols=/dev/null list.o stale.o 2>/dev/null || objcopy --strip-unneeded list.o stale.o
	clink stale.o -o stale -Wl,--icf=safe
	nm stale >names
	same f g      # only ever called
	differ d e    # nobody knows
	# a list that is broken is an error
	offset=$(readelf -SW list.o | sed -n 's/.*\.llvm_addrsig *[^ ]* *[0-9a-f]* *\([0-9a-f]*\) .*/\1/p')
	cp list.o broken.o
	printf '\377' | dd of=broken.o bs=1 seek=$((0x$offset)) conv=notrunc status=none
	expect_fail clink broken.o -o out -Wl,--icf=safe
	assert_contains messages ".llvm_addrsig"
	[ ! -e out ] || fail "an output in spite of an error"
	clink broken.o -o out
fi

# Many functions of many files, in which chains of calls end in equal and different ones.
mkdir many
for f in $(seq 40); do
	{
		echo "extern int sink; int leaf_$f(int x) { return x + $((f % 3)); }"
		for i in $(seq 30); do
			echo "int f_${f}_$i(int x) { sink += $((i % 4)); return $([ $((i % 10)) -eq 0 ] && echo leaf_$f || echo f_${f}_$((i == 30 ? 1 : i + 1)))(x) + 1; }"
		done
	} >many/$f.c
done
echo 'int sink; int f_1_1(int); int main(void) { return f_1_1(0) == 0; }' >many/main.c
(cd many && "$CC" -O1 -fno-ipa-icf -fno-inline -fPIE -ffunction-sections -c ./*.c)
for threads in 1 2 7; do
	link many/*.o -o many-$threads -Wl,--icf=all,--threads=$threads,--print-icf-sections >list-$threads
	./many-$threads
	cmp many-1 many-$threads || fail "another output with $threads threads"
	cmp list-1 list-$threads
done
[ "$(grep -c removing list-1)" -gt 1000 ] || fail "only $(grep -c removing list-1) of 1240 functions are folded"
# files with the same remainder are equal, others are not
nm many-1 >names
same f_1_1 f_40_1
differ f_1_1 f_2_1
