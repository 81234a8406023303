#!/bin/bash
# Programs and libraries linked by the linker under test mean the same as those linked by GNU ld: the same dynamic symbols
# with versions, needed libraries, globals, sections, relocations, segments and output.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"
have ld.bfd || skip "no ld.bfd to compare with"

mkdir reference
ln -s "$(command -v ld.bfd)" reference/ld
bad=0
compare() { # NAME DRIVER ARGS...
	local name=$1
	shift
	if ! "$GILD_SRC/tests/differential/compare-links.sh" "$GILD_BIN" "$PWD/reference" "$@" >comparison.txt 2>&1; then
		echo "== $name: $*"
		cat comparison.txt
		bad=1
	fi
}

cat >hello.c <<'END'
#include <stdio.h>
int data = 1, zero; const char *const names[] = {"a", "b"}; static int hidden(void) { return zero; }
int main(void) { return printf("hello %s\n", names[data]) - 8 + hidden(); }
END
cat >lib.c <<'END'
#include <stdlib.h>
#include <string.h>
int value = 3; __thread int tls = 4; const int table[3] = {1, 2, 3}; char big[100];
__attribute__((visibility("hidden"))) int hid(void) { return 5; }
__attribute__((weak)) int weakling(void) { return hid(); }
__attribute__((weak)) extern int absent(void);
static int two(void) { return 2; } static void *pick(void) { return two; }
int indirect(void) __attribute__((ifunc("pick")));
int (*table_of_pointers[])(void) = {weakling, indirect, hid, two};
int use(void) { free(strdup("x")); return absent ? absent() : value + tls + weakling() + indirect(); }
END
cat >uses.c <<'END'
#include <stdio.h>
extern int value; extern __thread int tls; extern const int table[3]; int use(void), weakling(void), indirect(void);
int (*p)(void) = weakling;
int main(void) { printf("%d %d %d %d %d\n", value, tls, table[1], use(), p == weakling ? p() : -1); return indirect() - 2; }
END
cat >cxx.cc <<'END'
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
struct Base { virtual ~Base() = default; virtual int f() { return 1; } };
struct Derived : Base { int f() override { throw std::runtime_error("thrown"); } };
std::map<std::string, int> all{{"x", 1}};
thread_local std::string local = "tls";
int main() { Base *b = new Derived; try { b->f(); } catch (std::exception &e) { std::cout << e.what() << local << all["x"] << "\n"; } delete b; }
END
cat >versions.c <<'END'
__asm__(".symver old_f, f@V1"); __asm__(".symver new_f, f@@V2");
int old_f(void) { return 1; } int new_f(void) { return 2; } int g_one(void) { return 3; } int internal(void) { return 4; }
END
echo 'V1 { global: f; g_*; local: *; }; V2 { global: f; } V1;' >map
link -fPIC -shared lib.c -o liblib.so

for kind in $KINDS; do
	compare "C $kind" gcc $(cflags $kind) $(ldflags $kind) hello.c
	compare "library and user in one, $kind" gcc $(cflags $kind) $(ldflags $kind) uses.c lib.c
done
for kind in $DYNAMIC_KINDS; do
	compare "uses a library, $kind" gcc $(cflags $kind) $(ldflags $kind) uses.c ./liblib.so
	compare "uses a library, $kind, now" gcc $(cflags $kind) $(ldflags $kind) -Wl,-z,now uses.c ./liblib.so
	compare "C++ $kind" g++ -g $(cflags $kind) $(ldflags $kind) cxx.cc
done
compare "C++ static" g++ -static cxx.cc
compare "exports" gcc -rdynamic hello.c
compare "shared library" gcc -fPIC -shared lib.c -Wl,-soname,liblib.so.1
# GNU ld leaves IFUNCs and TLS of a symbolic library to the loader by name; what binds here needs no name
IGNORE=relocations compare "symbolic shared library" gcc -fPIC -shared lib.c -Wl,-Bsymbolic
compare "C++ shared library" g++ -fPIC -shared cxx.cc
compare "version script" gcc -fPIC -shared versions.c -Wl,--version-script=map,-soname,libv.so
gcc -fPIC -shared versions.c -Wl,--version-script=map,-soname,libv.so -o libv.so
echo 'int f(void), g_one(void); int main(void) { return f() + g_one() - 5; }' >needs.c
compare "needs versions" gcc needs.c ./libv.so -Wl,-rpath,.
compare "stripped, sysv hash" gcc hello.c -s -Wl,--hash-style=sysv
exit $bad
