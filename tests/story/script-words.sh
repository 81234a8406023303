#!/bin/bash
# Words of the language that few scripts use: TARGET(binary), LINKER_VERSION, symbols between the sections of an object (-r),
# INSERT with -r, common symbols that are discarded, program headers that nothing loads.
# packages: binutils
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"

as -o a.o - << 'END'
	.globl _start
_start:	nop
	.long common
	.data
	.quad 1
	.comm common, 16, 16
	.section .note.GNU-stack
END
address() { nm "$1" | awk -v name="$2" '$3 == name { sub(/^0*/, "", $1); print $1 }'; }

# ---- data as inputs

printf 'hello' > blob.bin
cat > target.ld << 'END'
TARGET(binary)
INPUT(blob.bin)
TARGET(elf64-x86-64)
INPUT(a.o)
SECTIONS { .text : { *(.text) } .data : { *(.data) } .bss : { *(COMMON) } /DISCARD/ : { *(.note*) } }
END
"$GILD" -T target.ld -o blob
[ $((0x$(address blob _binary_blob_bin_end) - 0x$(address blob _binary_blob_bin_start))) = 5 ] || fail "the blob has not 5 bytes"
objdump -s -j .data blob | grep -q hello || fail "the blob is not in .data"

# ---- the linker's name

echo 'SECTIONS { .text : { *(.text) } .name : { LINKER_VERSION BYTE(33) } .bss : { *(COMMON) } }' > name.ld
"$GILD" -T name.ld a.o -o unnamed
"$GILD" --enable-linker-version -T name.ld a.o -o named
objdump -s -j .name named | grep -q 'gild [0-9.]*!' || fail "the linker's name is not in .name"
assert_equal "$(objdump -s -j .name unnamed | awk 'END { print $2 }')" 21

# ---- objects: each section begins at 0, so a symbol behind one is at its end

cat > object.ld << 'END'
SECTIONS {
	.text : { *(.text) }
	behind_text = .;
	.data : { *(.data) inside = .; *(.more) }
	behind_data = .;
}
END
"$GILD" -r -T object.ld a.o -o object.o
assert_equal "$(nm object.o | awk '/behind|inside/ { sub(/^0*/, "", $1); print $3, $1, $2 }' | sort | tr '\n' ' ')" \
	"behind_data 8 D behind_text 5 T inside 8 D "
if have ld.bfd; then
	ld.bfd -r -T object.ld a.o -o gnu.o
	# (nm adds the address that GNU ld gives a section in an object.)
	values() { readelf -sW "$1" | awk '/behind|inside/ { print $8, $2 }' | sort; }
	diff <(values gnu.o) <(values object.o) || fail "GNU ld's symbols (<) are other ones"
fi
echo 'SECTIONS { .rest : { *(.other) *(.data) } } INSERT BEFORE .rodata;' > insert.ld
"$GILD" -r -T insert.ld a.o -o inserted.o
readelf -SW inserted.o | grep -q ' \.rest ' || fail "what INSERT takes somewhere is not in the object"

# ---- what is discarded

echo 'SECTIONS { .text : { *(.text) } .data : { *(.data) } /DISCARD/ : { *(COMMON) *(.note*) } }' > discard.ld
"$GILD" -T discard.ld a.o -o discarded 2> messages
assert_contains messages "a.o: common symbols are discarded; where they are used, they are 0"

# ---- program headers

echo 'PHDRS { headers PT_PHDR PHDRS; text PT_LOAD; } SECTIONS { .text 0x1000 : { *(*) } :text .bss : { *(COMMON) } }' > phdrs.ld
expect_fail "$GILD" -T phdrs.ld a.o -o out
assert_contains messages "PHDR segment not covered by LOAD segment"
sed 's/text PT_LOAD/& FILEHDR PHDRS/' phdrs.ld > loaded.ld
"$GILD" -T loaded.ld a.o -o loaded

# ---- two scripts, of which one inserts into the other

echo 'SECTIONS { .text 0x1000 : { *(.text) } .data 0x2000 : { *(.data) } .bss : { *(COMMON) } }' > whole.ld
echo 'SECTIONS { .piece : { LONG(7) } } INSERT AFTER .text;' > piece.ld
order() { readelf -SW "$1" | sed -n 's/^ *\[ *[0-9]*\] \(\.text\|\.piece\|\.data\|\.bss\) .*/\1/p' | tr '\n' ' '; }
"$GILD" -T piece.ld -T whole.ld a.o -o inserted
assert_equal "$(order inserted)" ".text .piece .data .bss "
readelf -SW inserted | grep -q ' \.text  *PROGBITS  *0*1000 ' || fail "the other script has no say"
"$GILD" -T whole.ld -T piece.ld a.o -o inserted
assert_equal "$(order inserted)" ".text .piece .data .bss "
if have ld.bfd; then
	ld.bfd -T piece.ld -T whole.ld a.o -o gnu 2> /dev/null
	assert_equal "$(order gnu)" ".text .piece .data .bss "
fi

# ---- what the default layout does not know

echo 'MEMORY { R : ORIGIN = 0x600000, LENGTH = 1M }' > regions.ld
expect_fail "$GILD" -T regions.ld a.o -o out
assert_contains messages "regions.ld:1:10: MEMORY is not supported without a SECTIONS command"
