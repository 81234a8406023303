#!/bin/bash
# SHF_LINK_ORDER: a section that belongs to another one stands in its order, is kept and dropped with it (--gc-sections, a
# COMDAT group that loses), and the output section says so.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"

cat >a.s <<'END'
	.section .text.b,"ax"
	.globl b
b:	ret
	.section .text.a,"ax"
	.globl a
a:	ret
	.section .text.dead,"ax"
dead:	ret
	.section meta,"ao",@progbits,.text.a
	.quad 1
	.section meta,"ao",@progbits,.text.b
	.quad 2
	.section meta,"ao",@progbits,.text.dead
	.quad 3
	.quad in_rodata
	.section .rodata.of_dead,"a"
in_rodata: .quad 9
	.section second,"ao",@progbits,meta
	.quad 7
	.section mixed,"a",@progbits
	.quad 20
	.section mixed,"ao",@progbits,.text.a
	.quad 21
	.section mixed,"ao",@progbits,.text.b
	.quad 22
	.section .notes,"o",@progbits,.text.dead
	.quad 4
	.text
	.globl _start
_start:	call a
	call b
	lea __start_meta(%rip), %rax
	lea mixed_end(%rip), %rax
	.section mixed,"a",@progbits
mixed_end:
END
link -c a.s

# content SECTION: its words, in decimal, one space behind each
content() { objcopy --dump-section "$1"=bytes out copy; od -An -v -td8 -w8 bytes | awk '{ printf "%s ", $1 }'; }
numbers() { content "$1" | tr ' ' '\n' | awk '$1 != "" && $1 < 100' | tr '\n' ' '; }

"$GILD" a.o -o out
assert_equal "$(numbers meta)" "2 1 3 "
assert_equal "$(numbers mixed)" "22 21 20 "
assert_equal "$(content .notes)" "4 "
"$GILD" a.o -o out --gc-sections
assert_equal "$(numbers meta)" "2 1 "
"$GILD" a.o -o out --gc-sections -z start-stop-gc
assert_equal "$(numbers meta)" "2 1 "
readelf -SW out >sections
assert_lacks sections .rodata
assert_lacks sections .notes
"$GILD" a.o -o out --gc-sections --print-gc-sections 2>messages
sed -n "s/.*removing unused section '\(.*\)' in file 'a.o'/\1/p" messages >removed
assert_equal "$(grep -c '^meta$' removed)" 1
assert_equal "$(grep -c '^.text.dead$' removed)" 1

# What belongs to another section keeps it, when it is kept for itself
sed 's/meta,"ao",@progbits,.text.dead/meta,"aoR",@progbits,.text.dead/' a.s >r.s
link -c r.s
"$GILD" r.o -o out --gc-sections
assert_equal "$(numbers meta)" "2 1 3 "
assert_equal "$(nm out | grep -c ' dead$')" 1

# The flag, and what the output section belongs to: .text, whose number readelf shows under "Lk"
sed 's/[][]//g' sections >plain
text=$(awk '$2 == ".text" { print $1 }' plain)
assert_equal "$(awk '$2 == "meta" { print $8, $9 }' plain)" "AL $text"
assert_equal "$(awk '$2 == "mixed" { print $8 }' plain)" A

# The group of the second file loses, and what belongs to it goes with it
for n in 1 2; do
	printf '.section .text.f,"axG",@progbits,f,comdat\n.weak f\nf: ret\n.section meta,"ao",@progbits,.text.f\n.quad 1%s\n' $n >f$n.s
	link -c f$n.s
done
printf '.globl _start\n_start: call f\n' >start.s
link -c start.s
"$GILD" start.o f1.o f2.o -o out
assert_equal "$(content meta)" "11 "

# Compilers' own: addresses of patchable functions, in the order of the functions (gcc 12 writes one table for all)
cat >patchable.c <<'END'
#include <stdio.h>
extern void *__start___patchable_function_entries[], *__stop___patchable_function_entries[];
__attribute__((noinline, used)) static int unused(int x) { return x * 3; }
__attribute__((noinline, section(".text.zz"))) int first(int x) { return x + 1; }
__attribute__((noinline, section(".text.unlikely.second"))) int second(int x) { return x + 2; }
int main(int argc, char **argv)
{
	(void)argv;
	int n = 0, sorted = 1;
	for (void **at = __start___patchable_function_entries; at < __stop___patchable_function_entries; at++, n++)
		sorted &= at == __start___patchable_function_entries || at[-1] < at[0];
	printf("%d %d %d\n", n, sorted, first(argc) + second(argc));
	return 0;
}
END
patchable() { # CFLAGS...
	"${compile[@]}" -O1 -fpatchable-function-entry=2 -ffunction-sections "$@" -c ../patchable.c -o patchable.o
	"${driver[@]}" patchable.o -o patchable -Wl,--gc-sections
	./patchable
}
each_compiler patchable >patchable.txt
grep -vE '^4 [01] 5$' patchable.txt && fail "patchable functions: $(cat patchable.txt)"

# A plan's offsets do not matter to it; with the text in another order the table is in another order
"$GILD" a.o -o out --plan-out=plan
"$GILD" a.o -o out2 --plan-in=plan
cmp out out2
