#!/bin/bash
# --cref prints who defines and who uses each symbol: in the map if there is one, otherwise on standard output.
set -eu
. "$GILD_SRC/tests/lib.sh"

echo 'int f(int), g(int); int shared; int main(void) { return f(1) + shared - 2; }' >main.c
echo 'int g(int); int shared; int f(int x) { return g(x); }' >f.c
echo 'int g(int x) { return x + 1; } int unused(void) { return 1; }' >g.c
echo '#include <unistd.h>
namespace n { int lives(int x) { return getpid() + x; } } extern "C" int h(int x) { return n::lives(x); }' >h.cc
$CC -fcommon -c main.c f.c g.c
ar rcs libg.a g.o

link main.o f.o libg.a -o prog -Wl,--cref >table
assert_equal "$(head -n 4 table | tr '\n' '|')" "|Cross Reference Table||Symbol                                            File|"
# of NAME: its files, those that define it first
of() { awk -v name="$1" 'NR > 4 { if (NF > 1) symbol = $1; if (symbol == name) printf "%s ", $NF }' "${2:-table}"; }
assert_equal "$(of f)" "f.o main.o "
assert_equal "$(of g)" "libg.a(g.o) f.o "
assert_equal "$(of shared)" "main.o f.o "
assert_equal "$(of unused)" "libg.a(g.o) "
assert_equal "$(of main | sed 's|/[^ ]*/||')" "main.o Scrt1.o "
assert_contains table "f                                                 f.o"
# what only a library of the system knows is of no interest
assert_lacks table "wcscoll"

# names are sorted
awk 'NR > 4 && NF > 1 { print $1 }' table >names
LC_ALL=C sort names | diff names - || fail "names are not sorted"

# in the map
link main.o f.o libg.a -o prog -Wl,--cref,-Map=prog.map >out
[ ! -s out ] || fail "something on standard output"
sed -n '/^Cross Reference Table/,$p' prog.map | diff <(sed 1d table) - || fail "the table of the map is another one"
link main.o f.o libg.a -o prog -Wl,--cref,--no-cref >out
[ ! -s out ] || fail "--no-cref prints a table"

# demangled; a definition in a shared object comes before what refers to it
link++ -c h.cc
link++ -shared -fPIC h.cc -o libh.so -Wl,--cref >table
grep -q '^n::lives(int)' table || fail "not demangled"
assert_equal "$(of getpid | sed -E 's|/[^ ]*/||g; s/[^ ]*\.o /h.o /')" "libc.so.6 h.o "

# what a dropped COMDAT group defines is a use
echo 'inline int common_function(int x) { return x; } int (*p'"1"')(int) = common_function;' >c1.cc
sed 's/p1/p2/' c1.cc >c2.cc
echo 'int main() { return 0; }' >m.cc
$CXX -c c1.cc c2.cc m.cc
link++ m.o c1.o c2.o -o prog -Wl,--cref,--no-demangle >table
assert_equal "$(of _Z15common_functioni)" "c1.o c2.o "

# The same as GNU ld's, of what is in our files.
have ld.bfd || skip "no ld.bfd to compare with"
link main.o f.o libg.a -o prog -Wl,--cref >table
$CC -fuse-ld=bfd main.o f.o libg.a -o prog -Wl,--cref >bfd
for name in f g unused main; do assert_equal "$(of $name)" "$(of $name bfd)"; done
