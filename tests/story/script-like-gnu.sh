#!/bin/bash
# What GNU ld makes of a script where its manual says little: where INSERT puts something, which sections stay that are empty,
# what a section is whose members differ, sections outside of all segments, headers that move the sections that they depend on.
# packages: binutils
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
have ld.bfd || skip "no GNU ld"
[ "$(ld.bfd --version | grep -om 1 '[0-9]\.[0-9]*' | tail -n 1)" = 2.40 ] || skip "the rules are those of GNU ld 2.40"

as -o a.o - << 'END'
	.globl _start
_start:	nop
	.section .text.b, "ax"
	nop
	.data
	.quad 1
	.section .data.b, "aw"
	.balign 32
	.quad 2
	.section table, "a"
	.long 3
	.section .note.x, "a", @note
	.balign 4
	.long 4, 0, 1
	.ascii "abc"
	.byte 0
	.section .comment
	.byte 5
	.section .note.GNU-stack
END
as -o b.o - << 'END'
	.bss
	.zero 24
	.comm common, 4, 16
	.section .rodata
	.balign 32
	.section .note.GNU-stack
END
# Names, types, addresses, sizes and flags, and the segments.
shape() {
	readelf -SlW "$1" | sed -n 's/^ *\[ *[0-9]*\] \([^ ]*  *[A-Z_]*  *[0-9a-f]*\) [0-9a-f]* \(.*\)/\1 \2/p; s/^  \([A-Z_]*\)  *0x[0-9a-f]* \(0x.*\)/\1 \2/p' |
		grep -v '^\.\(symtab\|strtab\|shstrtab\|rela\)'
}
same() { # NAME OPTION...
	local name="$1"
	shift
	ld.bfd --no-warn-rwx-segments --build-id=none "$@" -o gnu 2> messages || fail "$name: GNU ld: $(cat messages)"
	"$GILD" --no-warn-rwx-segments --build-id=none "$@" -o gild || fail "$name: gild refuses it"
	assert_equal "$(shape gild)" "$(shape gnu)"
}

# ---- INSERT: behind the assignments that follow a section, but not behind one to the location counter

cat > main.ld << 'END'
SECTIONS {
	. = 0x10000;
	.text : { *(.text) }
	end = .;
	. = ALIGN(0x1000);
	.data : { *(.data) }
	. = . + 1;
	.comment 0 : { *(.comment) }
}
END
for place in 'AFTER .text' 'BEFORE .data' 'AFTER .data' 'BEFORE .comment'; do
	echo "SECTIONS { .in : { *(.data.b) BYTE(1) } } INSERT $place" > piece.ld
	same "INSERT $place" -T piece.ld -T main.ld a.o b.o
done

# ---- headers: a script that needs fewer of them when there is room for more

echo 'SECTIONS { . = SIZEOF_HEADERS; .none : { QUAD(1) } .mix : { *(.data* table) } }' > headers.ld
same headers -T headers.ld a.o b.o
echo 'SECTIONS { . = 0x400000 + SIZEOF_HEADERS; .gap : { . = ALIGN(16); } .data : { } .text : { } }' > gap.ld
same 'a gap that only the first pass has' -T gap.ld a.o
echo 'SECTIONS { . = SIZEOF_HEADERS; .rodata ALIGN(4) : { *(.rodata) } .text : { } }' > empty.ld
same 'an empty section whose members are aligned' -T empty.ld b.o a.o

# ---- members: what comes first decides

echo 'SECTIONS { .all : { *(.t* .t SORT_BY_NAME(*)) } }' > first.ld
same 'sorted, but not all of it' -T first.ld a.o b.o
echo 'SECTIONS { .bss : { *(.bss.* COMMON*) } }' > common.ld
same 'common symbols first' -T common.ld b.o a.o
same 'common symbols of an object' -r -T common.ld b.o

# ---- segments: what none of them has is in the file

cat > phdrs.ld << 'END'
PHDRS { one PT_LOAD; two PT_LOAD; }
SECTIONS { .comment : { . += 64; } .text : { *(.text) } :two .data : { *(.data) } :one }
END
same 'outside of all segments' -T phdrs.ld a.o

# ---- what is not loaded has no relocations, and options stand behind the script

echo '.data; .long other; .section gone, "aw"; other: .long 1; .section .note.GNU-stack' | as -o c.o -
echo 'SECTIONS { .data (NOLOAD) : { *(.data) } }' > noload.ld
same 'relocations of what is not loaded' --orphan-handling=discard -T noload.ld c.o
echo 'SECTIONS { .empty . + 0x100 : { } .text : { *(.text) } }' > option.ld
same '--defsym' -T option.ld --defsym=symbol=17 a.o
