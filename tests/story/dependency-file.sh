#!/bin/bash
# --dependency-file writes a rule for make: what is linked anew when any of the files that were read changes.
set -eu
. "$GILD_SRC/tests/lib.sh"

mkdir -p 'with blank'
echo 'int f(void); int main(void) { return f(); }' >main.c
echo 'int f(void) { return 0; }' >f.c
$CC -c main.c f.c
ar rcs 'with blank/lib#1.a' f.o
ar rcsT libthin.a f.o
cp f.o 'price$.o'
echo 'V { global: f; local: *; };' >version
echo '-dynamic-list=list' >response
echo '{ f; };' >list

# deps FILE: the prerequisites that make reads from the first rule, one a line
deps() { sed -n '1s/^[^:]*: //p' "$1" | sed 's/\([^\\]\) /\1\n/g'; }

link main.o f.o -o prog -Wl,--dependency-file=deps.mk
deps deps.mk >list_of
for name in main.o f.o; do grep -qxF $name list_of || fail "$name is missing"; done
grep -qE '/libc\.so\.6$' list_of || fail "what a script names is missing"
grep -qE '/libc\.so$' list_of || fail "the script is missing"
[ -z "$(sort list_of | uniq -d)" ] || fail "twice: $(sort list_of | uniq -d)"
while read -r path; do [ -e "$path" ] || fail "there is no $path"; done <list_of
# each has an empty rule, so that make goes on when it is gone
while read -r path; do grep -qxF "$path:" deps.mk || fail "no rule for $path"; done <list_of

# version scripts and members of thin archives are inputs; response files are part of the command line
"$GILD" -shared libthin.a -u f --version-script=version @response -o lib.so --dependency-file lib.mk
assert_equal "$(deps lib.mk | sort | tr '\n' ' ')" "f.o libthin.a list version "

# names that make would misread
"$GILD" -shared 'with blank/lib#1.a' 'price$.o' -o 'my lib.so' --dependency-file=odd.mk
assert_equal "$(head -n 1 odd.mk)" 'my\ lib.so: with\ blank/lib\#1.a price$$.o'

# make agrees: nothing to do, until a file changes; a file that is gone is no error of make's
if have make; then
	cat >Makefile <<'END'
my\ lib.so: ; touch relinked
-include odd.mk
END
	make -s 'my lib.so' >log 2>&1 || { cat log; fail "make cannot read the file"; }
	[ ! -e relinked ] || fail "linked anew without need"
	sleep 0.01
	touch 'price$.o' -d 'now + 1 minute'
	make -s 'my lib.so' && [ -e relinked ] || fail "not linked anew"
	rm relinked 'price$.o'
	make -s 'my lib.so' && [ -e relinked ] || fail "not linked anew when a file is gone"
fi

# a link that fails writes none; one that cannot be written is an error and leaves no output
expect_fail link main.o -o bad -Wl,--dependency-file=bad.mk
[ ! -e bad.mk ] || fail "there is a file for a link that failed"
rm -f prog
expect_fail link main.o f.o -o prog -Wl,--dependency-file=no/such/folder/deps.mk
assert_contains messages "no/such/folder/deps.mk"
[ ! -e prog ] || fail "there is an output"
