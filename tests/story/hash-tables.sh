#!/bin/bash
# Whatever the hash style, every exported symbol is found at run time and an absent one is not, with one symbol and with
# five thousand.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >main.c <<'END'
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
	void *h = dlopen(argv[1], RTLD_NOW);
	if (!h) return puts(dlerror()), 1;
	for (int i = 0, n = atoi(argv[2]); i < n + 2000; i++) {
		char s[30];
		sprintf(s, "sym_%d", i);
		int *p = dlsym(h, s);
		if (i < n ? !p || *p != i : p != 0) return printf("%s\n", s), 1;
	}
	return 0;
}
END
link main.c -o main
for n in 1 2 33 5000; do
	awk -v n=$n 'BEGIN { for (i = 0; i < n; i++) print "int sym_" i " = " i ";" }' >lib.c
	echo 'extern int imported_one, imported_two; int *use(void) { return imported_one ? &imported_one : &imported_two; }' >>lib.c
	echo 'int imported_one, imported_two;' >imports.c
	link -fPIC -shared imports.c -o libimports.so
	link -fPIC -c lib.c
	for style in gnu sysv both; do
		link -shared lib.o -L. -limports -Wl,-rpath,. -Wl,--hash-style=$style -o lib.so
		./main ./lib.so $n || { echo "$n symbols, $style: a symbol is lost"; exit 1; }
		readelf -dW lib.so >dynamic
		case $style in gnu | both) assert_contains dynamic "(GNU_HASH)" ;; *) assert_lacks dynamic "(GNU_HASH)" ;; esac
		case $style in sysv | both) assert_contains dynamic "(HASH)" ;; *) assert_lacks dynamic "(HASH)" ;; esac
		readelf -IW lib.so >histogram 2>warnings
		[ ! -s warnings ] || { cat warnings; exit 1; }
	done
done

# A program that exports nothing, and a library without any symbol of its own
echo 'int main(void) { return 0; }' >none.c
link none.c -Wl,--hash-style=both -o none
./none
: >empty.c
for style in gnu sysv both; do
	link -nostdlib -fPIC -shared empty.c -Wl,--hash-style=$style -o empty.so
	./main ./empty.so 0 || { echo "empty library, $style"; exit 1; }
done
