#!/bin/bash
# The message about an undefined symbol says what may be wrong and what helps. What is asked for is in each program here
# missing on purpose; that what helps does help is linked and run where it can be.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"
"$GILD" --version | grep -q gild || skip "only gild gives these hints"

# hint TEXT: a line ">>> ...TEXT..." of the last failed link
hint() { grep -qE -e "^>>> .*$1" err.txt || { cat err.txt; fail "no hint: $1"; }; }
no_hint() { ! grep -qE -e "^>>> .*$1" err.txt || { cat err.txt; fail "there should be no hint: $1"; }; }

cat > use.cc << 'END'
#include <string>
void paint(int);
int cfun(int);
extern "C" int cxxfun(int);
namespace ns { int gone(int); }
extern "C" int spelled_rong(void), Case_Name(void), _underscore(void);
void takes(std::string);
struct X { X(int); int get() const; };
int main() { paint(1); takes(""); X x(1); return cfun(1) + cxxfun(2) + ns::gone(1) + spelled_rong() + Case_Name() + _underscore() + x.get(); }
END
cat > have.cc << 'END'
#define _GLIBCXX_USE_CXX11_ABI 0
#include <string>
void paint(char *) {}
extern "C" int cfun(int) { return 0; }
int cxxfun(int) { return 0; }
int gone(int) { return 0; }
extern "C" int spelled_wrong(void) { return 0; }
extern "C" int case_name(void) { return 0; }
extern "C" int underscore(void) { return 0; }
void takes(std::string) {}
struct X { X(char); int get(); };
X::X(char) {}
int X::get() { return 0; }
END

similar() {
	"${compile[@]}" -c ../use.cc ../have.cc
	rm -f libhave.a
	ar rcs libhave.a have.o
	local have
	for have in have.o libhave.a; do
		local at=$have
		[ $have = have.o ] || at='libhave.a\(have.o\)'
		fails "${driver[@]}" use.o $have -lstdc++ -o prog
		for name in "paint(int)" "cfun(int)" "cxxfun" "ns::gone(int)" "spelled_rong"; do
			assert_contains err.txt "undefined reference to \`$name'"
		done
		hint "did you mean: paint\(char\*\), defined in $at$"
		hint "did you mean: extern \"C\" cfun, defined in $at\? The declaration that use.o was compiled with lacks"
		hint "did you mean: cxxfun\(int\), defined in $at\? It is a C\+\+ function there.* extern \"C\""
		hint "did you mean: gone\(int\), defined in $at$"
		hint "did you mean: spelled_wrong, defined in $at$"
		hint "did you mean: case_name, defined in $at$"
		hint "did you mean: underscore, defined in $at$"
		hint "did you mean: X::X\(char\), defined in $at$"
		hint "did you mean: X::get\(\), defined in $at$"
		hint "$at defines it with the other ABI of std::string"
		assert_equal "$(grep -c 'did you mean: X::X' err.txt)" 1 # not once for each of its two symbols
	done
	# names as they are
	fails "${driver[@]}" use.o have.o -lstdc++ -Wl,--no-demangle -o prog
	hint 'did you mean: _Z5paintPc, defined in have.o$'
}
each_compiler similar

# What differs too much is not suggested, nor is what is not defined anywhere.
cat > far.c << 'END'
int abcdefgh(void), ab(void), other(void);
int main(void) { return abcdefgh() + ab() + other(); }
END
echo 'int abxxxfgh(void) { return 0; } int ax(void) { return 0; } int othello_(void); int use(void) { return othello_(); }' > near.c
far() {
	"${compile[@]}" -c ../far.c ../near.c
	fails "${driver[@]}" far.o near.o -o prog
	assert_contains err.txt "undefined reference to \`abcdefgh'"
	no_hint 'did you mean'
}
each_compiler far

# The key function: where the vtable is.
cat > key.cc << 'END'
struct Y { virtual int work(); virtual ~Y() {} int plain(); };
int main() { Y y; return y.plain() + y.work(); }
END
key() {
	"${compile[@]}" -c ../key.cc
	fails "${driver[@]}" key.o -lstdc++ -o prog
	assert_contains err.txt "undefined reference to \`vtable for Y'"
	hint 'the key function of Y is its first virtual function that is neither inline nor pure'
	hint 'undefined as well, and may be the key function: .*Y::(plain|work)\(\)'
	assert_equal "$(grep -c 'key function of Y is' err.txt)" 1
	echo 'struct Y { virtual int work(); virtual ~Y() {} int plain(); }; int Y::work() { return 0; } int Y::plain() { return 0; }' > k.cc
	"${driver[@]}" key.o k.cc -lstdc++ -o prog
	./prog
	# without typeinfo
	echo 'struct B { virtual int f(); }; int B::f() { return 1; }' > base.cc
	echo 'struct B { virtual int f(); }; struct D : B { int f(); }; int D::f() { return 0; } int main() { D d; return d.f(); }' > derived.cc
	"${compile[@]}" -fno-rtti -c base.cc
	"${compile[@]}" -c derived.cc
	fails "${driver[@]}" base.o derived.o -lstdc++ -o prog
	hint 'base.o has the vtable of B: was it compiled with -fno-rtti'
}
each_compiler key

# The name is there, but does not count.
echo 'static int hidden_here(void) { return 0; } int f(void) { return hidden_here(); }' > local.c
echo 'int hidden_here(void); int main(void) { return hidden_here(); }' > asks.c
locals() {
	"${compile[@]}" -c ../local.c ../asks.c
	fails "${driver[@]}" local.o asks.o -o prog
	hint 'local.o has a local symbol of that name: .* must be global'
}
each_compiler locals

cat > v.c << 'END'
int listed(void) { return 0; }
int unlisted(void) { return 0; }
__attribute__((visibility("hidden"))) int invisible(void) { return 0; }
END
echo 'V1 { global: listed; local: *; };' > v.map
link -shared -fPIC v.c -Wl,--version-script=v.map -o libv.so
cat > uses-v.c << 'END'
__asm__(".symver other_version, listed@V2");
int other_version(void), unlisted(void), invisible(void);
int main(void) { return other_version() + unlisted() + invisible(); }
END
fails link uses-v.c ./libv.so -o prog
hint './libv.so has version V1 of it, not V2'
assert_equal "$(grep -c './libv.so defines it, but does not export it' err.txt)" 2
echo 'extern void *__malloc_hook; int main(void) { return __malloc_hook != 0; }' > hook.c
if readelf --dyn-syms -W /lib/x86_64-linux-gnu/libc.so.6 2> /dev/null | grep -q '__malloc_hook@GLIBC'; then
	fails link hook.c -o prog
	hint 'has it as __malloc_hook@GLIBC_2.2.5 only: programs that exist can use it'
fi

cat > first.s << 'END'
	.section .text.f,"axG",@progbits,f,comdat
	.globl f
f:	ret
	.text
	.globl main
main:	call f
	call g
	ret
END
cat > second.s << 'END'
	.section .text.f,"axG",@progbits,f,comdat
	.globl f, g
f:	ret
g:	ret
END
link -c first.s second.s
fails link first.o second.o -o prog
hint 'defined in discarded section `.text.f'"' of second.o"

# What compilers call by themselves
echo 'int main(void) { int a[2]; volatile int i = 1; return a[i] * 0; }' > san.c
sanitized() {
	"${compile[@]}" -fsanitize=address -c ../san.c
	fails "${driver[@]}" san.o -o prog
	hint 'compiled with -fsanitize=address: link with it, too'
}
each_compiler sanitized
echo 'extern int __start_things[]; int f(void) { return __start_things[0]; }' > nomain.c
fails link nomain.c -o prog
hint 'a program begins with main\(\)'
hint 'when there is a section called things: no input has one'

# Libraries that are not part of the link, once each.
mkdir own
echo 'int of_own(void) { return 0; } int more_of_own(void) { return 0; }' > own.c
link -c own.c
ar rcs own/libown.a own.o
cat > wants.c << 'END'
double cos(double);
int of_own(void), more_of_own(void);
volatile double x;
int main(void) { x = cos(x); return of_own() + more_of_own(); }
END
libraries() {
	"${compile[@]}" -O0 -fno-builtin -c ../wants.c
	fails "${driver[@]}" wants.o -L../own -o prog
	hint '/libm.so defines it: add -lm$'
	hint '../own/libown.a defines it, and 1 more of the undefined symbols: add -lown$'
	assert_equal "$(grep -c 'add -l' err.txt)" 2
	"${driver[@]}" wants.o -L../own -lm -lown -o prog
	./prog
	fails "${driver[@]}" -static wants.o -L../own -o prog
	hint '/libm.a defines it: add -lm$'
}
each_compiler libraries
echo '#include <iostream>
int main() { std::cout << 1; }' > iostream.cc
link -c iostream.cc
fails link iostream.o -o prog
hint 'libstdc\+\+.so defines it, and [0-9]* more of the undefined symbols: link with g\+\+, or add -lstdc\+\+$'

# An older library of the same name is in front of the one that has it.
mkdir old new
echo 'int since_one(void) { return 0; }' > one.c
echo 'int since_one(void) { return 0; } int since_two(void) { return 0; }' > two.c
link -shared -fPIC one.c -o old/libgrows.so
link -shared -fPIC two.c -o new/libgrows.so
echo 'int since_one(void), since_two(void); int main(void) { return since_one() + since_two(); }' > grows.c
fails link grows.c -Lold -Lnew -lgrows -o prog
hint 'new/libgrows.so defines it: the link has old/libgrows.so, which lacks it: is that another version'

# -lNAME that finds nothing
echo 'int main(void) { return 0; }' > main.c
link -c main.c
fails link main.o -Lnew -lgrow -o prog
assert_contains err.txt "unable to find library -lgrow"
hint 'did you mean: -lgrows\? There is new/libgrows.so$'
fails link main.o -Lnew -static -lgrows -o prog
hint 'new/libgrows.so is there, but with -static -lgrows looks for libgrows.a$'
mv new/libgrows.so new/libgrows.so.2
fails link main.o -Lnew -lgrows -o prog
hint 'new/libgrows.so.2 is there, but -lgrows looks for libgrows.so: .* -l:libgrows.so.2 takes that file$'
link main.o -Lnew -l:libgrows.so.2 -o prog
mv new/libgrows.so.2 new/libgrows.so
fails link main.o -Lnew -lnothinglikeit -o prog
no_hint 'did you mean|is there, but'

# Options that are nearly known
fails "$GILD" main.o --gc-setcions -o prog
hint 'did you mean: --gc-sections$'
fails "$GILD" main.o --nothing-like-it -o prog
no_hint 'did you mean'

# Libraries may be anything: broken ones, for other machines, folders, pipes, what cannot be read.
mkdir odd
echo 'garbage' > odd/libgarbage.so
: > odd/libempty.a
mkdir odd/libfolder.so
head -c 3000 own/libown.a > odd/libcut.a
head -c 300 new/libgrows.so > odd/libcut.so
ln -s libloop.so odd/libloop.so
mkfifo odd/libpipe.so
echo 'INPUT(/nonexistent/libx.so) GROUP ( ' > odd/libscript.so
fails timeout 30 "$CC" -B"$GILD_BIN" grows.c -Lodd -Lold -lgrows -o prog
assert_contains err.txt "undefined reference to \`since_two'"

# The search does not take long: of 2,000 archives of 2,000 names each it reads as many each time.
mkdir many
for i in $(seq 2000); do echo "	.globl name_$i"; echo "name_$i:"; done > many.s
"$CC" -c many.s
ar rcs many.a many.o
tee many/lib{1..2000}.a < many.a > tee.out
echo 'int in_none_of_them(void); int main(void) { return in_none_of_them(); }' > none.c
link -c none.c
start=$(date +%s%N)
fails link none.o -Lmany -o prog
assert_contains err.txt "undefined reference to \`in_none_of_them'"
[ $((($(date +%s%N) - start) / 1000000)) -lt 10000 ] || fail "the search is not bounded"
hint 'the search for a library that defines it was given up: [0-9]+ of [0-9]+ files were read$'
mv err.txt once.txt
fails link none.o -Lmany -o prog
cmp err.txt once.txt

# The same for any number of threads.
link -c use.cc have.cc
for threads in 1 2 4; do
	fails link use.o have.o -lstdc++ -Wl,--threads=$threads -o prog
	mv err.txt err.$threads
done
cmp err.1 err.2 && cmp err.1 err.4
