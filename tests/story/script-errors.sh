#!/bin/bash
# What is wrong with a linker script is said like a compiler says it: file, line, column, the line, a caret, what was expected,
# and which word was probably meant. Nothing is written then.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"

echo '.globl _start; _start: nop' | as -o a.o -

# refuses MESSAGE: the script on standard input is refused with it.
refuses() {
	cat > script.ld
	expect_fail "$GILD" -T script.ld a.o -o out
	assert_contains messages "$1"
	[ ! -e out ] || fail "an output was written"
}

refuses "script.ld:3:2: unknown command 'SECTION', did you mean SECTIONS?" << 'END'
/* a comment
 */
	SECTION { }
END
assert_contains messages '>>> 	SECTION { }'
assert_contains messages '>>> 	^'
refuses "script.ld:1:20: unknown function 'SIZEOFF', did you mean SIZEOF?" <<< 'SECTIONS { . = 4 + SIZEOFF(.text); }'
refuses "script.ld:1:22: unknown word 'KEPE', did you mean KEEP?" <<< 'SECTIONS { .text : { KEPE(*(.text)) } }'
refuses "script.ld:1:11: unknown program header type 'PT_LAOD', did you mean PT_LOAD?" <<< 'PHDRS { t PT_LAOD; }'
refuses "script.ld:2:1: expected a statement of the output section, or '}', found the end of the file" \
	<<< 'SECTIONS { .text : { *(.text)'
refuses "script.ld:1:6: expected ';' after an assignment, found 'SECTIONS'" <<< "x=1  SECTIONS { }"
refuses "script.ld:1:5: number does not fit in 64 bits" <<< 'x = 0x10000000000000000;'
refuses "script.ld:1:9: cannot find linker script 'nothing.ld'" <<< 'INCLUDE nothing.ld'
refuses "INCLUDE nested too deeply" <<< 'INCLUDE script.ld'
refuses "files cannot be sorted by what SORT_BY_ALIGNMENT means" <<< 'SECTIONS { .t : { SORT_BY_ALIGNMENT(*)(.text) } }'
refuses "SECTION_CLASS is not supported" <<< 'SECTIONS { SECTION_CLASS(c) { *(.text) } }'
refuses "OUTPUT_FORMAT(elf32-littlearm) is not the format of this link" <<< 'OUTPUT_FORMAT(elf32-littlearm)'
refuses "TARGET(srec) is not supported" <<< 'TARGET(srec)'

# an included file is named itself
echo 'BYTE(1' > part.ld
refuses "part.ld:2:1: expected ')'" <<< 'SECTIONS { .x : { INCLUDE part.ld } }'

expect_fail "$GILD" -T none.ld a.o -o out
assert_contains messages "cannot open linker script file none.ld"

# --defsym is an expression of the same language
expect_fail "$GILD" --defsym 'x=1 +' a.o -o out
assert_contains messages "expected a number, a symbol or '('"
