#!/bin/bash
# -pg: the program starts with another start file, counts calls, and writes gmon.out; gprof reads it beside the program's own
# symbols. Only what lies between __executable_start and etext is counted, so that these must be right.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"
have gprof || skip "no gprof"

cat >main.c <<'END_C'
#include <stdio.h>
#include <time.h>
int leaf(int);
__attribute__((noinline)) int middle(int n) { int sum = 0; for (int i = 0; i < 100; i++) sum += leaf(n + i); return sum; }
__attribute__((noinline)) int busy(void)
{
	volatile int n = 0;
	for (clock_t began = clock(); clock() - began < CLOCKS_PER_SEC / 4;) for (int i = 0; i < 10000; i++) n++;
	return n;
}
int main(void) { int sum = 0; for (int i = 0; i < 7; i++) sum += middle(i); printf("%d\n", sum); return busy() < 0; }
END_C
echo '__attribute__((noinline)) int leaf(int n) { return n & 1; }' >leaf.c
each() {
	local kind library
	for kind in static no-pie pie static-pie; do
		# clang takes a start file for -static-pie that crashes, whatever the linker
		[ "$kind ${compile[0]}" != "static-pie $CLANG" ] || continue
		"${compile[@]}" -pg -O1 $(cflags $kind) -c ../main.c ../leaf.c
		"${driver[@]}" -pg $(ldflags $kind) main.o leaf.o -o prog
		rm -f gmon.out
		same 350 "$(./prog)" "$kind: output"
		[ -s gmon.out ] || fail "$kind: no gmon.out"
		gprof -b -p prog gmon.out >flat.txt
		# %time cumulative self CALLS self-each total-each NAME
		same "middle 7 leaf 700 " "$(awk '$NF == "leaf" || $NF == "middle" { print $NF, $4 }' flat.txt | sort -r | tr '\n' ' ')" "$kind: calls"
		awk '$NF == "busy" { time = $1 } END { exit time < 50 }' flat.txt || { cat flat.txt; fail "$kind: the time is not in busy"; }
		gprof -b -q prog gmon.out >graph.txt
		grep -qE ' 700/700 +leaf ' graph.txt || { cat graph.txt; fail "$kind: who calls leaf"; }
	done
}
each_compiler each
