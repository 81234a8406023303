#!/bin/bash
# An indirect function resolves once before main, and its address is the same however it is taken (code, GOT, data) and
# in whichever module, in every kind of executable and across a shared library.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >ifunc.c <<'END'
static int two(void) { return 2; }
static void *resolve(void) { return two; }
int f(void) __attribute__((ifunc("resolve")));
static int g(void) __attribute__((ifunc("resolve")));
int call_g(void) { return g() + 10; }
int (*where_f_lib(void))(void) { return f; }
int (*pointer_in_lib)(void) = f;
END
cat >use.c <<'END'
int f(void), call_g(void);
extern int (*pointer_in_lib)(void);
int (*where_f_lib(void))(void);
int (*pointer)(void) = f;
int (*const const_pointer)(void) = f;
int (*where_f(void))(void) { return f; }
int main(void) {
	if (f() != 2 || call_g() != 12 || pointer() != 2 || pointer_in_lib() != 2) return 1;
	if (where_f() != pointer || where_f() != const_pointer) return 2;
	if (where_f() != where_f_lib()) return 3;
	if (where_f() != pointer_in_lib) return 4;
	return where_f()() != 2;
}
END
check() { "$1" || { echo "$2: exit $?"; exit 1; }; }
# GNU ld 2.40 fails the comparisons of f's address in position-independent executables of code
# compiled with -fPIE; lld does not.
for cc in $COMPILERS; do
	for pic in "" -fPIC; do
		for kind in $KINDS; do
			$cc -O1 $(cflags $kind) $pic -c ifunc.c
			$cc -O1 $(cflags $kind) -c use.c
			$cc $(ldflags $kind) use.o ifunc.o -o prog
			check ./prog "$cc $kind ${pic:-no PIC}"
			$cc -O1 $(cflags $kind) $pic -c use.c
			$cc $(ldflags $kind) use.o ifunc.o -o prog
			check ./prog "$cc $kind ${pic:-no PIC} both"
		done
	done
	$cc -O1 -fPIC -shared ifunc.c -o libifunc.so
	for kind in $DYNAMIC_KINDS; do
		$cc -O1 $(cflags $kind) $(ldflags $kind) use.c ./libifunc.so -o prog
		check ./prog "$cc $kind with shared library"
	done
done
# the resolvers of a static program run from the IRELATIVE relocations between these symbols
link -static -no-pie -fno-pie use.c ifunc.c -o prog
readelf -rW prog | grep -q IRELATIV || { echo "no IRELATIVE in a static program"; exit 1; }
# STT_GNU_IFUNC has a meaning in files of the GNU ABI only
readelf -hW libifunc.so | grep -q 'OS/ABI: *UNIX - GNU' || { echo "EI_OSABI is not GNU"; exit 1; }
