#!/bin/bash
# Of a COMDAT group the first copy is kept whole and every other is dropped whole: inline functions, templates, their
# statics, exception tables and debug information.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >h.h <<'END'
#include <string>
#include <vector>
inline int &counter() { static int c; return c; }
template <class T> T twice(T x) { counter()++; if (x == T(13)) throw x; return x + x; }
inline const char *who() { return WHO; } // differs between files: the first file wins
template <class T> struct S { static std::vector<T> all; };
template <class T> std::vector<T> S<T>::all{1, 2};
END
cat >a.cc <<'END'
#define WHO "first"
#include "h.h"
int b();
const char *b_who();
int main() {
	int r = twice(4) + twice(2.0) + b();
	try { twice(13); } catch (int) { r += 100; }
	S<int>::all.push_back(3);
	bool ok = r == 128 && counter() == 5 && std::string(who()) == "first" && std::string(b_who()) == "first" &&
		S<int>::all.size() == 4;
	return !ok;
}
END
cat >b.cc <<'END'
#define WHO "second"
#include "h.h"
int b() { S<int>::all.push_back(1); return twice(5) + twice(3.0); }
const char *b_who() { return who(); }
END
for cc in $COMPILERS; do
	for kind in static pie; do
		for opt in "-O0 -g" "-O0 -g -gdwarf-4 -fdebug-types-section" "-O0 -ffunction-sections -fdata-sections"; do
			[ "$cc$kind" = clinkstatic ] && continue
			$cc $opt $(cflags $kind) -c a.cc b.cc
			$cc $(ldflags $kind) a.o b.o -lstdc++ -lm -o prog 2>link.err || { cat link.err; exit 1; }
			[ ! -s link.err ] || { cat link.err; exit 1; }
			./prog || { echo "$cc $kind $opt: exit $?"; exit 1; }
			same 1 "$(nm -C prog | grep -c ' [WTu] counter()$')" "definitions of counter()"
		done
	done
done

# Debug information of a dropped copy does not disturb that of the kept one.
link -O0 -g a.cc b.cc -lstdc++ -o prog
readelf --debug-dump=info prog >info 2>warnings
[ ! -s warnings ] || { head warnings; exit 1; }
for f in _Z3whov _Z7counterv _Z1bv; do
	address=$(nm prog | awk -v f=$f '$3 == f { print $1 }')
	same $f "$(addr2line -f -e prog 0x$address | head -1)" "function found by debug info"
done

# A group defined by hand: keep or drop together, by signature.
for n in 1 2; do
	cat >g$n.s <<END
	.section .text.grp,"axG",@progbits,sig,comdat
	.weak pick
pick:	mov \$$n, %eax
	ret
	.section .data.grp,"awG",@progbits,sig,comdat
	.weak picked
picked:	.long $n
	.section .note.GNU-stack,"",@progbits
END
	link -c g$n.s
done
echo 'int pick(void); extern int picked; int main(void) { return pick() * 16 + picked; }' >m.c
link m.c g1.o g2.o -no-pie -o m
rc=0; ./m || rc=$?
same 17 $rc "first group first"
link m.c g2.o g1.o -no-pie -o m
rc=0; ./m || rc=$?
same 34 $rc "second group first"
