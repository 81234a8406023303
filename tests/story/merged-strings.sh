#!/bin/bash
# Equal strings and equal constants of mergeable sections are stored once across files, whatever their width, and every
# reference, also one with an addend into the middle, still reads what its file wrote.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >part.c <<'END'
#include <string.h>
#include <wchar.h>
#define CAT(a, b) a##b
#define NAME(p, n) CAT(p, n)
static const char *const table[] = {"shared by all parts", "shared by all parts" + 7, "only in part " PART_S, "", "x\0y"};
const char *NAME(text, PART)(int i) { return i < 0 ? "negative shared text" + 3 : table[i]; }
const wchar_t *NAME(wide, PART)(void) { return L"wide shared text"; }
double NAME(real, PART)(double x) { return x * 1234.5 + 0.25; }
float NAME(single, PART)(float x) { return x * 7.75f; }
int NAME(check, PART)(void) {
	return !strcmp(NAME(text, PART)(1), "by all parts") && !strcmp(NAME(text, PART)(-1), "ative shared text") &&
		!strcmp(NAME(text, PART)(2), "only in part " PART_S) && !*NAME(text, PART)(3) && !memcmp(NAME(text, PART)(4), "x\0y", 4) &&
		!wcscmp(NAME(wide, PART)(), L"wide shared text") && NAME(real, PART)(2) == 2469.25 && NAME(single, PART)(2) == 15.5f;
}
END
cat >main.c <<'END'
#include <stdio.h>
const char *text1(int), *text2(int);
const void *wide1(void), *wide2(void);
int check1(void), check2(void);
int main(void) {
	if (!check1() || !check2()) return 1;
	if (text1(0) != text2(0) || wide1() != wide2()) puts("two copies");
	return 0;
}
END
# A section by hand: 4, 8 and 16 byte constants, a reference by section symbol plus addend, a suffix string
cat >const.s <<'END'
	.section .rodata.cst16,"aM",@progbits,16
	.quad 0x1111111111111111, 0x2222222222222222
	.quad 0x3333333333333333, 0x4444444444444444
	.section .rodata.cst8,"aM",@progbits,8
e:	.quad 0x5555555555555555
	.section .rodata.str1.8,"aMS",@progbits,1
	.balign 8
	.string "aligned strings"
	.balign 8
	.string "second one"
	.section .note.GNU-stack,"",@progbits
	.data
	.globl refs
refs:	.quad .rodata.cst16+16, .rodata.cst16+24, e, .rodata.str1.8+16, .rodata.str1.8+19
END
echo '#include <string.h>
extern void *refs[]; long at(int i) { return *(long *)refs[i]; }
int main(void) { return !(at(0) == 0x3333333333333333 && at(1) == 0x4444444444444444 && at(2) == 0x5555555555555555 &&
	!strcmp(refs[3], "second one") && !strcmp(refs[4], "ond one")); }' >consts.c
sed '/globl/d' const.s >const2.s
for cc in $COMPILERS; do
	for kind in $KINDS; do
		for O in 1 2; do # -O0 does not ask for merging
			for n in 1 2; do $cc -O$O $(cflags $kind) -DPART=$n "-DPART_S=\"$n\"" -c part.c -o part$n.o; done
			$cc $(ldflags $kind) $(cflags $kind) main.c part1.o part2.o -o prog
			same "" "$(./prog)" "$cc $kind -O$O"
			same 1 "$(grep -ao 'shared by all parts' prog | wc -l)" "copies of a string"
		done
		$cc $(ldflags $kind) $(cflags $kind) consts.c const2.s const.s -o consts
		./consts || { echo "$cc $kind: constants by section symbol"; exit 1; }
	done
done
# Strings of code compiled without merging stay apart and right.
for n in 1 2; do link -O0 -fno-merge-constants -fPIE -DPART=$n "-DPART_S=\"$n\"" -c part.c -o part$n.o; done
link main.c part1.o part2.o -o prog
same "two copies" "$(./prog)" "-fno-merge-constants"
