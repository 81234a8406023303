#!/bin/bash
# An undefined symbol is an error that names the symbol, the place and the GNU words "undefined reference to"; names are
# demangled; the exit status is 1; no output is left and an old one is untouched.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

echo 'int missing_one(void), missing_two(void); int f(void) { return missing_two(); }
int main(void) { return missing_one() + f(); }' >main.c
echo 'namespace ns { int gone(int, char *); } int g() { return ns::gone(1, 0); }' >g.cc
link -g -c main.c g.cc
for kind in $KINDS; do
	rc=0; link $(ldflags $kind) main.o g.o -o prog 2>err.txt || rc=$?
	same 1 $rc "$kind: exit status"
	for s in missing_one missing_two 'ns::gone(int, char*)'; do assert_contains err.txt "undefined reference to \`$s'"; done
	assert_contains err.txt main.c
	[ ! -e prog ] || { echo "$kind: output left"; exit 1; }
done
rc=0; link main.o g.o -Wl,--no-demangle -o prog 2>err.txt || rc=$?
assert_contains err.txt _ZN2ns4goneEiPc

[ -z "$(ls -A | grep -vE '^(main\.[co]|g\.(cc|o)|err.txt)$')" ] || { echo "files left behind: $(ls -A)"; exit 1; }

# An archive that would have it does not help when the symbol is hidden in it, and a library's own needs count too.
echo 'int needs_more(void); int f(void) { return needs_more(); }' >lib.c
echo 'int f(void); int main(void) { return f(); }' >user.c
link -fPIC -shared lib.c -o lib.so
fails link user.c ./lib.so -o prog
assert_contains err.txt needs_more
link user.c ./lib.so -Wl,--allow-shlib-undefined -o prog
link main.o g.o -Wl,--unresolved-symbols=ignore-all -o prog
link main.o g.o -Wl,--warn-unresolved-symbols -o prog 2>err.txt
assert_contains err.txt missing_one

# Stricter than GNU ld, which removes the old output, and in gild's own wording: the name first, then every place
"$GILD" --version | grep -q gild || exit 0
echo "old content" >old
chmod 640 old
fails link main.o g.o -o old
same "old content" "$(cat old)" "old output"
same 640 "$(stat -c %a old)" "mode of the old output"
fails link -no-pie main.o g.o -o prog2
assert_contains err.txt "undefined symbol: missing_one"
assert_contains err.txt "undefined symbol: ns::gone(int, char*)"
grep -q 'main.o:(.text+0x' err.txt || { echo "no section and offset"; cat err.txt; exit 1; }
grep -q '^>>> .*main.c:2' err.txt || { echo "no >>> line with the source line"; cat err.txt; exit 1; }
