#!/bin/bash
# gild explain: it names the bindings that the system's loader makes, for real programs and for each rule of lookup; the order of
# constructors; what the loader has to do; and it runs nothing.
# packages: python3
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/explain.bash"

[ "$(uname -m)" = x86_64 ] && [ -e /lib64/ld-linux-x86-64.so.2 ] || skip "for x86-64 and glibc"

# --- real programs
compared=0 total=0
for prog in ls bash perl git tar grep awk make ssh curl gpg vim gdb apt as objdump openssl cmake tmux; do
	path=$(realpath "/usr/bin/$prog") && [ -e "$path" ] || continue
	readelf -l "$path" 2> /dev/null | grep -q /lib64/ld-linux-x86-64.so.2 || continue
	same_bindings "$path" || continue
	total=$((total + bindings)) compared=$((compared + 1))
	"$GILD" explain --json "$path" > explained.json || fail "gild explain --json $path"
	# Whose constructors the loader calls, in order. The loader itself has none that count.
	(LD_DEBUG=files LD_DEBUG_OUTPUT=$PWD/files "$path" --version > /dev/null 2>&1 < /dev/null || :)
	sed -n -e '/initialize program/q' -e 's/.*calling init: //p' files.* | grep -v ld-linux > order-theirs || :
	rm files.*
	python3 -c '
import json
for object in json.load(open("explained.json"))["constructor_order"][:-1]:
    if object["constructors"] and "ld-linux" not in object["path"]: print(object["path"])' > order-ours
	diff order-theirs order-ours || fail "$path: the order of constructors"
done
[ $compared -ge 5 ] || fail "only $compared programs to compare"

# --- a program in which each rule has a case
cat > first.c <<'END'
int both(void) { return 1; }
int data_in_lib = 5;
int with_address(void) { return 7; }
__thread int thread_variable;
static int variant1(void) { return 1; }
static void *choose(void) { return variant1; }
int variants(void) __attribute__((ifunc("choose")));
int versioned(void) { return 1; }
END
cat > second.c <<'END'
int both(void) { return 2; }
extern int both(void), nowhere(void) __attribute__((weak));
__attribute__((visibility("hidden"))) int hidden(void) { return 5; }
int (*hidden_address)(void) = hidden;
int second(void) { return both() + (nowhere ? nowhere() : 0) + hidden(); }
END
echo 'int both(void) { return 3; } int third(void) { return both(); }' > third.c
echo 'int both(void) { return 5; } int fourth(void) { return both(); }' > fourth.c
echo 'template <class T> struct S { static int n; }; template <class T> int S<T>::n = 3; extern "C" int *NAME() { return &S<int>::n; }' > unique.cc
echo 'int both(void) { return 4; }' > preload.c
cat > main.c <<'END'
#include <stdio.h>
extern int both(void), second(void), third(void), with_address(void), variants(void), versioned(void), data_in_lib, fourth(void);
extern __thread int thread_variable;
extern int *unique1(void), *unique2(void);
int (*pointer)(void) = with_address;
__attribute__((constructor)) static void never(void) { puts("code has run"); }
int main(void) { return both() + second() + third() + fourth() + data_in_lib + thread_variable + variants() + versioned() + *unique1() + *unique2(); }
END
echo 'V1 { global: both; data_in_lib; with_address; thread_variable; variants; versioned; };' > map
link -shared -fPIC first.c -Wl,-soname,libfirst.so -Wl,--version-script=map -o libfirst.so
link -shared -fPIC second.c -Wl,-soname,libsecond.so -o libsecond.so
link -shared -fPIC third.c -Wl,-soname,libthird.so -o libthird.so
# -Bsymbolic without the linker's help: DT_RELACOUNT becomes DT_SYMBOLIC.
python3 - <<'END'
data = open('libthird.so', 'rb').read()
tag = (0x6ffffff9).to_bytes(8, 'little')
assert data.count(tag) == 1
open('libthird.so', 'wb').write(data.replace(tag, (16).to_bytes(8, 'little')))
END
# So does a protected symbol that the linker left to the loader: the visibility in the symbol table.
link -shared -fPIC fourth.c -Wl,-soname,libfourth.so -o libfourth.so
python3 - <<'END'
import subprocess
def readelf(option): return subprocess.run(['readelf', '-W', option, 'libfourth.so'], capture_output=True, text=True).stdout.splitlines()
table = next(line.replace('[ ', '[').split() for line in readelf('-S') if ' .dynsym ' in line)
index = next(int(line.split(':')[0]) for line in readelf('--dyn-syms') if line.endswith(' both'))
data = bytearray(open('libfourth.so', 'rb').read())
data[int(table[4], 16) + 24 * index + 5] = 3
open('libfourth.so', 'wb').write(data)
END
link++ -shared -fPIC -DNAME=unique1 unique.cc -Wl,-soname,libunique1.so -o libunique1.so
link++ -shared -fPIC -DNAME=unique2 unique.cc -Wl,-soname,libunique2.so -o libunique2.so
link -shared -fPIC preload.c -o preload.so
link -no-pie -fno-pic main.c ./libfirst.so ./libsecond.so ./libthird.so ./libfourth.so ./libunique1.so ./libunique2.so -Wl,-rpath,'$ORIGIN' -o prog
same_bindings ./prog || fail "no bindings of ./prog"
same_bindings ./prog ./preload.so || fail "with a preload"
here=$PWD
"$GILD" explain --all ./prog > all
assert_lacks all "code has run"
line() { grep -qxF -- "$1" all || { cat all; fail "no line: $1"; }; }
line "./prog -> $here/libfirst.so: both@V1 (first)"
line "$here/libsecond.so -> $here/libfirst.so: both (interposed before $here/libsecond.so)"
line "$here/libthird.so -> $here/libthird.so: both (symbolic)"
line "./prog -> $here/libfirst.so: data_in_lib@V1 (copy)"
line "$here/libfourth.so -> $here/libfourth.so: both (protected)"
line "$here/libsecond.so -> nobody: nowhere (weak)"
line "./prog -> $here/libfirst.so: variants@V1 (only)"
grep -q "libunique2.so -> $here/libunique1.so: _ZN1SIiE1nE (unique)" all || { cat all; fail "no unique symbol"; }
"$GILD" explain --all --preload=./preload.so ./prog > all
line "./prog -> ./preload.so: both@V1 (preloaded before $here/libfirst.so)"
# A function whose address the program takes without a GOT, and a variable it copied: others use the program's.
echo 'extern int with_address(void), data_in_lib; int *p = &data_in_lib; int (*f)(void) = with_address;' > uses.c
link -shared -fPIC uses.c ./libfirst.so -Wl,-soname,libuses.so -o libuses.so
link -no-pie -fno-pic -xc - -xnone -Wl,--no-as-needed,-rpath,'$ORIGIN' ./libfirst.so ./libuses.so -o takes <<< 'extern int with_address(void), data_in_lib; int main(void) { return (long)with_address + data_in_lib; }'
same_bindings ./takes
"$GILD" explain --all ./takes > all
line "$here/libuses.so -> ./takes: with_address@V1 (canonical-plt)"
line "$here/libuses.so -> ./takes: data_in_lib@V1 (copied)"

# --- one symbol
says() {
	local text=$1
	shift
	"$@" > out 2>&1 || { cat out; fail "$*"; }
	assert_contains out "$text"
	assert_lacks out "code has run"
}
says "Used by" "$GILD" explain --symbol=both ./prog
assert_contains out "binds to $here/libfirst.so,"
assert_contains out "the first in the search order that defines it"
assert_contains out "it takes the place of $here/libsecond.so"
assert_contains out "itself: -Bsymbolic makes it ask itself first"
assert_contains out "$here/libfirst.so: both@@V1, function,"
assert_contains out "when it is first called"
says "variants: a resolver function chooses one" "$GILD" explain -s variants@V1 ./prog
says "thread-local variable, version V1" "$GILD" explain -s thread_variable ./prog
says "(S<int>::n)" "$GILD" explain -s _ZN1SIiE1nE ./prog
says "unique variable" "$GILD" explain -s _ZN1SIiE1nE ./prog
says "No relocation refers to it" "$GILD" explain -s getpwnam ./prog
expect_fail "$GILD" explain -s no_such_symbol ./prog
assert_contains messages "nobody uses or defines no_such_symbol"
says '"rule": "copy"' "$GILD" explain --json -s data_in_lib ./prog
python3 -m json.tool < out > pretty || fail "no JSON"

# --- the summary
says "Search order" "$GILD" explain ./prog
assert_contains out "    2  $here/libfirst.so (RUNPATH of ./prog)"
assert_contains out "both: libsecond.so -> libfirst.so, not libsecond.so"
assert_contains out "data_in_lib: ./prog -> libfirst.so"
assert_contains out "both: libfourth.so -> libfourth.so"
assert_contains out "Each thread gets"
relocations=$(readelf -rW prog | grep -c R_X86_64_JUMP_SLO)
grep -qE "^ +[0-9]+ +[0-9]+ +$relocations later .* ./prog$" out || { cat out; fail "not $relocations calls"; }
link -no-pie -fno-pic main.c ./libfirst.so ./libsecond.so ./libthird.so ./libfourth.so ./libunique1.so ./libunique2.so -Wl,-z,now,-rpath,'$ORIGIN' -o now
says "libsecond.so" "$GILD" explain ./now
! grep -qE "later .* ./now$" out || { cat out; fail "-z now is not lazy"; }
link -static -xc - -o static <<< 'int main(void) { return 0; }' 2> /dev/null && says "./static is a static program." "$GILD" explain ./static
link -static-pie -xc - -o static-pie <<< 'int main(void) { return 0; }' 2> /dev/null && says "no loader takes part" "$GILD" explain ./static-pie
says "libthird.so is a shared library." "$GILD" explain libthird.so
# what is missing
mv libthird.so away
expect_fail "$GILD" explain ./prog
assert_contains messages "library libthird.so, needed by ./prog"
assert_contains messages "symbol third, used by ./prog"
mv away libthird.so
expect_fail "$GILD" explain main.c
assert_contains messages "gild explain: main.c: not an ELF file"
says "Usage: gild explain" "$GILD" explain --help

# --- damaged files
mkdir damaged
for ((i = 0; i < ${ROUNDS:-100}; i++)); do
	perl "$GILD_SRC/tests/damage.pl" libfirst.so damaged/libfirst.so $((${SEED:-1} * 100000 + i))
	for option in --symbol=both --all --json; do
		rc=0
		LD_LIBRARY_PATH=damaged timeout 20 "$GILD" explain $option --inhibit-rpath=./prog:./takes ./takes > out 2>&1 || rc=$?
		[ $rc -le 1 ] || { cat out; fail "round $i: exit code $rc with $option"; }
	done
done
echo "$compared programs compared, $total bindings"
