#!/bin/bash
# Addresses of the user's choice: -Ttext, -Tdata, -Tbss, -Ttext-segment, -Trodata-segment, --section-start,
# --image-base; segments without pages (-N, -n), larger pages, and what shares a segment. Programs still run.
set -eu
. "$GILD_SRC/tests/lib.sh"

cat >prog.c <<'END'
#include <stdio.h>
__thread int thread = 3, later;
int data = 5;
static int zero[100];
const char constant[] = "ro";
int *const relro = &data;
__attribute__((section(".text_b"))) int second(void) { return 7; }
__attribute__((section("list"))) int listed = 11;
int main(void)
{
	printf("%d %d %s %d %d %d\n", *relro, zero[3], constant, second(), listed, thread + later);
	return 0;
}
END
"$CC" -fno-pie -c prog.c -o fixed.o
"$CC" -fPIE -c prog.c -o moves.o
address() { readelf -SW "$1" | sed 's/\[ *//' | awk -v name="$2" '$2 == name { print "0x" $4 }' | sed 's/0x0*/0x/'; }
loads() { readelf -lW "$1" | awk '$1 == "LOAD" { print $3 }'; }

# builds and runs, its PT_LOADs in order and congruent to their place in the file
good() {
	assert_equal "$(./prog)" "5 0 ro 7 11 3"
	[ "$(loads prog)" = "$(loads prog | sort)" ] || fail "PT_LOADs are not in the order of addresses: $(loads prog)"
	readelf -lW prog | awk '$1 == "LOAD" { print $2, $3, $NF }' | while read -r offset addr align; do
		[ $(((offset - addr) % align)) = 0 ] || fail "p_offset $offset, p_vaddr $addr, p_align $align"
	done
}
fixed() { link -no-pie fixed.o "${@/#/-Wl,}" -o prog && good; }

fixed -Ttext=600000
assert_equal "$(address prog .text)" 0x600000
[ $(($(address prog .rodata))) -gt $((0x600000)) ] || fail "-Ttext: .rodata does not follow .text"
fixed -Tdata 0x700000 -Tbss=800000
assert_equal "$(address prog .data) $(address prog .bss)" "0x700000 0x800000"
fixed -Ttext=0x10000 # below the headers
assert_equal "$(address prog .text)" 0x10000
fixed -Trodata-segment=0x10000000
assert_equal "$(address prog .rodata)" 0x10000000
fixed --section-start=.text_b=0x20000000 --section-start=list=30000000
assert_equal "$(address prog .text_b) $(address prog list)" "0x20000000 0x30000000"
fixed --section-start=list=0x20000000 --section-start=.text_b=0x30000000
assert_equal "$(address prog .text_b) $(address prog list)" "0x30000000 0x20000000"
fixed --section-start .got=0x900000 # in the middle of what becomes read-only
fixed --section-start=.data=0x700001 # its members are aligned in it
fixed --section-start=.data=0x700001 -Tdata=0x710000 # the last one counts
assert_equal "$(address prog .data)" 0x710000
fixed --section-start=.nosuch=0x100
fixed --image-base=0x8000000
assert_equal "$(loads prog | head -n 1)" 0x0000000008000000
fixed -Ttext-segment 9000000
assert_equal "$(loads prog | head -n 1)" 0x0000000009000000

# a PIE that begins elsewhere is ET_EXEC, as with GNU ld
for base in 0 a000000; do
	link -pie moves.o -Wl,-Ttext-segment=$base -o prog
	good
	readelf -h prog >header-$base
done
grep -q 'Type: *DYN' header-0 && grep -q 'Type: *EXEC' header-a000000 || fail "type of a PIE with a base address"

# what overlaps, and what is no address
expect_fail link -no-pie fixed.o -Wl,--section-start=.text_b=0x600000,--section-start=list=0x600000 -o no
assert_contains messages "overlaps segment"
expect_fail link -no-pie fixed.o -Wl,-Ttext=word -o no
assert_contains messages "'word' is not a number"
expect_fail link -no-pie fixed.o -Wl,--section-start=.text -o no
assert_contains messages "'.text' is not of the form SECTION=ADDRESS"
[ ! -e no ] || fail "output in spite of an error"

# larger pages: what becomes read-only ends on one
for size in 65536 0x200000; do
	fixed -z max-page-size=$size
	link -pie moves.o -Wl,-z,max-page-size=$size -o prog
	good
	readelf -lW prog | awk '$1 == "GNU_RELRO" { print $3, $6 }' | while read -r addr size_of; do
		[ $(((addr + size_of) % size)) = 0 ] || fail "max-page-size $size: PT_GNU_RELRO ends at $addr + $size_of"
	done
done

# who shares a segment
segments() { readelf -lW prog | sed -n '/Segment Sections/,$p'; }
segments_with() { segments | grep " $1 " | grep -c " $2 " || :; }
fixed -z noseparate-code
assert_equal "$(segments_with .interp .text)" 1
fixed --no-rosegment
assert_equal "$(segments_with .rodata .text)" 1
fixed --no-rosegment --rosegment
assert_equal "$(segments_with .rodata .text)" 0
fixed -z separate-loadable-segments
readelf -lW prog | awk '$1 == "LOAD" { print $2 }' | while read -r offset; do
	[ $((offset % 4096)) = 0 ] || fail "-z separate-loadable-segments: a segment at $offset of the file"
done

# no pages: one segment, the headers not in it; code first
for option in -N --omagic -n -nmagic; do
	link -static fixed.o -Wl,$option -o prog
	assert_equal "$(./prog)" "5 0 ro 7 11 3"
	assert_equal "$(readelf -lW prog | awk '$1 == "LOAD" { print $7 }')" RWE
done
cat >boot.s <<'END'
.globl _start
_start: movl $60, %eax
	xorl %edi, %edi
	syscall
.section .rodata
	.quad 1
.data
	.quad _start
.section .note.GNU-stack,"",@progbits
END
"$CC" -c boot.s
"$GILD" -N -Ttext=0x7c000 boot.o -o boot
assert_equal "$(readelf -lW boot | awk '$1 == "LOAD" { print $3, $NF }')" "0x000000000007c000 0x1"
"$GILD" -Ttext=0x100000 boot.o -o kernel # nothing of it below: no headers in memory
./kernel
objcopy -O binary kernel image 2>/dev/null || skip "no objcopy"
cmp -n 7 image <(objcopy -O binary -j .text kernel /dev/stdout)

# --verbose says it
"$GILD" --verbose -Ttext=0x7c000 --section-start=.data=0x90000 -Trodata-segment=0x80000 boot.o -o verbose >program
assert_contains program ".text 0x7c000 :"
assert_contains program ".data 0x90000 :"
assert_contains program '. = SEGMENT_START ("rodata-segment", 0x80000);'
