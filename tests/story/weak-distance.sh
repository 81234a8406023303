#!/bin/bash
# Distances and addresses of what nobody defines, in x86-64 code that asks for them.
set -eu
. "$GILD_SRC/tests/lib.sh"
[ "$(uname -m)" = x86_64 ] || skip "x86-64 code"

echo '__attribute__((weak)) int late(void); int ask(void) { return late ? late() : -1; }' >ask.c
link -fPIC -shared ask.c -o libask.so

# From an image that moves, nobody knows how far address 0 is: the loader may find the symbol, the code would not. Fixed
# programs know.
printf '.weak missing\n.globl _start\n_start: lea missing(%%rip), %%rax\nmov missing@GOTPCREL(%%rip), %%rdx\n' >distance.s
link -c distance.s
expect_fail "$GILD" -pie distance.o -o distance
assert_contains messages "relocation R_X86_64_PC32 against \`missing' can not be used when making a PIE object"
"$GILD" distance.o libask.so -o distance
! readelf --dyn-syms -W distance | grep -w missing || fail "a fixed program imports what it takes for 0"
printf '.weak missing\n.globl _start\n_start: mov $missing, %%eax\nmov missing@GOTPCREL(%%rip), %%rdx\n' >zero.s
link -c zero.s
"$GILD" -pie zero.o libask.so -o zero --verify-output
