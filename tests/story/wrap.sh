#!/bin/bash
# --wrap SYMBOL sends references to SYMBOL to __wrap_SYMBOL and references to __real_SYMBOL to SYMBOL; references within
# the defining file keep the definition.
# repeat
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >main.c <<'END'
#include <stdlib.h>
int f(int), g(int), local(void);
void *__real_malloc(size_t);
static int mallocs;
void *__wrap_malloc(size_t n) { mallocs++; return __real_malloc(n); }
int __real_f(int);
int __wrap_f(int x) { return __real_f(x) + 1000; }
int (*pointer)(int) = f;
int main(void) {
	void *volatile p = malloc(10);
	free(p);
	return !(mallocs >= 1 && f(1) == 1002 && pointer(1) == 1002 && __real_f(1) == 2 && g(1) == 1);
}
END
echo 'int f(int x) { return x + 1; } int g(int x) { return x; }' >f.c
link -c f.c
ar rcs libf.a f.o
for cc in $COMPILERS; do
	for kind in $KINDS; do
		$cc -O0 $(cflags $kind) $(ldflags $kind) main.c f.c -Wl,--wrap=malloc -Wl,--wrap,f -o prog
		./prog || { echo "$cc $kind: exit $?"; exit 1; }
	done
	$cc -O0 main.c libf.a -Wl,--wrap=malloc,--wrap=f -o prog
	./prog
	$cc -O0 -fPIC -shared f.c -o libf.so
	$cc -O0 main.c ./libf.so -Wl,--wrap=malloc,--wrap=f -o prog
	./prog
done
# an unused name to wrap is no error; a wrapped undefined one without wrapper is
echo 'int h(void); int main(void) { return 0; }' >m.c
link m.c -Wl,--wrap=nothing -o prog
./prog
echo 'int h(void) { return 0; }' >h.c
echo 'int h(void); int main(void) { return h(); }' >m.c
fails link m.c h.c -Wl,--wrap=h -o bad
assert_contains err.txt __wrap_h
