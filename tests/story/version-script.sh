#!/bin/bash
# A version script gives symbols versions and hides the rest: exact names before patterns, extern "C++", two versions of
# one function with .symver, inheritance between versions, and a program records which versions it needs.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >lib.c <<'END'
__asm__(".symver old_f, f@V1");
__asm__(".symver new_f, f@@V2");
int old_f(void) { return 1; }
int new_f(void) { return 2; }
int api_one(void) { return 10; }
int api_two(void) { return 20; }
int secret(void) { return 99; }
int api_secret(void) { return 98; }
int late_1 = 5;
END
cat >cxx.cc <<'END'
namespace ns { int f(int x) { return x; } int f(long x) { return 0; } struct C { C(); }; C::C() {} int hidden() { return 0; } }
END
cat >lib.map <<'END'
# a comment
V1 { global: f; api_*; local: api_secret; *; };
V2 { global: f; "late_1"; extern "C++" { "ns::f(int)"; ns::C::*; }; } V1;
END
cat >main.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
int f(void), api_one(void), old(void);
extern int late_1;
__asm__(".symver old, f@V1");
int main(void) {
	void *h = dlopen("./libv.so", RTLD_NOW);
	int (*v1)(void) = dlvsym(h, "f", "V1"), (*v2)(void) = dlvsym(h, "f", "V2"), (*any)(void) = dlsym(h, "f");
	if (f() != 2 || old() != 1 || api_one() != 10 || late_1 != 5) return 1;
	if (v1() != 1 || v2() != 2 || any() != 2) return 2;
	return dlsym(h, "secret") || dlsym(h, "api_secret") || dlvsym(h, "f", "V3") ? 3 : 0;
}
END
for cc in $COMPILERS; do
	$cc -fPIC -c lib.c cxx.cc
	$cc -shared lib.o cxx.o -Wl,--version-script=lib.map -Wl,-soname,libv.so -o libv.so
	for kind in $DYNAMIC_KINDS; do
		$cc $(cflags $kind) $(ldflags $kind) main.c -L. -lv -Wl,-rpath,. -o prog
		./prog || { echo "$cc $kind: exit $?"; exit 1; }
	done
done

readelf --dyn-syms -W libv.so | awk '$7 != "UND" && $5 != "LOCAL" && NR > 3 && $8 !~ /^V[12]/ { print $8 }' | sort >exported
cat >expected <<'END'
_ZN2ns1CC1Ev@@V2
_ZN2ns1CC2Ev@@V2
_ZN2ns1fEi@@V2
api_one@@V1
api_two@@V1
f@@V2
f@V1
late_1@@V2
END
LC_ALL=C sort exported | diff expected - || { echo "exported symbols differ"; exit 1; }

readelf -VW libv.so >versions
assert_contains versions "Flags: BASE  Index: 1  Cnt: 1  Name: libv.so"
assert_contains versions "Name: V1"
assert_contains versions "Parent 1: V1"
readelf -VW prog >needs
assert_contains needs "File: libv.so"
assert_contains needs "Name: V2"
assert_contains needs "Name: V1"
assert_contains needs "GLIBC_"

# A program that needs a version the library no longer has does not start.
sed 's/V2/V9/g; s/@@V2/@@V9/' lib.map >lib9.map
sed 's/@@V2/@@V9/' lib.c >lib9.c
link -fPIC -shared lib9.c cxx.o -Wl,--version-script=lib9.map -Wl,-soname,libv.so -o libv.so
fails ./prog
assert_contains err.txt "version \`V2' not found"

# The anonymous version only hides.
echo '{ global: api_one; local: *; };' >anon.map
link -fPIC -shared cxx.cc -x c - -Wl,--version-script=anon.map -o anon.so <<<'int api_one(void) { return 1; } int other(void) { return 2; }'
same "api_one" "$(readelf --dyn-syms -W anon.so | awk '$7 != "UND" && $5 == "GLOBAL" { print $8 }')" "anonymous version"

# Errors
echo 'V1 { global: x' >bad.map
fails link -fPIC -shared lib.o cxx.o -Wl,--version-script=bad.map -o bad.so
assert_contains err.txt bad.map
fails link -fPIC -shared lib.o cxx.o -Wl,--version-script=nosuch.map -o bad.so
assert_contains err.txt nosuch.map
[ ! -e bad.so ]
