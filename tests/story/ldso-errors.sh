#!/bin/bash
# What is said about missing libraries, symbols and versions, and about files that are no libraries: the words are
# glibc's, since people and programs look for them. Every missing library is named, not only the first.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

echo 'int f(void) { return 1; } int g(void) { return 2; }' > both.c
echo 'int f(void) { return 1; }' > one.c
echo 'int f(void), g(void); int main(int argc, char **argv) { (void)argv; return argc > 1 ? g() : f(); }' > main.c
echo 'V1 { global: f; local: *; }; V2 { global: g; } V1;' > two.map
echo 'V1 { global: f; g; local: *; };' > one.map
build_all() {
	mkdir -p apart missing plain oldest junk short class
	build -shared -fPIC ../both.c -Wl,-soname,libx.so -o libx.so
	build -shared -fPIC ../both.c -Wl,-soname,liby.so -o liby.so
	build ../main.c ./libx.so -Wl,--no-as-needed ./liby.so -Wl,-rpath,'$ORIGIN' -Wl,-z,lazy -o lazy
	build ../main.c ./libx.so -Wl,-rpath,'$ORIGIN' -Wl,-z,now -o now
	cp lazy now apart
	build ../main.c ./libx.so -Wl,-z,nodefaultlib -Wl,-rpath,'$ORIGIN' -o nodefault
	build -shared -fPIC ../both.c -Wl,-soname,libv.so -Wl,--version-script=../two.map -o libv.so
	build ../main.c ./libv.so -Wl,-rpath,'$ORIGIN' -o versioned
	build -shared -fPIC ../one.c -Wl,-soname,libx.so -o missing/libx.so
	build -shared -fPIC ../both.c -Wl,-soname,libv.so -Wl,--version-script=../one.map -o oldest/libv.so
	echo junk > junk/libx.so
	printf '\177ELF\2\1\1' > short/libx.so
	{ printf '\177ELF\1\1\1\0'; head -c 1000 /dev/zero; } > class/libx.so
}
each_loader build_all
same_success true
same_runs ./lazy
same_runs ./lazy 1
same_runs apart/now
same_runs env LD_LIBRARY_PATH=missing ./lazy
same_runs env LD_LIBRARY_PATH=missing ./lazy 1
same_runs env LD_LIBRARY_PATH=missing LD_BIND_NOW=1 ./lazy
same_runs env LD_LIBRARY_PATH=missing ./now
same_runs ./versioned
same_runs env LD_LIBRARY_PATH=oldest ./versioned
assert_contains gild.out "libv.so: version \`V2' not found (required by ./versioned)"
assert_contains gild.out "exit code 1"
for bad in junk short class; do
	same_runs env LD_LIBRARY_PATH=$bad ./now
	same_runs env LD_LIBRARY_PATH=$bad apart/now
done
assert_contains gild.out "libx.so: wrong ELF class: ELFCLASS32"
same_runs env LD_LIBRARY_PATH=../both.c apart/now
same_runs ./nodefault

rc=0; gild/apart/lazy 2> out || rc=$?
assert_equal $rc 127
assert_contains out "error while loading shared libraries: libx.so: cannot open shared object file: No such file or directory"
assert_contains out "error while loading shared libraries: liby.so: cannot open shared object file: No such file or directory"
