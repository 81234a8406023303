#!/bin/bash
# Compact relocations (clang --crel) mean the same as ordinary ones: programs run, and -r makes the same object of both.
set -eu
. "$GILD_SRC/tests/lib.sh"

compiler=
for candidate in clang-19 clang-20 clang-21 clang; do
	have $candidate && $candidate -x c -c /dev/null -o crel.o -Wa,--crel,--allow-experimental-crel 2>/dev/null || continue
	compiler=$candidate
	break
done
[ -n "$compiler" ] || skip "no clang that knows --crel"

cat >a.cc <<'END'
#include <cstdio>
#include <stdexcept>
thread_local int here = 3;
template <class T> struct Box { virtual T get(T x) { return x + here; } virtual ~Box() {} };
int thrown(int x) { try { if (x) throw std::runtime_error("x"); } catch (std::exception &) { return 5; } return 0; }
const char *texts[] = {"one", "two"};
int main() { Box<int> box; printf("%d %d %s\n", box.get(1), thrown(1), texts[1]); }
END
for options in "-O0 -fPIE" "-O2 -g -ffunction-sections -fPIE"; do
	"$compiler" --driver-mode=g++ $options -c a.cc -o plain.o
	"$compiler" --driver-mode=g++ $options -Wa,--crel,--allow-experimental-crel -c a.cc -o crel.o
	cmp -s plain.o crel.o && fail "the compiler wrote no compact relocations"
	link++ crel.o -o prog
	assert_equal "$(./prog)" "4 5 two"
	"$GILD" -r plain.o -o plain-r.o
	"$GILD" -r crel.o -o crel-r.o
	cmp plain-r.o crel-r.o || fail "-r makes different objects"
	link++ crel-r.o -Wl,--gc-sections -o prog
	assert_equal "$(./prog)" "4 5 two"
done
size=$(($(wc -c <crel.o) / 2))
head -c $size crel.o >cut.o
expect_fail "$GILD" cut.o -o prog
