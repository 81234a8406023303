#!/bin/bash
# Memory regions: what is in them, what does not fit, regions that are not contiguous, sections in no region, and addresses
# that overlap.
# packages: binutils
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"

as -o a.o - << 'END'
	.globl _start
_start:	nop
	.section .data.1, "aw"
one:	.zero 8
	.section .data.2, "aw"
two:	.zero 0x10
	.section .data.3, "aw"
three:	.zero 4
	.section .data.4, "aw"
four:	.zero 0x30
	.section .note.GNU-stack
END

# ---- regions that are not contiguous

cat > spread.ld << 'END'
MEMORY {
	CODE (x) : ORIGIN = 0x400, LENGTH = 0x100
	A (rw) : ORIGIN = 0x1000, LENGTH = 0x14
	B (rw) : ORIGIN = 0x2000, LENGTH = 0x40
	C (rw) : ORIGIN = 0x3000, LENGTH = 0x40
}
SECTIONS {
	.text : { *(.text) } > CODE
	.a : { *(.data.*) end_a = .; } > A
	.b : { *(.data.*) end_b = .; } > B
	.c : { BYTE(1) *(SORT(.data.*)) end_c = .; } > C
	/DISCARD/ : { *(.data.3) }
}
END
places() { nm "$1" | sed -n 's/^0*\([0-9a-f]*\) [a-zA-Z] \(one\|two\|three\|four\|end_.\)$/\2 \1/p' | sort | tr '\n' ' '; }
expected="end_a 1008 end_b 2014 end_c 3031 four 3001 one 1000 three 2010 two 2000 "
"$GILD" --enable-non-contiguous-regions -T spread.ld a.o -o spread
assert_equal "$(places spread)" "$expected"
if have ld.bfd; then
	ld.bfd --enable-non-contiguous-regions -T spread.ld a.o -o gnu
	assert_equal "$(places gnu)" "$expected"
fi
"$GILD" --enable-non-contiguous-regions --enable-non-contiguous-regions-warnings -T spread.ld a.o -o spread 2> messages
assert_contains messages "may change behaviour for section \`.data.4' (assigned to .a, but additional match: .b)"
assert_equal "$(grep -c "additional match" messages)" 4

# what other programs see of a section that moved: its symbols, its relocations, its place in a map
echo '.globl _start, four; _start: .quad four; .section .data.9, "aw"; four: .zero 0x18' | as -o b.o -
"$GILD" --enable-non-contiguous-regions -T spread.ld b.o -o moved -Map map --emit-relocs
assert_equal "$(readelf -x .text moved | awk '/0x0/ { print $2 }')" "00200000"
grep -q '^ \.data\.9  *0x0*2000 ' map || fail "the map has the section elsewhere"

# What fits nowhere is an error. (GNU ld leaves it out.)
sed 's/0x3000, LENGTH = 0x40/0x3000, LENGTH = 0x10/' spread.ld > tight.ld
expect_fail "$GILD" --enable-non-contiguous-regions -T tight.ld a.o -o out
assert_contains messages "section \`.c' will not fit in region \`C'"
assert_contains messages "region \`C' overflowed by 33 bytes"
assert_contains messages "48 bytes: .data.4 of a.o"
[ ! -e out ] || fail "an output was written"

# ---- what does not fit

for i in $(seq 1 12); do echo "	.section .data.$i, \"aw\"; .zero $((i * 16))"; done | as -o large.o -
cat > small.ld << 'END'
MEMORY { FLASH (rx) : ORIGIN = 0x1000, LENGTH = 0x80  RAM (rw) : ORIGIN = 0x8000, LENGTH = 1K }
REGION_ALIAS("ROM", FLASH)
SECTIONS {
	.text : { *(.text) } > ROM
	.data : { *(.data.*) } > RAM AT> ROM
	.last : { BYTE(1) } > RAM
}
END
expect_fail "$GILD" -T small.ld a.o large.o -o out
for text in "section \`.data' will not fit in region \`FLASH'" "region \`FLASH' overflowed by 1198 bytes" \
	"section \`.data' will not fit in region \`RAM'" "region \`RAM' overflowed by 301 bytes" "192 bytes: .data.12 of large.o"
do
	assert_contains messages "$text"
done
assert_lacks messages ".last"
assert_equal "$(sed -n "/RAM' overflowed/,\$p" messages | grep -c "bytes: ")" 10
sed 's/LENGTH = 0x80 /LENGTH = 0x1000 /; s/1K/2K/' small.ld > enough.ld
"$GILD" -T enough.ld a.o large.o -o out --print-memory-usage > usage
assert_contains usage "FLASH:        1326 B         4 KB     32.37%"
assert_contains usage "RAM:        1325 B         2 KB     64.70%"
if have ld.bfd; then
	ld.bfd -T enough.ld a.o large.o -o gnu --print-memory-usage > gnu-usage 2> /dev/null
	diff gnu-usage usage || fail "GNU ld's usage (<) is another one"
fi

# ---- sections in no region

cat > none.ld << 'END'
MEMORY { CODE (x) : ORIGIN = 0x400, LENGTH = 0x100 }
SECTIONS {
	.text : { *(.text) }
	.data : { *(.data.1) }
	.placed 0x9000 : { *(.data.2) }
	.tbss : { *(.tbss) }
	.other (INFO) : { *(.data.3) }
	/DISCARD/ : { *(.data.4) }
}
END
expect_fail "$GILD" -T none.ld a.o -o out2
assert_contains messages "none.ld:4:2: no memory region specified for loadable section \`.data'"
assert_equal "$(grep -c "no memory region" messages)" 1
"$GILD" --no-check-sections -T none.ld a.o -o out2 2> messages
assert_contains messages "warning: none.ld:4:2: no memory region specified for loadable section \`.data'"
"$GILD" -r -T none.ld a.o -o out.o

# ---- addresses that overlap

echo 'SECTIONS { .text 0x1000 : { *(.text) } .data 0x1000 : { *(.data.*) } }' > overlap.ld
expect_fail "$GILD" -T overlap.ld a.o -o out3
assert_contains messages "section .data LMA [0000000000001000,000000000000104b] overlaps section .text LMA"
"$GILD" --no-check-sections -T overlap.ld a.o -o out3
"$GILD" -Ttext=0x500000 -Tdata=0x500000 a.o -o out4 2> messages && fail "sections overlap by option"
assert_contains messages "overlaps segment"
"$GILD" -Ttext=0x500000 -Tdata=0x500000 --no-check-sections a.o -o out4
