#!/bin/bash
# What is said about missing libraries, symbols and versions, and about files that are no libraries: the words are
# glibc's, since people and programs look for them. Every missing library, symbol and version is named, not only the first.
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

# DT_RELR needs a libc that knows of it
echo 'int x; int *p = &x; int main(void) { return p != &x; }' > relr.c
lld=$(command -v ld.lld-14 || command -v ld.lld-15 || :) # later ones, and gild, write that need
if [ "$lld" ]; then
	mkdir -p lld
	ln -sf "$lld" lld/ld
	build_relr() { "$CC" -B../lld -fPIE -pie ../relr.c -Wl,--pack-dyn-relocs=relr -Wl,--dynamic-linker="$interpreter" -o relr; }
	each_loader build_relr
	same_runs ./relr
	assert_contains gild.out "DT_RELR without GLIBC_ABI_DT_RELR dependency"
fi

rc=0; gild/apart/lazy 2> out || rc=$?
assert_equal $rc 127
assert_contains out "error while loading shared libraries: libx.so: cannot open shared object file: No such file or directory"
assert_contains out "error while loading shared libraries: liby.so: cannot open shared object file: No such file or directory"

# all undefined symbols, each once, of all objects
{
	for n in 1 2 3; do echo "extern int data_$n; int *p$n = &data_$n, *q$n = &data_$n; int f$n(void); int (*r$n)(void) = f$n;"; done
	echo 'int call(void); int own(void) { return call(); }'
} > needs.c
echo 'extern int own(void), *p1; int other(void); int main(void) { return own() + *p1 + other(); }' > program.c
echo 'int call(void) { return 3; } int other(void) { return 2; } int data_1, data_2, data_3; int f1(void) { return 1; } int f2(void) { return 1; } int f3(void) { return 1; }' > whole.c
echo 'int call(void) { return 3; } int data_2;' > part.c
build_needs() {
	mkdir -p part
	build -shared -fPIC ../whole.c -Wl,-soname,libwhole.so -o libwhole.so
	build -shared -fPIC ../part.c -Wl,-soname,libwhole.so -o part/libwhole.so
	build -shared -fPIC ../needs.c ./libwhole.so -Wl,-soname,libneeds.so -o libneeds.so
	build ../program.c ./libneeds.so ./libwhole.so -Wl,-z,now -o program
}
each_loader build_needs
rc=0; (cd gild && LD_LIBRARY_PATH=part:. ./program) 2> out || rc=$?
assert_equal $rc 127
for symbol in data_1 data_3 f1 f2 f3; do
	assert_equal "$(grep -cE "^./program: symbol lookup error: (./)?libneeds.so: undefined symbol: $symbol\$" out)" 1
done
assert_equal "$(grep -c 'symbol lookup error: ./program: undefined symbol: other$' out) $(wc -l < out)" "1 6"
rc=0; (cd system && LD_LIBRARY_PATH=part:. ./program) 2> first || rc=$?
assert_equal "$rc $(wc -l < first) $(grep -cxF -f first out)" "127 1 1" # the system's loader tells of one of them
