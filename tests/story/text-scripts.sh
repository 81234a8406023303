#!/bin/bash
# A library may be a small text script (as libc.so is): INPUT, GROUP, AS_NEEDED, SEARCH_DIR, comments, commas, -l names;
# paths are looked for beside the script and along -L.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

mkdir -p lib other deep
for n in 1 2 3; do echo "int f$n(void) { return $n; }" >f$n.c; done
link -fPIC -shared f1.c -Wl,-soname,libone.so.1 -o lib/libone.so.1
link -fPIC -shared f2.c -Wl,-soname,libtwo.so -o lib/libtwo.so
link -c f3.c -o deep/three.o
(cd other && ar rcs libthree.a ../deep/three.o)
echo 'int f1(void); int main(void) { return f1() != 1; }' >one.c
echo 'int f1(void), f3(void); int main(void) { return f1() + f3() != 4; }' >both.c
export LD_LIBRARY_PATH=lib
needed() { readelf -dW prog | sed -n 's/.*NEEDED.*\[\(.*\)\].*/\1/p' | grep -v libc.so | tr '\n' ' '; }

echo "/* GNU ld script */ OUTPUT_FORMAT(elf64-x86-64)
GROUP ( $PWD/lib/libone.so.1 AS_NEEDED ( $PWD/lib/libtwo.so ) )" >lib/libabs.so
link one.c -Llib -labs -o prog
./prog
same "libone.so.1 " "$(needed)" "absolute names, AS_NEEDED"

echo 'INPUT(libone.so.1 , -ltwo)' >lib/librel.so
link one.c -Llib -Wl,--no-as-needed -lrel -o prog
./prog
same "libone.so.1 libtwo.so " "$(needed)" "names along -L"

echo 'SEARCH_DIR(other) INPUT("libone.so.1" -lthree)' >lib/libdir.so
link both.c -Llib -ldir -o prog
./prog

# a file named on the command line, whatever its extension, with object and archive inside
echo "INPUT(deep/three.o) GROUP(lib/libone.so.1)" >script.txt
link both.c script.txt -o prog
./prog

# a script of another format is passed over, the next folder serves
mkdir -p alien
echo "OUTPUT_FORMAT(elf32-littlearm) INPUT(nothing)" >alien/libabs.so
link one.c -Lalien -Llib -labs -o prog 2>err.txt
./prog
assert_contains err.txt "skipping incompatible"

# the one everybody has
link one.c lib/libone.so.1 /usr/lib/x86_64-linux-gnu/libc.so -o prog
./prog

# errors say where
echo 'INPUT(libone.so.1' >broken.so
fails link one.c -Llib ./broken.so -o prog2
assert_contains err.txt broken.so
echo 'INPUT(nosuch.o)' >missing.so
fails link one.c ./missing.so -o prog2
assert_contains err.txt nosuch.o
[ ! -e prog2 ]
