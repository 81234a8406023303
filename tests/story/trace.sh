#!/bin/bash
# -t names the files a link opens, then the archive members it takes, on standard output: programs read it (Python's
# ctypes.util.find_library). -y says who defines and who uses a symbol.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"

echo 'int f(int), s(void); int main(void) { return f(-1) + s(); }' >main.c
echo 'int g(int); int f(int x) { return g(x); }' >f.c
echo 'int g(int x) { return x + 1; }' >g.c
echo 'int unused(void) { return 1; }' >unused.c
echo 'int s(void) { return 0; }' >s.c
$CC -c main.c f.c g.c unused.c
ar rcs libf.a f.o g.o unused.o
link -shared -fPIC s.c -o libs.so

# -t: what is opened, in that order, and members that are taken
link main.o -L. -lf -ls -Wl,-rpath,"$PWD" -o prog -Wl,-t >out 2>err
./prog
[ ! -s err ] || fail "something on standard error"
assert_equal "$(grep -E '^(\./|main)' out | tr '\n' ' ')" "main.o ./libf.a ./libs.so ./libf.a(f.o) ./libf.a(g.o) "
grep -qE '^/.*/Scrt1\.o$' out || fail "Scrt1.o is missing"
grep -qE '^/.*/libc\.so\.6$' out || fail "what the script libc.so names is missing"
link main.o -L. -lf -ls -Wl,-rpath,"$PWD" -o prog -Wl,--trace | diff out -

link main.o -L. -lf -ls -o prog -Wl,-tt | diff out -
link main.o -L. -Wl,--whole-archive -lf -Wl,--no-whole-archive -ls -o prog -Wl,-t | grep -qxF './libf.a(unused.o)'

# names come although the link fails, as for ctypes
expect_fail "$GILD" -t main.o -o /dev/null
assert_contains messages main.o
if have python3; then
	mkdir -p bin
	ln -sf "$GILD" bin/ld
	found=$(PATH=$PWD/bin:$PATH python3 -c 'import ctypes.util as u; print(u._findLib_ld("m"))')
	case $found in */libm.so.*) ;; *) fail "ctypes.util finds '$found' for m" ;; esac
fi

# -y
link main.o -L. -lf -ls -o prog -Wl,-y,f,-y,g,--trace-symbol=s,-yabsent >out
cat >wanted <<'END'
main.o: reference to f
main.o: reference to s
./libf.a(f.o): definition of f
./libf.a(f.o): reference to g
./libf.a(g.o): definition of g
./libs.so: definition of s
END
diff <(sed 's/^trace-symbol: //' out) wanted

# also when the symbol is the reason that the link fails
expect_fail link main.o -L. -lf -o prog -Wl,-y,s
assert_contains messages "main.o: reference to s"

# what a dropped COMDAT group has is a reference; the library that --as-needed drops plays no part
echo 'inline int shared_by_all(int x) { return x; } int (*p1)(int) = shared_by_all;' >c1.cc
sed 's/p1/p2/' c1.cc >c2.cc
echo 'int main() { return 0; }' >m.cc
$CXX -c c1.cc c2.cc m.cc
link++ m.o c1.o c2.o -Wl,--as-needed ./libs.so -o prog -Wl,-y,_Z13shared_by_alli,-y,s >out
cat >wanted <<'END'
c1.o: definition of _Z13shared_by_alli
c2.o: reference to _Z13shared_by_alli
END
diff <(sed 's/^trace-symbol: //' out) wanted

# GNU ld says the same, on standard error
have ld.bfd || skip "no ld.bfd to compare with"
link main.o -L. -lf -ls -o prog -Wl,-y,f,-y,g,-y,s | sed 's/^trace-symbol: //' >ours
$CC -fuse-ld=bfd main.o -L. -lf -ls -o prog -Wl,-y,f,-y,g,-y,s 2>&1 | sed 's/^[^ ]*: //' | diff ours -
