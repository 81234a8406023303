#!/bin/bash
# Programs of every kind start with the loader as their interpreter and as a command: arguments, environment, exit code.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

cat > hello.c <<'EOF'
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
static void bye(void) { puts("bye"); }
int main(int argc, char **argv) {
	atexit(bye);
	printf("%d %s %s\n", argc, argv[argc - 1], getenv("GREETING"));
	printf("entry %d page %lu secure %lu\n", getauxval(AT_ENTRY) != 0, getauxval(AT_PAGESZ), getauxval(AT_SECURE));
	return 3;
}
EOF
build_kinds() {
	build ../hello.c -o pie
	build -no-pie -fno-pie ../hello.c -o exec
	build -Wl,-z,now ../hello.c -o now
	build -Wl,-z,lazy ../hello.c -o lazy
	build -Wl,--hash-style=sysv ../hello.c -o sysv
	link -static ../hello.c -o static
	link -static-pie ../hello.c -o static-pie
}
each_loader build_kinds
export GREETING=hi
for kind in pie exec now lazy sysv static static-pie; do
	same_runs ./$kind one 'two three'
	assert_contains gild.out "3 two three hi"
	assert_contains gild.out "exit code 3"
	"$LDSO" system/$kind one 'two three' > out && fail "$kind: exit code 0" || assert_equal $? 3
	assert_contains out "3 two three hi"
done

# what other linkers write: PT_GNU_RELRO that ends with its page, other orders of segments and sections
for linker in ld.bfd ld.gold ld.lld-14 ld.lld-19 mold; do
	have $linker || continue
	mkdir -p by
	ln -sf "$(command -v $linker)" by/ld
	for options in "" "-no-pie -fno-pie -Wl,--hash-style=both"; do
		# shellcheck disable=SC2086 # words
		"$CC" -Bby $options hello.c -Wl,--dynamic-linker="$LDSO" -o by/hello 2> by/messages || { cat by/messages; fail "$linker $options"; }
		rc=0; by/hello > out || rc=$?
		assert_equal "$linker $options: $rc $(head -n 1 out)" "$linker $options: 3 1 by/hello hi"
	done
done

# argv[0], and a program whose name begins with a dash
echo '#include <stdio.h>
int main(int c, char **v) { puts(v[0]); return c - 1; }' > name.c
link name.c -o ./--name
assert_equal "$("$LDSO" --argv0 other -- ./--name)" other
assert_equal "$("$LDSO" ./--name)" ./--name

# no C library at all
cat > bare.c <<'EOF'
int value = 7;
int *pointer = &value;
void _start(void) { __asm__ volatile("syscall" : : "a"(60), "D"(*pointer)); }
EOF
link -nostdlib -fPIE -pie bare.c -o bare -Wl,--dynamic-linker="$LDSO"
rc=0; ./bare || rc=$?
assert_equal $rc 7

# --verify: dynamic with interpreter, library, static
"$LDSO" --verify system/pie || fail "--verify of a program"
link -shared -fPIC name.c -o lib.so
rc=0; "$LDSO" --verify ./lib.so || rc=$?; assert_equal $rc 2
rc=0; "$LDSO" --verify system/static || rc=$?; assert_equal $rc 1
rc=0; "$LDSO" --verify hello.c || rc=$?; assert_equal $rc 1

# a loader loads a loader
assert_equal "$("$LDSO" "$LDSO" --argv0 other ./--name)" other
assert_equal "$("$LDSO" $SYSTEM_LDSO --argv0 other ./--name)" other

# what it does not know it refuses
expect_fail "$LDSO" --no-such-option ./bare
assert_contains messages "unrecognized option '--no-such-option'"
expect_fail "$LDSO"
assert_contains messages "missing program name"
expect_fail "$LDSO" ./no-such-program
assert_contains messages "./no-such-program: error while loading shared libraries: ./no-such-program: cannot open shared object file: No such file or directory"
"$LDSO" --help | grep > /dev/null -e --library-path || fail "--help"
searched() { "$@" --help | sed -n '/^Shared library search path/,/^Legacy/p' | grep -v '^Legacy' | cat -s; }
for options in "" "--library-path /a:b;/usr/lib:: --glibc-hwcaps-prepend mine:x86-64-v2 --glibc-hwcaps-mask x86-64-v3"; do
	# shellcheck disable=SC2086 # words
	diff <(searched $SYSTEM_LDSO $options) <(searched "$LDSO" $options; echo) || fail "--help $options"
done
"$LDSO" --version | grep > /dev/null gild || fail "--version"

# --help and the manual page name the same options; the page is well formed
diff <("$LDSO" --help | grep -oE '^  --[a-z0-9-]+' | tr -d ' ' | sort) \
	<(sed -n 's/^\.It Fl \(-[a-z0-9-]*\).*/-\1/p' "$GILD_SRC/docs/ld-gild.so.8" | sort) || fail "--help (<) and docs/ld-gild.so.8 (>) do not name the same options"
! have mandoc || mandoc -Tlint -Wwarning "$GILD_SRC/docs/ld-gild.so.8" > lint || { cat lint; fail "docs/ld-gild.so.8 is not well formed"; }
