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
refuses "script.ld:1:24: unknown word 'SROT', did you mean SORT?" <<< 'SECTIONS { .text : { *(SROT(.text)) } }'
refuses "script.ld:1:19: undefined symbol \`NOLAOD' referenced in expression, did you mean NOLOAD?" \
	<<< 'SECTIONS { .text (NOLAOD) : { *(.text) } }'
refuses "script.ld:1:22: undefined symbol \`lenght' referenced in expression, did you mean length?" \
	<<< 'length = 3; size = 4+lenght; SECTIONS { .text : { *(.text) } }'
refuses "script.ld:1:71: memory region \`RMA' not declared, did you mean RAM?" \
	<<< 'MEMORY { RAM : ORIGIN = 0, LENGTH = 9 } SECTIONS { .t : { *(.text) } >RMA }'
refuses "script.ld:1:54: section \`.text' assigned to non-existent phdr \`txt', did you mean text?" \
	<<< 'PHDRS { text PT_LOAD; } SECTIONS { .text : { *(*) } :txt }'
refuses "script.ld:1:42: unknown section flag 'SHF_WRIT', did you mean SHF_WRITE?" \
	<<< 'SECTIONS { .text : { INPUT_SECTION_FLAGS(SHF_WRIT) *(.text) } }'
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

# what only addresses tell: a false ASSERT shows what its operands are worth, each once
refuses "script.ld:4:3: text is too long" << 'END'
SECTIONS {
  .text 0x1000 : { *(.text) }
  limit = 0xff0;
  ASSERT(ADDR(.text) + SIZEOF(.text) <= limit && limit != 1, "text is too long")
}
END
sed -n '2,$p' messages > operands
diff - operands << 'END'
>>> (ADDR (.text) + SIZEOF (.text)) = 0x1001
>>> ADDR (.text) = 0x1000
>>> SIZEOF (.text) = 0x1
>>> limit = 0xff0
>>>   ASSERT(ADDR(.text) + SIZEOF(.text) <= limit && limit != 1, "text is too long")
>>>   ^
END
refuses "script.ld:1:28: cannot move location counter backwards (from 0000000000000001 to 0000000000000000)" \
	<<< 'SECTIONS { .t : { *(.text) . = 0; } }'
assert_contains messages ">>> in section .t: 0x1 bytes are in it already, the assignment asks for 0x0"
refuses "script.ld:1:28: / by zero" <<< 'zero = 0; one = 1; . = 1 + 1/zero; SECTIONS { .t : { *(.text) } }'
refuses "script.ld:1:35: .nosuch not found for insert" <<< 'SECTIONS { .text : { *(.text) } } INSERT AFTER .nosuch;'

# all of them at once
cat > script.ld << 'END'
SECTIONS { .t : { *(.text) } ASSERT(0, "one") x = nosuch; ASSERT(SIZEOF(.t) == 2, "two") }
END
expect_fail "$GILD" -T script.ld a.o -o out
for text in "script.ld:1:30: one" "script.ld:1:51: undefined symbol" "script.ld:1:59: two"; do
	assert_contains messages "$text"
done
sed -n '/two/,$p' messages | grep -q '>>> SIZEOF (.t) = 0x1$' || fail "the size of .t is not told"

# an included file is named itself
echo 'BYTE(1' > part.ld
refuses "part.ld:2:1: expected ')'" <<< 'SECTIONS { .x : { INCLUDE part.ld } }'

expect_fail "$GILD" -T none.ld a.o -o out
assert_contains messages "cannot open linker script file none.ld"

# --defsym is an expression of the same language
expect_fail "$GILD" --defsym 'x=1 +' a.o -o out
assert_contains messages "expected a number, a symbol or '('"
