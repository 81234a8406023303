#!/bin/bash
# A damaged object, archive or shared object gives an output or one clear refusal: exit 1, a message that names a file, no
# output, never a crash; of 64 bits and of 32. ROUNDS and SEED widen the search (tests/long/mutated-inputs.sh).
# smoke
# packages: gcc-multilib g++-multilib
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

$CC -O2 "$GILD_SRC/tests/fuzz/mutate.c" -o mutate
cat >a.cc <<'END'
#include <cstdio>
#include <stdexcept>
thread_local int tl = 3;
extern thread_local int other;
template <class T> struct V { virtual T f(T x) { static T c; return c += x; } virtual ~V() {} };
struct W : V<int> { int f(int x) override { if (x > 3) throw std::runtime_error("x"); return x; } };
const char *texts[] = {"one", "two", "three"};
__attribute__((constructor)) void construct() { tl++; }
int g(W &w, int x);
int main() { W w; try { printf("%d %s\n", w.f(2) + tl, texts[1]); g(w, 7); } catch (std::exception &e) { puts(e.what()); } }
END
cat >b.cc <<'END'
template <class T> struct V { virtual T f(T x) { static T c; return c += x; } virtual ~V() {} };
struct W : V<int> { int f(int x) override; };
thread_local int other = 4;
int g(W &w, int x) { return w.f(x) + other; }
END
for bits in 64 32; do
	mkdir -p "$bits"
	(
		cd "$bits"
		$CXX -m$bits -g -O1 -fPIC -ffunction-sections -fdata-sections -c ../a.cc ../b.cc
		ar rcs libb.a b.o
		$CXX -m$bits -shared a.o b.o -o libb.so
		$CC -m$bits -O1 -fPIC -x c -c - -o other.o <<<'__thread int other; int g(void *w, int x) { return x; } int main(void) { return 0; }'
	)
done

seed=${SEED:-1} rounds=${ROUNDS:-60}
for ((i = 0; i < rounds; i++)); do
	for victim in 64/a.o 64/libb.a 64/libb.so 32/a.o 32/libb.a 32/libb.so; do
		bits=${victim%/*} victim=${victim#*/}
		[ $bits = 64 ] && emulation=elf_x86_64 || emulation=elf_i386
		./mutate $((seed * 1000003 + i)) <$bits/$victim >$bits/bad-$victim
		case $victim in
		a.o) inputs="$bits/bad-a.o $bits/b.o" ;;
		libb.a) inputs="$bits/a.o $bits/bad-libb.a" ;;
		libb.so) inputs="$bits/other.o $bits/bad-libb.so" ;;
		esac
		options=$([ $((i % 3)) -ne 0 ] || echo --gc-sections)
		folding=$([ $((i % 4)) -ne 0 ] || echo --icf=all
			[ $((i % 4)) -ne 3 ] || echo --icf=safe --ignore-data-address-equality)
		case $victim-$((i % 4)) in # an object of them, and relocations that stay, in turn
		a.o-1 | libb.a-1) kind="-r -u main" ;;
		*-2) kind="-shared --emit-relocs" ;;
		*) kind="-shared $folding" ;;
		esac
		[ $((i % 2)) -ne 0 ] || options="$options --gdb-index"
		rm -f out
		rc=0
		timeout 60 "$GILD" -m $emulation $kind --eh-frame-hdr --build-id $options $inputs -o out 2>err.txt || rc=$?
		bad=
		[ $rc -le 1 ] || bad="exit status $rc"
		[ $rc -ne 1 ] || [ ! -e out ] || bad="refused, but left an output"
		[ $rc -ne 1 ] || grep -q "^gild: error: " err.txt || bad="refused without a message"
		! grep -qE "Sanitizer|runtime error" err.txt || bad="a sanitizer complains"
		if [ -n "$bad" ]; then
			echo "$bits/$victim damaged with seed $((seed * 1000003 + i)), $kind $options: $bad"
			head -30 err.txt
			exit 1
		fi
	done
done
