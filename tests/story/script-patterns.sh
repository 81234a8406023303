#!/bin/bash
# Which input sections a script's descriptions take, and in which order: files, members of archives, EXCLUDE_FILE,
# INPUT_SECTION_FLAGS, KEEP, every SORT, REVERSE, COMMON, ONLY_IF_RO and ONLY_IF_RW, --sort-section, section ordering files.
# GNU ld links the same; symbols have to be at the same addresses.
# packages: binutils
# not verify: numbers are in its arrays of functions
set -eu
. "$GILD_SRC/tests/lib.sh"
have ld.bfd || skip "no GNU ld"

# object NAME: sections .text.NAME.1, .data.NAME and so on of different alignments, with a symbol in each.
object() {
	cat > "$1.s" <<- END
		.section .text, "ax"
		.globl text_$1
		.balign 4
		text_$1: .byte 0x90
		.section .text.z.$1, "ax"
		.globl z_$1
		.balign $2
		z_$1: .byte 1, 2, 3
		.section .text.a.$1, "ax"
		.globl a_$1
		a_$1: .byte 4
		.section .rodata.$1, "a"
		.globl rodata_$1
		.balign 8
		rodata_$1: .byte 5
		.comm common_$1, 4, 4
		.bss
		.globl bss_$1
		bss_$1: .zero 4
		.data
		.globl data_$1
		data_$1: .byte 6
		.section .init_array.$3, "aw", @init_array
		.globl init_$1
		.balign 8
		init_$1: .quad $3
		.section .note.GNU-stack, "", @progbits
	END
	as -mx86-used-note=no -o "$1.o" "$1.s"
}
object one 16 300
object two 1 20
object three 64 00100
object four 8 7
ar rc libpair.a two.o three.o

# same OPTIONS: the script on standard input gives the same symbols in both linkers.
same() {
	cat > script.ld
	ld.bfd --build-id=none -T script.ld "$@" one.o --whole-archive libpair.a --no-whole-archive four.o -o gnu 2> gnu.messages
	"$GILD" --build-id=none -T script.ld "$@" one.o --whole-archive libpair.a --no-whole-archive four.o -o out
	diff <(nm -n gnu) <(nm -n out) || { cat script.ld; fail "symbols differ"; }
}
# layout CONTENT: CONTENT comes first in .text, all else behind.
layout() {
	cat <<- END
		ENTRY(text_one)
		SECTIONS {
		  . = 0x10000;
		  .first : { first = .; $1 last = .; }
		  .text : { *(.text .text.*) }
		  .rest : { *(.rodata* .data .init_array*) }
		  .bss : { *(.bss COMMON) }
		}
	END
}

layout '*(.text.z.*)' | same
layout '*one.o(.text)' | same
layout 'one.o(.text.*) *two.o(.text.a.*)' | same
layout '*libpair.a:two.o(.text)' | same
layout 'libpair.a:(.text.a.*)' | same
layout ':one.o(.text) :*(.text.z.*)' | same
layout '*pair.a:t[hw]*.o(.text .rodata.*)' | same
layout '*(EXCLUDE_FILE(*one.o *two.o) .text .text.a.*)' | same
layout 'EXCLUDE_FILE(*libpair.a) *(.text)' | same
layout '*(EXCLUDE_FILE(libpair.a:three.o) .text)' | same
layout 'INPUT_SECTION_FLAGS(SHF_WRITE) *(*)' | same
layout 'INPUT_SECTION_FLAGS(SHF_ALLOC & !SHF_WRITE & !SHF_EXECINSTR) *(.rodata.* .data)' | same
layout '*(SORT(.text.*))' | same
layout '*(SORT_BY_NAME(.text.z.*) SORT_BY_NAME(.text.a.*))' | same
layout '*(SORT_BY_ALIGNMENT(.text.*))' | same
layout '*(SORT_BY_NAME(SORT_BY_ALIGNMENT(.text.*)))' | same
layout '*(SORT_BY_ALIGNMENT(SORT_BY_NAME(.text.*)))' | same
layout '*(SORT_BY_INIT_PRIORITY(.init_array.*))' | same
layout '*(.text.z.* SORT(.text.a.*))' | same
layout '*(SORT(.text.a.*) .text.z.* SORT_BY_ALIGNMENT(.rodata.*))' | same
layout 'SORT(*)(.data)' | same
layout '*three.o(.bss COMMON) libpair.a:two.o(COMMON)' | same
layout '*(EXCLUDE_FILE(*one.o) COMMON)' | same
layout '*(SORT_NONE(.text.z.*) .rodata.*)' | same --sort-section=name
layout '*(SORT_BY_ALIGNMENT(.text.*))' | same --sort-section=name
layout '*(.text.*)' | same --sort-section=alignment
layout '*(.text.[az].t*) "one.o"(.text)' | same
same << 'END'
ENTRY(text_one)
SECTIONS {
  . = 0x10000;
  .a : ONLY_IF_RO { *(.rodata.one .data) }
  .a : ONLY_IF_RW { *(.rodata.one .data) }
  .b : ONLY_IF_RW { *(.rodata.two) }
  .c : ONLY_IF_RO { *(.rodata.*) }
  .text : { *(.text .text.*) *(.init_array*) }
  .bss : { *(.bss) *(COMMON) }
}
END

# What GNU ld 2.40 does not have: REVERSE; a whole archive by its name.
symbols() { nm -n out | awk '$2 != "A" && $3 ~ /^(text|[az])_/ { print $3 }' | tr '\n' ' '; }
layout '*(REVERSE(.text.a.*))' > script.ld
"$GILD" -T script.ld one.o two.o three.o four.o -o out
assert_equal "$(symbols | cut -d ' ' -f 1-4)" "a_two a_three a_one a_four"
layout 'libpair.a(.text)' > script.ld
"$GILD" -T script.ld one.o --whole-archive libpair.a -o out
assert_equal "$(symbols | cut -d ' ' -f 1-2)" "text_two text_three"

# KEEP is a root of garbage collection, though another description takes the section; so is a symbol that the script names.
cat > script.ld << 'END'
ENTRY(text_one)
SECTIONS { .text : { *(.text .text.a.*) } .kept : { KEEP(*(.text.z.two .text.a.three)) } .rest : { *(*) } }
x = z_four;
END
"$GILD" --gc-sections -T script.ld one.o two.o three.o four.o -o out
nm out > got
for kept in text_one z_two a_three z_four; do assert_contains got "$kept"; done
for gone in text_two z_one a_two z_three; do assert_lacks got "$gone"; done

# /DISCARD/ takes first, and KEEP saves nothing there
cat > script.ld << 'END'
SECTIONS { /DISCARD/ : { KEEP(*(.text.z.*)) *(.init_array.*) } .text : { *(.text*) } .rest : { *(*) } }
END
"$GILD" -T script.ld one.o four.o -o out
nm out > got
assert_lacks got z_one

# a section ordering file goes in front of what any layout says
echo '.text : { *(.text.z.four) ; *(.text.a.*) ; }' > order.txt
"$GILD" -e text_one --section-ordering-file order.txt one.o two.o four.o -o out
assert_equal "$(symbols | cut -d ' ' -f 1-4)" "z_four a_one a_two a_four"
layout '*(.text.a.one)' > script.ld
"$GILD" -T script.ld --section-ordering-file order.txt one.o two.o four.o -o out
assert_equal "$(symbols | cut -d ' ' -f 1-4)" "a_one z_four a_two a_four"
echo '.text : { x = 1; }' > order.txt
expect_fail "$GILD" --section-ordering-file order.txt one.o -o out
assert_contains messages "only input sections can be named in a section ordering file"
