#!/bin/bash
# Scripts of MRI's linkers (-c): a command a line, comments, names of sections that are numbers, and what is wrong with them.
# What GNU ld makes of the same script is the same.
# packages: binutils
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"

as -o a.o - << 'END'
	.globl _start, x
_start:	nop
	.long x
	.data
	.long 1
	.section .other, "aw"
	.long 5
	.section .third, "a"
	.long 6
	.section 12, "aw"
	.long 7
	.section .note.GNU-stack
END

# sections FILE: addresses, sizes and alignments of what is loaded; symbols FILE: values.
sections() { readelf -SW "$1" | sed -n 's/^ *\[ *[0-9]*\] //p' | awk '$7 ~ /A/ { print $1, $2, $3, $5, $NF }'; }
symbols() { readelf -sW "$1" | awk '$5 == "GLOBAL" { print $2, $8 }' | sort; }

cat > all.mri << 'END'
* a comment
order .third .data, .out
ORDER .rest
sect .text = $100000   ; another one
sect .text = $200000
SECT .data , 300000h
align .data = 64
ALIGNMOD .text,32
alias .out,12
ALIAS .rest, .other
public x = # it goes on in the next line
  $1234
public y,x + 4
PUBLIC z x | 1
chip 68000, 2
CASE a,b
extern _start
truncate 8
start _start
name named
load part/../a.o
end
END
mkdir part
"$GILD" -c all.mri
sections named > mine
cat > expected << 'END'
.third PROGBITS 0000000000000000 000004 1
.data PROGBITS 0000000000300000 000004 64
.out PROGBITS 0000000000300004 000004 1
.rest PROGBITS 0000000000300008 000004 1
.text PROGBITS 0000000000200000 000005 32
END
diff expected mine
assert_equal "$(symbols named)" "0000000000001234 x
0000000000001235 z
0000000000001238 y
0000000000200000 _start"
assert_equal "$(readelf -hW named | awk '/Entry point/ { print $4 }')" 0x200000

# the lowest address; what ABSOLUTE does not name is not loaded; a map
printf 'load a.o\nbase $5000\nabsolute .text\norder .text .data\npublic x=1\nLIST whatever "it means\n' > base.mri
"$GILD" --mri-script=base.mri -o based > map
assert_contains map "Linker script and memory map"
readelf -SW based | grep -q ' \.text  *PROGBITS  *0*5000 ' || fail "BASE is not where .text is"
readelf -SW based | grep -q ' \.data  *NOBITS ' || fail ".data is loaded"

# without sections: inputs for the default layout
echo 'LOAD a.o' > load.mri
printf 'INCLUDE load.mri\nPUBLIC x=1\n' > inputs.mri
"$GILD" -c inputs.mri -o plain
"$GILD" --defsym x=1 a.o -o default
diff <(sections default) <(sections plain) || fail "not the default layout"

if have ld.bfd; then
	for script in all base; do
		ld.bfd -c $script.mri -o gnu > gnu.map 2>/dev/null
		"$GILD" -c $script.mri -o mine > mine.map
		sections gnu > gnu.sections
		sections mine > mine.sections
		diff gnu.sections mine.sections || fail "$script.mri: GNU ld's sections (<) are other ones"
		diff <(symbols gnu) <(symbols mine) || fail "$script.mri: GNU ld's symbols (<) are other ones"
	done
fi

# refuses MESSAGE: the script on standard input is refused with it.
refuses() {
	cat > wrong.mri
	expect_fail "$GILD" -c wrong.mri -o out
	assert_contains messages "$1"
	[ ! -e out ] || fail "an output was written"
}
refuses "wrong.mri:2:1: unknown command 'laod', did you mean load?" <<< $'* x\nlaod a.o'
assert_contains messages '>>> laod a.o'
refuses "wrong.mri:1:1: unknown command 'Load', did you mean load?" <<< 'Load a.o'
refuses "wrong.mri:1:8: expected a number, a symbol or '(', found the end of the line" <<< 'sect .x'
refuses "wrong.mri:1:13: expected the end of the line, found '2'" <<< 'sect .x = 1 2'
refuses "wrong.mri:1:10: expected the name of a section, found '='" <<< 'ORDER .x = 1'
refuses "wrong.mri:1:8: FORMAT S is not supported" <<< 'FORMAT S'
refuses "wrong.mri:1:9: cannot find linker script 'none.mri'" <<< 'include none.mri'
refuses "INCLUDE nested too deeply" <<< 'INCLUDE wrong.mri'
