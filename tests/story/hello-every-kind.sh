#!/bin/bash
# The smallest useful program links and runs as every kind of executable, from C and from C++, with gcc and clang,
# and the compiler drivers really call the linker under test.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >hello.c <<'END'
#include <stdio.h>
int main(int argc, char **argv) { printf("hello %d\n", argc); return 0; }
END
cat >hello.cc <<'END'
#include <iostream>
int main(int argc, char **argv) { std::cout << "hello " << argc << std::endl; }
END

for kind in $KINDS; do
	for cc in $COMPILERS; do
		$cc $(cflags $kind) $(ldflags $kind) hello.c -o c-$kind-$cc
		same "hello 3" "$(./c-$kind-$cc a b)" "$kind C $cc"
		$cc $(cflags $kind) $(ldflags $kind) hello.cc -lstdc++ -lm -o cc-$kind-$cc
		same "hello 2" "$(./cc-$kind-$cc a)" "$kind C++ $cc"
	done
	case $kind in *pie) type=DYN ;; *) type=EXEC ;; esac
	[ $kind = no-pie ] && type=EXEC
	readelf -hW c-$kind-link | grep -q "Type: *$type" || { echo "$kind is not $type"; exit 1; }
done

# An interpreter is asked for by dynamic programs only.
for kind in static static-pie; do
	readelf -lW c-$kind-link >segments
	assert_lacks segments INTERP
done
readelf -lW c-pie-link | grep -q 'program interpreter: /lib64/ld-linux-x86-64.so.2'

link -c hello.c
same "$("$GILD_BIN/ld" --version | head -1)" "$(link hello.o -Wl,--version | head -1)" "linker called by gcc"
