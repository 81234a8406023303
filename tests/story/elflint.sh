#!/bin/bash
# eu-elflint finds nothing wrong with any kind of output, but for what tests/elflint-allowed.txt explains.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"
have eu-elflint || skip "eu-elflint is not installed"

cat >main.cc <<'END'
#include <iostream>
#include <string>
thread_local int t = 1;
int f(int);
extern int from_lib;
int main() { try { t += f(from_lib); } catch (int i) { std::cout << std::string("caught ") << i + t << "\n"; } }
END
echo 'int from_lib = 4; thread_local int u; int f(int x) { u = x; throw x; }' >lib.cc
grep -vE '^(#|$)' "$GILD_SRC/tests/elflint-allowed.txt" >allowed
lint() {
	eu-elflint --gnu-ld "$1" >lint.txt 2>&1 || :
	grep -vE -f allowed lint.txt | grep -vE '^(No errors|$)' >wrong || return 0
	echo "eu-elflint on $2:"
	head -20 wrong
	exit 1
}
for cc in $COMPILERS; do
	for kind in $KINDS; do
		$cc -g $(cflags $kind) $(ldflags $kind) main.cc lib.cc -lstdc++ -lm -o prog
		same "caught 5" "$(./prog)" "$cc $kind"
		lint prog "$cc $kind"
		$cc $(cflags $kind) $(ldflags $kind) main.cc lib.cc -lstdc++ -lm -Wl,-s,-z,now -o prog
		lint prog "$cc $kind -s -z now"
	done
	$cc -g -fPIC -shared lib.cc -lstdc++ -o lib.so
	lint lib.so "$cc shared"
	echo 'V1 { global: *f*; local: *; };' >map
	$cc -fPIC -shared lib.cc -lstdc++ -Wl,--version-script=map,-soname,libv.so,--hash-style=both -o libv.so
	lint libv.so "$cc versioned shared"
	for kind in $DYNAMIC_KINDS; do
		$cc $(cflags $kind) $(ldflags $kind) main.cc ./lib.so -lstdc++ -Wl,--hash-style=both -o prog
		same "caught 5" "$(./prog)" "$cc $kind with library"
		lint prog "$cc $kind with library"
	done
done
