#!/bin/bash
# Names that are made to do harm: mangled ones that stand for gigabytes of text, ones that write to the terminal or look like another
# message; versions without end, and response files that name each other.
# asan
# not verify: most of it is refused
set -eu
. "$GILD_SRC/tests/lib.sh"

quick() { timeout 60 "$@" > messages 2>&1 || [ $? -eq 1 ] || { head -c 1000 messages; fail "does not end well: $*"; }; }

# Each part of the name is a pair of the one before.
digits=0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ
name=_Z1f1AIiiE part=S_
for ((i = 0; i < 36; i++)); do
	name+=S_I$part${part}E part=S${digits:i:1}_
done
printf '	.globl _start, %s\n_start: call undefined_%s\n	call %s\n%s: ret\n' "$name" "$name" "${name/1f/1g}" "$name" > names.s
"$CC" -c names.s
quick "$GILD" names.o -o names
assert_contains messages "undefined symbol: ${name/1f/1g}"
quick "$GILD" -shared names.o -z undefs --version-script=<(echo 'V { global: extern "C++" { f*; }; };') -o names.so
quick "$GILD" -shared names.o -z undefs -o names.so
quick "$GILD" abi dump names.so
quick "$GILD" explain names.so
echo '	call _ZN5space4nameEi; call _RNvC5crate4name' | "$CC" -c -x assembler - -o good.o
quick "$GILD" good.o -o good
assert_contains messages "undefined symbol: space::name(int)"
assert_contains messages "undefined symbol: crate::name"

# What is not a letter of any language is shown as ?
printf '	call "aQgild: error: \302\2331m\033[1m"\n' > control.s
"$CC" -c control.s
LC_ALL=C sed -i 's/aQgild/a\ngild/' control.o
quick "$GILD" control.o -o control
assert_contains messages "undefined symbol: a"
assert_contains messages ">>> gild: error: ?1m?[1m"
[ "$(grep -c '^gild: error' messages)" -eq 1 ] || fail "a name looks like a message"

echo '	ret' | "$CC" -c -x assembler - -o none.o
printf 'SECTIONS { ASSERT(0, "one line\ntwo lines") }' > lines.ld
expect_fail "$GILD" -T lines.ld none.o -o none
assert_contains messages "one line"
assert_contains messages ">>> two lines"

# Names too long to be read are matched with patterns all the same.
cat > long.cc <<'END'
template <class A, class B> struct pair {};
#define TWICE(next, of) typedef pair<of, of> next;
struct long_name_of_a_structure {};
typedef long_name_of_a_structure t0;
TWICE(t1, t0) TWICE(t2, t1) TWICE(t3, t2) TWICE(t4, t3) TWICE(t5, t4) TWICE(t6, t5)
TWICE(t7, t6) TWICE(t8, t7) TWICE(t9, t8) TWICE(t10, t9) TWICE(t11, t10) TWICE(t12, t11)
namespace space { void name(t12) {} }
END
"$CXX" -c -fPIC long.cc
[ "$(nm long.o | c++filt | wc -c)" -gt 65536 ] || fail "the name is short"
echo 'V1 { global: extern "C++" { space::*; }; local: *; };' > long.map
"$GILD" -shared long.o --version-script=long.map -o long.so
[ "$(nm -D long.so | grep -c ' T _ZN5space4nameE')" -eq 1 ] || fail "not exported: space::name"

# A version's number has 15 bits.
for ((i = 0; i < 33000; i++)); do echo "V$i {};"; done > many.map
expect_fail "$GILD" -shared none.o --version-script=many.map -o many
assert_contains messages "there are 33001 versions; a symbol can have one of 32767"

# Each file names the next one twice.
for ((i = 0; i < 24; i++)); do echo "@words$((i + 1)) @words$((i + 1))" > words$i; done
echo > words24
expect_fail timeout 60 "$GILD" @words0
assert_contains messages "more than 4096 response files are read"
