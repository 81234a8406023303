#!/bin/bash
# Two strong definitions of one symbol are an error that names the symbol and both files; --allow-multiple-definition and
# -z muldefs take the first.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

echo 'int twice = 1; int main(void) { return twice - 1; }' >a.c
echo 'int twice = 2;' >b.c
echo 'namespace ns { int f(char) { return 1; } }' >c.cc
echo 'namespace ns { int f(char) { return 2; } }' >d.cc
link -c a.c b.c c.cc d.cc
for kind in $KINDS; do
	fails link $(ldflags $kind) a.o b.o c.o d.o -o prog
	assert_contains err.txt "multiple definition of \`twice'"
	assert_contains err.txt "multiple definition of \`ns::f(char)'"
	for f in a.o b.o; do assert_contains err.txt $f; done
	[ ! -e prog ] || { echo "output left"; exit 1; }
done
link a.o b.o -Wl,--allow-multiple-definition -o prog
./prog
link a.o b.o -Wl,-z,muldefs -o prog
./prog
link b.o a.o -Wl,-z,muldefs -o prog
fails ./prog

# the same object twice, and an archive member that defines what is defined already but is needed for something else
fails link a.o a.o -o prog2
assert_contains err.txt main
echo 'int twice = 3; int other(void) { return 0; }' >e.c
link -c e.c
ar rcs libe.a e.o
echo 'int other(void); int use(void) { return other(); }' >u.c
fails link a.o u.c libe.a -o prog2
assert_contains err.txt "libe.a(e.o)"
[ ! -e prog2 ]
# definitions in a shared library and in the program are no conflict
link -fPIC -shared b.c -o libb.so
link a.o -Wl,--no-as-needed ./libb.so -o prog
./prog

"$GILD" --version | grep -q gild || exit 0
fails link a.o b.o -o prog2
assert_contains err.txt "duplicate symbol: twice"
assert_contains err.txt ">>> b.c: multiple definition of \`twice'"
fails link -g c.cc d.cc -o prog2
grep -q '^>>> first defined at .*:(.text+0x0) (c.cc:1)$' err.txt || { cat err.txt; fail "no line of the first definition"; }
grep -q "^>>> d.cc:1: multiple definition of \`ns::f(char)'; .*: first defined here$" err.txt || { cat err.txt; fail "no line of the second"; }
