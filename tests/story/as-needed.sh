#!/bin/bash
# --as-needed records only libraries that resolve a non-weak reference; --no-as-needed records them all, once each, in
# command-line order.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

for n in 1 2 3 4; do
	echo "int f$n(void) { return $n; }" >f$n.c
	link -fPIC -shared f$n.c -Wl,-soname,lib$n.so -o lib$n.so
done
cat >main.c <<'END'
int f1(void), f3(void);
__attribute__((weak)) int f4(void);
int main(void) { return f1() + f3() != 4; }
END
needed() { readelf -dW prog | sed -n 's/.*NEEDED.*\[\(.*\)\].*/\1/p' | grep -v libc.so | tr '\n' ' '; }
export LD_LIBRARY_PATH=.

link main.c -L. -Wl,--as-needed -l2 -l3 -l1 -l4 -o prog
./prog
same "lib3.so lib1.so " "$(needed)" "--as-needed"
link main.c -L. -Wl,--no-as-needed -l2 -l3 -l1 -l4 -l3 -o prog
./prog
same "lib2.so lib3.so lib1.so lib4.so " "$(needed)" "--no-as-needed"
link main.c -L. -Wl,--as-needed -l2 -Wl,--no-as-needed -l3 -l1 -l4 -o prog
./prog
same "lib3.so lib1.so lib4.so " "$(needed)" "mixed"
link main.c -L. -Wl,--no-as-needed,--push-state,--as-needed -l2 -l3 -Wl,--pop-state -l4 -l1 -o prog
./prog
same "lib3.so lib4.so lib1.so " "$(needed)" "--push-state"

# needed by another library only: the executable does not record it
echo 'int f2(void); int f5(void) { return f2(); }' >f5.c
link -fPIC -shared f5.c -Wl,-soname,lib5.so -L. -l2 -o lib5.so
echo 'int f5(void); int main(void) { return f5() != 2; }' >main.c
link main.c -L. -Wl,--as-needed -l5 -l2 -Wl,-rpath-link,. -o prog
./prog
same "lib5.so " "$(needed)" "indirect need"
