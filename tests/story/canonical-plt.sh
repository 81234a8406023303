#!/bin/bash
# The address of a function of a shared library compares equal wherever it is taken: the PLT entry of a no-pie
# executable becomes the function's address for the whole process.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >lib.c <<'END'
int f(int x) { return x + 1; }
int g(int x) { return x + 2; }
int (*lib_f(void))(int) { return f; }
int (*lib_g_data)(int) = g;
END
cat >main.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
int f(int), g(int);
int (*lib_f(void))(int);
extern int (*lib_g_data)(int);
int (*data_g)(int) = g;
int main(void) {
	if (lib_f() != f) return 1;
	if (lib_g_data != data_g || lib_g_data != g) return 2;
	if (dlsym(RTLD_DEFAULT, "f") != (void *)f) return 3;
	return f(1) == 2 && g(1) == 3 && data_g(2) == 4 ? 0 : 4;
}
END
for cc in $COMPILERS; do
	$cc -fPIC -shared lib.c -o lib.so
	for kind in $DYNAMIC_KINDS; do
		for O in 0 2; do
			$cc -O$O $(cflags $kind) $(ldflags $kind) main.c ./lib.so -o prog
			./prog || { echo "$cc $kind -O$O lazy: exit $?"; exit 1; }
			LD_BIND_NOW=1 ./prog || { echo "$cc $kind -O$O now: exit $?"; exit 1; }
		done
	done
done

# In the no-pie executable the undefined symbol carries the address of its PLT entry; an uncompared call does not.
link -O2 -fno-pie -no-pie main.c ./lib.so -o prog
readelf --dyn-syms -W prog | awk '$8 == "f" { print $7, ($2 != "0000000000000000") }' >f
same "UND 1" "$(cat f)" "canonical PLT address of f"
readelf --dyn-syms -W prog | awk '$8 == "lib_f" { print $7, $2 }' >lib_f
same "UND 0000000000000000" "$(cat lib_f)" "lib_f is only called"
